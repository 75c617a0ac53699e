"""What surrounds the driver of a pipeline: where a notebook failed, what is kept for later, and where things go."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from trackbook.cli.pipeline_run import _reported
from trackbook.clock import now
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.memory import latest_runs
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.planning import NOT_ASKED
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import OPEN_TAG, PIPELINE_TAG, STEP_TAG
from trackbook.pipelines.running.checking import stale_needs
from trackbook.pipelines.running.failures import failure_of
from trackbook.pipelines.running.options import RunOptions, options_of
from trackbook.pipelines.running.parent import PipelineRun
from trackbook.pipelines.running.places import alone, file_name, folder_of, make_folder
from trackbook.pipelines.running.progress import PipelineOutcome
from trackbook.pipelines.steps.job import LATE, VANISHED, StepJob, StepResult, StepStatus
from trackbook.records import Failure, RunStatus
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.store.location import open_store
from trackbook.store.memory import MemoryStore

HEAD = "\x1b[31mValueError\x1b[39m   Traceback (most recent call last)\n"


def executed(folder: Path, source: str, outputs: list[dict[str, object]]) -> Path:
    """Write an executed notebook whose second cell failed, after one with an error that was meant to be."""
    meant = {"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": ["Cell In[1], line 1"]}
    cells = [
        {"cell_type": "markdown", "source": "# About"},
        {"cell_type": "code", "source": "1/0", "execution_count": 1, "outputs": [meant]},
        {"cell_type": "code", "source": source.splitlines(keepends=True), "execution_count": 7, "outputs": outputs},
        {"cell_type": "markdown", "source": "the end"},
    ]
    path = folder / "out.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def raised(*traceback: str) -> list[dict[str, object]]:
    return [{"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": [HEAD, *traceback]}]


FAILED = StepResult(name="s", status=StepStatus.FAILED, failed_cell=2, error="ValueError", message="\x1b[31mbad\x1b[0m")


@pytest.mark.parametrize(
    ("source", "traceback", "line", "code"),
    [
        ("x = 1\nint('x')", ["\x1b[36mCell\x1b[39m \x1b[32mIn[7], line 2\x1b[39m\n----> 2 int('x')"], 2, "int('x')"),
        ("a()", ["Cell In[7], line 1\n----> 1 a()", "Cell In[3], line 9, in a()\n----> 9 boom()"], 1, "a()"),
        ("a = = 2", ["  Cell In[7], line 1\n    a = = 2\n        ^\nSyntaxError"], 1, "a = = 2"),
        ("x = 0\n1 / x", ["Input In [7], in <cell line: 2>()\n----> 2 1 / x"], 2, "1 / x"),
        (
            "try:\n    f()\nexcept KeyError as e:\n    raise ValueError('bad') from e",
            [
                "Cell In[7], line 2\n----> 2     f()",
                "\nThe above exception was the direct cause of the following exception:\n",
                "Cell In[7], line 4\n----> 4     raise",
            ],
            4,
            "raise ValueError('bad') from e",
        ),
        (
            "%%time\nx = 1\nint('x')",
            ["Cell In[7], line 1\n----> 1 get_ipython().run_cell_magic(", "File <timed exec>:2\n      1 'Could not"],
            3,
            "int('x')",
        ),
        ("import lib\nlib.go()", ["File ~/lib.py:3, in go()\n----> 3 boom()"], None, None),
    ],
)
def test_line_that_failed_is_read_off_the_traceback(
    tmp_path: Path, source: str, traceback: list[str], line: int | None, code: str | None
) -> None:
    found = failure_of(FAILED, executed(tmp_path, source, raised(*traceback)))

    assert (found.cell, found.line, found.code, found.message) == (2, line, code, "bad")
    assert "\x1b" not in str(found.traceback)


def test_group_of_exceptions_is_read_off_what_was_printed(tmp_path: Path) -> None:
    text = '  + Exception Group Traceback\n  |   File "/tmp/ipykernel_12/345.py", line 2, in <module>\n  |     go()\n'
    path = executed(tmp_path, "x = 1\ngo()", [{"output_type": "stream", "name": "stderr", "text": text}])
    written = json.loads(path.read_text())
    written["cells"][1]["outputs"] = []
    path.write_text(json.dumps(written))

    found = failure_of(FAILED, path)

    assert (found.line, found.code) == (2, "go()")


def test_credentials_are_taken_out_of_what_is_told_of_a_failure(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    path = executed(tmp_path, f"open('{secret}')", raised(f"Cell In[7], line 1\n----> 1 open('{secret}')"))

    found = failure_of(replace(FAILED, message=f"no access with {secret}"), path)

    assert found.line == 1
    assert secret not in f"{found.message} {found.code} {found.traceback}"


@pytest.mark.parametrize("content", [None, "", "[]", '{"cells": []}', '{"cells": [{"outputs": 1}]}'])
def test_failure_is_known_without_an_executed_notebook(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "out.ipynb"
    if content is not None:
        path.write_text(content)

    found = failure_of(FAILED, path)

    assert (found.error, found.message, found.cell, found.line) == ("ValueError", "bad", 2, None)


def test_options_come_back_as_they_were() -> None:
    params = {"train[C=1]": {"rate": 0.1, "kinds": ["a", None], "never": float("inf")}}
    options = RunOptions(only=("a",), start="b", force=("c", "d"), params=params, jobs=3, executor="dask", address="x")

    assert options_of(options.to_text()) == options


def test_credential_is_not_kept_and_resuming_asks_for_it() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    text = RunOptions(params={"load": {"api_key": secret, "rows": 3}}).to_text()

    assert secret not in text
    with pytest.raises(InvalidValueError, match=r"-p load\.api_key="):
        options_of(text)


def test_files_have_readable_names_and_one_for_each_step() -> None:
    names = ["train", "train[C=0.1,kind=a]", "a/b", "a_b", "a b", "../up", ".", "..", "é", "x" * 300, "x" * 299, "lock"]

    files = [file_name(name) for name in names]

    assert files[:2] == names[:2]
    assert len(set(files)) == len(files)
    assert all("/" not in each and each.strip(".") and len(each) < 100 for each in files)


def test_executed_notebooks_are_beside_the_store_and_out_of_git(tmp_path: Path) -> None:
    pipeline = Pipeline(name="churn", folder=tmp_path / "project", steps=())
    store = open_store(tmp_path / "store" / ".trackbook")

    assert folder_of(pipeline, store) == tmp_path / "store" / ".trackbook" / "pipelines" / "churn"
    beside = folder_of(pipeline, open_store(f"sqlite:///{tmp_path / 'team.db'}"))
    assert beside == tmp_path / ".trackbook" / "pipelines" / "churn"
    own = make_folder(folder_of(pipeline, MemoryStore()) / "run")
    assert own.is_relative_to(tmp_path / "project" / ".trackbook")
    assert (tmp_path / "project" / ".trackbook" / ".gitignore").read_text() == "*\n"


def test_only_one_at_a_time_begins_in_a_folder(tmp_path: Path) -> None:
    def try_to_enter() -> None:
        with (tmp_path / "lock").open("a+b") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    with alone(tmp_path), pytest.raises(BlockingIOError):
        try_to_enter()
    try_to_enter()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[PipelineRun]:
    """A pipeline's run, in a store of its own."""
    pipeline = Pipeline(name="churn", folder=tmp_path, steps=(Step(name="train", notebook=Path("train.ipynb")),))
    warnings: list[str] = []
    run = PipelineRun(pipeline, open_store(tmp_path / "store"), RunOptions(), tmp_path / "place", warnings.append)
    yield run
    run.close()
    assert warnings == []


