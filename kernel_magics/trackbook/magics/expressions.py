"""What an expression on a magic's line is worth in the notebook."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from trackbook.errors import InvalidValueError

_BARE_WORD = re.compile(r"[^\s()\[\]{}'\"]+")


def evaluate(text: str, names: dict[str, Any], *, takes_words: bool = False) -> object:
    """Return an expression's value; what it raises is shown in one line.

    Parameters
    ----------
    text
        The expression, as it was typed.
    names
        What it may use.
    takes_words
        Whether a word that is neither Python nor a name here stands for itself: ``resnet-50``.

    Raises
    ------
    InvalidValueError
        If it is no expression of Python.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):  # no literal, so it is to be run
        pass
    is_word = takes_words and _BARE_WORD.fullmatch(text) is not None
    try:
        code = compile(text.strip(), "<track>", "eval")
    except SyntaxError as error:
        if is_word or (takes_words and not set(text) & set("()[]{}'\"")):
            return text
        raise InvalidValueError(f"'{text}' can't be read as Python: {error.msg}. Correct it, or quote it.") from None
    try:
        return eval(code, names)  # what was typed into the notebook is run in it
    except Exception as error:
        if is_word and isinstance(error, NameError):
            return text
        show_in_one_line(error, text)
        raise


def show_in_one_line(error: BaseException, expression: str) -> None:
    """Have IPython show an error of somebody's expression as one line: the frames above it are only ours."""
    line = f"{type(error).__name__}: {error} (in {expression})"
    error.__dict__["_render_traceback_"] = _always([line])


def _always(lines: list[str]) -> Callable[[], list[str]]:
    return lambda: lines


def source_of(text: str) -> str | None:
    """Return a text that is an expression of Python, None for one that is not."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    return text


def names_at(shell_names: dict[str, Any], local_names: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the names of the notebook, and over them those of the function that calls the magic, if one does."""
    if local_names is None or local_names is shell_names:
        return shell_names
    return {**shell_names, **local_names}
