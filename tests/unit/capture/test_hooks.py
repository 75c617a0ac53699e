"""Which calls of a watched function an integration is told of, and with what."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from trackbook.capture.hooks import Call, Hooks

from tests.unit.cells import Cells

LIBRARY = """
def work(a, b=2, *, c=3):
    if a == "raise":
        raise ValueError("no")
    return [a, b, c]

def loose(*args, **kwargs):
    return work(*args, **kwargs)

def around(function, *args):
    return function(*args)

def unwatched(*args):
    return work(*args)

class Model:
    def fit(self, X, y=None):
        return work(X)

def stream(n):
    yield n
"""


class Library:
    """An integration of a library that is made for the test; it writes down what it is told."""

    modules = ("worklib",)

    def __init__(self) -> None:
        self.begun: list[Call] = []
        self.ended: list[tuple[Call, Any]] = []
        self.on_call: Callable[[Call], None] = self.begun.append

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        for name in ("work", "loose", "around", "stream"):
            hooks.watch(getattr(module, name), on_call=lambda call: self.on_call(call), on_return=self._ends)
        hooks.watch(module.Model.fit, on_call=lambda call: self.on_call(call), on_return=self._ends)

    def _ends(self, call: Call, result: Any) -> None:
        self.ended.append((call, result))

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.begun]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "worklib.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(folder))
    yield Library()
    sys.modules.pop("worklib", None)


@pytest.fixture
def cells(library: Library) -> Iterator[Cells]:
    found = Cells()
    found.capture.attach([library])
    found.run("import worklib\nfrom worklib import work, loose, around, unwatched, Model")
    yield found
    found.capture.detach()


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("work(1)", {"a": 1, "b": 2, "c": 3}),
        ("work(1, c=5)", {"a": 1, "b": 2, "c": 5}),
        ("work(b=1, a=2)", {"a": 2, "b": 1, "c": 3}),
        ("loose(1, 2, k=3)", {"args": (1, 2), "k": 3}),
        ("loose()", {}),
    ],
)
def test_arguments_by_name(call: str, arguments: dict[str, object], cells: Cells, library: Library) -> None:
    cells.run(call)

    found = library.begun[0]
    assert {key: value for key, value in found.arguments.items() if value != ()} == arguments


def test_result_comes_to_the_call_that_began(cells: Cells, library: Library) -> None:
    cells.run("work(1)\nresult = work(2)")

    assert [call for call, _ in library.ended] == library.begun
    assert library.ended[1][1] is cells.variables["result"]


def test_calls_between_cells_are_nobody_s(cells: Cells, library: Library) -> None:
    cells.variables["work"](1)

    assert library.begun == []


def test_call_that_raises_does_not_return(cells: Cells, library: Library) -> None:
    cells.run("work('raise')")

    assert (len(library.begun), library.ended) == (1, [])
    assert isinstance(cells.error, ValueError)


def test_what_the_library_calls_itself_is_not_told(cells: Cells, library: Library) -> None:
    cells.run("Model().fit(1)\nloose(2)")

    assert library.names == ["fit", "loose"]


def test_call_of_an_unwatched_function_leads_to_the_watched_one(cells: Cells, library: Library) -> None:
    cells.run("unwatched(1)")

    (call,) = library.begun
    assert (call.is_direct, call.is_outermost, call.through) == (False, True, ("worklib",))


def test_notebook_code_called_by_the_library_is_the_notebook_s(cells: Cells, library: Library) -> None:
    cells.run("def mine(x):\n    return work(x)\naround(mine, 3)")

    outer, inner = library.begun
    assert (outer.name, outer.is_outermost) == ("around", True)
    assert (inner.name, inner.is_direct, inner.is_outermost) == ("work", True, False)
    assert inner.enclosing == (outer.activation,)


def test_direct_call(cells: Cells, library: Library) -> None:
    cells.run("def mine(x):\n    return work(x)\nmine(3)")

    (call,) = library.begun
    assert (call.is_direct, call.is_outermost, call.through, call.enclosing) == (True, True, (), ())
    assert [level.function for level in call.trace.levels][:1] == ["mine"]


def test_call_in_a_thread_of_the_notebook(cells: Cells, library: Library) -> None:
    cells.run("import threading\nt = threading.Thread(target=lambda: work(5))\nt.start()\nt.join()")

    assert library.names == ["work"]
    assert library.ended[0][1] == [5, 2, 3]


def test_fault_of_an_integration_reaches_nobody(cells: Cells, library: Library) -> None:
    def fail(call: Call) -> None:
        raise RuntimeError("ours")

    library.on_call = fail
    cells.guard._warn = lambda sentence: None
    cells.capture.begin("work(1)", "work(1)")
    error = cells.execute("result = work(1)", cells.variables, 99)
    cells.capture.end("e", error)

    assert error is None
    assert cells.variables["result"] == [1, 2, 3]
    assert cells.guard.count == 1


def test_arguments_are_those_at_the_beginning(cells: Cells, library: Library) -> None:
    cells.run("xs = [1]\nwork(xs)\nxs.append(2)")

    assert library.begun[0].arguments["a"] is cells.variables["xs"]


def test_a_generator_is_left_alone(cells: Cells, library: Library) -> None:
    cells.run("list(worklib.stream(3))")

    assert library.names == []


def test_after_detach_nothing_is_told(cells: Cells, library: Library) -> None:
    cells.capture.detach()

    cells.variables["work"](1)

    assert library.begun == []


def test_threads_that_work_while_a_cell_ends(cells: Cells, library: Library) -> None:
    stop = threading.Event()
    faults: list[BaseException] = []

    def call() -> None:
        try:
            while not stop.is_set():
                assert cells.variables["work"](1) == [1, 2, 3]
        except BaseException as error:  # noqa: BLE001  whatever goes wrong in the thread is what is asked
            faults.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    for number in range(50):
        cells.run(f"x = {number}")
    stop.set()
    thread.join()

    assert faults == []
