"""Runs the body of ``%%track`` in the notebook, as ``%%time`` does: errors are the cell's, the last value its result."""

from __future__ import annotations

import ast
from typing import Any


def run_body(shell: Any, body: str) -> object:
    """Run a cell's body in the notebook's namespace and return the value of its last expression, if that is its end."""
    transformed = shell.transform_cell(body)
    name = shell.compile.cache(transformed, raw_code=body)
    tree = shell.compile.ast_parse(transformed, filename=name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(shell.compile(tree, name, "exec"), shell.user_ns)  # what a cell magic is for
    if last is None:
        return None
    value: object = eval(shell.compile(ast.Expression(last.value), name, "eval"), shell.user_ns)
    return None if transformed.rstrip().endswith(";") else value
