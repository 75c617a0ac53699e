"""The statements as SQLAlchemy's constructs, made from the tables.

They are compiled once, into `statements.py`: whoever changes one of them or the tables runs
``python tests/unit/store/write_statements.py``; a test holds that both agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from trackbook.store.sql import filters, listing, schema
from trackbook.store.sql.compiled import Change, Question
from trackbook.store.sql.core import among, asking, changing
from trackbook.store.sql.filters import Shape


def _replacing(table: Table, *keys: str) -> Change:
    """Insert, or replace every other column of the row with these keys, which keeps its place."""
    kept = {*keys, "place", "position"}
    statement = insert(table).values(_given(table))
    others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in kept}
    return changing(statement.on_conflict_do_update(index_elements=list(keys), set_=others))


def _adding(table: Table, *keys: str) -> Change:
    """Insert unless there is a row with these keys."""
    return changing(insert(table).values(_given(table)).on_conflict_do_nothing(index_elements=list(keys)))


def _inserting(table: Table) -> Change:
    return changing(insert(table).values(_given(table)))


def _given(table: Table) -> dict[str, Any]:
    return {column.name: bindparam(column.name) for column in table.c if column.name != "position"}


def _of_run(table: Table, *keys: Column[Any]) -> list[ColumnElement[bool]]:
    """Return the condition that a row belongs to a run, and to other parts of its key; each is a parameter."""
    return [column == bindparam(f"of_{column.name}") for column in (table.c.run_number, *keys)]


def _updating_run(*names: str) -> Change:
    """Replace some columns of a run's row; never its note, which is a person's and may be newer than the writer's."""
    table = schema.runs
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return changing(update(table).where(table.c.number == bindparam("of_number")).values(values))


def _adding_point_among() -> Change:
    """Insert a point behind those of the same step and time. Its numbered parameters may stand more than once."""
    table = schema.metric_points
    before = table.alias()
    given: list[ColumnElement[Any]] = [literal_column(f"?{number}") for number in range(1, 7)]
    run, key, step, time, value, exact = given
    same = (before.c.run_number == run, before.c.key_number == key, before.c.step == step, before.c.time == time)
    following = func.coalesce(func.max(before.c.place) + literal_column("1"), literal_column("0"))
    place = select(following).where(*same).scalar_subquery()
    chosen = (run, key, step, time, place, value, exact)
    return changing(insert(table).from_select([column.name for column in table.c], select(*chosen)))


def _putting_snapshot() -> Change:
    """Insert a snapshot; one that is there is used again, and gets the profile that it has not."""
    table = schema.snapshots
    statement = insert(table).values(_given(table))
    given = statement.excluded
    again = {
        "used_at": func.max(table.c.used_at, given.used_at),
        "profile_digest": func.coalesce(table.c.profile_digest, given.profile_digest),
    }
    return changing(statement.on_conflict_do_update(index_elements=["snapshot_id"], set_=again))


def _forgetting_snapshot() -> Change:
    """Delete a snapshot unless it was used since a time, or a row names it; its parameters are the id and the time."""
    table = schema.snapshots.c
    naming = (
        schema.datasets.c.snapshot_id,
        schema.models.c.example_snapshot,
        schema.dataset_versions.c.snapshot_id,
        schema.checks.c.snapshot_id,
    )
    is_named = [exists().where(column == table.snapshot_id) for column in naming]
    is_idle = (table.snapshot_id == bindparam("of_snapshot_id"), table.used_at < bindparam("since"))
    return changing(delete(schema.snapshots).where(*is_idle, *(~each for each in is_named)))


