"""The kernels that this process executes notebooks in: to stop them from another thread, and to leave none behind."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

_lock = threading.Lock()
_live: list[LiveKernel] = []
_is_stopping = False


class LiveKernel:
    """A client's kernel. `is_stopped`: it was asked to stop, so that its cell's error is no failure."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.is_stopped = _is_stopping

    def send(self, number: int) -> None:
        """Send a signal to the kernel and what it has started."""
        provisioner = getattr(self._client.km, "provisioner", None)
        pid = getattr(provisioner, "pid", None) or getattr(getattr(provisioner, "process", None), "pid", None)
        if not pid:
            return
        try:
            os.killpg(os.getpgid(pid), number)
        except (ProcessLookupError, PermissionError):
            return


def note(kernel: LiveKernel) -> None:
    """Take note of a kernel that is about to be started."""
    with _lock:
        _live.append(kernel)


def forget(kernel: LiveKernel) -> None:
    """Forget a kernel that has been shut down."""
    with _lock:
        _live.remove(kernel)


def is_stopping() -> bool:
    """Return whether no kernel is to execute anything here any more."""
    return _is_stopping


def stop_kernels(*, for_good: bool = False) -> None:
    """Interrupt the cells that run in this process's kernels; no further cell of them is executed.

    Parameters
    ----------
    for_good
        Whether kernels that are noted later are stopped as well.
    """
    global _is_stopping
    with _lock:
        _is_stopping = _is_stopping or for_good
        kernels = list(_live)
    for kernel in kernels:
        kernel.is_stopped = True
        kernel.send(signal.SIGINT)


def kill_kernels() -> None:
    """Kill this process's kernels, and what they have started, at once."""
    with _lock:
        kernels = list(_live)
    for kernel in kernels:
        kernel.send(signal.SIGKILL)
