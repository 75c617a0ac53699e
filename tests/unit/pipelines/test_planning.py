"""Which steps run and why: by content, against what the store knows of their last success."""

from __future__ import annotations

import json
import os

import pytest
from trackbook.display.pipeline_steps import plan_payload
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.state import CURRENT_TAG
from trackbook.records import RunStatus
from trackbook.store import MemoryStore
from trackbook.store.contract import RunFilter

from .planned import Planned, write_notebook

TWO = "name: churn\nsteps:\n- notebook: prepare.ipynb\n- {notebook: train.ipynb, params: {C: 0.1}}\n"
PREPARE = ("import trackbook, pandas as pd", "trackbook.publish(pd.read_csv('x.csv'), 'train')")
TRAIN = ("# params\nC = 1.0", "import trackbook", "df = trackbook.load('train')\nprint(C)")


@pytest.fixture
def desk(tmp_path):
    """Two steps that have run: one publishes what the other loads."""
    (tmp_path / "x.csv").write_text("a\n1\n")
    planned = Planned(tmp_path, MemoryStore()).write(TWO, prepare=PREPARE, train=TRAIN)
    planned.succeed("prepare", files=["x.csv"], publishes={"train": 1})
    planned.succeed("train", loads=["train"])
    return planned.again()


def edit(desk, name, *cells, **about):
    write_notebook(desk.folder / f"{name}.ipynb", *cells, **about)
    return desk.again()


def test_what_never_ran_runs_and_what_needs_it_stands_behind(tmp_path):
    desk = Planned(tmp_path, MemoryStore()).write(TWO, train=TRAIN, prepare=PREPARE)

    plan = desk.planner.plan()

    assert [(each.step.name, each.needs, each.action, each.reason) for each in plan.steps] == [
        ("prepare", (), "run", "never run"),
        ("train", ("prepare",), "run", "never run"),
    ]


def test_nothing_has_to_run_twice(desk):
    assert desk.reasons() == {"prepare": "up to date", "train": "up to date"}
    assert set(desk.actions().values()) == {"skip"}


def test_comments_formatting_markdown_and_outputs_are_no_code(desk):
    edit(
        desk,
        "train",
        "# params\nC   =   1.0  # strength",
        "#md # Title",
        "import   trackbook",
        "",
        TRAIN[2].replace("print(C)", "print( C )\n"),
    )
    path = desk.folder / "train.ipynb"
    content = json.loads(path.read_text())
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    path.write_text(json.dumps(content, indent=3))

    assert desk.again().actions()["train"] == "skip"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([TRAIN[0], TRAIN[1], TRAIN[2] + "\nprint(2)"], "code changed: cell 3"),
        ([TRAIN[0].replace("1.0", "2.0"), *TRAIN[1:]], "code changed: cell 1"),
        ([*TRAIN, "x = 1"], "code changed: cell 4 is new"),
        (TRAIN[:2], "code changed: cell 3 is gone"),
        ([*TRAIN, "%matplotlib inline"], "code changed: cell 4 is new"),
        ([*TRAIN, "!rm -f x"], "code changed: cell 4 is new"),
    ],
)
def test_change_of_code_is_found(desk, cells, reason):
    assert edit(desk, "train", *cells).reasons() == {"prepare": "up to date", "train": reason}


def test_change_within_a_magic_is_found(desk):
    edit(desk, "train", *TRAIN, "%%bash\necho 1").succeed("train", loads=["train"])

    assert desk.again().reasons()["train"] == "up to date"
    assert edit(desk, "train", *TRAIN, "%%bash\necho 2").reasons()["train"] == "code changed: cell 4"


def test_change_of_params_names_them(desk):
    desk.write(TWO.replace("C: 0.1", "C: 1"))

    assert desk.reasons()["train"] == "params changed: C 0.1 -> 1"


def test_integer_is_another_param_than_the_same_float(desk):
    desk.write(TWO.replace("0.1", "1")).succeed("train", loads=["train"])

    assert desk.write(TWO.replace("0.1", "1.0")).reasons()["train"] == "params changed: C 1 -> 1.0"
    assert desk.write(TWO.replace(", params: {C: 0.1}", "")).reasons()["train"] == "params changed: C 1 -> (default)"


