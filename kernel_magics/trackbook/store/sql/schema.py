"""The tables. Whoever changes them adds a migration, moves `HEAD` and writes `statements.py` anew (see `sources.py`);
tests hold that all give the same schema.

Every text goes through `texts.py`: a long one is kept as an object and the row holds its digest. What hangs on a run
names it by its number, and keys by theirs: both stand in every index. Such rows lie in the order of their keys, beside
those of the same run (SQLite: WITHOUT ROWID), and have a place, so that they come back in the order in which they were
first written.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)

HEAD = "0004"
PREFIX_LENGTH = 64  # characters of a param's JSON text, or of a tag, that are indexed

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


Moment = BigInteger  # whole microseconds since 1970 in UTC (`clock.microseconds`): small, sorts, and comes back equal


def _number(name: str = "number") -> Column[int]:
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _run() -> Column[int]:
    return Column("run_number", BigInteger, ForeignKey("runs.number", ondelete="CASCADE"), nullable=False)


def _key() -> Column[int]:
    """Name a key, unchecked: the number is taken from `keys` in the same transaction, a check of each point is dear."""
    return Column("key_number", BigInteger, nullable=False)


def _snapshot(name: str = "snapshot_id", *, nullable: bool = True) -> Column[str]:
    return Column(name, Text, ForeignKey("snapshots.snapshot_id"), nullable=nullable)


def _run_id() -> Column[str]:
    """Name a run that may be withdrawn while this stays."""
    return Column("run_id", Text, ForeignKey("runs.run_id", ondelete="SET NULL"))


def _place() -> Column[int]:
    return Column("place", BigInteger, nullable=False)


def _clustered(name: str, *parts: Any, by: tuple[str, ...]) -> Table:
    """Return a table of small rows that lie in the order of their primary key."""
    return Table(name, metadata, *parts, PrimaryKeyConstraint(*by), sqlite_with_rowid=False)


def _where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return the options that restrict an index to the rows that a condition holds for."""
    return {"sqlite_where": condition, "postgresql_where": condition}


