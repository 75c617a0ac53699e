"""What the panel shows in a notebook: whether it is tracked, the run that is at work, and marks of its cells."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from trackbook import clock
from trackbook.errors import InvalidValueError
from trackbook.tracking.cell_marks import (
    Mark,
    MarkedCell,
    MeasuredMetric,
    NotebookState,
    StaleReports,
    notebook_state,
)

from trackbook_server.route import Asked, At, Operation, Route


class NotebookQuery(At, kw_only=True):
    """Which notebook: `at` is its file. `kernel`, the id of its kernel, finds it also if it was renamed since."""

    kernel: str = ""


class SessionShown(Struct, kw_only=True):
    """Whether it is tracked: ``on``, ``off``, ``error`` (on, but something was not recorded), ``ended``, ``none``."""

    session_id: str | None
    state: str
    reason: str | None
    started_at: str | None


class CurrentRun(Struct, kw_only=True):
    """The run that is at work, or was last."""

    run_id: str
    name: str
    status: str


class MetricShown(Struct, kw_only=True):
    """A metric that a cell measured."""

    key: str
    value: Any
    run_id: str
    run_name: str


class MarkShown(Struct, kw_only=True):
    """Something to say of a cell: ``stale`` and ``unordered`` have a reason, ``metrics`` what was measured."""

    kind: str
    reason: str | None
    metrics: list[MetricShown]


class CellShown(Struct, kw_only=True):
    """A cell. `source_digest` is the SHA-256 of the code that last ran, null where that is not on record as it was."""

    cell_id: str
    source_digest: str | None
    marks: list[MarkShown]


class NotebookShown(Struct, kw_only=True):
    """A notebook's session, its run and its cells, in the order in which they ran first."""

    session: SessionShown
    run: CurrentRun | None
    cells: list[CellShown]


def show_notebook(asked: Asked) -> NotebookShown:
    """Return what there is to say of a notebook."""
    query: NotebookQuery = asked.query
    if not asked.query.at or asked.place.is_dir():
        raise InvalidValueError("Which notebook? Give its path beneath the server's folder: at=work/train.ipynb.")
    with asked.project.store.frozen() as store:
        found = notebook_state(store, asked.place, clock.now(), query.kernel or None, _reports)
    run = found.run.run if found.run is not None else None
    return NotebookShown(
        session=_session(found),
        run=CurrentRun(run_id=run.run_id, name=run.name, status=run.status.value) if run is not None else None,
        cells=[_cell(each) for each in found.cells],
    )


def _session(found: NotebookState) -> SessionShown:
    session = found.session
    return SessionShown(
        session_id=session.session_id if session is not None else None,
        state=found.state.value,
        reason=found.reason,
        started_at=session.started_at.isoformat() if session is not None else None,
    )


def _cell(cell: MarkedCell) -> CellShown:
    return CellShown(cell_id=cell.cell_id, source_digest=cell.source_digest, marks=[_mark(each) for each in cell.marks])


def _mark(mark: Mark) -> MarkShown:
    return MarkShown(kind=mark.kind.value, reason=mark.reason, metrics=[_metric(each) for each in mark.metrics])


def _metric(measured: MeasuredMetric) -> MetricShown:
    run = measured.run.run
    return MetricShown(key=measured.key, value=measured.point.value, run_id=run.run_id, run_name=run.name)


_reports = StaleReports()

ROUTES = (
    Route(
        path="/notebook",
        operations={
            "GET": Operation(
                act=show_notebook, summary="Show a notebook's tracking", query=NotebookQuery, answer=NotebookShown
            )
        },
    ),
)
