"""What an expression in a notebook can be, told from its code alone: constants, params, and what is made of them.

Never runs any code of the notebook. A name may have several values (both arms of an ``if``, each turn of a loop); where
they can't be told, that is said by None.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_MOST = 256
_LONGEST = 10_000
Values = list[Any] | None
Names = Mapping[str, Values]

_TEXT_METHODS_TEXT = """
format lower upper strip lstrip rstrip replace title capitalize split join zfill removeprefix removesuffix
"""
_TEXT_METHODS = frozenset(_TEXT_METHODS_TEXT.split())
_VIEWS = frozenset({"items", "keys", "values", "get"})
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": lambda given=(): list(dict.fromkeys(given)),
    "sorted": sorted,
    "range": lambda *bounds: list(itertools.islice(range(*bounds), _MOST + 1)),
    "enumerate": lambda *given: list(enumerate(*given)),
    "zip": lambda *given: list(zip(*given, strict=False)),
    "len": len,
    "repr": repr,
    "round": round,
}


def possible(node: ast.expr | None, names: Names) -> Values:
    """Return the values that an expression may have, None where that can't be told."""
    match node:
        case ast.Constant(value=value):
            return [value]
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute():
            return names.get(_dotted(node))
        case ast.JoinedStr(values=parts):
            return _combined(lambda *texts: "".join(texts), [possible(part, names) for part in parts])
        case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
            specs: Values = [""] if spec is None else possible(spec, names)
            return _combined(lambda one, form: _formatted(one, conversion, form), [possible(value, names), specs])
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod() | ast.Sub() | ast.Mult() as operator, right=right):
            return _combined(_OPERATORS[type(operator)], [possible(left, names), possible(right, names)])
        case ast.IfExp(test=test, body=body, orelse=other):
            return _either(test, body, other, names)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return _combined(lambda *each: list(each), [possible(item, names) for item in items])
        case ast.Dict(keys=keys, values=items) if all(key is not None for key in keys):
            count = len(keys)
            both = [possible(each, names) for each in (*keys, *items)]
            return _combined(lambda *each: dict(zip(each[:count], each[count:], strict=True)), both)
        case ast.Subscript(value=value, slice=index):
            return _combined(lambda whole, part: whole[part], [possible(value, names), possible(index, names)])
        case ast.Call():
            return _called(node, names)
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
            return _combined(_COMPARISONS[type(operator)], [possible(left, names), possible(right, names)])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _combined(lambda value: not value, [possible(operand, names)])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _combined(lambda value: -value, [possible(operand, names)])
        case ast.ListComp(elt=item, generators=[ast.comprehension(target=ast.Name(id=name), iter=over, ifs=[])]):
            return _comprehended(item, name, over, names)
        case ast.DictComp(
            key=key, value=value, generators=[ast.comprehension(target=ast.Name(id=name), iter=over, ifs=[])]
        ):
            pairs = _comprehended(ast.List(elts=[key, value], ctx=ast.Load()), name, over, names)
            return _combined(dict, [pairs])
    return None


def _dotted(node: ast.expr) -> str:
    """Return the name that an attribute of a module or class goes by; empty for one of something else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name) if whole := _dotted(owner):
            return f"{whole}.{name}"
    return ""


_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: _times(one, other),
    ast.Mod: lambda one, other: one % (tuple(other) if isinstance(other, list) else other),
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda one, other: one == other,
    ast.NotEq: lambda one, other: one != other,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
    ast.Lt: lambda one, other: one < other,
    ast.Gt: lambda one, other: one > other,
    ast.LtE: lambda one, other: one <= other,
    ast.GtE: lambda one, other: one >= other,
}


def _times(one: Any, other: Any) -> Any:
    if not all(isinstance(each, int | float) for each in (one, other)):
        raise TypeError("only numbers, so that nothing gets long")
    return one * other


def _combined(make: Callable[..., Any], parts: Sequence[Values]) -> Values:
    """Return what is made of every combination of the parts' values."""
    found: list[Any] = []
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    for chosen in itertools.product(*known):
        try:
            value = make(*chosen)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError):
            return None
        if len(found) >= _MOST or (isinstance(value, str | list) and len(value) > _LONGEST):
            return None
        if value not in found:
            found.append(value)
    return found


def _formatted(value: Any, conversion: int, form: str) -> str:
    shown = {-1: value, 115: str(value), 114: repr(value), 97: ascii(value)}[conversion]
    if re.search(r"\d{4}", form):
        raise ValueError("so wide that it gets long")
    return format(shown, form)


def _either(test: ast.expr, body: ast.expr, other: ast.expr, names: Names) -> Values:
    found: list[Any] = []
    for arm in arms(test, names):
        values = possible(body if arm else other, names)
        if values is None:
            return None
        found += [value for value in values if value not in found]
    return found


def arms(test: ast.expr, names: Names) -> tuple[bool, ...]:
    """Return how a test can come out."""
    values = possible(test, names)
    return (True, False) if values is None else tuple({bool(value): None for value in values})


def _comprehended(item: ast.expr, name: str, over: ast.expr, names: Names) -> Values:
    lists = possible(over, names)
    if lists is None or len(lists) != 1 or not isinstance(lists[0], list | dict):
        return None
    each = [possible(item, {**names, name: [value]}) for value in lists[0]]
    return _combined(lambda *values: list(values), each)


def _called(node: ast.Call, names: Names) -> Values:
    if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
        return None
    given = [possible(each, names) for each in node.args]
    words = [each.arg or "" for each in node.keywords]
    given += [possible(each.value, names) for each in node.keywords]
    count = len(node.args)

    def call(function: Callable[..., Any], values: Sequence[Any]) -> Any:
        return function(*values[:count], **dict(zip(words, values[count:], strict=True)))

    match node.func:
        case ast.Name(id=name) if name in _FUNCTIONS and name not in names:
            return _combined(lambda *values: call(_FUNCTIONS[name], values), given)
        case ast.Attribute(value=owner, attr=method) if method in _TEXT_METHODS | _VIEWS:
            return _combined(
                lambda one, *values: _of_method(one, method, call, values), [possible(owner, names), *given]
            )
    return None


def _of_method(owner: Any, method: str, call: Callable[..., Any], values: Sequence[Any]) -> Any:
    if (method in _TEXT_METHODS) != isinstance(owner, str) or not isinstance(owner, str | dict):
        raise TypeError(method)
    if any(isinstance(each, int) and each > _MOST for each in values) and method == "zfill":
        raise ValueError("so wide that it gets long")
    found = call(getattr(owner, method), values)
    return (
        [list(each) if isinstance(each, tuple) else each for each in found]
        if method in ("items", "keys", "values")
        else found
    )


def turns(over: ast.expr, names: Names) -> Values:
    """Return what a loop over an expression goes through, in one list; None where that can't be told."""
    lists = possible(over, names)
    if lists is None or not all(isinstance(each, list | dict | tuple) for each in lists):
        return None
    return list(itertools.chain.from_iterable(lists))[:_MOST]


def bound(target: ast.expr, values: Values) -> Iterable[tuple[str, Values]]:
    """Yield the names that a target binds, each with the values that it may have then."""
    match target:
        case ast.Name(id=name):
            yield name, values
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for place, part in enumerate(parts):
                is_plain = values is not None and not any(isinstance(each, ast.Starred) for each in parts)
                whole = values if is_plain and values is not None else []
                fits = bool(whole) and all(isinstance(each, list | tuple) and len(each) == len(parts) for each in whole)
                yield from bound(part, [each[place] for each in whole] if fits else None)
        case ast.Starred(value=inner):
            yield from bound(inner, None)
