"""Steps are executed side by side, and stopped, and survive what dies, whoever executes them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest
from trackbook import process
from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.contract import Executor
from trackbook.pipelines.executors.dask import DaskExecutor
from trackbook.pipelines.executors.local import LocalExecutor
from trackbook.pipelines.executors.processes import ProcessExecutor
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from .clusters import SECONDS, Cluster, until

pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's, ipykernel's and Dask's own
WAIT = "import pathlib, time, os\npathlib.Path(mark).write_text(str(os.getpid()))\ntime.sleep(wait)"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("executors")
    write(folder / "double.ipynb", "x = 1", "import os\nprint(x * 2, os.getppid(), os.getcwd())")
    write(folder / "fail.ipynb", "x = 1", "1 / 0")
    write(folder / "die.ipynb", "x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    write(folder / "wait.ipynb", "mark = ''\nwait = 60", WAIT)
    return folder


def write(path: Path, parameters: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (parameters, *cells)])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)


def job(place: Path, notebook: str, name: str, **params: object) -> StepJob:
    return StepJob(
        name=name,
        notebook=place / f"{notebook}.ipynb",
        output=place / "out" / f"{name}.ipynb",
        params=params,  # type: ignore[arg-type]  # JSON values, all of them
        folder=place,
        store=str(place / "store"),
    )


def printed(path: Path) -> str:
    outputs = nbformat.read(path, 4).cells[-1].outputs
    return "".join(output.text for output in outputs if output.output_type == "stream")


def written(path: Path) -> int:
    """Wait for a kernel to say its process, and return that."""
    assert until(lambda: path.exists() and path.read_text().isdigit())
    return int(path.read_text())


def quiet(event: StepEvent) -> None:
    """Take an event that nobody asks for."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.close()


