"""Runs as flat rows, for tables that compute: data frames and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from trackbook.records import RunDetail, encode, strict

Row = dict[str, object]

FIXED = (
    "run_id",
    "name",
    "experiment",
    "status",
    "verdict",
    "started_at",
    "finished_at",
    "seconds",
    "model",
    "dataset",
    "parent_id",
    "note",
)


def flat_rows(details: Sequence[RunDetail]) -> tuple[list[str], list[Row]]:
    """Return column names and one row a run; what a run doesn't have is not in its row.

    After the fixed columns come ``params.*``, ``metrics.*`` (the latest values) and ``tags.*``, sorted by name.
    """
    rows = [_flat(detail) for detail in details]
    keys = {key for row in rows for key in row}.difference(FIXED)
    kinds = ("params.", "metrics.", "tags.")
    return [*FIXED, *(key for kind in kinds for key in sorted(keys) if key.startswith(kind))], rows


def csv_text(details: Sequence[RunDetail]) -> str:
    """Return runs as CSV: ``NaN`` and ``Infinity`` by name, integers whole, lists and dicts as JSON, empty for none."""
    columns, rows = flat_rows(details)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def run_seconds(detail: RunDetail) -> float | None:
    """Return how long a run took, None while it runs."""
    run = detail.run
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def _flat(detail: RunDetail) -> Row:
    run = detail.run
    row: Row = {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "status": run.status.value,
        "verdict": run.verdict,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": run_seconds(detail),
        "model": _joined(model.class_name.rpartition(".")[2] for model in detail.models),
        "dataset": _joined(dataset.name for dataset in detail.datasets),
        "parent_id": run.parent_id,
        "note": run.note,
    }
    row |= {f"params.{key}": value for key, value in detail.params.items()}
    row |= {f"metrics.{key}": point.value for key, point in detail.metrics.items()}
    return row | {f"tags.{key}": value for key, value in detail.tags.items()}


def _joined(names: Iterable[str]) -> str | None:
    return ", ".join(dict.fromkeys(names)) or None


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    plain = strict(value)
    return plain if isinstance(plain, str) else encode(plain)
