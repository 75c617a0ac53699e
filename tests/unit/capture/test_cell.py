"""A cell from before to after: what it did, how it ended, and that watching stays cheap however long a session is."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from trackbook.capture.cell import failure_of, find_integrations, outcome_of
from trackbook.capture.guard import Guard
from trackbook.records import Outcome

from tests.unit.cells import Cells


@pytest.fixture
def cells() -> Iterator[Cells]:
    with Cells() as found:
        yield found


def test_cell_that_goes_well(cells: Cells) -> None:
    cells.run("a = 1")

    cell = cells.run("b = a + 1\nc = []")

    assert (cell.outcome, cell.failure, cell.failed_line) == (Outcome.OK, None, None)
    assert (cell.change.reads, cell.change.writes) == (("a",), ("b", "c"))
    assert cell.seconds >= 0
    assert cell.source == "b = a + 1\nc = []"
    assert cell.names == {"b", "c"}


def test_cell_that_raises(cells: Cells) -> None:
    cell = cells.run("a = 1\nb = a / 0\nc = 2")

    assert cell.outcome is Outcome.ERROR
    assert cell.failure is not None
    assert (cell.failure.type, cell.failure.message) == ("ZeroDivisionError", "division by zero")
    assert cell.failed_line == 2
    assert cell.change.writes == ("a",)


def test_line_of_an_error_in_a_function_is_the_cell_s(cells: Cells) -> None:
    cells.run("def f():\n    x = 1\n    return x / 0")

    cell = cells.run("a = 1\n\n\nf()")

    assert cell.failed_line == 4


def test_cell_that_is_interrupted(cells: Cells) -> None:
    cell = cells.run("a = 1\nraise KeyboardInterrupt")

    assert cell.outcome is Outcome.INTERRUPTED


def test_cell_that_does_not_compile_did_nothing(cells: Cells) -> None:
    cells.capture.begin("a = (", "a = (")

    cell = cells.capture.end("e", SyntaxError("never closed"), did_run=False)

    assert (cell.outcome, cell.change.writes) == (Outcome.ERROR, ())


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.OK),
        (ValueError(), Outcome.ERROR),
        (KeyboardInterrupt(), Outcome.INTERRUPTED),
        (SyntaxError(), Outcome.ERROR),
        (MemoryError(), Outcome.ERROR),
        (ExceptionGroup("g", [ValueError()]), Outcome.ERROR),
    ],
)
def test_outcome_of_an_error(error: BaseException | None, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_error_that_can_not_say_what_it_is() -> None:
    class Mute(Exception):  # noqa: N818  the person's
        def __str__(self) -> str:
            raise RuntimeError

    failure = failure_of(Mute())

    assert failure is not None
    assert (failure.type, failure.message) == ("Mute", "")


def test_integrations_are_found() -> None:
    guard = Guard()

    found = find_integrations(guard)

    assert {type(each).__name__ for each in found} >= {"SklearnIntegration", "FilesIntegration"}
    assert guard.count == 0


def test_a_cell_that_begins_while_another_did_not_end(cells: Cells) -> None:
    cells.capture.begin("a = 1", "a = 1")

    cell = cells.run("b = 2")

    assert cell.change.writes == ("b",)
    assert cell.source == "b = 2"


def test_namespace_holds_nothing_of_ours(cells: Cells) -> None:
    before = set(cells.variables)

    cells.run("a = 1\ndef f(): return a\nb = f()")

    assert set(cells.variables) - before == {"a", "f", "b", "__builtins__"} - before


def test_objects_are_the_very_objects(cells: Cells) -> None:
    cells.run("a = [1]\nb = {'a': a}\nclass C: pass\nc = C()\nd = (lambda: a)")
    kept = {name: cells.variables[name] for name in "abcd"}

    cells.run("a.append(2)\nb['c'] = c\ne = d()")

    assert all(cells.variables[name] is kept[name] for name in kept)


HOSTILE = """
class Hostile:
    __slots__ = ()
    def __getattribute__(self, name): raise RuntimeError("seen " + name)
    def __eq__(self, other): raise RuntimeError
    def __hash__(self): raise RuntimeError
    def __bool__(self): raise RuntimeError
    def __len__(self): raise RuntimeError
    def __iter__(self): raise RuntimeError
    def __repr__(self): raise RuntimeError
    def __reduce_ex__(self, version): raise RuntimeError
