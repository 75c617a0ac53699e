"""What an error leaves of a block: the statements below it never ran, and made nothing."""

from __future__ import annotations

import ast

import pytest
from trackbook.capture.flow import OUTSIDE, Flow
from trackbook.capture.flow_builder import build_flow


def left(source: str, line: int) -> Flow:
    """Return the flow of a block that an error left at a line."""
    return build_flow(ast.parse(source).body).until(line)


def makers(flow: Flow, name: str) -> set[int]:
    """Return the lines (0: before the block) of what may have made a name by the end."""
    return {0 if each == OUTSIDE else flow.nodes[each].statement.lineno for each in flow.exits[name]}


def test_statements_below_the_error_are_not_there() -> None:
    flow = left("a = 1\nb = f()\na = 2\nfor c in a:\n    d = 1", 2)

    assert [node.statement.lineno for node in flow.nodes] == [1, 2]


@pytest.mark.parametrize(
    ("source", "line", "name", "expected"),
    [
        ("a = 1\nf()\na = 2", 2, "a", {1}),
        ("a = 1\na = f()\na = 2", 2, "a", {1}),
        ("a += 1\nf()\na = 2", 2, "a", {1}),
        ("if b:\n    a = 1\nf()\na = 2", 3, "a", {0, 2}),
        ("a = []\nfor b in c:\n    a.append(b)\n    f()\na = 2", 4, "a", {1, 3}),
        ("for b in c:\n    a = b\n    f()\na = 2", 3, "a", {0, 2}),
        ("f()\na = 2", 1, "a", {0}),
    ],
)
def test_value_comes_from_what_ran(source: str, line: int, name: str, expected: set[int]) -> None:
    assert makers(left(source, line), name) == expected


def test_what_finally_does_ran_though_it_stands_below() -> None:
    flow = left("try:\n    f()\nfinally:\n    a = 1\na = 2", 2)

    assert [node.statement.lineno for node in flow.nodes] == [1, 2, 4]
    assert makers(flow, "a") == {0, 4}


def test_block_that_failed_at_its_end_is_as_it_was() -> None:
    flow = build_flow(ast.parse("a = 1\nf()").body)

    assert flow.until(2) is flow