JOB = StepJob(
    name="train",
    notebook=Path("train.ipynb"),
    output=Path("out.ipynb"),
    params={"C": 1, "password": "hunter2"},
    tags={PIPELINE_TAG: "churn", STEP_TAG: "train", OPEN_TAG: "its key"},
)


def test_step_that_fails_before_it_has_a_run_is_recorded_as_failed(parent: PipelineRun, tmp_path: Path) -> None:
    gone = StepResult(name="train", status=StepStatus.FAILED, error="NoSuchKernel", message="no 'x'", seconds=2.0)

    noted = parent.note_failure(JOB, gone)

    store = open_store(tmp_path / "store")
    (run,) = store.runs(RunFilter(ids=(noted.run_id or "",)))
    assert (run.run.status, run.run.failure) == ("FAILED", Failure(type="NoSuchKernel", message="no 'x'"))
    assert (run.run.name, run.run.parent_id, run.tags) == ("train", parent.run_id, JOB.tags)
    assert run.params == {"C": 1, "password": "[secret]"}
    assert (run.run.finished_at - run.run.started_at).total_seconds() == 2.0
    assert list(latest_runs(store, Pipeline(name="churn", folder=tmp_path, steps=()))) == ["train"]


@pytest.mark.parametrize(
    ("error", "ended", "message"),
    [
        (LATE, "FAILED", "Too long. No cell had begun: its kernel was still starting."),
        ("StoppedError", "KILLED", "Too long."),
    ],
)
def test_run_of_a_step_that_was_stopped_before_it_had_one_says_by_whom(
    parent: PipelineRun, tmp_path: Path, error: str, ended: str, message: str
) -> None:
    stopped = StepResult(name="train", status=StepStatus.STOPPED, error=error, message="Too long.")

    noted = parent.note_failure(JOB, stopped)

    (run,) = open_store(tmp_path / "store").runs(RunFilter(ids=(noted.run_id or "",)))
    assert (run.run.status, run.run.failure) == (ended, Failure(type=error, message=message))
    assert noted.message == message


@pytest.mark.parametrize(
    ("status", "error", "ended"),
    [(StepStatus.STOPPED, LATE, "FAILED"), (StepStatus.FAILED, VANISHED, "KILLED")],
)
def test_run_of_a_step_that_was_late_or_vanished_says_so_and_in_which_cell(
    parent: PipelineRun, tmp_path: Path, status: StepStatus, error: str, ended: str
) -> None:
    begun = parent.note_failure(JOB, StepResult(name="train", status=StepStatus.FAILED, error="x")).run_id
    late = StepResult(name="train", status=status, run_id=begun, error=error, message="Too long.", failed_cell=3)

    assert parent.note_failure(JOB, late) == late

    (run,) = open_store(tmp_path / "store").runs(RunFilter(ids=(begun or "",)))
    assert (run.run.status, run.run.failure) == (ended, Failure(type=error, message="Too long, in cell 3."))


