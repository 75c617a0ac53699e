"""Who may use the connections: everybody at once, but nobody while the process forks, and Ctrl-C only in between."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps in looks among enums, at ten times the price
import signal
import threading
from contextlib import AbstractContextManager
from types import FrameType, TracebackType


class Gate:
    """Lets any number of threads in, and can be shut until they are out. A context manager: inside is in the gate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # taken by itself: a condition is code of Python, which takes four times as long
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._shut = 0  # how often: two threads may fork at once

    @property
    def is_empty(self) -> bool:
        """Whether nobody is inside."""
        return self._inside == 0

    def __enter__(self) -> None:
        with self._lock:
            while self._shut:
                self._changed.wait()
            self._inside += 1

    def __exit__(self, kind: object, error: object, at: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._shut:
                self._changed.notify_all()

    def shut(self, seconds: float) -> bool:
        """Let nobody in any more and return whether all are out within some seconds."""
        with self._changed:
            self._shut += 1
            return self._changed.wait_for(lambda: self.is_empty, seconds)

    def open(self) -> None:
        """Undo one `shut`."""
        with self._changed:
            self._shut -= 1
            self._changed.notify_all()


def without_interrupts() -> AbstractContextManager[None]:
    """Hold back Ctrl-C until the end of a transaction: in the middle of one it leaves a connection with the write lock.

    Only in the main thread, where Python's signals arrive. One inside another costs nothing.
    """
    return _Hold()


class _Hold:
    """Keeps interrupts and hands the last one on at the end."""

    _is_holding = False  # of the main thread, the only one that sets it

    def __init__(self) -> None:
        self._held: list[tuple[int, FrameType | None]] = []
        self._handler: object = None

    def __enter__(self) -> None:
        if _Hold._is_holding:
            return
        handler = _signal.getsignal(signal.SIGINT)
        if not callable(handler):
            return
        try:
            _signal.signal(signal.SIGINT, self._hold)
        except ValueError:  # refused to every thread but the main one
            return
        self._handler = handler
        _Hold._is_holding = True

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self._held.append((number, frame))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        handler = self._handler
        if not callable(handler):
            return
        _Hold._is_holding = False
        _signal.signal(signal.SIGINT, handler)
        if self._held:
            handler(*self._held[-1])
