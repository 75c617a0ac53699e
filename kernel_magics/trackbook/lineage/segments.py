"""Where each statement of a cell stands: of several on one line, each its own part of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from textwrap import dedent
from typing import Protocol

from trackbook.records import Statement

Lines = tuple[int, int]
_AFTER_KEYWORD = re.compile(r"\s*(?:else|try|finally|except\b[^:]*|case\b[^:]*)\s*:")
_MAGIC = re.compile(r"(\s*)(?:[%!?]|[^\W\d]\w*\s*=\s*[%!])")


class Executed(Protocol):
    """An execution, as far as its code goes."""

    @property
    def source(self) -> str:
        """The code of its cell."""

    @property
    def statements(self) -> Sequence[Statement]:
        """The statements of that."""


def statement_text(execution: Executed, statement: Statement) -> str:
    """Return the code of a statement, its lines moved to the left; of a branch or loop its header.

    Where other statements share its lines, it is only its own part of them.
    """
    lines: Lines = (statement.line, statement.end_line)
    whole = dedent("\n".join(execution.source.split("\n")[lines[0] - 1 : lines[1]])).strip()
    if not (_AFTER_KEYWORD.match(whole) or _is_shared(execution, statement)):
        return whole
    same = [each for each in execution.statements if (each.line, each.end_line) == lines]
    segments = _segments(execution.source).get(lines, [])
    place = next(number for number, each in enumerate(same) if each is statement or each == statement)
    return segments[place] if len(segments) == len(same) else whole


def _is_shared(execution: Executed, statement: Statement) -> bool:
    first, last = statement.line, statement.end_line
    return any(each.line <= last and first <= each.end_line and each is not statement for each in execution.statements)


@lru_cache(maxsize=256)
def _segments(source: str) -> Mapping[Lines, list[str]]:
    """Return the text of the statements of a cell by their lines; of those with the same ones in their order."""
    lines = source.split("\n")
    try:
        tree = ast.parse("\n".join(_MAGIC.sub(r"\1pass  # ", line) for line in lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[Lines, list[str]] = {}
    for node in _statements(tree.body):
        end, column = _end(node)
        found.setdefault((node.lineno, end), []).append(_cut(lines, (node.lineno, node.col_offset), (end, column)))
    return found


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside of branches and loops, not of functions and classes, as they stand."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ("body", "handlers", "cases", "orelse", "finalbody"):
            for inner in getattr(node, part, ()):
                yield from _statements([inner] if isinstance(inner, ast.stmt) else inner.body)


def _end(node: ast.stmt) -> tuple[int, int | None]:
    """Return the line and column (in bytes; None: the line's end) at which a statement, or a header, ends."""
    body = getattr(node, "body", None)
    if isinstance(node, ast.Match):
        return node.lineno, None
    if not isinstance(body, list) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.end_lineno or node.lineno, node.end_col_offset
    if body[0].lineno == node.lineno:
        return node.lineno, body[0].col_offset
    return body[0].lineno - 1, None


def _cut(lines: list[str], start: tuple[int, int], end: tuple[int, int | None]) -> str:
    cut = [line.encode() for line in lines[start[0] - 1 : end[0]]]
    cut[-1] = cut[-1][: end[1]]
    cut[0] = b" " * start[1] + cut[0][start[1] :]
    return dedent(b"\n".join(cut).decode()).strip()
