"""Logging by hand in a script: a process of its own, with a store in its folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store
from trackbook.store.location import open_store


def run(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRACKBOOK_")}
    (folder / "script.py").write_text("import trackbook\n" + code)
    return subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=folder,
        env=kept | {"HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def store(folder: Path) -> Store:
    return open_store(str(folder / ".trackbook"), start=folder)


def runs(folder: Path) -> dict[str, RunDetail]:
    return {detail.run.name: detail for detail in store(folder).runs(RunFilter())}


def test_a_script_logs_a_run(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "with trackbook.start_run('mine', tags={'team': 'red'}) as run:\n"
        "    trackbook.log_params({'lr': 0.1})\n    trackbook.log_param('depth', 3)\n"
        "    for value in (0.5, 0.25):\n        trackbook.log_metric('loss', value)\n"
        "    trackbook.log_metrics({'a': 1, 'b': 2}, step=7)\n    trackbook.set_tag('kind', 'try')\n"
        "    trackbook.log_artifact('script.py')\n    print(run.name, run.status)\n",
    )

    detail = runs(tmp_path)["mine"]
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["mine", "RUNNING"], "")
    assert detail.run.status is RunStatus.FINISHED
    assert detail.params == {"lr": 0.1, "depth": 3}
    assert {key: (point.step, point.value) for key, point in detail.metrics.items()} == {
        "loss": (1, 0.25),
        "a": (7, 1),
        "b": (7, 2),
    }
    assert detail.tags == {"team": "red", "kind": "try"}
    assert [artifact.name for artifact in detail.artifacts] == ["script.py"]
    assert detail.run.experiment == "script"


def test_an_error_is_a_failed_run_and_the_script_s_own(tmp_path: Path) -> None:
    done = run(tmp_path, "with trackbook.start_run('mine'):\n    trackbook.log_metric('a', 1)\n    1 / 0\n")

    detail = runs(tmp_path)["mine"]
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert detail.run.status is RunStatus.FAILED
    assert detail.run.failure is not None
    assert detail.run.failure.type == "ZeroDivisionError"
    assert detail.metrics["a"].value == 1


def test_an_interrupt_is_a_killed_run(tmp_path: Path) -> None:
    run(tmp_path, "with trackbook.start_run('mine'):\n    raise KeyboardInterrupt\n")

    assert runs(tmp_path)["mine"].run.status is RunStatus.KILLED


def test_a_run_that_is_left_open_is_no_finished_one_and_it_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "trackbook.start_run('mine')\ntrackbook.log_metric('a', 1)\n")

    detail = runs(tmp_path)["mine"]
    assert detail.run.status is RunStatus.KILLED
    assert "'mine'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert detail.metrics["a"].value == 1


def test_a_run_that_is_left_open_by_an_error_is_not_finished(tmp_path: Path) -> None:
    run(tmp_path, "trackbook.start_run('mine')\ntrackbook.log_metric('a', 1)\n1 / 0\n")

    assert runs(tmp_path)["mine"].run.status is RunStatus.FAILED


def test_a_script_that_is_killed_leaves_a_killed_run(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "import os, signal\ntrackbook.start_run('mine')\ntrackbook.log_param('a', 1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
    )

    detail = runs(tmp_path)["mine"]
    assert done.returncode == -signal.SIGKILL
    assert (detail.run.status, detail.params) == (RunStatus.KILLED, {"a": 1})


def test_logging_without_a_run_says_how(tmp_path: Path) -> None:
    done = run(
        tmp_path, "try:\n    trackbook.log_metric('a', 1)\nexcept trackbook.errors.NoRunError as e:\n    print(e)\n"
    )

    assert "start_run" in done.stdout
    assert done.returncode == 0


WRONG = [
    "log_metric('a', 'x')",
    "log_metric('', 1)",
    "log_metric('a', 1, step=1.5)",
    "log_metric('a', 1, step=2**70)",
    "log_param('a', object())",
    "log_artifact('gone.txt')",
]


@pytest.mark.parametrize("call", WRONG)
def test_wrong_use_is_refused_where_it_happens(call: str, tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "with trackbook.start_run('mine'):\n    try:\n"
        f"        trackbook.{call}\n    except ValueError as e:\n        print('refused:', e)\n"
        "    trackbook.log_metric('b', 2)\n",
    )

    assert done.stdout.startswith("refused: ")
    assert (done.returncode, done.stderr) == (0, "")
    assert runs(tmp_path)["mine"].metrics["b"].value == 2


def test_child_process_logs_to_its_parent_s_run(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(
        "import trackbook\ntrackbook.log_metric('loss', 0.5)\ntrackbook.log_param('a', 1)\n"
    )

    done = run(
        tmp_path,
        "import subprocess, sys\nwith trackbook.start_run('mine'):\n    trackbook.log_metric('loss', 1.0)\n"
        "    trackbook.log_param('b', 2)\n    subprocess.run([sys.executable, 'child.py'], check=True)\n",
    )

    detail = runs(tmp_path)["mine"]
    assert (done.returncode, done.stderr) == (0, "")
    assert detail.params == {"a": 1, "b": 2}
    assert sorted(point.value for point in store(tmp_path).metric_history(detail.run.run_id, "loss")) == [0.5, 1.0]
    assert detail.run.status is RunStatus.FINISHED


def test_a_fork_does_not_end_its_parent_s_run(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "import os, sys\nwith trackbook.start_run('mine') as run:\n    pid = os.fork()\n"
        "    if pid == 0:\n        sys.exit(0)\n    os.waitpid(pid, 0)\n    trackbook.log_metric('a', 1)\n",
    )

    detail = runs(tmp_path)["mine"]
    assert done.returncode == 0
    assert (detail.run.status, detail.metrics["a"].value) == (RunStatus.FINISHED, 1)


def test_store_that_can_not_be_opened_does_not_break_the_script(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    done = run(
        tmp_path,
        "with trackbook.start_run('mine') as run:\n    trackbook.log_metric('a', 1)\nprint('went on')\n",
        TRACKBOOK_STORE=str(tmp_path / "file"),
    )

    assert (done.returncode, done.stdout.strip()) == (0, "went on")
    warning, farewell = done.stderr.splitlines()
    assert "can't" in warning
    assert "lost" in farewell


def test_import_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("IPython", "pandas", "numpy", "sqlalchemy", "sklearn", "rich", "traitlets")

    done = run(tmp_path, f"import sys\nprint([name for name in {heavy!r} if name in sys.modules])\n")

    assert done.stdout.strip() == "[]"
