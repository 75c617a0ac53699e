"""The statements, made once: SQLAlchemy finds the compiled form of each by what it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Table, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from trackbook.records import JsonValue, encode
from trackbook.store.sql import schema
from trackbook.store.sql.texts import stored


def ids(values: Iterable[str]) -> str:
    """Return ids as the one parameter that `among` takes."""
    return encode(list[JsonValue](stored(value) for value in values))


def among(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    """Return the condition that a column is one of `ids`: one parameter, however many there are."""
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def _names(table: Table) -> list[str]:
    return [column.name for column in table.c]


def _replacing(table: Table, *keys: str) -> Insert:
    """Insert, or replace every other column of the row with these keys, which keeps its position."""
    statement = insert(table)
    others = {name: statement.excluded[name] for name in _names(table) if name not in (*keys, "position")}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=others)


def _adding(table: Table, *keys: str) -> Insert:
    """Insert unless there is a row with these keys."""
    return insert(table).on_conflict_do_nothing(index_elements=list(keys))


def _latest() -> Insert:
    """Insert, or replace the row of this key by a point that is as late or later."""
    table = schema.latest_metrics
    statement = insert(table)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["run_id", "key"],
        set_={name: new[name] for name in ("step", "time", "value", "text")},
        where=tuple_(new.step, new.time) >= tuple_(table.c.step, table.c.time),
    )


# In the order in which a batch is written: what others refer to comes first.
WRITE: dict[str, Insert] = {
    "sessions": _replacing(schema.sessions, "session_id"),
    "environments": _adding(schema.environments, "environment_id"),
    "executions": _replacing(schema.executions, "execution_id"),
    "runs": _replacing(schema.runs, "run_id"),
    "run_executions": _adding(schema.run_executions, "run_id", "execution_id"),
    "params": _adding(schema.params, "run_id", "key"),
    "tags": _replacing(schema.tags, "run_id", "key"),
    "metric_points": insert(schema.metric_points),
    "latest_metrics": _latest(),
    "datasets": _replacing(schema.datasets, "run_id", "name", "role"),
    "models": _replacing(schema.models, "run_id", "model_id"),
    "artifacts": _replacing(schema.artifacts, "run_id", "name"),
    "modules": _replacing(schema.modules, "run_id", "name"),
    "origins": _adding(schema.origins, "run_id", "kind", "key", "execution_id", "statement"),
}
REMOVE_TAG = delete(schema.tags).where(schema.tags.c.run_id == bindparam("run"), schema.tags.c.key == bindparam("tag"))
SET_NOTE = update(schema.runs).where(schema.runs.c.run_id == bindparam("run")).values(note=bindparam("text"))
WITHDRAW = delete(schema.runs).where(among(schema.runs.c.run_id))


def _hanging_on_runs(table: Table) -> Select[Any]:
    columns = [column for column in table.c if column.name != "position"]
    return select(*columns).where(among(table.c.run_id)).order_by(table.c.position)


RUNS_BY_ID = select(schema.runs).where(among(schema.runs.c.run_id))
SESSIONS_BY_ID = select(schema.sessions).where(among(schema.sessions.c.session_id))
EXECUTIONS_BY_ID = select(schema.executions).where(among(schema.executions.c.execution_id))
PARAMS = _hanging_on_runs(schema.params)
TAGS = _hanging_on_runs(schema.tags)
LATEST = _hanging_on_runs(schema.latest_metrics)
DATASETS = _hanging_on_runs(schema.datasets)
MODELS = _hanging_on_runs(schema.models)
ARTIFACTS = _hanging_on_runs(schema.artifacts)
MODULES = _hanging_on_runs(schema.modules)
ORIGINS = _hanging_on_runs(schema.origins)
RUN_EXECUTIONS = _hanging_on_runs(schema.run_executions)
RUNS_OF_EXECUTIONS = (
    select(schema.run_executions.c.execution_id, schema.run_executions.c.run_id)
    .where(among(schema.run_executions.c.execution_id))
    .order_by(schema.run_executions.c.position)
)
ENVIRONMENT = select(schema.environments).where(schema.environments.c.environment_id == bindparam("environment"))
HISTORY = (
    select(schema.metric_points)
    .where(schema.metric_points.c.run_id == bindparam("run"), schema.metric_points.c.key == bindparam("metric"))
    .order_by(schema.metric_points.c.step, schema.metric_points.c.time, schema.metric_points.c.position)
)
