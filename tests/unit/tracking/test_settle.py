"""After a cell: the sources of its statements, what made each name, and the params of its events."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.cell import CapturedCell
from trackbook.records import Source
from trackbook.tracking.settle import Settled, header_lines, settle

from tests.unit.cells import Cells


@pytest.fixture
def cells() -> Iterator[Cells]:
    with Cells() as found:
        yield found


def settled(cells: Cells, *sources: str) -> Settled:
    """Run cells; return what is settled of the last, before the lineage knew of it."""
    *earlier, last = sources
    for source in earlier:
        cells.run(source)
    known = cells.lineage
    before = dict(known.sources)
    captured: list[CapturedCell] = []
    end = cells.capture.end

    def keep(*arguments: Any, **options: Any) -> CapturedCell:
        captured.append(end(*arguments, **options))
        return captured[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells.capture, "end", keep)
        cells.run(last)
    known.sources.clear()
    known.sources.update(before)
    return settle(captured[0], f"execution-{cells.number}", known)


def places(sources: tuple[Source, ...]) -> set[str]:
    return {f"{source.execution_id.removeprefix('execution-')}.{source.statement}" for source in sources}


def test_statements_have_lines_reads_writes_and_literals(cells: Cells) -> None:
    first, second = settled(cells, "a = 1\nb = a + 2").statements

    assert (first.line, first.end_line, first.writes, first.literals) == (1, 1, ("a",), {"a": 1})
    assert (second.line, second.writes, second.literals) == (2, ("b",), {})
    assert places(second.reads["a"]) == {"1.0"}


def test_reads_from_earlier_cells_have_their_address(cells: Cells) -> None:
    (statement,) = settled(cells, "x = 0\na = 1", "b = a + x").statements

    assert {name: places(sources) for name, sources in statement.reads.items()} == {"a": {"1.1"}, "x": {"1.0"}}


def test_names_that_nobody_made_are_no_reads(cells: Cells) -> None:
    cells.variables["given"] = 5

    (statement,) = settled(cells, "b = given + len([])").statements

    assert statement.reads == {}


def test_statement_reads_what_decides_whether_it_runs(cells: Cells) -> None:
    statements = settled(cells, "flag = 1", "if flag:\n    b = 2").statements

    assert places(statements[-1].reads["flag"]) == {"1.0"}


def test_made_names_and_deleted_ones(cells: Cells) -> None:
    made = settled(cells, "a = 1\nb = 2", "c = 3\ndel a").sources

    assert made["a"] is None
    assert places(made["c"] or ()) == {"2.0"}
    assert "b" not in made


def test_name_bound_in_a_branch_keeps_the_maker_from_before(cells: Cells) -> None:
    made = settled(cells, "a = []", "if len(a) == 0:\n    a = [1]").sources

    assert "2.1" in places(made["a"] or ())


def test_name_changed_in_place_has_maker_and_changer(cells: Cells) -> None:
    made = settled(cells, "a = []", "a.append(1)").sources

    assert places(made["a"] or ()) == {"1.0", "2.0"}


def test_name_changed_through_an_alias(cells: Cells) -> None:
    made = settled(cells, "a = []\nb = a", "b.append(1)").sources

    assert {"2.0"} <= places(made["a"] or ())
    assert {"2.0"} <= places(made["b"] or ())


def test_name_that_was_only_looked_at_is_not_made(cells: Cells) -> None:
    assert "a" not in settled(cells, "a = [1]", "b = sorted(a)\nlen(a)").sources


def test_secrets_among_the_literals_are_left_out(cells: Cells) -> None:
    (statement,) = settled(cells, "password = 'correct horse battery'").statements

    assert "horse" not in str(statement.literals)


def test_failed_cell_has_what_ran(cells: Cells) -> None:
    made = settled(cells, "a = 1\nb = 1 / 0\nc = 2").sources

    assert set(made) == {"a"}


HEADERS = [
    ("x = 1", (1, 1)),
    ("x = (1,\n 2)", (1, 2)),
    ("if a:\n    b = 1\n    c = 2", (1, 1)),
    ("if (a and\n    b):\n    c = 1", (1, 2)),
    ("for a in b:\n    c = 1", (1, 1)),
    ("while (\n  a\n):\n    c = 1", (1, 3)),
    ("with a as b:\n    c = 1", (1, 1)),
    ("try:\n    a = 1\nexcept E:\n    b = 2", (1, 1)),
    ("match a:\n    case 1:\n        b = 1", (1, 1)),
    ("def f(a):\n    return 1", (1, 2)),
    ("class A:\n    x = 1", (1, 2)),
    ("if a: b = 1", (1, 1)),
]


@pytest.mark.parametrize(("source", "lines"), HEADERS)
def test_header_of_a_statement(source: str, lines: tuple[int, int]) -> None:
    assert header_lines(ast.parse(source).body[0]) == lines


LINES = (
    "a = {n}",
    "b = a",
    "c = [a, b]",
    "c.append({n})",
    "del a",
    "a, b = b, a",
    "if a:\n    b = {n}",
    "for a in [{n}]:\n    c = a",
    "def f(): return a",
    "b = f()",
    "1 / 0",
)


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_every_source_is_a_statement_that_there_is(lines: list[str]) -> None:
    cells = Cells()
    counts: dict[str, int] = {}

    for number, line in enumerate(lines, 1):
        cells.run(line.format(n=number))
        counts[f"execution-{number}"] = 2  # a header and what is under it, at most

    assert all(source.statement < counts[source.execution_id] for source in cells.lineage.upstream("abcf"))
