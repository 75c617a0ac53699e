from __future__ import annotations

import time

import numpy as np
from trackbook.capture.resources import ResourceMeter, peak_memory_bytes


def test_meter_tells_the_processor_time_between_start_and_stop() -> None:
    meter = ResourceMeter()
    meter.start()
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass

    used = meter.stop()

    assert used.cpu_seconds is not None
    assert 0.05 <= used.cpu_seconds < 5


def test_meter_starts_anew() -> None:
    meter = ResourceMeter()
    meter.start()
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    meter.start()

    used = meter.stop()

    assert used.cpu_seconds is not None
    assert used.cpu_seconds < 0.05


def test_meter_that_was_not_started_knows_no_time() -> None:
    assert ResourceMeter().stop().cpu_seconds is None


def test_peak_of_memory_is_in_bytes_and_grows_with_what_is_held() -> None:
    before = peak_memory_bytes()
    assert before is not None

    held = np.ones(before + 50_000_000, np.uint8)  # more than the process ever had
    after = ResourceMeter().stop().peak_memory_bytes

    assert after is not None
    assert after >= held.nbytes
    assert after < 20 * held.nbytes
