"""Rows to records: listings take the same few queries for one run and for a thousand."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, true

from trackbook import clock
from trackbook.records import Execution, JsonValue, MetricPoint, Origin, Outcome, RunDetail, RunStatus, Session
from trackbook.records.query import Query
from trackbook.store import rules
from trackbook.store.contract import RunFilter
from trackbook.store.sql import query, rows, schema, statements
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.latest import LatestMetrics
from trackbook.store.sql.statements import among, ids, numbers
from trackbook.store.sql.texts import Texts, stored

T = TypeVar("T")


def runs(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> list[RunDetail]:
    """Return the runs of a filter with all that hangs on them."""
    found = _found(connection, texts, where)
    if not found:
        return []
    listed = [(row.number, rows.run_of(row)) for row in found]
    gone = _gone(connection, texts, {run.session_id for _, run in listed if run.status is RunStatus.RUNNING})
    read = _Hanging(connection, texts, [number for number, _ in listed])
    params, tags, metrics = read.params(), read.tags(), read.metrics()
    datasets, models = read.lists(statements.DATASETS, rows.dataset_of), read.lists(statements.MODELS, rows.model_of)
    artifacts = read.lists(statements.ARTIFACTS, rows.artifact_of)
    modules = read.lists(statements.MODULES, rows.module_of)
    executions = read.lists(statements.RUN_EXECUTIONS, lambda row: str(row.execution_id))
    return [
        RunDetail(
            run=rules.as_read(run, run.session_id in gone),
            params=params[number],
            metrics=LatestMetrics(metrics[number]),
            tags=tags[number],
            datasets=tuple(datasets[number]),
            models=tuple(models[number]),
            artifacts=tuple(artifacts[number]),
            modules=tuple(modules[number]),
            execution_ids=tuple(executions[number]),
        )
        for number, run in listed
    ]


def _found(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> list[Any]:
    values = _values(where)
    if where.query is None:
        return _named(connection, texts, _page(_shape(where)), values)
    question, found = query.page(connection, _asked(where, where.query), partial(_gone, connection, texts), values)
    return question.named(texts.whole(found, question.texts))


def _asked(where: RunFilter, asked: Query) -> query.Asked:
    return _asked_before(_Written(repr(asked), asked), _shape(where))


@dataclass(frozen=True, slots=True)
class _Written:
    """A query that is another one for `1`, `1.0` and `true`, which are equal in Python."""

    text: str
    query: Query = field(compare=False)


@lru_cache(64)
def _asked_before(written: _Written, shape: Shape) -> query.Asked:
    return query.Asked(
        query=written.query, base=_condition(shape), oldest_first=shape.oldest_first, is_whole=shape.is_whole
    )


class _Hanging:
    """What hangs on some runs, by run, in the order in which it was first written."""

    def __init__(self, connection: sqlite3.Connection, texts: Texts, run_numbers: Sequence[int]) -> None:
        self._connection = connection
        self._texts = texts
        self._run_numbers = run_numbers
        self._wanted = {"ids": numbers(run_numbers)}

    def _rows(self, question: Question) -> list[tuple[Any, ...]]:
        found = question.ask(self._connection, self._wanted)
        found.sort(key=_place)
        return self._texts.whole(found, question.texts)

    def lists(self, question: Question, record_of: Callable[[Any], T]) -> dict[int, list[T]]:
        found: dict[int, list[T]] = defaultdict(list)
        for row in question.named(self._rows(question)):
            found[row.run_number].append(record_of(row))
        return found

    def params(self) -> dict[int, dict[str, JsonValue]]:
        found: dict[int, dict[str, JsonValue]] = {number: {} for number in self._run_numbers}
        for number, _, key, text in self._rows(statements.PARAMS):
            found[number][key] = rows.param_of(text)
        return found

    def tags(self) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {number: {} for number in self._run_numbers}
        for number, _, key, text in self._rows(statements.TAGS):
            found[number][key] = text
        return found

    def metrics(self) -> dict[int, dict[str, tuple[Any, ...]]]:
        found: dict[int, dict[str, tuple[Any, ...]]] = {number: {} for number in self._run_numbers}
        for row in self._rows(statements.LATEST):
            found[row[0]][row[2]] = row
        return found


_place = itemgetter(1)


def _named(
    connection: sqlite3.Connection, texts: Texts, question: Question, values: dict[str, Any] | None = None
) -> list[Any]:
    return question.named(texts.whole(question.ask(connection, values), question.texts))


def count_runs(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> int:
    """Return how many runs a filter has."""
    if where.query is not None:
        gone = partial(_gone, connection, texts)
        return query.count(connection, _asked(replace(where, limit=None), where.query), gone, _values(where))
    ((count,),) = _count(_shape(where)).ask(connection, _values(where))
    return int(count)


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a filter makes its statement: which conditions there are, not what they ask for."""

    asked: frozenset[str]
    only_roots: bool
    oldest_first: bool
    is_whole: bool


def _shape(where: RunFilter) -> Shape:
    asked = {name for name in (*_EQUAL, "ids") if getattr(where, name) is not None}
    is_whole = where.limit is None and where.query is not None and where.query.limit is None
    asked |= {"prefix"} if where.prefix else set()
    return Shape(frozenset(asked), where.only_roots, where.oldest_first, is_whole)


