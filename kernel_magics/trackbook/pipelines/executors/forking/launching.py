"""Starts processes that fork others, and ends them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trackbook.pipelines.ending import let_go, write_line

_END_SECONDS = 5.0
_LONGEST = 60  # of the 107 bytes that a socket's path may have, what is left for the folder of all
_SHORT = "/tmp"


class ParentProcess:
    """A process that forks others (`serving`), until it is closed or this process ends.

    Parameters
    ----------
    command, variables, folder
        What to start, with which environment, and where.
    order
        What it is told to import.
    """

    def __init__(
        self,
        command: Sequence[str],
        order: Mapping[str, Any],
        *,
        variables: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self._place = tempfile.mkdtemp(prefix="trackbook-forks-", dir=_folder_of_sockets())
        self.address = os.path.join(self._place, "parent-socket")
        """Where it listens; no kernel of it has a longer one, should the system find that too long."""
        self._lock = threading.Lock()
        self._answer: dict[str, Any] | None = None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=variables,
                cwd=folder,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(self._place, ignore_errors=True)
            raise
        write_line(self._process.stdin, json.dumps({**order, "address": self.address}).encode() + b"\n")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def answer(self) -> dict[str, Any]:
        """Wait until it has imported what it was told to, and return what it said of that.

        Raises
        ------
        OSError
            If it ended instead.
        """
        with self._lock:
            if self._answer is None:
                assert self._process.stdout is not None
                line = b"" if self._process.stdout.closed else self._process.stdout.readline()
                if not line:
                    raise OSError(f"The process that forks others ended with exit code {self._process.wait()}.")
                self._answer = dict(json.loads(line))
            return self._answer

    def close(self) -> None:
        """End it."""
        let_go(self._process, _END_SECONDS)
        shutil.rmtree(self._place, ignore_errors=True)


def _folder_of_sockets() -> str:
    """Return where temporary files are, or a shorter place if that is too long for sockets in it."""
    folder = tempfile.gettempdir()
    is_too_long = len(os.fsencode(folder)) > _LONGEST
    return _SHORT if is_too_long and os.access(_SHORT, os.W_OK | os.X_OK) else folder
