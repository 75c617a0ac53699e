"""Runs the body of ``%%track`` in the notebook: errors are the cell's, with its lines; the last value is its result."""

from __future__ import annotations

import ast
import inspect
from types import CodeType
from typing import Any

from trackbook.errors import InvalidValueError


def compile_body(shell: Any, body: str) -> list[CodeType]:
    """Return the code of a cell's body: its statements, and the expression at its end if there is one.

    Line magics, ``!`` and cell magics inside are IPython's as in any cell.

    Raises
    ------
    InvalidValueError
        If the body is no Python, or awaits: a magic can't.
    """
    number, lines_before = _place(shell, body)
    transformed = lines_before * "\n" + shell.transform_cell(body)
    name = shell.compile.cache(transformed, number=number, raw_code=body)
    try:
        with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
            tree = shell.transform_ast(shell.compile.ast_parse(transformed, filename=name))
            has_value = tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_silenced(transformed)
            last = [ast.Expression(tree.body.pop().value)] if has_value else []
            codes = [shell.compile(tree, name, "exec"), *(shell.compile(each, name, "eval") for each in last)]
    except SyntaxError as error:
        line = f" in line {error.lineno}" if error.lineno else ""
        code = f": {error.text.strip()}" if error.text and error.text.strip() else ""
        raise InvalidValueError(f"The cell can't be read as Python, {error.msg}{line}{code}") from None
    if any(code.co_flags & inspect.CO_COROUTINE for code in codes):
        raise InvalidValueError(
            "A cell under %%track can't await. Put %track start NAME in the cell before it and %track stop after it."
        )
    return codes


def run_body(shell: Any, codes: list[CodeType]) -> object:
    """Run what `compile_body` made in the notebook's namespace; return the value of the expression at the end."""
    __tracebackhide__ = True
    value = None
    for code in codes:
        value = eval(code, shell.user_global_ns, shell.user_ns)  # of statements it is None
    return value


def _is_silenced(code: str) -> bool:
    """Return whether a semicolon at the end says that the value is not to be shown."""
    from IPython.core.displayhook import DisplayHook

    return bool(DisplayHook.semicolon_at_end_of_expression(code))  # type: ignore[no-untyped-call]  # IPython's


def _place(shell: Any, body: str) -> tuple[int, int]:
    """Return the prompt number of the cell that a body belongs to, and how many lines are before it there.

    With them tracebacks name the cell and the lines that a person sees. Both are 0 where the cell is not at hand.
    """
    inputs = shell.history_manager.input_hist_raw if shell.history_manager is not None else []
    cell, content = str(inputs[-1]).rstrip() if inputs else "", body.strip()
    if not content or not cell.endswith(content):
        return 0, 0
    return len(inputs) - 1, cell.count("\n", 0, len(cell) - len(content))
