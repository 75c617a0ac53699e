"""Executed notebooks in the store's folder hold no credentials: papermill writes them through what is here."""

from __future__ import annotations

import os
from functools import cache

from papermill.iorw import LocalHandler, papermill_io

from trackbook.pipelines.redacted import redacted_notebook


class _RedactedFile(LocalHandler):  # type: ignore[misc]  # papermill has no types
    """papermill's handler of local files, which writes notebooks without credentials, also while they run."""

    def write(self, buf: str, path: str) -> None:
        """Write a notebook."""
        super().write(redacted_notebook(buf), path)


@cache  # papermill never forgets a handler
def redact_files_in(folder: str) -> None:
    """Have papermill write ``[secret]`` in place of credentials into the notebooks of a folder, an absolute path."""
    papermill_io.register(folder + os.sep, _RedactedFile())
