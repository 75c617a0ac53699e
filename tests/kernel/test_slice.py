"""Slices of notebooks as people write them: what is in them, and that they make the very numbers again."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest
import trackbook
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import RunDetail
from trackbook.store import open_store
from trackbook.tracking.slice import Slice

from tests.forks import forks

from .desk import Desk
from .session import Notebook, values

IMPORTS = """
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
"""
FIT = "model = Ridge(alpha=alpha).fit(x[:, None], y)\nr2 = r2_score(y, model.predict(x[:, None]))"
DATA = "x = np.linspace(0, 3, 40)\ny = np.sin(x)"
Remake = Callable[[RunDetail], dict[str, float | int]]


def code(found: Slice) -> list[str]:
    """Return the lines of a slice's code cells."""
    return [line for cell in found.notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()]


def params_cell(found: Slice) -> str | None:
    """Return the text of the cell tagged ``parameters``."""
    cells = [cell.source for cell in found.notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    return cells[0] if cells else None


@pytest.fixture
def remake(folder: Path, monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]) -> Remake:
    """Run a run's slice in an empty namespace and folder, and return the metrics that it made.

    What lay in the test's folder before the notebook wrote into it lies there as well.
    """
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def run_slice(run: RunDetail) -> dict[str, float | int]:
        found = trackbook.slice(run.run.run_id)
        nbformat.validate(found.notebook)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        for name in [*before, *(each.path for each in found.files)]:
            source = folder / name
            if source.is_file() and not (elsewhere / source.name).exists():
                shutil.copy(source, elsewhere)
        monkeypatch.chdir(elsewhere)
        monkeypatch.setenv("TRACKBOOK_STORE", str(elsewhere / "store"))
        notebook = open_notebook(name="slice")
        notebook.folder = elsewhere
        for cell in found.notebook.cells:
            if cell.cell_type == "code" and cell.source != "%load_ext trackbook":
                notebook.run(cell.source, cell.id)
        metrics: dict[str, float | int] = {}
        for made in notebook.runs():
            metrics |= values(made)
        return metrics

    return run_slice


def run_cells(nb: Notebook, *cells: str) -> RunDetail:
    """Run cells and return the newest run."""
    for cell in cells:
        nb.run(cell)
    return nb.last_run()


# What is in it


def test_slice_holds_what_flowed_into_the_metrics_and_nothing_else(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        IMPORTS,
        "alpha = 0.5\nunused = 3",
        f"{DATA}\nprint(x[:3])\nother = np.ones(3)",
        "table = pd.DataFrame({'x': x})\ntable.describe()",
        FIT,
        "mean_absolute_error(other, other)",
    )
    run = nb.runs()[0]

    found = trackbook.slice(run.run.run_id)

    assert code(found) == [
        "alpha = 0.5",
        "import numpy as np",
        "from sklearn.linear_model import Ridge",
        "from sklearn.metrics import r2_score",
        "x = np.linspace(0, 3, 40)",
        "y = np.sin(x)",
        *FIT.splitlines(),
    ]
    assert params_cell(found) == "alpha = 0.5"
    assert remake(run) == values(run)


def test_slice_has_the_code_of_then_in_the_order_of_then(desk: Desk, remake: Remake) -> None:
    desk.work([
        f"i: {IMPORTS.strip()}".replace("\n", "\\n"),
        "a: alpha = 0.5",
        f"d: {DATA}".replace("\n", "\\n"),
        f"f: {FIT}".replace("\n", "\\n"),
    ])  # fmt: skip
    desk.work(["edit a: alpha = 99", "edit d: x = np.ones(3)", "delete f"])
    run = desk.notebook.only_run()

    assert params_cell(trackbook.slice(run.run.run_id)) == "alpha = 0.5"
    assert remake(run) == values(run)


def test_cell_that_ran_three_times_is_there_as_often_as_it_flowed_in(nb: Notebook, remake: Remake) -> None:
    nb.run(f"{IMPORTS}\n{DATA}\nalpha = 1")
    nb.run("alpha += 2", "more")
    nb.rerun("more")
    nb.run("y = y * 1.0", "same")
    run = run_cells(nb, FIT)

    found = trackbook.slice(run.run.run_id)

    assert code(found).count("alpha += 2") == 2
    assert found.params == {}
    assert remake(run) == values(run)


