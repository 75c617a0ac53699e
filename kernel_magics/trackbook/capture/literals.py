"""Literals: the values that a person wrote into the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final

from trackbook.records import JsonValue, json_value

_MOST_BITS = 4096
_LONGEST = 100_000  # characters of a literal's source: beyond, it is data, not a choice


_LITERAL_NODES = frozenset({ast.Constant, ast.UnaryOp, ast.BinOp, ast.List, ast.Tuple, ast.Set, ast.Dict})
_SCALARS = frozenset({bool, int, float, str})
_SEQUENCES = (ast.Tuple, ast.List)  # a union is made anew each time that it is met
_CONTAINERS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


class Missing:
    """No literal."""


MISSING: Final = Missing()


def literal_value(node: ast.expr) -> JsonValue | Missing:
    """Return the value of a literal, or MISSING.

    Numbers, strings, booleans, None, arithmetic of numbers (``1e-3``, ``2**10``, ``1/3``), and lists, tuples, sets and
    dicts of them. An empty container is none: nothing was chosen, it is about to be filled.
    """
    if type(node) not in _LITERAL_NODES:
        return MISSING
    if type(node) is ast.BinOp and not {type(node.left), type(node.right)} <= _LITERAL_NODES:
        return MISSING
    if isinstance(node, _CONTAINERS) and _is_empty(node):
        return MISSING
    if (node.end_col_offset or 0) - node.col_offset > _LONGEST or (node.end_lineno or 0) - node.lineno > 1000:
        return MISSING
    if type(node) is ast.Constant and type(node.value) in _SCALARS:
        return node.value  # type: ignore[return-value]  # one of those, as was just asked
    try:
        return json_value(_evaluate(node))
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return MISSING


def is_literal_iterable(node: ast.expr) -> bool:
    """Return whether a loop over this goes over literals: a container of them, ``range(...)``, ``zip``..."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        return not isinstance(literal_value(node), Missing)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        if node.func.id == "range":
            return all(not isinstance(literal_value(argument), Missing) for argument in node.args)
        if node.func.id in ("enumerate", "zip", "reversed", "sorted"):
            return all(is_literal_iterable(argument) for argument in node.args)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return node.func.attr in ("items", "keys", "values") and is_literal_iterable(node.func.value)
    return False


def assigned_literals(statement: ast.stmt, *, has_walrus: bool = True) -> dict[str, JsonValue]:
    """Return the literals that one statement assigns: ``a = 1``, ``a, b = 1, 2``, ``a: int = 1``, ``(n := 3)``.

    Settings that are kept together have dotted names: ``config.rate = 0.1``, and ``class Config: rate = 0.1`` where the
    class holds nothing else.

    Parameters
    ----------
    has_walrus
        False where it is known that there is no ``:=``.
    """
    found: dict[str, JsonValue] = {}
    if isinstance(statement, ast.ClassDef):
        return _settings(statement)
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            found.update(_pairs(target, statement.value))
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        found.update(_pairs(statement.target, statement.value))
    for node in _expressions(statement) if has_walrus else ():
        if isinstance(node, ast.NamedExpr):
            found.update(_pairs(node.target, node.value))
    return found


def code_text(node: ast.AST) -> str:
    """Return the code of a statement or expression in one spelling, without comments.

    Literals that a loop or comprehension goes over are left out: what flowed on is one of them, and that is a param. Of
    a compound statement only the header counts.
    """
    return ast.unparse(_Normalised().visit(_without_bodies(node) if isinstance(node, _COMPOUND) else _copied(node)))


def _without_bodies(node: ast.AST) -> ast.AST:
    empty = {"body": [ast.Pass()], "orelse": [], "finalbody": [], "handlers": []}
    fields = {name: empty.get(name, value) for name, value in ast.iter_fields(node)}
    if isinstance(node, ast.Match):
        fields["cases"] = [ast.match_case(case.pattern, case.guard, [ast.Pass()]) for case in node.cases]
    if isinstance(node, ast.Try | ast.TryStar):
        fields["finalbody"] = [ast.Pass()]
    copy: ast.AST = _copied(type(node)(**fields))
    return ast.fix_missing_locations(ast.copy_location(copy, node))


