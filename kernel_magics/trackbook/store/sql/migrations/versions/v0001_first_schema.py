"""The first schema: frozen, whatever `schema.py` says today.

Revision ID: 0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT = sa.Text()
_REAL: sa.Double[float] = sa.Double()
_WHOLE = sa.BigInteger()
_TIME = sa.DateTime(timezone=True)
_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_sessions()
    _make_environments()
    _make_executions()
    _make_runs()
    _make_what_hangs_on_runs()


def _given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_given(name, _TEXT) for name in names]


def _table(name: str, *parts: sa.schema.SchemaItem, indexes: tuple[tuple[str, ...], ...] = ()) -> None:
    op.create_table(name, *parts)
    for columns in indexes:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def _hanging(name: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), index: tuple[str, ...] = ()) -> None:
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint("position", name=f"pk_{name}")]
    if unique:
        constraints.append(sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"))
    of_run = sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=f"fk_{name}_run_id", ondelete="CASCADE")
    _table(
        name, _given("position", _POSITION), _given("run_id", _TEXT), *columns, *constraints, of_run, indexes=(index,)
    )


def _make_sessions() -> None:
    _table(
        "sessions",
        *_texts("session_id", "experiment"),
        _given("started_at", _TIME),
        _given("lease_expires_at", _TIME),
        sa.Column("ended_at", _TIME),
        *_texts("host", "boot"),
        _given("pid", _WHOLE),
        _given("process_started", _REAL),
        *_texts("user"),
        sa.Column("notebook", _TEXT),
        sa.Column("kernel_id", _TEXT),
        sa.Column("environment_id", _TEXT),
        sa.Column("parent_run_id", _TEXT),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
        indexes=(("started_at",),),
    )


def _make_environments() -> None:
    _table(
        "environments",
        *_texts("environment_id", "python", "implementation", "platform", "machine", "packages", "hardware"),
        sa.Column("git_commit", _TEXT),
        sa.Column("git_branch", _TEXT),
        sa.Column("git_is_dirty", sa.Boolean()),
        sa.Column("git_patch", _TEXT),
        sa.Column("git_remote", _TEXT),
        sa.PrimaryKeyConstraint("environment_id", name="pk_environments"),
    )


def _make_executions() -> None:
    _table(
        "executions",
        *_texts("execution_id", "session_id"),
        _given("nth", _WHOLE),
        sa.Column("prompt", _WHOLE),
        sa.Column("cell_id", _TEXT),
        *_texts("source"),
        _given("started_at", _TIME),
        sa.Column("seconds", _REAL),
        *_texts("outcome"),
        sa.Column("failure", _TEXT),
        *_texts("reads", "writes", "maybe", "state", "statements"),
        sa.Column("cpu_seconds", _REAL),
        sa.Column("peak_memory_bytes", _WHOLE),
        sa.PrimaryKeyConstraint("execution_id", name="pk_executions"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.session_id"], name="fk_executions_session_id"),
        indexes=(("session_id", "nth"),),
    )


def _make_runs() -> None:
    _table(
        "runs",
        *_texts("run_id", "name", "experiment", "session_id"),
        sa.Column("parent_id", _TEXT),
        _given("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        *_texts("status"),
        sa.Column("verdict", _TEXT),
        sa.Column("failure", _TEXT),
        sa.Column("environment_id", _TEXT),
        sa.Column("note", _TEXT),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.session_id"], name="fk_runs_session_id"),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["runs.run_id"],
            name="fk_runs_parent_id",
            ondelete="SET NULL",
            initially="DEFERRED",
            deferrable=True,
        ),
        indexes=(
            ("experiment", "started_at", "run_id"),
            ("started_at", "run_id"),
            ("session_id",),
            ("parent_id",),
            ("name",),
        ),
    )


def _point() -> list[sa.Column[Any]]:
    value: sa.Column[Any] = sa.Column("value", _REAL)
    return [*_texts("key"), _given("step", _WHOLE), _given("time", _TIME), value, sa.Column("text", _TEXT)]


def _make_what_hangs_on_runs() -> None:
    number = sa.Column("number", _REAL)
    rows = [*_texts("name", "role", "kind"), sa.Column("rows", _WHOLE), *_texts("shape", "columns")]
    described = _texts("name", "class_name", "signature", "features", "importances", "coefficients", "details")
    run_key = ("run_id", "key")

    _hanging("run_executions", *_texts("execution_id"), unique=("run_id", "execution_id"), index=("execution_id",))
    _hanging("params", *_texts("key", "value"), number, unique=run_key, index=("key", "number"))
    op.create_index("ix_params_key_prefix", "params", ["key", sa.text("substr(value, 1, 64)")])
    _hanging("tags", *_texts("key", "value"), unique=run_key, index=("key",))
    _hanging("metric_points", *_point(), index=("run_id", "key", "step", "time"))
    _hanging("latest_metrics", *_point(), unique=run_key, index=("key", "value"))
    files = [sa.Column("fingerprint", _TEXT), *_texts("files")]
    _hanging("datasets", *rows, *files, unique=("run_id", "name", "role"), index=("fingerprint",))
    _hanging("models", *_texts("model_id"), *described, unique=("run_id", "model_id"), index=("model_id",))
    media = [*_texts("name", "digest"), _given("size", _WHOLE), *_texts("media_type")]
    _hanging("artifacts", *media, unique=("run_id", "name"), index=("digest",))
