"""What flows into a call: through functions, arguments and constants, whatever way the code takes."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from trackbook.capture.code import Code
from trackbook.capture.sources import Library, Sources
from trackbook.capture.trace import Flowing, Trace

from tests.unit.cells import execute

WATCHED = set("abcdef")


class Looks:
    """Runs cells in which ``look`` notes what flows into each of its calls, and when it was called."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {"__name__": "__main__", "look": self.look}
        self.sources = Sources()
        self.traces: list[Trace] = []
        self.found: list[Flowing] = []
        self._number = 0

    def look(self, *_: object, **__: object) -> None:
        trace = Trace.of(sys._getframe(1), self.sources, Library(), self.variables)
        self.traces.append(trace)
        self.found.append(trace.flowing())

    def run(self, *cells: str) -> Flowing:
        for source in cells:
            self._number += 1
            self.sources.begin_cell(source, source, Code(ast.parse(source), source))
            error = execute(source, self.variables, self._number)
            if error is not None:
                raise error
        return self.found[-1]


def read_cases() -> dict[str, tuple[list[str], str]]:
    cases = {}
    for block in Path(__file__).with_name("trace_cells.txt").read_text().split("\n## ")[1:]:
        title, _, rest = block.partition("\n")
        cells, _, wanted = rest.partition("\n==>")
        cases[title] = (cells.split("\n...\n"), wanted.strip())
    return cases


CASES = read_cases()


@pytest.mark.parametrize("title", CASES)
def test_what_flows_into_a_call(title: str) -> None:
    cells, wanted = CASES[title]

    found = Looks().run(*cells)

    functions = {node.name for node in ast.walk(ast.parse("\n".join(cells))) if isinstance(node, ast.FunctionDef)}
    names = found.names & WATCHED - functions
    if wanted.endswith("+"):  # these at least
        assert set(wanted.split()[:-1]) <= names
        return
    before, _, after = wanted.partition("|")
    assert names == set(before.split())
    assert found.literals | found.inner_loop_values == {
        key: json.loads(value) for key, _, value in (each.partition("=") for each in after.split())
    }


def test_the_table_is_large() -> None:
    assert len(CASES) >= 50


ASSIGNED = [
    ("x = look()", "x"),
    ("x: int = look()", "x"),
    ("x = y = look()", "x"),
    ("x, y = 1, look()", "y"),
    ("x, y = look(), look()", "y"),
    ("x = [look()]", "x"),
    ("x = 1 + (look() or 2)", "x"),
    ("x = round(look() or 1, 3)", "x"),
    ("x += [look()] and 1", "x"),
    ("look()", None),
    ("d['k'] = look()", None),
    ("o.k = look()", None),
    ("x, y = f(look())", None),
    ("if look(): pass", None),
    ("print(look(), end='')", None),
    ("for x in [look()]: pass", None),
    ("x = f(look)", None),
]


@pytest.mark.parametrize(("source", "name"), ASSIGNED)
def test_name_that_a_call_is_assigned_to(source: str, name: str | None) -> None:
    looks = Looks()
    looks.run("x = 1\nd = {}\nclass O: pass\no = O()\ndef f(g):\n    g and g()\n    return 1, 2\nlook()")

    looks.run(source)

    assert looks.traces[-1].assigned_name() == name


def test_two_calls_of_one_place_have_one_site_and_two_places_two() -> None:
    looks = Looks()
    looks.run("for _ in range(2):\n    look()\nlook()\nlook(); look()")

    first, again, second, third, fourth = [trace.call_site for trace in looks.traces]

    assert first == again
    assert len({first, second, third, fourth}) == 4


def test_two_ways_to_one_place_are_two_sites() -> None:
    looks = Looks()
    looks.run("def f():\n    look()\nf()\nf()")

    assert looks.traces[0].call_site != looks.traces[1].call_site


def test_call_text_does_not_tell_where_the_statement_stands() -> None:
    looks = Looks()
    looks.run("a, b = look(1), look(2)", "\n\n# moved\na, b = look(1), look(2)")

    one, two, three, four = [found.call_text for found in looks.found]

    assert one != two
    assert (one, two) == (three, four)


def test_lines_of_a_cell_magic_are_not_counted() -> None:
    looks = Looks()
    source = "%%time\na = 1\nb = 2\nlook(b)"
    body = source.partition("\n")[2]
    code = Code(ast.increment_lineno(ast.parse(body), 1), source)
    looks.sources.begin_cell(source, f"get_ipython().run_cell_magic('time', '', {body!r})\n", code)

    exec(compile(body, "<timed exec>", "exec"), looks.variables)

    assert looks.found[-1].names & WATCHED == {"b"}
    assert looks.traces[-1].levels[-1].site.scope.flow.nodes[looks.found[-1].node or 0].statement.lineno == 4


def test_person_s_own_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(look, x):\n    k = 2\n    look(x, k)\n")
    looks = Looks()
    looks.variables["path"] = str(tmp_path)

    found = looks.run(
        "import sys\nsys.path.insert(0, path)\nimport mine\nsys.path.remove(path)\na = 1\nmine.f(look, a)"
    )
    del sys.modules["mine"]

    assert "a" in found.names
    assert found.literals == {"k": 2}


def test_library_s_frames_are_left_out() -> None:
    looks = Looks()
    looks.run("import functools\na = [1]\nfunctools.reduce(lambda x, y: look(y), a, 0)")
    looks.run("import json\njson.loads('{\"k\": 1}', object_hook=lambda x: look(a))")

    assert all(level.is_cell or level.function == "<lambda>" for trace in looks.traces for level in trace.levels)
    assert all("a" in found.names for found in looks.found)


def test_trace_keeps_no_frame_and_no_value() -> None:
    import gc
    import weakref

    looks = Looks()
    looks.run("class Thing: pass\na = Thing()\ndef f(x):\n    y = x\n    look(y)\nf(a)")
    watched = weakref.ref(looks.variables["a"])

    del looks.variables["a"]
    gc.collect()

    assert looks.traces
    assert watched() is None


def test_cell_that_can_not_be_parsed_has_no_places() -> None:
    looks = Looks()
    looks.sources.begin_cell("this is (no Python", "", None)

    execute("look(1)", looks.variables, 77)

    assert looks.traces[-1].call_site == looks.traces[-1].call_site
