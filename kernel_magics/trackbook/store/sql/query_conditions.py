"""Conditions of a query as SQL on the row of a run. None is ever NULL, so that NOT turns every one round."""

from __future__ import annotations

from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Table,
    and_,
    case,
    exists,
    false,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from trackbook.records import RunStatus
from trackbook.records.query import (
    ORDERING,
    All,
    Comparison,
    Condition,
    Field,
    Has,
    IsNull,
    Not,
    Operator,
    Scope,
    Some,
)
from trackbook.store.matching import NOTEBOOK, PATTERNS, SHORTEST_FINGERPRINT, base_of, operands, readings
from trackbook.store.patterns import pattern_of
from trackbook.store.sql import schema
from trackbook.store.sql.core import among
from trackbook.store.sql.query_texts import Beginning, Called, Ending, Exact, Inside, glob, one_of, text_test
from trackbook.store.sql.texts import stored
from trackbook.store.sql.values import real

Test: TypeAlias = ColumnElement[bool]
GONE = "gone"
_RUNS, _SESSIONS = schema.runs.c, schema.sessions.c
_COMPARE = {Operator.LESS: lt, Operator.AT_MOST: le, Operator.GREATER: gt, Operator.AT_LEAST: ge}
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
    "seconds": _RUNS.finished_at,
}
_TABLES = {Scope.PARAMS: schema.params, Scope.TAGS: schema.tags}


def condition_of(condition: Condition) -> Test:
    """Return a condition as SQL. One that asks for the status has the parameter `GONE`, ids of sessions as JSON."""
    match condition:
        case All():
            return and_(*map(condition_of, condition.conditions))
        case Some():
            return or_(*map(condition_of, condition.conditions))
        case Not():
            return not_(condition_of(condition.condition))
        case Has():
            return has(condition.field)
        case IsNull():
            return _is_null(condition.field)
        case Comparison():
            return _comparison(condition)


def _is_null(field: Field) -> Test:
    if field.scope is not Scope.PARAMS:
        return not_(has(field))
    return not_(hangs(schema.params, field.key, schema.params.c.value != "null"))


def hangs(table: Table, key: str, test: Test | None = None) -> Test:
    """Return the condition that a run has a key in a table, with a value that stands a test."""
    found = select(table.c.run_number).where(table.c.run_number == _RUNS.number, key_is(table, key))
    return exists((found if test is None else found.where(test)).correlate(schema.runs))


def key_is(table: FromClause, key: str) -> Test:
    """Return the condition that a row is of a key, whose number is looked up once a statement."""
    number = select(schema.keys.c.number).where(schema.keys.c.key == stored(key)).correlate(None).scalar_subquery()
    return table.c.key_number == number


def metric_test(column: ColumnElement[Any], comparison: Comparison) -> Test:
    """Return how a number, of which NULL is NaN, is compared; NaN only equals ``nan``."""
    wanted = [real(each) for each in operands(comparison.value)]
    numbers = [each for each in wanted if each is not None]
    operator = base_of(comparison.operator)
    if operator in ORDERING:
        return and_(column.is_not(None), _COMPARE[operator](column, numbers[0])) if numbers else false()
    if operator is not comparison.operator:
        return and_(column.is_not(None), not_(one_of(column, numbers)))
    found = and_(column.is_not(None), one_of(column, numbers))
    return or_(found, column.is_(None)) if None in wanted else found


def seconds() -> ColumnElement[Any]:
    """Return how long a run took, NULL while it runs."""
    finished, started = (type_coerce(column, BigInteger) for column in (_RUNS.finished_at, _RUNS.started_at))
    return (finished - started) / 1_000_000.0


def status() -> ColumnElement[str]:
    """Return a run's status as it is given out: RUNNING in a session that is gone is KILLED."""
    is_gone = and_(_RUNS.status == RunStatus.RUNNING.value, among(_RUNS.session_id, GONE))
    return case((is_gone, RunStatus.KILLED.value), else_=_RUNS.status)


def has(field: Field) -> Test:
    """Return the condition that a run has a field."""
    if field.scope is Scope.METRICS:
        return or_(*(hangs(schema.latest_metrics, key) for key in field.candidates))
    if field.scope is not Scope.RUN:
        return hangs(_TABLES[field.scope], field.key)
    if field.key in _COLUMNS:
        return _COLUMNS[field.key].is_not(None)
    match field.key:
        case "model":
            return _part(schema.models, true())
        case "dataset":
            return _part(schema.datasets, true())
        case "notebook":
            return _session(_SESSIONS.notebook.is_not(None))
    return true()  # user and status: every run has them


