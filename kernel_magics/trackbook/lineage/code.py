"""What the text of a statement alone tells: names, imports, keyword arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from textwrap import dedent

from trackbook.records import JsonValue

_IDENTIFIER = re.compile(r"(?<![\w.])[^\W\d]\w*")
_DEFINITION = re.compile(r"\s*(?:@|(?:async\s+)?def\s|class\s)")
_IMPORT = re.compile(r"\s*(?:import|from)\s")


def is_definition(text: str) -> bool:
    """Return whether a statement defines a function or a class."""
    return _DEFINITION.match(text) is not None


def is_import(text: str) -> bool:
    """Return whether a statement imports."""
    return _IMPORT.match(text) is not None


def names_of_import(text: str) -> frozenset[str]:
    """Return the names of modules, whole and in part, and the names bound, that an import mentions."""
    found: set[str] = set()
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.name for alias in node.names)
    return frozenset(found.union(*(name.split(".") for name in found)))


def is_loop(text: str) -> bool:
    """Return whether a statement is the header of a loop."""
    return re.match(r"(?:async\s+)?(?:for|while)\b", text) is not None


@lru_cache(maxsize=4096)
def names_in(text: str) -> frozenset[str]:
    """Return the names that a piece of code reads; every identifier in it where it can't be parsed (a magic)."""
    tree = parsed(text)
    if tree is None:
        return frozenset(_IDENTIFIER.findall(text))
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_read(node))


@lru_cache(maxsize=4096)
def stored_in(text: str) -> frozenset[str]:
    """Return the names that a statement binds."""
    found: set[str] = set()
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return frozenset(found)


@lru_cache(maxsize=4096)
def tables_in(text: str) -> frozenset[str]:
    """Return the names in an expression that its value is made of: ``X`` of ``X[rows].drop(columns=names)``."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return names_in(text)
    return frozenset(_carrying(tree))


def _carrying(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=owner) | ast.Subscript(value=owner):
            yield from _carrying(owner)
        case ast.Call(func=function, args=given):
            for part in [*([function.value] if isinstance(function, ast.Attribute) else []), *given]:
                yield from _carrying(part)
        case _:
            yield from names_in(ast.unparse(node))


@lru_cache(maxsize=4096)
def names_given(text: str, name: str) -> frozenset[str] | None:
    """Return the names in what ``a, b = f(x), g(y)`` gives to one of its targets; None where that can't be told."""
    assigned = [node for node in ast.walk(parsed(text) or ast.Module([], [])) if isinstance(node, ast.Assign)]
    for node in assigned:
        given = node.value.elts if isinstance(node.value, ast.Tuple | ast.List) else []
        for target in node.targets:
            places = target.elts if isinstance(target, ast.Tuple | ast.List) else []
            found = [value for place, value in zip(places, given, strict=False) if ast.unparse(place) == name]
            if found and len(places) == len(given):
                return names_in(ast.unparse(found[0]))
    return None


@lru_cache(maxsize=4096)
def names_stored(text: str, key: str) -> frozenset[str] | None:
    """Return the names, and what is called, in what a piece of code stores under a key; None where it stores nothing.

    It stores by ``results["mae"] = f(x)``, ``scores.loc[name, "mae"] = f(x)``, ``{"mae": f(x)}`` or ``dict(mae=f(x))``.
    """
    tree = parsed(text)
    given = [value for node in ast.walk(tree) for value in _stored(node, key)] if tree is not None else []
    found = [part for value in given for part in ast.walk(value)]
    attributes = frozenset(part.attr for part in found if isinstance(part, ast.Attribute))
    return attributes.union(*(names_in(ast.unparse(value)) for value in given)) if given else None


def _stored(node: ast.AST, key: str) -> Iterator[ast.expr]:
    match node:
        case ast.Assign(targets=targets, value=value) if any(_key_of(each) == key for each in targets):
            yield value
        case ast.Dict(keys=keys, values=values):
            yield from (value for each, value in zip(keys, values, strict=True) if each and _is_text(each, key))
        case ast.Call(keywords=keywords):
            yield from (each.value for each in keywords if each.arg == key)


def _key_of(target: ast.expr) -> str | None:
    match target:
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name)) | ast.Tuple(elts=[*_, ast.Constant(value=str(name))])):
            return name
        case _:
            return None


def _is_text(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def module_imported(text: str, name: str) -> str | None:
    """Return the module that an import takes a name from, None if it doesn't."""
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name.partition(".")[0]) == name or alias.name == "*":
                return (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
    return None


def attributes_in(text: str) -> frozenset[str]:
    """Return the dotted names in a piece of code: ``config.rate``."""
    tree = parsed(text)
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute)) if tree is not None else ()
    return frozenset(ast.unparse(node) for node in found)


def keyword_value(text: str, name: str) -> ast.expr | None:
    """Return what a call in a piece of code gives for a keyword argument, None where none does."""
    tree = parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.keyword) and node.arg == name:
            return node.value
    return None


def gives(text: str, name: str, value: JsonValue) -> bool:
    """Return whether a call in a piece of code gives a keyword argument this constant."""
    given = keyword_value(text, name)
    try:
        return given is not None and bool(ast.literal_eval(given) == value)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False


def is_constant(node: ast.expr) -> bool:
    """Return whether an expression is a constant, or a container of them."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def positional(text: str, value: JsonValue) -> ast.expr | None:
    """Return the constant among the positional arguments of the calls in a piece of code, None if it isn't there."""
    tree = parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        for argument in node.args if isinstance(node, ast.Call) else ():
            if is_constant(argument) and ast.literal_eval(argument) == value and not isinstance(value, bool | None):
                return argument
    return None


def definition_line(text: str, function: str) -> int | None:
    """Return the line (from 0) of a function's ``def`` in the text of a statement, None if it isn't there."""
    pattern = re.compile(rf"\s*(?:async\s+)?def\s+{re.escape(function)}\b")
    return next((number for number, line in enumerate(text.split("\n")) if pattern.match(line)), None)


def setting_line(text: str, name: str) -> int | None:
    """Return the line (from 0) of a class's text that sets a field, None if none does."""
    pattern = re.compile(rf"\s+{re.escape(name)}\s*[:=]")
    return next((number for number, line in enumerate(text.split("\n")) if pattern.match(line)), None)


def line_text(text: str, line: int) -> str:
    """Return the statement that begins at a line (from 0) of a definition's text, of a compound one its header."""
    tree = parsed(text)
    for node in _statements(tree) if tree is not None else ():
        if node.lineno == line + 1:
            return _header(text, node)
    lines = text.split("\n")
    return lines[line].strip() if line < len(lines) else ""


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _header(text: str, node: ast.stmt) -> str:
    body = getattr(node, "body", None)
    end = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        end = max(node.lineno, body[0].lineno - 1)
    return dedent("\n".join(text.split("\n")[node.lineno - 1 : end])).strip()


@lru_cache(maxsize=1024)
def parsed(text: str) -> ast.AST | None:
    """Return the tree of a statement's text, of a compound one's header too; None where it is no Python (a magic)."""
    for written in (text, f"{text}\n    pass", f"if True:\n    pass\n{text}\n    pass"):
        try:
            return ast.parse(written)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)
