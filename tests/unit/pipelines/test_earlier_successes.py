"""A success that another one came after still stands for its step when everything is again as it was then."""

from __future__ import annotations

import os
from concurrent.futures import Future

import pytest
from trackbook import clock
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.standing import standings
from trackbook.pipelines.graph.state import CURRENT_TAG, MOST_EARLIER, OPEN_TAG
from trackbook.pipelines.running.driver import Driver
from trackbook.pipelines.running.room import Room
from trackbook.pipelines.steps.job import StepJob, StepResult, StepStatus
from trackbook.records import RunStatus
from trackbook.store import MemoryStore
from trackbook.store.contract import RunFilter

from .planned import Planned

TEXT = """name: churn
steps:
- {notebook: prepare.ipynb, params: {n: %s}}
- {notebook: train.ipynb}
"""
PREPARE = ("# params\nn = 0", "import trackbook", "trackbook.publish(make(n), 'train')")
TRAIN = ("import trackbook", "df = trackbook.load('train')")


@pytest.fixture
def desk(tmp_path):
    """A pipeline that has run with n = 1 and then with n = 2."""
    planned = Planned(tmp_path, MemoryStore()).write(TEXT % 1, prepare=PREPARE, train=TRAIN)
    for n in (1, 2):
        planned.write(TEXT % n)
        planned.succeed("prepare", publishes={"train": n})
        planned.succeed("train", loads=["train"])
    return planned.again()


def latest(desk, name="train"):
    return desk.store.versions(name)[-1]


def take_up(desk):
    """Do what a run does that has nothing to do."""
    plan = desk.planner.plan()
    assert {each.action.value for each in plan.steps} == {"skip"}
    desk.planner.take_up(plan)
    return {each.step.name: each.reason for each in plan.steps}


def test_params_of_before_are_skipped_and_so_is_what_comes_after(desk):
    first = {run.tags["step"]: run.run.run_id[:8] for run in desk.store.runs(RunFilter(oldest_first=True, limit=2))}
    reasons = take_up(desk.write(TEXT % 1))

    assert reasons == {name: f"up to date, as run {run} left it" for name, run in first.items()}
    assert (latest(desk).version, latest(desk).snapshot_id) == (3, desk.store.versions("train")[0].snapshot_id)
    assert set(desk.again().reasons().values()) == {"up to date"}


def test_planning_writes_nothing(desk):
    desk.write(TEXT % 1).planner.plan()

    assert latest(desk).version == 2
    assert set(desk.write(TEXT % 2).reasons().values()) == {"up to date"}


def test_there_and_back_again_as_often_as_one_likes(desk):
    for n in (1, 2, 1, 2):
        take_up(desk.write(TEXT % n))

        assert set(desk.again().reasons().values()) == {"up to date"}
        tagged = [each.tags["step"] for each in desk.store.runs(RunFilter(tagged=CURRENT_TAG))]
        assert sorted(tagged) == ["prepare", "train"]
    state = desk.planner.state_of("prepare")
    assert len(state.earlier) == 1


def test_success_stands_though_the_next_step_must_run(desk):
    desk.write(TEXT % 1, train=("import trackbook", "df = trackbook.load('train') + 1"))

    assert desk.actions() == {"prepare": "skip", "train": "run"}
    (prepare,) = desk.planner.named("prepare")
    desk.planner.decide(prepare)
    (train,) = desk.planner.named("train")
    assert desk.planner.decide(train).reason.startswith("code changed: cell 2; input train: version 2 -> 3")


def test_next_step_reads_what_the_earlier_success_published(desk):
    desk.write(TEXT % 1, train=("import trackbook", "df = trackbook.load('train') + 1"))
    read = []

    class Pretending:
        slots = 1

        def submit(self, job, tell):
            read.append(latest(desk))
            ended = Future()
            run_id = desk.record(job.name, loads=["train"])
            ended.set_result(StepResult(name=job.name, status=StepStatus.FINISHED, run_id=run_id))
            return ended

    driver = Driver(
        desk.planner.plan(),
        desk.planner,
        desk.store,
        Pretending(),
        Room(slots=1, cpus=1),
        lambda step: StepJob(name=step.name, notebook=step.notebook, output=desk.folder / "out.ipynb"),
        lambda step: None,
        lambda job, result: result,
    )
    driver.run()

    assert [(each.step.name, each.phase) for each in driver.steps] == [("prepare", "skipped"), ("train", "finished")]
    assert [each.snapshot_id for each in read] == [desk.store.versions("train")[0].snapshot_id]
    assert set(desk.again().reasons().values()) == {"up to date"}


