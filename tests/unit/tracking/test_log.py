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
    assert "is written when the store is next opened" in farewell


def test_import_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("IPython", "pandas", "numpy", "sqlalchemy", "sklearn", "rich", "traitlets")

    done = run(tmp_path, f"import sys\nprint([name for name in {heavy!r} if name in sys.modules])\n")

    assert done.stdout.strip() == "[]"


# Forks


FORK = """
import os, sys
with trackbook.start_run('mine') as run:
    trackbook.log_metric('a', 1)
    pid = os.fork()
    if pid == 0:
        run.log_metric('by_object', 2)
        trackbook.log_metric('by_function', 3)
        run.set_tag('child', 'was here')
        with trackbook.start_run('inner'):
            trackbook.log_metric('b', 4)
        run.stop('FAILED')
        sys.exit(0)
    os.waitpid(pid, 0)
    trackbook.log_metric('a', 5)
"""


def test_forked_child_logs_to_its_parent_s_run_and_starts_its_own_beneath(tmp_path: Path) -> None:
    done = run(tmp_path, FORK)

    found = runs(tmp_path)
    mine, inner = found["mine"], found["inner"]
    assert (done.returncode, done.stderr) == (0, "")
    assert {key: point.value for key, point in mine.metrics.items()} == {"a": 5, "by_object": 2, "by_function": 3}
    assert (mine.run.status, mine.run.failure, mine.tags) == (RunStatus.FINISHED, None, {"child": "was here"})
    assert (inner.run.status, inner.run.parent_id) == (RunStatus.FINISHED, mine.run.run_id)
    assert inner.run.session_id != mine.run.session_id
    assert all(session.ended_at for session in store(tmp_path).sessions())


def test_points_that_waited_at_a_fork_are_written_once(tmp_path: Path) -> None:
    run(
        tmp_path,
        "import os, sys\nwith trackbook.start_run('mine'):\n"
        "    for value in range(5):\n        trackbook.log_metric('a', value)\n"
        "    for _ in range(3):\n        if os.fork() == 0:\n            sys.exit(0)\n"
        "    for _ in range(3):\n        os.wait()\n",
    )

    points = store(tmp_path).metric_history(runs(tmp_path)["mine"].run.run_id, "a")
    assert [point.value for point in points] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_lose_nothing_when_they_are_ended(method: str, tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "import multiprocessing\n"
        "def work(number):\n    trackbook.log_metric('n', number)\n    return number\n"
        "if __name__ == '__main__':\n"
        "    with trackbook.start_run('mine'):\n"
        f"        with multiprocessing.get_context('{method}').Pool(2) as pool:\n"
        "            print(sum(pool.map(work, range(8))))\n",
    )

    detail = runs(tmp_path)["mine"]
    values = sorted(point.value for point in store(tmp_path).metric_history(detail.run.run_id, "n"))
    assert done.stdout.strip() == "28", done.stderr
    assert values == list(range(8))
    assert detail.run.status is RunStatus.FINISHED


def test_child_that_is_forked_while_other_threads_log_does_not_hang(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "import os, sys, threading\n"
        "done = threading.Event()\n"
        "def work():\n    while not done.is_set():\n        trackbook.log_metric('a', 1)\n"
        "with trackbook.start_run('mine') as run:\n"
        "    thread = threading.Thread(target=work, daemon=True)\n"
        "    run.log_metric('a', 0)\n    trackbook.log_param('p', 1)\n"
        "    for _ in range(5):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n            trackbook.log_metric('b', 1)\n            sys.exit(0)\n"
        "        if not thread.is_alive():\n            thread.start()\n"
        "        os.waitpid(pid, 0)\n"
        "    done.set()\n    thread.join()\n",
    )

    assert (done.returncode, done.stderr) == (0, "")
    detail = runs(tmp_path)["mine"]
    assert len(store(tmp_path).metric_history(detail.run.run_id, "b")) == 5


# The object of a run


def test_run_object_takes_all_that_can_be_logged(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "with trackbook.start_run('outer') as outer:\n    with trackbook.start_run('inner'):\n"
        "        outer.log_metric('a', 1, step=3)\n        outer.log_metrics({'b': 2})\n"
        "        outer.log_param('p', 1)\n        outer.log_params({'q': [2]})\n"
        "        outer.set_tag('s', 't')\n        outer.set_tags({'u': 5, 'v': None})\n"
        "        outer.set_note('the first')\n        outer.log_artifact('script.py', 'code/script.py')\n",
    )

    outer, inner = runs(tmp_path)["outer"], runs(tmp_path)["inner"]
    assert (done.returncode, done.stderr) == (0, "")
    assert {key: (point.step, point.value) for key, point in outer.metrics.items()} == {"a": (3, 1), "b": (0, 2)}
    assert (outer.params, outer.tags, outer.run.note) == ({"p": 1, "q": [2]}, {"s": "t", "u": "5"}, "the first")
    assert [artifact.name for artifact in outer.artifacts] == ["code/script.py"]
    assert (inner.metrics, inner.params, inner.tags) == ({}, {}, {})


