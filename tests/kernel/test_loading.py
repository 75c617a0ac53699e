"""Loading and unloading: in any order, any number of times, and without a trace."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .session import DATA, Notebook, values

Open = Callable[..., Notebook]
FIT = "model = LogisticRegression(C=0.5).fit(X_train, y_train)"
TEST = "score = accuracy_score(y_test, model.predict(X_test))"


def test_libraries_imported_before_loading_make_no_difference(open_notebook: Open) -> None:
    nb = open_notebook(load=False)
    nb.run(DATA)
    nb.run("%load_ext trackbook")

    nb.run(FIT)
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_model_fitted_before_loading_is_judged_all_the_same(open_notebook: Open) -> None:
    nb = open_notebook(load=False)
    nb.run(DATA)
    nb.run(FIT)
    nb.run("%load_ext trackbook")

    nb.run(TEST)

    assert list(values(nb.only_run()).values()) == [nb.variables["score"]]


@pytest.mark.parametrize("first", ["import", "load"])
def test_order_of_loading_and_importing_makes_no_difference(folder: Path, first: str) -> None:
    cells = ["%load_ext trackbook", DATA]
    program = [
        "import warnings; warnings.simplefilter('error')",
        "from IPython.core.history import HistoryManager; HistoryManager.enabled = False",
        "from IPython.core.interactiveshell import InteractiveShell",
        "shell = InteractiveShell.instance()",
        f"cells = {cells if first == 'load' else cells[::-1]!r} + [{FIT!r}, {TEST!r}]",
        "for cell in cells: shell.run_cell(cell, store_history=True).raise_error()",
        "import trackbook; run = trackbook.get_run('latest')",
        "print(run.params['C'], dict(run.metrics) == {'test.accuracy': shell.user_ns['score']}, len(run.datasets))",
        "print(shell._trackbook.guard.faults)",
    ]

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(program)], capture_output=True, text=True, timeout=120, cwd=folder
    )

    assert done.stdout.splitlines()[-2:] == ["0.5 True 4", "[]"], done.stdout + done.stderr


def test_cell_that_only_loads_waits_for_nothing_that_is_heavy(folder: Path) -> None:
    program = [
        "import sys",
        "from IPython.core.history import HistoryManager; HistoryManager.enabled = False",
        "from IPython.core.interactiveshell import InteractiveShell",
        "shell = InteractiveShell.instance()",
        "heavy = ['sqlalchemy', 'click', 'trackbook.tracking.recorder', 'trackbook.capture.cell']",
        "look = lambda *_: print('loaded:', [name for name in heavy if name in sys.modules])",
        "shell.events.register('post_run_cell', look)",  # before ours, which begins to load
        "shell.run_cell('%load_ext trackbook', store_history=True)",
        "shell.events.unregister('post_run_cell', look)",
        "shell.run_cell('x = 1', store_history=True)",
        "print([each.source for each in shell._trackbook.keeper.store.executions()])",
    ]

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(program)], capture_output=True, text=True, timeout=120, cwd=folder
    )

    assert done.stdout.splitlines() == ["loaded: []", "['%load_ext trackbook', 'x = 1']"], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "is_in_background"),
    [
        ("%load_ext trackbook", True),
        ("# track this\n\n%load_ext trackbook", True),
        ("%reload_ext trackbook", True),
        ("%load_ext trackbook\nx = 1", False),
        ("%load_ext trackbook\n%time x = 1", False),
        ("x = 1\n%load_ext trackbook", False),
    ],
)
def test_only_a_cell_that_does_more_waits_for_the_recorder(
    open_notebook: Open, source: str, is_in_background: bool
) -> None:
    nb = open_notebook(load=False)
    seen: list[bool] = []
    nb.shell.events.register("post_run_cell", lambda _: seen.append(nb.shell._trackbook._recording is None))

    nb.run(source)

    assert seen[0] is is_in_background
    nb.run("y = 2")
    assert [execution.source for execution in nb.executions()] == [source, "y = 2"]


def test_when_loading_fails_cells_run_and_the_reason_is_told(
    open_notebook: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nb = open_notebook(load=False)
    monkeypatch.setattr("trackbook.magics.recording.Recording", None)
    nb.shell.run_cell("%load_ext trackbook", store_history=True)

    nb.run("x = 1")
    error = nb.fails("%track runs")

    assert nb.variables["x"] == 1
    assert "Trackbook could not be loaded" in str(error)
    assert capsys.readouterr().err.count("Trackbook could not record something") == 1
    nb.shell._trackbook.guard.faults.clear()


def test_loading_twice_is_once(nb: Notebook) -> None:
    nb.run("%load_ext trackbook")
    nb.run("import trackbook\ntrackbook.load_ipython_extension(get_ipython())")

    nb.run("x = 1")

    assert [execution.source for execution in nb.executions()].count("x = 1") == 1
    assert len({execution.session_id for execution in nb.executions()}) == 1


def test_reloading_begins_another_session_and_goes_on(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%reload_ext trackbook")

    nb.run(FIT)
    nb.run(TEST)

    assert values(nb.only_run()) == {"test.accuracy": nb.variables["score"]}
    assert len({execution.session_id for execution in nb.executions()}) == 2


def test_nothing_holds_what_recorded_once_it_is_unloaded(nb: Notebook) -> None:
    nb.run("x = 1")
    recorder = weakref.ref(nb.shell._trackbook.recorder)  # type: ignore[attr-defined]  # put there by us

    nb.run("%unload_ext trackbook")
    gc.collect()

    assert recorder() is None


def test_unloaded_records_nothing(nb: Notebook) -> None:
    nb.run("x = 1")
    nb.run("%unload_ext trackbook")

    nb.run("y = 2")

    assert [execution.source for execution in nb.executions()] == [
        "%load_ext trackbook", "x = 1", "%unload_ext trackbook"
    ]  # fmt: skip


def test_unloading_and_fitting_in_one_cell_breaks_nothing(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run(f"{FIT}\n%unload_ext trackbook\n{TEST}")

    assert nb.only_run().params["C"] == 0.5


# Without a trace


def traces(shell: Any) -> dict[str, Any]:
    """Return whatever loading could leave behind."""
    gc.collect()
    events = {name: len(callbacks) for name, callbacks in shell.events.callbacks.items()}
    functions = {id(item): item.__code__ for item in gc.get_objects() if _is_of_a_library(item)}
    return {
        "finders": list(sys.meta_path),
        "codes": functions,
        "line magics": set(shell.magics_manager.magics["line"]),
        "cell magics": set(shell.magics_manager.magics["cell"]),
        "callbacks": events,
        "completers": set(shell.strdispatchers["complete_command"].strs) if "complete_command" in shell.strdispatchers
        else set(),
        "attributes": set(vars(shell)),
        "names": set(shell.user_ns),
        "threads": {thread.name for thread in threading.enumerate()},
        "environment": dict(os.environ),
        "transformers": (len(shell.ast_transformers), len(shell.input_transformers_post)),
        "display": (sys.stdout, sys.displayhook, sys.excepthook, shell.showtraceback),
    }  # fmt: skip


def _is_of_a_library(item: object) -> bool:
    return isinstance(item, types.FunctionType) and str(item.__module__).startswith(
        ("sklearn", "pandas", "numpy", "joblib", "pathlib", "IPython.core.interactiveshell")
    )


def test_unloading_leaves_nothing_behind(open_notebook: Open) -> None:
    nb = open_notebook(load=False)
    nb.run(DATA)
    nb.run(FIT)
    nb.run(TEST)
    nb.run("import joblib")
    before = traces(nb.shell)
    nb.shell.run_line_magic("load_ext", "trackbook")
    nb.run(FIT)
    nb.run(TEST)
    nb.run("from sklearn.cluster import KMeans\nimport trackbook\n%track start mine\n%track metric a=1")
    nb.run("del KMeans, trackbook")

    nb.shell.run_line_magic("unload_ext", "trackbook")

    after = traces(nb.shell)
    codes, codes_after = before["codes"], after["codes"]
    assert not [key for key in codes.keys() & codes_after.keys() if codes[key] is not codes_after[key]]
    for what in before.keys() - {"codes", "names"}:
        assert after[what] == before[what], what
    assert {name for name in after["names"] - before["names"] if not name.startswith("_")} == set()


def test_nothing_of_trackbook_is_among_the_names(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run("x = 1")
    capsys.readouterr()

    nb.run("%who")

    assert capsys.readouterr().out.split() == ["x"]


def test_watched_functions_look_as_ever(nb: Notebook) -> None:
    import inspect
    import pickle

    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score

    nb.run(DATA)
    nb.run(FIT)

    assert nb.variables["accuracy_score"] is accuracy_score
    assert pickle.loads(pickle.dumps(accuracy_score)) is accuracy_score
    assert list(inspect.signature(LogisticRegression.fit).parameters) == ["self", "X", "y", "sample_weight"]
    assert "accuracy_score" in inspect.getsource(accuracy_score)


# On and off


def test_switched_off_records_nothing_until_it_is_on(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track off")
    nb.run("hidden = LogisticRegression(C=0.1).fit(X_train, y_train)")
    nb.run("%track on")
    nb.run("shown = LogisticRegression(C=0.2).fit(X_train, y_train)")

    assert [run.params["C"] for run in nb.runs()] == [0.2]
    sources = [execution.source for execution in nb.executions()]
    assert not [source for source in sources if source.startswith("hidden")]


def test_model_fitted_while_off_is_not_taken_for_another(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.1).fit(X_train, y_train)")
    nb.run("%track off")
    nb.run("model = LogisticRegression(C=9.0).fit(X_train, y_train)")
    nb.run("%track on")

    nb.run(TEST)

    seen = next(run for run in nb.runs() if run.params.get("C") == 0.1)
    assert not seen.metrics


def test_values_made_while_off_are_not_explained_by_older_cells(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.1")
    nb.run("%track off")
    nb.run("C = 9.0")
    nb.run("%track on")

    nb.run("model = LogisticRegression(C=C).fit(X_train, y_train)")

    run = nb.only_run()
    assert run.params["C"] == 9.0
    assert 0.1 not in run.params.values()


# Faults


def test_fault_of_trackbook_never_breaks_a_cell(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("our own fault")

    recorder = nb.shell._trackbook.recorder
    recorder.begin_cell = broken
    nb.run("x = 1")
    nb.run("y = 2")
    del recorder.begin_cell
    nb.run("z = 3")
    shown = capsys.readouterr().err

    nb.run("%track --faults")

    assert shown.count("Trackbook could not record something (RuntimeError: our own fault)") == 1
    assert "our own fault" in capsys.readouterr().out
    assert nb.executions()[-2].source == "z = 3"
    nb.shell._trackbook.guard.faults.clear()


def test_store_that_can_not_be_written_keeps_cells_running(open_notebook: Open, folder: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    (folder / "store").write_text("not a folder")
    nb = open_notebook()

    nb.run("x = 1")
    nb.run("y = 2")

    shown = capsys.readouterr().err
    assert shown.count("Trackbook") == 1
    assert nb.variables["y"] == 2
    (folder / "store").unlink()
    nb.run("z = 3")
    assert [execution.source for execution in nb.executions()][1:] == ["x = 1", "y = 2", "z = 3"]


def test_hooks_have_the_builtins_that_ipython_has_python_look_up_anew_with_each_cell(
    open_notebook: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trackbook.tracking.recorder as hooks
    from trackbook.magics import builtin_names

    monkeypatch.delitem(vars(hooks), "frozenset", raising=False)
    monkeypatch.setattr(builtin_names, "_had", 0)  # as if no module had been seen to yet

    nb = open_notebook()
    nb.run("x = 1")

    assert vars(hooks)["frozenset"] is frozenset
    assert "open" not in vars(hooks)
    assert "frozenset" not in vars(sys.modules["trackbook"])
