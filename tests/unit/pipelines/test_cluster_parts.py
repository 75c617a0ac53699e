"""What a step takes along to a worker that reaches nothing, how it asks for it, and how what came back is judged."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import nbformat
import pandas as pd
import pytest
from trackbook import clock
from trackbook.errors import InvalidValueError, StoreError
from trackbook.pipelines.executors.cluster import line as lines
from trackbook.pipelines.executors.cluster import remote
from trackbook.pipelines.executors.cluster.door import enter
from trackbook.pipelines.executors.cluster.line import Line, StoppedWaitingError, deliver
from trackbook.pipelines.executors.cluster.packing import contents, packed
from trackbook.pipelines.executors.cluster.parcel import Luggage, Parcel, Returned, read_parcel, read_returned
from trackbook.pipelines.executors.cluster.project_files import known_files
from trackbook.pipelines.executors.cluster.seeds import seed_of
from trackbook.pipelines.executors.cluster.unpacking import unpack
from trackbook.pipelines.executors.dask import _RemoteStep
from trackbook.pipelines.steps.job import VANISHED, StepEvent, StepJob, StepResult, StepStatus
from trackbook.records import DatasetVersion, Environment, Process, Run, Session
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, parcels
from trackbook.store.merging.gathering import gathered
from trackbook.store.objects import FolderObjects

from .planned import Planned


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project as people have them."""
    root = tmp_path / "project"
    for name in ("data/parts/a.csv", "data/in.csv", "data/other.csv", "notebooks/settings.json", "src/own/maths.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n1\n")
    (root / "src/own/maths.py").write_text("import json\nFACTORS = json.load(open('../data/other.csv'))\n")
    (root / "src/own/__init__.py").touch()
    (root / "notebooks/tools.py").write_text("from own import maths\n")
    (root / "pyproject.toml").touch()
    (root / ".env").write_text("SECRET=1")
    (tmp_path / "elsewhere.csv").touch()
    return root


def a_job(project: Path, *cells: str, **changes: Any) -> StepJob:
    notebook = project / "notebooks/step.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells]), notebook)
    job = StepJob(name="step", notebook=notebook, output=project / "out.ipynb", folder=notebook.parent)
    return replace(job, **changes)


def known(project: Path, *cells: str, **changes: Any) -> set[str]:
    found = known_files(a_job(project, *cells, **changes), MemoryStore())
    return {path.relative_to(project).as_posix() for path in found}


@pytest.mark.parametrize(
    "code",
    [
        "pd.read_csv('../data/in.csv')",
        "DATA = Path('../data')\npd.read_csv(DATA / 'in.csv')",
        "ROOT = Path('..')\npd.read_csv(ROOT / 'data' / 'in.csv')",
        "pd.read_csv(Path.cwd().parent / 'data' / 'in.csv')",
        "pd.read_csv(os.path.join('..', 'data', 'in.csv'))",
        "base = '../data'\npd.read_csv(f'{base}/in.csv')",
        "os.chdir('..')\nopen('data/in.csv')",
        "def load(name='in.csv'):\n    return pd.read_csv('../data/' + name)",
        "for path in glob.glob('../data/*.csv'):\n    pd.read_csv(path)\nFOLDER = '../data'",
        "with open('../data/in.csv') as file:\n    %time rows = list(file)",
        "config = {'paths': {'train': '../data/in.csv'}}",
    ],
)
def test_file_that_code_names_travels(project: Path, code: str) -> None:
    assert "data/in.csv" in known(project, "import pandas as pd", code)


def test_file_that_a_param_names_travels(project: Path) -> None:
    assert known(project, "path = ''", params={"path": "../data/in.csv", "more": ["settings.json", 3]}) == {
        "data/in.csv",
        "notebooks/settings.json",
    }


def test_modules_travel_with_what_they_import_and_read(project: Path) -> None:
    found = known(project, "import sys\nsys.path.append('../src')", "import tools")

    assert {"notebooks/tools.py", "src/own/__init__.py", "src/own/maths.py", "data/other.csv"} <= found