def test_other_inputs_than_then_are_not_skipped(tmp_path):
    (tmp_path / "x.csv").write_text("1")
    desk = Planned(tmp_path, MemoryStore()).write(TEXT % 1, prepare=PREPARE, train=TRAIN)
    desk.succeed("prepare", files=["x.csv"], publishes={"train": 1})
    desk.write(TEXT % 2).succeed("prepare", files=["x.csv"], publishes={"train": 2})
    assert desk.write(TEXT % 1).actions(only=["prepare"])["prepare"] == "skip"

    (tmp_path / "x.csv").write_text("2")

    reasons = desk.write(TEXT % 1).reasons()
    assert reasons["prepare"] == "params changed: n 2 -> 1; file x.csv changed"


@pytest.mark.parametrize(("content", "action"), [("1", "skip"), ("2", "run")])
def test_files_must_be_there_as_they_were_left(tmp_path, content, action):
    desk = Planned(tmp_path, MemoryStore()).write(TEXT % 1, prepare=("# params\nn = 0",), train=("x = 1",))
    desk.succeed("prepare", writes={"model.txt": "1"})
    desk.write(TEXT % 2).succeed("prepare", writes={"model.txt": "2"})

    (tmp_path / "model.txt").write_text(content)

    assert desk.write(TEXT % 1).actions()["prepare"] == action


def test_marked_step_keeps_the_files_that_it_wrote(tmp_path):
    desk = Planned(tmp_path, MemoryStore()).write(TEXT % 1, prepare=("# params\nn = 0",), train=("x = 1",))
    desk.succeed("prepare", writes={"model.txt": "1"})
    (tmp_path / "model.txt").write_text("2")

    desk.write(TEXT % 2).planner.mark("prepare")

    assert desk.again().reasons()["prepare"] == "up to date"
    assert desk.write(TEXT % 1).actions()["prepare"] == "run"
    (tmp_path / "model.txt").unlink()
    assert desk.write(TEXT % 2).reasons()["prepare"] == "output model.txt is gone"


def test_step_that_needs_another_unseen_goes_back_with_it(tmp_path):
    text = TEXT.replace("train.ipynb}", "train.ipynb, needs: prepare}")
    desk = Planned(tmp_path, MemoryStore()).write(text % 1, prepare=("# params\nn = 0",), train=("x = 1",))
    for n in (1, 2):
        desk.write(text % n).succeed("prepare")
        desk.succeed("train")

    assert set(take_up(desk.write(text % 1))) == {"prepare", "train"}
    assert desk.write(text % 3).reasons()["train"] == "needs prepare, which runs"


def test_failure_with_other_params_is_no_failure_of_these(desk):
    desk.write(TEXT % 3).record("prepare", status=RunStatus.FAILED)
    assert desk.again().reasons()["prepare"].startswith("last run failed; params changed")

    assert desk.write(TEXT % 2).reasons()["prepare"] == "up to date"
    assert desk.write(TEXT % 1).reasons()["prepare"].startswith("up to date, as run")


def test_only_so_many_are_remembered(desk):
    for n in range(3, MOST_EARLIER + 8):
        desk.write(TEXT % n).succeed("prepare", publishes={"train": n})

    assert len(desk.planner.state_of("prepare").earlier) == MOST_EARLIER


def test_run_that_is_gone_stands_for_nothing(desk, monkeypatch):
    lost = desk.store.runs(RunFilter(oldest_first=True, limit=1))[0].run.run_id
    runs = desk.store.runs
    monkeypatch.setattr(desk.store, "runs", lambda where: [each for each in runs(where) if each.run.run_id != lost])

    assert desk.write(TEXT % 1).reasons()["prepare"] == "params changed: n 2 -> 1"


# What else is remembered


