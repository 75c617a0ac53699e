"""The processor time of child processes, also of those that live on, such as a pool's workers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

try:
    import resource
except ImportError:  # Windows, where a child that is gone leaves nothing to ask
    resource = None  # type: ignore[assignment]  # asked for before each use

_SHORTEST = 0.05  # seconds: a shorter cell does not pay for looking at the children
_SHORTEST_ELSEWHERE = 2.0  # without Linux's list of children all processes have to be gone through
_HAS_LIST = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class ChildrenMeter:
    """Measures the CPU seconds that child processes spend between `start` and `stop`.

    A child that was there before, and that no earlier stretch had looked at, counts from this stretch's end on.
    """

    def __init__(self) -> None:
        self._known: Mapping[int, float] = {}
        self._gone = 0.0

    def start(self) -> None:
        """Begin, or begin anew."""
        self._gone = _of_gone()
        if self._known:
            now = {pid: spent for pid, spent, _ in _of_living()}
            self._known = {pid: now.get(pid, spent) for pid, spent in self._known.items()}

    def stop(self, seconds: float) -> float:
        """Return the CPU seconds since `start`, which was so many seconds ago."""
        spent = _of_gone() - self._gone
        if not self._known and seconds < (_SHORTEST if _HAS_LIST else _SHORTEST_ELSEWHERE):
            return max(0.0, spent)
        living = {}
        for pid, now, age in _of_living():
            living[pid] = now
            if pid in self._known or age < seconds:
                spent += now - self._known.get(pid, 0.0)
        spent -= sum(before for pid, before in self._known.items() if pid not in living)  # counted when it was gone
        self._known = living
        return max(0.0, spent)


def _of_gone() -> float:
    if resource is None:
        return 0.0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _of_living() -> Iterator[tuple[int, float, float]]:
    """Yield pid, CPU seconds and age in seconds of all descendants."""
    if not _HAS_LIST:
        yield from _by_psutil()
        return
    pending = [os.getpid()]
    while pending:
        for pid in _children(pending.pop()):
            pending.append(pid)
            found = _seconds_and_age(pid)
            if found is not None:
                yield pid, *found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:  # it has just ended
        return found
    return found


def _seconds_and_age(pid: int) -> tuple[float, float] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - (int(fields[19]) + 1) / _TICKS  # at least: the start is cut off
    return sum(map(int, fields[11:15])) / _TICKS, age


def _by_psutil() -> Iterator[tuple[int, float, float]]:
    psutil: Any = import_module("psutil")
    now = time.time()
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
            yield child.pid, times.user + times.system, now - child.create_time()
        except psutil.Error:  # it has just ended, or is another user's
            continue