def test_what_is_hidden_or_outside_of_the_project_stays(project: Path) -> None:
    assert known(project, "open('../.env'), open('../../elsewhere.csv'), open('/etc/hostname'), '..', '.', ''") == set()


def test_texts_that_are_no_paths_harm_nothing(project: Path) -> None:
    texts = ["a" * 10_000, "nul\0", "two\nlines", "*", "~", "http://host/in.csv", "{x}", "ü" * 300]

    assert known(project, f"texts = {texts!r}", "this is no Python", "%%bash\ncat ../data/in.csv") == set()


def test_folder_that_is_large_stays_unless_its_file_is_named(project: Path) -> None:
    with (project / "data/huge.bin").open("wb") as file:
        file.truncate(2**27)

    assert known(project, "FOLDER = '../data'", "open(FOLDER + '/in.csv')") == {"data/in.csv"}


def test_step_is_packed_with_its_place_in_the_project(project: Path) -> None:
    job = a_job(project, "open('../data/in.csv')")

    luggage = packed(job, MemoryStore()).luggage

    assert (luggage.root, luggage.folder, luggage.notebook) == (str(project), "notebooks", "notebooks/step.ipynb")
    assert list(luggage.files) == ["data/in.csv"]


def test_too_many_bytes_are_refused_by_the_largest_files_name(project: Path) -> None:
    with (project / "data/huge.bin").open("wb") as file:
        file.truncate(2**29)

    with pytest.raises(InvalidValueError, match=r"537 MB.*the largest is .*huge\.bin.*Publish it as a dataset"):
        packed(a_job(project, "open('../data/huge.bin')"), MemoryStore())


# Datasets


def publish(store: Store, name: str, *values: int) -> None:
    snapshot = store.put_table(pd.DataFrame({"a": values}), fingerprint=f"of {values}")
    version = DatasetVersion(name=name, snapshot_id=snapshot.snapshot_id, made_at=clock.now())
    store.publish(version, snapshot=snapshot)


@pytest.fixture
def store() -> Store:
    store = MemoryStore()
    for name, values in (("train", (1,)), ("train", (1, 2)), ("test", (3,)), ("other", (4,))):
        publish(store, name, *values)
    return store


@pytest.mark.parametrize(
    ("code", "versions"),
    [
        ("trackbook.load('train')", {"train@2"}),
        ("trackbook.load('train', version=1)", {"train@1", "train@2"}),
        ("trackbook.publish(df, 'test')", {"test@1"}),
        ("for name in ('train', 'test'):\n    trackbook.load(name)", {"train@2", "test@1"}),
        ("trackbook.load(input())", {"train@2", "test@1", "other@1"}),
        ("x = 1", set()),
        ("trackbook.load('nobody_has_it')", set()),
    ],
)
def test_versions_that_a_step_may_load_go_along(project: Path, store: Store, code: str, versions: set[str]) -> None:
    seed = seed_of(a_job(project, "import trackbook", code), store)

    assert {f"{each.name}@{each.version}" for each in seed.versions} == versions
    there = MemoryStore()
    there.write(seed)
    assert {f"{each.name}@{each.version}" for each in there.versions()} == versions


