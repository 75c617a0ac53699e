"""What a slice's code takes from outside that no record holds: environment variables, the command line."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from trackbook.tracking.slicing_source import Kept

_ASKING = frozenset({"get", "pop", "setdefault"})


def outside_of(kept: Iterable[Kept]) -> list[str]:
    """Return what code takes from outside, one phrase each: ``the environment variable RATE``.

    A variable that the code sets itself is none.
    """
    nodes = [node for each in kept for part in each.piece.nodes for node in ast.walk(part)]
    own = {name for node in nodes for name in _set_by(node)}
    found = [f"the environment variable {name}" for node in nodes for name in _asked_by(node) if name not in own]
    found += ["the command line (sys.argv)"] * any(_is_attribute(node, "sys", "argv") for node in nodes)
    return list(dict.fromkeys(found))


def _asked_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Subscript(value=owner, slice=ast.Constant(value=str() as name), ctx=ast.Load()) if _is_environ(owner):
            yield name
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[ast.Constant(value=str() as name), *_]) if (
            method in _ASKING and _is_environ(owner)
        ):
            yield name
        case ast.Call(
            func=ast.Attribute(attr="getenv") | ast.Name(id="getenv"), args=[ast.Constant(value=str() as name), *_]
        ):
            yield name
        case ast.Compare(left=ast.Constant(value=str() as name), ops=[ast.In() | ast.NotIn()], comparators=[owner]):
            if _is_environ(owner):
                yield name


def _set_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Subscript(value=owner, slice=ast.Constant(value=str() as name), ctx=ast.Store()) if _is_environ(owner):
            yield name


def _is_environ(node: ast.AST) -> bool:
    return _is_attribute(node, "os", "environ") or (isinstance(node, ast.Name) and node.id == "environ")


def _is_attribute(node: ast.AST, owner: str, name: str) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=found), attr=attr):
            return (found, attr) == (owner, name)
    return False
