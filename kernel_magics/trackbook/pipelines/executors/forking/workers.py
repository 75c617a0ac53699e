"""Forks workers (`trackbook.pipelines.executors.worker`) from one process that has imported what they need."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

from trackbook.pipelines.executors.forking.forked import ForkedProcess
from trackbook.pipelines.executors.forking.launching import ParentProcess

_PARENT = "trackbook.pipelines.executors.forking.worker_parent"


class WorkerParent:
    """What workers are forked from. It is started when `start` is called first, which does not wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: ParentProcess | None = None
        self._variables: dict[str, str] = {}

    def start(self) -> None:
        """Start it, if it is not there yet."""
        with self._lock:
            if self._process is None:
                self._variables = dict(os.environ)
                order = {"variables": self._variables}
                self._process = ParentProcess([sys.executable, "-m", _PARENT], order, variables=self._variables)

    def fork(self, files: Sequence[int]) -> ForkedProcess:
        """Fork a worker that has these as its standard streams.

        Raises
        ------
        OSError
            If there is no parent.
        RefusedError
            If it can't.
        """
        self.start()
        assert self._process is not None
        self._process.answer()
        return ForkedProcess(self._process.address, argv=(), folder=os.getcwd(), variables=self._variables, files=files)

    def close(self) -> None:
        """End it. Workers end when they are told to."""
        if self._process is not None:
            self._process.close()
