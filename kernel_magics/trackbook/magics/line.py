"""How a line is read: words, kept together by quotes (where Python is written by brackets too), and ``KEY=VALUE``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trackbook.errors import InvalidValueError

_QUOTES = "'\""
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PAIR = re.compile(r"([^=\s'\"]*[^=\s'\"!<>:+*/%&|^@~-])=(?!=)(.*)", re.DOTALL)


def split_words(line: str, *, is_python: bool = False) -> list[str]:
    """Split a line at its spaces, but not within quotes; quotes stay where they are.

    Parameters
    ----------
    line
        What was typed after the name of the magic.
    is_python
        Whether values are Python: brackets keep words together too, and a quote counts wherever it stands. In words for
        people one counts only where a word or a value begins: ``it's`` has none.

    Raises
    ------
    InvalidValueError
        If a quote or a bracket is not closed.
    """
    words: list[str] = []
    word, quote, open_brackets = "", "", ""
    characters = iter(line)
    for character in characters:
        is_space = character.isspace()
        if is_space and not quote and not open_brackets:
            words += [word] if word else []
            word = ""
            continue
        if quote:
            quote = "" if character == quote else quote
            if is_python and character == "\\":
                character += next(characters, "")
        elif character in _QUOTES and (is_python or not word or word.endswith("=")):
            quote = character
        elif is_python and character in _CLOSING:
            open_brackets += character
        elif open_brackets and character == _CLOSING[open_brackets[-1]]:
            open_brackets = open_brackets[:-1]
        word += character
    if quote:
        raise InvalidValueError(f"A quote {quote} is not closed in: {line.strip()}. Close the quotes.")
    if open_brackets:
        raise InvalidValueError(
            f"A bracket ({open_brackets[-1]}) is not closed in: {line.strip()}. Close the brackets."
        )
    return [*words, word] if word else words


def unquoted(text: str) -> str:
    """Return a text without the quotes around the whole of it, if it has them."""
    is_quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0] and text[0] not in text[1:-1]
    return text[1:-1] if is_quoted else text


def pairs_of(words: Sequence[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` words as a mapping, values as they were typed.

    There may be spaces around the sign. Words that are no pair belong to the value before them. Without any sign the
    first word is the key, the others are its value.

    Raises
    ------
    InvalidValueError
        If there is a key without a value, or a value without a key.
    """
    joined = _joined_at_signs(words)
    pairs = [_pair(word) for word in joined]
    if len(joined) > 1 and not any(pairs):
        return {joined[0]: " ".join(joined[1:])}
    found: dict[str, list[str]] = {}
    values: list[str] | None = None
    for word, pair in zip(joined, pairs, strict=True):
        if pair:
            values = found[pair[0]] = [pair[1]] if pair[1] else []
        elif values is not None:
            values.append(word)
        else:
            raise InvalidValueError(f"'{word}' is no pair. Write KEY=VALUE, for instance stage=final.")
    for key, texts in found.items():
        if not texts:
            raise InvalidValueError(f"'{key}=' has no value. Write KEY=VALUE, for instance stage=final.")
    return {key: " ".join(texts) for key, texts in found.items()}


def _pair(word: str) -> tuple[str, str] | None:
    """Return the key that a word begins with, and what is behind its sign."""
    found = _PAIR.fullmatch(word)
    return (found[1], found[2]) if found and _is_balanced(found[1]) else None


def _joined_at_signs(words: Sequence[str]) -> list[str]:
    """Return words with those that begin with a sign joined to the word before: ``rmse = x`` is ``rmse=`` and ``x``."""
    joined: list[str] = []
    for word in words:
        if joined and word.startswith("=") and not word.startswith("==") and "=" not in joined[-1]:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _is_balanced(key: str) -> bool:
    return all(key.count(opening) == key.count(closing) for opening, closing in _CLOSING.items())
