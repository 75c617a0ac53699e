"""Filters with a query, whose statements are made once and kept as long as the same is asked again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from functools import lru_cache

from trackbook.records.query import Query
from trackbook.store.contract import RunFilter
from trackbook.store.sql import query
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.filters import Shape, shape_of, values_of
from trackbook.store.sql.listing import condition


def page(connection: sqlite3.Connection, where: RunFilter, gone: query.Gone) -> tuple[Question, list[query.Row]]:
    """Return a page of the runs that are asked for: rows of `schema.runs`, and the statement that knows their names."""
    return query.page(connection, asked_of(where), gone, values_of(where))


def count(connection: sqlite3.Connection, where: RunFilter, gone: query.Gone) -> int:
    """Return how many runs are asked for, the filter's limit put aside."""
    return query.count(connection, asked_of(replace(where, limit=None)), gone, values_of(where))


def asked_of(where: RunFilter) -> query.Asked:
    """Return a filter that has a query."""
    assert where.query is not None
    return _asked(_Written(repr(where.query), where.query), shape_of(where))


@dataclass(frozen=True, slots=True)
class _Written:
    """A query that is another one for `1`, `1.0` and `true`, which are equal in Python."""

    text: str
    query: Query = field(compare=False)


@lru_cache(64)
def _asked(written: _Written, shape: Shape) -> query.Asked:
    base = condition(shape)
    return query.Asked(query=written.query, base=base, oldest_first=shape.oldest_first, is_whole=shape.is_whole)
