from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
from trackbook import process


def test_own_start_is_what_the_machine_says() -> None:
    started = process.started(os.getpid())

    assert started is not None
    assert abs(started - psutil.Process().create_time()) < 1
    assert started <= time.time() + 1


def test_start_of_a_process_with_an_odd_name_is_read() -> None:
    code = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') R 1 (', 0, 0, 0); print(flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()

    started = process.started(child.pid)

    child.communicate()
    assert started is not None
    assert abs(started - time.time()) < 60


def test_no_process_has_no_start() -> None:
    assert process.started(2**22 + 1) is None
    assert process.started(2**70) is None
    assert process.started(-1) is None


def test_process_that_has_ended_has_no_start_though_nobody_waited_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    started = process.started(child.pid)

    child.communicate()
    assert started is None


def test_boot_and_host_are_the_same_in_another_process() -> None:
    code = "from trackbook import process; print(process.boot_id()); print(process.host())"

    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.splitlines()

    assert other == [process.boot_id(), process.host()]
    assert all(other)
