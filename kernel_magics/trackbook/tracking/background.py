"""Work that nobody waits for: one thread a session, one thing after another, as much as fits into the memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from trackbook import clock
from trackbook.capture.aside import aside
from trackbook.capture.guard import Guard

Work = Callable[[], None]


class Background:
    """One thread that works through what it is given, in order. It ends with the process, whatever it is at.

    Parameters
    ----------
    guard
        Takes faults of the work.
    most_bytes
        How much memory what waits may hold. A single thing may hold more.
    """

    def __init__(self, guard: Guard, most_bytes: int) -> None:
        self._guard = guard
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._waiting: deque[tuple[int, Work]] = deque()
        self._bytes = 0
        self._is_busy = False
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def add(self, work: Work, size: int = 0) -> bool:
        """Give it work that holds so many bytes; return whether it takes it."""
        with self._changed:
            if self._is_closed or (self._bytes and self._bytes + size > self._most_bytes):
                return False
            self._bytes += size
            self._waiting.append((size, work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="trackbook-keeping", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    @property
    def bytes(self) -> int:
        """How much memory what is not done yet holds."""
        return self._bytes

    def wait(self, seconds: float) -> bool:
        """Wait until everything is done, or so long; return whether it is."""
        until = clock.monotonic() + seconds
        with self._changed:
            while self._waiting or self._is_busy:
                left = until - clock.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return not (self._waiting or self._is_busy)
        return True

    def close(self, seconds: float) -> int:
        """Take nothing more; return how many things were not done by the end of so many seconds."""
        self.wait(seconds)
        with self._changed:
            self._is_closed = True
            left = len(self._waiting) + self._is_busy
            self._waiting.clear()
            self._changed.notify_all()
        return left

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._is_closed:
                        return
                    self._changed.wait()
                size, work = self._waiting.popleft()
                self._is_busy = True
            with self._guard, aside():
                work()
            del work  # and the table that it holds
            with self._changed:
                self._bytes -= size
                self._is_busy = False
                self._changed.notify_all()
