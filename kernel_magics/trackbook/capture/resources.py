"""What an execution used: processor time and memory of this process."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any

from trackbook.records import Resources


class ResourceMeter:
    """Measures one stretch of work: `start`, then `stop`. Costs a few microseconds."""

    def __init__(self) -> None:
        self._started: float | None = None

    def start(self) -> None:
        """Begin, or begin anew."""
        self._started = time.process_time()

    def stop(self) -> Resources:
        """Return the CPU seconds of all threads since `start`, and the process's peak of resident memory, in bytes.

        Without `start` the seconds are None. The peak is that of the process's whole life: the system keeps no other.
        """
        spent = None if self._started is None else time.process_time() - self._started
        return Resources(cpu_seconds=spent, peak_memory_bytes=peak_memory_bytes())


def peak_memory_bytes() -> int | None:
    """Return the peak of the process's resident memory in bytes, None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return _psutil_peak()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _psutil_peak() -> int:
    psutil: Any = import_module("psutil")
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", 0) or memory.rss)