def test_new_version_of_an_input_from_outside_is_named(desk):
    desk.publish("train", 1)
    assert desk.again().actions() == {"prepare": "skip", "train": "skip"}

    desk.publish("train", 2)

    assert desk.again().reasons() == {
        "prepare": "output train: version 1 -> 2",
        "train": "input train: version 1 -> 2",
    }


def test_changed_file_runs_its_reader_and_what_comes_after(desk):
    (desk.folder / "x.csv").write_text("a\n2\n")

    assert desk.again().reasons() == {"prepare": "file x.csv changed", "train": "needs prepare, which runs"}


def test_file_that_was_only_touched_is_the_same(desk):
    os.utime(desk.folder / "x.csv", ns=(1, 1))

    assert desk.again().reasons()["prepare"] == "up to date"


def test_file_with_the_old_time_and_size_is_still_seen_to_differ(desk):
    path = desk.folder / "x.csv"
    before = path.stat()
    path.write_text("a\n2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert desk.again().reasons()["prepare"] == "file x.csv changed"


def test_file_that_is_gone_is_said_to_be(desk):
    (desk.folder / "x.csv").unlink()

    assert desk.again().reasons()["prepare"] == "file x.csv is gone"


def test_step_whose_input_came_out_the_same_is_skipped_after_all(desk):
    (desk.folder / "x.csv").write_text("a\n1\n\n")
    desk.again().planner.plan()

    desk.succeed("prepare", files=["x.csv"], publishes={"train": 1})
    (train,) = desk.planner.named("train")

    assert desk.planner.decide(train).reason == "up to date"


def test_step_whose_input_came_out_anew_runs(desk):
    (desk.folder / "x.csv").write_text("a\n5\n")
    desk.again().planner.plan()

    desk.succeed("prepare", files=["x.csv"], publishes={"train": 5})
    (train,) = desk.planner.named("train")

    assert desk.planner.decide(train).reason == "input train: version 1 -> 2"


def test_need_of_which_nothing_is_seen_to_be_read_is_believed(desk):
    text = "name: churn\nsteps:\n- notebook: prepare.ipynb\n- {notebook: train.ipynb, needs: prepare}\n"
    desk.write(text, prepare=("print(1)",), train=("print(2)",))
    desk.succeed("prepare")
    desk.succeed("train")
    assert set(desk.again().actions().values()) == {"skip"}

    desk.succeed("prepare")

    assert desk.again().reasons()["train"] == "needs prepare, which ran"


def test_environment_counts_by_what_its_file_says(desk):
    (desk.folder / "lock.txt").write_text("pandas==2\n")
    declared = TWO.replace("prepare.ipynb", "prepare.ipynb\n  environment: lock.txt")
    assert desk.write(declared).reasons()["prepare"] == "environment changed: lock.txt"
    desk.succeed("prepare", files=["x.csv"], publishes={"train": 1})
    assert desk.again().reasons()["prepare"] == "up to date"

    (desk.folder / "lock.txt").write_text("pandas==3\n")

    assert desk.again().reasons()["prepare"] == "environment changed: lock.txt"


def test_kernel_counts_whoever_names_it(desk):
    assert edit(desk, "train", *TRAIN, kernel="other").reasons()["train"] == "kernel changed: python3 -> other"

    desk.write(TWO.replace("{C: 0.1}", "{C: 0.1}, kernel: third"))

    assert desk.reasons()["train"] == "kernel changed: as the notebook says -> third"


def test_module_of_the_project_is_code(desk):
    (desk.folder / "helpers.py").write_text("from deeper import x\n")
    (desk.folder / "deeper.py").write_text("x = 1\n")
    edit(desk, "train", *TRAIN, "import helpers").succeed("train", loads=["train"])

    (desk.folder / "deeper.py").write_text("x = 2\n")

    assert desk.again().reasons()["train"] == "code changed: deeper.py"


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("import sys\nsys.path.insert(0, 'src')\nimport deep.part", "src/deep/part.py"),
        ("import sys\nsys.path.append('src')\nfrom deep import part", "src/deep/part.py"),
        ("import sys\nsys.path.append('src/deep/../../src')\nfrom deep import part", "src/deep/part.py"),
        ("%run -i script", "script.py"),
        ("%run src/../script", "script.py"),
        ("%run script.py 1 2", "script.py"),
        ("def f():\n    from package.inner import x", "package/__init__.py"),
    ],
)
def test_code_that_is_imported_or_run_is_code(desk, cell, file):
    for name in ("src/deep/part.py", "script.py", "package/__init__.py", "package/inner.py"):
        (desk.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (desk.folder / name).write_text("x = 1\n")
    edit(desk, "train", *TRAIN, cell).succeed("train", loads=["train"])
    assert desk.again().reasons()["train"] == "up to date"

    (desk.folder / file).write_text("x = 2\n")

    assert desk.again().reasons()["train"] == f"code changed: {file}"


def test_comments_in_a_module_are_no_code(desk):
    (desk.folder / "helpers.py").write_text("def f(x):\n    return x\n")
    edit(desk, "train", "from helpers import f", *TRAIN).succeed("train", loads=["train"])

    (desk.folder / "helpers.py").write_text("def f(x):  # the same\n\n    return (x)\n")
    assert desk.again().reasons()["train"] == "up to date"

    (desk.folder / "helpers.py").write_text("def f(x):  # the same\n    return -x\n")
    assert desk.again().reasons()["train"] == "code changed: helpers.py"


def test_step_without_cache_always_runs(desk):
    desk.write(TWO.replace("prepare.ipynb", "prepare.ipynb\n  cache: false"))

    assert desk.reasons() == {"prepare": "not cached", "train": "needs prepare, which runs"}


def test_failure_since_the_last_success_runs_it_again(desk):
    desk.record("train", status=RunStatus.FAILED)
    assert desk.again().reasons()["train"] == "last run failed"

    desk.succeed("train", loads=["train"])

    assert desk.again().reasons()["train"] == "up to date"


def test_one_step_or_everything_from_one_on_can_be_asked_for(desk):
    edit(desk, "prepare", "x = 1", *PREPARE)
    edit(desk, "train", "y = 1", *TRAIN)

    assert desk.reasons(only=["train"]) == {"prepare": "not asked for", "train": "code changed: cell 1"}
    assert desk.reasons(start="train") == {"prepare": "not asked for", "train": "code changed: cell 1"}
    assert desk.actions(start="prepare") == {"prepare": "run", "train": "run"}
    assert desk.reasons(force=["train"])["train"] == "forced"


def test_unknown_step_is_answered_with_the_nearest(desk):
    with pytest.raises(InvalidValueError, match=r"no step 'trian' in pipeline 'churn'\. Did you mean 'train'"):
        desk.planner.plan(only=["trian"])


def test_step_alone_that_does_not_come_after_the_start_is_refused(desk):
    with pytest.raises(InvalidValueError, match=r"prepare: no step of that is 'train' or comes after it\."):
        desk.planner.plan(only=["prepare"], start="train")


def test_marked_step_is_up_to_date_until_it_changes_again(desk):
    edit(desk, "prepare", "x = 1", *PREPARE)
    (desk.folder / "x.csv").write_text("a\n9\n")
    assert desk.again().actions()["prepare"] == "run"

    assert desk.planner.mark("prepare") == ["prepare"]

    assert set(desk.again().reasons().values()) == {"up to date"}
    (desk.folder / "x.csv").write_text("a\n10\n")
    assert desk.again().reasons()["prepare"] == "file x.csv changed"


def test_code_is_taken_down_as_it_was_when_the_step_began(desk):
    edit(desk, "train", "x = 1", *TRAIN)
    (train,) = desk.planner.named("train")
    desk.planner.decide(train)
    write_notebook(desk.folder / "train.ipynb", "x = 2", *TRAIN)

    desk.planner.note_success(train, desk.record("train", loads=["train"]))

    assert desk.again().reasons()["train"] == "code changed: cell 1"


def test_foreach_steps_are_decided_one_by_one(desk):
    text = "name: churn\nsteps:\n- notebook: prepare.ipynb\n- {notebook: train.ipynb, foreach: {C: [1, 2]}}\n"
    desk.write(text).succeed("train[C=1]", loads=["train"])

    assert desk.again().reasons() == {"prepare": "up to date", "train[C=1]": "up to date", "train[C=2]": "never run"}
    assert desk.actions(only=["train"]) == {"prepare": "skip", "train[C=1]": "skip", "train[C=2]": "run"}


def test_what_the_last_run_really_read_is_a_dependency(desk):
    hidden = ("import trackbook, os", "trackbook.load(os.environ['TABLE'])")
    text = "name: churn\nsteps:\n- notebook: train.ipynb\n- notebook: prepare.ipynb\n"
    desk.write(text, train=hidden)
    assert desk.planner.graph.needs["train"] == ()

    desk.succeed("train", loads=["train"])

    assert desk.again().planner.graph.needs["train"] == ("prepare",)


def test_folder_may_move_with_its_files(desk, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("moved") / "project"

    desk.folder.rename(elsewhere)
    moved = Planned(elsewhere, desk.store).again()

    assert set(moved.reasons().values()) == {"up to date"}


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store):
        self.store = store
        self.asked = []

    def __getattr__(self, name):
        if name != "get_object":
            self.asked.append(name)
        return getattr(self.store, name)


def test_store_is_asked_as_often_for_many_steps_as_for_two(desk):
    counted = []
    for count in (2, 40):
        steps = "".join(f"- {{name: s{n}, notebook: train.ipynb, params: {{C: {n}}}}}\n" for n in range(count))
        desk.write(f"name: many{count}\nsteps:\n{steps}")
        for n in range(count):
            desk.succeed(f"s{n}", loads=["train"])
        plain, desk.store = desk.store, Counting(desk.store)
        assert set(desk.again().actions().values()) == {"skip"}
        counted.append(desk.store.asked)
        desk.store = plain

    assert counted[0] == counted[1]
    assert len(counted[0]) < 6


def test_only_the_latest_success_of_a_step_is_tagged_as_such(desk):
    for _ in range(3):
        desk.succeed("train", loads=["train"])

    tagged = [each.tags["step"] for each in desk.store.runs(RunFilter()) if CURRENT_TAG in each.tags]

    assert sorted(tagged) == ["prepare", "train"]


@pytest.mark.parametrize("content", ["", "{}", "[]", "not JSON", '{"cells": [1]}', '{"worksheets": 1, "nbformat": 3}'])
def test_file_that_is_no_notebook_is_refused(desk, content):
    (desk.folder / "train.ipynb").write_text(content)

    with pytest.raises(InvalidValueError, match="is no notebook in Jupyter's format"):
        desk.again()


def test_notebook_of_another_language_is_held_to_its_text(desk):
    write_notebook(desk.folder / "train.ipynb", "x <- 1", language="R", kernel="ir")
    desk.write("name: churn\nsteps:\n- notebook: train.ipynb\n").succeed("train")
    assert desk.again().reasons() == {"train": "up to date"}
    assert desk.planner.uses["train"].loads == ()

    assert edit(desk, "train", "x <- 2", language="R", kernel="ir").reasons() == {"train": "code changed: cell 1"}


def test_step_whose_dataset_is_not_there_cannot_be_marked(tmp_path):
    desk = Planned(tmp_path, MemoryStore()).write(TWO, prepare=PREPARE, train=TRAIN)

    with pytest.raises(InvalidValueError, match="'prepare' can't be marked: it publishes 'train'"):
        desk.planner.mark("prepare")

    assert desk.again().reasons()["prepare"] == "never run"


def test_credential_among_params_is_never_kept_and_a_new_one_changes_nothing(tmp_path):
    text = "name: churn\nsteps:\n- {notebook: fetch.ipynb, params: {api_key: hunter2-and-more, C: 1}}\n"
    store = MemoryStore()
    desk = Planned(tmp_path, store).write(text, fetch=("# params\napi_key = ''\nC = 0", "print(C)"))
    desk.succeed("fetch")
    desk.again()

    kept = [store.get_object(each.digest) for run in store.runs(RunFilter()) for each in run.artifacts]

    assert kept
    assert not any(b"hunter2" in content for content in kept)
    assert "hunter2" not in str(plan_payload(desk.planner.plan()))
    assert desk.write(text.replace("hunter2", "hunter3")).reasons() == {"fetch": "up to date"}
    assert desk.write(text.replace("C: 1", "C: 2")).reasons() == {"fetch": "params changed: C 1 -> 2"}