def test_only_the_statements_of_a_failed_cell_that_ran_count(nb: Notebook, remake: Remake) -> None:
    nb.run(f"{IMPORTS}\n{DATA}")
    nb.fails("alpha = 2.0\ny = y + 1\nlost + 1\nalpha = 50.0\ny = y * 0")
    run = run_cells(nb, FIT)

    found = trackbook.slice(run.run.run_id)

    assert "alpha = 2.0" in code(found)
    assert "alpha = 50.0" not in code(found)
    assert remake(run) == values(run)


def test_loop_that_failed_half_way_is_caught_where_it_failed(nb: Notebook, remake: Remake) -> None:
    nb.run(f"{IMPORTS}\nalpha = 1.0\nrows = []")
    nb.fails("for i in range(50):\n    rows.append(i * 1.5 + i % 4)\n    if i == 22:\n        raise ValueError('full')")
    run = run_cells(nb, "y = np.array(rows)\nx = np.arange(len(y)) * 1.0", FIT)

    found = trackbook.slice(run.run.run_id)

    assert "except ValueError:" in code(found)
    assert any("ended with ValueError" in note for note in found.notes)
    assert remake(run) == values(run)


# What is global


def test_seed_and_every_draw_since_stay_together(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nnp.random.seed(3)",
        "lost = np.random.rand(7)",
        "alpha = 1.0",
        "np.random.seed(4)\nskipped = np.random.rand(5)",
        "x = np.random.rand(30)\ny = np.random.rand(30)",
        FIT,
    )

    found = trackbook.slice(run.run.run_id)

    assert "skipped = np.random.rand(5)" in code(found)
    assert "lost = np.random.rand(7)" not in code(found)
    assert remake(run) == values(run)


def test_estimators_that_draw_between_count_as_draws(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nfrom sklearn.ensemble import RandomForestRegressor",
        f"{DATA}\nalpha = 1.0\nnp.random.seed(8)",
        "other = RandomForestRegressor(3).fit(x[:, None], y)",
        "x = x + np.random.rand(40)",
        FIT,
    )

    assert any("other = RandomForest" in line for line in code(trackbook.slice(run.run.run_id)))
    assert remake(run) == values(run)


def test_function_that_seeds_and_sets_options_counts(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nimport os, random, warnings",
        "def setup(n):\n    random.seed(n)\n    np.random.seed(n)\n    os.environ['SCALE'] = '3'",
        "setup(5)\nwarnings.filterwarnings('ignore')",
        "x = np.random.rand(30) * float(os.getenv('SCALE'))\ny = x ** 2\nalpha = random.random()",
        FIT,
    )

    lines = code(trackbook.slice(run.run.run_id))

    assert "setup(5)" in lines
    assert "warnings.filterwarnings('ignore')" in lines
    assert remake(run) == values(run)


def test_settings_of_plots_go_with_the_plots(nb: Notebook) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nimport matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 50",
        f"alpha = 1.0\n{DATA}",
        "plt.close('all')",
        FIT,
    )

    assert not any("plt" in line for line in code(trackbook.slice(run.run.run_id)))


def test_patched_library_stays_patched(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nclass Settings: factor = 1.0",
        "Settings.factor = 4.0",
        "from types import SimpleNamespace\nnp.trackbook_test = SimpleNamespace(shift=2.0)",
        "x = np.linspace(0, 3, 40) * Settings.factor + np.trackbook_test.shift\ny = np.cos(x)\nalpha = 0.1",
        FIT,
    )

    try:
        assert remake(run) == values(run)
    finally:
        import numpy

        del numpy.trackbook_test  # type: ignore[attr-defined]  # what the notebook has patched in


# What changes without being named


def test_changes_through_other_names_in_the_same_cell_count(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        IMPORTS,
        "x = np.arange(40.0)\nview = x[10:]\nview *= 2\nfor part in (x, view):\n    part[0] = 7\ny = x.copy()",
        "alpha = 1.0",
        "y[3] = 100\ncopied = y.copy()\ncopied[:] = 0",
        FIT,
    )

    assert "copied[:] = 0" not in code(trackbook.slice(run.run.run_id))
    assert remake(run) == values(run)


