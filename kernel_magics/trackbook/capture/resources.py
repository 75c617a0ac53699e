"""What an execution used: processor time, memory and GPU.

The system keeps the peak of a process's memory over its whole life. Linux could be told to begin anew, but a notebook
that asks ``getrusage`` for its own peak would see that. So the peak is exact when the execution raised the life's peak,
and otherwise the most that was held at its ends and whenever somebody looked in between.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any
from weakref import finalize

from trackbook.capture.children import ChildrenMeter
from trackbook.capture.gpu import GpuMeter
from trackbook.records import Resources

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # asked for before each use

_UNIT = 1 if sys.platform == "darwin" else 1024  # of ``ru_maxrss``
_PAGES = "/proc/self/statm"  # Linux: sizes in pages, the second is what is resident
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class ResourceMeter:
    """Measures one stretch of work: `start`, then `stop`. Costs a few microseconds.

    Parameters
    ----------
    gpu
        What measures the GPU; by default what fits this machine.
    """

    def __init__(self, gpu: GpuMeter | None = None) -> None:
        self._started: tuple[float, float] | None = None
        self._peak = PeakMemory()
        self._gpu = gpu or GpuMeter()
        self._children = ChildrenMeter()

    def start(self) -> None:
        """Begin, or begin anew."""
        self._gpu.start()
        self._children.start()
        peak, seconds = _usage()
        self._peak.start(peak)
        self._started = time.monotonic(), seconds

    def look(self) -> None:
        """Take note of what is held now: of work that takes long, from time to time."""
        self._peak.look()

    def stop(self) -> Resources:
        """Return what was used since `start`: by all threads and child processes of this process.

        Without `start` the CPU seconds are None.
        """
        peak, seconds = _usage()
        spent = None
        if self._started is not None:
            began, before = self._started
            spent = seconds - before + self._children.stop(time.monotonic() - began)
        gpu_bytes, gpu_percent = self._gpu.stop()
        return Resources(
            cpu_seconds=spent,
            peak_memory_bytes=self._peak.stop(peak),
            gpu_peak_memory_bytes=gpu_bytes,
            gpu_percent=gpu_percent,
        )


class PeakMemory:
    """The peak of this process's resident memory over a stretch of work, as far as that can be told."""

    def __init__(self) -> None:
        self._before: int | None = None
        self._memory = _Held()
        self._held = self._memory.now()

    def start(self, peak: int) -> None:
        """Begin, or begin anew, with the peak of the process's life: what is held then was held at the last end."""
        self._before = peak

    def look(self) -> None:
        """Take note of what is held now."""
        self._held = max(self._held, self._memory.now())

    def stop(self, peak: int) -> int:
        """Return the peak in bytes: exact if it is the highest of the process's life, else the least it can have been.

        Parameters
        ----------
        peak
            The peak of the process's life, now.
        """
        held, now = self._held, self._memory.now()
        self._held = now
        return peak if self._before is None or peak > self._before else max(held, now)


class _Held:
    """Tells the resident memory of this process, on Linux by a file that stays open: that takes a fifth of the time."""

    def __init__(self) -> None:
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open(_PAGES, os.O_RDONLY)
            finalize(self, os.close, self._file)
        self._pid = os.getpid()

    def now(self) -> int:
        if self._file is None or self._pid != os.getpid():  # a forked child's file is that of its parent
            return int(_psutil_memory().rss)
        return int(os.pread(self._file, 128, 0).split(None, 2)[1]) * _PAGE_BYTES


def peak_memory_bytes() -> int:
    """Return the peak of the process's resident memory in bytes."""
    return _usage()[0]


def _usage() -> tuple[int, float]:
    """Return the peak of the process's resident memory in bytes, and its CPU seconds."""
    if resource is not None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_maxrss * _UNIT, usage.ru_utime + usage.ru_stime
    memory = _psutil_memory()
    return int(getattr(memory, "peak_wset", 0) or memory.rss), time.process_time()


def _psutil_memory() -> Any:
    psutil: Any = import_module("psutil")
    return psutil.Process().memory_info()
