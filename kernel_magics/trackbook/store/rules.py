"""What may change on the record and what may not, and when a session counts as gone: the same for every store."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from trackbook import process
from trackbook.errors import ImmutableError, InvalidValueError, NotFoundError
from trackbook.records import (
    Artifact,
    DatasetUse,
    Execution,
    FileRead,
    JsonValue,
    LoggedPoint,
    LoggedPoints,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    Outcome,
    Output,
    Run,
    RunDetail,
    RunStatus,
    Session,
)
from trackbook.store import keeping
from trackbook.store.contract import Batch, Fields, ObjectUse, RunChange

T = TypeVar("T")
MODULE_TYPE = "text/x-python"
_STEP_LIMIT = 2**63
_LONGEST_SHOWN = 80  # characters of a value in a message
_START_TOLERANCE_SECONDS = 1.0  # clocks are adjusted while processes run

Described = DatasetUse | Model | Artifact | ModuleUse


def check_batch(batch: Batch) -> None:
    """Refuse values that no store could give back: a time without a zone, a step beyond 64 bits, a version -1.

    Raises
    ------
    InvalidValueError
        If there is one.
    """
    for session in batch.sessions:
        _check_time(session.started_at, f"Session {session.session_id}")
    for execution in batch.executions:
        _check_time(execution.started_at, f"Execution {execution.execution_id}")
    for change in batch.runs:
        if change.run is not None:
            _check_time(change.run.started_at, f"Run '{change.run.name}'")
        if isinstance(change.metrics, LoggedPoints):
            _check_steps(change.metrics.rows)
        else:
            for point in change.metrics:
                _check_point(point)
    if batch.has_data:
        keeping.check_versions(batch.versions)
        for moment, what in keeping.times(batch):
            _check_time(moment, what)


def _check_time(moment: datetime, what: str) -> None:
    if moment.utcoffset() is None:
        raise InvalidValueError(f"{what} has a time without a time zone. Use trackbook.clock.now().")


def _check_point(point: MetricPoint) -> None:
    _check_time(point.time, f"Metric '{point.key}'")
    _check_step(point.key, point.step)


def _check_steps(points: list[LoggedPoint]) -> None:
    steps = [step for _, _, step, _ in points]
    if steps and not -_STEP_LIMIT <= min(steps) <= max(steps) < _STEP_LIMIT:
        for key, _, step, _ in points:
            _check_step(key, step)


def _check_step(key: str, step: int) -> None:
    if not -_STEP_LIMIT <= step < _STEP_LIMIT:
        raise InvalidValueError(f"Step {step} of metric '{key}' is beyond 64 bits. Count steps from 0.")


def check_execution(stored: Execution, given: Execution) -> None:
    """Refuse another account of an execution that has ended."""
    if stored.outcome is Outcome.RUNNING or _same(replace(stored, run_ids=()), replace(given, run_ids=())):
        return
    raise ImmutableError(
        f"Execution {stored.execution_id} has ended ({stored.outcome}) and does not change. "
        "Write what came after it as another execution."
    )


def check_run(stored: Run | None, change: RunChange) -> None:
    """Refuse a change of a run that is not there, of its origin, or back to RUNNING.

    Where a run comes from (session, start) never changes; its experiment, parent and environment may change while
    it is RUNNING, and can only be filled in once it has ended.
    """
    if stored is None:
        if change.run is None:
            raise NotFoundError(
                f"The store has no run {change.run_id} to add to: it was taken out or deleted with its store, or never "
                "written. Run its fit again for a new one."
            )
        return
    if change.run is None:
        return
    if stored.status is not RunStatus.RUNNING and change.run.status is RunStatus.RUNNING:
        raise ImmutableError(f"Run '{stored.name}' has ended ({stored.status}) and does not run again. Start another.")
    for name in _fixed(stored):
        _check_field(stored, change.run, name)


def _fixed(stored: Run) -> tuple[str, ...]:
    origin = ("session_id", "started_at")
    return origin if stored.status is RunStatus.RUNNING else (*origin, "experiment", "parent_id", "environment_id")


def _check_field(stored: Run, given: Run, name: str) -> None:
    old, new = getattr(stored, name), getattr(given, name)
    if old is not None and old != new:
        raise ImmutableError(
            f"The {name} of run '{stored.name}' is {old} on the record and can't become {new}. Start another run."
        )


def check_param(run: str, key: str, stored: JsonValue, given: JsonValue) -> None:
    """Refuse another value for a param; `1`, `1.0` and `True` are three values."""
    if not _same_json(stored, given):
        raise ImmutableError(
            f"Param '{key}' of run '{run}' is {_short(stored)} on the record and can't become {_short(given)}. "
            "Log it under another name, or start another run."
        )


def check_description(run: Run, stored: Described, given: Described) -> None:
    """Refuse to replace a dataset, model, artifact or module of a run that has ended; where it is kept may be added."""
    if run.status is RunStatus.RUNNING or _same(keeping.filled(stored, given), keeping.filled(given, stored)):
        return
    raise ImmutableError(
        f"{type(given).__name__} '{given.name}' of run '{run.name}' is on the record, "
        f"and the run has ended ({run.status}). Log it under another name, or start another run."
    )


def identity(record: Described) -> tuple[str, ...]:
    """Return what tells a dataset, model, artifact or module from the others of its run."""
    if isinstance(record, DatasetUse):
        return record.name, record.role or ""
    return (record.model_id,) if isinstance(record, Model) else (record.name,)


def origin_identity(origin: Origin) -> tuple[str, ...]:
    """Return what tells an origin from the others of its run."""
    return origin.kind.value, origin.key, origin.source.execution_id, str(origin.source.statement)


def object_digests(outputs: Iterable[Output]) -> list[str]:
    """Return the digests of the objects that outputs are kept in."""
    parts = (part for output in outputs for part in output.parts)
    return [part.digest for part in parts if part.digest is not None and part.text is None]


def uses_in(outputs: Iterable[Output], digest: str) -> list[ObjectUse]:
    """Return what an object is in outputs."""
    parts = (part for output in outputs for part in output.parts)
    return [ObjectUse(media_type=part.media_type) for part in parts if part.digest == digest and part.text is None]


def file_digests(files: Iterable[FileRead]) -> list[str]:
    """Return the digests of the objects, or snapshots, that the contents of files are kept in."""
    return [file.object_digest for file in files if file.object_digest is not None]


def unknown_link(what: str) -> str:
    """Return what to say when a batch names a session, run, parent or snapshot that is not there."""
    return (
        f"The batch names a session, run, parent or snapshot that the store does not have ({what}). "
        "Write that first, or in the same batch."
    )


def check_withdrawal(stored: Run) -> None:
    """Refuse to take back a run that has ended."""
    if stored.status is not RunStatus.RUNNING:
        raise ImmutableError(f"Run '{stored.name}' has ended ({stored.status}) and can't be withdrawn. Tag it instead.")


def _same(one: object, other: object) -> bool:
    return one == other or repr(one) == repr(other)  # NaN equals nothing, not even itself


def _same_json(one: JsonValue, other: JsonValue) -> bool:
    return one is other or json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def is_gone(session: Session, now: datetime, started: Callable[[int], float | None] = process.started) -> bool:
    """Return whether a session can't finish anything any more.

    It has ended, its lease is over, or it lived on this machine, in this boot, and its process is no longer there
    (ids of processes are used again, so the start decides).
    """
    if session.ended_at is not None or session.lease_expires_at < now:
        return True
    home = session.process
    if (home.boot, home.host) != (process.boot_id(), process.host()):
        return False
    start = started(home.pid)
    return start is None or abs(start - home.started) > _START_TOLERANCE_SECONDS


def as_read(run: Run, gone: bool) -> Run:
    """Return a run as it is given out: RUNNING in a session that is gone reads as KILLED."""
    return replace(run, status=RunStatus.KILLED) if gone and run.status is RunStatus.RUNNING else run


def execution_as_read(execution: Execution, gone: bool) -> Execution:
    """Return an execution as it is given out: RUNNING in a session that is gone reads as INTERRUPTED."""
    if gone and execution.outcome is Outcome.RUNNING:
        return replace(execution, outcome=Outcome.INTERRUPTED)
    return execution


def with_fields(detail: RunDetail, fields: Fields) -> RunDetail:
    """Return a run with the params, metrics and tags that are asked for."""
    if fields == Fields():
        return detail
    return replace(
        detail,
        params=_some(detail.params, fields.params),
        metrics=_some(detail.metrics, fields.metrics),
        tags=_some(detail.tags, fields.tags),
    )


def _some(values: Mapping[str, T], keys: Collection[str] | None) -> dict[str, T]:
    return {key: value for key, value in values.items() if keys is None or key in keys}


def latest(points: Iterable[MetricPoint]) -> dict[str, MetricPoint]:
    """Return the latest point of each key: the greatest step, then time, then the one that came last."""
    best: dict[str, MetricPoint] = {}
    for point in points:
        before = best.get(point.key)
        if before is None or (point.step, point.time) >= (before.step, before.time):
            best[point.key] = point
    return best


def short_class(class_name: str) -> str:
    """Return the last part of a class's full name."""
    return class_name.rpartition(".")[2]
