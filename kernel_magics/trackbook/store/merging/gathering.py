"""What a store holds, or what belongs to some of its runs, as one batch that another store can take in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from trackbook.records import Check, DatasetVersion, Environment, Execution, RunDetail, Session, Snapshot
from trackbook.store import kept, rules
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.store.objects import Objects

M = TypeVar("M", DatasetVersion, Check)


def gathered(store: Store, run_ids: Iterable[str] | None = None) -> Batch:
    """Return what is on the record, as it is at this moment.

    Parameters
    ----------
    run_ids
        Only these runs, with those beneath them and above them, their sessions, and all that these have made or used.
    """
    with store.frozen() as still:
        if run_ids is None:
            return _of_runs(still, still.runs(RunFilter(oldest_first=True)), is_all=True)
        return _of_runs(still, _related(still, run_ids), is_all=False)


def needed_objects(objects: Objects, batch: Batch) -> list[str]:
    """Return the digests of the objects that a batch names, those that its snapshots consist of among them."""
    found = dict.fromkeys(_named(batch))
    for snapshot in batch.snapshots:
        found |= dict.fromkeys(kept.needed(objects, snapshot))
    return list(found)


def less(batch: Batch, other: Batch) -> Batch:
    """Return a batch without the records that another one holds, by what tells them apart."""
    runs = {change.run_id for change in other.runs}
    return replace(
        batch,
        sessions=_apart(batch.sessions, other.sessions, "session_id"),
        environments=_apart(batch.environments, other.environments, "environment_id"),
        executions=_apart(batch.executions, other.executions, "execution_id"),
        snapshots=_apart(batch.snapshots, other.snapshots, "snapshot_id"),
        runs=[change for change in batch.runs if change.run_id not in runs],
        versions=_apart(batch.versions, other.versions, "name", "version"),
        checks=_apart(batch.checks, other.checks, "check_id"),
        reproductions=_apart(batch.reproductions, other.reproductions, "reproduction_id"),
    )


R = TypeVar("R")


def _apart(records: Iterable[R], others: Iterable[R], *names: str) -> list[R]:
    known = {tuple(getattr(each, name) for name in names) for each in others}
    return [each for each in records if tuple(getattr(each, name) for name in names) not in known]


def _related(still: Store, run_ids: Iterable[str]) -> list[RunDetail]:
    """Return runs, and those above and beneath them, the oldest first."""
    found: dict[str, RunDetail] = {}
    waiting = list(still.runs(RunFilter(ids=tuple(run_ids))))
    below = list(waiting)
    while waiting:
        parents = {detail.run.parent_id for detail in waiting if detail.run.parent_id}
        found |= {detail.run.run_id: detail for detail in waiting}
        waiting = still.runs(RunFilter(ids=tuple(parents - found.keys())))
    for detail in below:  # it grows
        found.setdefault(detail.run.run_id, detail)
        below += still.runs(RunFilter(parent_id=detail.run.run_id))
    return sorted(found.values(), key=lambda detail: (detail.run.started_at, detail.run.run_id))


def _of_runs(still: Store, details: Sequence[RunDetail], *, is_all: bool) -> Batch:
    run_ids = {detail.run.run_id for detail in details}
    session_ids = {detail.run.session_id for detail in details}
    sessions = still.sessions() if is_all else still.sessions(ids=sorted(session_ids))
    executions = still.executions() if is_all else _executions(still, sessions)
    batch = Batch(
        sessions=sessions,
        executions=[replace(each, run_ids=()) for each in executions],
        runs=[_change(still, detail) for detail in details],
        versions=list(_made(still.versions(), run_ids, session_ids, is_all=is_all)),
        checks=list(_made(still.checks(), run_ids, session_ids, is_all=is_all)),
        reproductions=[each for run_id in sorted(run_ids) for each in still.reproductions(run_id=run_id)],
    )
    return replace(
        batch,
        environments=list(_environments(still, batch)),
        snapshots=still.snapshots() if is_all else _snapshots(still, batch),
    )


def _executions(still: Store, sessions: Iterable[Session]) -> list[Execution]:
    return [each for session in sessions for each in still.executions(session_id=session.session_id)]


def _made(records: Iterable[M], run_ids: set[str], session_ids: set[str], *, is_all: bool) -> Iterator[M]:
    """Yield the versions or checks that some runs or their sessions made; those of other runs stand for themselves."""
    for each in records:
        if is_all or each.run_id in run_ids:
            yield each
        elif each.session_id in session_ids:
            yield replace(each, run_id=None)


def _change(still: Store, detail: RunDetail) -> RunChange:
    run_id = detail.run.run_id
    return RunChange(
        run_id=run_id,
        run=detail.run,
        params=detail.params,
        metrics=[point for key in detail.metrics for point in still.metric_history(run_id, key)],
        tags=detail.tags,
        datasets=detail.datasets,
        models=detail.models,
        artifacts=detail.artifacts,
        modules=detail.modules,
        execution_ids=detail.execution_ids,
        origins=still.origins(run_id),
    )


def _environments(still: Store, batch: Batch) -> Iterator[Environment]:
    runs = [change.run for change in batch.runs if change.run is not None]
    named = [session.environment_id for session in batch.sessions] + [run.environment_id for run in runs]
    for environment_id in dict.fromkeys(named):
        found = still.environment(environment_id) if environment_id is not None else None
        if found is not None:
            yield found


def _snapshots(still: Store, batch: Batch) -> list[Snapshot]:
    named = {*_files(batch), *(each.snapshot_id for each in batch.versions)}
    named |= {check.snapshot_id for check in batch.checks if check.snapshot_id is not None}
    for change in batch.runs:
        named |= {use.snapshot_id for use in change.datasets if use.snapshot_id is not None}
        named |= {model.example_snapshot for model in change.models if model.example_snapshot is not None}
    return still.snapshots(ids=sorted(named))


def _named(batch: Batch) -> Iterator[str]:
    """Yield the objects that records name; what snapshots consist of put aside."""
    yield from _files(batch)
    for change in batch.runs:
        yield from (artifact.digest for artifact in change.artifacts)
        yield from (module.digest for module in change.modules)
        yield from (model.object_digest for model in change.models if model.object_digest is not None)
    for execution in batch.executions:
        yield from rules.object_digests(execution.outputs)
    patches = (each.git.patch for each in batch.environments if each.git is not None)
    logs = (digest for each in batch.reproductions for digest in (each.slice_digest, each.log_digest))
    yield from filter(None, (*patches, *logs, *(check.schema_digest for check in batch.checks)))


def _files(batch: Batch) -> Iterator[str]:
    """Yield the objects, or snapshots, that the contents of files are kept in."""
    for change in batch.runs:
        for use in change.datasets:
            yield from rules.file_digests(use.files)
    for execution in batch.executions:
        yield from _files_of(execution)


def _files_of(execution: Execution) -> Iterator[str]:
    for statement in execution.statements:
        yield from rules.file_digests(statement.files)
