"""Runs of real notebooks told apart: in a cell, in Python and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
import pytest
import trackbook
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.explained import DiffView
from trackbook.records import Execution
from trackbook.tracking.diff_outputs import Change

from .session import DATA, Notebook

FIT = "model = LogisticRegression(C=C).fit(X_train, y_train)\nscore = accuracy_score(y_test, model.predict(X_test))"
CELLS = {"data": DATA, "strength": "C = 0.1", "fit": f"{FIT}\nscore"}
Open = Callable[..., Notebook]


def play(open_notebook: Open, changes: dict[str, str] | None = None) -> str:
    """Run the notebook from its top in a session of its own, some cells changed or added; return its run's id."""
    notebook = open_notebook()
    for name, source in {**CELLS, **(changes or {})}.items():
        notebook.run(source, name)
    run_id = notebook.last_run().run.run_id
    assert notebook.faults == []
    notebook.close()
    return run_id


def told(open_notebook: Open, before: dict[str, str] | None, after: dict[str, str] | None) -> DiffView:
    """Play the notebook twice and tell the runs apart."""
    ids = play(open_notebook, before), play(open_notebook, after)
    open_notebook().run("%track")  # the store that `trackbook.diff` looks into
    return trackbook.diff(*ids)


def number(cell: Execution | None) -> int | None:
    """Return the prompt number of a cell."""
    return cell.count if cell is not None else None


def test_same_notebook_twice_differs_in_nothing(open_notebook: Open) -> None:
    noisy = {"fit": f"import time\n{FIT}\nprint(object(), f'took {{time.perf_counter() % 1:.4f}} s')\nscore"}

    found = told(open_notebook, noisy, noisy)

    assert found.is_same, repr(found)
    assert [output.change for cell in found.cells for output in cell.outputs] == [Change.NOISE, Change.SAME]


def test_edited_constant_shows_in_code_params_and_output(open_notebook: Open) -> None:
    found = told(open_notebook, None, {"strength": "C = 1e-6"})

    text = repr(found)
    assert "- C = 0.1\n+ C = 1e-06".replace("1e-06", "1e-6") in text
    assert "the same code, other outputs" in text
    assert "test.accuracy" in text
    assert "1 cell the same" in text


def test_edited_function_shows_though_its_call_is_the_same(open_notebook: Open) -> None:
    clean = "def clean(table):\n    return table.{}\nX_train = clean(X_train)"
    order = {"data": DATA, "strength": "C = 0.1"}
    one, other = ({**order, "clean": clean.format(how), "fit": FIT} for how in ("fillna(0)", "clip(-1, 1)"))

    found = told(open_notebook, {**one, "fit2": FIT}, {**other, "fit2": FIT})

    assert "+     return table.clip(-1, 1)" in repr(found)
    assert "other values" in repr(found)


def test_inserted_cell_moves_no_other(open_notebook: Open) -> None:
    scaled = {
        "data": DATA,
        "scale": "X_train, X_test = X_train / 2, X_test / 2",
        "strength": "C = 0.1",
        "fit": f"{FIT}\nscore",
    }
    first = play(open_notebook)
    notebook = open_notebook()
    for name, source in scaled.items():
        notebook.run(source, name)

    found = trackbook.diff(first, "latest")

    changed = [cell for cell in found.cells if cell.is_edited]
    assert [(number(cell.before), number(cell.after)) for cell in changed] == [(None, 3)]
    assert not any(cell.is_moved for cell in found.cells)


def test_edit_within_a_session_is_told_from_the_cells_before(nb: Notebook) -> None:
    for name, source in CELLS.items():
        nb.run(source, name)
    nb.edit("strength", "C = 5.0")
    nb.rerun("fit")

    found = trackbook.diff("latest")

    assert [cell.is_edited for cell in found.cells] == [False, True, False]
    assert found.cells[1].before is not None
    assert found.cells[1].before.source == "C = 0.1"


def test_repetition_of_a_run_is_no_cell_that_is_gone(nb: Notebook) -> None:
    for name, source in CELLS.items():
        nb.run(source, name)
    nb.rerun("fit")
    nb.edit("strength", "C = 5.0")
    nb.rerun("fit")
    nb.rerun("fit")
    first, second = (run.run.run_id for run in nb.runs())

    for pair in ((first, second), (second, first)):
        found = trackbook.diff(*pair)
        assert [cell.after is not None and cell.before is not None for cell in found.cells] == [True, True, True]


def test_magic_shows_the_two_newest_and_a_tolerance(nb: Notebook) -> None:
    for strength in ("0.1", "0.10001"):
        nb.run(f"{DATA}\nC = {strength}\n{FIT}\nprint('strength', C)", "all")

    nb.run("%track diff")
    exact = nb.last_execution().outputs[0].parts[0].text or ""
    nb.run("%track diff --tolerance 0.01")
    coarse = nb.last_execution().outputs[0].parts[0].text or ""

    assert "+ strength 0.10001" in exact
    assert "+ strength" not in coarse
    assert "1 output the same within the tolerance" in coarse


def test_magic_prints_json(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    for strength in ("0.1", "1e-6"):
        nb.run(f"{DATA}\nC = {strength}\n{FIT}", "all")
    capsys.readouterr()

    nb.run("%track diff latest --json")

    payload = json.loads(capsys.readouterr().out)
    assert [cell["change"] for cell in payload["cells"]] == ["edited"]
    assert {"key": "C", "before": 0.1, "after": 1e-6, "present": [True, True], "difference": None} in payload["params"]


def answer(*words: str) -> click.testing.Result:
    """Return what the command line answers."""
    return CliRunner().invoke(cli, list(words))


def test_command_line_tells_apart_and_exits_as_asked(open_notebook: Open) -> None:
    one, same, other = (play(open_notebook, change) for change in (None, None, {"strength": "C = 1e-6"}))

    shown = answer("diff", one, other)
    payload = json.loads(answer("diff", one, other, "--json").stdout)

    assert (shown.exit_code, "+ C = 1e-6" in shown.stdout) == (0, True)
    assert payload["same"] is False
    assert answer("diff", one, other, "--exit-code").exit_code == 1
    assert answer("diff", one, same, "--exit-code").exit_code == 0
    assert answer("diff", one, same, "--tolerance", "2").exit_code == 2
    assert answer("diff", other).stdout.splitlines()[1:] == answer("diff", same, other).stdout.splitlines()[1:]
