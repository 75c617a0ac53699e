"""The words of a query, each with its place, and the errors that point there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import NoReturn

from trackbook.errors import QueryError

MOST_CHARACTERS = 100_000
_SHOWN_BEFORE, _SHOWN_AFTER = 60, 40  # characters of a long query around a mistake
_QUOTES = "\"'`"
_TOKEN = re.compile(
    r"""(?P<operator><=|>=|==|!=|<>|!~|[=<>~])
      | (?P<sign>[(),\[\]])
      | (?P<quoted>"[^"]*(?:""[^"]*)*" | '[^']*(?:''[^']*)*' | `[^`]*(?:``[^`]*)*`)
      | (?P<word>[^\s<>=!~(),\[\]"'`]+)""",
    re.VERBOSE,
)
_OPTION = re.compile(r"--\w|-(?!inf|nan)[a-z]", re.IGNORECASE)
_SPACE = re.compile(r"\s*")
_NOWHERE = re.compile("[\0\ud800-\udfff]")  # what no database can be asked for


class Kind(StrEnum):
    """What a token is. PATH is a word that ends in a quoted key: ``metrics."val loss"``."""

    OPERATOR = auto()
    SIGN = auto()
    QUOTED = auto()
    WORD = auto()
    PATH = auto()
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word of a query. `text` is what it says (a quoted one without its quotes), `start` and `end` where it stands.

    `key` is the quoted part of a PATH, whose `text` is what stands before it.
    """

    kind: Kind
    text: str
    start: int
    end: int
    key: str = ""

    @property
    def lower(self) -> str:
        """The text as keywords and operators are compared; a quoted text is neither."""
        return self.text.lower() if self.kind in (Kind.WORD, Kind.OPERATOR, Kind.SIGN) else ""


def looks_like_option(word: str) -> bool:
    """Return whether a word of a command line is meant as one of its options: ``--limt``, but not ``-0.5``."""
    return _OPTION.match(word) is not None


def tokens_of(text: str) -> list[Token]:
    """Return the words of a query; the last one is its end.

    Raises
    ------
    QueryError
        If a quote is not closed, a character means nothing here, or the text is longer than anybody types.
    """
    if len(text) > MOST_CHARACTERS:
        fail(
            text,
            MOST_CHARACTERS,
            f"The query has {len(text):,} characters, and at most {MOST_CHARACTERS:,} are read. Split it",
        )
    nowhere = _NOWHERE.search(text)
    if nowhere:
        fail(text, nowhere.start(), "A NUL or half a character stands here. Take it out")
    tokens: list[Token] = []
    at = _after_space(text, 0)
    while at < len(text):
        tokens.append(_token_at(text, at))
        at = _after_space(text, tokens[-1].end)
    return [*tokens, Token(kind=Kind.END, text="", start=len(text), end=len(text))]


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _token_at(text: str, at: int) -> Token:
    found = _TOKEN.match(text, at)
    if found is None:
        _fail_at(text, at)
    kind = Kind(str(found.lastgroup))
    if kind is Kind.QUOTED:
        return Token(kind=kind, text=_unquoted(found[0]), start=at, end=found.end())
    if kind is Kind.WORD and found[0].endswith(".") and text[found.end() : found.end() + 1] in tuple(_QUOTES):
        key = _token_at(text, found.end())
        return Token(kind=Kind.PATH, text=found[0], start=at, end=key.end, key=key.text)
    return Token(kind=kind, text=found[0], start=at, end=found.end())


def _fail_at(text: str, at: int) -> NoReturn:
    character = text[at]
    if character in _QUOTES:
        fail(text, at, f"The quote {character} is not closed. Close it, or double it where it is part of a text")
    fail(text, at, f"The character {character} means nothing here. Write texts in quotes, and != for 'is not'")


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def fail(text: str, position: int, sentence: str) -> NoReturn:
    """Raise the error that shows a place of a query beneath a sentence (given without its full stop)."""
    start = max(0, position - _SHOWN_BEFORE)
    end = position + _SHOWN_AFTER
    before, after = "…" if start else "", "…" if end < len(text) else ""
    line = "".join(character if character.isprintable() else " " for character in text[start:end])
    pointer = " " * (len(before) + position - start) + "^"
    end_mark = "" if sentence.endswith(("?", ".")) else "."
    raise QueryError(f"{sentence}{end_mark}", f"  {before}{line}{after}\n  {pointer}", position)


class Cursor:
    """A place in the words of a query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._at = 0

    @property
    def token(self) -> Token:
        """The word that stands here; the end for ever after the last one."""
        return self._tokens[self._at]

    def next(self) -> Token:
        """Return the word that stands here and go past it."""
        token = self.token
        self.skip(token.kind is not Kind.END)
        return token

    def skip(self, does: bool) -> None:
        """Go past the word that stands here, if so."""
        self._at += does

    def stands(self, *words: str) -> bool:
        """Return whether these words stand here."""
        return [token.lower for token in self._tokens[self._at : self._at + len(words)]] == list(words)

    def takes(self, *words: str) -> bool:
        """Go past these words if they stand here, and return whether they did."""
        found = self.stands(*words)
        self._at += len(words) if found else 0
        return found

    def demand(self, word: str, sentence: str) -> None:
        """Go past a word, or say what is missing."""
        if not self.takes(word):
            self.fail(sentence)

    def fail(self, sentence: str, token: Token | None = None) -> NoReturn:
        """Raise the error that points at a word, by default the one that stands here."""
        fail(self._text, (token or self.token).start, sentence)