ADD_EXECUTION = _inserting(schema.executions)
PUT_EXECUTION = _replacing(schema.executions, "execution_id")
PUT_SESSION = _replacing(schema.sessions, "session_id")
ADD_ENVIRONMENT = _adding(schema.environments, "environment_id")
ADD_RUN = _inserting(schema.runs)
PUT_RUN = _updating_run("finished_at", "status", "verdict", "verdict_reason", "failure", "environment_id")
MOVE_RUN = _updating_run("name", "experiment", "session_id", "parent_id", "started_at")
ADD_KEY = _inserting(schema.keys)
ADD_PARAM = _inserting(schema.params)
PUT_TAG = _replacing(schema.tags, "run_number", "key_number")
PUT_LATEST = _replacing(schema.latest_metrics, "run_number", "key_number")
ADD_POINT = _inserting(schema.metric_points)
ADD_POINT_AMONG = _adding_point_among()
PUT_DATASET = _replacing(schema.datasets, "run_number", "name", "role")
PUT_MODEL = _replacing(schema.models, "run_number", "model_id")
PUT_ARTIFACT = _replacing(schema.artifacts, "run_number", "name")
PUT_MODULE = _replacing(schema.modules, "run_number", "name")
ADD_ORIGIN = _adding(schema.origins, "run_number", "key_number", "kind", "execution_id", "statement")
ADD_LINK = _adding(schema.run_executions, "run_number", "execution_id")
PUT_SNAPSHOT = _putting_snapshot()
USE_SNAPSHOT = changing(
    update(schema.snapshots)
    .where(schema.snapshots.c.snapshot_id == bindparam("of_snapshot_id"))
    .values(used_at=func.max(schema.snapshots.c.used_at, bindparam("used_at")))
)
SET_NEW_BYTES = changing(
    update(schema.snapshots)
    .where(schema.snapshots.c.snapshot_id == bindparam("of_snapshot_id"))
    .values(new_bytes=bindparam("new_bytes"))
)
ADD_VERSION = _inserting(schema.dataset_versions)
ADD_CHECK = _adding(schema.checks, "check_id")
ADD_REPRODUCTION = _adding(schema.reproductions, "reproduction_id")
REMOVE_TAG = changing(delete(schema.tags).where(*_of_run(schema.tags, schema.tags.c.key_number)))
SET_NOTE = changing(
    update(schema.runs).where(schema.runs.c.number == bindparam("of_number")).values(note=bindparam("note"))
)
WITHDRAW = changing(delete(schema.runs).where(schema.runs.c.number == bindparam("of_number")))


def _hanging(table: Table, without: str = "") -> Question:
    """Return what hangs on runs: the run's number, the place, then the rest with the key as text."""
    place = table.c.position if "position" in table.c else table.c.place
    rest = [column for column in table.c if column.name not in ("run_number", "key_number", place.name, without)]
    source: Any = table
    if "key_number" in table.c:
        rest.insert(0, schema.keys.c.key)
        source = table.join(schema.keys, schema.keys.c.number == table.c.key_number)
    chosen: Select[Any] = select(table.c.run_number, place.label("place"), *rest)
    return asking(chosen.select_from(source).where(among(table.c.run_number)))


def _next(column: Column[int]) -> Question:
    return asking(select((func.coalesce(func.max(column), 0) + 1).label("next")))


def _last_places(table: Table) -> Question:
    """Return the last place that is taken in each of some runs."""
    run = table.c.run_number
    return asking(select(run, func.max(table.c.place).label("place")).where(among(run)).group_by(run))


NEXT_RUN = _next(schema.runs.c.number)
NEXT_KEY = _next(schema.keys.c.number)
KEYS = asking(select(schema.keys.c.key, schema.keys.c.number).where(among(schema.keys.c.key)))
RUNS_BY_ID = asking(select(schema.runs).where(among(schema.runs.c.run_id)))
RUN_NUMBER = asking(select(schema.runs.c.number).where(schema.runs.c.run_id == bindparam("run")))
_sessions = select(schema.sessions).order_by(schema.sessions.c.started_at, schema.sessions.c.session_id)
SESSIONS = asking(_sessions)
SESSIONS_BY_ID = asking(_sessions.where(among(schema.sessions.c.session_id)))
EXECUTIONS_BY_ID = asking(select(schema.executions).where(among(schema.executions.c.execution_id)))
PARAMS = _hanging(schema.params, without="number")
TAGS = _hanging(schema.tags)
LATEST = _hanging(schema.latest_metrics)
DATASETS = _hanging(schema.datasets)
MODELS = _hanging(schema.models)
ARTIFACTS = _hanging(schema.artifacts)
MODULES = _hanging(schema.modules)
ORIGINS = _hanging(schema.origins)
RUN_EXECUTIONS = _hanging(schema.run_executions)
LATEST_OF_KEYS = asking(
    select(schema.latest_metrics)
    .where(among(schema.latest_metrics.c.run_number))
    .where(among(schema.latest_metrics.c.key_number, "keys"))
)
LAST_PLACES = {
    name: _last_places(schema.metadata.tables[name])
    for name in ("params", "tags", "latest_metrics", "artifacts", "modules", "origins", "run_executions")
}
RUNS_OF_EXECUTIONS = asking(
    select(schema.run_executions.c.execution_id, schema.runs.c.run_id)
    .join(schema.runs, schema.runs.c.number == schema.run_executions.c.run_number)
    .where(among(schema.run_executions.c.execution_id))
    .order_by(schema.runs.c.number)
)
ENVIRONMENT = asking(
    select(schema.environments).where(schema.environments.c.environment_id == bindparam("environment"))
)


