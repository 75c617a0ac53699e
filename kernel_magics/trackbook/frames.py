"""Records as pandas data frames in which no number loses anything on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trackbook.display.rows import flat_rows
from trackbook.records import MetricPoint, RunDetail

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53  # beyond it a float no longer holds every integer
_TIMES = frozenset({"started_at", "finished_at"})
_SECONDS = "seconds"


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
