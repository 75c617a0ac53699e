"""What there is to say of a notebook: whether it is tracked, its run, which cells are stale, what they measured.

All of it is read from the store and from the notebook's file, so that it can be asked where the kernel is not.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from trackbook import clock
from trackbook.lineage.stale_facts import StaleCell
from trackbook.records import (
    SWITCHED_OFF,
    Execution,
    HiddenReason,
    MetricPoint,
    OriginKind,
    Outcome,
    RunDetail,
    Session,
)
from trackbook.store.contract import RunFilter, Store
from trackbook.store.rules import is_gone
from trackbook.tracking.finding_datasets import newer_version
from trackbook.tracking.stale_report import EDITED, StaleReport, lacking_sentence, stale_of
from trackbook.tracking.verdicts import counts_of, reason_sentence

_SECRET = "[secret]"
_KNOWN_SECONDS = 5.0
_MOST_KNOWN = 64
_MOST_RUNS = 200  # whose metrics are looked up: the newest of those that cells show


class TrackingState(StrEnum):
    """Whether a notebook is tracked. ERROR: it is, and something of what ran last could not be recorded."""

    ON = "on"
    OFF = "off"
    ERROR = "error"
    ENDED = "ended"
    NONE = "none"


class MarkKind(StrEnum):
    """What a mark tells: what the cell read is not what the notebook makes, or stands below; what the cell measured."""

    STALE = "stale"
    UNORDERED = "unordered"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredMetric:
    """A metric that a cell measured, with the latest value that its run has of it."""

    key: str
    point: MetricPoint
    run: RunDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to say of a cell: why, or the metrics."""

    kind: MarkKind
    reason: str | None = None
    metrics: tuple[MeasuredMetric, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCell:
    """A cell that ran in the session, or that should have.

    `source_digest` is the SHA-256 of the code that it last ran with; None where it has not run, or its code is not on
    record as it was, because there were credentials in it.
    """

    cell_id: str
    source_digest: str | None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookState:
    """A notebook's session, None if it has none, whether it is tracked, the run that is at work, and its cells."""

    state: TrackingState
    reason: str | None = None
    session: Session | None = None
    run: RunDetail | None = None
    cells: tuple[MarkedCell, ...] = ()


class StaleReports:
    """Reports on sessions, each worked out once as long as nothing ran and the notebook's file is the same.

    Files and datasets that cells read are looked at again after some seconds only: while a cell trains, others ask many
    times what its session's long past is worth. Any thread may ask.
    """

    def __init__(self, seconds: float = _KNOWN_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[object, float, StaleReport]] = OrderedDict()

    def of(self, store: Store, session: Session, executions: Sequence[Execution]) -> StaleReport:
        """Return the cells of a session to run again."""
        ended = [each.execution_id for each in executions if each.outcome is not Outcome.RUNNING]
        key = (store.location, session.notebook, _stamp(session.notebook), len(ended), ended[-1:])
        with self._lock:
            known, at, report = self._known.get(session.session_id, (None, 0.0, None))
        if report is not None and known == key and clock.monotonic() - at < self._seconds:
            return report
        report = stale_of(
            session, executions, lambda label: newer_version(store, label, session.session_id) is not None
        )
        with self._lock:
            self._known[session.session_id] = key, clock.monotonic(), report
            self._known.move_to_end(session.session_id)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return report


def notebook_state(
    store: Store,
    notebook: Path,
    now: datetime,
    kernel_id: str | None = None,
    reports: StaleReports | None = None,
) -> NotebookState:
    """Return what there is to say of a notebook.

    Parameters
    ----------
    notebook
        Its file.
    kernel_id
        The kernel that it has now, where that is known: a notebook that was renamed since is found by it.
    reports
        Those that were worked out before, by who asks often.
    """
    session = _session(store.sessions(), notebook, kernel_id)
    if session is None:
        return NotebookState(state=TrackingState.NONE, reason="No cell of this notebook was tracked yet.")
    executions = store.executions(session_id=session.session_id)
    state, reason = tracking_state(session, executions, now)
    return NotebookState(
        state=state,
        reason=reason,
        session=session,
        run=_run_at_work(store, session),
        cells=marked_cells(
            store,
            replace(session, notebook=str(notebook)),
            executions,
            reports if reports is not None else StaleReports(),
        ),
    )


def tracking_state(
    session: Session, executions: Sequence[Execution], now: datetime
) -> tuple[TrackingState, str | None]:
    """Return whether a session is tracked now, and in a sentence why not, as far as its record tells."""
    if session.ended_at is not None:
        return TrackingState.ENDED, "Its kernel has ended, or Trackbook was unloaded there."
    if is_gone(session, now):
        return TrackingState.ENDED, "Its kernel vanished."
    last = max(executions, key=lambda each: each.index, default=None)
    if last is not None and SWITCHED_OFF in last.state:
        return TrackingState.OFF, "It was switched off: cells that run now are not recorded."
    if last is not None and last.tracking_fault is not None:
        return TrackingState.ERROR, f"Something could not be recorded: {last.tracking_fault}"
    return TrackingState.ON, None


def marked_cells(
    store: Store, session: Session, executions: Sequence[Execution], reports: StaleReports
) -> tuple[MarkedCell, ...]:
    """Return the cells of a session in the order in which they ran first, each with what there is to say of it."""
    latest = {each.cell_id: each for each in executions if each.cell_id is not None}
    report = reports.of(store, session, executions)
    marks: dict[str, list[Mark]] = {}
    for cell, cell_id in _told(report):
        marks.setdefault(cell_id, []).extend(_stale_marks(cell, report))
    for cell_id, metrics in _measured(store, latest, executions).items():
        marks.setdefault(cell_id, []).append(Mark(kind=MarkKind.METRICS, metrics=metrics))
    return tuple(
        MarkedCell(
            cell_id=cell_id,
            source_digest=_digest(latest[cell_id].source) if cell_id in latest else None,
            marks=tuple(marks.get(cell_id, ())),
        )
        for cell_id in dict.fromkeys([*latest, *marks])
    )


def _session(sessions: Sequence[Session], notebook: Path, kernel_id: str | None) -> Session | None:
    """Return the newest session of a kernel, else of a notebook."""
    own = [each for each in sessions if kernel_id is not None and each.kernel_id == kernel_id]
    own = own or [each for each in sessions if each.notebook is not None and _is_of(each.notebook, notebook)]
    return own[-1] if own else None


def _is_of(known: str, notebook: Path) -> bool:
    return known == str(notebook) or (Path(known).name == notebook.name and Path(known).resolve() == notebook.resolve())


def _run_at_work(store: Store, session: Session) -> RunDetail | None:
    """Return the run that the session's last execution with one belongs to; before that has ended, its newest."""
    newest = store.runs(RunFilter(session_id=session.session_id, only_roots=True, limit=1))
    if newest and not newest[0].execution_ids:
        return newest[0]
    touched = store.runs(RunFilter(session_id=session.session_id, of_last_execution=True, limit=1))
    return next(iter([*touched, *newest]), None)


# Stale cells


def _told(report: StaleReport) -> Iterator[tuple[StaleCell, str]]:
    """Yield the cells that something is wrong with, with their ids; those without an id can't be marked."""
    for cell in report.cells:
        execution = report.executions.get(cell.execution_id)
        cell_id = execution.cell_id if execution is not None and execution.cell_id is not None else cell.cell
        if cell.findings or cell.is_edited or cell.lacking or cell.unrun is not None:
            yield cell, cell_id


def _stale_marks(cell: StaleCell, report: StaleReport) -> Iterator[Mark]:
    counts = counts_of(report.executions.values())
    stale = [EDITED] if cell.is_edited else []
    stale += ["It has not run in this session."] if cell.unrun is not None else []
    unordered: list[str] = []
    for finding in cell.findings:
        own = unordered if finding.read.reason is HiddenReason.ORDER else stale
        own.append(reason_sentence(finding, counts))
    if cell.lacking:
        (unordered if unordered else stale).append(lacking_sentence(cell.lacking))
    for kind, reasons in ((MarkKind.STALE, stale), (MarkKind.UNORDERED, unordered)):
        if reasons:
            yield Mark(kind=kind, reason=" ".join(dict.fromkeys(reasons)))


# Metrics


def _measured(
    store: Store, latest: Mapping[str, Execution], executions: Iterable[Execution]
) -> dict[str, tuple[MeasuredMetric, ...]]:
    """Return what each cell measured when it ran last, by the cell's id.

    If it made a run again that it had made, with the same code, the metrics are those that it measured then.
    """
    cell_of = {
        each.execution_id: each.cell_id
        for each in executions
        if each.cell_id is not None and each.source == latest[each.cell_id].source
    }
    ids = dict.fromkeys(run_id for each in latest.values() for run_id in each.run_ids)
    found: dict[str, dict[tuple[str, str], MeasuredMetric]] = {}
    newest = store.runs(RunFilter(ids=[*ids], limit=_MOST_RUNS)) if ids else []
    for run in reversed(newest):
        for execution_id, key in _origins(store, run):
            cell_id = cell_of.get(execution_id)
            if cell_id is not None and run.run.run_id in latest[cell_id].run_ids and key in run.metrics:
                measured = MeasuredMetric(key=key, point=run.metrics[key], run=run)
                found.setdefault(cell_id, {})[run.run.run_id, key] = measured
    return {cell_id: tuple(each.values()) for cell_id, each in found.items()}


def _origins(store: Store, run: RunDetail) -> Iterable[tuple[str, str]]:
    """Return which executions measured which metrics of a run."""
    found = store.origins(run.run.run_id)
    return [(each.source.execution_id, each.key) for each in found if each.kind is OriginKind.METRIC]


def _stamp(notebook: str | None) -> object:
    """Return what tells a state of a notebook's file from others, None where there is no file."""
    try:
        state = os.stat(notebook or "")
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _digest(source: str) -> str | None:
    return None if _SECRET in source else hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
