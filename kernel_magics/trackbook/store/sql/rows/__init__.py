"""Records to rows and back. A row leaves here as a dict or a tuple for one table, without the numbers of its run
and key; texts are made to fit elsewhere (`texts.py`).
"""

from __future__ import annotations

from trackbook.store.sql.rows.data import (
    check_of,
    check_row,
    reproduction_of,
    reproduction_row,
    snapshot_of,
    snapshot_row,
    version_of,
    version_row,
)
from trackbook.store.sql.rows.executions import execution_of, execution_row, outputs_of, statements_of
from trackbook.store.sql.rows.parts import Row, files_of
from trackbook.store.sql.rows.points import PointRow, point_of, point_row, point_rows
from trackbook.store.sql.rows.runs import (
    artifact_of,
    artifact_row,
    dataset_of,
    dataset_row,
    model_of,
    model_row,
    module_of,
    module_row,
    origin_of,
    origin_row,
    param_of,
    param_row,
    run_of,
    run_row,
)
from trackbook.store.sql.rows.sessions import environment_of, environment_row, session_of, session_row

__all__ = [
    "PointRow",
    "Row",
    "artifact_of",
    "artifact_row",
    "check_of",
    "check_row",
    "dataset_of",
    "dataset_row",
    "environment_of",
    "environment_row",
    "execution_of",
    "execution_row",
    "files_of",
    "model_of",
    "model_row",
    "module_of",
    "module_row",
    "origin_of",
    "origin_row",
    "outputs_of",
    "param_of",
    "param_row",
    "point_of",
    "point_row",
    "point_rows",
    "reproduction_of",
    "reproduction_row",
    "run_of",
    "run_row",
    "session_of",
    "session_row",
    "snapshot_of",
    "snapshot_row",
    "statements_of",
    "version_of",
    "version_row",
]