@pytest.mark.parametrize(
    "cells",
    [
        ["def rows():\n    for i in range(6):\n        yield np.arange(5.0) + i\ng = rows()", "first = next(g)",
         "x = np.concatenate(list(g))\ny = np.sqrt(x)"],
        ["g = iter(range(40))\nnext(g)\nfor skipped in g:\n    break\nx = np.array([*g]) * 1.0\ny = np.sqrt(x)"],
        ["def count():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up",
         "c = count()\nc(); c()", "c()", "x = np.arange(40.0) * c()\ny = np.sqrt(x)"],
        ["rng = np.random.default_rng(0)\nrng.normal(size=3)\nx = rng.normal(size=40)", "rng.integers(3)",
         "y = rng.normal(size=40)"],
        ["def prep(v): return v * SCALE", "SCALE = 3.0\nx = prep(np.arange(40.0))\ny = np.sqrt(x)"],
        ["best = 0\ndef note(v):\n    global best\n    best = v", "note(3)",
         "x = np.arange(40.0) * best\ny = np.sqrt(x)"],
        ["f = lambda v: v + K\ntable = {'f': f}", "K = 2.0", "x = table['f'](np.arange(40.0))\ny = np.sqrt(x)"],
        ["frame = pd.DataFrame({'a': np.arange(40.0)})\ncut = 3.0", "part = frame.query('a > @cut')",
         "x = part['a'].to_numpy()\ny = np.sqrt(x)"],
        ["exec('scale = 2.0')", "x = np.arange(40.0) * scale\ny = np.sqrt(x)"],
        ["from numpy import *", "x = linspace(0, 1, 40)\ny = sqrt(x)"],
        ["try:\n    LIMIT\nexcept NameError:\n    LIMIT = 40.0", "x = np.arange(LIMIT)\ny = np.sqrt(x)"],
        ["data = np.arange(40.0)\nx = data * 1", "del data", "try:\n    n = len(data)\nexcept NameError:\n    n = 2",
         "y = x ** n"],
        ["%%capture shown\nx = np.arange(40.0)\nprint(1)", "%time y = np.sqrt(x)"],
        ["x = np.arange(40.0)\nx.sum()", "y = x + _"],
        ["import sys, os\nos.makedirs('lib')\nwith open('lib/trackbook_gain.py', 'w') as fh:\n    fh.write('G = 2')",
         "sys.path.insert(0, 'lib')", "import trackbook_gain\ntrackbook_gain.G = 4.0",
         "x = np.arange(40.0) * trackbook_gain.G\ny = np.sqrt(x)\nsys.path.remove('lib')",
         "del sys.modules['trackbook_gain']"],
        ["x = np.arange(40.0)\nboth = [x, x * 2]", "for each in both:\n    each += 1\nx = x * 3\ny = np.sqrt(x)"],
        ["x = np.arange(40.0)\nboth = [x, x * 2]", "any(map(lambda v: v.sort(), both))\nx = x + 3\ny = np.sqrt(x)"],
        ["x = np.arange(40.0)\nheld = {'x': x}", "held['x'][:] = 2\nx = x + np.arange(40)\ny = np.sqrt(x)"],
        ["import asyncio\nx = await asyncio.sleep(0, np.arange(40.0))\ny = np.sqrt(x)"],
    ],
    ids=["generator", "iterator", "closure", "rng", "late global", "global", "lambda", "query", "exec", "star", "try",
         "del", "magics", "shown", "module", "aliases", "mapped", "held", "await"],
)  # fmt: skip
def test_slice_makes_the_same_numbers(nb: Notebook, remake: Remake, cells: list[str]) -> None:
    run = run_cells(nb, f"{IMPORTS}\nalpha = 0.5", *cells, FIT)

    assert remake(run) == values(run)


# Files


def test_file_that_a_cell_wrote_is_made_again_and_not_asked_for(nb: Notebook, remake: Remake) -> None:
    run = run_cells(
        nb,
        f"{IMPORTS}\nalpha = 0.5\nOUT = 'made.csv'",
        "pd.DataFrame({'x': np.arange(30.0)}).to_csv(OUT)",
        "pd.DataFrame({'x': np.arange(3.0)}).to_csv('other.csv')",
        "x = pd.read_csv(OUT)['x'].to_numpy()\ny = np.sqrt(x)",
        FIT,
    )

    found = trackbook.slice(run.run.run_id)

    assert found.files == ()
    assert not any("other.csv" in line for line in code(found))
    assert remake(run) == values(run)


