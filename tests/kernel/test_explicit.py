"""Runs that a person starts: around what happens, inside of it, inside of each other."""

from __future__ import annotations

import os
import sys
import types

import pytest
import trackbook
from trackbook.records import RunStatus

from .session import DATA, Notebook, values

FIT = "model = LogisticRegression(C=C).fit(X_train, y_train)"
TEST = "accuracy_score(y_test, model.predict(X_test))"


def test_what_happens_between_start_and_stop_belongs_to_the_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track start baseline")
    nb.run("C = 0.5")
    nb.run(FIT)
    nb.run(TEST)
    nb.run("%track stop")

    run = nb.only_run()
    assert run.run.name == "baseline"
    assert run.run.status == "FINISHED"
    assert run.params["C"] == 0.5
    assert [model.name for model in run.models] == ["model"]
    assert values(run).keys() == {"test.accuracy"}
    assert {use.role for use in run.datasets} == {"train", "test"}


def test_started_run_is_running_until_it_is_stopped(nb: Notebook) -> None:
    nb.run("%track start long")
    running = nb.only_run().run

    nb.run("%track stop")

    assert (running.status, running.finished_at) == ("RUNNING", None)
    assert nb.only_run().run.finished_at is not None


def test_two_fits_in_a_started_run_stay_in_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track start both")
    nb.run("weak = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("strong = LogisticRegression(C=9.0).fit(X_train, y_train)")
    nb.run("weak_score = weak.score(X_test, y_test)\nstrong_score = strong.score(X_test, y_test)")
    nb.run("%track stop")

    run = nb.only_run()
    assert {model.name for model in run.models} == {"weak", "strong"}
    assert sorted(values(run).values()) == sorted([nb.variables["weak_score"], nb.variables["strong_score"]])


def test_after_stop_the_next_fit_is_a_run_of_its_own(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track start mine\nmodel = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run("%track stop")

    nb.run("model = LogisticRegression(C=0.6).fit(X_train, y_train)")
    nb.run(TEST)

    mine, after = nb.runs()
    assert not mine.metrics
    assert values(after).keys() == {"test.accuracy"}
    assert after.run.parent_id is None


def test_metric_after_stop_of_a_model_of_the_run_goes_to_that_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track start mine\nmodel = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run("%track stop")

    nb.run(TEST)

    assert values(nb.only_run()).keys() == {"test.accuracy"}


def test_start_again_ends_the_run_before(nb: Notebook) -> None:
    nb.run("%track start one", "start")

    nb.rerun("start")

    first, second = nb.runs()
    assert (first.run.status, second.run.status) == ("FINISHED", "RUNNING")
    assert second.run.parent_id is None


def test_stop_without_start_says_how_to_go_on(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.fails("%track stop")

    shown = capsys.readouterr()
    assert "No run is started here. Start one with %track start NAME." in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


@pytest.mark.parametrize("status", ["failed", "killed", "finished"])
def test_stop_says_how_the_run_ended(nb: Notebook, status: str) -> None:
    nb.run("%track start it")

    nb.run(f"%track stop --status {status}")

    assert nb.only_run().run.status == status.upper()


def test_error_in_a_cell_does_not_end_the_started_run(nb: Notebook) -> None:
    nb.run("%track start it")

    nb.fails("1 / 0")

    assert nb.only_run().run.status == "RUNNING"


def test_unloading_ends_the_started_run(nb: Notebook) -> None:
    nb.run("%track start it")

    nb.run("%unload_ext trackbook")

    assert nb.only_run().run.status == "FINISHED"


# with trackbook.start_run()


def test_with_block_in_a_cell_is_a_run(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run(
        "with trackbook.start_run('mine', tags={'owner': 'ana'}) as run:\n"
        "    C = 0.5\n"
        f"    {FIT}\n"
        f"    score = {TEST}\n"
        "    trackbook.log_metric('extra', 3)\n"
        "    trackbook.log_param('note', 'x')"
    )

    run = nb.only_run()
    assert (run.run.name, run.run.status) == ("mine", "FINISHED")
    assert (run.params["C"], run.params["note"]) == (0.5, "x")
    assert values(run) == {"test.accuracy": nb.variables["score"], "extra": 3}
    assert run.tags["owner"] == "ana"
    assert len(run.models) == 1


def test_failing_with_block_is_failed_with_its_error(nb: Notebook) -> None:
    nb.run("import trackbook")

    nb.fails("with trackbook.start_run('mine'):\n    raise ValueError('too small')")

    run = nb.only_run().run
    assert run.status == "FAILED"
    assert run.failure is not None
    assert (run.failure.type, run.failure.message) == ("ValueError", "too small")


def test_interrupted_with_block_is_killed(nb: Notebook) -> None:
    nb.run("import trackbook")

    nb.fails("with trackbook.start_run('mine'):\n    raise KeyboardInterrupt")

    assert nb.only_run().run.status == "KILLED"


def test_runs_nest(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run(
        "with trackbook.start_run('outer') as outer:\n"
        "    with trackbook.start_run('inner') as inner:\n"
        "        inside = LogisticRegression(C=0.5).fit(X_train, y_train)\n"
        "        trackbook.log_metric('depth', 2)\n"
        "    trackbook.log_metric('depth', 1)\n"
        "    outside = LogisticRegression(C=0.6).fit(X_train, y_train)"
    )

    outer, inner = nb.runs()
    assert (outer.run.name, inner.run.name) == ("outer", "inner")
    assert inner.run.parent_id == outer.run.run_id
    assert (values(outer), values(inner)) == ({"depth": 1}, {"depth": 2})
    assert [run.models[0].name for run in (outer, inner)] == ["outside", "inside"]


def test_error_inside_ends_inner_and_outer_as_failed(nb: Notebook) -> None:
    nb.run("import trackbook")

    nb.fails("with trackbook.start_run('outer'):\n    with trackbook.start_run('inner'):\n        1 / 0")

    assert [run.run.status for run in nb.runs()] == ["FAILED", "FAILED"]


def test_error_caught_between_fails_the_inner_run_only(nb: Notebook) -> None:
    nb.run("import trackbook")

    nb.run(
        "with trackbook.start_run('outer'):\n"
        "    try:\n"
        "        with trackbook.start_run('inner'):\n"
        "            1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        pass"
    )

    assert [run.run.status for run in nb.runs()] == ["FINISHED", "FAILED"]


def test_with_block_inside_a_started_run_is_its_child(nb: Notebook) -> None:
    nb.run("import trackbook\n%track start outer")
    nb.run("with trackbook.start_run('inner'):\n    pass")
    nb.run("%track stop")

    outer, inner = nb.runs()
    assert inner.run.parent_id == outer.run.run_id
    assert outer.run.status == inner.run.status == "FINISHED"


def test_runs_in_a_loop_of_one_cell_are_apart(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run(f"for C in (0.0005, 9.0):\n    with trackbook.start_run(f'C-{{C}}'):\n        {FIT}\n        {TEST}")

    weak, strong = nb.tops()
    assert (weak.run.name, strong.run.name) == ("C-0.0005", "C-9.0")
    assert (weak.params["C"], strong.params["C"]) == (0.0005, 9.0)
    assert values(weak) != values(strong)


def test_same_run_cell_again_is_another_run(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook\nC = 1.0")
    nb.run(f"with trackbook.start_run('mine'):\n    {FIT}", "cell")

    nb.rerun("cell")

    assert [run.run.name for run in nb.runs()] == ["mine", "mine"]


def test_fit_outside_after_the_same_fit_inside_a_run_is_its_own(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook\nC = 1.0")
    nb.run(f"with trackbook.start_run('mine'):\n    {FIT}")

    nb.run(FIT)
    nb.run(TEST)

    mine, own = nb.runs()
    assert not mine.metrics
    assert values(own).keys() == {"test.accuracy"}


def test_run_object_logs_after_the_cell(nb: Notebook) -> None:
    nb.run("import trackbook\nrun = trackbook.start_run('mine')")
    nb.run("run.log_metric('a', 1)\nrun.log_metrics({'b': 2.5})\nrun.log_params({'p': [1, 2]})\nrun.set_tag('t', 'x')")
    nb.run("run.stop()")

    run = nb.only_run()
    assert (values(run), run.params["p"], run.tags["t"]) == ({"a": 1, "b": 2.5}, [1, 2], "x")
    assert run.run.status == RunStatus.FINISHED


def test_run_starts_while_another_thread_imports_asyncio(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncio", types.ModuleType("asyncio"))  # as it is in mid-import

    trackbook.start_run("mine").stop()

    assert nb.only_run().run.status == "FINISHED"


# %%track


def test_cell_magic_makes_its_cell_a_run(nb: Notebook) -> None:
    nb.run(DATA)

    value = nb.run(f"%%track mine\nC = 0.5\n{FIT}\n{TEST}")

    run = nb.only_run()
    assert (run.run.name, run.run.status, run.params["C"]) == ("mine", "FINISHED", 0.5)
    assert values(run) == {"test.accuracy": value}
    assert "model" in nb.variables


def test_cell_magic_of_a_failing_cell_is_failed(nb: Notebook) -> None:
    error = nb.fails("%%track mine\n{}['missing']")

    run = nb.only_run().run
    assert isinstance(error, KeyError)
    assert run.status == "FAILED"
    assert run.failure is not None
    assert run.failure.type == "KeyError"
    assert nb.last_execution().outcome == "error"


def test_cell_magic_without_a_name_makes_one_up(nb: Notebook) -> None:
    nb.run("%%track\nx = 1")

    assert nb.only_run().run.name


# The identity of the environment


def test_started_run_is_announced_to_children_only_while_it_runs(nb: Notebook) -> None:
    nb.run("%track start mine")
    during = os.environ.get("TRACKBOOK_RUN_ID")

    nb.run("%track stop")

    assert during == nb.only_run().run.run_id
    assert "TRACKBOOK_RUN_ID" not in os.environ


def test_inner_run_gives_the_announcement_back(nb: Notebook) -> None:
    nb.run("import trackbook\n%track start outer")
    outer = os.environ["TRACKBOOK_RUN_ID"]

    nb.run("with trackbook.start_run('inner'):\n    import os; inner = os.environ['TRACKBOOK_RUN_ID']")

    assert nb.variables["inner"] != outer
    assert os.environ["TRACKBOOK_RUN_ID"] == outer


# Two kernels, one experiment


def test_two_sessions_of_one_experiment_share_it(nb: Notebook, open_notebook: object) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.close()

    other = open_notebook()  # type: ignore[operator]  # the fixture's function
    other.run(DATA)
    other.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)")

    one, two = other.runs()
    assert one.run.experiment == two.run.experiment
    assert one.run.session_id != two.run.session_id


def test_python_finds_the_notebooks_runs(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run(TEST)

    frame = trackbook.runs()

    assert frame["params.C"].tolist() == [0.5]
    assert frame["metrics.test.accuracy"].tolist() == list(values(nb.only_run()).values())
    assert trackbook.get_run("latest").metrics["accuracy"] == values(nb.only_run())["test.accuracy"]


def test_started_run_is_made_of_the_cells_that_ran_in_it(nb: Notebook) -> None:
    nb.run("import trackbook\nrate = 0.5\nunused = 3")

    nb.run("%%track alone\ntwice = rate * 2\ntrackbook.log_metric('a', twice)")
    nb.run("%track start long")
    nb.run("z = 1")
    nb.run("%track stop")
    nb.run("z = 2")

    alone, long = nb.runs()
    assert dict(alone.params) == {"rate": 0.5}
    sources = {execution.execution_id: execution.source for execution in nb.executions()}
    assert [sources[each] for each in alone.execution_ids] == [
        "%%track alone\ntwice = rate * 2\ntrackbook.log_metric('a', twice)"
    ]
    assert [sources[each] for each in long.execution_ids] == ["%track start long", "z = 1", "%track stop"]
