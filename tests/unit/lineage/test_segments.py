"""The text of a statement where others share its lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from trackbook.lineage.segments import statement_text
from trackbook.records import Execution, Statement

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def texts(source: str, lines: Iterable[tuple[int, int]]) -> list[str]:
    """Return the texts of a cell's statements, which have these lines."""
    statements = tuple(
        Statement(line=line, end_line=end, writes=(str(number),)) for number, (line, end) in enumerate(lines)
    )
    cell = Execution(execution_id="e", session_id="s", index=1, source=source, started_at=NOON, statements=statements)
    return [statement_text(cell, each) for each in statements]


@pytest.mark.parametrize(
    ("source", "lines", "expected"),
    [
        ("X = df[a]; y = df['b']", [(1, 1), (1, 1)], ["X = df[a]", "y = df['b']"]),
        ("a = 'é'; b = 'ü;'; c = 3  # and why", [(1, 1)] * 3, ["a = 'é'", "b = 'ü;'", "c = 3"]),
        ("for k in (1, 2): a = k; b = a", [(1, 1)] * 3, ["for k in (1, 2):", "a = k", "b = a"]),
        ("if a: b = 1\nelse: b = 2", [(1, 1), (1, 1), (2, 2)], ["if a:", "b = 1", "b = 2"]),
        ("a = 1; b = [\n    2,\n]", [(1, 1), (1, 3)], ["a = 1", "b = [\n    2,\n]"]),
        ('a = """x\n y"""; b = 2', [(1, 2), (2, 2)], ['a = """x\n y"""', "b = 2"]),
        ("%matplotlib inline\nfiles = !ls\na = 1; b = 2", [(3, 3), (3, 3)], ["a = 1", "b = 2"]),
        ("def f(): x = 1; return x\nf(); f()", [(1, 1), (2, 2), (2, 2)], ["def f(): x = 1; return x", "f()", "f()"]),
        ("try: a = 1\nexcept ValueError: a = 2", [(1, 1), (1, 1), (2, 2)], ["try:", "a = 1", "a = 2"]),
    ],
)
def test_statements_that_share_a_line_each_have_their_own_part(
    source: str, lines: list[tuple[int, int]], expected: list[str]
) -> None:
    assert texts(source, lines) == expected


def test_statement_alone_on_its_lines_keeps_its_remark() -> None:
    assert texts("a = 1  # of all\nb = 2", [(1, 1), (2, 2)]) == ["a = 1  # of all", "b = 2"]


def test_line_is_whole_where_its_parts_cannot_be_told() -> None:
    assert texts("%time a = 1; b = 2", [(1, 1), (1, 1)]) == ["%time a = 1; b = 2"] * 2
