"""Runs as flat rows, for tables that compute: data frames and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence, Set
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
    rows = [flat_row(detail) for detail in details]
    return columns_of({key for row in rows for key in row}), rows


def columns_of(keys: Set[str]) -> list[str]:
    """Return the columns of rows with these keys, in the order of `flat_rows`."""
    more = sorted(keys - set(FIXED))
    return [*FIXED, *(key for kind in ("params.", "metrics.", "tags.") for key in more if key.startswith(kind))]


def csv_text(details: Sequence[RunDetail]) -> str:
    """Return runs as CSV: ``NaN`` and ``Infinity`` by name, integers whole, lists and dicts as JSON, empty for none."""
    columns, rows = flat_rows(details)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def run_seconds(detail: RunDetail) -> float | None:
    """Return how long a run took, None while it runs."""
    run = detail.run
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def flat_row(detail: RunDetail) -> Row:
    """Return a run as one row: column names with their values, where it has one."""
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


def csv_cell(value: object) -> str:
    """Return a value as `csv_text` writes it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    plain = strict(value)
    return plain if isinstance(plain, str) else encode(plain)
