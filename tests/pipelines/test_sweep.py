"""Sweeps that are really run, by the command line: trials, what fails, what is given up, and going on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from trackbook.records import RunDetail, RunStatus
from trackbook.store import open_store
from trackbook.store.contract import RunFilter, Store

from .step_notebooks import PARAMETERS, quiet_variables, write

DEADLINE_SECONDS = 120.0
TRAIN = (
    PARAMETERS + "C: float = 1.0\ndepth: int = 3",
    "import pathlib, trackbook",
    "if depth == 4 and not pathlib.Path('mended').exists():\n    raise ValueError('depth four is bad')",
    "trackbook.log_metric('score', -((C - 0.1) ** 2) - (depth - 3) ** 2)",
)
CURVE = (
    PARAMETERS + "rate = 0.1",
    "import time, trackbook",
    "for epoch in range(3):\n    trackbook.log_metric('loss', rate / (1 + epoch), step=epoch)",
    "while rate > 1:  # only who is stopped gets out of here\n    time.sleep(0.05)",
)
WAITING = (
    PARAMETERS + "n = 1",
    "import pathlib, time, trackbook",
    "pathlib.Path(f'began-{n}').touch()\nwhile n > 1 and not pathlib.Path('go').exists():\n    time.sleep(0.05)",
    "trackbook.log_metric('score', n)",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with notebooks and a store."""

    folder: Path

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start ``trackbook sweep``."""
        return subprocess.Popen(
            [sys.executable, "-m", "trackbook", "sweep", *words],
            cwd=self.folder,
            env=quiet_variables(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, process: subprocess.Popen[str], expected: int = 0) -> tuple[str, str]:
        """Return what it printed when it has ended."""
        try:
            printed, told = process.communicate(timeout=DEADLINE_SECONDS)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == expected, told
        return printed, told

    def sweep(self, *words: str, expected: int = 0) -> dict[str, Any]:
        """Run a sweep and return its JSON."""
        document: dict[str, Any] = json.loads(self.ended(self.begin(*words, "--json"), expected)[0])
        return document

    @property
    def store(self) -> Store:
        """The store."""
        return open_store(self.folder / "store", create=False)

    def run(self, run_id: str) -> RunDetail:
        """Return a run."""
        return self.store.runs(RunFilter(ids=[run_id]))[0]

    def children(self, run_id: str) -> list[RunDetail]:
        """Return the runs beneath a run, oldest first."""
        return self.store.runs(RunFilter(parent_id=run_id, oldest_first=True))


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def kernels_in(folder: Path) -> list[psutil.Process]:
    """Return the kernels that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if "ipykernel" in " ".join(process.cmdline()) and process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("sweeps")
    for name, cells in (("train", TRAIN), ("curve", CURVE), ("waiting", WAITING)):
        write(folder / f"{name}.ipynb", *cells)
    return Desk(folder)


@pytest.fixture(scope="module")
def swept(desk: Desk) -> dict[str, Any]:
    """A grid of four trials, of which two fail."""
    return desk.sweep("train.ipynb", "-p", "C=0.1,1", "-p", "depth=3..4", "--metric", "score", "--maximize")


@pytest.fixture(scope="module")
def resumed(desk: Desk, swept: dict[str, Any]) -> dict[str, Any]:
    """The same, gone on with after what made trials fail was mended."""
    (desk.folder / "mended").touch()
    return desk.sweep("--resume", swept["name"])


def test_every_combination_is_a_trial_and_failures_are_counted(swept):
    assert swept["counts"] == {"finished": 2, "failed": 2}
    assert swept["sampler"] == "grid"
    assert sorted((each["params"]["C"], each["params"]["depth"]) for each in swept["trials"]) == [
        (0.1, 3),
        (0.1, 4),
        (1.0, 3),
        (1.0, 4),
    ]


def test_failed_trials_say_why(swept):
    failed = [each for each in swept["trials"] if each["status"] == "failed"]

    assert [each["params"]["depth"] for each in failed] == [4, 4]
    for each in failed:
        assert (each["error"], each["message"]) == ("ValueError", "depth four is bad")
        assert each["failed_cell"] == 3  # of the notebook's own cells


def test_the_best_trial_is_named_with_the_command_that_makes_it_again(swept):
    assert swept["best"]["params"] == {"C": 0.1, "depth": 3}
    assert swept["best"]["value"] == 0
    assert swept["again"] == "trackbook step train.ipynb -p C 0.1 -p depth 3"


def test_the_sweep_is_a_run_with_the_best_value_and_params_and_a_child_for_each_trial(desk, swept):
    parent = desk.run(swept["run_id"])
    children = desk.children(swept["run_id"])

    assert parent.run.status is RunStatus.FINISHED
    assert parent.run.experiment == "train"
    assert parent.params == {"C": 0.1, "depth": 3}
    assert parent.metrics["score"].value == 0
    assert parent.tags == {"sweep": "score", "best": swept["best"]["run_name"]}
    assert {each.run.run_id for each in children} == {each["run_id"] for each in swept["trials"]}
    assert {each.tags["trial"] for each in children} == {"1", "2", "3", "4"}
    assert {each.run.experiment for each in children} == {"train"}