def test_data_is_told_and_checked_by_its_hash(desk: Desk, folder: Path, remake: Remake) -> None:
    (folder / "in.csv").write_text("x\n" + "\n".join(map(str, range(30))))
    nb = desk.notebook
    run = run_cells(
        nb, f"{IMPORTS}\nalpha = 0.5", "x = pd.read_csv('in.csv')['x'].to_numpy() * 1.0\ny = np.sqrt(x)", FIT
    )

    found = trackbook.slice(run.run.run_id)

    assert [Path(file.path).name for file in found.files] == ["in.csv"]
    assert f"{found.files[0].digest}" in "\n".join(code(found))
    assert "`in.csv`" in found.notebook.cells[0].source
    (folder / "in.csv").write_text("x\n" + "\n".join(map(str, range(40))))
    with pytest.warns(UserWarning, match=r"in\.csv is not what the run read"):
        assert remake(run) != values(run)


def test_data_comes_from_the_store_where_it_was_kept(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "in.csv").write_text("x\n" + "\n".join(map(str, range(30))))
    nb = desk.notebook
    run = run_cells(
        nb, f"{IMPORTS}\nalpha = 0.5", "x = pd.read_csv('in.csv')['x'].to_numpy() * 1.0\ny = np.sqrt(x)", FIT
    )
    nb.store.put_object((folder / "in.csv").read_bytes())
    scratch = folder / "scratch"
    scratch.mkdir()

    found = trackbook.slice(run.run.run_id, data="snapshot")
    monkeypatch.chdir(scratch)
    cell = next(each.source for each in found.notebook.cells if each.id == "trackbook-data")
    exec(cell, {})

    assert (scratch / "in.csv").read_bytes() == (folder / "in.csv").read_bytes()
    (scratch / "in.csv").write_text("mine")
    with pytest.raises(InvalidValueError, match="Run this in an empty folder"):
        exec(cell, {})


def test_data_that_was_not_kept_is_named(desk: Desk, folder: Path) -> None:
    (folder / "in.csv").write_text("x\n" + "\n".join(map(str, range(30))))
    run = run_cells(
        desk.notebook, f"{IMPORTS}\nalpha = 0.5", "x = pd.read_csv('in.csv')['x'].to_numpy()\ny = np.sqrt(x)", FIT
    )
    kept = desk.notebook.store
    digest = trackbook.slice(run.run.run_id).files[0].digest
    try:
        kept.get_object(digest or "")
    except NotFoundError:
        with pytest.raises(NotFoundError, match=r"doesn't hold .*in\.csv"):
            trackbook.slice(run.run.run_id, data="snapshot")


# Params


def test_params_can_be_set_by_papermill(nb: Notebook, folder: Path) -> None:
    run = run_cells(nb, IMPORTS, "alpha: float = 0.5  # strength", DATA, "limits = [1, 2]\nlimits.append(3)", FIT)
    path = trackbook.slice(run.run.run_id).save(folder / "train.ipynb")

    with forks.forked_kernels(), warnings.catch_warnings(action="ignore"):
        papermill.execute_notebook(
            path, folder / "out.ipynb", {"alpha": 40.0}, cwd=folder, kernel_name="python3", progress_bar=False
        )

    done = nbformat.read(folder / "out.ipynb", 4)
    assert [cell.source for cell in done.cells if "parameters" in cell.metadata.get("tags", ())] == [
        "alpha: float = 0.5  # strength"
    ]
    assert all(output.output_type != "error" for cell in done.cells for output in cell.get("outputs", ()))


@pytest.mark.parametrize(
    "cells",
    [
        ["alpha = 0.5", "alpha = 2.0"],
        ["alpha = 0.5\nalpha *= 2"],
        ["for alpha in [0.1, 0.5]: pass"],
        ["try:\n    alpha\nexcept NameError:\n    before = 1.0", "alpha = 0.5 ", "alpha = alpha * before"],
        ["def early(): return alpha", "alpha = 0.5\ndef alpha_of(): global alpha; alpha = 3.0", "alpha_of()"],
    ],
)
def test_constant_that_is_more_than_a_param_stays_where_it_stands(
    nb: Notebook, remake: Remake, cells: list[str]
) -> None:
    run = run_cells(nb, f"{IMPORTS}\n{DATA}", *cells, FIT)

    found = trackbook.slice(run.run.run_id)

    assert params_cell(found) in (None, "alpha = 2.0")
    assert remake(run) == values(run)


def test_change_of_what_an_object_holds_counts_for_what_the_object_does_after_it(nb: Notebook, remake: Remake) -> None:
    trainer = """
class Trainer:
    def __init__(self, config): self.config, self.log = config, []
    def run(self):
        found = Ridge(alpha=self.config["alpha"]).fit(x[:, None], y).score(x[:, None], y)
        self.log.append(found)
        return found
"""
    run = run_cells(
        nb,
        f"{IMPORTS}\n{DATA}",
        trainer,
        "config = dict(alpha=1.0)\ntrainer = Trainer(config)",
        "r2 = trainer.run()",
        "config.update(alpha=90.0)\nr2 = trainer.run()",
    )

    assert remake(run) == values(run)


