"""Waits until nobody moves a control any more, and then acts on the kernel's own thread, between cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trackbook.tracking.here import recorder_here

SETTLE_SECONDS = 0.4


class Settling:
    """Calls `act` once things have been quiet for a moment after `stir`.

    Messages of controls come on any thread, also while a cell runs; what they lead to waits for its end. A shell that
    has no kernel has no loop to wait in: there it is done at once.
    """

    def __init__(self, shell: Any, act: Callable[[], None], seconds: float = SETTLE_SECONDS) -> None:
        self._loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
        self._act = act
        self._seconds = seconds
        self._pending: object | None = None

    def stir(self) -> None:
        """Something moved: wait (again) until it is quiet."""
        if self._loop is None:
            self._act()
        else:
            self._loop.add_callback(self._wait)

    def _wait(self) -> None:
        if self._loop is None:
            return
        if self._pending is not None:
            self._loop.remove_timeout(self._pending)
        self._pending = self._loop.call_later(self._seconds, self._settled)

    def _settled(self) -> None:
        self._pending = None
        recorder = recorder_here()
        if recorder is not None and recorder.is_in_cell:  # one that awaits something
            self._wait()
        else:
            self._act()
