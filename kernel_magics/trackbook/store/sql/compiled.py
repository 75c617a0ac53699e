"""SQLAlchemy's statements as the driver takes them: compiled once, then run without SQLAlchemy, which costs ten times
as much as SQLite itself for a row or two.

Only for values that need no conversion by their column's type: moments are given and come back as whole microseconds.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, Select, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from trackbook.clock import microseconds

_NAMED = sqlite.dialect(paramstyle="named")
_BY_POSITION = sqlite.dialect(paramstyle="qmark")


class Change:
    """A statement that writes, its parameters given as tuples in the order of `names`."""

    def __init__(self, statement: Executable) -> None:
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=_BY_POSITION)
        self.sql = str(compiled)
        names = compiled.positiontup  # type: ignore[attr-defined]  # a SQL compiler's, which this is
        self.names: tuple[str, ...] = tuple(names or ())

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

    Attributes
    ----------
    texts
        The positions of the columns that hold texts.
    """

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_NAMED, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self._given = {name: _plain(value) for name, value in compiled.params.items()}
        columns = list(statement.selected_columns)
        self._names = [str(column.key) for column in columns]
        self.texts = [position for position, column in enumerate(columns) if isinstance(column.type, Text)]

    def ask(self, connection: sqlite3.Connection, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows as plain tuples."""
        return connection.execute(self.sql, {**self._given, **values} if values else self._given).fetchall()

    @cached_property
    def _row(self) -> Any:
        return namedtuple("Row", self._names)

    def named(self, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return rows whose values have names."""
        return list(map(self._row._make, rows))


def _plain(value: object) -> object:
    return microseconds(value) if isinstance(value, datetime) else value
