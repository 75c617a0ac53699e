"""Where the literals of a slice's code stand that a sweep can try other values of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trackbook.capture.literals import Missing, literal_value
from trackbook.errors import AmbiguousError
from trackbook.records import JsonValue, RunDetail

_COMMENT = re.compile(r"#[^\n]*")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands in a cell's text, from `start` to `end`; `owner` is the function that it is given to.

    `before` and `after` are what has to be written around it: the keyword of a value that the code leaves to its
    default, the brackets of a list that a loop goes through. Where it `is_default`, it is that of a function's
    argument, which counts only where nothing else of that name stands.
    """

    name: str
    owner: str
    cell: int
    start: int
    end: int
    value: JsonValue
    before: str = ""
    after: str = ""
    is_default: bool = False

    @property
    def shown(self) -> str:
        """The place as the code has it."""
        return f"{self.owner}({self.name}={self.value!r})" if self.owner else f"{self.name} = {self.value!r}"

    def is_meant(self, name: str) -> bool:
        """Return whether it is one that a person may mean: ``C``, ``Ridge.C``."""
        owner, _, key = name.rpartition(".")
        return self.name == key and (not owner or self.owner == owner)


def places_in(code: Sequence[Any], trees: Sequence[ast.AST]) -> list[Place]:
    """Return where literals stand that have a name, in the order of the code.

    Parameters
    ----------
    code, trees
        The cells, and what they are as Python.
    """
    found = [place for at, tree in enumerate(trees) for place in _places(at, code[at].source, tree)]
    return sorted(found, key=lambda each: (each.cell, each.start))


def _places(at: int, source: str, tree: ast.AST) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            yield from _looped(at, source, node)
        is_default = isinstance(node, _FUNCTIONS)
        for owner, name, value in _defaults(node) if isinstance(node, _FUNCTIONS) else _named(node):
            literal = literal_value(value)
            if not isinstance(literal, Missing):
                start, end = _span(source, value)
                yield Place(name=name, owner=owner, cell=at, start=start, end=end, value=literal, is_default=is_default)


def _looped(at: int, source: str, loop: ast.For) -> Iterator[Place]:
    """Yield where the values of a loop stand, if these are literals: one value takes the place of all of them."""
    literal = literal_value(loop.iter)
    if isinstance(loop.target, ast.Name) and isinstance(literal, list) and literal:
        start, end = _span(source, loop.iter)
        yield Place(
            name=loop.target.id, owner="", cell=at, start=start, end=end, value=literal[-1], before="[", after="]"
        )


def _named(node: ast.AST) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield what a node gives names to: what it is given to, the name, the value."""
    if isinstance(node, ast.Call):
        owner = _called(node)
        yield from ((owner, each.arg, each.value) for each in node.keywords if each.arg is not None)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        yield "", node.targets[0].id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield "", node.target.id, node.value
    elif isinstance(node, ast.Dict):
        keys = zip(node.keys, node.values, strict=True)
        yield from (("", key.value, value) for key, value in keys if _is_text(key))  # type: ignore[union-attr]


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield the arguments of a function that have a default, as `_named` does."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    pairs = [*zip(reversed(positional), reversed(given.defaults), strict=False)]
    pairs += [(each, value) for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value]
    yield from ((function.name, each.arg, value) for each, value in pairs)


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def place_of(name: str, places: Sequence[Place]) -> Place | None:
    """Return the place that a name means, None if it means none.

    Raises
    ------
    AmbiguousError
        If there are several.
    """
    owner, _, key = name.rpartition(".")
    named = [each for each in places if each.is_meant(name)]
    found = [each for each in named if not each.is_default] or named
    assigned = [each for each in found if not each.owner]
    if len(assigned) == 1 and len(found) > 1 and not owner:
        return assigned[0]
    if len(found) > 1:
        told = "; ".join(dict.fromkeys(each.shown for each in found))
        hint = next((f" Name the one that you mean: {each.owner}.{key}." for each in found if each.owner), "")
        raise AmbiguousError(f"{key} stands in {len(found)} places: {told}.{hint}")
    return found[0] if found else None


def place_in_model(name: str, run: RunDetail, code: Sequence[Any], trees: Sequence[ast.AST]) -> Place | None:
    """Return where a model's own param can be written, None if nowhere: it is left to its default, or no literal."""
    owner, _, key = name.rpartition(".")
    value = next((run.params[each] for each in (name, key) if each in run.params), None)
    fitted = {model.class_name.rpartition(".")[2] for model in run.models}
    classes = {each for each in fitted if owner in ("", each)}
    calls = [
        (at, node)
        for at, tree in enumerate(trees)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) in classes
    ]
    if len(calls) != 1 or not (name in run.params or key in run.params):
        return None
    at, call = calls[0]
    given = next((each.value for each in call.keywords if each.arg == key), None)
    if given is not None:  # something else than a literal, such as a loop's variable
        start, end = _span(code[at].source, given)
        return Place(name=key, owner=_called(call), cell=at, start=start, end=end, value=value)
    end = _span(code[at].source, call)[1] - 1
    comma = ", " if _needs_comma(code[at].source[:end], call) else ""
    return Place(name=key, owner=_called(call), cell=at, start=end, end=end, value=value, before=f"{comma}{key}=")


def _needs_comma(source: str, call: ast.Call) -> bool:
    """Return whether another keyword has to be parted from what stands last in a call; comments don't count."""
    given = [*call.args, *(each.value for each in call.keywords)]
    if not given:
        return False
    behind = source[max(_span(source, each)[1] for each in given) :]
    return not _COMMENT.sub("", behind).rstrip().endswith(",")


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _span(source: str, node: ast.expr) -> tuple[int, int]:
    """Return where a node begins and ends, in characters of the source."""
    lines = source.split("\n")
    return _offset(lines, node.lineno, node.col_offset), _offset(lines, node.end_lineno or 1, node.end_col_offset or 0)


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Return the place of a line and a column, which `ast` counts in bytes."""
    before = sum(len(each) + 1 for each in lines[: line - 1])
    return before + len(lines[line - 1].encode()[:column].decode())
