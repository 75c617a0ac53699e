"""Rows to records: listings take the same few queries for one run and for a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true

from trackbook import clock
from trackbook.records import Execution, MetricPoint, Origin, Outcome, RunDetail, RunStatus, Session, decode
from trackbook.store import rules
from trackbook.store.contract import RunFilter
from trackbook.store.sql import rows, schema, statements
from trackbook.store.sql.statements import among, ids
from trackbook.store.sql.texts import Texts, stored

T = TypeVar("T")


def runs(connection: Connection, texts: Texts, where: RunFilter) -> list[RunDetail]:
    """Return the runs of a filter with all that hangs on them."""
    found = [rows.run_of(row) for row in texts.rows(connection.execute(_page(where), _values(where)))]
    if not found:
        return []
    gone = _gone(connection, texts, {run.session_id for run in found if run.status is RunStatus.RUNNING})
    read = _Hanging(connection, texts, ids(run.run_id for run in found))
    params, tags = read.mappings(statements.PARAMS, decode), read.mappings(statements.TAGS, str)
    metrics = read.lists(statements.LATEST, rows.point_of)
    datasets, models = read.lists(statements.DATASETS, rows.dataset_of), read.lists(statements.MODELS, rows.model_of)
    artifacts = read.lists(statements.ARTIFACTS, rows.artifact_of)
    modules = read.lists(statements.MODULES, rows.module_of)
    executions = read.lists(statements.RUN_EXECUTIONS, lambda row: str(row.execution_id))
    return [
        RunDetail(
            run=rules.as_read(run, run.session_id in gone),
            params=params[run.run_id],
            metrics={point.key: point for point in metrics[run.run_id]},
            tags=tags[run.run_id],
            datasets=tuple(datasets[run.run_id]),
            models=tuple(models[run.run_id]),
            artifacts=tuple(artifacts[run.run_id]),
            modules=tuple(modules[run.run_id]),
            execution_ids=tuple(executions[run.run_id]),
        )
        for run in found
    ]


class _Hanging:
    """What hangs on some runs, by run, in the order in which it was first written."""

    def __init__(self, connection: Connection, texts: Texts, run_ids: str) -> None:
        self._connection = connection
        self._texts = texts
        self._run_ids = run_ids

    def _rows(self, statement: Select[Any]) -> Sequence[Any]:
        return self._texts.rows(self._connection.execute(statement, {"ids": self._run_ids}))

    def lists(self, statement: Select[Any], record_of: Callable[[Any], T]) -> dict[str, list[T]]:
        found: dict[str, list[T]] = defaultdict(list)
        for row in self._rows(statement):
            found[row.run_id].append(record_of(row))
        return found

    def mappings(self, statement: Select[Any], value_of: Callable[[str], T]) -> dict[str, dict[str, T]]:
        found: dict[str, dict[str, T]] = defaultdict(dict)
        for row in self._rows(statement):
            found[row.run_id][row.key] = value_of(row.value)
        return found


def count_runs(connection: Connection, where: RunFilter) -> int:
    """Return how many runs a filter has."""
    statement = select(func.count()).select_from(schema.runs).where(_condition(where))
    return connection.execute(statement, _values(where)).scalar_one()


def _page(where: RunFilter) -> Select[Any]:
    order = (schema.runs.c.started_at, schema.runs.c.run_id)
    statement = select(schema.runs).where(_condition(where))
    statement = statement.order_by(*(order if where.oldest_first else (column.desc() for column in order)))
    if where.limit is not None:
        statement = statement.limit(max(where.limit, 0))
    return statement.offset(max(where.offset, 0)) if where.offset else statement


def _condition(where: RunFilter) -> ColumnElement[bool]:
    columns = schema.runs.c
    conditions: list[ColumnElement[bool]] = []
    for name in ("name", "experiment", "session_id", "parent_id"):
        value = getattr(where, name)
        if value is not None:
            conditions.append(columns[name] == stored(value))
    if where.ids is not None:
        conditions.append(among(columns.run_id))
    if where.prefix:
        prefix = stored(where.prefix)
        conditions.append(and_(columns.run_id >= prefix, func.substr(columns.run_id, 1, len(prefix)) == prefix))
    if where.only_roots:
        conditions.append(columns.parent_id.is_(None))
    return and_(true(), *conditions)


def _values(where: RunFilter) -> dict[str, Any]:
    return {} if where.ids is None else {"ids": ids(where.ids)}


def metric_history(connection: Connection, texts: Texts, run_id: str, key: str) -> list[MetricPoint]:
    """Return every point of a metric, by step, then time."""
    result = connection.execute(statements.HISTORY, {"run": stored(run_id), "metric": stored(key)})
    return [rows.point_of(row) for row in texts.rows(result)]


def origins(connection: Connection, texts: Texts, run_id: str) -> list[Origin]:
    """Return which statements made a run's metrics and models."""
    result = connection.execute(statements.ORIGINS, {"ids": ids([run_id])})
    return [rows.origin_of(row) for row in texts.rows(result)]


def executions(
    connection: Connection,
    texts: Texts,
    execution_ids: Sequence[str] | None,
    session_id: str | None,
    run_id: str | None,
) -> list[Execution]:
    """Return executions in the order in which they started, with the ids of their runs."""
    table = schema.executions.c
    links = schema.run_executions.c
    statement = select(schema.executions).order_by(table.started_at, table.nth, table.execution_id)
    if execution_ids is not None:
        statement = statement.where(among(table.execution_id))
    if session_id is not None:
        statement = statement.where(table.session_id == stored(session_id))
    if run_id is not None:
        of_run = select(links.execution_id).where(links.run_id == stored(run_id))
        statement = statement.where(table.execution_id.in_(of_run))
    values = {} if execution_ids is None else {"ids": ids(execution_ids)}
    found = texts.rows(connection.execute(statement, values))
    gone = _gone(connection, texts, {row.session_id for row in found if row.outcome == Outcome.RUNNING})
    run_ids = _run_ids(connection, texts, [row.execution_id for row in found])
    return [
        rules.execution_as_read(rows.execution_of(row, tuple(run_ids[row.execution_id])), row.session_id in gone)
        for row in found
    ]


def _run_ids(connection: Connection, texts: Texts, execution_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    result = connection.execute(statements.RUNS_OF_EXECUTIONS, {"ids": ids(execution_ids)})
    for execution_id, run_id in texts.rows(result):
        found[execution_id].append(run_id)
    return found


def sessions(connection: Connection, texts: Texts, session_ids: Sequence[str] | None) -> list[Session]:
    """Return sessions, oldest first."""
    table = schema.sessions.c
    statement = select(schema.sessions).order_by(table.started_at, table.session_id)
    if session_ids is None:
        return [rows.session_of(row) for row in texts.rows(connection.execute(statement))]
    result = connection.execute(statement.where(among(table.session_id)), {"ids": ids(session_ids)})
    return [rows.session_of(row) for row in texts.rows(result)]


def _gone(connection: Connection, texts: Texts, session_ids: Iterable[str]) -> set[str]:
    """Return which of some sessions can't finish anything any more."""
    wanted = list(session_ids)
    if not wanted:
        return set()
    now = clock.now()
    return {session.session_id for session in sessions(connection, texts, wanted) if rules.is_gone(session, now)}
