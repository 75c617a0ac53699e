"""Widgets in a session: what is chosen with them is on record like a constant, and every settled setting is a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import trackbook
from trackbook.capture.chosen import choose
from trackbook.records import Execution, JsonValue
from trackbook.tracking.slice import slice_run
from trackbook.widgets.interact import Interaction
from trackbook.widgets.params import Params, controls_for

from .desk import Desk
from .session import DATA, Notebook, params, values

MAKE = """from trackbook.widgets import Params
p = Params(C=(0.01, 10.0, "log"), solver=["lbfgs", "liblinear"], folds=(2, 9))"""
FIT = (
    "model = LogisticRegression(C=p.C, solver=p.solver).fit(X_train, y_train)\n"
    "accuracy = accuracy_score(y_test, model.predict(X_test))"
)
TRAIN = """
import trackbook
@trackbook.interact(C=(0.01, 10.0, "log"), solver=["lbfgs", "liblinear"])
def train(C, solver):
    model = LogisticRegression(C=C, solver=solver).fit(X_train, y_train)
    print("trained")
    return accuracy_score(y_test, model.predict(X_test))
"""


@pytest.fixture
def fitted(nb: Notebook) -> Notebook:
    """A notebook with controls, and a model that was fitted with their first values."""
    nb.run(DATA)
    nb.run(MAKE, "make")
    nb.run(FIT, "fit")
    return nb


def move(notebook: Notebook, name: str, value: object) -> None:
    """Move a control of the notebook's ``p``."""
    made: Params = notebook.variables["p"]
    views = {each.description: each for each in controls_for(made).children}
    views[name].value = value


def literals(execution: Execution) -> Mapping[str, JsonValue]:
    return {name: value for each in execution.statements for name, value in each.literals.items()}


def text_of(notebook: Notebook) -> str:
    """Return the code of the last run's slice."""
    notebook.settle()
    return "\n".join(each.source for each in slice_run(notebook.store, notebook.last_run()).notebook.cells)


# Params


def test_values_that_a_cell_reads_are_params_of_its_run(fitted: Notebook) -> None:
    run = fitted.only_run()

    assert params(run, "C", "solver") == {"C": 0.3162, "solver": "lbfgs"}


def test_values_that_no_cell_reads_are_no_params(fitted: Notebook) -> None:
    run = fitted.only_run()

    assert not {"folds", "p.folds", "p.C", "p.solver"} & run.params.keys()


def test_moved_control_is_the_param_of_the_next_run(fitted: Notebook) -> None:
    move(fitted, "C", 0.02)

    fitted.rerun("fit")

    first, second = fitted.runs()
    assert (first.params["C"], second.params["C"]) == (0.3162, 0.02)
    assert second.run.verdict == "clean"


def test_move_is_on_record_as_a_cell_that_assigns(fitted: Notebook) -> None:
    move(fitted, "C", 0.02)

    fitted.rerun("fit")

    moved = fitted.executions()[-2]
    assert (moved.source, moved.writes, literals(moved)) == ("p.C = 0.02", ("p",), {"p.C": 0.02})


def test_control_that_is_moved_and_moved_back_is_not_on_record(fitted: Notebook) -> None:
    count = len(fitted.executions())
    move(fitted, "C", 0.02)
    move(fitted, "C", 0.3162)

    fitted.run("1 + 1")

    assert len(fitted.executions()) == count + 1


def test_cell_reads_what_stood_when_it_began(fitted: Notebook) -> None:
    fitted.variables["choose"] = choose

    fitted.run("choose(p, 'C', 5.0)\ninside = p.C")
    fitted.run("after = p.C")

    assert (fitted.variables["inside"], fitted.variables["after"]) == (0.3162, 5.0)


