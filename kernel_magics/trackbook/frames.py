"""Records as pandas data frames in which no number loses anything on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trackbook.display.rows import flat_rows
from trackbook.records import Check, MetricPoint, RunDetail
from trackbook.tracking.checks import broken_rules
from trackbook.tracking.datasets import Dataset

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53  # beyond it a float no longer holds every integer
_TIMES = frozenset({"started_at", "finished_at"})
_SECONDS = "seconds"
_CHECKS = (
    "at", "name", "table", "passed", "failures", "broken", "schema", "run_id", "execution_id", "check_id",
)  # fmt: skip


def runs_frame(details: Sequence[RunDetail]) -> pd.DataFrame:
    """Return one row a run, in the order given, with the columns of `trackbook.runs`."""
    import pandas as pd

    columns, rows = flat_rows(details)
    data = {column: _column(column, [row.get(column) for row in rows]) for column in columns}
    return pd.DataFrame(data, columns=columns)


def history_frame(points: Sequence[MetricPoint]) -> pd.DataFrame:
    """Return the points of a metric as ``step``, ``value`` and ``time``, in the order given."""
    import pandas as pd

    return pd.DataFrame(
        {
            "step": pd.Series([point.step for point in points], dtype="int64"),
            "value": _numbers([point.value for point in points]),
            "time": pd.Series([point.time for point in points], dtype="datetime64[us, UTC]"),
        }
    )


def datasets_frame(found: Sequence[Dataset], *, every: bool) -> pd.DataFrame:
    """Return one row a dataset, or one a version, with the columns of `trackbook.datasets`."""
    import pandas as pd

    pairs = [(each, version) for each in found for version in (each.versions if every else each.versions[-1:])]
    snapshots = [each.snapshot(version) for each, version in pairs]
    versions = [version for _, version in pairs]
    texts = {
        "fingerprint": [each.fingerprint for each in versions],
        "snapshot_id": [each.snapshot_id for each in versions],
        "run_id": [each.run_id for each in versions],
    }
    return pd.DataFrame(
        {
            "name": pd.Series([each.name for each in versions], dtype="object"),
            "version": pd.Series([each.version for each in versions], dtype="int64"),
            "rows": pd.Series([each.rows for each in snapshots], dtype="Int64"),
            "columns": pd.Series([each.columns for each in snapshots], dtype="Int64"),
            "kind": pd.Series([each.kind for each in snapshots], dtype="object"),
            "stored_bytes": pd.Series([each.stored_bytes for each in snapshots], dtype="int64"),
            "runs": pd.Series([each.runs for each, _ in pairs], dtype="int64"),
            "made_at": pd.Series([each.made_at for each in versions], dtype="datetime64[us, UTC]"),
            **{name: pd.Series(values, dtype="object") for name, values in texts.items()},
        }
    )


def checks_frame(found: Sequence[Check]) -> pd.DataFrame:
    """Return one row a check, in the order given, with the columns of `trackbook.checks`."""
    import pandas as pd

    rules = [[f"{each['column']}: {each['rule']}" for each in broken_rules(check)] for check in found]
    texts: dict[str, list[str | None]] = {
        "name": [each.name for each in found],
        "table": [each.table for each in found],
        "broken": ["; ".join(each).replace("None: ", "") for each in rules],
        "schema": [each.schema_name for each in found],
        "run_id": [each.run_id for each in found],
        "execution_id": [each.execution_id for each in found],
        "check_id": [each.check_id for each in found],
    }
    columns = {name: pd.Series(values, dtype="object") for name, values in texts.items()}
    columns["at"] = pd.Series([each.at for each in found], dtype="datetime64[us, UTC]")
    columns["passed"] = pd.Series([each.is_passed for each in found], dtype="bool")
    columns["failures"] = pd.Series([each.failures for each in found], dtype="int64")
    return pd.DataFrame(columns)[list(_CHECKS)]


def _column(name: str, values: list[object]) -> pd.Series:
    import pandas as pd

    if name in _TIMES:
        return pd.Series(values, dtype="datetime64[us, UTC]")
    if name == _SECONDS:
        return pd.Series(values, dtype="float64")
    if name.startswith(("params.", "metrics.")):
        return _numbers(values)
    return pd.Series(values, dtype="object")


def _numbers(values: Sequence[object]) -> pd.Series:
    """Return a numeric column where that holds every value exactly, else one of objects with None for missing."""
    import pandas as pd

    present = [value for value in values if value is not None]
    if not present or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return pd.Series(values, dtype="object")
    integers = [value for value in present if isinstance(value, int)]
    if len(integers) == len(values) and all(-(2**63) <= value < 2**63 for value in integers):
        return pd.Series(values, dtype="int64")
    if all(abs(value) <= _EXACT for value in integers):
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype="object")