@pytest.mark.parametrize(("written", "kept"), [("KeyboardInterrupt", "KeyboardInterrupt"), (None, "StoppedError")])
def test_run_of_a_step_that_was_stopped_says_so_where_its_kernel_does_not(
    parent: PipelineRun, tmp_path: Path, written: str | None, kept: str
) -> None:
    store = open_store(tmp_path / "store")
    begun = parent.note_failure(JOB, StepResult(name="train", status=StepStatus.FAILED, error="x")).run_id or ""
    (before,) = store.runs(RunFilter(ids=(begun,)))
    failure = Failure(type=written, message="in its kernel") if written else None
    run = replace(before.run, status=RunStatus.KILLED, failure=failure, finished_at=now() if written else None)
    store.write(Batch(runs=(RunChange(run_id=begun, run=run),)))
    stopped = StepResult(name="train", status=StepStatus.STOPPED, run_id=begun, error="StoppedError")

    parent.note_failure(JOB, stopped)

    (after,) = store.runs(RunFilter(ids=(begun,)))
    assert (run.word, after.run.word) == ("stopped" if written else "killed", "stopped")
    assert after.run.failure is not None
    assert after.run.failure.type == kept
    assert after.run.finished_at is not None


def test_run_of_a_notebook_that_raised_is_left_as_its_kernel_wrote_it(parent: PipelineRun, tmp_path: Path) -> None:
    begun = parent.note_failure(JOB, StepResult(name="train", status=StepStatus.FAILED, error="x")).run_id
    store = open_store(tmp_path / "store")
    before = store.runs(RunFilter(ids=(begun or "",)))

    parent.note_failure(JOB, replace(FAILED, run_id=begun))

    assert store.runs(RunFilter(ids=(begun or "",))) == before


@pytest.mark.parametrize(
    ("executor", "address", "told"),
    [("dask", None, "--address"), ("local", "tcp://a:1", "--executor dask"), ("ray", None, "local, dask")],
)
def test_executors_and_addresses_that_do_not_fit_are_refused(executor: str, address: str | None, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told):
        RunOptions(executor=executor, address=address)


@pytest.mark.parametrize(
    ("executor", "address", "meant"),
    [
        (None, None, ("dask", "tcp://a:1")),
        ("local", None, ("local", None)),
        ("dask", None, ("dask", "tcp://a:1")),
        (None, "tcp://b:2", ("dask", "tcp://b:2")),
    ],
)
def test_options_keep_their_cluster_unless_another_place_is_given(
    executor: str | None, address: str | None, meant: tuple[str, str | None]
) -> None:
    kept = RunOptions(jobs=3, executor="dask", address="tcp://a:1")

    found = kept.at(executor, address)

    assert (found.executor, found.address, found.jobs) == (*meant, 3)


def test_options_for_another_place_have_to_fit() -> None:
    assert RunOptions(jobs=3).at("local", None) == RunOptions(jobs=3)
    with pytest.raises(InvalidValueError, match="Nothing here runs at tcp://b:2"):
        RunOptions(executor="dask", address="tcp://a:1").at("local", "tcp://b:2")


def plan_of(**reasons: str) -> Plan:
    """Return the plan of a chain of steps: each needs the one before, and `reasons` says why it runs or not."""
    names = list(reasons)
    steps = tuple(
        PlannedStep(
            step=Step(name=name, notebook=Path(f"{name}.ipynb"), is_cached=name != "always"),
            needs=tuple(names[at - 1 : at]) if at else (),
            action=Action.SKIP if reason in ("up to date", NOT_ASKED) else Action.RUN,
            reason=reason,
        )
        for at, (name, reason) in enumerate(reasons.items())
    )
    return Plan(pipeline=Pipeline(name="p", folder=Path(), steps=tuple(each.step for each in steps)), steps=steps)


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        ({"a": "up to date", "b": "up to date", "c": "never run"}, {}),
        ({"a": "never run", "b": "needs a, which runs", "c": "needs b, which runs"}, {"b": "needs a, which would run"}),
        ({"a": "never run", "always": "not cached", "c": "needs always, which runs"}, {}),
    ],
)
def test_needs_that_are_stale_and_not_asked_for_are_told(whole: dict[str, str], told: dict[str, str]) -> None:
    asked = {name: reason if name == "c" else NOT_ASKED for name, reason in whole.items()}

    assert stale_needs(plan_of(**asked), plan_of(**whole)) == told


def test_report_that_cannot_be_written_is_told_and_the_outcome_is_still_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = PipelineOutcome(name="p", steps=(), started_at=now(), seconds=1.0, run_id="r", folder=tmp_path / "gone")

    assert _reported(outcome, MemoryStore("memory://report")) is None

    assert "The report could not be written: [Errno 2]" in capsys.readouterr().err
