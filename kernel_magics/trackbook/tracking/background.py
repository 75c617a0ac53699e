"""Work that nobody waits for: one thread a session, one thing after another, as much as fits into the memory.

Two threads that run Python hinder each other, so what has time is done when no cell has run for a moment; but a long
cell, or many without a pause, don't put it off for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from trackbook import clock
from trackbook.capture.aside import aside
from trackbook.capture.guard import Guard

Work = Callable[[], None]
_PAUSE = 0.05  # seconds without a cell until nobody seems to be at work
_MOST_PATIENCE = 2.0  # seconds
_MOST_PUT_OFF = 64  # things
_MOST_BYTES_PUT_OFF = 64 << 20


@dataclass(frozen=True, slots=True)
class _Task:
    work: Work
    size: int
    has_time: bool
    given_at: float


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
        self._urgent: deque[_Task] = deque()
        self._put_off: deque[_Task] = deque()
        self._bytes = 0
        self._bytes_put_off = 0
        self._hurrying = 0
        self._is_cell_running = False
        self._idle_since = self._now() - _PAUSE
        self._is_busy = False
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def cell_begins(self) -> None:
        """Begin nothing that has time while the person's code runs."""
        self._is_cell_running = True  # no lock: every cell pays for it, and the thread looks again and again

    def cell_has_ended(self) -> None:
        """Go on with what has time, if nothing else begins soon."""
        self._idle_since = self._now()
        self._is_cell_running = False

    def add(self, work: Work, size: int = 0, *, has_time: bool = False) -> bool:
        """Give it work that holds so many bytes; return whether it takes it.

        Parameters
        ----------
        has_time
            Whether it may be put off while cells run: nothing that they do changes it.
        """
        with self._changed:
            if self._is_closed or (self._bytes and self._bytes + size > self._most_bytes):
                return False
            self._bytes += size
            self._bytes_put_off += size if has_time else 0
            (self._put_off if has_time else self._urgent).append(_Task(work, size, has_time, self._now()))
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
            self._hurrying += 1
            self._changed.notify_all()
            try:
                while (left := until - clock.monotonic()) > 0 and self._left:
                    self._changed.wait(left)
                return not self._left
            finally:
                self._hurrying -= 1

    def close(self, seconds: float) -> int:
        """Take nothing more; return how many things were not done by the end of so many seconds."""
        self.wait(seconds)
        with self._changed:
            self._is_closed = True
            left = self._left
            self._urgent.clear()
            self._put_off.clear()
            self._changed.notify_all()
        return left

    @property
    def _left(self) -> int:
        return len(self._urgent) + len(self._put_off) + self._is_busy

    def _work(self) -> None:
        while True:
            with self._changed:
                task = self._next()
                if task is None:
                    return
                self._is_busy = True
            with self._guard, aside():
                task.work()
            size, has_time = task.size, task.has_time
            del task  # and the table that it holds
            with self._changed:
                self._bytes -= size
                self._bytes_put_off -= size if has_time else 0
                self._is_busy = False
                self._changed.notify_all()

    def _next(self) -> _Task | None:
        """Return what to do next, as soon as it may be done; None when the session has ended."""
        while not self._is_closed:
            if self._urgent:
                return self._urgent.popleft()
            if self._put_off and self._may_begin(self._put_off[0]):
                return self._put_off.popleft()
            self._changed.wait(_PAUSE if self._put_off else None)
        return None

    @staticmethod
    def _now() -> float:
        return clock.monotonic()

    def _may_begin(self, oldest: _Task) -> bool:
        now = self._now()
        is_calm = not self._is_cell_running and now - self._idle_since >= _PAUSE
        is_due = now - oldest.given_at > _MOST_PATIENCE
        is_much = len(self._put_off) > _MOST_PUT_OFF or self._bytes_put_off > _MOST_BYTES_PUT_OFF
        return is_calm or is_due or is_much or self._hurrying > 0
