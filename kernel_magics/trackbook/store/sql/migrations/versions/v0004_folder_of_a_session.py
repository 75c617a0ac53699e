"""Room for the folder that a session worked in.

Frozen, whatever `schema.py` says today. The table is made anew and filled from the old one: SQLite would put a new
column behind the constraints.

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TEXT = sa.Text()
_WHOLE = sa.BigInteger()
_REAL: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Make the table of sessions anew, with one more column."""
    op.drop_index("ix_sessions_started_at")  # its name is the database's, not its table's
    op.execute("PRAGMA legacy_alter_table = ON")  # else what refers to the table would follow its old name
    op.rename_table("sessions", "old_sessions")
    op.execute("PRAGMA legacy_alter_table = OFF")
    op.create_table(
        "sessions",
        *_given(_TEXT, "session_id", "experiment"),
        *_given(_WHOLE, "started_at", "lease_expires_at"),
        sa.Column("ended_at", _WHOLE),
        *_given(_TEXT, "host", "boot"),
        *_given(_WHOLE, "pid"),
        *_given(_REAL, "process_started"),
        *_given(_TEXT, "user"),
        *(sa.Column(name, _TEXT) for name in ("notebook", "kernel_id", "environment_id", "parent_run_id", "folder")),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
    )
    op.execute("INSERT INTO sessions SELECT *, NULL FROM old_sessions ORDER BY rowid")
    op.drop_table("old_sessions")
    op.create_index("ix_sessions_started_at", "sessions", ["started_at"])


def _given(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]
