"""Which checks have to do with a run: made in it, of its tables, or of what its tables were made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trackbook.lineage.code import names_in
from trackbook.lineage.segments import statement_text
from trackbook.lineage.why import reached, resolved, starts, statement_at
from trackbook.records import Check, Execution, Origin, RunDetail, Source
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import is_dataset

_MAGIC = "%track check"


def checks_of(store: Store, detail: RunDetail) -> list[Check]:
    """Return the checks that have to do with a run, in the order of their times.

    Those that were made in it or in its cells; those of tables with the content of one that it used, or of the version
    of a dataset that such a table was loaded from; and those, in the same session, of a table that flowed into it: the
    check and the run read what the same statement made.
    """
    found = {check.check_id: check for check in store.checks(run_id=detail.run.run_id)}
    for snapshot_id in _snapshots(store, detail):
        found |= {check.check_id: check for check in store.checks(snapshot_id=snapshot_id)}
    for execution_id in detail.execution_ids:
        found |= {check.check_id: check for check in store.checks(execution_id=execution_id)}
    found |= {check.check_id: check for check in _upstream(store, detail, found)}
    return sorted(found.values(), key=lambda check: check.at)


def _snapshots(store: Store, detail: RunDetail) -> Iterable[str]:
    """Return the snapshots of a run's tables, of others with the same content, and of what these were loaded from."""
    found = [use.snapshot_id for use in detail.datasets]
    found += [file.object_digest for use in detail.datasets for file in use.files if is_dataset(file)]
    contents = {use.fingerprint for use in detail.datasets if use.fingerprint is not None}
    if contents:
        found += [snapshot.snapshot_id for snapshot in store.snapshots(fingerprints=sorted(contents))]
    return dict.fromkeys(each for each in found if each is not None)


def _upstream(store: Store, detail: RunDetail, known: Mapping[str, Check]) -> Iterator[Check]:
    """Yield the checks of a run's session whose table flowed into the run, beside those that are known."""
    session_id = detail.run.session_id
    candidates = [
        check
        for check in store.checks()
        if check.session_id == session_id and check.check_id not in known and check.execution_id is not None
    ]
    if not candidates:
        return
    executions = {each.execution_id: each for each in store.executions(session_id=session_id)}
    makers = _read_in(executions, store.origins(detail.run.run_id))
    for check in candidates:
        if makers & _checked(executions, check):
            yield check


def _read_in(executions: Mapping[str, Execution], origins: Sequence[Origin]) -> set[tuple[str, Source]]:
    """Return what flowed into a run: each name that was read on the way, with the statement that gave it its value."""
    sources = reached(starts(resolved(origins, executions), executions), executions)
    sources |= {origin.source for origin in origins}
    found = set()
    for source in sources:
        statement = statement_at(executions, source)
        for name, makers in statement.reads.items() if statement is not None else ():
            found |= {(name, _last(makers, executions))} if makers else set()
    return found


def _checked(executions: Mapping[str, Execution], check: Check) -> set[tuple[str, Source]]:
    """Return the names in what a check was called with, each with the statement that gave it its value."""
    execution = executions.get(check.execution_id or "")
    names = names_in(check.table)
    found: set[tuple[str, Source]] = set()
    if execution is None:
        return found
    for number, statement in enumerate(execution.statements):
        here = Source(execution_id=execution.execution_id, statement=number)
        if statement_text(execution, statement).lstrip().startswith(_MAGIC):  # whose names nobody has read
            found |= {(name, maker) for name in names if (maker := _last_writer(executions, name, here)) is not None}
        found |= {
            (name, _last(makers, executions)) for name, makers in statement.reads.items() if name in names and makers
        }
    return found


def _last_writer(executions: Mapping[str, Execution], name: str, before: Source) -> Source | None:
    """Return the last statement before another one that gave a name its value."""
    limit = executions[before.execution_id].index, before.statement
    writers = [
        Source(execution_id=execution.execution_id, statement=number)
        for execution in executions.values()
        for number, statement in enumerate(execution.statements)
        if name in statement.writes and (execution.index, number) < limit
    ]
    return _last(writers, executions) if writers else None


def _last(makers: Sequence[Source], executions: Mapping[str, Execution]) -> Source:
    def time(source: Source) -> tuple[int, int]:
        execution = executions.get(source.execution_id)
        return (execution.index if execution is not None else -1), source.statement

    return max(makers, key=time)