@pytest.fixture(scope="module", params=["process", "local", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    match request.param:
        case "process":
            made: Executor = ProcessExecutor(2)
        case "local":
            made = LocalExecutor(2)
        case _:
            made = DaskExecutor(request.getfixturevalue("cluster").address)
            assert until(lambda: made.slots == 2)
    yield made
    made.close(stop=True)


def test_steps_run_side_by_side_and_give_back_what_they_did(executor: Executor, place: Path) -> None:
    """Also one that fails: the other does not mind."""
    told: list[StepEvent] = []
    kind = type(executor).__name__

    futures = [executor.submit(job(place, each, f"{kind}-{each}", x=3), told.append) for each in ("double", "fail")]
    good, bad = (future.result(SECONDS) for future in futures)

    assert (good.status, bad.status) == (StepStatus.FINISHED, StepStatus.FAILED)
    assert (bad.error, bad.failed_cell) == ("ZeroDivisionError", 2)
    assert printed(place / f"out/{kind}-double.ipynb").startswith("6 ")
    assert printed(place / f"out/{kind}-double.ipynb").endswith(f"{place}\n")
    runs = open_store(str(place / "store")).runs(RunFilter(ids=(str(good.run_id), str(bad.run_id))))
    assert {run.run.status for run in runs} == {"FINISHED", "FAILED"}
    cells = {(name, at) for name in (good.name, bad.name) for at in (1, 2)}
    assert until(lambda: cells <= {(each.name, each.cell) for each in told})


@pytest.mark.parametrize("executor", ["local"], indirect=True, scope="module")
def test_worker_outlives_a_kernel_that_is_killed(executor: Executor, place: Path) -> None:
    futures = [executor.submit(job(place, each, f"{each} at last"), quiet) for each in ("die", "die", "double")]
    results = [future.result(SECONDS) for future in futures]

    assert [result.status for result in results] == ["failed", "failed", "finished"]
    assert "killed" in (results[0].message or "")
    (run,) = open_store(str(place / "store")).runs(RunFilter(ids=(str(results[0].run_id),)))
    assert run.run.status == "KILLED"
    assert nbformat.read(place / "out" / "die at last.ipynb", 4).cells[0].execution_count == 1


@pytest.mark.parametrize("executor", ["local", "dask"], indirect=True, scope="module")
def test_step_that_runs_is_stopped_and_one_that_waits_is_left_out(executor: Executor, place: Path) -> None:
    kind = type(executor).__name__
    marks = [place / f"{kind}{at}" for at in range(3)]
    futures = [executor.submit(job(place, "wait", mark.name, mark=str(mark)), quiet) for mark in marks]
    kernels = [written(mark) for mark in marks[:2]]

    are_stopped = [future.cancel() for future in reversed(futures)]

    assert are_stopped == [True, True, True]
    assert [future.result(SECONDS).status for future in futures[:2]] == [StepStatus.STOPPED, StepStatus.STOPPED]
    assert was_left_out(futures[2])
    assert not marks[2].exists()
    assert until(lambda: all(process.started(kernel) is None for kernel in kernels))
    assert executor.submit(job(place, "double", f"{kind}-after"), quiet).result(SECONDS).status is StepStatus.FINISHED


def was_left_out(future: Future[StepResult]) -> bool:
    return future.cancelled() or future.result(SECONDS).status is StepStatus.STOPPED


@pytest.mark.parametrize("executor", ["local"], indirect=True, scope="module")
def test_step_that_takes_too_long_is_stopped(executor: Executor, place: Path) -> None:
    kind = type(executor).__name__
    late = replace(job(place, "wait", f"{kind}-late", mark=str(place / f"{kind}-late")), timeout=0.5)

    result = executor.submit(late, quiet).result(SECONDS)

    assert (result.status, result.error, result.message) == ("stopped", "TimeoutError", "It took longer than 0.5 s.")


def test_notebooks_of_workers_have_forked_kernels_of_their_own(place: Path) -> None:
    executor = LocalExecutor(1, preload=["json"])

    futures = [executor.submit(job(place, "double", f"forked{at}", x=at), quiet) for at in range(2)]
    results = [future.result(SECONDS) for future in futures]
    executor.close()

    said = [printed(place / f"out/forked{at}.ipynb").split() for at in range(2)]
    assert [result.status for result in results] == ["finished", "finished"]
    assert [number for number, _, _ in said] == ["0", "2"]
    assert said[0][1] == said[1][1]
    assert process.started(int(said[0][1])) is None


DRIVER = """
import sys
from pathlib import Path
from trackbook.pipelines.executors.local import LocalExecutor
from trackbook.pipelines.steps.job import StepJob

if __name__ == "__main__":
    place = Path(sys.argv[1])
    mark = place / "orphan"
    LocalExecutor(1).submit(StepJob(name="orphan", notebook=place / "wait.ipynb", output=place / "orphan.ipynb",
        params={"mark": str(mark)}, folder=place, store=str(place / "store")), print).result()
"""


def test_killed_driver_leaves_no_kernels_behind(place: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(place)], stdout=subprocess.DEVNULL)
    kernel = written(place / "orphan")

    driver.send_signal(signal.SIGKILL)
    driver.wait()

    assert until(lambda: process.started(kernel) is None)


def test_step_of_a_worker_that_is_killed_is_executed_by_the_other(cluster: Cluster, place: Path) -> None:
    """Its kernel does not stay behind."""
    executor = DaskExecutor(cluster.address)
    mark = place / "lost"
    future = executor.submit(job(place, "wait", "lost", mark=str(mark), wait=1), quiet)
    first = written(mark)
    worker = next(each for each in cluster.workers if is_above(each.pid, first))
    mark.unlink()

    worker.kill()
    second = written(mark)
    result = future.result(SECONDS)
    executor.close()

    assert result.status is StepStatus.FINISHED
    assert second != first
    assert until(lambda: process.started(first) is None)


def is_above(pid: int, below: int) -> bool:
    return pid in {parent.pid for parent in psutil.Process(below).parents()}


def test_bad_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="0 steps can't run at once"):
        LocalExecutor(0)
    with pytest.raises(InvalidValueError, match=r"No Dask scheduler answers at nowhere:0 .*--executor local\."):
        DaskExecutor("nowhere:0", connect_seconds=0.2)
