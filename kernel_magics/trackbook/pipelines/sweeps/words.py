"""The words of a sweep's params: ``NAME=VALUES`` pairs, and choices with commas between."""

from __future__ import annotations

from collections.abc import Iterable

from trackbook.errors import InvalidValueError

_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


def pairs_of(words: Iterable[str]) -> dict[str, str]:
    """Return ``NAME=VALUES`` words as a mapping.

    Raises
    ------
    InvalidValueError
        If a word is none, or a name is there twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, text = (each.strip() for each in word.partition("="))
        if not equals or not name:
            raise InvalidValueError(f"'{word}' is no param with its values. Write NAME=VALUES, such as C=0.1,1,10.")
        if not text:
            raise InvalidValueError(f"{name}= has no values. Write them behind it, such as {name}=0.1,1,10.")
        if name in found:
            raise InvalidValueError(f"{name} is there twice. Put its values together: {name}={found[name]},{text}.")
        found[name] = text
    return found


def split_choices(text: str) -> tuple[str, ...]:
    """Return what stands between the commas that are in no brackets and in no quotes; quotes around a choice go.

    >>> split_choices("0.1, 1"), split_choices("[64],[64,32]"), split_choices("'a,b',c")
    (('0.1', '1'), ('[64]', '[64,32]'), ('a,b', 'c'))
    """
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in _QUOTES and not parts[-1].strip(_OPENING + _QUOTES + " "):
            quote = sign  # an apostrophe within a word is none
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign == "," and depth <= 0:
            parts.append("")
            continue
        parts[-1] += sign
    return tuple(_unquoted(part.strip()) for part in parts)


def _unquoted(text: str) -> str:
    is_quoted = len(text) >= 2 and text[0] in _QUOTES and text[-1] == text[0]
    return text[1:-1] if is_quoted else text