def _copied(part: Any) -> Any:
    """Return a copy of a tree or a list of trees, by what belongs to its syntax alone.

    Other tools hang their own things on nodes, and nodes like ``ast.Load()`` are shared by all trees of the process:
    who follows those copies whole libraries.
    """
    if isinstance(part, list):
        return [_copied(each) for each in part]
    if not isinstance(part, ast.AST) or not part._fields:
        return part
    copy = type(part)(**{name: _copied(value) for name, value in ast.iter_fields(part)})
    return ast.copy_location(copy, part)


class _Normalised(ast.NodeTransformer):
    """Replaces the literals that loops go over."""

    def _visit_loop(self, node: Any) -> Any:
        if is_literal_iterable(node.iter):
            node.iter = ast.Constant(value=...)
        return self.generic_visit(node)

    visit_For = visit_AsyncFor = visit_comprehension = _visit_loop  # noqa: N815  names of the visitor's protocol


def target_names(target: ast.expr) -> Iterator[str]:
    """Yield the names that an assignment target binds."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def root_of(name: str) -> str:
    """Return the name that a constant is reached by: ``config`` for ``config.rate``."""
    return name.partition(".")[0]


def _settings(definition: ast.ClassDef) -> dict[str, JsonValue]:
    """Return the constants of a class that holds nothing but constants, and is neither made nor changed by others."""
    if definition.decorator_list or definition.bases or definition.keywords:
        return {}
    found: dict[str, JsonValue] = {}
    for statement in definition.body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Pass) and not is_text:
            return {}
        found.update((f"{definition.name}.{name}", value) for name, value in assigned_literals(statement).items())
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Mapping[str, JsonValue]:
    if isinstance(target, _SEQUENCES) and isinstance(value, _SEQUENCES):
        if len(target.elts) != len(value.elts):
            return {}
        found: dict[str, JsonValue] = {}
        for one, item in zip(target.elts, value.elts, strict=True):
            found.update(_pairs(one, item))
        return found
    name = target.id if isinstance(target, ast.Name) else _attribute_of_name(target)
    literal = literal_value(value) if name is not None else MISSING
    return {} if name is None or isinstance(literal, Missing) else {name: literal}


def _attribute_of_name(target: ast.expr) -> str | None:
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id != "self":
        return f"{target.value.id}.{target.attr}"
    return None


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Walk the expressions of a statement itself, not those of the statements inside it."""
    pending: list[ast.AST] = list(ast.iter_child_nodes(statement))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case | ast.Lambda):
            continue
        yield node
        pending += ast.iter_child_nodes(node)


def _is_empty(node: ast.List | ast.Tuple | ast.Set | ast.Dict) -> bool:
    return not (node.keys if isinstance(node, ast.Dict) else node.elts)


def _evaluate(node: ast.expr) -> object:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as operator, operand=operand):
            number = _number(operand)
            return -number if isinstance(operator, ast.USub) else number
        case ast.BinOp(left=left, op=operator, right=right):
            result = _arithmetic(operator, _number(left), _number(right))
            if isinstance(result, int) and result.bit_length() > _MOST_BITS:
                raise ValueError("too large for a choice")
            return result
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_evaluate(item) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_key(key): _evaluate(value) for key, value in zip(keys, values, strict=True) if key}
    raise ValueError("not a literal")


def _key(node: ast.expr) -> object:
    return tuple(_key(item) for item in node.elts) if isinstance(node, ast.Tuple) else _evaluate(node)


def _number(node: ast.expr) -> int | float:
    value = _evaluate(node)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError("not a number")


def _arithmetic(operator: ast.operator, left: int | float, right: int | float) -> object:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case ast.LShift() if isinstance(left, int) and isinstance(right, int) and 0 <= right <= _MOST_BITS:
            return left << right
        case ast.Pow() if abs(right) <= 1000 and abs(left) <= 1e6:
            return left**right
    raise ValueError("not arithmetic")
