"""papermill's engine ``trackbook``: it executes as papermill's own engine does, and records a run beside that."""

from __future__ import annotations

import copy
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines
from trackbook.records import RunDetail
from trackbook.store import Store, open_store
from trackbook.store.contract import RunFilter

from .step_notebooks import PARAMETERS, kept_notebook, quiet_variables, recorded, write

pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's and its kernel's own
TRAIN = (
    "%load_ext trackbook",
    PARAMETERS + "rate: float = 1.0\nname: str | None = 'x=1'\nsteps = [1, 2]",
    "import os, sys\nprint(os.path.basename(os.getcwd()), rate, name)\nprint('careful', file=sys.stderr)",
    "sorted(each for each in globals() if not each.startswith('_')), len(In)",
    "rate * 2  # papermill_description=DOUBLING",
)
OWN = (
    PARAMETERS + "password = 'hunter2-and-more'\nrate = 1.0",
    "%load_ext trackbook\n%reload_ext trackbook\n%unload_ext trackbook\n%load_ext trackbook",
    "import trackbook\nimport pandas as pd\ntrackbook.log_metric('loss', rate)\nprint(password)",
    "table = trackbook.publish(pd.DataFrame({'a': [1, 2]}), 'train')",
    "with trackbook.start_run('by-hand'):\n    trackbook.log_metric('inner', 2.0)",
)


@dataclass
class Executed:
    """What became of an execution."""

    output: nbformat.NotebookNode
    run: RunDetail
    beneath: list[RunDetail]
    store: Store
    printed: str = ""
    warned: str = ""
    logged: str = ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("engine")
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(quiet_variables(folder))
    (folder / "work").mkdir()
    yield folder
    os.environ.clear()
    os.environ.update(before)


def execute(notebook: Path, output: Path | None, *, engine: str | None = "trackbook", **options: Any) -> Any:
    options.setdefault("progress_bar", False)
    return papermill.execute_notebook(str(notebook), output and str(output), engine_name=engine, **options)


def run_of(folder: Path, notebook: str) -> tuple[Store, RunDetail]:
    store = open_store(folder / "store", create=False)
    (run,) = store.runs(RunFilter(experiment=notebook, only_roots=True))
    return store, run


@pytest.fixture(scope="module")
def train(folder: Path) -> Executed:
    """A notebook with params, executed in another folder, its output logged and written to files."""
    notebook = write(folder / "train.ipynb", *TRAIN)
    printed, warned, logged = io.StringIO(), io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    logger = logging.getLogger("papermill")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        execute(
            notebook,
            folder / "train.out.ipynb",
            parameters={"rate": 0.5},
            cwd=str(folder / "work"),
            log_output=True,
            stdout_file=printed,
            stderr_file=warned,
            report_mode=True,
            run_name="train it",
            run_tags={"step": "train"},
        )
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    output = nbformat.read(folder / "train.out.ipynb", as_version=4)
    store, run = run_of(folder, "train")
    beneath = store.runs(RunFilter(parent_id=run.run.run_id))
    return Executed(output, run, beneath, store, printed.getvalue(), warned.getvalue(), logged.getvalue())


def test_papermill_finds_the_engine_by_its_entry_point():
    assert papermill_engines.get_engine("trackbook").__name__ == "TrackbookEngine"


def test_execution_is_a_run_with_given_and_own_params(train, folder):
    session = train.store.sessions(ids=[train.run.run.session_id])[0]
    assert train.run.params == {"rate": 0.5, "name": "x=1", "steps": [1, 2]}
    assert (train.run.run.status, train.run.run.name, train.run.run.experiment) == ("FINISHED", "train it", "train")
    assert train.run.tags == {"papermill": "true", "step": "train"}
    assert (session.notebook, session.folder) == (str(folder / "train.ipynb"), str(folder / "work"))
    assert train.run.run.environment_id is not None


def test_cells_are_recorded_with_their_ids(train):
    executions = train.store.executions(session_id=train.run.run.session_id)

    assert [each.cell_id for each in executions] == [cell.id for cell in train.output.cells]
    assert executions[-1].source == TRAIN[-1]


def test_output_is_what_papermills_own_engine_gives(train, folder):
    execute(
        folder / "train.ipynb",
        folder / "own.ipynb",
        engine=None,
        parameters={"rate": 0.5},
        cwd=str(folder / "work"),
        report_mode=True,
    )
    own = nbformat.read(folder / "own.ipynb", as_version=4)

    assert [timeless(cell) for cell in train.output.cells] == [timeless(cell) for cell in own.cells]
    assert train.output.metadata.papermill.keys() == own.metadata.papermill.keys()
    assert train.output.metadata.language_info == own.metadata.language_info