def test_the_trials_and_the_figure_are_kept_with_the_sweep(desk, swept):
    artifacts = {each.name: each for each in desk.run(swept["run_id"]).artifacts}
    table = json.loads(desk.store.get_object(artifacts["trials.json"].digest))
    page = desk.store.get_object(artifacts["trials.html"].digest)

    assert table == swept["trials"]
    assert Path(swept["figure"]).read_bytes() == page
    assert page.count(b"data-places=") == 4
    assert page.count(b"ValueError: depth four is bad (cell 3)</td>") == 2
    assert b"train.ipynb by score</h1>" in page
    assert f"{swept['name']}, run {swept['run_id'][:8]}".encode() in page


def test_going_on_tries_again_only_what_failed(desk, swept, resumed):
    before = {each["run_id"] for each in swept["trials"] if each["status"] == "finished"}
    new = desk.children(resumed["run_id"])

    assert resumed["counts"] == {"finished": 4}
    assert {each.params["depth"] for each in new} == {4}
    assert {each["run_id"] for each in resumed["trials"]} == before | {each.run.run_id for each in new}
    assert desk.run(resumed["run_id"]).tags["sweep.continues"] == swept["run_id"]
    assert desk.run(resumed["run_id"]).params == {"C": 0.1, "depth": 3}


def test_going_on_when_nothing_is_left_runs_nothing(desk, resumed):
    count = desk.store.count_runs(RunFilter())

    found = desk.sweep("--resume", resumed["name"])

    assert desk.store.count_runs(RunFilter()) == count
    assert found["run_id"] == resumed["run_id"]
    assert found["trials"] == resumed["trials"]
    assert found["remark"] == f"Nothing was left to run: this is what {resumed['name']} came to."
    assert found["again"] == resumed["again"] == "trackbook step train.ipynb -p C 0.1 -p depth 3"


def test_lines_tell_each_trial_and_the_best_so_far(desk, swept):
    printed, told = desk.ended(desk.begin("--resume", swept["name"], "--trials", "1"))

    assert told == ""  # nothing is left of one trial
    assert "Best score: " in printed
    assert "2 trials failed" in printed
    assert "ValueError: depth four is bad" in printed


def test_a_metric_that_no_trial_has_ends_the_sweep_with_the_names_that_there_are(desk):
    process = desk.begin("train.ipynb", "-p", "C=0.1", "--metric", "scroe", "--maximize")

    _, told = desk.ended(process, expected=2)

    assert told.splitlines()[-1] == (
        "Error: The first trial that finished has no metric 'scroe'. It has score. Did you mean score?"
    )


def test_a_trial_that_others_turn_out_to_be_better_than_is_stopped_though_it_measures_nothing_more(desk):
    words = ["curve.ipynb", "-p", "rate=9,0.1,0.2,0.3", "--metric", "loss", "--prune", "median", "--jobs", "2"]

    found = desk.sweep(*words)

    assert found["direction"] == "minimize"
    assert found["counts"] == {"finished": 3, "pruned": 1}
    (pruned,) = [each for each in found["trials"] if each["status"] == "pruned"]
    assert pruned["params"] == {"rate": 9}
    assert pruned["series"][0] == 9
    assert desk.run(pruned["run_id"]).tags["pruned"] == "true"


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Desk]:
    write(tmp_path / "waiting.ipynb", *WAITING)
    desk = Desk(tmp_path)
    yield desk
    (tmp_path / "go").touch()
    wait_for(lambda: not kernels_in(tmp_path))


def begun(desk: Desk) -> subprocess.Popen[str]:
    """Return a sweep of which one trial has finished and one waits."""
    process = desk.begin("waiting.ipynb", "-p", "n=1,2", "--metric", "score", "--maximize", "--jobs", "1")
    wait_for((desk.folder / "began-2").exists)
    return process


def test_an_interrupted_sweep_ends_its_kernels_and_can_go_on(waiting):
    process = begun(waiting)

    process.send_signal(signal.SIGINT)
    printed, _ = waiting.ended(process, expected=130)

    parent = waiting.store.runs(RunFilter(only_roots=True))[0]
    assert (parent.run.status, parent.run.word) == (RunStatus.KILLED, "stopped")
    assert "■ stopped" in printed
    assert f"trackbook sweep --resume {parent.run.name}" in printed
    assert not kernels_in(waiting.folder)


def test_a_killed_sweep_goes_on_with_what_the_store_has_though_its_notebook_is_another_by_now(waiting):
    process = begun(waiting)
    process.kill()
    process.communicate()
    wait_for(lambda: not kernels_in(waiting.folder))
    (waiting.folder / "go").touch()
    parent = waiting.store.runs(RunFilter(only_roots=True))[0]
    first = next(each for each in waiting.children(parent.run.run_id) if each.tags["trial"] == "1")
    write(waiting.folder / "waiting.ipynb", PARAMETERS + "n = 1", "raise ValueError('not tried')")

    printed, told = waiting.ended(waiting.begin("--resume", parent.run.name, "--json"))

    found = json.loads(printed)
    assert found["counts"] == {"finished": 2}
    assert told.startswith(
        f"waiting.ipynb has changed since {parent.run.name} began: this goes on with the notebook as"
    )
    assert found["remark"] == told.splitlines()[0]
    assert found["again"].startswith("trackbook slice ")
    assert found["best"]["params"] == {"n": 2}
    assert found["trials"][0]["run_id"] == first.run.run_id
    assert len(waiting.children(found["run_id"])) == 1
