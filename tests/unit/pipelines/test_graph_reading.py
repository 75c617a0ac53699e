"""What notebooks publish and load, as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from trackbook.capture.notebook import SavedCell
from trackbook.pipelines.graph.notebook_file import NotebookFile
from trackbook.pipelines.graph.reading import read_uses
from trackbook.pipelines.graph.uses import Uses


def uses(*cells: str, folder: Path = Path("/nowhere"), **params) -> Uses:
    saved = (
        SavedCell(cell_id=None, source=cell, tags=("parameters",) if cell.startswith("# params") else ())
        for cell in cells
    )
    return read_uses(NotebookFile(cells=tuple(saved), kernel=None, language="python"), params, folder)


@pytest.mark.parametrize(
    ("code", "loads", "publishes"),
    [
        ("import trackbook\ndf = trackbook.load('a')\ntrackbook.publish(df, 'b')", ["a"], ["b"]),
        ("import trackbook as tb\ntb.publish(name='b', table=tb.load(name='a'))", ["a"], ["b"]),
        ("from trackbook import load as get, publish\npublish(get('a@latest'), 'b')", ["a"], ["b"]),
        ("from trackbook import *\npublish(load('a'), 'b')", ["a"], ["b"]),
        ("import trackbook\nload = trackbook.load\nx = load('a')", ["a"], []),
        ("import trackbook\nfor n in ('a', 'b'):\n    trackbook.load(n)", ["a", "b"], []),
        ("import trackbook\nd = {n: trackbook.load(n) for n in ['a', 'b']}", ["a", "b"], []),
        ("import trackbook\nfor i in range(2):\n    trackbook.publish(x, f'part_{i:02d}')", [], ["part_00", "part_01"]),
        ("import trackbook\nfor n, t in {'a': 1, 'b': 2}.items():\n    trackbook.publish(t, n)", [], ["a", "b"]),
        ("import trackbook\nfor i, n in enumerate(['a']):\n    trackbook.publish(1, f'{n}{i}')", [], ["a0"]),
        (
            "import trackbook\ndef get(n, v='_1'):\n    return trackbook.load(n + v)\nget('a'); get('b', v='')",
            ["a_1", "b"],
            [],
        ),
        ("import trackbook\nclass Data:\n    def __init__(self): self.x = trackbook.load('a')", ["a"], []),
        (
            "import trackbook\nwith open('f') as f:\n    try:\n        trackbook.load('a')\n    finally:\n        pass",
            ["a"],
            [],
        ),
        ("%load_ext trackbook\n%track data df --name a", [], ["a"]),
        ("%time df = trackbook.load('a')", [], []),
        ("import trackbook\n%time df = trackbook.load('a')", ["a"], []),
        ("import trackbook\nx = await trackbook.load('a')", ["a"], []),
        ("import trackbook\ntrackbook.dataset('a').load()", ["a"], []),
        ("import json, torch\njson.load(f); torch.load('m')\nmodel.publish('x', 'y')", [], []),
        (
            "import trackbook\nN = 'a'\nN += '_x'\ntrackbook.load(N); trackbook.load('%s-%s' % (N, 1))",
            ["a_x", "a_x-1"],
            [],
        ),
        ("import trackbook\ntrackbook.load('{}_{k}'.format('a', k=2).upper())", ["A_2"], []),
        ("import trackbook\nif True:\n    trackbook.load('a')\nelse:\n    trackbook.load('b')", ["a"], []),
    ],
)
def test_names_are_found(code, loads, publishes):
    found = uses(code)

    assert (sorted(found.loads), sorted(found.publishes), found.untold) == (sorted(loads), sorted(publishes), ())


def test_names_follow_params_and_their_defaults():
    cells = [
        "# params\ntable = 'train'\nC = 0.1",
        "import trackbook",
        "trackbook.publish(trackbook.load(table), f's_{C}')",
    ]

    assert (uses(*cells).loads, uses(*cells).publishes) == (("train",), ("s_0.1",))
    assert (uses(*cells, table="x", C=2).loads, uses(*cells, table="x", C=2).publishes) == (("x",), ("s_2",))


def test_branch_that_a_param_decides_is_followed():
    cells = [
        "# params\nkind = 'a'",
        "import trackbook",
        "if kind == 'a':\n    trackbook.load('x')\nelse:\n    trackbook.load('y')",
    ]

    assert uses(*cells).loads == ("x",)
    assert uses(*cells, kind="b").loads == ("y",)


def test_version_that_the_code_names_is_no_dependency():
    found = uses(
        "import trackbook\ntrackbook.load('a@3'); trackbook.load('b', version=2); trackbook.load('c', run='x')"
    )

    assert (found.loads, set(found.pinned)) == ((), {"a", "b", "c"})


def test_what_a_condition_decides_is_not_sure():
    found = uses("import trackbook, os\nif os.path.exists('f'):\n    trackbook.load('a')\ntrackbook.load('b')")

    assert (found.loads, found.maybe) == (("a", "b"), {"a"})


def test_what_cannot_be_told_is_said():
    found = uses("import trackbook, os\nname = os.environ['X']", "trackbook.load(name)\ntrackbook.publish(1, name)")

    assert found.untold == (
        "loading in cell 2 can't be told: name is known only when it runs",
        "publishing in cell 2 can't be told: name is known only when it runs",
    )
    assert found.may_publish_more


def test_list_that_is_changed_elsewhere_is_not_believed():
    found = uses("import trackbook\nnames = ['a']\nnames.append(input())\nfor n in names:\n    trackbook.load(n)")

    assert (found.loads, len(found.untold)) == ((), 1)


def test_modules_beside_the_notebook_are_read(tmp_path):
    (tmp_path / "data.py").write_text(
        "import trackbook\nPREFIX = 'my'\ndef get(n):\n    return trackbook.load(f'{PREFIX}_{n}')\n"
    )

    assert uses("import data\ndata.get('a')", folder=tmp_path).loads == ("my_a",)
    assert uses("from data import get as g\ng('b')", folder=tmp_path).loads == ("my_b",)


def test_endless_recursion_ends(tmp_path):
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("import a\n")

    found = uses("import trackbook, a\ndef f(n):\n    f(n)\n    f(n)\n    trackbook.load(n)\nf('x')", folder=tmp_path)

    assert found.loads == ("x",)


@pytest.mark.parametrize(
    ("adding", "place"),
    [
        ("sys.path.append('..')", "src/tables.py"),
        ("sys.path.insert(0, os.path.abspath('../src'))", "src/tables.py"),
        ("sys.path.insert(0, os.path.join(os.getcwd(), '..', 'src'))", "src/tables.py"),
        ("sys.path.append(str(Path.cwd().parent / 'src'))", "src/tables.py"),
        ("sys.path += ['../lib']", "lib/tables.py"),
        ("pass", "src/tables.py"),
        ("pass", "tables.py"),
    ],
)
def test_modules_are_looked_for_where_projects_have_them(tmp_path, adding, place):
    (tmp_path / "pyproject.toml").touch()
    for folder in ("notebooks", "src", "lib"):
        (tmp_path / folder).mkdir()
    (tmp_path / place).write_text("import trackbook\n\ndef save(df):\n    trackbook.publish(df, 'train')\n")
    module = "src.tables" if adding == "sys.path.append('..')" else "tables"

    found = uses(f"import os, sys\n{adding}\nfrom {module} import save\nsave(1)", folder=tmp_path / "notebooks")

    assert found.publishes == ("train",)


def test_names_in_classes_and_modules_are_followed(tmp_path):
    (tmp_path / "config.py").write_text("PREFIX = 'churn'\n\nclass Tables:\n    TRAIN = PREFIX + '_train'\n")
    code = """
import config, trackbook
import config as c
from config import Tables as T
class Own:
    NAME = "own"
NAMES = {part: f"{config.PREFIX}_{part}" for part in ("a", "b")}
MORE = dict(x="dict")
trackbook.load(T.TRAIN), trackbook.load(c.Tables.TRAIN), trackbook.load(Own.NAME), trackbook.load(MORE["x"])
for name in NAMES.values():
    trackbook.load(name)
"""

    assert uses(code, folder=tmp_path).loads == ("churn_train", "own", "dict", "churn_a", "churn_b")