def test_two_pipelines_of_one_name_know_nothing_of_each_other(desk, tmp_path_factory):
    other = Planned(tmp_path_factory.mktemp("other"), desk.store).write(TEXT % 2, prepare=PREPARE, train=TRAIN)
    assert set(other.reasons().values()) == {"never run"}

    other.succeed("prepare", publishes={"train": 2})

    assert set(desk.again().reasons().values()) == {"up to date"}
    assert other.again().reasons() == {"prepare": "up to date", "train": "never run"}


def test_file_that_was_renamed_is_still_that_pipeline(desk):
    (desk.folder / "pipeline.yaml").rename(desk.folder / "churn.yaml")

    standing = standings(read_pipeline(desk.folder / "churn.yaml"), desk.store)

    assert [each.detail is not None for each in standing] == [True, True]


def test_status_is_right_among_many_other_runs(desk):
    desk.record("train", status=RunStatus.FAILED)
    for _ in range(80):
        desk.succeed("prepare", publishes={"train": 2})

    prepare, train = standings(read_pipeline(desk.folder), desk.store)

    assert prepare.detail.run.status is RunStatus.FINISHED
    assert train.detail.run.status is RunStatus.FAILED
    assert desk.again().reasons()["train"] == "last run failed"


def test_nothing_stays_open_of_a_step_that_has_succeeded(desk):
    desk.record("train", status=RunStatus.FAILED)
    desk.record("train", status=RunStatus.KILLED)

    desk.again().succeed("train", loads=["train"])

    assert desk.store.runs(RunFilter(tagged=OPEN_TAG)) == []


def test_file_that_a_step_rewrites_is_as_it_left_it_or_is_not(tmp_path):
    desk = Planned(tmp_path, MemoryStore())
    desk.write("name: churn\nsteps:\n- notebook: count.ipynb\n", count=("x = 1",))
    (tmp_path / "n.txt").write_text("1")
    desk.succeed("count", files=["n.txt"], writes={"n.txt": "2"})

    assert desk.again().reasons() == {"count": "up to date: n.txt is as the step itself left it"}
    (tmp_path / "n.txt").write_text("7")
    assert desk.again().reasons() == {"count": "file n.txt changed since the step itself wrote it"}


def test_output_that_is_gone_is_made_again(tmp_path):
    text = "name: churn\nsteps:\n- notebook: a.ipynb\n- {notebook: b.ipynb, needs: a}\n"
    desk = Planned(tmp_path, MemoryStore()).write(text, a=("x = 1",), b=("x = 2",))
    desk.succeed("a", writes={"out.txt": "1", ".hidden": "1", "my.ipynb": "1"})
    desk.succeed("b", files=["out.txt"])

    for name in (".hidden", "my.ipynb", "out.txt"):
        (tmp_path / name).unlink()

    assert desk.again().reasons() == {"a": "output out.txt is gone", "b": "file out.txt is gone"}


def test_output_that_a_later_step_takes_away_is_not_missed(tmp_path):
    text = "name: churn\nsteps:\n- notebook: a.ipynb\n- {notebook: b.ipynb, needs: a}\n"
    desk = Planned(tmp_path, MemoryStore()).write(text, a=("x = 1",), b=("x = 2",))
    desk.succeed("a", writes={"scratch.txt": "1"})

    os.unlink(tmp_path / "scratch.txt")
    desk.succeed("b")

    assert set(desk.again().reasons().values()) == {"up to date"}


def test_file_of_a_step_beside_is_not_missed(tmp_path):
    text = "name: churn\nsteps:\n- notebook: a.ipynb\n- notebook: b.ipynb\n"
    desk = Planned(tmp_path, MemoryStore()).write(text, a=("x = 1",), b=("x = 2",))
    a, b = (desk.planner.named(name)[0] for name in "ab")
    desk.planner.decide(b)
    began = clock.now()
    desk.succeed(a.name, writes={"checkpoint.txt": "of b"})
    os.unlink(tmp_path / "checkpoint.txt")

    desk.planner.note_success(b, desk.record(b.name, started=began))

    assert set(desk.again().reasons().values()) == {"up to date"}


def test_output_that_somebody_edited_is_left_alone(tmp_path):
    desk = Planned(tmp_path, MemoryStore()).write("name: c\nsteps:\n- notebook: a.ipynb\n", a=("x = 1",))
    desk.succeed("a", writes={"out.txt": "1"})

    (tmp_path / "out.txt").write_text("2")

    assert desk.again().reasons() == {"a": "up to date"}