def test_local_of_a_function_does_not_keep_a_param_of_that_name_from_the_top(nb: Notebook, remake: Remake) -> None:
    function = "def shift(values, alpha=3):\n    'Add alpha.'\n    return values + alpha"
    run = run_cells(nb, f"{IMPORTS}\n{DATA}", function, "alpha = 0.5\ny = shift(y, alpha=alpha)", FIT)

    found = trackbook.slice(run.run.run_id)

    assert params_cell(found) == "alpha = 0.5"
    assert remake(run) == values(run)


# The notebook


def test_head_says_what_it_is_and_what_it_needs(desk: Desk) -> None:
    run = run_cells(desk.notebook, f"{IMPORTS}\n{DATA}", "alpha = 0.5", FIT)

    head = trackbook.slice(run.run.run_id).notebook.cells[0].source

    numbers = [repr(value) for value in values(run).values()]
    for told in (run.run.name, run.run.run_id, "analysis.ipynb", "papermill", "scikit-learn", *numbers):
        assert told in head


def test_import_beside_a_fit_leaves_the_fit_out(nb: Notebook) -> None:
    data = "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)\nC = 0.01"
    fit = "model = LogisticRegression(C=C, max_iter=900).fit(X, y)\nmodel.score(X, y)"

    run = run_cells(nb, data, f"from sklearn.linear_model import LogisticRegression\n{fit}", "C = 1.0", fit)

    assert params_cell(trackbook.slice(run.run.run_id)) == "C = 1.0"


def test_same_run_gives_the_same_bytes(nb: Notebook) -> None:
    run = run_cells(nb, f"{IMPORTS}\n{DATA}", "alpha = 0.5", FIT)

    assert trackbook.slice(run.run.run_id).text() == trackbook.slice(run.run.name).text()


def test_installed_packages_are_told_and_not_installed_again(nb: Notebook) -> None:
    run = run_cells(nb, "%pip --version", f"{IMPORTS}\n{DATA}\nalpha = 0.5", FIT)
    lines = code(trackbook.slice(run.run.run_id))

    assert not any("pip" in line for line in lines)


def test_what_nobody_saw_being_made_is_said(open_notebook: Callable[..., Notebook]) -> None:
    nb = open_notebook(load=False)
    nb.run("hidden = 3.0")
    nb.run("%load_ext trackbook")
    run = run_cells(nb, f"{IMPORTS}\n{DATA}\nalpha = hidden * 2", FIT)

    assert any("'hidden'" in note for note in trackbook.slice(run.run.run_id).notes)


def test_what_is_not_sure_is_said_once_and_of_the_cell_that_it_is_about(nb: Notebook) -> None:
    run = run_cells(
        nb,
        "import trackbook",
        "w = type('Widgets', (), {'IntSlider': staticmethod(lambda value: value)})",
        "size = w.IntSlider(value=3)",
        "exec('a = size')\nexec('b = a + 1')\ntrackbook.log_metric('score', b)",
    )

    notes = trackbook.slice(run.run.run_id).notes

    assert len([note for note in notes if "can't be followed" in note]) == 1
    assert [note.partition(" has widgets")[0] for note in notes if "has widgets" in note] == ["Cell [4]"]


def test_metric_that_was_logged_by_magic_brings_trackbook(nb: Notebook) -> None:
    run = run_cells(nb, "share = 3 / 4", "%track metric share={share}")

    assert code(trackbook.slice(run.run.run_id)) == [
        "%load_ext trackbook",
        "share = 3 / 4",
        "%track metric share={share}",
    ]


def test_magic_writes_a_file_once(nb: Notebook, folder: Path) -> None:
    run_cells(nb, f"{IMPORTS}\n{DATA}\nalpha = 0.5", FIT)

    nb.run("%track slice latest -o train.ipynb")

    nbformat.validate(nbformat.read(folder / "train.ipynb", 4))
    error = nb.fails("%track slice latest -o train.ipynb")
    assert "There is a file train.ipynb already" in str(error)
    nb.run("%track slice latest -o train.ipynb --force")


