"""The GPU while a cell runs: its memory and how busy it is, sampled through NVML by a thread of its own.

Where there is no NVIDIA device, or nvidia-ml-py (the extra ``gpu``) is not installed, nothing is loaded, no thread
begins, and a cell pays for one look at an attribute. NVML counts for the whole device; the memory is that of this
process where the driver tells processes apart (in a container it may not).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

PERIOD = 0.25  # seconds between samples: NVML's own utilisation is a mean over up to a second
_DEVICES = ("/dev/nvidiactl", "/dev/dxg")  # Linux, and Linux within Windows


@dataclass(slots=True)
class _Stretch:
    """What was seen while one cell ran."""

    peak: int = 0
    percents: list[float] = field(default_factory=list)


class GpuMeter:
    """Measures the GPU over one stretch of work: `start`, then `stop`.

    Parameters
    ----------
    has_device
        Tells whether there may be a device at all.
    period
        Seconds between samples.
    """

    def __init__(self, has_device: Callable[[], bool] | None = None, period: float = PERIOD) -> None:
        self._is_there = (has_device or _has_device)()
        self._period = period
        self._now: _Stretch | None = None
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()

    def start(self) -> None:
        """Begin, or begin anew."""
        if not self._is_there:
            return
        self._now = _Stretch()
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # a forked child has none
            self._thread = threading.Thread(target=self._sample, name="trackbook-gpu", daemon=True)
            self._thread.start()

    def stop(self) -> tuple[int | None, float | None]:
        """Return the peak of memory in bytes and the mean utilisation in percent.

        Both are None where nothing was seen: there is no GPU, or the stretch was shorter than the first sample.
        """
        seen, self._now = self._now, None
        if seen is None:
            return None, None
        self._wanted.clear()
        if not seen.percents:
            return None, None
        return seen.peak, sum(seen.percents) / len(seen.percents)

    def _sample(self) -> None:
        try:
            nvml = _open_nvml()
            devices = [nvml.nvmlDeviceGetHandleByIndex(place) for place in range(nvml.nvmlDeviceGetCount())]
        except Exception:  # noqa: BLE001  not installed, no driver, no right: whatever it is, there is nothing to see
            self._is_there = False
            return
        pause = threading.Event()
        while True:
            self._wanted.wait()
            seen = self._now
            if seen is not None and not _take(nvml, devices, seen):
                self._is_there = False
                return
            pause.wait(self._period)


def _take(nvml: Any, devices: list[Any], seen: _Stretch) -> bool:
    """Add a sample; False if the driver does not answer any more."""
    try:
        own = [(device, memory) for device in devices if (memory := _own_memory(nvml, device)) is not None]
        if own:
            used, asked = sum(memory for _, memory in own), [device for device, _ in own]
        else:
            used, asked = sum(int(nvml.nvmlDeviceGetMemoryInfo(device).used) for device in devices), devices
        percents = [float(nvml.nvmlDeviceGetUtilizationRates(device).gpu) for device in asked]
    except Exception:  # noqa: BLE001  see above: a device may fall off the bus
        return False
    if percents:
        seen.peak = max(seen.peak, used)
        seen.percents.append(sum(percents) / len(percents))
    return True


def _own_memory(nvml: Any, device: Any) -> int | None:
    """Return what this process holds on a device, None where it is not among the device's processes."""
    pid = os.getpid()
    held = [each.usedGpuMemory for each in _processes(nvml, device) if each.pid == pid]
    known = [int(bytes_) for bytes_ in held if bytes_ is not None]
    return sum(known) if known else None


def _processes(nvml: Any, device: Any) -> Iterator[Any]:
    yield from nvml.nvmlDeviceGetComputeRunningProcesses(device)


def _open_nvml() -> Any:
    nvml: Any = import_module("pynvml")
    nvml.nvmlInit()
    return nvml


def _has_device() -> bool:
    return os.name == "nt" or any(map(os.path.exists, _DEVICES))
