"""Who may use the connections: everybody at once, but nobody while the process forks, and Ctrl-C only in between."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Gate:
    """Lets any number of threads in, and can be shut until they are out."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._shut = 0  # how often: two threads may fork at once

    @property
    def is_empty(self) -> bool:
        """Whether nobody is inside."""
        return self._inside == 0

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Be inside."""
        with self._changed:
            self._changed.wait_for(lambda: not self._shut)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
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


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Hold back Ctrl-C until the end of a transaction: in the middle of one it leaves a connection with the write lock.

    Only in the main thread, where Python's signals arrive.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if held:
            handler(*held[-1])
