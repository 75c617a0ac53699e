"""Steps run on workers that see neither store nor project: what they need goes there, what they did comes back."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from distributed import Client
from trackbook import clock, process
from trackbook.pipelines.executors import dask
from trackbook.pipelines.executors.cluster.packing import Packed
from trackbook.pipelines.executors.dask import DaskExecutor
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult
from trackbook.project import Project
from trackbook.records import DatasetVersion, Process, Run, RunDetail, Session
from trackbook.store import Batch, RunChange, RunFilter, Store, open_store
from trackbook.sweep_view import sweep

from .clusters import SECONDS, Cluster, until
from .step_notebooks import PARAMETERS, write

pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's, ipykernel's and Dask's own

TRAIN = """
import os, pickle
import pandas as pd, numpy as np, trackbook
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from tools.scaling import scaled
"""
FIT = """
train = trackbook.load("train")
extra = pd.read_csv("../data/extra.csv")
X = scaled(pd.concat([train, extra])[["a"]])
y = (X["a"] > 0).astype(int)
model = LogisticRegression(C=C).fit(X, y)
accuracy = accuracy_score(y, model.predict(X))
"""
KEEP = """
trackbook.publish(pd.DataFrame({"a": range(rows)}), "scores")
print(trackbook.load("scores").shape)
with open("made.txt", "w") as file:
    file.write("made")
print(os.getcwd(), os.environ["TRACKBOOK_STORE"])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project: notebooks in a folder, a package beside them, data in another folder."""
    folder = tmp_path_factory.mktemp("far")
    for name in ("project/notebooks/tools", "project/data"):
        (folder / name).mkdir(parents=True)
    (folder / "project/pyproject.toml").touch()
    (folder / "project/data/extra.csv").write_text("a\n7\n-3\n")
    (folder / "project/notebooks/tools/__init__.py").touch()
    (folder / "project/notebooks/tools/scaling.py").write_text(
        "from tools.more import CENTRE\ndef scaled(table):\n    return table - table.mean() * CENTRE\n"
    )
    (folder / "project/notebooks/tools/more.py").write_text("CENTRE = 1\n")
    notebooks = folder / "project/notebooks"
    write(notebooks / "train.ipynb", TRAIN, f"{PARAMETERS}C = 1.0\nrows = 3", FIT, KEEP)
    write(
        notebooks / "light.ipynb", "import trackbook", 'trackbook.load("train", version=1), open("../data/extra.csv")'
    )
    write(notebooks / "wait.ipynb", f"{PARAMETERS}mark = ''\nwait = 60", WAIT, "print('over')")
    write(notebooks / "file.ipynb", "open('../da' + 'ta/extra.csv')")
    write(notebooks / "fail.ipynb", "x = 1", "1 / 0")
    return folder


MEASURE = "%track metric score a * 10"
WAIT = "import pathlib, time, os\npathlib.Path(mark).write_text(str(os.getpid()))\ntime.sleep(wait)"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def hidden(place: Path) -> Iterator[str]:
    """Give the store's place as only this process can reach it: no other has such a folder open."""
    (place / "kept").mkdir()
    number = os.open(place / "kept", os.O_RDONLY)
    os.dup2(number, 555)
    yield "/proc/self/fd/555/store"
    os.close(number)
    os.close(555)


@pytest.fixture(scope="module")
def store(hidden: str) -> Iterator[Store]:
    store = open_store(hidden)
    now = clock.now()
    home = Process(host=process.host(), boot=process.boot_id(), pid=os.getpid(), started=0.0)
    session = Session(
        session_id="driver",
        experiment="far",
        started_at=now,
        lease_expires_at=now + timedelta(hours=1),
        process=replace(home, started=process.started(os.getpid()) or 0.0),
        user="ada",
    )
    run = Run(run_id="above", name="brave-otter", experiment="far", session_id="driver", started_at=now)
    store.write(Batch(sessions=[session], runs=[RunChange(run_id="above", run=run)]))
    for values in ([1, 2, -2], [5, 4, -1]):
        publish(store, "train", values)
    publish(store, "scores", [9])
    yield store
    store.close()


def publish(store: Store, name: str, values: list[int]) -> None:
    snapshot = store.put_table(pd.DataFrame({"a": values}), fingerprint=f"of {values}")
    version = DatasetVersion(name=name, snapshot_id=snapshot.snapshot_id, made_at=snapshot.made_at)
    store.publish(version, snapshot=snapshot)


@pytest.fixture(scope="module")
def executor(cluster: Cluster, store: Store) -> Iterator[DaskExecutor]:
    made = DaskExecutor(cluster.address)
    assert until(lambda: made.slots == 2)
    yield made
    made.close(stop=True)


