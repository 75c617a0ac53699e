"""What can stand at a place of a query, for the panel and for Tab."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trackbook import clock
from trackbook.errors import QueryError
from trackbook.records.query import Field, NameKind, Scope, quoted
from trackbook.tracking.query import Parser
from trackbook.tracking.query_names import (
    CHOICES,
    FieldKind,
    Names,
    all_fields,
    kind_of,
    no_names,
)

_WORD_BEFORE = re.compile(r"[^\s<>=!~(),\[\]\"'`]*$")
_WORD_AFTER = re.compile(r"[^\s<>=!~(),\[\]\"'`]*")
_PLAIN = re.compile(r"[\w./:@+-]+")
_MOST = 50
_CONNECTIVES = ("and", "or", "order by", "limit")
_NULLS = ("is null", "is not null")
_COMPARISONS = ("=", "!=", ">", ">=", "<", "<=", "between")
_SEARCHES = ("~", "like", "ilike", "not in", "not like")
_OPERATORS = {
    FieldKind.NUMBER: (*_COMPARISONS, "in", *_NULLS),
    FieldKind.TIME: (*_COMPARISONS, *_NULLS),
    FieldKind.TEXT: ("=", "!=", "in", *_SEARCHES, *_NULLS),
    FieldKind.CHOICE: ("=", "!=", "in", "not in", *_NULLS),
    FieldKind.PARAM: (*_COMPARISONS, "in", *_SEARCHES, *_NULLS),
}
_TIMES = ("today", "yesterday", "7d", "2 days ago", "this week", "last week", "this month", "last month")
_NAMED = {"experiment", "model", "dataset", "notebook", "user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the text from `start` to `end` can become; the likeliest of `words` first."""

    start: int
    end: int
    words: tuple[str, ...] = ()


def complete(text: str, position: int, names: Names = no_names) -> Completion:
    """Return what can stand at a position of a query, given what stands before it.

    >>> complete("status = fin", 12).words
    ('FINISHED',)
    """
    before = text[:position]
    quote = _open_quote(before)
    start = len(before) - len(_written(before)) if quote is None else quote
    after = _WORD_AFTER.match(text, position)
    end = after.end() if after and quote is None else position
    written = before[start + (quote is not None) :]
    try:
        possible = list(_possible(before[:start], names, is_quoted=quote is not None))
    except QueryError:
        return Completion(start=start, end=end)
    if quote is not None:
        possible = [quoted(each, before[quote]) for each in possible]
    return Completion(start=start, end=end, words=tuple(_fitting(possible, written)[:_MOST]))


def complete_words(words: Sequence[str], names: Names = no_names) -> list[str]:
    """Return what the last word of a line can become."""
    text = " ".join(words)
    found = complete(text, len(text), names)
    kept = text[len(text) - len(words[-1]) : found.start] if words else ""
    return [kept + each for each in found.words]


def _written(before: str) -> str:
    found = _WORD_BEFORE.search(before)
    return found[0] if found else ""


def _open_quote(before: str) -> int | None:
    """Return where the quote begins that is still open, None where there is none."""
    opened: int | None = None
    for at, character in enumerate(before):
        if opened is not None:
            opened = None if character == before[opened] else opened
        elif character in "\"'`":
            opened = at
    return opened


def _possible(head: str, names: Names, *, is_quoted: bool) -> Iterable[str]:
    """Return what may follow the beginning of a query.

    Raises
    ------
    QueryError
        If there is a mistake in the beginning itself.
    """
    if head.lower().split()[-1:] == ["order"]:
        return ("by",)
    parser = Parser(head, names, clock.now())
    try:
        parser.query()
    except QueryError as error:
        if error.position < len(head.rstrip()):
            raise
    if is_quoted:
        return _values(parser.field, names) if parser.expected == "value" and parser.field else ()
    match parser.expected:
        case "field":
            return (*all_fields(names), "not", "has", *(() if head.strip() else ("order by", "limit")))
        case "operator" if parser.field:
            return (*_OPERATORS[kind_of(parser.field)], *_CONNECTIVES)
        case "value" if parser.field:
            return [each if _PLAIN.fullmatch(each) else quoted(each) for each in _values(parser.field, names)]
        case "connective":
            return _CONNECTIVES
        case "direction":
            return ("desc", "asc", "limit")
        case "null":
            return ("null", "not null")
    return ()


def _values(field: Field, names: Names) -> Sequence[str]:
    if field.scope is not Scope.RUN:
        return ()
    if field.key in CHOICES:
        return CHOICES[field.key]
    if kind_of(field) is FieldKind.TIME:
        return _TIMES
    return names(NameKind(field.key)) if field.key in _NAMED else ()


def _fitting(words: Iterable[str], written: str) -> list[str]:
    """Return the words that begin as written, then those of which a later part does."""
    start = written.lower()
    listed = list(dict.fromkeys(words))
    first = [word for word in listed if word.lower().lstrip("\"'`").startswith(start)]
    parts = [word for word in listed if any(part.startswith(start) for part in word.lower().split(".")[1:])]
    return first + [word for word in parts if word not in first]
