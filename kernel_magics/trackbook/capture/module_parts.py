"""The part of a module that some of its names need: their definitions, and what those mention in turn.

Layout, comments and docstrings are no part of it, so that an edit elsewhere in the file changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

Names = frozenset[str] | None
"""Names of a module; None for all of it."""
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True, slots=True)
class Part:
    """Code without what does not matter to what it does, and the names of other modules that it uses."""

    code: str
    imports: Mapping[str, Names]


@lru_cache(maxsize=256)
def part_of(source: str, names: Names, package: str = "") -> Part | None:
    """Return the part of a module that some names need; None where its source is no Python.

    Parameters
    ----------
    package
        The module's package, from which its relative imports count.
    """
    try:
        statements = _without_docstrings(ast.parse(source)).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    kept = statements if names is None else list(_needed(statements, names))
    return Part("\n".join(map(ast.dump, kept)), _uses_of_modules(kept, package))


def attributes_of(tree: ast.AST, name: str) -> Names:
    """Return which attributes of a name code asks for; None where it uses the whole of it."""
    owners = {id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if any(id(node) not in owners for node in mentions):
        return None
    return frozenset(owners[id(node)] for node in mentions)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                first.value = ast.Constant(value=None)
                node.body = node.body[1:] if len(node.body) > 1 else node.body
    return tree


def _needed(statements: list[ast.stmt], names: Iterable[str]) -> Iterator[ast.stmt]:
    """Yield the statements that bind some names, or change what they are bound to, and what those need."""
    wanted: set[str] = set(names)
    kept: set[int] = set()
    is_settled = False
    while not is_settled:
        is_settled = True
        for number, statement in enumerate(statements):
            if number not in kept and not wanted.isdisjoint(_gives(statement)):
                kept.add(number)
                wanted |= _mentioned(statement)
                is_settled = False
    yield from (statement for number, statement in enumerate(statements) if number in kept)


def _gives(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds; of one that is no definition all that it mentions."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.partition(".")[0] for alias in aliases}
        case ast.Assign(targets=targets):
            return {name for target in targets for name in _mentioned(target)}
        case ast.AnnAssign(target=target):
            return _mentioned(target)
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return set()
    bound = {name for node in ast.walk(statement) if isinstance(node, _DEFINING) for name in _gives(node)}
    return bound | _mentioned(statement)


def _mentioned(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _uses_of_modules(statements: list[ast.stmt], package: str) -> Mapping[str, Names]:
    """Return the modules that statements import, with the names of each that they use."""
    tree = ast.Module(body=statements, type_ignores=[])
    found: dict[str, Names] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    is_plain = alias.asname is not None or "." not in alias.name
                    _add(found, alias.name, attributes_of(tree, alias.asname or alias.name) if is_plain else None)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                base = module_named(module, level, package)
                names = None if any(alias.name == "*" for alias in aliases) else frozenset(a.name for a in aliases)
                _add(found, base, names)
                for alias in aliases:
                    _add(found, f"{base}.{alias.name}", attributes_of(tree, alias.asname or alias.name))
    return found


def _add(found: dict[str, Names], module: str, names: Names) -> None:
    known = found.get(module, frozenset())
    found[module] = None if names is None or known is None else known | names


def module_named(module: str | None, level: int, package: str) -> str:
    """Return the dotted name of what a ``from ... import`` names, relative to a package where it has dots."""
    above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    return ".".join([*above, *([module] if module else [])])
