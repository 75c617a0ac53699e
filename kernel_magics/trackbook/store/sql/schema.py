"""The tables. Whoever changes them adds a migration and moves `HEAD`; a test holds that both give the same schema.

Every text goes through `texts.py`: a long one is kept as an object and the row holds its digest. Rows that hang on a
run have a position, so that they come back in the order in which they were first written.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
)

HEAD = "0002"
PREFIX_LENGTH = 64  # characters of a param's JSON text that are indexed

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC to the microsecond, so that it sorts and comes back equal."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any zone into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back to databases that keep none."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _position() -> Column[int]:
    return Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _run() -> Column[str]:
    return Column("run_id", Text, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False)


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
    Column("started_at", UtcDateTime, nullable=False),
    Column("lease_expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("host", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_started", Double, nullable=False),
    Column("user", Text, nullable=False),
    Column("notebook", Text),
    Column("kernel_id", Text),
    Column("environment_id", Text),
    Column("parent_run_id", Text),
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
    Column("started_at", UtcDateTime, nullable=False),
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
    Column("run_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("session_id", Text, ForeignKey("sessions.session_id"), nullable=False),
    Column(  # a batch may bring a child before its parent
        "parent_id",
        Text,
        ForeignKey("runs.run_id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"),
    ),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("status", Text, nullable=False),
    Column("verdict", Text),
    Column("verdict_reason", Text),
    Column("failure", Text),
    Column("environment_id", Text),
    Column("note", Text),
    Index(None, "experiment", "started_at", "run_id"),
    Index(None, "started_at", "run_id"),
    Index(None, "session_id"),
    Index(None, "parent_id"),
    Index(None, "name"),
)

run_executions = Table(  # no key to executions: a run may name a cell that is still running and not yet written
    "run_executions",
    metadata,
    _position(),
    _run(),
    Column("execution_id", Text, nullable=False),
    UniqueConstraint("run_id", "execution_id"),
    Index(None, "execution_id"),
)

params = Table(
    "params",
    metadata,
    _position(),
    _run(),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("number", Double),  # the value where it is one, for sorting and filtering
    UniqueConstraint("run_id", "key"),
    Index(None, "key", "number"),
)
Index("ix_params_key_prefix", params.c.key, func.substr(params.c.value, 1, PREFIX_LENGTH))

tags = Table(
    "tags",
    metadata,
    _position(),
    _run(),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    UniqueConstraint("run_id", "key"),
    Index(None, "key"),
)

metric_points = Table(
    "metric_points",
    metadata,
    _position(),
    _run(),
    Column("key", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("value", Double),  # for sorting and filtering; NULL is NaN
    Column("text", Text),  # the exact value where `value` is not: every integer, NaN, -0.0
    Index(None, "run_id", "key", "step", "time"),
)

latest_metrics = Table(  # the point of each key with the greatest step, then time, then position
    "latest_metrics",
    metadata,
    _position(),
    _run(),
    Column("key", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("value", Double),
    Column("text", Text),
    UniqueConstraint("run_id", "key"),
    Index(None, "key", "value"),
)

datasets = Table(
    "datasets",
    metadata,
    _position(),
    _run(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),  # "" is none: NULLs are never equal, and this is part of the key
    Column("kind", Text, nullable=False),
    Column("rows", BigInteger),
    Column("shape", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("fingerprint", Text),
    Column("files", Text, nullable=False),
    UniqueConstraint("run_id", "name", "role"),
    Index(None, "fingerprint"),
)

models = Table(
    "models",
    metadata,
    _position(),
    _run(),
    Column("model_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("features", Text, nullable=False),
    Column("importances", Text, nullable=False),
    Column("coefficients", Text, nullable=False),
    Column("details", Text, nullable=False),
    UniqueConstraint("run_id", "model_id"),
    Index(None, "model_id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _position(),
    _run(),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    UniqueConstraint("run_id", "name"),
    Index(None, "digest"),
)

origins = Table(
    "origins",
    metadata,
    _position(),
    _run(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("execution_id", Text, nullable=False),
    Column("statement", BigInteger, nullable=False),
    Column("about", Text, nullable=False),  # JSON: the rest of the record
    UniqueConstraint("run_id", "kind", "key", "execution_id", "statement"),
)

modules = Table(
    "modules",
    metadata,
    _position(),
    _run(),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    UniqueConstraint("run_id", "name"),
    Index(None, "digest"),
)
