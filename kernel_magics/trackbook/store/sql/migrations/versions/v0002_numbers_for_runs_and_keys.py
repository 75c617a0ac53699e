"""Numbers for runs and keys, moments as microseconds, each metric point once; room for outputs, origins and modules.

Frozen, whatever `schema.py` says today. Every table is made anew beside the old one, filled from it, and the old one
goes: SQLite changes little about a table that is there.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXT = sa.Text()
_REAL: sa.Double[float] = sa.Double()
_WHOLE = sa.BigInteger()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OLD = (
    "sessions",
    "environments",
    "executions",
    "runs",
    "run_executions",
    "params",
    "tags",
    "metric_points",
    "latest_metrics",
    "datasets",
    "models",
    "artifacts",
)
_OLD_INDEXES = (
    "sessions_started_at",
    "executions_session_id_nth",
    "runs_experiment_started_at_run_id",
    "runs_started_at_run_id",
    "runs_session_id",
    "runs_parent_id",
    "runs_name",
    "run_executions_execution_id",
    "params_key_number",
    "params_key_prefix",
    "tags_key",
    "metric_points_run_id_key_step_time",
    "latest_metrics_key_value",
    "datasets_fingerprint",
    "models_model_id",
    "artifacts_digest",
)


def upgrade() -> None:
    """Make the new tables, fill them, and drop the old ones."""
    _put_old_tables_aside()
    _make_sessions()
    _make_environments()
    _make_executions()
    _make_runs()
    _make_metrics()
    _make_what_is_searched()
    _make_what_describes()
    for statement in _FILL:
        op.execute(statement)
    for name in reversed(_OLD):
        op.drop_table(f"old_{name}")


def _put_old_tables_aside() -> None:
    for index in _OLD_INDEXES:
        op.drop_index(f"ix_{index}")  # their names are the database's, not their tables'
    for name in _OLD:
        op.rename_table(name, f"old_{name}")


def _given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_given(name, _TEXT) for name in names]


def _wholes(*names: str) -> list[sa.Column[Any]]:
    return [_given(name, _WHOLE) for name in names]


def _maybe(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind) for name in names]


def _table(
    name: str, *parts: sa.schema.SchemaItem, key: str, indexes: tuple[tuple[str, ...], ...] = (), **options: Any
) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}"), **options)
    for columns in indexes:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def _link(table: str, column: str, target: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", **options)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _make_sessions() -> None:
    _table(
        "sessions",
        *_texts("session_id", "experiment"),
        *_wholes("started_at", "lease_expires_at"),
        *_maybe(_WHOLE, "ended_at"),
        *_texts("host", "boot"),
        *_wholes("pid"),
        _given("process_started", _REAL),
        *_texts("user"),
        *_maybe(_TEXT, "notebook", "kernel_id", "environment_id", "parent_run_id"),
        key="session_id",
        indexes=(("started_at",),),
    )


def _make_environments() -> None:
    _table(
        "environments",
        *_texts("environment_id", "python", "implementation", "platform", "machine", "packages", "hardware"),
        *_maybe(_TEXT, "git_commit", "git_branch"),
        sa.Column("git_is_dirty", sa.Boolean()),
        *_maybe(_TEXT, "git_patch", "git_remote"),
        key="environment_id",
    )


def _make_executions() -> None:
    _table(
        "executions",
        *_texts("execution_id", "session_id"),
        *_wholes("nth"),
        *_maybe(_WHOLE, "prompt"),
        *_maybe(_TEXT, "cell_id"),
        *_texts("source"),
        *_wholes("started_at"),
        *_maybe(_REAL, "seconds"),
        *_texts("outcome"),
        *_maybe(_TEXT, "failure"),
        *_texts("reads", "writes", "maybe", "state", "hidden", "outputs", "statements"),
        *_maybe(_REAL, "cpu_seconds"),
        *_maybe(_WHOLE, "peak_memory_bytes", "gpu_peak_memory_bytes"),
        *_maybe(_REAL, "gpu_percent"),
        _link("executions", "session_id", "sessions.session_id"),
        key="execution_id",
        indexes=(("session_id", "nth"),),
    )


def _make_runs() -> None:
    parent = {"ondelete": "SET NULL", "initially": "DEFERRED", "deferrable": True}
    _table(
        "runs",
        _given("number", _NUMBER),
        *_texts("run_id", "name", "experiment", "session_id"),
        *_maybe(_TEXT, "parent_id"),
        *_wholes("started_at"),
        *_maybe(_WHOLE, "finished_at"),
        *_texts("status"),
        *_maybe(_TEXT, "verdict", "verdict_reason", "failure", "environment_id", "note"),
        _unique("runs", "run_id"),
        _link("runs", "session_id", "sessions.session_id"),
        _link("runs", "parent_id", "runs.run_id", **parent),
        key="number",
        indexes=(("experiment", "started_at"), ("started_at",), ("session_id",), ("parent_id",), ("name",)),
    )


def _clustered(
    name: str, *columns: sa.Column[Any], key: str, has_key: bool = False, indexes: tuple[tuple[str, ...], ...] = ()
) -> None:
    numbers = ["run_number", "key_number"] if has_key else ["run_number"]
    _table(
        name,
        *_wholes(*numbers),
        *columns,
        _link(name, "run_number", "runs.number", ondelete="CASCADE"),
        key=" ".join([*numbers, key]).strip(),
        indexes=indexes,
        sqlite_with_rowid=False,
    )


def _make_metrics() -> None:
    _table("keys", _given("number", _NUMBER), *_texts("key"), _unique("keys", "key"), key="number")
    _clustered(
        "latest_metrics",
        *_wholes("place", "step", "time"),
        *_maybe(_REAL, "value"),
        *_maybe(_TEXT, "text"),
        key="",
        has_key=True,
        indexes=(("key_number", "value"),),
    )
    _clustered(
        "metric_points",
        *_wholes("step", "time", "place"),
        *_maybe(_REAL, "value"),
        *_maybe(_TEXT, "text"),
        key="step time place",
        has_key=True,
    )


def _make_what_is_searched() -> None:
    _clustered("params", *_wholes("place"), *_texts("value"), *_maybe(_REAL, "number"), key="", has_key=True)
    is_number, is_none = sa.text("number IS NOT NULL"), sa.text("number IS NULL")
    prefix = sa.text("substr(value, 1, 64)")
    op.create_index("ix_params_number", "params", ["key_number", "number"], sqlite_where=is_number)
    op.create_index("ix_params_prefix", "params", ["key_number", prefix], sqlite_where=is_none)
    _clustered("tags", *_wholes("place"), *_texts("value"), key="", has_key=True)
    op.create_index("ix_tags_prefix", "tags", ["key_number", prefix])


def _make_what_describes() -> None:
    _clustered(
        "run_executions", *_texts("execution_id"), *_wholes("place"), key="execution_id", indexes=(("execution_id",),)
    )
    _clustered(
        "artifacts",
        *_texts("name"),
        *_wholes("place"),
        *_texts("digest"),
        *_wholes("size"),
        *_texts("media_type"),
        key="name",
    )
    _clustered("modules", *_texts("name"), *_wholes("place"), *_texts("path", "digest"), *_wholes("size"), key="name")
    _clustered(
        "origins",
        *_texts("kind", "execution_id"),
        *_wholes("statement", "place"),
        *_texts("about"),
        key="kind execution_id statement",
        has_key=True,
    )
    _described(
        "datasets",
        *_texts("name", "role", "kind"),
        *_maybe(_WHOLE, "rows"),
        *_texts("shape", "columns"),
        *_maybe(_TEXT, "fingerprint"),
        *_texts("files"),
        unique=("run_number", "name", "role"),
        index="fingerprint",
    )
    about = _texts("model_id", "name", "class_name", "signature", "features", "importances", "coefficients", "details")
    _described("models", *about, unique=("run_number", "model_id"), index="model_id")


def _described(name: str, *columns: sa.Column[Any], unique: tuple[str, ...], index: str) -> None:
    _table(
        name,
        _given("position", _NUMBER),
        *_wholes("run_number"),
        *columns,
        _unique(name, *unique),
        _link(name, "run_number", "runs.number", ondelete="CASCADE"),
        key="position",
        indexes=((index,),),
    )


def _moment(column: str) -> str:
    """Return microseconds since 1970 of a text as SQLAlchemy wrote it: 2026-03-01 12:00:00.123456."""
    seconds = f"CAST(strftime('%s', substr({column}, 1, 19)) AS INTEGER)"
    return f"{seconds} * 1000000 + CAST(substr({column}, 21, 6) AS INTEGER)"


_RUN = "(SELECT number FROM runs WHERE runs.run_id = old.run_id)"
_KEY = "(SELECT number FROM keys WHERE keys.key = old.key)"
_PLACE = "row_number() OVER (PARTITION BY old.run_id ORDER BY old.position) - 1"
_FILL = (
    f"""INSERT INTO sessions SELECT session_id, experiment, {_moment("started_at")}, {_moment("lease_expires_at")},
    {_moment("ended_at")}, host, boot, pid, process_started, user, notebook, kernel_id, environment_id, parent_run_id
    FROM old_sessions ORDER BY rowid""",
    "INSERT INTO environments SELECT * FROM old_environments ORDER BY rowid",
    f"""INSERT INTO executions SELECT execution_id, session_id, nth, prompt, cell_id, source, {_moment("started_at")},
    seconds, outcome, failure, reads, writes, maybe, state, '[]', '[]', statements, cpu_seconds, peak_memory_bytes,
    NULL, NULL FROM old_executions ORDER BY rowid""",
    # Nothing wrote verdicts yet.
    f"""INSERT INTO runs SELECT rowid, run_id, name, experiment, session_id, parent_id, {_moment("started_at")},
    {_moment("finished_at")}, status, NULL, NULL, failure, environment_id, note FROM old_runs ORDER BY rowid""",
    """INSERT INTO keys (key) SELECT DISTINCT key FROM (SELECT key FROM old_params UNION ALL
    SELECT key FROM old_tags UNION ALL SELECT key FROM old_metric_points)""",
    f"INSERT INTO run_executions SELECT {_RUN}, execution_id, {_PLACE} FROM old_run_executions old",
    f"INSERT INTO params SELECT {_RUN}, {_KEY}, {_PLACE}, value, number FROM old_params old",
    f"INSERT INTO tags SELECT {_RUN}, {_KEY}, {_PLACE}, value FROM old_tags old",
    f"""INSERT INTO latest_metrics SELECT {_RUN}, {_KEY}, {_PLACE}, step, {_moment("time")}, value, text
    FROM old_latest_metrics old""",
    # The last of a key's points is its latest, which is kept once from now on.
    f"""INSERT INTO metric_points SELECT {_RUN}, {_KEY}, step, {_moment("time")}, place, value, text FROM (SELECT *,
    row_number() OVER (PARTITION BY run_id, key, step, time ORDER BY position) - 1 AS place,
    row_number() OVER (PARTITION BY run_id, key ORDER BY step DESC, time DESC, position DESC) AS from_last
    FROM old_metric_points) old WHERE from_last > 1""",
    f"""INSERT INTO datasets SELECT position, {_RUN}, name, role, kind, rows, shape, columns, fingerprint, files
    FROM old_datasets old ORDER BY position""",
    f"""INSERT INTO models SELECT position, {_RUN}, model_id, name, class_name, signature, features, importances,
    coefficients, details FROM old_models old ORDER BY position""",
    f"INSERT INTO artifacts SELECT {_RUN}, name, {_PLACE}, digest, size, media_type FROM old_artifacts old",
)