def test_contents_come_in_messages_of_a_size_without_what_is_lost(
    project: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.pipelines.executors.cluster.packing._PART_BYTES", 4)
    found = packed(a_job(project, "open('../data/in.csv')"), store)
    digests = [*found.paths, store.put_object(b"12345"), "0" * 64, store.put_object(b"6")]

    assert [*contents(found, store, digests)] == [[b"x\n1\n"], [b"12345"], [b"6"]]


# The line between the two


class Worker:
    """What of Dask's worker is needed, with a driver at the other end that answers as it is told to."""

    address = "tcp://here"

    def __init__(self, *replies: dict[str, Any]) -> None:
        self.said: list[dict[str, Any]] = []
        self._replies = replies

    def log_event(self, topic: str, said: dict[str, Any]) -> None:
        self.said.append(said)
        for reply in self._replies:
            deliver(said["key"], said["number"], reply)


def test_answer_comes_in_parts() -> None:
    worker = Worker({"content": [b"a", b"b"]}, {"content": []}, {"content": [b"c"]}, {})

    assert b"".join(Line(worker, "key", "topic", threading.Event()).ask("objects", ["x"])) == b"abc"
    assert (worker.said[0]["ask"], json.loads(worker.said[0]["about"])) == ("objects", ["x"])


def test_error_of_the_driver_ends_the_answer() -> None:
    worker = Worker({"content": [b"a"]}, {"error": "too large"})

    with pytest.raises(StoreError, match="too large"):
        list(Line(worker, "key", "topic", threading.Event()).ask("luggage"))


def test_driver_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ANSWER_SECONDS", 0.2)

    with pytest.raises(StoreError, match="does not answer"):
        list(Line(Worker(), "key", "topic", threading.Event()).ask("luggage"))


def test_step_that_is_stopped_waits_for_no_answer_but_its_last() -> None:
    stopped = threading.Event()
    stopped.set()

    with pytest.raises(StoppedWaitingError):
        list(Line(Worker({}), "key", "topic", stopped).ask("luggage"))
    assert list(Line(Worker({"content": [b"a"]}, {}), "key", "topic", stopped).ask("lacking", is_last=True)) == [b"a"]


def test_events_are_told() -> None:
    worker = Worker()
    worker.log_event = lambda topic, said: worker.said.append({"topic": topic, **said})  # type: ignore[method-assign]

    Line(worker, "key", "topic", threading.Event()).tell(StepEvent(name="a", cell=1, cells=2))

    assert StepEvent(**worker.said[0]["event"]) == StepEvent(name="a", cell=1, cells=2)


# There and back


def test_parcel_and_what_comes_back_are_plain_values(project: Path) -> None:
    job = a_job(project, "x = 1", params={"a": [1, None]}, timeout=3.0)
    parcel = Parcel(key="k", topic="t", job=job, content=b"{}", boot="b", mark=None)
    result = StepResult(name="step", status=StepStatus.FAILED, error="ValueError", failed_cell=2)
    returned = Returned(result=result, executed=b"n", batch="{}", objects={"d": b"1"}, files={"f": b"2"}, host="h")

    assert read_parcel(parcel.to_plain()) == parcel
    assert read_returned(returned.to_plain()) == returned
    assert all(type(value) in (str, bytes, dict, type(None)) for value in parcel.to_plain().values())


WITHOUT = """
import pickle, sys
sys.modules["trackbook"] = None
print(pickle.loads(bytes.fromhex(sys.argv[1]))("1.2", {})["refused"])
"""


def test_worker_without_trackbook_says_so() -> None:
    """What it is sent is code: it could not import it."""
    sent = cloudpickle.dumps(enter).hex()

    said = subprocess.run([sys.executable, "-c", WITHOUT, sent], check=True, capture_output=True, text=True).stdout

    assert said.startswith("There is no working Trackbook on worker")
    assert said.endswith("pip install trackbook==1.2 there.\n")


def test_cache_of_a_worker_that_is_large_is_emptied_unless_another_step_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_MOST_BYTES", 3)
    cache = FolderObjects(tmp_path / "cache")
    digest = cache.put(b"12345")

    monkeypatch.setattr(remote, "_here", {"one", "two"})
    remote._trim(tmp_path / "cache")
    assert cache.size(digest) == 5
    monkeypatch.setattr(remote, "_here", {"one"})
    remote._trim(tmp_path / "cache")
    remote._trim(tmp_path / "cache")
    assert cache.size(digest) == 0
    assert cache.put(b"12345") == digest


LUGGAGE = Luggage(root="/nowhere", folder="n", notebook="n/step.ipynb", files={"data/in.csv": "d"}, seed="", objects=())


@pytest.mark.parametrize(
    ("error", "message", "said"),
    [
        ("ModuleNotFoundError", "No module named 'tools'", "The module is here, and did not travel to far"),
        ("ModuleNotFoundError", "No module named 'torch'", "It is not installed on far"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'settings.json'", "It is here, and did not travel"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'x.csv'", "It is neither here nor on far"),
        ("ValueError", "No module named 'tools'", None),
        ("FileNotFoundError", "gone", None),
    ],
)
def test_fault_says_what_did_not_travel(project: Path, error: str, message: str, said: str | None) -> None:
    job = a_job(project, "x = 1")
    result = StepResult(name="step", status=StepStatus.FAILED, error=error, message=message)

    found = unpack(Returned(result=result, host="far"), job, LUGGAGE, MemoryStore())

    assert str(found.message).startswith(message)
    assert (said in str(found.message)) if said is not None else (found.message == message)


def test_run_that_comes_back_says_which_commit_its_code_is_of(project: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(project)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    there, here = MemoryStore(), MemoryStore()
    write_run(there)
    result = StepResult(name="step", status=StepStatus.FINISHED, run_id="r")
    returned = Returned(result=result, batch=parcels.dumped(gathered(there)))

    unpack(returned, a_job(project, "x = 1"), None, here)
    unpack(returned, a_job(project, "x = 1"), None, here)

    (detail,) = here.runs(RunFilter())
    environment = here.environment(str(detail.run.environment_id))
    assert environment is not None
    assert environment.git is not None
    assert (environment.git.commit, environment.packages) == (commit, {"pandas": "2"})
    assert [session.environment_id for session in here.sessions()] == [environment.environment_id]


def write_run(store: Store) -> None:
    now = clock.now()
    environment = Environment(
        environment_id="e", python="3", implementation="C", platform="p", machine="m", packages={"pandas": "2"}
    )
    session = Session(
        session_id="s",
        experiment="x",
        started_at=now,
        lease_expires_at=now,
        process=Process(host="far", boot="b", pid=1, started=0.0),
        user="ada",
        environment_id="e",
    )
    run = Run(run_id="r", name="n", experiment="x", session_id="s", started_at=now, environment_id="e")
    store.write(Batch(sessions=[session], environments=[environment], runs=[RunChange(run_id="r", run=run)]))


def test_file_that_would_be_written_outside_of_the_project_is_refused(project: Path) -> None:
    result = StepResult(name="step", status=StepStatus.FINISHED)
    luggage = replace(LUGGAGE, root=str(project))

    with pytest.raises(InvalidValueError, match="lies outside"):
        unpack(Returned(result=result, files={"../evil": b""}), a_job(project, "x"), luggage, MemoryStore())
    assert not (project.parent / "evil").exists()


class Gone:
    """A task that was cancelled, as Dask cancels those of a scheduler that is gone."""

    def cancelled(self) -> bool:
        return True

    def release(self) -> None:
        return


@pytest.mark.parametrize(("is_asked", "ended"), [(True, ("stopped", "StoppedError")), (False, ("failed", VANISHED))])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_step_that_its_cluster_lost_was_not_asked_to_stop(
    tmp_path: Path, is_asked: bool, ended: tuple[str, str], is_recorded: bool
) -> None:
    run = Planned(tmp_path, MemoryStore()).write("steps: [{notebook: a.ipynb}]", a=["x = 1"])
    run_id = run.record("a") if is_recorded else "elsewhere"
    job = StepJob(name="a", notebook=tmp_path / "a.ipynb", output=tmp_path / "out.ipynb")
    told: list[StepEvent] = []
    step = _RemoteStep(job, run.store, told.append, lambda: None)
    step.tell(StepEvent(name="a", run_id=run_id))
    if is_asked:
        step.cancel()

    step.finish(Gone())

    result = step.result(0)
    assert (result.status, result.error) == ended
    assert result.run_id == (run_id if is_recorded else None)
    assert len(told) == 1