def _history(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    number = select(schema.runs.c.number).where(schema.runs.c.run_id == bindparam("run")).scalar_subquery()
    key = select(schema.keys.c.number).where(schema.keys.c.key == bindparam("key")).scalar_subquery()
    chosen: Select[Any] = select(*(table.c[name] for name in ("step", "time", "value", "text")))
    return chosen.where(table.c.run_number == number, table.c.key_number == key).order_by(*columns)


HISTORY = asking(
    _history(
        schema.metric_points, schema.metric_points.c.step, schema.metric_points.c.time, schema.metric_points.c.place
    )
)
LATEST_OF_KEY = asking(_history(schema.latest_metrics))


def _executions(*asked: str) -> Question:
    table = schema.executions.c
    statement: Select[Any] = select(schema.executions).order_by(table.started_at, table.nth, table.execution_id)
    if "ids" in asked:
        statement = statement.where(among(table.execution_id))
    if "session" in asked:
        statement = statement.where(table.session_id == bindparam("session"))
    if "run" in asked:
        links, runs = schema.run_executions.c, schema.runs.c
        of_run = select(links.execution_id).join(schema.runs, runs.number == links.run_number)
        statement = statement.where(table.execution_id.in_(of_run.where(runs.run_id == bindparam("run"))))
    return asking(statement)


_ASKED = ("ids", "run", "session")
EXECUTIONS = {" ".join(asked): _executions(*asked) for count in range(4) for asked in combinations(_ASKED, count)}


def _by_one(table: Table, order: Sequence[ColumnElement[Any]], **by: Column[Any]) -> dict[str, Question]:
    """Return the statements that read all of a table in an order, or where one column is one of some values."""
    every: Select[Any] = select(table).order_by(*order)
    return {"": asking(every)} | {name: asking(every.where(among(column))) for name, column in by.items()}


_snapshots, _versions, _checks = schema.snapshots.c, schema.dataset_versions.c, schema.checks.c
_reproductions = schema.reproductions.c
SNAPSHOTS = _by_one(
    schema.snapshots,
    [_snapshots.made_at, _snapshots.snapshot_id],
    snapshot_id=_snapshots.snapshot_id,
    fingerprint=_snapshots.fingerprint,
)
SNAPSHOT_OF_CONTENT = asking(
    select(schema.snapshots)
    .where(_snapshots.fingerprint == bindparam("fingerprint"), _snapshots.restore_key == bindparam("restore_key"))
    .order_by(_snapshots.made_at.desc())
    .limit(1)
)
SNAPSHOT_BYTES = asking(
    select(
        func.count().label("snapshots"), func.coalesce(func.sum(_snapshots.new_bytes), 0).label("bytes")
    ).select_from(schema.snapshots)
)
IDLE_SNAPSHOTS = asking(select(_snapshots.snapshot_id).where(_snapshots.used_at < bindparam("since")))
FORGET_SNAPSHOT = _forgetting_snapshot()
VERSIONS = _by_one(
    schema.dataset_versions,
    [_versions.name, _versions.version],
    name=_versions.name,
    run_id=_versions.run_id,
    snapshot_id=_versions.snapshot_id,
)
_last = select(_versions.name, func.max(_versions.version).label("version")).where(among(_versions.name))
_of_name = _last.group_by(_versions.name).subquery()
LAST_VERSIONS = asking(
    select(schema.dataset_versions).join(
        _of_name, (_of_name.c.name == _versions.name) & (_of_name.c.version == _versions.version)
    )
)
NUMBERED_VERSIONS = asking(
    select(schema.dataset_versions).where(among(_versions.name), among(_versions.version, "numbers"))
)
CHECKS = _by_one(
    schema.checks,
    [_checks.at, _checks.check_id],
    check_id=_checks.check_id,
    run_id=_checks.run_id,
    execution_id=_checks.execution_id,
    snapshot_id=_checks.snapshot_id,
)
REPRODUCTIONS = _by_one(
    schema.reproductions,
    [_reproductions.at, _reproductions.reproduction_id],
    reproduction_id=_reproductions.reproduction_id,
    run_id=_reproductions.run_id,
)

_SHAPES = [
    Shape(frozenset({name} - {""}), only_roots, oldest_first)
    for name in ("", "ids", "prefix", *filters.EQUAL)
    for only_roots in (False, True)
    for oldest_first in (False, True)
]
_SHAPES += [Shape(of_last_execution=True), Shape(frozenset({"tagged"}))]
PAGES = {shape.name: listing.page(shape) for shape in _SHAPES}
COUNTS = {shape.name: listing.count(shape) for shape in _SHAPES if not shape.oldest_first}

HEAD = schema.HEAD


def _made(table: Table) -> list[str]:
    """Return the statements that make a table and its indexes."""
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, indexes)]
    return [str(each.compile(dialect=sqlite.dialect())) for each in made]


SCHEMA = tuple(
    statement for table in (*schema.metadata.sorted_tables, schema.alembic_version) for statement in _made(table)
)
