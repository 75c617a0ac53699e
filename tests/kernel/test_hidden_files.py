"""Hidden state that comes from outside the namespace: files that cells read and write, modules of the project's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trackbook
from trackbook.records import RunDetail, Verdict
from trackbook.tracking.stale_report import stale_of

from .desk import Desk
from .session import DATA

TABLE = "a: import pandas as pd; df = pd.DataFrame({'v': [1, 2, 3]})"
WRITE = "w: df.to_csv('raw.csv', index=False)"
READ = "r: raw = pd.read_csv('raw.csv')"
IN = "file in.csv: v,t\\n1,0\\n2,1\\n3,0\\n4,1\\n"
LOAD = "r: import pandas as pd; df = pd.read_csv('in.csv')"
FIT = "fit: from sklearn.linear_model import LinearRegression as L; m = L().fit(df[['v']], df['t'])"


@pytest.fixture(autouse=True)
def fresh_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def reasons(desk: Desk) -> list[str]:
    """Return what is said of the cells to run again."""
    desk.notebook.run("%track stale")
    return [f"{read.name} {read.reason}" for cell in desk.stale() for read in (each.read for each in cell.findings)]


# Files that a cell writes and another reads


WRITERS = {
    "pandas": "df.to_csv('raw.csv', index=False)",
    "a path in a name": "OUT = 'raw.csv'\\ndf.to_csv(OUT, index=False)",
    "pathlib": "from pathlib import Path\\nPath('raw.csv').write_text(df.to_csv(index=False))",
    "an open file": "with open('raw.csv', 'w') as f:\\n    f.write(df.to_csv(index=False))",
    "a function": "def keep(t):\\n    t.to_csv('raw.csv', index=False)\\nkeep(df)",
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_reader_of_a_file_depends_on_the_cell_that_wrote_it(desk: Desk, writer: str) -> None:
    reader = desk.work([TABLE, f"w: {writer}", READ])

    writing = desk.notebook.executions()[-2]
    (statement,) = reader.statements
    assert {each.execution_id for each in statement.reads["file raw.csv"]} == {writing.execution_id}
    assert desk.stale_names() == []


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
def test_explanation_goes_on_from_a_file_to_the_cell_that_wrote_it(desk: Desk, writer: str) -> None:
    table = "a: import pandas as pd; k = 3; df = pd.DataFrame({'v': range(k), 't': [0, 1, 1]})"
    desk.work([table, f"w: {writer}", "r: df = pd.read_csv('raw.csv')", FIT, "s: s = m.score(df[['v']], df['t'])"])
    desk.notebook.run("%track")  # the store that `trackbook.why` looks into

    explanation = trackbook.why()

    nodes = {node.node_id: node for node in explanation.nodes}
    (file,) = (node for node in nodes.values() if node.kind == "file")
    writing = [edge for edge in explanation.edges if edge.end == file.node_id]
    assert {nodes[edge.start].cell for edge in writing} == {3}
    assert all(edge.is_sure for edge in writing)
    assert "k" in {node.label for node in nodes.values() if node.kind == "literal"}


def test_file_that_was_there_has_no_writer_among_the_cells(desk: Desk) -> None:
    reader = desk.work([IN, TABLE, "w: df.to_csv('other.csv')", LOAD])

    assert [name for each in reader.statements for name in each.reads if name.startswith("file ")] == []


WRITTEN = {
    "edited, not run": (f"{TABLE}\n{WRITE}\n{READ}\nedit " + TABLE.replace("3]", "9]"), "a w r"),
    "the writer edited": (f"{TABLE}\n{WRITE}\n{READ}\nedit w: df[:2].to_csv('raw.csv', index=False)", "w r"),
    "written again otherwise": (f"{TABLE}\n{WRITE}\n{READ}\nw: df[:2].to_csv('raw.csv', index=False)", "r"),
    "data made again": (f"{TABLE}\n{WRITE}\n{READ}\n" + TABLE.replace("3]", "9]"), "w r"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "stale"), WRITTEN.values(), ids=WRITTEN.keys())
def test_reader_is_stale_when_its_file_would_be_written_otherwise(desk: Desk, lines: str, stale: str) -> None:
    desk.work(lines)

    assert desk.stale_names() == stale.split()
    desk.work(stale.split())
    assert desk.stale_names() == []


def test_stored_session_knows_who_wrote_the_file(desk: Desk) -> None:
    desk.work(WRITTEN["the writer edited"][0])

    store = desk.notebook.store
    (session,) = store.sessions()
    report = stale_of(session, store.executions(session_id=session.session_id))

    assert [cell.cell.removeprefix("notebook-") for cell in report.cells] == ["w", "r"]


NOT_STALE = {
    "written again alike": f"{TABLE}\n{WRITE}\n{READ}\nw",
    "all of it twice": f"{TABLE}\n{WRITE}\n{READ}\na\nw\nr",
    "the writer was deleted, its file is there": f"{TABLE}\n{WRITE}\n{READ}\ndelete w",
    "a table of results that grows": (
        f"{TABLE}\nl: import os\\nold = pd.read_csv('log.csv') if os.path.exists('log.csv') else df[:0]\\n"
        "pd.concat([old, df]).to_csv('log.csv', index=False)\ns: log = pd.read_csv('log.csv')\nl\ns\nl\ns"
    ),
    "a cache": (
        f"{TABLE}\nc: import os\\nif os.path.exists('c.csv'):\\n    v = pd.read_csv('c.csv')\\n"
        "else:\\n    v = df * 2\\n    v.to_csv('c.csv', index=False)\nd: n = len(v)\nc\nd"
    ),
    "a history that the last cell writes and the first one reads": (
        "file h.txt: 0\na: from pathlib import Path\\nn = Path('h.txt').read_text()\nb: k = len(n)\n"
        "c: Path('h.txt').write_text('1')\nd: z = k"
    ),
    "written and read in one cell": f"{TABLE}\nw: df.to_csv('x.csv')\\nx = pd.read_csv('x.csv')\nw",
    "in.csv": f"{IN}\n{LOAD}\n{FIT}",
    "saved again as it was": f"{IN}\n{LOAD}\n{FIT}\n{IN}\nk: 1",
    "read, then deleted": f"{IN}\n{LOAD}\nx: import os; os.remove('in.csv')\nk: 1",
}


@pytest.mark.parametrize("lines", NOT_STALE.values(), ids=NOT_STALE.keys())
def test_files_that_make_nothing_stale(desk: Desk, lines: str) -> None:
    execution = desk.work(lines)

    assert execution.hidden == ()
    assert desk.stale_names() == []


# Files that change on disk


def test_file_that_changed_since_it_was_read_makes_its_readers_stale(desk: Desk) -> None:
    desk.work([IN, LOAD, "file in.csv: v,t\n1,1\n2,1\n3,0\n4,1\n", FIT])

    run = desk.notebook.only_run().run
    assert run.verdict is Verdict.STALE
    assert run.verdict_reason == "Cell [2] read file in.csv as it was before it changed on disk."
    assert desk.stale_names() == ["r", "fit"]
    desk.work(["r", "fit"])
    assert desk.stale_names() == []
    assert desk.notebook.last_run().run.verdict is Verdict.CLEAN


def test_run_before_the_file_changed_stays_clean(desk: Desk) -> None:
    desk.work([IN, LOAD, FIT, "file in.csv: v,t\n1,1\n2,1\n3,0\n4,1\n"])

    assert desk.notebook.only_run().run.verdict is Verdict.CLEAN
    assert desk.stale_names() == ["r", "fit"]


def test_stored_session_knows_that_the_file_changed(desk: Desk) -> None:
    desk.work([IN, LOAD, FIT, "file in.csv: v,t\n1,1\n2,1\n3,0\n4,1\n"])

    store = desk.notebook.store
    (session,) = store.sessions()
    report = stale_of(session, store.executions(session_id=session.session_id))

    assert [cell.cell.removeprefix("notebook-") for cell in report.cells] == ["r", "fit"]


# Modules


HELPER = "def prep(t):\n    return t * 2\n\ndef plot(t):\n    return t\n"
EDITED = HELPER.replace("* 2", "* 3")
USE = [
    "data: " + DATA.strip().replace("\n", "\\n"),
    "i: import h, importlib",
    "p: Xs = h.prep(X_train)",
]
FIT_MODULE = "fit: m = LogisticRegression().fit(Xs, y_train)"


def write(desk: Desk, text: str) -> None:
    desk.write("h.py", text)


def source_of(desk: Desk, run: RunDetail, name: str = "h") -> str:
    (module,) = (each for each in run.modules if each.name == name)
    return desk.notebook.store.get_object(module.digest).decode()


def test_run_keeps_the_module_that_made_its_data_and_is_stale_after_a_reload(desk: Desk) -> None:
    write(desk, HELPER)
    desk.work(USE)
    write(desk, EDITED)
    desk.work(["l: _ = importlib.reload(h)", FIT_MODULE])

    run = desk.notebook.only_run()
    assert source_of(desk, run) == HELPER
    assert run.run.verdict is Verdict.STALE
    assert run.run.verdict_reason == "Cell [4] used module h as it was before it was edited and loaded again."
    assert desk.stale_names() == ["p", "fit"]
    desk.work(["p", "fit"])
    assert desk.stale_names() == []
    assert desk.notebook.last_run().run.verdict is Verdict.CLEAN
    assert source_of(desk, desk.notebook.last_run()) == EDITED


def test_module_edited_on_disk_and_not_loaded_again_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    write(desk, HELPER)
    desk.work([*USE, FIT_MODULE])
    write(desk, EDITED)

    desk.notebook.run("%track stale")

    assert desk.notebook.only_run().run.verdict is Verdict.CLEAN
    assert desk.stale_names() == ["p", "fit"]
    assert "used module h as it was before its file was edited: load it again" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize("made", ["from h import prep", "import h; from h import prep", "from h import *"])
def test_ways_to_use_an_edited_module(desk: Desk, made: str) -> None:
    write(desk, HELPER)
    desk.work([USE[0], f"i: {made}", "p: Xs = prep(X_train)", FIT_MODULE])
    write(desk, EDITED)

    assert desk.stale_names() == ["p", "fit"]


def test_edited_script_that_was_run_is_told(desk: Desk) -> None:
    write(desk, "C = 0.25\n")
    desk.work([USE[0], "i: %run h.py", "fit: m = LogisticRegression(C=C).fit(X_train, y_train)"])
    write(desk, "C = 0.5\n")

    assert desk.stale_names() == ["i", "fit"]


INNOCENT = {
    "a comment": "# news\n" + HELPER,
    "another function": HELPER.replace("return t\n", "return t + 1\n"),
    "a function more": HELPER + "\ndef more(t):\n    return -t\n",
    "a docstring": HELPER.replace("def prep(t):\n", 'def prep(t):\n    """Twice."""\n'),
    "nothing": HELPER,
    "half an edit": HELPER + "def (",
}


@pytest.mark.parametrize("text", INNOCENT.values(), ids=INNOCENT.keys())
@pytest.mark.parametrize("is_reloaded", [False, True])
def test_edit_of_a_module_that_changes_nothing_of_what_was_used(desk: Desk, text: str, is_reloaded: bool) -> None:
    write(desk, HELPER)
    desk.work(USE)
    write(desk, text)
    if is_reloaded and "def (" not in text:
        desk.work(["l: _ = importlib.reload(h)"])
    desk.work([FIT_MODULE])

    assert desk.notebook.only_run().run.verdict is Verdict.CLEAN
    assert desk.stale_names() == []


def test_module_used_by_what_was_used_counts(desk: Desk) -> None:
    write(desk, "import base\nfrom base import K\n\ndef prep(t):\n    return base.twice(t) * K\n")
    desk.write("base.py", "K = 1\n\ndef twice(t):\n    return t * 2\n\ndef other(t):\n    return t\n")
    desk.work([*USE, FIT_MODULE])

    desk.write("base.py", "K = 1\n\ndef twice(t):\n    return t * 2\n\ndef other(t):\n    return -t\n")
    innocent = desk.stale_names()
    desk.write("base.py", "K = 1\n\ndef twice(t):\n    return t * 4\n\ndef other(t):\n    return t\n")

    assert innocent == []
    assert desk.stale_names() == ["p", "fit"]


def test_constant_of_a_module_counts_as_its_name_was_imported(desk: Desk) -> None:
    write(desk, "C = 0.25\nD = 1\n")
    desk.work([USE[0], "i: from h import C", "fit: m = LogisticRegression(C=C).fit(X_train, y_train)"])
    write(desk, "C = 0.25\nD = 2\n")
    innocent = desk.stale_names()
    write(desk, "C = 0.5\nD = 1\n")

    assert innocent == []
    assert desk.stale_names() == ["i", "fit"]


def test_cell_that_loads_a_module_again_and_what_else_its_cell_made_are_not_stale(desk: Desk) -> None:
    write(desk, HELPER)
    desk.work([USE[0], "p: import h, importlib\\nX2 = X_train + 1\\nXs = h.prep(X2)"])
    write(desk, EDITED)
    desk.work(["l: _ = importlib.reload(h)", "fit: m = LogisticRegression().fit(X2, y_train)"])

    assert desk.notebook.only_run().run.verdict is Verdict.CLEAN
    assert desk.stale_names() == ["p"]


def test_both_states_of_a_module_are_kept_where_both_flowed_in(desk: Desk) -> None:
    write(desk, HELPER)
    desk.work(USE)
    write(desk, EDITED)
    desk.work(["l: _ = importlib.reload(h)", "fit: m = LogisticRegression().fit(Xs + h.prep(X_train), y_train)"])

    run = desk.notebook.only_run()
    assert source_of(desk, run) == EDITED
    assert source_of(desk, run, "h (before it was loaded again)") == HELPER
