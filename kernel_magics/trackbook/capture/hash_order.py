"""Where the order of a set of texts gets into data: it follows hashes, which are others in every process.

Only what is known to be a set of texts counts, and only where its order is kept: ``sorted``, ``len``, ``in`` and the
like don't. Nothing is said where ``PYTHONHASHSEED`` fixes the hashes.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ORDER = "the hash order of"
_KEEPING = frozenset({"list", "tuple", "enumerate", "zip", "iter", "join", "fromkeys"})
_LOSING = frozenset({"sorted", "set", "frozenset", "len", "sum", "min", "max", "any", "all", "Counter"})
_MAKING_TEXTS = frozenset({"split", "rsplit", "splitlines", "findall"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
_MAY_KEEP = re.compile(r"\b(?:list|tuple|enumerate|zip|iter|join|fromkeys|for)\b")
_LONGEST = 60
_LOOKED_AT = 20


def may_follow_hashes(source: str, tree: ast.Module) -> bool:
    """Return whether `hash_ordered` may find something in a cell, whatever its names stand for."""
    return _MAY_KEEP.search(source) is not None and any(map(_may_keep, ast.walk(tree)))


def _may_keep(node: ast.AST) -> bool:
    if isinstance(node, ast.ListComp):
        return _may_be_set(node.generators[0].iter)
    return isinstance(node, ast.Call) and _called(node) in _KEEPING and any(map(_may_be_set, node.args))


def _may_be_set(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return _called(node) in ("set", "frozenset", *_SET_METHODS)
    return isinstance(node, ast.Name | ast.Set | ast.SetComp | ast.BinOp)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def hash_ordered(statements: Sequence[ast.stmt], variables: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """Yield the numbers of statements that keep the order of a set of texts, with a phrase that says of which.

    Parameters
    ----------
    variables
        The namespace before they run.
    """
    if os.environ.get("PYTHONHASHSEED", "random") not in ("", "random"):
        return
    known = _Known(variables)
    for number, statement in enumerate(statements):
        for node in _keeping(statement, known):
            yield number, f"{_ORDER} {_cut(ast.unparse(node))}"
        known.bind(statement)


class _Known:
    """What names stand for, as far as that is known: sets of texts, and lists and the like of texts."""

    def __init__(self, variables: Mapping[str, object]) -> None:
        self._variables = variables
        self._bound: dict[str, tuple[bool, bool]] = {}

    def bind(self, statement: ast.stmt) -> None:
        """Take what a statement assigns."""
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found = (self.is_set(statement.value), self.is_texts(statement.value))
            self._bound |= {target.id: found for target in targets if isinstance(target, ast.Name)}

    def is_set(self, node: ast.expr) -> bool:
        """Return whether an expression is known to be a set of texts."""
        match node:
            case ast.Set(elts=elements):
                return any(map(_is_text, elements))
            case ast.SetComp(elt=element):
                return _is_text(element)
            case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
                return self.is_set(left) or (isinstance(node.op, ast.BitOr) and self.is_set(right))
            case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[made_of]):
                return self.is_texts(made_of) or self.is_set(made_of)
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _SET_METHODS:
                return self.is_set(owner)
            case ast.Name(id=name):
                return self._bound[name][0] if name in self._bound else _is_text_set(self._variables.get(name))
        return False

    def is_texts(self, node: ast.expr) -> bool:
        """Return whether an expression is known to give texts one after another."""
        match node:
            case ast.Constant(value=str()):
                return True
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return any(map(_is_text, elements))
            case ast.Call(func=ast.Attribute(attr=method)):
                return method in _MAKING_TEXTS
            case ast.Name(id=name):
                return self._bound[name][1] if name in self._bound else _are_texts(self._variables.get(name))
            case ast.Attribute(value=ast.Name(id=name), attr="columns") if name not in self._bound:
                return _are_texts(_labels(self._variables.get(name)))
        return False


def _keeping(statement: ast.stmt, known: _Known) -> Iterator[ast.expr]:
    """Yield the expressions of a statement that keep a set's order; of a definition none, for it doesn't run yet.

    Of a branch or a loop only those of its header: the statements beneath it stand for themselves.
    """
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    todo = list(_children(statement))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            name = _called(node)
            if name in _LOSING:
                continue
            if name in _KEEPING and any(map(known.is_set, node.args)):
                yield node
                continue
        elif isinstance(node, ast.ListComp) and known.is_set(node.generators[0].iter):
            yield node
            continue
        elif isinstance(node, ast.SetComp | ast.Lambda):
            continue
        todo += _children(node)


def _children(node: ast.AST) -> list[ast.AST]:
    apart = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, apart)][::-1]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_text_set(value: object) -> bool:
    return type(value) in (set, frozenset) and _are_texts(list(_first(value)))


def _are_texts(value: Any) -> bool:
    """Return whether a value of a kind that has an order is known to hold texts, and more than one."""
    if type(value) is str:
        return len(value) > 1
    if type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ in ("Series", "Index"):
        value = value[:_LOOKED_AT].tolist()
    if type(value) not in (list, tuple, dict):
        return False
    found = list(_first(value))
    return len(found) > 1 and any(type(each) is str for each in found)


def _first(values: Any) -> Iterator[object]:
    yield from (each for each, _ in zip(values, range(_LOOKED_AT), strict=False))


def _labels(value: Any) -> object:
    is_frame = type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"
    return value.columns if is_frame else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
