"""The parts of a piece of syntax that the analysis of names asks for: its roots, its header, its parameters."""

from __future__ import annotations

import ast
import re

Function = ast.FunctionDef | ast.AsyncFunctionDef
SIMPLE = frozenset(
    {ast.Assign, ast.Expr, ast.AugAssign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.Delete, ast.Assert}
)
"""Statements without others inside, and after which the next one runs."""
_QUERIES = frozenset({"query", "eval"})
_AT_NAME = re.compile(r"@([^\W\d]\w*)")


def root_names(node: ast.expr) -> set[str]:
    """Return the names that an expression starts from: ``{"df"}`` for ``df.loc[i].a``, both of ``(a or b).c``."""
    if type(node) is ast.Name:
        return {node.id}
    match node:
        case ast.Call():
            return root_names(node.func)
        case ast.Attribute() | ast.Subscript() | ast.Starred() | ast.Await() | ast.NamedExpr():
            return root_names(node.value)
        case ast.BoolOp():
            return set().union(*map(root_names, node.values))
        case ast.IfExp():
            return root_names(node.body) | root_names(node.orelse)
        case ast.Tuple() | ast.List():
            return set().union(*map(root_names, node.elts))
    return set()


def header_of(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a compound statement that run before, or without, the statements in it."""
    match node:
        case ast.If() | ast.While():
            return [node.test]
        case ast.For() | ast.AsyncFor():
            return [node.iter, node.target]
        case ast.With() | ast.AsyncWith():
            return [*node.items]
        case ast.Try() | ast.TryStar():
            return [handler.type for handler in node.handlers if handler.type is not None]
        case ast.Match():
            guards = [case.guard for case in node.cases if case.guard is not None]
            return [node.subject, *(case.pattern for case in node.cases), *guards]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list, *_expressions_of(node.args), *([node.returns] if node.returns else [])]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords]
    return [node]


def parameters_of(arguments: ast.arguments) -> set[str]:
    """Return the names of a function's parameters."""
    return {parameter.arg for parameter in _all_parameters(arguments)}


def query_names(node: ast.Call) -> set[str]:
    """Return the variables that the text of ``df.query("age > @limit")`` reads."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in _QUERIES and node.args):
        return set()
    texts = (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
    return {name for text in texts if isinstance(text, str) for name in _AT_NAME.findall(text)}


def _expressions_of(arguments: ast.arguments) -> list[ast.AST]:
    """Return the defaults and annotations."""
    defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
    return [
        *defaults,
        *(parameter.annotation for parameter in _all_parameters(arguments) if parameter.annotation is not None),
    ]


def _all_parameters(arguments: ast.arguments) -> list[ast.arg]:
    optional = [parameter for parameter in (arguments.vararg, arguments.kwarg) if parameter is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *optional]
