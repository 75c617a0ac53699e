"""Credentials that were known by their names: the same value is a secret wherever else it turns up in this process.

A value that can be nothing else is taken out of whatever is shown. A word of a language is not, as it would go from
every table and text that has it, but where a cell shows just that word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from trackbook.capture.secret_values import SECRET, is_mixed

_SHORTEST = 8  # characters: shorter ones are words that stand everywhere
_SHORTEST_MIXED = 6
_SHORTEST_PHRASE = 14
_TEXTS = re.compile(  # in code: strings, comments, and lines that are no Python
    r""""{3}(?:\\.|[^\\])*?"{3}|'{3}(?:\\.|[^\\])*?'{3}"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*|^[ \t]*[!%][^\n]*""",
    re.DOTALL | re.MULTILINE,
)
_MOST = 1000  # values; the oldest are forgotten first
_known: dict[str, None] = {}
_words: dict[str, None] = {}


def remember(value: str) -> None:
    """Take note of a value that is a credential."""
    if SECRET in value:
        return
    if _is_telling(value):
        _keep(_known, value)
    elif value.isalpha() and len(value) >= _SHORTEST_MIXED:
        _keep(_words, value)


def is_known(value: str) -> bool:
    """Return whether a value is one of those."""
    return value in _known


def without_known(text: str) -> str:
    """Return a text that was shown with ``[secret]`` in place of those values."""
    for value in _found(_known, text):
        text = _without(value, text)
    for word in _found(_words, text):
        text = re.sub(rf"^(['\"]?){word}(['\"]?)$", rf"\g<1>{SECRET}\g<2>", text, flags=re.MULTILINE)
    return text


def without_known_literals(source: str) -> str:
    """Return code with ``[secret]`` in place of those values in its strings, comments and magics; names stay."""
    for value in _found(_known, source):
        source = _TEXTS.sub(partial(_without_in, value), source)
    return source


def _without_in(value: str, found: re.Match[str]) -> str:
    return _without(value, found[0])


def _without(value: str, text: str) -> str:
    return _whole(value).sub(SECRET, text) if len(value) < _SHORTEST else text.replace(value, SECRET)


def _is_telling(value: str) -> bool:
    """Tell whether a value can be nothing else: no words, but for a phrase of several."""
    spaces = len(re.findall(r"\s", value))
    if spaces:
        return spaces > 1 and len(value) >= _SHORTEST_PHRASE and "\n" not in value
    return not value.isalpha() and (len(value) >= _SHORTEST or (len(value) >= _SHORTEST_MIXED and is_mixed(value)))


def _keep(values: dict[str, None], value: str) -> None:
    if len(values) >= _MOST and value not in values:
        del values[next(iter(values))]
    values[value] = None


def _found(values: Iterable[str], text: str) -> list[str]:
    return [value for value in values if value in text]


def _whole(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
