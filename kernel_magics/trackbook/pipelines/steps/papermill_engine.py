"""papermill's engine ``trackbook``: ``papermill --engine trackbook in.ipynb out.ipynb -p C 0.1`` records a run.

It executes as papermill's own engine does. Beside that, the kernel is asked to record before the first cell, and to
stop after the last, by requests that show nothing; the notebook needs no ``%load_ext``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

from trackbook.pipelines.steps.recorded_client import RecordedClient
from trackbook.pipelines.steps.recording import Said

_NAMED_OTHERWISE = ("input_path", "timeout", "startup_timeout")


class TrackbookEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's engine for Jupyter kernels, which records what it executes."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Execute the notebook that papermill has prepared.

        Parameters
        ----------
        nb_man, kernel_name, log_output, stdout_file, stderr_file, start_timeout, execution_timeout
            As papermill's own engine has them.
        **kwargs
            ``run_name``, ``run_tags``, ``store``, ``experiment`` and ``parent_run_id`` are of the run; ``tell`` is
            called with what happens, and ``kept_at`` is for notebooks that break (see `RecordedClient`). All others are
            options of nbclient's client, as they are for papermill's own engine.
        """
        said = Said(
            path=_local_path(kwargs.get("input_path")) or _local_path(nb_man.output_path),
            name=kwargs.pop("run_name", None),
            tags=kwargs.pop("run_tags", None) or {},
            given=tuple(_given(nb_man.nb)),
            store=kwargs.pop("store", None),
            experiment=kwargs.pop("experiment", None),
            parent_run_id=kwargs.pop("parent_run_id", None),
            file=Path(_local_path(nb_man.output_path) or "notebook.ipynb").name,
        )
        tell, kept_at = kwargs.pop("tell", None), kwargs.pop("kept_at", None)
        options = merge_kwargs(
            remove_args(list(_NAMED_OTHERWISE), **kwargs),
            timeout=execution_timeout if execution_timeout else kwargs.get("timeout"),
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log=logger,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
        )
        return RecordedClient(nb_man, said=said, tell=tell, kept_at=kept_at, **options).execute()


def _given(notebook: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = notebook.metadata.get("papermill", {}).get("parameters") or {}
    return found


def _local_path(path: object) -> str | None:
    """Return the absolute path of a file here, None for URLs, streams and notebooks that are no files.

    papermill is in the kernel's working folder by now, and knows where it came from.
    """
    if not isinstance(path, str | os.PathLike) or "://" in str(path) or str(path) in ("", "-"):
        return None
    text = os.fspath(path)
    if text.lstrip().startswith("{"):
        return None  # a whole notebook as text
    return os.path.abspath(os.path.join(_folder(), text))


def _folder() -> str:
    from papermill.iorw import papermill_io

    handler = papermill_io.get_handler("local")
    return getattr(handler, "_cwd", None) or os.getcwd()
