"""The text of a slice's cells: what is kept of each executed cell, imports cut to what is used, params taken out."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trackbook.capture.literals import Missing, assigned_literals, literal_value
from trackbook.capture.symbols import accesses, mentions
from trackbook.lineage.slice import Part
from trackbook.records import JsonValue
from trackbook.tracking.slicing_cells import Piece

_WORD = re.compile(r"[^\W\d]\w*")
_LASTING_IMPORTS = ("__future__", "sklearn.experimental")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A part that is in the slice, with what it is made of."""

    part: Part
    piece: Piece

    @property
    def names(self) -> frozenset[str]:
        """Every word in its code."""
        return frozenset(_WORD.findall(self.piece.text))

    @property
    def mentioned(self) -> frozenset[str]:
        """The names of the notebook that its code may mean, also in texts; no locals, keywords or attributes."""
        if self.piece.failed or not self.piece.nodes:
            return self.names
        found: set[str] = set()
        for node in self.piece.nodes:
            access = mentions(node)
            if access.is_opaque:
                return self.names
            found |= access.reads | access.binds
            found.update(word for text in _texts(node) for word in _WORD.findall(text))
        return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A constant that can be set from outside: its name, its value, and the line that assigns it."""

    name: str
    value: JsonValue
    text: str
    number: int


def params_of(kept: Sequence[Kept], values: Mapping[str, JsonValue]) -> list[Param]:
    """Return the assignments of constants that can stand on top of everything and change nothing by that.

    Such a one is the only statement that binds its name, assigns nothing else, and nothing before it mentions the name.

    Parameters
    ----------
    values
        The run's params; a constant that is none of them, or came to be another value, stays where it is.
    """
    found: list[Param] = []
    bound: dict[str, int] = {}
    for each in kept:
        for name in each.part.binds | each.part.kills | _bound_inside(each.piece):
            bound[name] = bound.get(name, 0) + 1
    if any(each.part.reads_all for each in kept):
        return []
    seen: set[str] = set()
    for each in kept:
        param = _param(each)
        if (
            param is not None
            and param.name not in seen
            and bound.get(param.name) == 1
            and param.name in values
            and _is_same(values[param.name], param.value)
        ):
            found.append(param)
        seen |= each.mentioned
    return found


def _param(kept: Kept) -> Param | None:
    piece = kept.piece
    node = piece.nodes[0] if len(piece.nodes) == 1 and not (piece.is_whole or piece.failed) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, value = node.target, node.value
        if accesses(ast.copy_location(ast.Expr(node.annotation), node)).reads - set(dir(builtins)):
            return None
    else:
        return None
    if not isinstance(target, ast.Name) or isinstance(literal_value(value), Missing):
        return None
    if any(line.lstrip()[:1] in ("%", "!") for line in piece.text.split("\n")):
        return None
    return Param(
        name=target.id,
        value=assigned_literals(node)[target.id],
        text=piece.text.strip("\n"),
        number=kept.part.number,
    )


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts in a statement that may be code, such as a magic's: no docstrings, no names of columns."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant):
            is_told = isinstance(node, ast.Expr | ast.Subscript)
            yield from [child.value] if isinstance(child.value, str) and not is_told else []
        else:
            yield from _texts(child)


def _is_same(one: JsonValue, other: JsonValue) -> bool:
    return type(one) is type(other) and one == other


def _bound_inside(piece: Piece) -> frozenset[str]:
    """Return the names that the functions in a part bind outside of themselves."""
    return frozenset().union(*(mentions(node).binds for node in piece.nodes))


def cell_text(kept: Sequence[Kept], taken: Collection[int], used: Collection[str], *, is_trimmed: bool) -> str:
    """Return the text of a cell of the slice, empty where nothing is left of it.

    Parameters
    ----------
    kept
        The parts of one execution.
    taken
        The numbers of the parts that stand among the params.
    used
        The words of all the slice, by which imports are cut.
    is_trimmed
        False where all names of an import have to stay.
    """
    parts: list[str] = []
    last: Piece | None = None
    for each in kept:
        if each.part.number in taken:
            continue
        if last is not None and _has_gap(last, each.piece):
            parts.append("")
        parts.append(_text(each, used, is_trimmed=is_trimmed))
        last = each.piece
    return "\n".join(parts).strip("\n")


def _has_gap(before: Piece, after: Piece) -> bool:
    lines = after.execution.source.split("\n")[before.last : after.first - 1]
    return any(not line.strip() for line in lines)


def _text(kept: Kept, used: Collection[str], *, is_trimmed: bool) -> str:
    piece = kept.piece
    text = piece.text.strip("\n")
    node = piece.nodes[0] if len(piece.nodes) == 1 and not piece.is_whole else None
    if isinstance(node, ast.Import | ast.ImportFrom) and is_trimmed:
        text = _import(node, text, used)
    return _excused(text, piece.failed) if piece.failed else text


def _import(node: ast.Import | ast.ImportFrom, text: str, used: Collection[str]) -> str:
    """Return an import without the names that nothing uses."""
    module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
    if len(node.names) == 1 or module.startswith(_LASTING_IMPORTS):
        return text
    names = [each for each in node.names if (each.asname or each.name.partition(".")[0]) in used or each.name == "*"]
    if len(names) == len(node.names):
        return text
    shorter = ast.copy_location(
        ast.Import(names or node.names[:1])
        if isinstance(node, ast.Import)
        else ast.ImportFrom(node.module, names or node.names[:1], node.level),
        node,
    )
    comments = [line for line in text.split("\n") if line.lstrip().startswith("#")]
    return "\n".join([*comments, _wrapped(ast.unparse(shorter))])


def _wrapped(text: str, width: int = 100) -> str:
    if len(text) <= width or " import " not in text or not text.startswith("from"):
        return text
    head, _, names = text.partition(" import ")
    lines = textwrap.wrap(names, width - 4, break_long_words=False, break_on_hyphens=False)
    return "\n".join([f"{head} import (", *(f"    {line}" for line in lines), ")"])


def _excused(text: str, error: str) -> str:
    """Return code that raised, and whose first half counts, so that it doesn't stop the notebook."""
    kind = getattr(builtins, error, None)
    caught = error if isinstance(kind, type) and issubclass(kind, BaseException) else "Exception"
    return f"try:\n{_indented(text)}\nexcept {caught}:\n    pass  # the cell ended here with {error}"


def _indented(text: str) -> str:
    """Return code one level deeper; what stands in texts of several lines stays as it is."""
    inside: set[int] = set()
    try:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant | ast.JoinedStr) and (node.end_lineno or 0) > node.lineno:
                inside.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))
    except SyntaxError:
        pass  # a magic's line: there are no texts of several lines in it
    lines = text.split("\n")
    return "\n".join(
        line if number in inside or not line.strip() else f"    {line}" for number, line in enumerate(lines, start=1)
    )