def _comparison(comparison: Comparison) -> Test:
    field, is_plain = comparison.field, base_of(comparison.operator) is comparison.operator
    if field.scope is Scope.METRICS:
        return _metric(field, metric_test(schema.latest_metrics.c.value, comparison))
    if field.key == "seconds" and field.scope is Scope.RUN:
        return and_(_RUNS.finished_at.is_not(None), metric_test(seconds(), comparison))
    if isinstance(comparison.value, datetime):
        column = _COLUMNS[field.key]
        return and_(column.is_not(None), _COMPARE[comparison.operator](column, comparison.value))
    found = _text_comparison(comparison)
    return found if is_plain else and_(has(field), not_(found))


def _metric(field: Field, test: Test) -> Test:
    """Return the condition that the first of a metric's keys that a run has stands a test."""
    first, *others = field.candidates
    found = hangs(schema.latest_metrics, first, test)
    if not others:
        return found
    rest = _metric(Field(scope=field.scope, key=field.key, keys=tuple(others)), test)
    return or_(found, and_(not_(hangs(schema.latest_metrics, first)), rest))


def _text_comparison(comparison: Comparison) -> Test:
    """Return the condition that what a run has is as a comparison says, its negation put aside."""
    field = comparison.field
    if field.scope is Scope.PARAMS:
        return hangs(schema.params, field.key, _param_test(comparison))
    if field.scope is Scope.TAGS:
        return hangs(schema.tags, field.key, text_test(comparison, Exact(column=schema.tags.c.value)))
    match field.key:
        case "run_id" | "session":
            return text_test(comparison, Beginning(column=_COLUMNS[field.key]))
        case "status":
            return text_test(comparison, Exact(column=status()))
        case "parent":
            return _parent(comparison)
        case "model":
            return _part(schema.models, text_test(comparison, *_model()))
        case "dataset":
            return _part(schema.datasets, text_test(comparison, *_dataset()))
        case "notebook":
            called = Ending(column=_SESSIONS.notebook, separator="/", suffix=NOTEBOOK)
            return _session(and_(_SESSIONS.notebook.is_not(None), text_test(comparison, called)))
        case "user":
            return _session(text_test(comparison, Exact(column=_SESSIONS.user)))
    column = _COLUMNS[field.key]
    return and_(column.is_not(None), text_test(comparison, Exact(column=column)))


def _param_test(comparison: Comparison) -> Test:
    value, number = schema.params.c.value, schema.params.c.number
    operator, wanted = base_of(comparison.operator), operands(comparison.value)
    if operator in ORDERING:
        return metric_test(number, comparison)
    if operator in PATTERNS:
        pattern = pattern_of(operator, str(wanted[0]))
        is_text = glob(value, '"*')
        plain = and_(not_(is_text), glob(value, pattern.glob(is_json=True)))
        return or_(glob(value, pattern.glob('"', '"', is_json=True)), plain)
    meant = [readings(each) for each in wanted]
    numbers = [each for reading in meant for each in reading.numbers]
    texts = [stored(each) for reading in meant for each in reading.texts]
    return or_(and_(number.is_not(None), one_of(number, numbers)), and_(number.is_(None), one_of(value, texts)))


def _model() -> list[Called]:
    return [Exact(column=schema.models.c.name), Ending(column=schema.models.c.class_name, separator=".")]


def _dataset() -> list[Called]:
    columns = schema.datasets.c
    return [
        Exact(column=columns.name),
        Beginning(column=columns.fingerprint, shortest=SHORTEST_FINGERPRINT),
        Inside(column=columns.files, called_by=lambda path: Ending(column=path, separator="/")),
    ]


def _parent(comparison: Comparison) -> Test:
    parents = schema.runs.alias("parents")
    named = select(parents.c.number).where(
        parents.c.run_id == _RUNS.parent_id, text_test(comparison, Exact(column=parents.c.name))
    )
    by_id = and_(_RUNS.parent_id.is_not(None), text_test(comparison, Beginning(column=_RUNS.parent_id)))
    return or_(by_id, exists(named.correlate(schema.runs)))


def _part(table: Table, test: Test) -> Test:
    """Return the condition that a run has a row in a table that stands a test."""
    return exists(select(table.c.run_number).where(table.c.run_number == _RUNS.number, test).correlate(schema.runs))


def _session(test: Test) -> Test:
    """Return the condition that a run's session stands a test."""
    own = select(_SESSIONS.session_id).where(_SESSIONS.session_id == _RUNS.session_id, test)
    return exists(own.correlate(schema.runs))
