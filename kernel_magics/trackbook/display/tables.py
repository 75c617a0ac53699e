"""Runs as CSV, however many: rows wait in a file until every column is known."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from trackbook.display.rows import columns_of, csv_cell, flat_row
from trackbook.records import MetricPoint, RunDetail

PARAMS = ("run_id", "key", "value")
METRICS = ("run_id", "key", "step", "time", "value")


class Writes(Protocol):
    """What `csv.writer` writes to."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


def write_runs(details: Iterable[RunDetail], out: Writes) -> None:
    """Write one row a run, as `trackbook.display.rows.csv_text` does, without holding all of them."""
    with tempfile.TemporaryFile("w+", encoding="ascii") as waiting:
        keys: set[str] = set()
        for detail in details:
            row = {key: csv_cell(value) for key, value in flat_row(detail).items()}
            keys |= row.keys()
            waiting.write(json.dumps(row) + "\n")
        waiting.seek(0)
        columns = columns_of(keys)
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] for row in map(json.loads, waiting))


class Long:
    """Params and metric points in long form, one a row, written while runs go by.

    Parameters
    ----------
    params, metrics
        Where they go.
    points_of
        Returns every point of every metric of a run.
    """

    def __init__(
        self, params: Writes, metrics: Writes, points_of: Callable[[RunDetail], Mapping[str, list[MetricPoint]]]
    ) -> None:
        self._params = csv.writer(params, lineterminator="\n")
        self._metrics = csv.writer(metrics, lineterminator="\n")
        self._points_of = points_of
        self._params.writerow(PARAMS)
        self._metrics.writerow(METRICS)

    def passing(self, details: Iterable[RunDetail]) -> Iterator[RunDetail]:
        """Return runs as they come, written on their way."""
        for detail in details:
            run_id = detail.run.run_id
            self._params.writerows((run_id, key, csv_cell(value)) for key, value in detail.params.items())
            for key, points in self._points_of(detail).items():
                self._metrics.writerows(
                    (run_id, key, point.step, point.time.isoformat(), csv_cell(point.value)) for point in points
                )
            yield detail