def job(place: Path, hidden: str, notebook: str, name: str | None = None, **params: object) -> StepJob:
    folder = place / "project/notebooks"
    return StepJob(
        name=name or notebook,
        notebook=folder / f"{notebook}.ipynb",
        output=place / "out" / f"{name or notebook}.ipynb",
        params=params,  # type: ignore[arg-type]  # JSON values, all of them
        folder=folder,
        store=hidden,
        parent_run_id="above",
        tags={"step": name or notebook, "pipeline": "far"},
    )


def quiet(event: StepEvent) -> None:
    """Take an event that nobody asks for."""


def run_of(store: Store, result: StepResult) -> RunDetail:
    (detail,) = store.runs(RunFilter(ids=(str(result.run_id),)))
    return detail


def printed(path: Path) -> str:
    outputs = [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def trained(executor: DaskExecutor, place: Path, hidden: str) -> tuple[StepResult, list[StepEvent]]:
    told: list[StepEvent] = []
    result = executor.submit(job(place, hidden, "train", C=0.5), told.append).result(SECONDS)
    assert result.status == "finished", result
    return result, told


def test_step_of_a_worker_that_sees_nothing_is_in_the_store(
    trained: tuple[StepResult, list[StepEvent]], store: Store, place: Path
) -> None:
    """With its params, metrics, model, cells, the executed notebook, what it read, and where it ran."""
    result, _ = trained

    detail = run_of(store, result)
    fits = store.runs(RunFilter(parent_id=result.run_id))

    assert (detail.run.status, detail.run.parent_id) == ("FINISHED", "above")
    assert detail.params["C"] == 0.5
    assert detail.tags["host"] == os.uname().nodename
    assert [artifact.name for artifact in detail.artifacts] == ["train.ipynb"]
    assert b"accuracy_score" in store.get_object(detail.artifacts[0].digest)
    assert any("accuracy" in key for each in (detail, *fits) for key in each.metrics)
    (model,) = [model for each in (detail, *fits) for model in each.models]
    assert store.get_object(str(model.object_digest))
    executions = store.executions(session_id=detail.run.session_id)
    assert len(executions) == 5
    (session,) = store.sessions(ids=[detail.run.session_id])
    assert (session.notebook, session.folder) == (
        str(place / "project/notebooks/train.ipynb"),
        str(place / "project/notebooks"),
    )
    assert {module.path for each in (detail, *fits) for module in each.modules} >= {"notebooks/tools/scaling.py"}
    assert store.environment(str(session.environment_id)) is not None
    assert store.verify() == []


def test_what_it_read_is_named_as_it_is_here(
    trained: tuple[StepResult, list[StepEvent]], store: Store, place: Path
) -> None:
    session_id = run_of(store, trained[0]).run.session_id

    statements = [each for execution in store.executions(session_id=session_id) for each in execution.statements]

    read = {file.path for statement in statements for file in statement.files}
    assert {"dataset://train@2", "dataset://scores@2", str(place / "project/data/extra.csv")} <= read


def test_what_it_published_is_the_next_version_here(
    trained: tuple[StepResult, list[StepEvent]], store: Store, place: Path
) -> None:
    (version,) = [each for each in store.versions("scores") if each.version == 2]

    assert store.get_table(version.snapshot_id)["a"].tolist() == [0, 1, 2]
    assert version.session_id == run_of(store, trained[0]).run.session_id
    assert "(3, 1)" in printed(place / "out/train.ipynb")


def test_it_worked_in_a_folder_and_a_store_of_its_own_and_what_it_wrote_is_here(
    trained: tuple[StepResult, list[StepEvent]], place: Path
) -> None:
    folder, own_store = printed(place / "out/train.ipynb").split()[-2:]

    assert not folder.startswith(str(place))
    assert not own_store.startswith("/proc")
    assert not Path(folder).exists()
    assert (place / "project/notebooks/made.txt").read_text() == "made"
    assert not (place / "project/.trackbook").exists()


def test_progress_is_told_while_it_runs(trained: tuple[StepResult, list[StepEvent]]) -> None:
    result, told = trained

    assert until(lambda: {each.cell for each in told} >= {1, 2, 3, 4})
    assert {each.cells for each in told if each.cell} == {4}
    assert any(each.metric and "accuracy" in each.metric for each in told)
    assert any(each.run_id == result.run_id for each in told)


def test_what_a_worker_has_is_not_sent_again(
    executor: DaskExecutor, place: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Counter[str] = Counter()
    contents = dask.contents

    def counted(packed: Packed, store: Store, digests: list[str]) -> Iterator[list[bytes]]:
        sent.update(digests)
        yield from contents(packed, store, digests)

    monkeypatch.setattr(dask, "contents", counted)

    futures = [executor.submit(job(place, hidden, "light", f"light{at}"), quiet) for at in range(3)]
    results = [future.result(SECONDS) for future in futures]

    assert [result.status for result in results] == ["finished"] * 3
    assert sent
    assert max(sent.values()) <= 2  # once to each of two workers


def test_failing_step_comes_back_with_its_error_and_what_ran(
    executor: DaskExecutor, place: Path, hidden: str, store: Store
) -> None:
    result = executor.submit(job(place, hidden, "fail"), quiet).result(SECONDS)

    assert (result.status, result.error, result.failed_cell) == ("failed", "ZeroDivisionError", 2)
    assert run_of(store, result).run.status == "FAILED"
    assert "ZeroDivisionError" in (place / "out/fail.ipynb").read_text()


def test_what_could_not_be_known_to_travel_is_told(executor: DaskExecutor, place: Path, hidden: str) -> None:
    result = executor.submit(job(place, hidden, "file"), quiet).result(SECONDS)

    assert (result.status, result.error) == ("failed", "FileNotFoundError")
    assert "It is here, and did not travel to" in str(result.message)


def test_files_that_are_too_large_to_travel_are_told(
    executor: DaskExecutor, place: Path, hidden: str, tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    shutil.copytree(place / "project", folder)
    with (folder / "data/huge.csv").open("wb") as file:
        file.truncate(300 * 2**20)
    notebook = write(folder / "notebooks/huge.ipynb", "open('../data/huge.csv')")
    large = replace(job(place, hidden, "fail", "huge"), notebook=notebook, folder=notebook.parent)

    result = executor.submit(large, quiet).result(SECONDS)

    assert result.status == "failed"
    assert "too large to travel" in str(result.message)
    assert "huge.csv" in str(result.message)


def test_step_far_away_is_stopped(executor: DaskExecutor, place: Path, hidden: str, store: Store) -> None:
    mark = place / "stopped"
    future = executor.submit(job(place, hidden, "wait", "stopped", mark=str(mark)), quiet)
    kernel = written(mark)

    future.cancel()

    result = future.result(SECONDS)
    assert result.status == "stopped"
    assert run_of(store, result).run.status == "KILLED"
    assert until(lambda: process.started(kernel) is None)


def written(path: Path) -> int:
    assert until(lambda: path.exists() and path.read_text().isdigit())
    return int(path.read_text())


def test_other_version_on_a_worker_is_refused(
    executor: DaskExecutor, place: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "__version__", "99.0")

    result = executor.submit(job(place, hidden, "fail", "newer"), quiet).result(SECONDS)

    assert (result.status, result.error) == ("failed", "WorkerRefused")
    assert "and 99.0 here. Install the same on both." in str(result.message)


def test_sweep_tries_its_values_on_a_cluster(cluster: Cluster, place: Path, store: Store) -> None:
    notebook = write(place / "project/notebooks/tried.ipynb", f"{PARAMETERS}a = 1", "%load_ext trackbook", MEASURE)

    found = sweep(
        notebook, {"a": [2, 3]}, metric="score", maximize=True, address=cluster.address, project=Project(store)
    )

    assert found.best is not None
    assert found.best.params == {"a": 3}
    trials = store.runs(RunFilter(parent_id=found.run_id))
    assert {detail.tags["host"] for detail in trials} == {os.uname().nodename}
    assert len(trials) == 2


def test_worker_that_is_killed_leaves_the_step_to_the_other(
    cluster: Cluster, executor: DaskExecutor, place: Path, hidden: str, store: Store
) -> None:
    mark = place / "lost"
    done = executor.submit(job(place, hidden, "fail", "done"), quiet)
    done.result(SECONDS)
    future = executor.submit(job(place, hidden, "wait", "lost", mark=str(mark), wait=3), quiet)
    first = written(mark)
    worker = next(each for each in cluster.workers if is_above(each.pid, first))
    mark.unlink()

    worker.send_signal(signal.SIGKILL)
    result = future.result(SECONDS)
    second = written(mark)

    assert result.status == "finished", result
    assert second != first
    assert run_of(store, result).run.status == "FINISHED"
    assert until(lambda: process.started(first) is None)
    with Client(cluster.address, set_as_default=False) as client:
        assert until(lambda: not any(client.processing().values()))  # nor is what ended executed again


def is_above(pid: int, below: int) -> bool:
    return pid in {parent.pid for parent in psutil.Process(below).parents()}