def test_data_made_with_an_earlier_value_keeps_it_as_its_param(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(MAKE)
    nb.run("part = X_train[: 20 * p.folds]")
    move(nb, "folds", 2)

    nb.run("model = LogisticRegression(C=p.C).fit(part, y_train[:len(part)])")

    assert params(nb.only_run(), "folds", "C") == {"folds": 5, "C": 0.3162}


def test_controls_that_move_before_anybody_read_them_are_on_record(nb: Notebook) -> None:
    nb.run(MAKE)
    move(nb, "C", 0.5)
    nb.run("print(p.C)")

    moved, read = nb.executions()[-2:]
    assert moved.writes == ("p",)
    assert moved.execution_id in {source.execution_id for source in read.statements[0].reads["p"]}


def test_value_that_code_assigns_is_the_param(fitted: Notebook) -> None:
    fitted.run("p.C = 4.0")
    fitted.rerun("fit")

    assert fitted.last_run().params["C"] == 4.0
    assert controls_for(fitted.variables["p"]).children[0].value == 4.0


def test_functions_that_read_controls_give_params(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(MAKE)
    nb.run("def fit():\n    return LogisticRegression(C=p.C).fit(X_train, y_train)")
    move(nb, "C", 0.5)

    nb.run("model = fit()")

    assert nb.only_run().params["C"] == 0.5


def test_why_tells_the_choice(fitted: Notebook) -> None:
    move(fitted, "C", 0.02)
    fitted.rerun("fit")

    told = str(trackbook.why("C"))
    whole = str(trackbook.why("accuracy"))

    assert "p.C = 0.02" in told
    assert "p.C = 0.02" in whole


def test_slice_has_the_choice_and_no_doubt_about_it(fitted: Notebook) -> None:
    move(fitted, "C", 0.02)
    fitted.rerun("fit")

    sliced = slice_run(fitted.store, fitted.last_run())

    assert sliced.notes == ()
    assert "p.C = 0.02\n" in text_of(fitted)


def test_choice_is_no_hidden_state_in_a_saved_notebook(desk: Desk) -> None:
    desk.work([f"data: {DATA}".replace("\n", "\\n"), f"make: {MAKE}".replace("\n", "\\n")])
    desk.work(f"fit: {FIT}".replace("\n", "\\n"))
    move(desk.notebook, "C", 0.02)
    desk.work("fit")
    move(desk.notebook, "C", 0.7)
    desk.work("fit")
    desk.save()

    verdicts = [str(run.run.verdict) for run in desk.notebook.runs()]

    assert verdicts == ["clean", "clean", "clean"]
    assert desk.stale_names() == []


def test_nothing_is_recorded_while_tracking_is_off(fitted: Notebook) -> None:
    fitted.run("%track off")
    count = len(fitted.executions())
    move(fitted, "C", 0.02)

    fitted.run("seen = p.C")

    assert (fitted.variables["seen"], len(fitted.executions())) == (0.02, count)


# interact


@pytest.fixture
def interaction(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> Interaction:
    """What ``@trackbook.interact`` has made, in a notebook whose first setting has run."""
    made: list[Interaction] = []
    show = Interaction.show_in_cell

    def shown(self: Interaction) -> None:
        made.append(self)
        show(self)

    monkeypatch.setattr(Interaction, "show_in_cell", shown)
    nb.run(DATA)
    nb.run(TRAIN)
    return made[0]


def setting(interaction: Interaction, **chosen: object) -> None:
    """Move controls of an interaction."""
    views = {each.description: each for each in interaction.widget().children[:2]}
    for name, value in chosen.items():
        views[name].value = value


def shown(interaction: Interaction) -> tuple[dict[str, Any], ...]:
    """Return the outputs that stand beneath the controls."""
    found: tuple[dict[str, Any], ...] = interaction.widget().children[2].outputs
    return found


def test_first_setting_is_a_run(nb: Notebook, interaction: Interaction) -> None:
    run = nb.only_run()

    assert params(run, "C", "solver") == {"C": 0.3162, "solver": "lbfgs"}
    assert values(run).keys() == {"test.accuracy"}
    assert nb.last_execution().source == "train(C=0.3162, solver='lbfgs')"


def test_every_setting_is_a_run_of_its_own(nb: Notebook, interaction: Interaction) -> None:
    setting(interaction, C=0.02)
    setting(interaction, solver="liblinear")

    found = [params(run, "C", "solver") for run in nb.runs()]
    assert found[1:] == [{"C": 0.02, "solver": "lbfgs"}, {"C": 0.02, "solver": "liblinear"}]


def test_setting_that_ran_last_does_not_run_twice(nb: Notebook, interaction: Interaction) -> None:
    count = len(nb.executions())

    interaction.run()

    assert len(nb.executions()) == count


def test_outputs_and_runs_stand_beneath_the_controls(nb: Notebook, interaction: Interaction) -> None:
    setting(interaction, C=0.02)

    printed, result = shown(interaction)
    assert printed == {"output_type": "stream", "name": "stdout", "text": "trained\n"}
    assert result["data"]["text/plain"] == str(values(nb.last_run())["test.accuracy"])
    assert all(run.run.name in interaction.still().text for run in nb.runs())


def test_failure_is_shown_and_on_record_and_the_next_setting_runs(nb: Notebook, interaction: Interaction) -> None:
    nb.variables["X_train"] = None
    setting(interaction, C=0.02)
    failed = nb.last_execution()
    (error,) = [each for each in shown(interaction) if each["output_type"] == "error"]
    nb.run("X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)")
    setting(interaction, C=0.03)

    assert (str(failed.outcome), error["ename"]) == ("error", failed.failure.type if failed.failure else None)
    assert str(nb.last_execution().outcome) == "ok"


def test_function_that_is_gone_is_named(nb: Notebook, interaction: Interaction) -> None:
    nb.run("train = None")
    setting(interaction, C=0.02)

    (told,) = shown(interaction)
    assert "no function 'train'" in told["text"]


def test_run_of_a_setting_and_of_a_choice_is_made_again_exactly(nb: Notebook, interaction: Interaction) -> None:
    nb.run(MAKE)
    move(nb, "solver", "liblinear")
    nb.run("print(p.solver)")
    nb.run(
        "@trackbook.interact(C=(0.01, 1.0))\n"
        "def fit(C):\n"
        "    model = LogisticRegression(C=C, solver=p.solver).fit(X_train, y_train)\n"
        "    return accuracy_score(y_test, model.predict(X_test))"
    )
    nb.settle()

    again = trackbook.reproduce("latest")

    assert params(nb.last_run(), "C", "solver") == {"C": 0.505, "solver": "liblinear"}
    assert str(again.verdict) == "exact", str(again)
    assert "widgets" not in str(again)


def test_function_that_does_not_take_a_control_is_refused(nb: Notebook) -> None:
    error = nb.fails("import trackbook\n@trackbook.interact(depth=(1, 5))\ndef train(rate):\n    pass")

    assert str(error).startswith("train can't be called with these controls: ")
