"""A quality check: whether a table was as a schema says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trackbook.records.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a check of a table found.

    `name` is the check's, `table` the name that the table had, `schema_name` what the schema is called and
    `schema_digest` the object that it is kept in. `failures` counts the rows, or the rules of the whole table, that
    failed; `sample` are some of them, as many as were kept, as JSON. `snapshot_id` is the table that was checked, where
    it is kept.
    """

    check_id: str
    name: str
    table: str
    at: datetime
    is_passed: bool
    failures: int = 0
    sample: tuple[JsonValue, ...] = ()
    schema_name: str | None = None
    schema_digest: str | None = None
    snapshot_id: str | None = None
    session_id: str | None = None
    execution_id: str | None = None
    run_id: str | None = None
