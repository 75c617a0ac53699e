"""Takes executed cells apart into their top-level statements: where each stands, and which of the record it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from trackbook.capture.symbols import parse_cell
from trackbook.records import Execution, Outcome

_PASTED = re.compile(r"^\s*(?:>>>|In \[\d+\]:)", re.MULTILINE)
_INJECTED = "# Parameters\n"  # what papermill writes above values, and knows them by
_COMMENT = re.compile(r"\s*#(?!\s*%%)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A top-level statement of an execution, or a whole cell that can't be taken apart.

    `nodes` is its code, where magics are calls; `statements` are the numbers of its statements on record. `first` and
    `last` are lines from 1, `columns` the place on them where it shares them with others, `text` is what stands there.
    `failed`: the name of the error that it ended with.
    """

    execution: Execution
    nodes: tuple[ast.stmt, ...]
    statements: range
    text: str
    first: int
    last: int
    is_whole: bool = False
    is_shared: bool = False
    failed: str | None = None


def pieces_of(execution: Execution) -> list[Piece]:
    """Return the parts of a cell that ran, in their order; of a cell that failed those up to where it did."""
    try:
        nodes = parse_cell(execution.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    counts = [count_statements(node) for node in nodes]
    total = len(execution.statements)
    ran = _ran(counts, total, has_failed=_error(execution) is not None)
    if ran is None or _is_whole(execution.source):
        return [_whole(execution, nodes)] if nodes and total else []
    lines = execution.source.split("\n")
    found, start, last = [], 0, 0
    for number, (node, count) in enumerate(zip(nodes[:ran], counts, strict=False)):
        first, end = _first_line(node), _last_line(lines, node)
        around = [*nodes[max(number - 1, 0) : number], *nodes[number + 1 : number + 2]]
        is_shared = any(_first_line(each) <= end and (each.end_lineno or 0) >= first for each in around)
        text = _own_text(lines, node) if is_shared else "\n".join(lines[_above(lines, first, last) - 1 : end])
        text = text.removeprefix(_INJECTED)
        found.append(
            Piece(
                execution=execution,
                nodes=(node,),
                statements=range(start, start + count),
                text=text,
                first=first,
                last=end,
                is_shared=is_shared,
                failed=_error(execution) if end >= _first_line(nodes[ran - 1]) else None,
            )
        )
        start, last = start + count, end
    return found


def count_statements(node: ast.stmt) -> int:
    """Return how many statements of the record a statement is: itself, and those in branches and loops."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 1
    if isinstance(node, ast.Break | ast.Continue):
        return 0
    inner: list[ast.stmt] = []
    for part in ("body", "orelse", "finalbody"):
        inner += getattr(node, part, [])
    for part in ("handlers", "cases"):
        for each in getattr(node, part, []):
            inner += each.body
    return 1 + sum(map(count_statements, inner))


def _ran(counts: Sequence[int], total: int, *, has_failed: bool) -> int | None:
    """Return how many of the top-level statements ran, None where they and the record don't agree.

    Of a cell that failed the record has the statements up to the one at which it did.
    """
    ends = [0, *accumulate(counts)]
    if not has_failed:
        return len(counts) if ends[-1] == total else None
    return ends.index(total) if total in ends else None


def _error(execution: Execution) -> str | None:
    if execution.outcome not in (Outcome.ERROR, Outcome.INTERRUPTED):
        return None
    return execution.failure.type if execution.failure is not None else "Exception"


def _is_whole(source: str) -> bool:
    """Return whether a cell only makes sense as a whole: a cell magic, a pasted session."""
    first = next((line for line in source.split("\n") if line.strip()), "")
    return first.startswith("%%") or first[:1].isspace() or _PASTED.search(source) is not None or "\r" in source


def _whole(execution: Execution, nodes: Sequence[ast.stmt]) -> Piece:
    return Piece(
        execution=execution,
        nodes=tuple(nodes),
        statements=range(len(execution.statements)),
        text=execution.source.strip("\n"),
        first=1,
        last=execution.source.count("\n") + 1,
        is_whole=True,
        failed=_error(execution),
    )


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _last_line(lines: Sequence[str], node: ast.stmt) -> int:
    last = node.end_lineno or node.lineno
    if lines[node.lineno - 1].lstrip()[:1] in "%!":  # what a magic's line goes on with is not in the tree
        while last < len(lines) and lines[last - 1].rstrip().endswith("\\"):
            last += 1
    return last


def _above(lines: Sequence[str], first: int, last: int) -> int:
    """Return the line at which a statement's comment begins that stands right above it."""
    while first - 1 > last and _COMMENT.match(lines[first - 2]):
        first -= 1
    return first


def _own_text(lines: Sequence[str], node: ast.stmt) -> str:
    """Return the text of a statement that shares its lines with others."""
    first, last = _first_line(node), node.end_lineno or node.lineno
    cut = [line.encode() for line in lines[first - 1 : last]]
    cut[-1] = cut[-1][: node.end_col_offset]
    cut[0] = cut[0][node.col_offset if first == node.lineno else 0 :]
    return b"\n".join(cut).decode()
