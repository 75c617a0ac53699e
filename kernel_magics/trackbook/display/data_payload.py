"""Datasets, their versions and what sets two of them apart, as strict JSON."""

from __future__ import annotations

from collections.abc import Sequence

from trackbook.capture.secrets import redact_value
from trackbook.display.profile import profile_payload
from trackbook.records import DatasetVersion, JsonValue, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.records.table_diff import ColumnChange, TableDiff
from trackbook.tracking.datasets import Dataset


def dataset_payload(dataset: Dataset) -> dict[str, JsonValue]:
    """Return a dataset with its versions, oldest first."""
    return {
        "name": dataset.name,
        "latest": dataset.latest.version,
        "stored_bytes": dataset.stored_bytes,
        "runs": dataset.runs,
        "versions": [version_payload(each, dataset.snapshot(each)) for each in dataset.versions],
    }


def version_payload(version: DatasetVersion, snapshot: Snapshot) -> dict[str, JsonValue]:
    """Return one version."""
    return {
        "name": version.name,
        "version": version.version,
        "snapshot_id": version.snapshot_id,
        "fingerprint": version.fingerprint,
        "made_at": version.made_at.isoformat(),
        "session_id": version.session_id,
        "run_id": version.run_id,
        "execution_id": version.execution_id,
        "kind": snapshot.kind,
        "rows": snapshot.rows,
        "columns": snapshot.columns,
        "stored_bytes": snapshot.stored_bytes,
        "new_bytes": snapshot.new_bytes,
    }


def shown_payload(
    dataset: Dataset, version: DatasetVersion, profile: TableProfile | None, runs: Sequence[RunDetail]
) -> dict[str, JsonValue]:
    """Return one version with its profile, null of a model, and the runs that used it."""
    return {
        **version_payload(version, dataset.snapshot(version)),
        "versions": [each.version for each in dataset.versions],
        "run_ids": [detail.run.run_id for detail in runs],
        "profile": None if profile is None else profile_payload(profile),
    }


def table_diff_payload(diff: TableDiff) -> dict[str, JsonValue]:
    """Return what differs between two tables; ranges of rows are first and last + 1."""
    return {
        "before": diff.before,
        "after": diff.after,
        "by": diff.by,
        "same": diff.is_empty,
        "rows_before": diff.rows_before,
        "rows_after": diff.rows_after,
        "rows_added": diff.rows_added,
        "rows_removed": diff.rows_removed,
        "rows_changed": diff.rows_changed,
        "added": [[first, stop] for first, stop in diff.added],
        "removed": [[first, stop] for first, stop in diff.removed],
        "columns_added": [{"name": each.name, "dtype": each.dtype} for each in diff.columns_added],
        "columns_removed": [{"name": each.name, "dtype": each.dtype} for each in diff.columns_removed],
        "order_changed": diff.is_order_changed,
        "columns": [_change_payload(change) for change in diff.columns],
    }


def _change_payload(change: ColumnChange) -> JsonValue:
    return {
        "name": change.name,
        "dtype_before": change.dtype_before,
        "dtype_after": change.dtype_after,
        "changed": change.changed,
        "mean_before": change.mean_before,
        "mean_after": change.mean_after,
        "missing_before": change.missing_before,
        "missing_after": change.missing_after,
        "new_categories": list(change.new_categories),
        "gone_categories": list(change.gone_categories),
        "examples": [
            {
                "row_before": each.row_before,
                "row_after": each.row_after,
                "before": redact_value(change.name, each.before),
                "after": redact_value(change.name, each.after),
            }
            for each in change.examples
        ],
    }