WRONG_OF_A_RUN = [
    "run.log_metric('a', 1, step=1.5)",
    "run.log_metric('', 1)",
    "run.log_param('a', object())",
    "run.set_tag('', 1)",
    "run.set_note(5)",
    "run.log_artifact('.')",
    "run.stop('DONE')",
    "run.stop('RUNNING')",
    "trackbook.start_run(5)",
    "trackbook.start_run('x', experiment=' ')",
]


def test_run_object_checks_what_it_is_given(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        f"run = trackbook.start_run('mine')\nfor call in {WRONG_OF_A_RUN!r}:\n"
        "    try:\n        eval(call)\n    except ValueError as error:\n        continue\n    print('taken:', call)\n"
        "run.stop()\n",
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(runs(tmp_path)) == ["mine"]


# How scripts end


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("raise SystemExit(0)", RunStatus.FINISHED),
        ("raise SystemExit(3)", RunStatus.FAILED),
        ("raise SystemExit('bad input')", RunStatus.FAILED),
        ("raise KeyboardInterrupt", RunStatus.KILLED),
        ("raise asyncio.CancelledError", RunStatus.KILLED),
    ],
)
def test_block_ends_as_what_ended_it(end: str, status: RunStatus, tmp_path: Path) -> None:
    run(tmp_path, f"import asyncio\nwith trackbook.start_run('mine'):\n    {end}\n")

    assert runs(tmp_path)["mine"].run.status is status


@pytest.mark.parametrize(
    ("end", "status", "failure"),
    [
        ("raise SystemExit(0)", RunStatus.KILLED, None),
        ("raise SystemExit(3)", RunStatus.KILLED, None),
        ("raise KeyboardInterrupt", RunStatus.KILLED, "KeyboardInterrupt"),
        ("raise ValueError('bad')", RunStatus.FAILED, "ValueError"),
    ],
)
def test_open_run_of_a_script_says_what_ended_it(
    end: str, status: RunStatus, failure: str | None, tmp_path: Path
) -> None:
    run(tmp_path, f"trackbook.start_run('mine')\n{end}\n")

    ended = runs(tmp_path)["mine"].run
    assert (ended.status, ended.failure.type if ended.failure else None) == (status, failure)


def test_logging_after_the_end_of_the_script_says_so(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "import atexit\n"
        "def late():\n    try:\n        trackbook.log_metric('a', 1)\n"
        "    except RuntimeError as error:\n        print(error)\n"
        "atexit.register(late)\nwith trackbook.start_run('mine'):\n    pass\n",
    )

    assert "has ended" in done.stdout
    assert done.stderr == ""


def test_run_of_another_store_is_no_parent_and_it_is_said(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "with trackbook.start_run('mine'):\n    trackbook.log_metric('a', 1)\n",
        TRACKBOOK_RUN_ID="0elsewhere",
    )

    mine = runs(tmp_path)["mine"]
    assert (done.returncode, mine.run.status, mine.run.parent_id) == (0, RunStatus.FINISHED, None)
    assert done.stderr.count("\n") == 1
    assert "0elsewhere" in done.stderr


def test_a_script_reads_at_once_what_it_has_logged(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "with trackbook.start_run('mine') as run:\n"
        "    trackbook.log_metric('loss', 0.5)\n    print(trackbook.get_run(run.run_id).metrics['loss'])\n",
    )

    assert (done.stdout.split(), done.stderr) == (["0.5"], "")


def test_fork_waits_for_what_is_being_imported_in_the_background(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(1)\n")
    script = (
        "import importlib.metadata, os, sys\n"
        "before = importlib.metadata.distributions\n"
        "def slowly(*given, **named):\n    import slow\n    return before(*given, **named)\n"
        "importlib.metadata.distributions = slowly\n"
    )

    done = run(tmp_path, script + FORK.replace("if pid == 0:", "if pid == 0:\n        import slow"))

    assert (done.returncode, done.stderr) == (0, "")