def test_command_gives_what_a_program_needs(nb: Notebook, folder: Path) -> None:
    run = run_cells(nb, f"{IMPORTS}\n{DATA}", "alpha = 0.5", FIT)

    done = forks.run("-m", "trackbook", "slice", run.run.name, "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["params"] == {"alpha": 0.5}
    assert told["run_id"] == run.run.run_id
    nbformat.validate(nbformat.reads(told["notebook"], 4))


def test_data_that_changed_is_said_and_what_is_kept_offered(desk: Desk, folder: Path) -> None:
    (folder / "in.csv").write_text("x\n" + "\n".join(map(str, range(30))))
    run = run_cells(
        desk.notebook, f"{IMPORTS}\nalpha = 0.5", "x = pd.read_csv('in.csv')['x'].to_numpy() * 1.0\ny = np.sqrt(x)", FIT
    )
    desk.notebook.settle()
    (folder / "in.csv").write_text("x\n1\n2\n3\n")

    changed, kept = trackbook.slice(run.run.run_id), trackbook.slice(run.run.run_id, data="snapshot")
    (folder / "in.csv").unlink()
    gone = trackbook.slice(run.run.run_id)

    assert f"{folder / 'in.csv'} has changed since the run read it" in changed.notes[-1]
    assert "slice with --data snapshot" in changed.notes[-1]
    assert "is gone" in gone.notes[-1]
    assert kept.notes == ()


def test_module_that_changed_is_said(nb: Notebook, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "shaping.py").write_text("def shaped(x):\n    return x * 2\n")
    run = run_cells(nb, f"{IMPORTS}\nalpha = 0.5\nimport shaping\n{DATA}\nx = shaping.shaped(x)", FIT)
    (folder / "shaping.py").write_text("def shaped(x):\n    return x * 3\n")

    found = trackbook.slice(run.run.run_id)

    assert "The module shaping has changed since the run imported it" in found.notes[-1]


def test_slice_loads_the_very_version_from_the_store_of_its_run_wherever_it_runs(nb: Notebook, folder: Path) -> None:
    trackbook.publish(pd.DataFrame({"a": [1, 2]}), "numbers")
    nb.run("import trackbook\nframe = trackbook.load('numbers')")
    run = run_cells(nb, "trackbook.log_metric('total', frame.a.sum())")
    trackbook.publish(pd.DataFrame({"a": [5, 6]}), "numbers")
    source = trackbook.slice(run.run.run_id).notebook.cells[1].source
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    code = f"{source}\nimport trackbook\nprint(trackbook.load('numbers').a.tolist())"
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRACKBOOK_")}

    done = forks.run("-c", code, folder=elsewhere, environment=own)
    with_store = {**own, "TRACKBOOK_STORE": str(_empty_store(folder / "other"))}
    other = forks.run("-c", code, folder=elsewhere, environment=with_store)

    assert done.stdout == "[1, 2]\n", done.stderr
    assert "numbers is at version 2 by now; this notebook loads numbers@1, as the run did" in done.stderr
    assert f"It was kept in {nb.store.location}" in other.stderr


def _empty_store(place: Path) -> Path:
    open_store(place).close()
    return place


def test_slice_that_is_checked_says_whether_it_gives_the_metrics_and_leaves_no_trace(
    nb: Notebook, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "in.csv").write_text("a\n1\n2\n")
    nb.run("import pandas as pd, trackbook\nframe = pd.read_csv('in.csv')")
    run = run_cells(nb, "trackbook.log_metric('total', frame.a.sum())")
    nb.settle()
    capsys.readouterr()
    nb.run("%track slice latest --check -o made.ipynb --json")
    same = json.loads(capsys.readouterr().out)
    (folder / "in.csv").write_text("a\n1\n3\n")

    other = forks.run("-m", "trackbook", "slice", "latest", "--check", "-o", "again.ipynb")

    assert same["check"]["verdict"] == "exact"
    assert other.returncode == 1, other.stderr
    assert "✗ different" in other.stdout
    assert "total was 3 and is 4" in other.stdout
    assert "papermill again.ipynb again-out.ipynb" in other.stdout
    assert nb.store.reproductions(run_id=run.run.run_id) == []


def test_data_has_two_places(nb: Notebook) -> None:
    run = run_cells(nb, f"{IMPORTS}\n{DATA}\nalpha = 0.5", FIT)

    with pytest.raises(InvalidValueError, match="'original' or 'snapshot'"):
        trackbook.slice(run.run.run_id, data="cloud")
