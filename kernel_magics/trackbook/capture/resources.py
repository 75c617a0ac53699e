"""What an execution used: processor time, memory and GPU.

The system keeps the peak of a process's memory over its whole life. Linux can be told to begin anew
(``/proc/self/clear_refs``, see proc(5)), so there the peak is that of the execution. Elsewhere it is known when the
execution has raised the life's peak, and otherwise the larger of what was held at its two ends.
"""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from weakref import finalize

from trackbook.capture.children import ChildrenMeter
from trackbook.capture.gpu import GpuMeter
from trackbook.records import Resources

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # asked for before each use

_BEGIN_ANEW = b"5"
_STATUS_BYTES = 4096
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ``ru_maxrss``
_PROC = Path("/proc/self")
_INEXACT = 1 << 20  # bytes: Linux counts each thread's pages in batches


class PeakMemory(Protocol):
    """The peak of this process's resident memory over a stretch of work."""

    def start(self) -> None:
        """Begin, or begin anew."""

    def stop(self) -> int | None:
        """Return the peak since `start` in bytes, None where the system does not tell."""


class ResourceMeter:
    """Measures one stretch of work: `start`, then `stop`. Costs a few microseconds.

    Parameters
    ----------
    peak, gpu
        What measures memory and GPU; by default what fits this machine.
    """

    def __init__(self, peak: PeakMemory | None = None, gpu: GpuMeter | None = None) -> None:
        self._started: tuple[float, float] | None = None
        self._peak = peak or _peak_memory()
        self._gpu = gpu or GpuMeter()
        self._children = ChildrenMeter()

    def start(self) -> None:
        """Begin, or begin anew."""
        self._peak.start()
        self._gpu.start()
        self._children.start()
        self._started = (time.monotonic(), time.process_time())

    def stop(self) -> Resources:
        """Return what was used since `start`: by all threads and child processes of this process.

        Without `start` the CPU seconds are None.
        """
        spent = None
        if self._started is not None:
            began, before = self._started
            spent = time.process_time() - before + self._children.stop(time.monotonic() - began)
        gpu_bytes, gpu_percent = self._gpu.stop()
        return Resources(
            cpu_seconds=spent,
            peak_memory_bytes=self._peak.stop(),
            gpu_peak_memory_bytes=gpu_bytes,
            gpu_percent=gpu_percent,
        )


class ResettablePeak:
    """The peak since `start`, where Linux lets a process begin its peak anew. Raises OSError where it doesn't.

    `getrusage` tells it fastest, but no less than what the process had held before it became this program; below
    that, ``/proc/self/status`` has it.
    """

    def __init__(self, folder: Path = _PROC) -> None:
        self._reset = os.open(folder / "clear_refs", os.O_WRONLY)
        self._close_reset = finalize(self, os.close, self._reset)
        self._status = os.open(folder / "status", os.O_RDONLY)
        self._close_status = finalize(self, os.close, self._status)
        self._pid = os.getpid()
        self.start()
        peak, life = self._from_status(), _life_peak()
        if peak is None or life is None:
            raise OSError("The system keeps no peak of resident memory.")
        self._inherited = life if life > peak + _INEXACT else 0

    def start(self) -> None:
        """Begin, or begin anew."""
        if self._pid == os.getpid():  # a forked child's files are those of its parent
            os.write(self._reset, _BEGIN_ANEW)

    def stop(self) -> int | None:
        """Return the peak since `start` in bytes."""
        peak = _life_peak()
        if (peak is not None and peak > self._inherited) or self._pid != os.getpid():
            return peak
        return self._from_status()

    def _from_status(self) -> int | None:
        text = os.pread(self._status, _STATUS_BYTES, 0)
        _, has_peak, rest = text.partition(b"VmHWM:")
        return int(rest.split(None, 1)[0]) * 1024 if has_peak else None


class LifePeak:
    """The peak of the process's life where that rose since `start`, else the most that was held at either end."""

    def __init__(self) -> None:
        self._before: int | None = None
        self._held: int | None = None

    def start(self) -> None:
        """Begin, or begin anew."""
        self._before, self._held = _life_peak(), _held_now()

    def stop(self) -> int | None:
        """Return the peak in bytes: exact if it is the highest so far, else the least that it can have been."""
        peak = _life_peak()
        if peak is None or self._before is None or peak > self._before:
            return peak
        held = [each for each in (self._held, _held_now()) if each is not None]
        return max(held) if held else peak


def peak_memory_bytes() -> int | None:
    """Return the peak of the process's resident memory in bytes, None where the system does not tell."""
    return _life_peak()


def _peak_memory() -> PeakMemory:
    if sys.platform.startswith("linux"):
        try:
            return ResettablePeak()
        except OSError:  # some containers forbid it
            return LifePeak()
    return LifePeak()


def _life_peak() -> int | None:
    if resource is not None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    memory = _psutil_memory()
    return int(getattr(memory, "peak_wset", 0) or memory.rss)


def _held_now() -> int | None:
    return int(_psutil_memory().rss)


def _psutil_memory() -> Any:
    psutil: Any = import_module("psutil")
    return psutil.Process().memory_info()
