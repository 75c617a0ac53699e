"""A step runs in a process of its own, tells what happens, can be stopped, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from trackbook.cli import cli
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus
from trackbook.pipelines.steps.results import metrics_of, runs_of_step
from trackbook.pipelines.steps.running import run_step
from trackbook.process import started
from trackbook.records import Failure
from trackbook.store import open_store

from .step_notebooks import PARAMETERS, kept_notebook, quiet_variables, recorded, write

TRAIN = (
    PARAMETERS + "C: float = 1.0",
    "import os, trackbook\nprint(os.path.basename(os.getcwd()), os.environ['MKL_NUM_THREADS'])",
    "for step in range(3):\n    trackbook.log_metric('loss', C / (step + 1))",
    "# nothing more",
)
ENDLESS = (
    "import os, time, trackbook\nprint(os.getpid())\nopen('pid', 'w').write(str(os.getpid()))",
    "trackbook.log_metric('loss', 1.0)\nwhile True:\n    time.sleep(0.05)",
    "print('never')",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("steps")
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(quiet_variables(folder))
    os.environ.pop("MKL_NUM_THREADS", None)
    (folder / "work").mkdir()
    yield folder
    os.environ.clear()
    os.environ.update(before)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["step", *map(str, arguments)], prog_name="trackbook")


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Look again and again whether something is so, as long as there is time."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def trained(folder: Path) -> tuple[StepResult, list[StepEvent]]:
    parent = open_store(folder / "store")
    parent.close()
    events: list[StepEvent] = []
    job = StepJob(
        name="train[C=0.5]",
        notebook=write(folder / "train {x}.ipynb", *TRAIN, kernel=None),
        output=folder / "new" / "train[C=0.5].ipynb",
        params={"C": 0.5},
        folder=folder / "work",
        threads=1,
        experiment="strengths",
        tags={"pipeline": "churn", "step": "train"},
    )
    return run_step(job, events.append), events


def test_step_tells_its_run_its_cells_and_its_metrics(trained):
    result, events = trained

    cells = [(event.cell, event.cells) for event in events if event.cell is not None]
    assert cells == [(number, 4) for number in range(1, 5)]  # papermill's own has none
    assert [event.run_id for event in events if event.run_id] == [result.run_id]
    assert [(event.metric, event.value, event.step) for event in events if event.metric] == [("loss", 0.5 / 3, 2)]
    assert [event.warning for event in events if event.warning] == []


def test_steps_run_is_as_its_job_says(trained, folder):
    result, _ = trained
    store, _ = recorded(folder)

    run, *beneath = runs_of_step(store, result.run_id)

    assert (result.status, result.error, result.failed_cell) == (StepStatus.FINISHED, None, None)
    assert (run.run.name, run.run.experiment, run.params) == ("train[C=0.5]", "strengths", {"C": 0.5})
    assert run.tags == {"papermill": "true", "pipeline": "churn", "step": "train"}
    assert {key: point.value for key, point in metrics_of([run, *beneath]).items()} == {"loss": 0.5 / 3}
    assert result.seconds > 0


def test_step_runs_in_its_folder_with_its_share_of_threads(trained, folder):
    output = nbformat.read(folder / "new" / "train[C=0.5].ipynb", as_version=4)

    assert output.cells[2].outputs[0].text == "work 1\n"


@pytest.fixture(scope="module")
def stopped(folder: Path) -> StepResult:
    """A step that is stopped in the cell that never ends."""
    should_stop = threading.Event()

    def tell(event: StepEvent) -> None:
        if event.metric is not None:
            should_stop.set()

    notebook = write(folder / "endless.ipynb", *ENDLESS)
    job = StepJob(name="endless", notebook=notebook, output=folder / "endless.out.ipynb", folder=folder)
    return run_step(job, tell, should_stop=should_stop)


def test_stopped_step_keeps_what_it_did(stopped, folder):
    store, runs = recorded(folder)
    (run,) = [each for each in runs if each.run.run_id == stopped.run_id]

    kept = kept_notebook(store, run)

    assert (stopped.status, stopped.error, stopped.failed_cell) == (StepStatus.STOPPED, "StoppedError", 2)
    assert run.run.status == "KILLED"
    assert kept.cells[1].outputs[-1].ename == "KeyboardInterrupt"
    assert kept.cells[2].execution_count is None


def test_stopped_steps_kernel_has_ended(stopped, folder):
    pid = int((folder / "pid").read_text())

    assert wait_until(lambda: started(pid) is None)


def test_kernel_and_step_end_with_their_caller(folder):
    (folder / "orphan").mkdir()
    write(folder / "orphan" / "endless.ipynb", *ENDLESS)
    code = (
        "from pathlib import Path\n"
        "from trackbook.pipelines.steps.job import StepJob\n"
        "from trackbook.pipelines.steps.running import run_step\n"
        "job = StepJob(name='o', notebook=Path('endless.ipynb'), output=Path('o.ipynb'))\n"
        "run_step(job, lambda event: print('metric' if event.metric else 'other', flush=True))"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=folder / "orphan", stdout=subprocess.PIPE)
    assert caller.stdout is not None
    for line in caller.stdout:
        if line == b"metric\n":
            break
    kernel = int((folder / "orphan" / "pid").read_text())
    was_alive = started(kernel) is not None

    caller.send_signal(signal.SIGKILL)
    caller.wait()
    caller.stdout.close()

    assert was_alive
    assert wait_until(lambda: started(kernel) is None)


def test_step_that_takes_too_long_before_its_kernel_is_there_is_a_failed_run(folder):
    notebook = write(folder / "slow.ipynb", PARAMETERS + "C = 1.0\npassword = ''")

    result = invoke(notebook, "-p", "C", "2", "-p", "password", "hunter2-and-more", "--timeout", "0.01", "--json")

    told = json.loads(result.stdout)
    (run,) = [each for each in recorded(folder)[1] if each.run.experiment == "slow"]
    message = "It took longer than 0.01 s. No cell had begun: its kernel was still starting."
    assert (result.exit_code, told["status"], told["run_id"]) == (1, "stopped", run.run.run_id)
    assert (told["error"]["type"], told["error"]["message"]) == ("TimeoutError", message)
    assert (run.run.name, run.run.status) == ("slow", "FAILED")
    assert run.run.failure == Failure(type="TimeoutError", message=message)
    assert run.params == {"C": 2.0, "password": "[secret]"}


def test_run_of_a_step_whose_process_is_killed_says_so_with_its_cell(folder):
    notebook = write(folder / "shot.ipynb", "1", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")

    told = json.loads(invoke(notebook, "--json").stdout)

    (run,) = [each for each in recorded(folder)[1] if each.run.experiment == "shot" and each.run.parent_id is None]
    assert (told["run_id"], told["error"]["type"], told["error"]["cell"]) == (run.run.run_id, "ProcessEnded", 2)
    assert (run.run.status, run.run.failure.type) == ("KILLED", "ProcessEnded")
    assert run.run.failure.message.endswith("in cell 2.")


def test_command_executes_a_notebook_and_tells_what_became_of_it(folder):
    declared = PARAMETERS + "from pathlib import Path\nname = 'a'\nplace = Path('here')"
    used = "import trackbook\ntrackbook.log_metric('m', len(place.parts))"
    notebook = write(folder / "good.ipynb", declared, used)

    result = invoke(notebook, "-y", "{name: b}", "-p", "name", "1", "-p", "place=over/there", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["status"], told["params"], told["metrics"], told["error"]) == (
        "finished",
        {"name": "1", "place": "over/there"},
        {"m": 2},
        None,
    )
    assert told["output"] == str(folder / "good.out.ipynb")
    assert [each["parent_id"] for each in told["runs"]] == [None, told["run_id"]]
    assert [each.params for each in recorded(folder)[1] if each.run.run_id == told["run_id"]] == [told["params"]]


def test_command_shows_the_cell_and_the_line_that_failed(folder):
    fail = "def fail():\n    raise ValueError('no data for ' + password)\nfail()"
    notebook = write(folder / "bad.ipynb", PARAMETERS + "password = ''", fail)

    result = invoke(notebook, "-p", "password", "hunter2-and-more", "-o", folder / "bad.done.ipynb")

    assert result.exit_code == 1
    assert "in cell 2 of 2, line 3: fail()" in result.stdout
    assert "ValueError: no data for [secret]" in result.stdout
    assert "hunter2" not in result.stdout
    assert str(folder / "bad.done.ipynb") in result.stdout


def test_command_tells_how_it_went_where_the_store_cannot_be_read(folder, monkeypatch):
    (folder / "file").write_text("no store")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "unread"))

    result = invoke(write(folder / "lost.ipynb", "1"), "--store", folder / "file")

    assert result.exit_code == 0
    assert "Finished" in result.stdout
    assert "can't be read" in result.stderr
    assert "is a file, so it can't be a store's folder" in result.stderr


def test_command_refuses_before_anything_runs(folder):
    notebook = write(folder / "refused.ipynb", PARAMETERS + "C: float", "print(C)")

    wrong = invoke(notebook, "-p", "c", "1")
    onto_itself = invoke(notebook, "-p", "C", "1", "-o", notebook)
    no_folder = invoke(notebook, "-p", "C", "1", "-o", notebook / "below" / "a" / "file.ipynb")
    no_mapping = invoke(notebook, "-y", "[1, 2]")
    output = folder / "refused.out.ipynb"
    output.write_text("what was executed before")
    no_kernel = invoke(notebook, "-p", "C", "1", "--kernel", "phyton3", "-o", output)

    assert [each.exit_code for each in (wrong, onto_itself, no_folder, no_mapping, no_kernel)] == [2] * 5
    assert "no param 'c'. Did you mean 'C'?" in wrong.stderr
    assert "'C' is missing" in wrong.stderr
    assert "would overwrite" in onto_itself.stderr
    assert f"can't be written to {notebook}. Name another" in no_folder.stderr
    assert "holds no params" in no_mapping.stderr
    assert "There is no kernel 'phyton3' here. Did you mean 'python3'?" in no_kernel.stderr
    assert output.read_text() == "what was executed before"
    assert "refused" not in {run.run.experiment for run in recorded(folder)[1]}


def test_command_lists_the_params_and_runs_nothing(folder):
    notebook = write(folder / "asked.ipynb", PARAMETERS + "C: float = 0.5  # how weak\nday: str\nlast = C + 1", "1")

    shown = invoke(notebook, "--inspect")
    told = json.loads(invoke(notebook, "--inspect", "--json").stdout)
    bare = invoke(write(folder / "bare.ipynb", "1"), "--inspect")

    assert [each["name"] for each in told["params"]] == ["C", "day", "last"]
    assert [each["is_required"] for each in told["params"]] == [False, True, False]
    assert told["params"][0]["default"] == 0.5
    assert "how weak" in shown.stdout
    assert "none, must be given" in shown.stdout
    assert "takes no params" in bare.stdout
    assert not (folder / "asked.out.ipynb").exists()
