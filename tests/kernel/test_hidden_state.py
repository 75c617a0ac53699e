"""Hidden state: small notebooks as people work in them, each judged by hand; see `desk` for how they are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.records import Verdict
from trackbook.tracking.stale_report import stale_of

from .desk import Desk
from .session import DATA, Notebook

FRAME = "import pandas as pd; df = pd.DataFrame({'a': [1, 2, 3, None], 'b': [4, 5, 6, 7]})"

QUIET = "import warnings; warnings.simplefilter('ignore'); "  # pandas warns of `inplace`


CLEAN = {
    "run once from the top": "a: x = 1\nb: y = x + 1\nc: print(y)",
    "all of it run twice": "a: x = 1\nb: y = x + 1\na\nb",
    "the same value made again": "a: x = [1, 2]\nb: y = sum(x)\na\nc: z = y + 1",
    "edited, and what reads it run again": "a: x = 1\nb: y = x + 1\na: x = 2\nb\nc: print(y)",
    "edited back": "a: x = 1\nb: y = x + 1\na: x = 2\na: x = 1\nc: print(y)",
    "a comment added": "a: x = 1\nb: y = x\na: x = 1  # one\nc: print(y)",
    "a comment added and saved only": "a: x = 1\nb: y = x\nedit a: x = 1  # one\nc: print(y)",
    "what nobody read made anew": "a: x = 1\nb: y = 2\na: x = 3\nc: print(y)",
    "another line of the edited cell": "a: x = 1\\nk = 5\nb: y = k\na: x = 2\\nk = 5\nc: print(y)",
    "mutated below and read below that": f"a: {FRAME}\nb: df['c'] = df['b'] * 2\nc: print(df)",
    "a column computed again": f"a: {FRAME}\nb: df['c'] = df['b'] * 2\nb\nc: print(df)",
    "a column computed again with another factor": (
        f"a: {FRAME}\nk: k = 2\nb: df['c'] = df['b'] * k\nk: k = 3\nb\nc: print(df)"
    ),
    "a column made and scaled in one cell": f"a: {FRAME}\nb: df['c'] = df['b']\\ndf['c'] /= 2\nb\nc: print(df)",
    "dropping rows that are gone already": f"a: {FRAME}\nb: df = df.dropna()\nb\nc: print(df)",
    "filling gaps that are filled": f"a: {FRAME}\nb: df['a'] = df['a'].fillna(0)\nb\nc: print(df)",
    "a table looked at again": f"a: {FRAME}\nb: df.head()\nc: df.describe()\nb\nc",
    "an entry set again": "a: scores = {}\nb: scores['lr'] = 0.5\nb: scores['lr'] = 0.6\nc: print(scores)",
    "mutated twice, then made anew": "a: x = []\nb: x.append(1)\nb\na\nb\nc: print(x)",
    "imports run again": "a: import math\nb: y = math.pi\na\nb\nc: print(y)",
    "imports repeated below": "a: import math\nb: y = math.pi\nc: import math\nb\nd: print(y)",
    "a constant repeated below": "a: SEED = 42\nb: y = SEED + 1\nc: SEED = 42\nb\nd: print(y)",
    "a function defined again as it was": "a: def f(v):\\n    return v + 1\nb: y = f(1)\na\nc: print(y)",
    "a class defined again as it was": "a: class A:\\n    n = 1\nb: y = A()\na\nc: print(y.n)",
    "a function's comment changed": (
        "a: def f(v):\\n    return v + 1\nb: y = f(1)\na: def f(v):\\n    # more\\n    return v + 1\nc: print(y)"
    ),
    "a loop's names used by several cells": (
        "a: for i in range(3):\\n    t = i\\nu = t\nb: for i in range(4):\\n    t = i\\nw = t\na\nb\na"
    ),
    "a sum from nothing in one cell": "a: xs = [1, 2]\nb: s = 0\\nfor v in xs:\\n    s += v\nb\nc: print(s)",
    "a cell that keeps what it has loaded": (
        "a: if 'big' not in globals():\\n    big = [1, 2]\nb: y = len(big)\na\nb\nc: print(y)"
    ),
    "a cell that failed and was tried again": "a: x = 1\nb: y = x + z\na2: z = 2\nb: y = x + 2\nc: print(y)",
    "a failed try of another cell": "a: x = 1\nb: y = x + 1\nc: nothing\nd: print(y)",
    "deleted, but made above as well": "a: x = 1\nb: y = x\nd: print(1)\ndelete d\nc: print(y)",
    "moved within what does not depend": "a: x = 1\nb: k = 5\nc: y = x\nmove b to 2\nd: print(y)",
    "a new cell above what reads nothing of it": "a: x = 1\nb: y = x\nnew n after a: other = 3\nc: print(y)",
    "what a function gave that was edited is not read": (
        f"f: def f(t):\\n    return t * 2\na: {FRAME}\\nz = f(df)\nf: def f(t):\\n    return t * 3\nc: print(df)"
    ),
    "timed and captured": "a: %time x = 1\nb: %%capture out\\ny = x\nc: print(y)\nb\nc",
    "a model fitted again": (
        "a: from sklearn.ensemble import RandomForestClassifier as F\nb: m = F(3)\n"
        "c: m.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])\nc\nd: m.predict([[1.0]])"
    ),
    "columns put in below do not matter to other columns": (
        f"a: {FRAME}\nb: df['c'] = df['b'] * 2\nd: df['d'] = df['b'] + 1\nb\ne: print(df)"
    ),
}


@pytest.mark.parametrize("lines", CLEAN.values(), ids=CLEAN.keys())
def test_nothing_hidden(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert execution.hidden == ()


HIDDEN = {
    "edited and run, not what reads it": ("a: x = 1\nb: y = x + 1\na: x = 2\nc: print(y)", "x rerun", "b c"),
    "through two cells": ("a: x = 1\nb: y = x + 1\nc: z = y * 2\na: x = 2\nd: print(z)", "x rerun", "b c d"),
    "edited and saved, not run": ("a: x = 1\nb: y = x + 1\nedit a: x = 2\nc: print(y)", "x edited", "a b c"),
    "edited so that it makes it no longer": ("a: x = 1\nb: y = x\na: other = 2\nc: print(y)", "x edited", "b c"),
    "deleted, its value lives on": ("a: x = 1\nk: k = 1\nb: y = x\ndelete a\nc: print(y)", "x deleted", "b c"),
    "renamed, the old name lives on": ("a: rate = 1\nb: y = 2\na: speed = 1\nb: y = rate", "rate edited", "b"),
    "read from below": ("a: x = 1\nb: print(x)\nc: x = 5\nb", "x order", "a b"),
    "moved up above what it reads": ("a: k = 0\nb: x = 1\nc: y = x\nmove c to 1\nc", "x order", "c"),
    "a function from below": ("a: k = 1\nb: y = k\nc: def f(v):\\n    return v\nb: y = f(k)", "f order", "b"),
    "counted twice": ("a: n = 0\nb: n += 1\nb", "n rerun", "a b"),
    "counted twice, read later": ("a: n = 0\nb: n += 1\nb\nc: print(n)", "n rerun", "a b c"),
    "appended twice": ("a: rows = []\nb: rows.append(1)\nb\nc: print(rows)", "rows rerun", "a b c"),
    "appended in a loop twice": (
        "a: rows = []\nb: for i in range(2):\\n    rows.append(i)\nb\nc: print(len(rows))", "rows rerun", "a b c",
    ),
    "scaled twice": (f"a: {FRAME}\nb: df['b'] = df['b'] / 2\nb\nc: print(df)", "df rerun", "a b c"),
    "scaled twice, in place": (f"a: {FRAME}\nb: df['b'] /= 2\nb\nc: print(df)", "df rerun", "a b c"),
    "dropped twice, in place": (
        f"a: {QUIET}{FRAME}\nb: df.drop(index=df.index[0], inplace=True)\nb\nc: print(df)", "df rerun", "a b c",
    ),
    "filtered narrowly, then widely": (
        f"a: {FRAME}\nb: df = df[df.b > 5]\nb: df = df[df.b > 4]\nc: print(df)", "df rerun", "a b c",
    ),
    "filled with another number": (
        f"k: k = 0\na: {FRAME}\nb: df['a'] = df['a'].fillna(k)\nk: k = 1\nb\nc: print(df)", "k rerun", "a b c",
    ),
    "another key, the old one stays": (
        "a: d = {}\nb: d['lr'] = 1\nb: d['svm'] = 1\nc: print(d)", "d rerun", "a b c",
    ),
    "drawn from one generator twice": (
        "a: import numpy as np\\nrng = np.random.default_rng(0)\nb: x = rng.normal()\nb\nc: print(x)",
        "rng rerun", "a b c",
    ),
    "an iterator taken from twice": ("a: it = iter(range(9))\nb: x = next(it)\nb", "it rerun", "a b"),
    "a function edited after its use": (
        "a: def f(v):\\n    return v + 1\nb: y = f(1)\na: def f(v):\\n    return v + 2\nc: print(y)", "f rerun", "b c",
    ),
    "a function edited that changes what it is handed": (
        f"f: def f(t):\\n    t['z'] = 2\na: {FRAME}\\nf(df)\nf: def f(t):\\n    t['z'] = 3\nc: print(df)",
        "f rerun",
        "a c",
    ),
    "a global that a function reads": (
        "k: K = 1\na: def f(v):\\n    return v * K\nb: y = f(2)\nk: K = 3\nc: print(y)", "K rerun", "b c",
    ),
    "cleaning skipped after loading again": (
        "a: x = [3, 1]\nb: x.append(9)\nc: y = sum(x)\na\nc", "x skipped", "b c",
    ),
    "overwritten above, by a new cell": ("a: x = 1\nb: y = x\nnew n after a: x = 2\nc: print(y)", "x skipped", "b c"),
    "an error half way": (
        "k: k = 1\na: x = k\\ny = x * 2\nk: k = 0\na: x = k\\ny = 2 / x\nc: print(y)", "y edited", "c",
    ),
    "an alias of what was changed twice": ("a: v = [1]\\nw = v\nb: w.append(2)\nb\nc: print(v)", "w rerun", "a b c"),
    "a value of another run of a loop": (
        "a: cs = [1, 2]\nb: out = []\\nfor c in cs:\\n    out.append(c * 2)\na: cs = [5]\nd: print(out)",
        "cs rerun", "b d",
    ),
    "from a script that was run": (
        "a: %run ./script.py\nb: y = made + 1\na: other = 1\nc: print(y)", "made edited", "b c",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "read", "stale"), HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden_read_is_marked_and_cells_to_run_are_listed(desk: Desk, lines: str, read: str, stale: str) -> None:
    Path("script.py").write_text("made = 1\n")

    execution = desk.work(lines)

    assert {f"{each.name} {each.reason}" for each in execution.hidden} >= {read}
    assert desk.stale_names() == stale.split()


NOT_CURABLE = {
    "edited so that it makes it no longer", "deleted, its value lives on", "renamed, the old name lives on",
    "moved up above what it reads", "a function from below", "an error half way", "from a script that was run",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HIDDEN.keys() - NOT_CURABLE))
def test_running_the_listed_cells_in_their_order_cures(desk: Desk, name: str) -> None:
    desk.work(HIDDEN[name][0])

    desk.work(desk.stale_names())

    assert desk.stale_names() == []


def test_cell_whose_input_no_cell_above_makes_is_listed_as_such(desk: Desk) -> None:
    desk.work("a: k = 0\nb: x = 1\nc: y = x\nmove c to 1\nc")

    (cell,) = desk.stale()

    assert cell.lacking == ("x",)


def test_edited_cell_lacks_nothing_that_it_makes_itself_before_it_reads_it(desk: Desk) -> None:
    code = "lags = [{}]\\nfor lag in lags:\\n    rows = rows + [lag]"
    desk.work(f"a: rows = [1]\nb: {code.format(2)}\nedit b: {code.format(3)}")

    cells = desk.stale()

    assert [cell.lacking for cell in cells] == [(), ()]
    assert desk.stale_names() == ["a", "b"]


SKIPPED = {
    "a cell put in between and not run": "a: x = [3, 1]\nd: y = sum(x)\nput b after a: x = x[1:]\nd",
    "a cell that was skipped": "a: x = [3, 1]\nput b after a: x.append(2)\nd: y = sum(x)",
}


@pytest.mark.parametrize("lines", SKIPPED.values(), ids=SKIPPED.keys())
def test_cell_between_that_never_ran_is_named_and_listed_to_run(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert [f"{each.name} {each.reason}" for each in execution.hidden] == ["x skipped"]
    assert desk.stale_names() == ["b", "d"]
    desk.work(["b", "d"])
    assert "b" not in desk.stale_names()


NOT_MISSED = {
    "below the reader": "a: x = 1\nd: y = x\nput b after d: x = 2\nd",
    "above the maker": "a: x = 1\nput b after None: x = 2\nd: y = x",
    "of another name": "a: x = 1\nput b after a: z = 2\nd: y = x",
    "of another column": f"a: {FRAME}\nput b after a: df['z'] = 1\nd: y = df['b']",
    "an import": "a: import math\nput b after a: import math\nd: y = math.pi",
    "made anew below it": "a: x = 1\nput b after a: x = 2\nc: x = 3\nd: y = x",
}


@pytest.mark.parametrize("lines", NOT_MISSED.values(), ids=NOT_MISSED.keys())
def test_cell_that_never_ran_and_does_not_matter_is_not_missed(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert execution.hidden == ()
    assert desk.stale_names() == []


def test_run_on_what_a_cell_that_never_ran_would_change_is_stale_with_the_reason(desk: Desk) -> None:
    desk.work([*FIT[:2], "put cut after data: X_train = X_train[:, :2]", FIT[2]])

    run = desk.notebook.last_run().run
    assert run.verdict is Verdict.STALE
    assert run.verdict_reason == (
        "Cell [4] read X_train as cell [2] made it; the cell between them that changes it has not run in this session:"
        " 'X_train = X_train[:, :2]'."
    )


def test_page_and_store_tell_of_a_cell_that_never_ran(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.work(SKIPPED["a cell that was skipped"])

    desk.notebook.run("%track stale")

    page = capsys.readouterr().out
    store = desk.notebook.store
    (session,) = store.sessions()
    report = stale_of(session, store.executions(session_id=session.session_id))
    assert "2 cells to run, in this order" in page
    assert "It has not run in this session." in page
    assert [cell.unrun for cell in report.cells] == ["x.append(2)", None]


def test_page_counts_what_to_run_from_1_and_tells_a_reason_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.work("a: k = 0\nb: x = 1\nc: y = x\nd: u = k\ne: v = u\nf: p = v\nmove c to 1\nc\nedit a: k = 3")

    desk.notebook.run("%track stale")

    page = capsys.readouterr().out
    assert re.findall(r"^\s*(—|\d+)\s+In", page, re.MULTILINE) == ["1", "—", "2", "3", "4"]
    assert "As above." in page


def test_page_of_what_running_does_not_cure_counts_nothing_to_run(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.work("a: k = 0\nb: x = 1\nc: y = x\nmove c to 1\nc")

    desk.notebook.run("%track stale")

    assert "1 cell that running alone does not put right" in capsys.readouterr().out


def test_without_a_file_nothing_is_said_about_order(terminal: Desk) -> None:
    execution = terminal.work("a: x = 1\nb: print(x)\nc: x = 5\nb")

    assert execution.hidden == ()
    assert terminal.stale_names() == []


def test_without_ids_a_cell_is_known_by_its_text(nb: Notebook) -> None:
    for source in ("n = 0", "n += 1", "n += 1", "print(n)"):
        nb.shell.run_cell(source, store_history=True)

    assert [each.reason for each in nb.last_execution().hidden] == ["rerun"]


def test_two_cells_with_one_text_in_the_file_are_two_cells(
    folder: Path, monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    sources = ["n = 0", "n += 1", "n += 1", "print(n)"]
    path = folder / "old.ipynb"
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 4, "metadata": {}}))
    monkeypatch.setenv("TRACKBOOK_NOTEBOOK", str(path))
    nb = open_notebook()

    for source in sources:
        nb.shell.run_cell(source, store_history=True)

    assert nb.last_execution().hidden == ()


# Random generators


SEEDED = "a: import numpy as np\\nnp.random.seed(1)\\nx = np.random.rand(9)"
DRAWN = {
    "drawn twice": f"{SEEDED}\nb: y = x + np.random.rand(9)\nb",
    "drawn twice by what does not say so": (f"{SEEDED}\nk: from sklearn.utils import shuffle\nb: y = shuffle(x)\nb"),
    "drawn again above in between": f"{SEEDED}\nc: z = np.random.rand(2)\nb: y = np.random.rand(9)\nc\nb",
    "one that draws skipped after the seed": f"{SEEDED}\nc: z = np.random.rand(2)\nb: y = np.random.rand(9)\na\nb",
    "Python's own": "a: import random\\nrandom.seed(1)\nb: y = random.random()\nb",
}


@pytest.mark.parametrize("lines", DRAWN.values(), ids=DRAWN.keys())
def test_draw_that_the_notebook_would_not_give_is_hidden_state(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert {each.name for each in execution.hidden} <= {"numpy.random", "the random module"}
    assert execution.hidden != ()
    assert "b" in desk.stale_names()
    desk.work(desk.stale_names())
    assert desk.stale_names() == []


AS_SEEDED = {
    "from the top": f"{SEEDED}\nb: y = np.random.rand(9)\nc: z = np.random.rand(9)",
    "all of it twice": f"{SEEDED}\nb: y = np.random.rand(9)\nc: z = y + 1\na\nb\nc",
    "seeded in the same cell": f"{SEEDED}\nb: np.random.seed(2)\\ny = np.random.rand(9)\nk: z = np.random.rand()\nb",
    "seeded in a function": (
        f"{SEEDED}\nf: def draw():\\n    np.random.seed(3)\\n    return np.random.rand(9)\nb: y = draw()\nb"
    ),
    "nobody seeded": "a: import numpy as np\nb: y = np.random.rand(9)\nb",
    "another cell that draws nothing": f"{SEEDED}\nb: y = x + 1\nb",
}


@pytest.mark.parametrize("lines", AS_SEEDED.values(), ids=AS_SEEDED.keys())
def test_draw_that_the_notebook_gives_is_not_hidden_state(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert execution.hidden == ()
    assert desk.stale_names() == []


def test_run_on_what_was_drawn_twice_is_stale_with_the_reason(desk: Desk) -> None:
    draw = "X = X_train + np.random.rand(*X_train.shape)\\nm = LogisticRegression().fit(X, y_train)"
    desk.work([FIT[0], "seed: import numpy as np\\nnp.random.seed(1)", f"fit: {draw}", "fit"])

    first, second = (each.run for each in desk.notebook.runs())
    assert (first.verdict, second.verdict) == (Verdict.CLEAN, Verdict.STALE)
    assert second.verdict_reason == (
        "Cell [5] drew from numpy.random after it had drawn from it once more, when it ran as [4]."
    )


# Runs


FIT = [
    "data: " + DATA.strip().replace("\n", "\\n"),
    "c: C = 1.0",
    "fit: m = LogisticRegression(C=C).fit(X_train, y_train)",
]
SCORE = "score: acc = accuracy_score(y_test, m.predict(X_test))"


def test_run_from_the_top_is_clean(desk: Desk) -> None:
    desk.work([*FIT, SCORE])

    assert desk.notebook.only_run().run.verdict is Verdict.CLEAN


def test_page_of_a_clean_run_says_so(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.work([*FIT, SCORE])

    desk.notebook.run("%track show latest")

    assert "Clean: what it read was what the notebook made" in capsys.readouterr().out


def test_run_whose_model_was_made_before_an_edit_is_stale_with_the_reason(desk: Desk) -> None:
    desk.work([*FIT, "c: C = 0.01", SCORE])

    run = desk.notebook.last_run().run
    assert run.verdict is Verdict.STALE
    assert run.verdict_reason == "Cell [4] read C as cell [3] made it, before that cell was run again as [5]."


def test_run_that_reads_from_below_is_unordered(desk: Desk) -> None:
    desk.work([*FIT, "below: X_train = X_train * 2", "fit"])

    run = desk.notebook.last_run().run
    assert run.verdict is Verdict.UNORDERED
    assert run.verdict_reason == "Cell [6] read X_train as cell [5] made it, which stands below it in the notebook."


def test_later_evaluation_makes_a_run_worse_and_a_new_run_is_clean(desk: Desk) -> None:
    desk.work([*FIT, "c: C = 0.01", SCORE])
    first = desk.notebook.only_run().run

    desk.work(["fit", "score"])

    assert first.verdict is Verdict.STALE
    assert [each.run.verdict for each in desk.notebook.runs()] == [Verdict.STALE, Verdict.CLEAN]


@pytest.mark.parametrize("again", [["score"], ["fit"], ["fit", "score"]], ids="+".join)
def test_repetition_on_hidden_state_leaves_the_run_as_it_was_made_and_says_so(
    desk: Desk, again: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    desk.work([*FIT, SCORE, "edit c: C = 0.01", *again])

    desk.notebook.run("%track show latest")

    run = desk.notebook.only_run()
    assert run.run.verdict is Verdict.CLEAN
    assert "repeated, hidden state flowed in: Cell [" in capsys.readouterr().out
    assert run.tags["repeated_hidden"].endswith("read C as cell [3] made it, which was edited since.")


def test_metric_that_is_new_on_hidden_state_makes_the_run_stale(desk: Desk) -> None:
    desk.work([*FIT, SCORE, "edit c: C = 0.01", "f1: f = f1_score(y_test, m.predict(X_test))"])

    assert desk.notebook.only_run().run.verdict is Verdict.STALE


def test_clean_repetition_says_nothing_of_hidden_state(desk: Desk) -> None:
    desk.work([*FIT, SCORE, "fit", "score"])

    run = desk.notebook.only_run()
    assert run.run.verdict is Verdict.CLEAN
    assert "repeated_hidden" not in run.tags


def test_run_on_values_from_before_tracking_has_no_verdict(open_notebook: Callable[..., Notebook]) -> None:
    nb = open_notebook(load=False)
    nb.run(DATA)
    nb.run("%load_ext trackbook")

    nb.run("m = LogisticRegression().fit(X_train, y_train)")

    assert nb.only_run().run.verdict is None


def test_group_is_as_bad_as_its_worst_run(desk: Desk) -> None:
    desk.work([FIT[0], "c: Cs = [0.1, 1.0]", "use: grid = list(Cs)", "c: Cs = [5.0]"])

    desk.work(["fits: for C in grid:\\n    LogisticRegression(C=C).fit(X_train, y_train)"])

    assert {each.run.verdict for each in desk.notebook.runs()} == {Verdict.STALE}


def test_stored_session_tells_the_same_stale_cells(desk: Desk) -> None:
    desk.work("a: x = 1\nb: y = x + 1\nc: print(y)\na: x = 2")

    store = desk.notebook.store
    (session,) = store.sessions()
    report = stale_of(session, store.executions(session_id=session.session_id))

    assert [cell.cell.removeprefix("notebook-") for cell in report.cells] == ["b", "c"]


def test_magic_lists_cells_with_the_reason(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.work("a: x = 1\nb: y = x + 1\na: x = 2")

    desk.notebook.run("%track stale")

    assert "Cell [3] read x as cell [2] made it, before that cell was run again as [4]." in capsys.readouterr().out


def test_command_lists_cells_and_exits_with_one_until_they_have_run(desk: Desk) -> None:
    desk.work("a: x = 1\nb: y = x + 1\na: x = 2")
    call = ["stale", str(desk.path), "--json", "--store", str(desk.notebook.folder / "store")]

    stale = CliRunner().invoke(cli, call)
    desk.work("b")
    cured = CliRunner().invoke(cli, call)

    (cell,) = json.loads(stale.stdout)["cells"]
    assert (stale.exit_code, cured.exit_code) == (1, 0)
    assert (cell["source"], cell["count"], cell["place"]) == ("y = x + 1", 3, 2)
    assert cell["reasons"] == ["Cell [3] read x as cell [2] made it, before that cell was run again as [4]."]
    assert json.loads(cured.stdout)["cells"] == []


def test_command_says_which_notebook_has_no_session(desk: Desk) -> None:
    desk.work("a: x = 1")

    result = CliRunner().invoke(cli, ["stale", "other.ipynb", "--store", str(desk.notebook.folder / "store")])

    assert result.exit_code == 2
    assert "No session of 'other.ipynb'" in result.stderr
