"""From SQLAlchemy's constructs to what `compiled` runs. Imported only where a statement is made at run time.

Only for values that need no conversion by their column's type: moments are given and come back as whole microseconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, Text, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from trackbook.clock import microseconds
from trackbook.store.sql.compiled import Change, Question

_NAMED = sqlite.dialect(paramstyle="named")
_BY_POSITION = sqlite.dialect(paramstyle="qmark")


def changing(statement: Executable) -> Change:
    """Return a statement that writes."""
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=_BY_POSITION)
    names = compiled.positiontup  # type: ignore[attr-defined]  # a SQL compiler's, which this is
    return Change(str(compiled), " ".join(names or ()))


def asking(statement: Select[Any]) -> Question:
    """Return a statement that reads."""
    compiled = statement.compile(dialect=_NAMED, compile_kwargs={"render_postcompile": True})
    columns = list(statement.selected_columns)
    return Question(
        str(compiled),
        " ".join(str(column.key) for column in columns),
        tuple(position for position, column in enumerate(columns) if isinstance(column.type, Text)),
        {name: _plain(value) for name, value in compiled.params.items() if value is not None},
    )


def _plain(value: object) -> object:
    return microseconds(value) if isinstance(value, datetime) else value


def among(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    """Return the condition that a column is one of `ids`: one parameter, however many there are."""
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
