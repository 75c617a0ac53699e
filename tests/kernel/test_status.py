"""A run's status is true, whatever became of its cell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .session import DATA, Notebook, values

FIT = "model = LogisticRegression().fit(X_train, y_train)"


def test_error_after_the_fit_fails_the_run_with_the_error(nb: Notebook) -> None:
    nb.run(DATA)

    nb.fails(f"{FIT}\nraise RuntimeError('disk full')")

    run = nb.only_run().run
    assert run.status == "FAILED"
    assert run.failure is not None
    assert (run.failure.type, run.failure.message) == ("RuntimeError", "disk full")
    assert run.finished_at is not None


def test_error_of_the_fit_itself_fails_the_run(nb: Notebook) -> None:
    nb.run(DATA)

    nb.fails("model = LogisticRegression(C=-1).fit(X_train, y_train)")

    run = nb.only_run()
    assert run.run.status == "FAILED"
    assert run.run.failure is not None
    assert run.run.failure.type == "InvalidParameterError"
    assert run.params["C"] == -1
    assert not run.models


def test_failed_fit_that_the_cell_caught_is_failed(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run(
        "try:\n    LogisticRegression(C=-1).fit(X_train, y_train)\nexcept ValueError:\n    pass\n"
        "good = LogisticRegression(C=1).fit(X_train, y_train)"
    )

    status = {run.params["C"]: run.run.status for run in nb.runs() if run.params}
    assert status == {-1: "FAILED", 1: "FINISHED"}
    assert nb.last_execution().outcome == "ok"


def test_caught_error_elsewhere_in_the_cell_is_no_failure(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run(f"{FIT}\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass")

    assert nb.only_run().run.status == "FINISHED"


def test_error_in_a_later_cell_leaves_the_run_finished(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)

    nb.fails("model.predict('nonsense')")

    assert nb.only_run().run.status == "FINISHED"


def test_interrupt_after_the_fit_kills_the_run(nb: Notebook) -> None:
    nb.run(DATA)

    nb.fails(f"{FIT}\nraise KeyboardInterrupt")

    assert nb.only_run().run.status == "KILLED"
    assert nb.last_execution().outcome == "interrupted"


def test_interrupt_in_a_loop_kills_the_run_that_it_stopped_in(nb: Notebook) -> None:
    nb.run(DATA)

    nb.fails(
        "for C in [0.1, 1.0, 5.0]:\n"
        "    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    print(accuracy_score(y_test, model.predict(X_test)))\n"
        "    if C == 1.0:\n        raise KeyboardInterrupt"
    )

    (parent,) = nb.tops()
    assert [run.run.status for run in nb.children(parent)] == ["FINISHED", "KILLED"]
    assert parent.run.status == "KILLED"
    assert all(values(run) for run in nb.children(parent))


def test_failed_fit_tried_again_with_success_is_another_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = -1", "params")
    nb.fails("model = LogisticRegression(C=C).fit(X_train, y_train)", "fit")

    nb.edit("params", "C = 1")
    nb.rerun("fit")

    assert [run.run.status for run in nb.runs()] == ["FAILED", "FINISHED"]


def test_failure_again_is_no_repetition(nb: Notebook) -> None:
    nb.run(DATA)
    nb.fails("model = LogisticRegression(C=-1).fit(X_train, y_train)", "fit")

    nb.fails("model = LogisticRegression(C=-1).fit(X_train, y_train)", "fit")

    assert {run.run.status for run in nb.runs()} == {"FAILED"}
    assert all("repeated" not in run.tags for run in nb.runs())


def test_success_after_a_failure_outside_the_fit_is_a_finished_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.fails(f"{FIT}\nscore = accuracy_score(y_test, model.predict(X_test))\nundefined_name", "fit")

    nb.edit("fit", f"{FIT}\nscore = accuracy_score(y_test, model.predict(X_test))")

    assert "FINISHED" in {run.run.status for run in nb.runs()}
    assert all(values(run) == {"test.accuracy": nb.variables["score"]} for run in nb.runs())


# Scripts


def script(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the folder and return what it printed."""
    path = folder / "script.py"
    path.write_text(code)
    return subprocess.run(
        [sys.executable, "-W", "error", path],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_script_whose_block_ended_has_a_finished_run(nb: Notebook, folder: Path) -> None:
    done = script(
        folder,
        "import trackbook\n"
        "with trackbook.start_run('mine') as run:\n"
        "    trackbook.log_param('depth', 3)\n    trackbook.log_metric('loss', 0.5)\n    run.set_tag('k', 'v')\n",
    )

    run = nb.only_run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (run.run.name, run.run.status, run.run.experiment) == ("mine", "FINISHED", "script")
    assert (run.params, values(run), run.tags) == ({"depth": 3}, {"loss": 0.5}, {"k": "v"})


def test_script_that_raises_in_its_block_has_a_failed_run(nb: Notebook, folder: Path) -> None:
    done = script(folder, "import trackbook\nwith trackbook.start_run('mine'):\n    raise ValueError('bad')\n")

    run = nb.only_run().run
    assert "ValueError: bad" in done.stderr
    assert run.status == "FAILED"
    assert run.failure is not None
    assert run.failure.message == "bad"


def test_script_that_exits_before_its_run_was_stopped_has_no_finished_run(nb: Notebook, folder: Path) -> None:
    script(
        folder, "import trackbook, os\nrun = trackbook.start_run('mine')\nrun.log_metric('a', 1)\nraise SystemExit(3)"
    )

    run = nb.only_run()
    assert run.run.status in ("KILLED", "FAILED")
    assert values(run) == {"a": 1}


def test_script_that_raises_with_an_open_run_has_no_finished_run(nb: Notebook, folder: Path) -> None:
    script(folder, "import trackbook\nrun = trackbook.start_run('mine')\nraise ValueError('bad')")

    assert nb.only_run().run.status in ("KILLED", "FAILED")


def test_script_that_exits_inside_its_block_says_how(nb: Notebook, folder: Path) -> None:
    done = script(folder, "import trackbook, sys\nwith trackbook.start_run('zero'):\n    sys.exit(0)")
    script(folder, "import trackbook, sys\nwith trackbook.start_run('three'):\n    sys.exit(3)")

    status = {run.run.name: run.run.status for run in nb.runs()}
    assert (done.returncode, done.stderr) == (0, "")
    assert status["three"] == "FAILED"
    assert status["zero"] in ("FINISHED", "FAILED")


def test_script_killed_in_its_block_has_a_killed_run(nb: Notebook, folder: Path) -> None:
    script(
        folder,
        "import trackbook, os, signal\n"
        "with trackbook.start_run('mine'):\n"
        "    trackbook.log_param('depth', 3)\n    os.kill(os.getpid(), signal.SIGKILL)",
    )

    run = nb.only_run()
    assert (run.run.status, run.params) == ("KILLED", {"depth": 3})


# A child process


CHILD = """
import os, trackbook
trackbook.log_param('child_param', 7)
trackbook.log_metric('child_metric', 1.5)
with trackbook.start_run('nested') as run:
    trackbook.log_metric('inner', 2)
"""


def test_child_process_logs_to_the_run_of_its_parent_and_never_ends_it(nb: Notebook, folder: Path) -> None:
    (folder / "child.py").write_text(CHILD)
    nb.run("import subprocess, sys\n%track start outer")

    nb.run("subprocess.run([sys.executable, '-W', 'error', 'child.py'], check=True)")
    during = nb.tops()[0]
    nb.run("%track stop")

    (outer,) = nb.tops()
    (nested,) = nb.children(outer)
    assert during.run.status == "RUNNING"
    assert outer.run.status == "FINISHED"
    assert (outer.params["child_param"], values(outer)) == (7, {"child_metric": 1.5})
    assert (nested.run.name, nested.run.status, values(nested)) == ("nested", "FINISHED", {"inner": 2})
    assert nested.run.session_id != outer.run.session_id


def test_failing_child_does_not_fail_the_run_of_its_parent(nb: Notebook, folder: Path) -> None:
    (folder / "child.py").write_text("import trackbook\ntrackbook.log_metric('a', 1)\nraise ValueError")
    nb.run("import subprocess, sys\n%track start outer")

    nb.run("code = subprocess.run([sys.executable, 'child.py'], capture_output=True).returncode")

    assert nb.variables["code"] == 1
    assert (nb.only_run().run.status, values(nb.only_run())) == ("RUNNING", {"a": 1})


def test_child_without_a_run_of_its_parent_says_how_to_go_on(nb: Notebook, folder: Path) -> None:
    done = script(folder, "import trackbook\ntrackbook.log_metric('a', 1)")

    assert done.returncode == 1
    assert "No run is started. Start one first: with trackbook.start_run('my-run'): ..." in done.stderr


def test_two_children_append_to_one_metric(nb: Notebook, folder: Path) -> None:
    (folder / "child.py").write_text("import sys, trackbook\ntrackbook.log_metric('loss', float(sys.argv[1]))")
    nb.run("import subprocess, sys\n%track start outer")

    nb.run("for i in (1, 2):\n    subprocess.run([sys.executable, 'child.py', str(i)], check=True)")

    points = nb.history(nb.only_run(), "loss")
    assert [(point.step, point.value) for point in points] == [(0, 1.0), (1, 2.0)]
