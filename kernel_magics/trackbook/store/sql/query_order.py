"""The order of a query as SQL: what a run hasn't, and NaN, comes last in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, not_, select

from trackbook.records.query import Field, OrderTerm, Scope
from trackbook.store.sql import schema
from trackbook.store.sql.query_conditions import hangs, key_is, seconds, status
from trackbook.store.sql.query_texts import one_of

_RUNS, _SESSIONS = schema.runs.c, schema.sessions.c
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "run_id": _RUNS.run_id,
    "name": _RUNS.name,
    "experiment": _RUNS.experiment,
    "verdict": _RUNS.verdict,
    "note": _RUNS.note,
    "session": _RUNS.session_id,
    "parent": _RUNS.parent_id,
    "started_at": _RUNS.started_at,
    "finished_at": _RUNS.finished_at,
}


def order_of(terms: Sequence[OrderTerm], *, oldest_first: bool) -> list[ColumnElement[Any]]:
    """Return what runs are put in order by; the newest first decides ties, or the oldest."""
    found = [part for term in terms for part in _term(term)]
    ties = (_RUNS.started_at, _RUNS.run_id)
    return [*found, *(ties if oldest_first else (column.desc() for column in ties))]


def _term(term: OrderTerm) -> list[ColumnElement[Any]]:
    field = term.field
    if field.scope is Scope.PARAMS:  # numbers first, then texts
        number = _hanging(schema.params, field.key, schema.params.c.number)
        text = _hanging(schema.params, field.key, case((_has_text(), schema.params.c.value)))
        return [number.is_(None), _towards(number, term), text.is_(None), _towards(text, term)]
    value = _value(field)
    if field.scope is Scope.RUN and field.key == "started_at":  # never NULL, and an index gives this order
        return [_towards(value, term)]
    return [value.is_(None), _towards(value, term)]


def _towards(value: ColumnElement[Any], term: OrderTerm) -> ColumnElement[Any]:
    return value.desc() if term.is_descending else value.asc()


def _has_text() -> ColumnElement[bool]:
    return and_(schema.params.c.number.is_(None), not_(one_of(schema.params.c.value, ["null", "NaN"])))


def _value(field: Field) -> ColumnElement[Any]:
    if field.scope is Scope.METRICS:
        return _metric(field.candidates)
    if field.scope is Scope.TAGS:
        return _hanging(schema.tags, field.key, schema.tags.c.value)
    match field.key:
        case "seconds":
            return seconds()
        case "status":
            return status()
        case "notebook" | "user":
            own = _SESSIONS.session_id == _RUNS.session_id
            return select(_SESSIONS[field.key]).where(own).correlate(schema.runs).scalar_subquery()
    return _COLUMNS[field.key]


def _metric(keys: Sequence[str]) -> ColumnElement[Any]:
    table = schema.latest_metrics
    first, *others = keys
    value = _hanging(table, first, table.c.value)
    return case((hangs(table, first), value), else_=_metric(others)) if others else value


def _hanging(table: Table, key: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value that hangs on the run under a key, NULL where it has none."""
    found = select(column).where(table.c.run_number == _RUNS.number, key_is(table, key))
    return found.correlate(schema.runs).scalar_subquery()