def timeless(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    cell = copy.deepcopy(cell)
    if cell.source.startswith("# Parameters"):
        cell.pop("id")  # papermill's own cell, with an id of its own
    for name in ("start_time", "end_time", "duration"):
        cell.metadata.papermill.pop(name)
    cell.metadata.pop("execution", None)
    return cell


def test_what_it_prints_is_logged_and_written_to_files(train):
    assert (train.printed, train.warned) == ("work 0.5 x=1\n", "careful\n")
    assert "work 0.5 x=1" in train.logged
    assert "careful" in train.logged
    assert "Executing Cell 3" in train.logged


def test_executed_notebook_is_kept_with_the_run(train):
    kept = kept_notebook(train.store, train.run)

    assert train.run.artifacts[0].name == "train.out.ipynb"
    assert kept.cells == train.output.cells
    assert kept.metadata.papermill.duration > 0
    assert kept.metadata.papermill.parameters == {"rate": 0.5}


@pytest.fixture(scope="module")
def bare(folder: Path) -> Executed:
    """A notebook without a word to load us, executed without params and without a file for the output."""
    output = execute(write(folder / "bare.ipynb", *OWN, kernel=None), None, kernel_name="python3", language="python")
    store, run = run_of(folder, "bare")
    return Executed(output, run, store.runs(RunFilter(parent_id=run.run.run_id)), store)


def test_notebook_without_given_params_is_a_run_with_its_own(bare):
    assert (bare.run.run.status, bare.run.run.name) == ("FINISHED", "bare")
    assert bare.run.params == {"password": "[secret]", "rate": 1.0}


def test_what_it_logs_and_publishes_is_beneath_the_run(bare):
    metrics = [{key: point.value for key, point in run.metrics.items()} for run in bare.beneath]
    (version,) = bare.store.versions("train")

    assert sorted(metrics, key=list) == [{"inner": 2.0}, {"loss": 1.0}]
    assert version.run_id == bare.run.run.run_id


def test_kept_notebook_has_no_credentials(bare):
    kept = json.dumps(kept_notebook(bare.store, bare.run))

    assert "hunter2" in json.dumps(bare.output)
    assert "hunter2" not in kept
    assert "[secret]" in kept


@pytest.fixture(scope="module")
def broken(folder: Path) -> Executed:
    """A notebook whose last cell but one fails."""
    notebook = write(folder / "broken.ipynb", "print('here')", "x = 1\nraise ValueError('no data')", "print('never')")
    with pytest.raises(papermill.PapermillExecutionError, match="no data"):
        execute(notebook, folder / "broken.out.ipynb")
    store, run = run_of(folder, "broken")
    return Executed(nbformat.read(folder / "broken.out.ipynb", as_version=4), run, [], store)


def test_failing_notebook_is_a_failed_run_with_its_error(broken):
    failure = broken.run.run.failure

    assert broken.run.run.status == "FAILED"
    assert failure is not None
    assert (failure.type, failure.message) == ("ValueError", "no data")


def test_failing_notebook_is_kept_with_its_error(broken):
    kept = kept_notebook(broken.store, broken.run)

    assert [cell.metadata.papermill.status for cell in kept.cells] == ["completed", "failed", "pending"]
    assert kept.cells[1].outputs[0].ename == "ValueError"
    assert "An Exception was encountered" in broken.output.cells[0].source  # papermill's own mark


def test_exit_that_means_success_is_none_of_a_failure(folder):
    execute(write(folder / "leaver.ipynb", "import sys", "sys.exit(0)", "never"), folder / "leaver.out.ipynb")

    _, run = run_of(folder, "leaver")
    assert (run.run.status, run.run.failure) == ("FINISHED", None)


def test_dead_kernel_is_told_and_its_run_ends_with_what_there_is(folder):
    notebook = write(folder / "dead.ipynb", "print('here')", "import os\nos.kill(os.getpid(), 9)")

    with pytest.raises(DeadKernelError, match="SIGKILL"):
        execute(notebook, folder / "dead.out.ipynb")

    store, run = run_of(folder, "dead")
    assert run.run.status == "KILLED"
    assert run.run.failure is not None
    assert "memory" in run.run.failure.message
    assert kept_notebook(store, run).cells[0].outputs[0].text == "here\n"


def test_cell_that_takes_too_long_ends_the_run(folder):
    notebook = write(folder / "late.ipynb", "import time", "time.sleep(60)")

    with pytest.raises(CellTimeoutError):
        execute(notebook, folder / "late.out.ipynb", execution_timeout=1)

    store, run = run_of(folder, "late")
    assert run.run.status == "FAILED"
    assert run.run.failure is not None
    assert run.run.failure.type == "CellTimeoutError"
    assert kept_notebook(store, run).cells[1].source == "time.sleep(60)"


def test_prepared_notebook_is_not_executed(folder):
    notebook = write(folder / "prepared.ipynb", PARAMETERS + "C = 1", "print(C)")

    execute(notebook, folder / "prepared.out.ipynb", parameters={"C": 2}, prepare_only=True)

    prepared = nbformat.read(folder / "prepared.out.ipynb", as_version=4)
    assert [cell.execution_count for cell in prepared.cells] == [None] * 3
    assert "prepared" not in {run.run.experiment for run in recorded(folder)[1]}


WAITING = """\
import pathlib, time
def is_saved():
    file = pathlib.Path("NAME.out.ipynb")
    return file.exists() and "tick " + "7" in file.read_text()
for n in range(200):
    print("tick", n, flush=True)
    if is_saved() or (n > 20 and not SAVES):
        break
    time.sleep(0.05)
is_saved(), pathlib.Path("NAME.out.ipynb").exists()
"""


def waiting(folder: Path, name: str, *, saves: bool, **options: Any) -> str:
    """Execute a cell that looks whether its own output is in the file already; return what it found in the end."""
    notebook = write(folder / f"{name}.ipynb", WAITING.replace("NAME", name).replace("SAVES", str(saves)))
    execute(notebook, folder / f"{name}.out.ipynb", cwd=str(folder), **options)
    output = nbformat.read(folder / f"{name}.out.ipynb", as_version=4)
    return str(output.cells[0].outputs[-1].data["text/plain"])


def test_output_of_a_cell_is_saved_while_it_runs(folder):
    assert waiting(folder, "saved", saves=True, autosave_cell_every=0.05) == "(True, True)"


def test_nothing_is_saved_before_the_end_where_that_is_not_wanted(folder):
    found = waiting(folder, "unsaved", saves=False, autosave_cell_every=0, request_save_on_cell_execute=False)

    assert found == "(False, False)"
    _, run = run_of(folder, "unsaved")
    assert run.run.status == "FINISHED"


def test_papermills_own_command_records_a_run_and_shows_its_progress(folder):
    notebook = write(
        folder / "typed.ipynb", PARAMETERS + "C = 1.0\nname = 'x'", "# papermill_description=FITTING\nprint(C)"
    )
    words = ["--engine", "trackbook", str(notebook), "typed.out.ipynb", "-p", "C", "0.1", "-r", "name", "7"]

    done = subprocess.run(
        [sys.executable, "-m", "papermill", *words, "--log-output", "--progress-bar", "--execution-timeout", "60"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Executing FITTING" in done.stderr
    assert "0.1" in done.stderr
    _, run = run_of(folder, "typed")
    assert run.params == {"C": 0.1, "name": "7"}
    assert (folder / "typed.out.ipynb").exists()


@pytest.fixture(scope="module")
def kernels(folder: Path) -> None:
    """Kernels of another language, without Trackbook, and one that never answers."""
    start = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    for name, language, code in (
        ("other", "R", start),
        ("without", "python", f"import sys; sys.modules['trackbook'] = None; {start}"),
        ("mute", "python", "import time; time.sleep(60)"),
    ):
        place = folder / "share" / "kernels" / name
        place.mkdir(parents=True)
        argv = [sys.executable, "-c", code, "-f", "{connection_file}"]
        place.joinpath("kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": language}))
    os.environ["JUPYTER_PATH"] = str(folder / "share")


@pytest.mark.parametrize(("kernel", "language", "reason"), [("other", "R", "in R"), ("without", "python", "trackbook")])
def test_kernel_that_cannot_record_runs_with_one_warning(kernels, folder, caplog, kernel, language, reason):
    notebook = write(folder / f"{kernel}.ipynb", "print('here')", kernel=kernel, language=language)

    output = execute(notebook, folder / f"{kernel}.out.ipynb")

    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert output.cells[0].outputs[0].text == "here\n"
    assert len(warnings) == 1
    assert "not recorded" in warnings[0]
    assert reason in warnings[0]
    assert kernel not in {run.run.experiment for run in recorded(folder)[1]}


def test_kernel_that_does_not_start_in_time_is_given_up(kernels, folder):
    with pytest.raises(RuntimeError, match="didn't respond in 1"):
        execute(write(folder / "mute.ipynb", "1", kernel="mute"), folder / "mute.out.ipynb", start_timeout=1)
