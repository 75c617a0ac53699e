"""Statements as the driver takes them: SQLAlchemy would cost ten times as much as SQLite itself for a row or two."""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any


class Change:
    """A statement that writes.

    Parameters
    ----------
    sql
        Its text.
    names
        The names of its parameters, with spaces between; their values are given as tuples in this order.
    """

    def __init__(self, sql: str, names: str) -> None:
        self.sql = sql
        self.names = tuple(names.split())

    @cached_property
    def values_of(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        """Takes the parameters out of a row that is a dict."""
        if len(self.names) == 1:
            return lambda row: (row[self.names[0]],)
        return itemgetter(*self.names)

    def run(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        """Run it for each row."""
        if len(rows) == 1:
            connection.execute(self.sql, rows[0])
        elif rows:
            connection.executemany(self.sql, rows)


class Question:
    """A statement that reads.

    Parameters
    ----------
    sql
        Its text, with named parameters.
    columns
        The names of the columns of its result, with spaces between.
    texts
        The positions of those that hold texts.
    given
        The values of parameters that are part of the statement.
    """

    def __init__(
        self, sql: str, columns: str, texts: tuple[int, ...] = (), given: Mapping[str, Any] | None = None
    ) -> None:
        self.sql = sql
        self.columns = tuple(columns.split())
        self.texts = texts
        self.given = dict(given or {})

    @cached_property
    def _row(self) -> Any:
        return namedtuple("Row", self.columns)

    def ask(self, connection: sqlite3.Connection, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows as plain tuples."""
        return connection.execute(self.sql, {**self.given, **values} if values else self.given).fetchall()

    def named(self, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return rows whose values have names."""
        return list(map(self._row._make, rows))