class Meta(type):
    def __getattribute__(cls, name): raise RuntimeError("seen " + name)
    def __instancecheck__(cls, other): raise RuntimeError
class Proud(metaclass=Meta): pass
h = Hostile()
hs = [h, {"a": h}]
"""


def test_hostile_objects_are_no_fault(cells: Cells) -> None:
    cells.run("import sklearn.metrics")
    cells.run(HOSTILE)

    cell = cells.run("g = h\nks = hs + [1]\nP = Proud\nf = lambda: h\nf()")

    assert cell.outcome is Outcome.OK
    assert set(cell.change.writes) == {"g", "ks", "P", "f"}


@pytest.mark.parametrize(
    "source", ["", "# only a comment", "\n\n", "pass", "...", "'''text'''", "x: int", "é = 1", "def f(): ..."]
)
def test_small_cells(source: str, cells: Cells) -> None:
    assert cells.run(source).outcome is Outcome.OK


def test_a_very_long_cell(cells: Cells) -> None:
    source = "\n".join(f"x{number} = {number}" for number in range(1500))
    begin = time.process_time()

    cell = cells.run(source)

    assert len(cell.change.writes) == 1500
    assert time.process_time() - begin < 5


def test_deeply_nested_code_is_no_fault(cells: Cells) -> None:
    cells.run("x = " + "+".join(["1"] * 900))

    assert cells.variables["x"] == 900


def seconds_of(cells: Cells, count: int) -> float:
    """Return the CPU seconds that we take for a trivial cell: the least of `count`."""
    best = 1.0
    for _ in range(count):
        cells.number += 1
        source = f"x = {cells.number}"
        begin = time.process_time()
        cells.capture.begin(source, source)
        before = time.process_time() - begin
        cells.execute(source, cells.variables, cells.number)
        begin = time.process_time()
        cells.capture.end(f"e{cells.number}", None)
        best = min(best, before + time.process_time() - begin)
    return best


def test_cost_of_a_cell_does_not_grow_with_the_names(cells: Cells) -> None:
    few = seconds_of(cells, 50)
    cells.variables.update({f"name{number}": [number] for number in range(2000)})
    seconds_of(cells, 5)

    many = seconds_of(cells, 50)

    assert many < 3 * few + 0.0005


def test_cost_of_a_cell_does_not_grow_with_the_session(cells: Cells) -> None:
    early = seconds_of(cells, 50)
    seconds_of(cells, 1500)

    late = seconds_of(cells, 50)

    assert late < 3 * early + 0.0005


def test_memory_does_not_grow_with_trivial_cells() -> None:
    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    with Cells() as cells:
        seconds_of(cells, 200)
        tracemalloc.start()
        try:
            seconds_of(cells, 100)  # until all that is remembered of the last cells counts
            before = held()
            seconds_of(cells, 500)
            grown = held() - before
        finally:
            tracemalloc.stop()

    assert grown < 500 * 400  # bytes: the lines of a cell that linecache keeps for tracebacks, and no more


def test_lineage_of_a_trivial_cell_is_small() -> None:
    with Cells() as cells:
        for number in range(50):
            cells.run(f"x = {number}")
        tracemalloc.start()
        try:
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            for number in range(200):
                cells.run(f"x = {number}")
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

    assert grown < 200 * 4000  # bytes


def test_import_of_the_library_during_a_cell(cells: Cells) -> None:
    cell = cells.run(
        "from sklearn.linear_model import LogisticRegression\nm = LogisticRegression().fit([[0.0], [1.0]], [0, 1])"
    )

    assert len(cell.events) == 1


def test_profiler_and_tracer_of_the_person_stay(cells: Cells) -> None:
    seen: list[str] = []

    def trace(frame: Any, event: str, argument: object) -> None:
        seen.append(event)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        cells.run("a = 1")
        found = sys.gettrace()
    finally:
        sys.settrace(before)

    assert found is trace
