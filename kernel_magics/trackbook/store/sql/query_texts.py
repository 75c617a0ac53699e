"""How texts of a query are found in columns: the whole text, the beginning of an id, the end of a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, func, literal, or_, select

from trackbook.records import JsonValue, encode
from trackbook.records.query import Comparison
from trackbook.store.matching import PATTERNS, base_of, operands
from trackbook.store.patterns import Pattern, pattern_of
from trackbook.store.sql.texts import stored

Test: TypeAlias = ColumnElement[bool]
_BEHIND_ALL = "\U0010ffff"


class Called(Protocol):
    """A column by which something can be called."""

    def equal(self, texts: Sequence[str]) -> Test:
        """Return the condition that it is called by one of some texts."""

    def like(self, pattern: Pattern) -> Test:
        """Return the condition that a pattern describes what it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """A whole text."""

    column: ColumnElement[Any]

    def equal(self, texts: Sequence[str]) -> Test:
        """See `Called`."""
        return one_of(self.column, [stored(text) for text in texts])

    def like(self, pattern: Pattern) -> Test:
        """See `Called`."""
        return glob(self.column, pattern.glob())


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """An id, or `shortest` characters or more of its beginning; it is in lower case."""

    column: ColumnElement[Any]
    shortest: int = 1

    def equal(self, texts: Sequence[str]) -> Test:
        """See `Called`; a single one is looked up along the column's index."""
        lower = [text.lower() for text in texts if len(text) >= self.shortest]
        if len(lower) == 1:
            return and_(self.column >= lower[0], self.column < lower[0] + _BEHIND_ALL)
        return _any_of(lower, lambda text: func.substr(self.column, 1, func.length(text)) == text)

    def like(self, pattern: Pattern) -> Test:
        """See `Called`."""
        return glob(self.column, pattern.glob())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A path or a dotted name, or what follows any of its separators; also without `suffix` where it ends so."""

    column: ColumnElement[Any]
    separator: str
    suffix: str = ""

    def equal(self, texts: Sequence[str]) -> Test:
        """See `Called`."""
        whole = [*texts, *(text + self.suffix for text in texts if self.suffix)]
        return _any_of(whole, lambda text: or_(self.column == text, self._ends(literal(self.separator) + text)))

    def _ends(self, text: ColumnElement[str]) -> Test:
        return func.substr(self.column, -func.length(text)) == text

    def like(self, pattern: Pattern) -> Test:
        """See `Called`."""
        afters = ("", self.suffix) if self.suffix else ("",)
        globs = [pattern.glob(before, after) for after in afters for before in ("", self.separator)]
        return or_(*(glob(self.column, "*" + each if at % 2 else each) for at, each in enumerate(globs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The first item of each list in a column of JSON: the paths of a dataset's files."""

    column: ColumnElement[Any]
    called_by: Callable[[ColumnElement[Any]], Called]

    def equal(self, texts: Sequence[str]) -> Test:
        """See `Called`."""
        return self._any(lambda called: called.equal(texts))

    def like(self, pattern: Pattern) -> Test:
        """See `Called`."""
        return self._any(lambda called: called.like(pattern))

    def _any(self, test: Callable[[Called], Test]) -> Test:
        readable = case((func.json_valid(self.column) == 1, self.column), else_="[]")  # a long one is kept elsewhere
        items = func.json_each(readable).table_valued("value")
        first = func.json_extract(items.c.value, "$[0]")
        return exists(select(items.c.value).where(test(self.called_by(first))).correlate_except(items))


def text_test(comparison: Comparison, *called: Called) -> Test:
    """Return the condition that something is called as a comparison says, its negation put aside."""
    operator = base_of(comparison.operator)
    texts = [str(each) for each in operands(comparison.value)]
    if operator in PATTERNS:
        return or_(*(each.like(pattern_of(operator, texts[0])) for each in called))
    return or_(*(each.equal(texts) for each in called))


def glob(column: ColumnElement[Any], pattern: str) -> Test:
    """Return the condition that a text is as SQLite's GLOB describes it."""
    return column.bool_op("GLOB")(pattern)


def one_of(column: ColumnElement[Any], values: Sequence[float | str]) -> Test:
    """Return the condition that a column holds one of some values, each a parameter of its own: none is rounded."""
    return column.in_([literal(each) for each in values]) if values else false()


def _any_of(texts: Sequence[str], test: Callable[[ColumnElement[str]], Test]) -> Test:
    """Return the condition that one of some texts stands a test: one parameter, however many there are."""
    listed = func.json_each(bindparam(None, encode(list[JsonValue](texts)))).table_valued("value")
    return exists(select(listed.c.value).where(test(listed.c.value)).correlate_except(listed))
