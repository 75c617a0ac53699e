"""What is told to a process of ours by its standard input, and how such a process is let go."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import IO, Protocol


class Ending(Protocol):
    """A process that can be waited for, such as a `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its number, and that of its group."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, for so many seconds at most."""


def write_line(stream: IO[bytes] | None, line: bytes) -> None:
    """Write a line to a process; one that has ended already does not mind, which its output will tell."""
    with contextlib.suppress(OSError, ValueError):
        assert stream is not None
        stream.write(line)
        stream.flush()


def close_input(stream: IO[bytes] | None) -> None:
    """Let a process know that nobody tells it anything any more."""
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.close()


def end_process(process: Ending, orders: IO[bytes] | None, patience: float) -> None:
    """Let a process go that leads a session of its own, and ends when its standard input does.

    If that takes longer than `patience` seconds, it is killed with what it has started.
    """
    close_input(orders)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def let_go(process: subprocess.Popen[bytes], patience: float) -> None:
    """End a process that is told by a pipe and tells by one, and close both; see `end_process`."""
    end_process(process, process.stdin, patience)
    if process.stdout is not None:
        process.stdout.close()