@lru_cache(256)
def _page(shape: Shape) -> Question:
    order = (schema.runs.c.started_at, schema.runs.c.run_id)
    statement = select(schema.runs).where(_condition(shape))
    statement = statement.order_by(*(order if shape.oldest_first else (column.desc() for column in order)))
    return Question(statement.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(256)
def _count(shape: Shape) -> Question:
    return Question(select(func.count().label("count")).select_from(schema.runs).where(_condition(shape)))


_EQUAL = ("name", "experiment", "session_id", "parent_id")


def _condition(shape: Shape) -> ColumnElement[bool]:
    columns = schema.runs.c
    asked = shape.asked
    conditions: list[ColumnElement[bool]] = [columns[name] == bindparam(name) for name in _EQUAL if name in asked]
    if "ids" in asked:
        conditions.append(among(columns.run_id))
    if "prefix" in asked:
        beginning = func.substr(columns.run_id, 1, func.length(bindparam("prefix")))
        conditions.append(and_(columns.run_id >= bindparam("prefix"), beginning == bindparam("prefix")))
    if shape.only_roots:
        conditions.append(columns.parent_id.is_(None))
    return and_(true(), *conditions)


def _values(where: RunFilter) -> dict[str, Any]:
    values: dict[str, Any] = {name: stored(getattr(where, name)) for name in _EQUAL if getattr(where, name) is not None}
    if where.ids is not None:
        values["ids"] = ids(where.ids)
    if where.prefix:
        values["prefix"] = stored(where.prefix)
    values["limit"] = _EVERY if where.limit is None else max(where.limit, 0)
    values["offset"] = max(where.offset, 0)
    return values


_EVERY = query.EVERY


def metric_history(connection: sqlite3.Connection, texts: Texts, run_id: str, key: str) -> list[MetricPoint]:
    """Return every point of a metric, by step, then time: the latest is the last of all."""
    asked = {"run": stored(run_id), "key": stored(key)}
    found: list[Any] = statements.HISTORY.ask(connection, asked) + statements.LATEST_OF_KEY.ask(connection, asked)
    return [rows.point_of(key, *row) for row in texts.whole(found, statements.HISTORY.texts)]


def origins(connection: sqlite3.Connection, texts: Texts, run_id: str) -> list[Origin]:
    """Return which statements made a run's metrics and models."""
    found = statements.RUN_NUMBER.ask(connection, {"run": stored(run_id)})
    listed = _Hanging(connection, texts, [number for (number,) in found]).lists(statements.ORIGINS, rows.origin_of)
    return [origin for origins in listed.values() for origin in origins]


def executions(
    connection: sqlite3.Connection,
    texts: Texts,
    execution_ids: Sequence[str] | None,
    session_id: str | None,
    run_id: str | None,
) -> list[Execution]:
    """Return executions in the order in which they started, with the ids of their runs."""
    question = _executions(execution_ids is not None, session_id is not None, run_id is not None)
    asked: dict[str, Any] = {"session": stored(session_id or ""), "run": stored(run_id or "")}
    found = _named(connection, texts, question, asked | {"ids": ids(execution_ids or ())})
    gone = _gone(connection, texts, {row.session_id for row in found if row.outcome == Outcome.RUNNING})
    run_ids = _run_ids(connection, texts, [row.execution_id for row in found])
    return [
        rules.execution_as_read(rows.execution_of(row, tuple(run_ids[row.execution_id])), row.session_id in gone)
        for row in found
    ]


@lru_cache(8)
def _executions(by_ids: bool, by_session: bool, by_run: bool) -> Question:
    table = schema.executions.c
    statement: Select[Any] = select(schema.executions).order_by(table.started_at, table.nth, table.execution_id)
    if by_ids:
        statement = statement.where(among(table.execution_id))
    if by_session:
        statement = statement.where(table.session_id == bindparam("session"))
    if by_run:
        links, runs = schema.run_executions.c, schema.runs.c
        of_run = select(links.execution_id).join(schema.runs, runs.number == links.run_number)
        statement = statement.where(table.execution_id.in_(of_run.where(runs.run_id == bindparam("run"))))
    return Question(statement)


def _run_ids(connection: sqlite3.Connection, texts: Texts, execution_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in _named(connection, texts, statements.RUNS_OF_EXECUTIONS, {"ids": ids(execution_ids)}):
        found[row.execution_id].append(row.run_id)
    return found


def sessions(connection: sqlite3.Connection, texts: Texts, session_ids: Sequence[str] | None) -> list[Session]:
    """Return sessions, oldest first."""
    question = statements.SESSIONS if session_ids is None else statements.SESSIONS_BY_ID
    asked = {} if session_ids is None else {"ids": ids(session_ids)}
    return [rows.session_of(row) for row in _named(connection, texts, question, asked)]


def _gone(connection: sqlite3.Connection, texts: Texts, session_ids: Iterable[str]) -> set[str]:
    """Return which of some sessions can't finish anything any more."""
    wanted = list(session_ids)
    if not wanted:
        return set()
    now = clock.now()
    return {session.session_id for session in sessions(connection, texts, wanted) if rules.is_gone(session, now)}
