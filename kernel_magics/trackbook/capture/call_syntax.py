"""What the person's code says of a call: the expressions of its arguments, and what the notebook calls an object."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from trackbook.capture.hooks import Call


def argument_of(call: Call, place: int | str | ast.expr) -> ast.expr | None:
    """Return the expression that the caller wrote for an argument, by position or by parameter name."""
    if isinstance(place, ast.expr):
        return place
    expression = call.trace.call
    if not isinstance(expression, ast.Call) or not call.is_direct:
        return None
    names = list(call.arguments)
    if isinstance(place, str):
        named = next((keyword.value for keyword in expression.keywords if keyword.arg == place), None)
        if named is not None or place not in names:
            return named
        place = names.index(place) - (1 if names[:1] == ["self"] else 0)
    if place < len(expression.args):
        argument = expression.args[place]
        return None if isinstance(argument, ast.Starred) else argument
    return None


def name_of(call: Call, value: object, expression: ast.expr | None, variables: Mapping[str, object]) -> str | None:
    """Return what the notebook calls an object: the name in the call, else a name that is bound to it."""
    at_cell = bool(call.trace.levels) and call.trace.levels[0].is_cell
    if at_cell and isinstance(expression, ast.Name):
        return expression.id
    for name, other in list(variables.items()):
        if other is value and not name.startswith("_"):
            return name
    if expression is None:
        return None
    return expression.id if isinstance(expression, ast.Name) else ast.unparse(expression)[:80]
