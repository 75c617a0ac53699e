"""Room for snapshots, versions of datasets, checks and reproductions, and for where a run's data and models are kept.

Frozen, whatever `schema.py` says today. Datasets and models are made anew beside the old ones and filled from them:
SQLite would put a new column behind the constraints.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TEXT = sa.Text()
_REAL: sa.Double[float] = sa.Double()
_WHOLE = sa.BigInteger()
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REMADE = {"datasets": "fingerprint", "models": "model_id"}


def upgrade() -> None:
    """Make the new tables, and those with new columns anew."""
    _make_snapshots()
    _make_versions()
    _make_checks()
    _make_reproductions()
    for name, index in _REMADE.items():
        op.drop_index(f"ix_{name}_{index}")  # its name is the database's, not its table's
        op.rename_table(name, f"old_{name}")
    _make_datasets()
    _make_models()
    for name, index in _REMADE.items():
        op.execute(_FILL[name])
        op.drop_table(f"old_{name}")
        op.create_index(f"ix_{name}_{index}", name, [index])


def _given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_given(name, _TEXT) for name in names]


def _wholes(*names: str) -> list[sa.Column[Any]]:
    return [_given(name, _WHOLE) for name in names]


def _maybe(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind) for name in names]


def _table(name: str, *parts: sa.schema.SchemaItem, key: str, indexes: tuple[tuple[str, ...], ...] = ()) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(key, name=f"pk_{name}"))
    for columns in indexes:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def _link(table: str, column: str, target: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", **options)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _make_snapshots() -> None:
    _table(
        "snapshots",
        *_texts("snapshot_id", "kind"),
        *_wholes("made_at", "used_at"),
        *_maybe(_TEXT, "fingerprint"),
        *_texts("restore_key"),
        *_maybe(_WHOLE, "rows", "columns"),
        *_wholes("stored_bytes", "new_bytes"),
        *_maybe(_TEXT, "profile_digest"),
        key="snapshot_id",
        indexes=(("fingerprint", "restore_key"),),
    )


def _make_versions() -> None:
    name = "dataset_versions"
    _table(
        name,
        _given("position", _NUMBER),
        *_texts("name"),
        *_wholes("version"),
        *_texts("snapshot_id"),
        *_maybe(_TEXT, "fingerprint"),
        *_wholes("made_at"),
        *_maybe(_TEXT, "session_id", "run_id", "execution_id"),
        _unique(name, "name", "version"),
        _link(name, "snapshot_id", "snapshots.snapshot_id"),
        _link(name, "run_id", "runs.run_id", ondelete="SET NULL"),
        key="position",
        indexes=(("snapshot_id",), ("run_id",)),
    )


def _make_checks() -> None:
    _table(
        "checks",
        *_texts("check_id", "name", "table_name"),
        *_wholes("at"),
        _given("is_passed", sa.Boolean()),
        *_wholes("failures"),
        *_texts("sample"),
        *_maybe(_TEXT, "schema_name", "schema_digest", "snapshot_id", "session_id", "execution_id", "run_id"),
        _link("checks", "snapshot_id", "snapshots.snapshot_id"),
        _link("checks", "run_id", "runs.run_id", ondelete="SET NULL"),
        key="check_id",
        indexes=(("execution_id",), ("run_id",), ("snapshot_id",)),
    )


def _make_reproductions() -> None:
    _table(
        "reproductions",
        *_texts("reproduction_id", "run_id"),
        *_wholes("at"),
        *_texts("verdict", "reason"),
        _given("tolerance", _REAL),
        *_texts("environment", "comparisons"),
        *_maybe(_REAL, "seconds"),
        *_maybe(_TEXT, "slice_digest", "log_digest", "first_difference"),
        *_texts("details"),
        _link("reproductions", "run_id", "runs.run_id", ondelete="CASCADE"),
        key="reproduction_id",
        indexes=(("run_id", "at"),),
    )


def _make_datasets() -> None:
    _table(
        "datasets",
        _given("position", _NUMBER),
        *_wholes("run_number"),
        *_texts("name", "role", "kind"),
        *_maybe(_WHOLE, "rows"),
        *_texts("shape", "columns"),
        *_maybe(_TEXT, "fingerprint"),
        *_texts("files"),
        *_maybe(_TEXT, "snapshot_id"),
        _unique("datasets", "run_number", "name", "role"),
        _link("datasets", "run_number", "runs.number", ondelete="CASCADE"),
        _link("datasets", "snapshot_id", "snapshots.snapshot_id"),
        key="position",
    )
    is_kept = sa.text("snapshot_id IS NOT NULL")
    op.create_index("ix_datasets_snapshot_id", "datasets", ["snapshot_id"], sqlite_where=is_kept)


def _make_models() -> None:
    _table(
        "models",
        _given("position", _NUMBER),
        *_wholes("run_number"),
        *_texts("model_id", "name", "class_name", "signature", "features", "importances", "coefficients", "details"),
        *_maybe(_TEXT, "object_digest", "example_snapshot"),
        _unique("models", "run_number", "model_id"),
        _link("models", "run_number", "runs.number", ondelete="CASCADE"),
        _link("models", "example_snapshot", "snapshots.snapshot_id"),
        key="position",
    )
    has_example = sa.text("example_snapshot IS NOT NULL")
    op.create_index("ix_models_example_snapshot", "models", ["example_snapshot"], sqlite_where=has_example)


_FILL = {
    "datasets": """INSERT INTO datasets SELECT position, run_number, name, role, kind, rows, shape, columns,
    fingerprint, files, NULL FROM old_datasets ORDER BY position""",
    "models": """INSERT INTO models SELECT position, run_number, model_id, name, class_name, signature, features,
    importances, coefficients, details, NULL, NULL FROM old_models ORDER BY position""",
}
