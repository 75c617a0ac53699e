"""A Dask cluster for tests: a scheduler and two workers of one thread each, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 90.0


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so, and return whether it became so."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Cluster:
    """A scheduler and its workers, which know nothing of the store of whoever starts them.

    Parameters
    ----------
    folder
        Where they work.
    **variables
        More environment variables for the workers.
    """

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder = folder
        self._variables = {name: each for name, each in os.environ.items() if not name.startswith("TRACKBOOK_")}
        self.address = f"tcp://127.0.0.1:{self._port()}"
        self._variables |= variables
        self.workers = [self.start_worker() for _ in range(2)]

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        folder = f"--local-directory={self._folder}"
        return self._start("worker", self.address, "--nthreads=1", "--no-dashboard", "--no-nanny", folder)

    def _port(self) -> int:
        file = self._folder / "scheduler.json"
        self._scheduler = self._start("scheduler", "--port=0", "--no-dashboard", f"--scheduler-file={file}")
        assert until(lambda: file.exists() and file.read_text().endswith("}"))
        return int(json.loads(file.read_text())["address"].rpartition(":")[2])

    def _start(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--host=127.0.0.1"],
            cwd=self._folder,
            env=self._variables,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """End everything."""
        for each in (*self.workers, self._scheduler):
            each.kill()
            each.wait()
