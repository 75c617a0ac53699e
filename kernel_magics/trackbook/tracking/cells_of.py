"""Which cells a run is made of: those it was made in, those whose code flowed into it, those that show what it made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trackbook.lineage.why import reached, starts
from trackbook.records import Execution, RunDetail, Source
from trackbook.store.contract import RunFilter, Store

_ASIDE = re.compile(r"\s*(?:#|$|%track\b(?!\s+(?:artifact|metric|model|param|restore|start|stop)\b))")
"""A line that makes nothing of a run: it only tags, looks at or names something."""


def cells_of(store: Store, detail: RunDetail) -> list[Execution]:
    """Return all executions that have to do with a run, in the order they ran in.

    Cells that only tag, look at or name something are none: ``%track data df --name houses``.
    """
    own = [each for each in own_executions(store, detail) if not _is_aside(each.source)]
    found = _upstream(store, detail, own) | {each.execution_id: each for each in showing(store, detail, own)}
    return sorted(found.values(), key=lambda each: (each.started_at, each.index))


def _is_aside(source: str) -> bool:
    return all(_ASIDE.match(line) for line in source.splitlines())


def own_executions(store: Store, detail: RunDetail) -> list[Execution]:
    """Return the executions that a run was made in; a group was made in those of its children."""
    found = {each.execution_id: each for each in store.executions(run_id=detail.run.run_id)}
    for child in store.runs(RunFilter(parent_id=detail.run.run_id)):
        found |= {each.execution_id: each for each in store.executions(run_id=child.run.run_id)}
    return sorted(found.values(), key=lambda each: (each.started_at, each.index))


def showing(store: Store, detail: RunDetail, own: Sequence[Execution]) -> list[Execution]:
    """Return executions that belong to no run and show what this one made: a plot of its model, its predictions.

    Where several runs flowed into what is shown, it is of the one that was made last.
    """
    if not own:
        return []
    session = {each.execution_id: each for each in store.executions(session_id=detail.run.session_id)}
    ids = {each.execution_id for each in own}
    first = min(each.index for each in own)
    candidates = (each for each in session.values() if each.outputs and not each.run_ids and each.index > first)
    return [each for each in candidates if _last_run_cell(each, session) in ids]


def _last_run_cell(execution: Execution, session: Mapping[str, Execution]) -> str | None:
    """Return the id of the last execution with a run among those that an execution read from."""
    ids = {source.execution_id for source in reached(_statements([execution]), session)}
    with_runs = [session[each] for each in ids if each in session and session[each].run_ids]
    return max(with_runs, key=lambda each: each.index).execution_id if with_runs else None


def _upstream(store: Store, detail: RunDetail, own: Sequence[Execution]) -> dict[str, Execution]:
    """Return a run's own executions and those that flowed into it, read a generation at a time."""
    found = {each.execution_id: each for each in own}
    origins = store.origins(detail.run.run_id)
    asked = set(found)
    while True:
        begin = starts(origins, found) | {origin.source for origin in origins} if origins else _statements(own)
        wanted = {source.execution_id for source in reached(begin, found)} - asked
        if not wanted:
            return found
        asked |= wanted
        found |= {each.execution_id: each for each in store.executions(ids=sorted(wanted))}


def _statements(executions: Sequence[Execution]) -> set[Source]:
    return {
        Source(execution_id=each.execution_id, statement=at)
        for each in executions
        for at in range(len(each.statements))
    }
