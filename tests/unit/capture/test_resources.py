"""What an execution used: CPU seconds of threads and children, the peak of memory of this execution, the GPU."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from trackbook.capture.gpu import GpuMeter
from trackbook.capture.resources import PeakMemory, ResourceMeter, peak_memory_bytes

MIB = 1 << 20


def work(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


# Processor time


def test_meter_tells_the_processor_time_between_start_and_stop() -> None:
    meter = ResourceMeter()
    meter.start()
    work(0.05)

    used = meter.stop()

    assert used.cpu_seconds is not None
    assert 0.05 <= used.cpu_seconds < 5


def test_meter_starts_anew() -> None:
    meter = ResourceMeter()
    meter.start()
    work(0.05)
    meter.start()

    used = meter.stop()

    assert used.cpu_seconds is not None
    assert used.cpu_seconds < 0.05


def test_meter_that_was_not_started_knows_no_time() -> None:
    assert ResourceMeter().stop().cpu_seconds is None


def test_time_of_threads_counts() -> None:
    meter = ResourceMeter()
    meter.start()
    thread = threading.Thread(target=lambda: sum(range(3_000_000)))
    thread.start()
    thread.join()

    used = meter.stop().cpu_seconds

    assert used is not None
    assert used > 0.01


BUSY = "import time, sys\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\nsys.stdin.read()"


@contextmanager
def busy_child() -> Iterator[subprocess.Popen[str]]:
    """A process that has worked for 0.2 seconds and lives on, as a pool's worker does."""
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "done\n"
    yield child
    child.communicate("")


def test_time_of_a_child_that_is_gone_counts() -> None:
    meter = ResourceMeter()
    meter.start()
    with busy_child():
        pass

    used = meter.stop().cpu_seconds

    assert used is not None
    assert 0.19 <= used < 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only long cells look at living children")
def test_time_of_a_living_child_counts_once() -> None:
    meter = ResourceMeter()
    meter.start()
    with busy_child():
        first = meter.stop().cpu_seconds
        meter.start()
        second = meter.stop().cpu_seconds
        meter.start()
    third = meter.stop().cpu_seconds

    assert first is not None
    assert second is not None
    assert third is not None
    assert 0.19 <= first < 2
    assert second < 0.1
    assert third < 0.1


# Memory


def test_peak_of_memory_is_in_bytes_and_grows_with_what_is_held() -> None:
    before = peak_memory_bytes()
    assert before is not None
    meter = ResourceMeter()
    meter.start()

    held = np.ones(before + 50_000_000, np.uint8)  # more than the process ever had
    after = meter.stop().peak_memory_bytes

    assert after is not None
    assert after >= held.nbytes
    assert after < 20 * held.nbytes


def test_peak_is_that_of_the_execution_not_of_the_process() -> None:
    meter = ResourceMeter()
    meter.start()
    held = np.ones(300 * MIB, np.uint8)
    large = meter.stop().peak_memory_bytes
    meter.start()
    del held
    meter.stop()
    meter.start()
    np.ones(MIB, np.uint8)

    small = meter.stop().peak_memory_bytes

    assert large is not None
    assert small is not None
    assert large - small > 250 * MIB


def test_peak_between_the_ends_is_known_if_somebody_looked() -> None:
    np.ones(600 * MIB, np.uint8)  # the highest of the process's life
    meter = ResourceMeter()
    meter.start()
    held = np.ones(300 * MIB, np.uint8)
    meter.look()
    del held

    found = meter.stop().peak_memory_bytes

    assert found is not None
    assert found > 300 * MIB


def test_measuring_leaves_the_systems_own_peak_alone() -> None:
    np.ones(300 * MIB, np.uint8)
    before = peak_memory_bytes()
    meter = ResourceMeter()
    meter.start()

    meter.stop()

    assert peak_memory_bytes() >= before


