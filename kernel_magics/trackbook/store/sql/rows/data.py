"""Rows of what is kept of data: snapshots, versions, checks, reproductions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trackbook.clock import microseconds, moment
from trackbook.records import (
    Check,
    ComparedKind,
    Comparison,
    DatasetVersion,
    JsonValue,
    Reproduction,
    ReproductionVerdict,
    Snapshot,
    decode,
)
from trackbook.store.sql.rows.parts import Row, Stored
from trackbook.store.sql.values import json_dict, json_list, json_mapping, json_text


def snapshot_row(snapshot: Snapshot, used_at: datetime) -> Row:
    """Return the row of a snapshot that is used at a time."""
    return {
        "snapshot_id": snapshot.snapshot_id,
        "kind": snapshot.kind,
        "made_at": microseconds(snapshot.made_at),
        "used_at": microseconds(used_at),
        "fingerprint": snapshot.fingerprint,
        "restore_key": snapshot.restore_key,
        "rows": snapshot.rows,
        "columns": snapshot.columns,
        "stored_bytes": snapshot.stored_bytes,
        "new_bytes": snapshot.new_bytes,
        "profile_digest": snapshot.profile_digest,
    }


def snapshot_of(row: Stored) -> Snapshot:
    """Return the snapshot of a row."""
    return Snapshot(
        snapshot_id=row.snapshot_id,
        kind=row.kind,
        made_at=moment(row.made_at),
        fingerprint=row.fingerprint,
        restore_key=row.restore_key,
        rows=row.rows,
        columns=row.columns,
        stored_bytes=row.stored_bytes,
        new_bytes=row.new_bytes,
        profile_digest=row.profile_digest,
    )


def version_row(version: DatasetVersion) -> Row:
    """Return the row of a dataset's version."""
    return {
        "name": version.name,
        "version": version.version,
        "snapshot_id": version.snapshot_id,
        "fingerprint": version.fingerprint,
        "made_at": microseconds(version.made_at),
        "session_id": version.session_id,
        "run_id": version.run_id,
        "execution_id": version.execution_id,
    }


def version_of(row: Stored) -> DatasetVersion:
    """Return the dataset's version of a row."""
    return DatasetVersion(
        name=row.name,
        version=row.version,
        snapshot_id=row.snapshot_id,
        fingerprint=row.fingerprint,
        made_at=moment(row.made_at),
        session_id=row.session_id,
        run_id=row.run_id,
        execution_id=row.execution_id,
    )


def check_row(check: Check) -> Row:
    """Return the row of a check."""
    return {
        "check_id": check.check_id,
        "name": check.name,
        "table_name": check.table,
        "at": microseconds(check.at),
        "is_passed": check.is_passed,
        "failures": check.failures,
        "sample": json_text(list(check.sample)),
        "schema_name": check.schema_name,
        "schema_digest": check.schema_digest,
        "snapshot_id": check.snapshot_id,
        "session_id": check.session_id,
        "execution_id": check.execution_id,
        "run_id": check.run_id,
    }


def check_of(row: Stored) -> Check:
    """Return the check of a row."""
    return Check(
        check_id=row.check_id,
        name=row.name,
        table=row.table_name,
        at=moment(row.at),
        is_passed=bool(row.is_passed),
        failures=row.failures,
        sample=tuple(json_list(row.sample)),
        schema_name=row.schema_name,
        schema_digest=row.schema_digest,
        snapshot_id=row.snapshot_id,
        session_id=row.session_id,
        execution_id=row.execution_id,
        run_id=row.run_id,
    )


def reproduction_row(reproduction: Reproduction) -> Row:
    """Return the row of a reproduction."""
    difference = reproduction.first_difference
    return {
        "reproduction_id": reproduction.reproduction_id,
        "run_id": reproduction.run_id,
        "at": microseconds(reproduction.at),
        "verdict": reproduction.verdict.value,
        "reason": reproduction.reason,
        "tolerance": reproduction.tolerance,
        "environment": reproduction.environment,
        "comparisons": json_text([_comparison_json(each) for each in reproduction.comparisons]),
        "seconds": reproduction.seconds,
        "slice_digest": reproduction.slice_digest,
        "log_digest": reproduction.log_digest,
        "first_difference": None if difference is None else json_mapping(difference),
        "details": json_mapping(reproduction.details),
    }


def reproduction_of(row: Stored) -> Reproduction:
    """Return the reproduction of a row."""
    comparisons: Any = decode(row.comparisons)
    return Reproduction(
        reproduction_id=row.reproduction_id,
        run_id=row.run_id,
        at=moment(row.at),
        verdict=ReproductionVerdict(row.verdict),
        reason=row.reason,
        tolerance=row.tolerance,
        environment=row.environment,
        comparisons=tuple(_comparison_of(each) for each in comparisons),
        seconds=row.seconds,
        slice_digest=row.slice_digest,
        log_digest=row.log_digest,
        first_difference=None if row.first_difference is None else json_dict(row.first_difference),
        details=json_dict(row.details),
    )


def _comparison_json(comparison: Comparison) -> JsonValue:
    values = [comparison.expected, comparison.found, comparison.is_same, comparison.is_exact]
    return [comparison.kind.value, comparison.key, *values]


def _comparison_of(item: Any) -> Comparison:
    kind, key, expected, found, is_same, is_exact = item
    return Comparison(
        kind=ComparedKind(kind), key=key, expected=expected, found=found, is_same=is_same, is_exact=is_exact
    )
