"""Hands a batch to a store so that what the store refuses costs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from trackbook.errors import TrackbookError
from trackbook.records import DatasetVersion
from trackbook.store.contract import Batch, RunChange, Store

_REFUSALS = (TrackbookError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RuntimeError)
"""What a store says to a value that it can't keep, or what goes wrong on the value's way to it."""


def hand_over(store: Store, batch: Batch) -> list[Exception]:
    """Write a batch, in one transaction if the store takes it, else all of it that the store does take.

    Returns
    -------
    list of Exception
        Why the store refused something, one for each smallest part; empty if it took all.

    Raises
    ------
    StoreError
        If the place can't be written; what is not written by then can be handed over again.
    """
    try:
        store.write(batch)
    except OSError:
        raise
    except _REFUSALS as error:
        parts = list(_parts(batch))
        return [each for part in parts for each in hand_over(store, part)] if parts else [error]
    return []


def _parts(batch: Batch) -> Iterator[Batch]:
    """Return the parts of a batch in the order in which they lean on each other; none if it can't be parted."""
    held = [(name, value) for name in _ORDER if (value := getattr(batch, name))]
    if any(execution.run_ids for execution in batch.executions):
        yield from _apart_from_runs(batch)
    elif len(held) > 1:
        yield from (Batch(**{name: value}) for name, value in held)
    elif held and len(held[0][1]) > 1:
        yield from (Batch(**{held[0][0]: half}) for half in _halves(held[0][1]))
    elif batch.runs:
        yield from (Batch(runs=(change,)) for change in _parts_of(batch.runs[0]))
    elif batch.versions or batch.checks:
        yield from (Batch(**{held[0][0]: (record,)}) for record in _less_linked(held[0][1][0]))


_ORDER = (
    "environments",
    "sessions",
    "executions",
    "snapshots",
    "runs",
    "versions",
    "checks",
    "reproductions",
    "withdrawn",
)
_LINKS = ("snapshot_id", "example_snapshot", "run_id")
"""What a record is better without than not on the record at all."""


def _apart_from_runs(batch: Batch) -> Iterator[Batch]:
    """Return executions for themselves, then all else, then which runs are made of them: a run may be refused."""
    yield Batch(
        environments=batch.environments,
        sessions=batch.sessions,
        executions=[replace(execution, run_ids=()) for execution in batch.executions],
    )
    yield replace(batch, environments=(), sessions=(), executions=())
    links = [(run_id, execution.execution_id) for execution in batch.executions for run_id in execution.run_ids]
    yield Batch(runs=[RunChange(run_id=run_id, execution_ids=(execution_id,)) for run_id, execution_id in links])


def _parts_of(change: RunChange) -> Iterator[RunChange]:
    names = [field.name for field in fields(change) if field.name != "run_id" and _has(change, field.name)]
    held = {name: getattr(change, name) for name in names}
    for name in held if len(held) > 1 else ():
        yield RunChange(run_id=change.run_id, **{name: held[name]})
    if len(held) != 1:
        return
    ((name, value),) = held.items()
    if name == "run":
        if value.parent_id is not None:  # better without its parent than not at all
            yield replace(change, run=replace(value, parent_id=None))
    elif name != "note" and len(value) > 1:
        yield from (RunChange(run_id=change.run_id, **{name: half}) for half in _halves(value))
    elif name in ("datasets", "models"):
        less: list[dict[str, Any]] = [{name: (record,)} for record in _less_linked(value[0])]
        yield from (RunChange(run_id=change.run_id, **each) for each in less)


def _less_linked(record: Any) -> Iterator[Any]:
    """Return a record without the first link that it can do without; nothing if it has none."""
    for field in fields(record):
        is_needed = isinstance(record, DatasetVersion) and field.name == "snapshot_id"
        if field.name in _LINKS and not is_needed and getattr(record, field.name) is not None:
            yield replace(record, **{field.name: None})
            return


def _has(change: RunChange, name: str) -> bool:
    value = getattr(change, name)
    return value is not None if name in ("run", "note") else bool(value)


def _halves(value: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, Any]:
    middle = len(value) // 2
    if isinstance(value, Mapping):
        items = list(value.items())
        return dict(items[:middle]), dict(items[middle:])
    return value[:middle], value[middle:]