def test_peak_is_exact_when_it_is_the_highest() -> None:
    peak = PeakMemory()
    before = peak_memory_bytes()
    peak.start(before)
    held = np.ones(before + 50 * MIB, np.uint8)

    found = peak.stop(peak_memory_bytes())

    assert found >= held.nbytes


def test_peak_is_at_least_what_is_held() -> None:
    peak = PeakMemory()
    np.ones(300 * MIB, np.uint8)
    peak.start(peak_memory_bytes())
    held = np.ones(20 * MIB, np.uint8)

    found = peak.stop(peak_memory_bytes())

    assert found >= held.nbytes


def test_meters_open_files_are_closed_with_it() -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files can't be counted here")
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(20):
        ResourceMeter()

    assert len(os.listdir("/proc/self/fd")) <= before + 2


def test_trivial_stretch_costs_microseconds() -> None:
    meter = ResourceMeter()

    def stretch() -> None:
        meter.start()
        meter.stop()

    best = min(timeit.repeat(stretch, number=500, repeat=20)) / 500

    assert best < 40e-6  # 6 us on a quiet machine


# GPU: there is none where these tests run, so NVML is the one thing here that is stood in for


class Driver(ModuleType):
    """Stands in for ``pynvml``: two devices, of which this process uses the first."""

    def __init__(self, *, tells_processes: bool = True, fails_after: int = 10**9) -> None:
        super().__init__("pynvml")
        self.samples, self.tells_processes, self.fails_after = 0, tells_processes, fails_after
        self.wanted = threading.Semaphore(0)

    def nvmlInit(self) -> None:  # noqa: N802  NVML's name
        return None

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, place: int) -> int:  # noqa: N802
        return place

    def nvmlDeviceGetComputeRunningProcesses(self, device: int) -> list[Any]:  # noqa: N802
        held = (100 + self.samples % 3) * MIB if self.tells_processes else None
        return [SimpleNamespace(pid=os.getpid() if device == 0 else 1, usedGpuMemory=held)]

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:  # noqa: N802
        return SimpleNamespace(used=(500 + device) * MIB)

    def nvmlDeviceGetUtilizationRates(self, device: int) -> Any:  # noqa: N802
        self.samples += 1
        if self.samples > self.fails_after:
            raise RuntimeError("GPU is lost")
        self.wanted.release()
        return SimpleNamespace(gpu=40 + 20 * (self.samples % 2) if device == 0 else 0)

    def wait_for(self, samples: int) -> None:
        for _ in range(samples):
            assert self.wanted.acquire(timeout=30)


def test_gpu_is_sampled_while_a_cell_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    meter = ResourceMeter(gpu=GpuMeter(lambda: True, period=0.001))

    meter.start()
    driver.wait_for(12)
    used = meter.stop()

    assert used.gpu_peak_memory_bytes == 102 * MIB
    assert used.gpu_percent is not None
    assert 40 <= used.gpu_percent <= 60


def test_memory_is_the_devices_where_processes_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(tells_processes=False)
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    meter = GpuMeter(lambda: True, period=0.001)

    meter.start()
    driver.wait_for(6)
    peak, percent = meter.stop()

    assert peak == 1001 * MIB
    assert percent is not None
    assert 20 <= percent <= 30


def test_driver_that_fails_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(fails_after=2)
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    meter = GpuMeter(lambda: True, period=0.001)
    meter.start()
    driver.wait_for(2)
    assert meter._thread is not None
    meter._thread.join(30)

    peak, _ = meter.stop()
    meter.start()

    assert peak is not None
    assert peak > 100 * MIB
    assert meter.stop() == (None, None)


def test_machine_without_the_drivers_library_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = GpuMeter(lambda: True)
    meter.start()
    assert meter._thread is not None
    meter._thread.join(30)

    assert meter.stop() == (None, None)
    assert not meter._is_there


def test_machine_without_a_device_begins_no_thread() -> None:
    meter = GpuMeter(lambda: False)

    meter.start()

    assert meter.stop() == (None, None)
    assert meter._thread is None
