"""From a frame to the statement and the call in the person's code that it is at."""

from __future__ import annotations

import ast
import sys
import sysconfig
from types import FrameType
from typing import Any

import pytest
from trackbook.capture.code import Code, cell_code
from trackbook.capture.sources import Library, Site, Sources, is_module_code

from tests.unit.cells import execute


class Marks:
    """Runs cells in which ``here()`` notes the site of the frame that calls it."""

    def __init__(self) -> None:
        self.sources = Sources()
        self.variables: dict[str, Any] = {"__name__": "__main__", "here": self.here}
        self.sites: list[Site | None] = []
        self.frames: list[str] = []
        self.number = 500

    def here(self, *_: object) -> bool:
        frame: FrameType = sys._getframe(1)
        self.sites.append(self.sources.site(frame))
        self.frames.append(frame.f_code.co_name)
        return True

    def run(self, source: str) -> list[Site | None]:
        self.sites.clear()
        self.number += 1
        self.sources.begin_cell(source, source, Code(ast.parse(source), source))
        error = execute(source, self.variables, self.number)
        if error is not None:
            raise error
        return self.sites


def statement(site: Site | None) -> str:
    assert site is not None
    return ast.unparse(site.scope.flow.nodes[site.node].statement).split("\n")[0]


def call(site: Site | None) -> str:
    assert site is not None
    assert site.call is not None
    return ast.unparse(site.call)


PLACES = [
    ("x = 1\ny = here(1)", "y = here(1)", "here(1)"),
    ("x = 1; y = here(1); z = 2", "y = here(1)", "here(1)"),
    ("if here(1): y = 2", "if here(1):", "here(1)"),
    ("if True: y = here(1)", "y = here(1)", "here(1)"),
    ("for i in [here(1)]: pass", "for i in [here(1)]:", "here(1)"),
    ("for i in [1]: here(i)", "here(i)", "here(i)"),
    ("while here(1):\n    break", "while here(1):", "here(1)"),
    ("try:\n    pass\nfinally:\n    here(1)", "here(1)", "here(1)"),
    ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    here(1)", "here(1)", "here(1)"),
    ("match 1:\n    case 1:\n        here(1)", "here(1)", "here(1)"),
    ("match 1:\n    case x if here(x):\n        pass", "match 1:", "here(x)"),
    ("x = str(here(1))", "x = str(here(1))", "here(1)"),
    ("x = here(\n    1,\n    2\n)", "x = here(1, 2)", "here(1, 2)"),
    ("x = [here(i) for i in [1]]", "x = [here(i) for i in [1]]", "here(i)"),
    ("x = {here(i): 1 for i in [1]}", "x = {here(i): 1 for i in [1]}", "here(i)"),
    ("x = list(here(i) for i in [1])", "x = list((here(i) for i in [1]))", "here(i)"),
    ("é = '😀😀'; ñ = here('ü'); z = 1", "ñ = here('ü')", "here('ü')"),
    ("def f():\n    a = 1\n    return here(a)\nf()", "return here(a)", "here(a)"),
    ("def f(): return here(1)\nf()", "return here(1)", "here(1)"),
    ("f = lambda: here(1)\nf()", "here(1)", "here(1)"),
    ("f, g = lambda: 1, lambda: here(2)\ng()", "here(2)", "here(2)"),
    ("class A:\n    x = here(1)", "class A:", "here(1)"),
    ("class A:\n    def f(self):\n        return here(1)\nA().f()", "return here(1)", "here(1)"),
    ("def f():\n    def g():\n        return here(1)\n    return g()\nf()", "return here(1)", "here(1)"),
    ("def f(x=here(1)): pass", "def f(x=here(1)):", "here(1)"),
    ("@(lambda g: here(1) and g)\ndef f(): pass", "here(1) and g", "here(1)"),
    ("with open('/dev/null') as f:\n    here(1)", "here(1)", "here(1)"),
    ("x = f'{here(1)}'", "x = f'{here(1)}'", "here(1)"),
    ("assert here(1), 'no'", "assert here(1), 'no'", "here(1)"),
    ("x = here(1) if True else 2", "x = here(1) if True else 2", "here(1)"),
]


@pytest.mark.parametrize(("source", "wanted", "called"), PLACES)
def test_place_of_a_call(source: str, wanted: str, called: str) -> None:
    (site,) = Marks().run(source)

    assert (statement(site), call(site)) == (wanted, called)


def test_function_of_an_earlier_cell_has_its_own_code() -> None:
    marks = Marks()
    marks.run("x = 1\n\ndef f():\n    y = 2\n    return here(y)")

    (site,) = marks.run("z = 1\nf()")

    assert statement(site) == "return here(y)"


def test_function_whose_cell_was_run_again_with_other_code() -> None:
    marks = Marks()
    marks.run("def f():\n    return here(1)")
    old = marks.variables["f"]
    marks.run("# changed\ndef f():\n    a = 2\n    return here(a)")
    marks.variables["old"] = old

    first, second = marks.run("old()\nf()")

    assert (call(first), call(second)) == ("here(1)", "here(a)")


def test_scope_knows_its_parameters() -> None:
    (site,) = Marks().run("def f(a, /, b, *c, d=1, **e):\n    here(1)\nf(1, 2)")

    assert site is not None
    assert site.scope.parameters == {"a", "b", "c", "d", "e"}


def test_comprehensions_around_a_call_innermost_first() -> None:
    (site,) = Marks().run("x = [[here(i) for i in row] for row in [[1]]]")

    assert site is not None
    assert [ast.unparse(each.generators[0].target) for each in site.comprehensions] == ["i", "row"]


def test_one_place_is_one_site() -> None:
    first, second = Marks().run("for _ in range(2):\n    here(1)")

    assert first is second


def test_code_without_source_has_no_place() -> None:
    marks = Marks()
    marks.sources.begin_cell("here(1)", "here(1)", cell_code("here(1)"))

    exec(compile("here(1)", "/nowhere/at/all.py", "exec"), marks.variables)

    assert marks.sites == [None]


def test_text_that_is_executed_is_not_the_cell() -> None:
    marks = Marks()
    source = "a = 1\nexec('here(1)')"

    (site,) = marks.run(source)

    assert site is None or statement(site) != "a = 1"


def test_code_of_a_cell() -> None:
    marks = Marks()
    marks.run("def f(): return here(1)")
    function = marks.variables["f"]

    assert is_module_code(compile("1", "x", "exec"))
    assert not is_module_code(function.__code__)
    assert not marks.sources.is_cell(function.__code__)


@pytest.mark.parametrize("key", ["stdlib", "purelib", "platlib"])
def test_installed_files_are_the_library_s(key: str) -> None:
    assert Library().has(f"{sysconfig.get_paths()[key]}/some/module.py")


@pytest.mark.parametrize("path", ["/home/me/work/train.py", "/tmp/ipykernel_1/1.py", "relative.py"])
def test_files_of_the_person_are_not(path: str) -> None:
    assert not Library().has(path)


@pytest.mark.parametrize(
    "path", ["<string>", "<frozen importlib._bootstrap>", "<stdin>", "/x/lib/site-packages/a/b.py"]
)
def test_code_of_nobody_is_the_library_s(path: str) -> None:
    assert Library().has(path)
