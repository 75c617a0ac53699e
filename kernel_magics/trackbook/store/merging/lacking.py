"""What of a batch from elsewhere is not on the record of a store yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from trackbook.records import (
    Execution,
    MetricPoint,
    Outcome,
    Reproduction,
    RunDetail,
    RunStatus,
    Session,
    Snapshot,
)
from trackbook.store import rules
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.store.merging.renaming import renamed
from trackbook.store.merging.renumbering import Numbering

D = TypeVar("D", bound=rules.Described)
_UNSURE_OUTCOMES = (Outcome.RUNNING, Outcome.INTERRUPTED)  # the latter is what the first reads as when its kernel died
_UNSURE_STATUSES = (RunStatus.RUNNING, RunStatus.KILLED)


def lacking(still: Store, batch: Batch) -> Batch:
    """Return the part of a batch that a store lacks, with the numbers that its versions of datasets have there.

    A version of a dataset that is new there gets the next number, and what read it says so. What the store says of a
    run that has ended stays.
    """
    known = {each.execution_id: each for each in still.executions(ids=[each.execution_id for each in batch.executions])}
    numbered = Numbering(still, batch, {each.execution_id for each in batch.executions} - known.keys())
    executions = [each for each in batch.executions if _tells_more(known.get(each.execution_id), each)]
    checks = {each.check_id for each in still.checks()} if batch.checks else set()
    rest = Batch(
        sessions=_sessions(still, batch.sessions),
        environments=[each for each in batch.environments if still.environment(each.environment_id) is None],
        executions=[replace(each, run_ids=()) for each in executions],
        snapshots=_snapshots(still, batch.snapshots),
        runs=_changes(still, batch.runs),
        versions=numbered.new,
        checks=[each for each in batch.checks if each.check_id not in checks],
        reproductions=_reproductions(still, batch.reproductions),
    )
    return renamed(rest, lambda name: numbered.names.get(name, name)) if numbered.names else rest


def _tells_more(known: Execution | None, given: Execution) -> bool:
    if known is None:
        return True
    return known.outcome in _UNSURE_OUTCOMES and given.outcome not in (Outcome.RUNNING, known.outcome)


def _sessions(still: Store, given: Sequence[Session]) -> list[Session]:
    """Return the sessions that are new, or whose end or longer life is."""
    known = {each.session_id: each for each in still.sessions(ids=[each.session_id for each in given])}
    return [each for each in given if _lives_longer(known.get(each.session_id), each)]


def _lives_longer(known: Session | None, given: Session) -> bool:
    if known is None:
        return True
    is_longer = given.ended_at is not None or given.lease_expires_at > known.lease_expires_at
    return known.ended_at is None and is_longer


def _snapshots(still: Store, given: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots that are new, or have a profile that the store's have not."""
    found = still.snapshots(ids=[each.snapshot_id for each in given])
    known = {each.snapshot_id for each in found}
    bare = {each.snapshot_id for each in found if each.profile_digest is None}
    profiled = {each.snapshot_id for each in given if each.profile_digest is not None}
    return [each for each in given if each.snapshot_id in (bare & profiled) or each.snapshot_id not in known]


def _reproductions(still: Store, given: Sequence[Reproduction]) -> list[Reproduction]:
    runs = {each.run_id for each in given}
    known = {each.reproduction_id for run_id in runs for each in still.reproductions(run_id=run_id)}
    return [each for each in given if each.reproduction_id not in known]


def _changes(still: Store, given: Sequence[RunChange]) -> list[RunChange]:
    known = {each.run.run_id: each for each in still.runs(RunFilter(ids=tuple(each.run_id for each in given)))}
    changes = [_change(still, known.get(each.run_id), each) for each in given]
    return [each for each in changes if each != RunChange(run_id=each.run_id)]


def _change(still: Store, known: RunDetail | None, given: RunChange) -> RunChange:
    """Return what a run lacks."""
    if known is None:
        return given
    is_open = known.run.status in _UNSURE_STATUSES
    origins = {rules.origin_identity(each) for each in still.origins(given.run_id)}
    has_ended = given.run is not None and given.run.status not in (RunStatus.RUNNING, known.run.status)
    return RunChange(
        run_id=given.run_id,
        run=given.run if is_open and has_ended else None,
        params={key: value for key, value in given.params.items() if key not in known.params},
        metrics=_points(still, given),
        tags={key: value for key, value in given.tags.items() if key not in known.tags} if is_open else {},
        datasets=_described(known.datasets, given.datasets),
        models=_described(known.models, given.models),
        artifacts=_described(known.artifacts, given.artifacts),
        modules=_described(known.modules, given.modules),
        execution_ids=tuple(each for each in given.execution_ids if each not in known.execution_ids),
        origins=tuple(each for each in given.origins if rules.origin_identity(each) not in origins),
    )


def _described(known: Iterable[D], given: Iterable[D]) -> tuple[D, ...]:
    there = set(map(rules.identity, known))
    return tuple(each for each in given if rules.identity(each) not in there)


def _points(still: Store, given: RunChange) -> Sequence[MetricPoint]:
    """Return the points that a run lacks; of equal ones, as many as it has fewer of."""
    keys = dict.fromkeys(point.key for point in given.metrics)
    there = Counter(_same(point) for key in keys for point in still.metric_history(given.run_id, key))
    lacks = []
    for point in given.metrics:
        if there[_same(point)] > 0:
            there[_same(point)] -= 1
        else:
            lacks.append(point)
    return tuple(lacks)


def _same(point: MetricPoint) -> tuple[object, ...]:
    """Return what equal points share: NaN equals nothing, not even itself."""
    return point.key, point.step, point.time, repr(point.value)
