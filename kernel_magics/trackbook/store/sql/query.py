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
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, not_, select

from trackbook.records import RunStatus
from trackbook.records.query import All, Comparison, Condition, Field, OrderTerm, Query, Scope
from trackbook.store.matching import operands
from trackbook.store.sql import schema
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.core import asking
from trackbook.store.sql.parameters import ids
from trackbook.store.sql.query_conditions import GONE, condition_of, hangs, key_is, metric_test
from trackbook.store.sql.query_order import order_of
from trackbook.store.sql.values import real

Gone = Callable[[Iterable[str]], set[str]]
Row = tuple[Any, ...]
_ORDERED = schema.latest_metrics.alias("ordered")
_RUNNING = select(schema.runs.c.session_id).where(schema.runs.c.status == RunStatus.RUNNING.value).distinct()
EVERY = 2**63 - 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """A query together with the rest of a filter: `base`, whose parameters are given when it is asked.

    `is_whole`: there is no limit, so that it costs less to begin with what is rare than to read in the list's order.
    """

    query: Query
    base: ColumnElement[bool]
    oldest_first: bool = False
    is_whole: bool = False

    @cached_property
    def questions(self) -> list[Question]:
        """The statements whose rows make the list, one after the other; each has a limit and an offset."""
        return [asking(statement) for statement in self._pages]

    def condition(self, *, without: Sequence[Condition] = ()) -> ColumnElement[bool]:
        """Return the condition that a run is asked for, some of the query's parts put aside."""
        return and_(self.base, *(condition_of(each) for each in _parts(self.query.where) if each not in without))

    @cached_property
    def _pages(self) -> list[Select[Any]]:
        order = self.query.order
        first = order[0] if order else None
        if first is None or not _is_metric(first.field):
            return [_page(self._selected(), self._order(order))]
        field, own = first.field, self._own(first.field)
        value = _ORDERED.c.value
        along = _page(
            self._along(field, own), [value.desc() if first.is_descending else value, *self._order(order[1:])]
        )
        if own:
            return [along]
        table = schema.latest_metrics
        has_number = hangs(table, field.candidates[0], table.c.value.is_not(None))
        rest = select(schema.runs).where(self.condition(), not_(has_number))
        return [along, _page(rest, self._order(order[1:]))]

    def _selected(self) -> Select[Any]:
        """Return the runs that are asked for, in no order."""
        comparisons = [each for each in _parts(self.query.where) if isinstance(each, Comparison)]
        rare = next((each.field for each in comparisons if _is_metric(each.field) and self._own(each.field)), None)
        if self.is_whole and rare is not None:
            return self._along(rare, self._own(rare))
        return select(schema.runs).where(self.condition())

    def _own(self, field: Field) -> list[Comparison]:
        """Return the comparisons that a metric has to stand."""
        return [each for each in _parts(self.query.where) if isinstance(each, Comparison) and _is_about(each, field)]

    def _along(self, field: Field, own: list[Comparison]) -> Select[Any]:
        """Return the runs that have a metric, read along its index; `own` are the comparisons that it has to stand."""
        value = _ORDERED.c.value
        # The sum keeps SQLite from looking metrics up by run, which would need a sort of them all.
        joined = _ORDERED.join(schema.runs, schema.runs.c.number == _ORDERED.c.run_number + 0)
        tests = [value.is_not(None), *(metric_test(value, each) for each in own)]
        found = select(schema.runs).select_from(joined).where(key_is(_ORDERED, field.candidates[0]), *tests)
        return found.where(self.condition(without=own))

    def _order(self, terms: tuple[OrderTerm, ...]) -> list[ColumnElement[Any]]:
        return order_of(terms, oldest_first=self.oldest_first)

    @cached_property
    def count(self) -> Question:
        """The statement that counts the runs, the query's limit put aside."""
        return asking(select(func.count().label("count")).select_from(self._selected().subquery()))

    def length(self, place: int) -> Question:
        """Return the statement that counts the rows of one of `questions`, its limit and offset put aside."""
        whole = self._pages[place].with_only_columns(schema.runs.c.number).order_by(None).limit(None).offset(None)
        return asking(select(func.count().label("count")).select_from(whole.subquery()))


def page(
    connection: sqlite3.Connection, asked: Asked, gone: Gone, values: Mapping[str, Any]
) -> tuple[Question, list[Row]]:
    """Return a page of the runs that are asked for: rows of `schema.runs`, and the statement that knows their names.

    `values` are the filter's, with its limit and offset.
    """
    limit, offset = values["limit"], values["offset"]
    limit = min(limit, EVERY if asked.query.limit is None else max(asked.query.limit - offset, 0))
    rows: list[Row] = []
    for place, question in enumerate(asked.questions):
        found = _ask(connection, question, gone, {**values, "limit": limit - len(rows), "offset": offset})
        rows += found
        if len(rows) >= limit or question is asked.questions[-1]:
            break
        offset = 0 if found or not offset else offset - _number(connection, asked.length(place), gone, values)
    return question, rows


def count(connection: sqlite3.Connection, asked: Asked, gone: Gone, values: Mapping[str, Any]) -> int:
    """Return how many runs are asked for, at most the query's limit."""
    number = _number(connection, asked.count, gone, values)
    return number if asked.query.limit is None else min(number, asked.query.limit)


def _number(connection: sqlite3.Connection, question: Question, gone: Gone, values: Mapping[str, Any]) -> int:
    ((number,),) = _ask(connection, question, gone, values)
    return int(number)


def _ask(connection: sqlite3.Connection, question: Question, gone: Gone, values: Mapping[str, Any]) -> list[Row]:
    """Run a statement; which sessions are gone is found out where it matters."""
    given = dict(values)
    if f":{GONE}" in question.sql:
        running = [session for (session,) in asking(_RUNNING).ask(connection)]
        given[GONE] = ids(gone(running))
    return question.ask(connection, given)


def _page(statement: Select[Any], order: list[ColumnElement[Any]]) -> Select[Any]:
    return statement.order_by(*order).limit(bindparam("limit")).offset(bindparam("offset"))


def _parts(where: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that all have to hold."""
    if where is None:
        return ()
    return where.conditions if isinstance(where, All) else (where,)


def _is_metric(field: Field) -> bool:
    return field.scope is Scope.METRICS and len(field.candidates) == 1


def _is_about(comparison: Comparison, field: Field) -> bool:
    """Return whether a comparison is of a metric, and holds for none of which it is NaN."""
    has_nan = any(real(each) is None for each in operands(comparison.value)) if comparison.field == field else True
    return comparison.field == field and not has_nan