alembic_version = Table(  # Alembic's own; ours to make, so that a new store needs no Alembic
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("experiment", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("lease_expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("host", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_started", Double, nullable=False),
    Column("user", Text, nullable=False),
    Column("notebook", Text),
    Column("kernel_id", Text),
    Column("environment_id", Text),
    Column("parent_run_id", Text),
    Column("folder", Text),
    Index(None, "started_at"),
)

environments = Table(
    "environments",
    metadata,
    Column("environment_id", Text, primary_key=True),
    Column("python", Text, nullable=False),
    Column("implementation", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("packages", Text, nullable=False),
    Column("hardware", Text, nullable=False),
    Column("git_commit", Text),
    Column("git_branch", Text),
    Column("git_is_dirty", Boolean),
    Column("git_patch", Text),
    Column("git_remote", Text),
)

executions = Table(
    "executions",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("session_id", Text, ForeignKey("sessions.session_id"), nullable=False),
    Column("nth", BigInteger, nullable=False),
    Column("prompt", BigInteger),
    Column("cell_id", Text),
    Column("source", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seconds", Double),
    Column("outcome", Text, nullable=False),
    Column("failure", Text),
    Column("reads", Text, nullable=False),
    Column("writes", Text, nullable=False),
    Column("maybe", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("hidden", Text, nullable=False),
    Column("outputs", Text, nullable=False),
    Column("statements", Text, nullable=False),
    Column("cpu_seconds", Double),
    Column("peak_memory_bytes", BigInteger),
    Column("gpu_peak_memory_bytes", BigInteger),
    Column("gpu_percent", Double),
    Index(None, "session_id", "nth"),
)

runs = Table(
    "runs",
    metadata,
    _number(),
    Column("run_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("session_id", Text, ForeignKey("sessions.session_id"), nullable=False),
    Column(  # a batch may bring a child before its parent
        "parent_id",
        Text,
        ForeignKey("runs.run_id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"),
    ),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("status", Text, nullable=False),
    Column("verdict", Text),
    Column("verdict_reason", Text),
    Column("failure", Text),
    Column("environment_id", Text),
    Column("note", Text),
    UniqueConstraint("run_id"),
    Index(None, "experiment", "started_at"),
    Index(None, "started_at"),
    Index(None, "session_id"),
    Index(None, "parent_id"),
    Index(None, "name"),
)

keys = Table(  # the names of params, metrics, tags and models; never deleted, so that a number means one key for ever
    "keys",
    metadata,
    _number(),
    Column("key", Text, nullable=False),
    UniqueConstraint("key"),
)

run_executions = _clustered(  # no key to executions: a run may name a cell that is still running and not yet written
    "run_executions",
    _run(),
    Column("execution_id", Text, nullable=False),
    _place(),
    Index(None, "execution_id"),
    by=("run_number", "execution_id"),
)

params = _clustered(
    "params",
    _run(),
    _key(),
    _place(),
    Column("value", Text, nullable=False),  # JSON
    Column("number", Double),  # the value where it is one, for sorting and filtering
    by=("run_number", "key_number"),
)
Index("ix_params_number", params.c.key_number, params.c.number, **_where(params.c.number.is_not(None)))
Index(
    "ix_params_prefix",
    params.c.key_number,
    func.substr(params.c.value, 1, PREFIX_LENGTH),
    **_where(params.c.number.is_(None)),
)

tags = _clustered(
    "tags",
    _run(),
    _key(),
    _place(),
    Column("value", Text, nullable=False),
    by=("run_number", "key_number"),
)
Index("ix_tags_prefix", tags.c.key_number, func.substr(tags.c.value, 1, PREFIX_LENGTH))

latest_metrics = _clustered(  # the point of each key with the greatest step, then time, then the one that came last
    "latest_metrics",
    _run(),
    _key(),
    _place(),
    Column("step", BigInteger, nullable=False),
    Column("time", Moment, nullable=False),
    Column("value", Double),  # for sorting and filtering; NULL is NaN
    Column("text", Text),  # the exact value where `value` is not: every integer, NaN, -0.0
    Index(None, "key_number", "value"),
    by=("run_number", "key_number"),
)

metric_points = _clustered(  # every other point; `place` tells apart those of one step and time, in the order they came
    "metric_points",
    _run(),
    _key(),
    Column("step", BigInteger, nullable=False),
    Column("time", Moment, nullable=False),
    _place(),
    Column("value", Double),
    Column("text", Text),
    by=("run_number", "key_number", "step", "time", "place"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("snapshot_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),  # when somebody last wanted to name it: what is young is not forgotten
    Column("fingerprint", Text),
    Column("restore_key", Text, nullable=False),
    Column("rows", BigInteger),
    Column("columns", BigInteger),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("new_bytes", BigInteger, nullable=False),
    Column("profile_digest", Text),
    Index(None, "fingerprint", "restore_key"),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    _number("position"),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    _snapshot(nullable=False),
    Column("fingerprint", Text),
    Column("made_at", Moment, nullable=False),
    Column("session_id", Text),
    _run_id(),
    Column("execution_id", Text),
    UniqueConstraint("name", "version"),
    Index(None, "snapshot_id"),
    Index(None, "run_id"),
)

checks = Table(
    "checks",
    metadata,
    Column("check_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("is_passed", Boolean, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
    Column("schema_name", Text),
    Column("schema_digest", Text),
    _snapshot(),
    Column("session_id", Text),
    Column("execution_id", Text),
    _run_id(),
    Index(None, "execution_id"),
    Index(None, "run_id"),
    Index(None, "snapshot_id"),
)

reproductions = Table(
    "reproductions",
    metadata,
    Column("reproduction_id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tolerance", Double, nullable=False),
    Column("environment", Text, nullable=False),
    Column("comparisons", Text, nullable=False),
    Column("seconds", Double),
    Column("slice_digest", Text),
    Column("log_digest", Text),
    Column("first_difference", Text),
    Column("details", Text, nullable=False),
    Index(None, "run_id", "at"),
)

datasets = Table(
    "datasets",
    metadata,
    _number("position"),
    _run(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),  # "" is none: NULLs are never equal, and this is part of the key
    Column("kind", Text, nullable=False),
    Column("rows", BigInteger),
    Column("shape", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("fingerprint", Text),
    Column("files", Text, nullable=False),
    _snapshot(),
    UniqueConstraint("run_number", "name", "role"),
    Index(None, "fingerprint"),
)
Index("ix_datasets_snapshot_id", datasets.c.snapshot_id, **_where(datasets.c.snapshot_id.is_not(None)))

models = Table(
    "models",
    metadata,
    _number("position"),
    _run(),
    Column("model_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("features", Text, nullable=False),
    Column("importances", Text, nullable=False),
    Column("coefficients", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("object_digest", Text),
    _snapshot("example_snapshot"),
    UniqueConstraint("run_number", "model_id"),
    Index(None, "model_id"),
)
Index("ix_models_example_snapshot", models.c.example_snapshot, **_where(models.c.example_snapshot.is_not(None)))

artifacts = _clustered(
    "artifacts",
    _run(),
    Column("name", Text, nullable=False),
    _place(),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    by=("run_number", "name"),
)

origins = _clustered(
    "origins",
    _run(),
    _key(),
    Column("kind", Text, nullable=False),
    Column("execution_id", Text, nullable=False),
    Column("statement", BigInteger, nullable=False),
    _place(),
    Column("about", Text, nullable=False),  # JSON: the rest of the record
    by=("run_number", "key_number", "kind", "execution_id", "statement"),
)

modules = _clustered(
    "modules",
    _run(),
    Column("name", Text, nullable=False),
    _place(),
    Column("path", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    by=("run_number", "name"),
)
