"""Queries as SQL: every value is bound, and what a query means is what `trackbook.store.matching` says.

A condition on what hangs on a run is an EXISTS by that table's primary key, so that a page costs what it shows, not
what there is. Runs in the order of a metric are read along that metric's index; those without it follow in a second
statement.
GLOB, `json_each` and `json_extract` are SQLite's: PostgreSQL has regular expressions and `jsonb_array_elements`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, not_, select

from trackbook.records import RunStatus
from trackbook.records.query import All, Comparison, Condition, Field, OrderTerm, Query, Scope
from trackbook.store.matching import operands
from trackbook.store.sql import schema
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.query_conditions import GONE, condition_of, hangs, key_is, metric_test
from trackbook.store.sql.query_order import order_of
from trackbook.store.sql.statements import ids
from trackbook.store.sql.values import real

Gone = Callable[[Iterable[str]], set[str]]
Row = tuple[Any, ...]
_RUNNING = select(schema.runs.c.session_id).where(schema.runs.c.status == RunStatus.RUNNING.value).distinct()
EVERY = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query together with the rest of a filter: `base`, and the values of its parameters."""

    query: Query
    base: ColumnElement[bool]
    values: Mapping[str, Any]
    oldest_first: bool = False

    def condition(self, *, without: Sequence[Condition] = ()) -> ColumnElement[bool]:
        """Return the condition that a run is asked for, some of the query's parts put aside."""
        return and_(self.base, *(condition_of(each) for each in _parts(self.query.where) if each not in without))

    def pages(self) -> list[Select[Any]]:
        """Return the statements whose rows make the list, one after the other; each has a limit and an offset."""
        order = self.query.order
        first = order[0] if order else None
        if first is None or first.field.scope is not Scope.METRICS or len(first.field.candidates) > 1:
            return [_page(select(schema.runs).where(self.condition()), self._order(order))]
        own = [
            each for each in _parts(self.query.where) if isinstance(each, Comparison) and _is_about(each, first.field)
        ]
        along = self._along(first, own)
        if own:
            return [along]
        table = schema.latest_metrics
        has_number = hangs(table, first.field.candidates[0], table.c.value.is_not(None))
        rest = select(schema.runs).where(self.condition(), not_(has_number))
        return [along, _page(rest, self._order(order[1:]))]

    def _along(self, term: OrderTerm, own: list[Comparison]) -> Select[Any]:
        """Return the runs that have a metric, read along its index; `own` are the comparisons that it has to stand."""
        ordered = schema.latest_metrics.alias("ordered")
        value = ordered.c.value
        # The sum keeps SQLite from looking metrics up by run, which would need a sort of them all.
        joined = ordered.join(schema.runs, schema.runs.c.number == ordered.c.run_number + 0)
        tests = [value.is_not(None), *(metric_test(value, each) for each in own)]
        found = select(schema.runs).select_from(joined).where(key_is(ordered, term.field.candidates[0]), *tests)
        order = [value.desc() if term.is_descending else value, *self._order(self.query.order[1:])]
        return _page(found.where(self.condition(without=own)), order)

    def _order(self, terms: tuple[OrderTerm, ...]) -> list[ColumnElement[Any]]:
        return order_of(terms, oldest_first=self.oldest_first)


def page(
    connection: sqlite3.Connection, asked: Asked, gone: Gone, limit: int, offset: int
) -> tuple[Question, list[Row]]:
    """Return a page of the runs that are asked for: rows of `schema.runs`, and the statement that knows their names."""
    limit = min(limit, EVERY if asked.query.limit is None else max(asked.query.limit - offset, 0))
    statements = asked.pages()
    rows: list[Row] = []
    for statement in statements:
        question = Question(statement)
        found = _ask(connection, question, asked, gone, limit=limit - len(rows), offset=offset)
        rows += found
        if len(rows) >= limit or statement is statements[-1]:
            break
        offset = 0 if found or not offset else offset - _length(connection, statement, asked, gone)
    return question, rows


def count(connection: sqlite3.Connection, asked: Asked, gone: Gone) -> int:
    """Return how many runs are asked for, at most the query's limit."""
    statement = select(func.count().label("count")).select_from(schema.runs).where(asked.condition())
    ((number,),) = _ask(connection, Question(statement), asked, gone)
    return int(number) if asked.query.limit is None else min(int(number), asked.query.limit)


def _length(connection: sqlite3.Connection, statement: Select[Any], asked: Asked, gone: Gone) -> int:
    whole = statement.with_only_columns(schema.runs.c.number).order_by(None).limit(None).offset(None)
    ((number,),) = _ask(
        connection, Question(select(func.count().label("count")).select_from(whole.subquery())), asked, gone
    )
    return int(number)


def _ask(connection: sqlite3.Connection, question: Question, asked: Asked, gone: Gone, **values: int) -> list[Row]:
    """Run a statement; which sessions are gone is found out where it matters."""
    given = {**asked.values, **values}
    if f":{GONE}" in question.sql:
        running = [session for (session,) in Question(_RUNNING).ask(connection)]
        given[GONE] = ids(gone(running))
    return question.ask(connection, given)


def _page(statement: Select[Any], order: list[ColumnElement[Any]]) -> Select[Any]:
    return statement.order_by(*order).limit(bindparam("limit")).offset(bindparam("offset"))


def _parts(where: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that all have to hold."""
    if where is None:
        return ()
    return where.conditions if isinstance(where, All) else (where,)


def _is_about(comparison: Comparison, field: Field) -> bool:
    """Return whether a comparison is of a metric, and holds for none of which it is NaN."""
    has_nan = any(real(each) is None for each in operands(comparison.value)) if comparison.field == field else True
    return comparison.field == field and not has_nan
