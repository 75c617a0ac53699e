"""Workers are forked from one process, and nothing of them stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from trackbook import process
from trackbook.pipelines.executors.forking.workers import WorkerParent
from trackbook.pipelines.executors.orders import Order
from trackbook.pipelines.executors.worker import Worker
from trackbook.pipelines.steps.job import StepJob

SECONDS = 60.0


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so; return whether it has become so."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def parent() -> Iterator[WorkerParent]:
    made = WorkerParent()
    yield made
    made.close()


def test_workers_are_forked_from_one_process_and_end_when_let_go(parent: WorkerParent, tmp_path: Path) -> None:
    """Each has its own orders: the one goes on when the other has gone."""
    one, other = Worker(parent), Worker(parent)
    above = {psutil.Process(worker.pid).ppid() for worker in (one, other)}
    nowhere = StepJob(name="s", notebook=tmp_path / "none.ipynb", output=tmp_path / "out.ipynb", folder=tmp_path)
    order = Order(job=nowhere, variables=dict(os.environ), parent=None)

    one.close()
    result = other.execute(order, lambda event: None, threading.Event())
    other.close()

    assert len(above - {os.getpid()}) == 1
    assert (result.status, result.error) == ("failed", "FileNotFoundError")
    assert [process.started(worker.pid) for worker in (one, other)] == [None, None]


def test_worker_that_is_killed_says_so(parent: WorkerParent, tmp_path: Path) -> None:
    worker = Worker(parent)
    order = Order(job=StepJob(name="s", notebook=tmp_path, output=tmp_path), variables={}, parent=None)

    os.kill(worker.pid, signal.SIGKILL)
    result = worker.execute(order, lambda event: None, threading.Event())
    is_usable = worker.is_usable
    worker.close()

    assert (result.status, result.error) == ("failed", "ProcessEnded")
    assert "SIGKILL" in (result.message or "")
    assert not is_usable


def test_worker_is_started_afresh_where_it_can_not_be_forked() -> None:
    gone = WorkerParent()
    gone.start()
    gone.close()

    worker = Worker(gone)
    above = psutil.Process(worker.pid).ppid()
    worker.close()

    assert above == os.getpid()


DRIVER = """
import sys
from pathlib import Path
from trackbook.pipelines.executors.local import LocalExecutor
from trackbook.pipelines.steps.job import StepJob

place = Path(sys.argv[1])
job = StepJob(name="s", notebook=place / "wait.ipynb", output=place / "out.ipynb", folder=place, store=str(place / "s"))
LocalExecutor(1).submit(job, print).result()
"""


def test_killed_driver_leaves_no_process_behind(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    cell = nbformat.v4.new_code_cell(f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(60)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "wait.ipynb")
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], stdout=subprocess.DEVNULL)
    assert until(mark.exists)
    below = [each.pid for each in psutil.Process(driver.pid).children(recursive=True)]

    driver.kill()
    driver.wait()

    assert len(below) == 4  # what kernels and workers are forked from, and one of each
    assert until(lambda: all(process.started(pid) is None for pid in below))
