"""The transaction that writes a batch: checks first, then one statement a table.

It holds the write lock from its start, so what it has read stays true until it ends: rows are inserted or updated by
what was found on the record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from trackbook.clock import microseconds
from trackbook.errors import InvalidValueError
from trackbook.records import DatasetVersion, Run, RunStatus
from trackbook.store import keeping, rules
from trackbook.store.contract import Batch, RunChange
from trackbook.store.sql import data_writing, rows, statements
from trackbook.store.sql.compiled import Change, Question
from trackbook.store.sql.connections import Connection
from trackbook.store.sql.drafts import BatchRows, ChangeRows, Values, packed_row
from trackbook.store.sql.numbering import Numbers, Places, key_numbers
from trackbook.store.sql.parameters import ids
from trackbook.store.sql.points import write_points
from trackbook.store.sql.rows import Row
from trackbook.store.sql.texts import Texts

D = TypeVar("D", bound=rules.Described)


def write(connection: Connection, batch: Batch, made: BatchRows, texts: Texts) -> list[DatasetVersion]:
    """Write the rows of a batch inside a write transaction, unless something on the record would change.

    Returns
    -------
    list of DatasetVersion
        The batch's versions as they are on the record.
    """
    statements.PUT_SESSION.run(connection, made.sessions)
    statements.ADD_ENVIRONMENT.run(connection, made.environments)
    _write_executions(connection, batch, made.executions, texts)
    if made.data is not None:
        data_writing.write_snapshots(connection, made.data)
    _write_changes(connection, batch, made, texts)
    return [] if made.data is None else data_writing.write_rest(connection, batch, made.data, texts)


def _write_changes(connection: Connection, batch: Batch, made: BatchRows, texts: Texts) -> None:
    if made.changes or batch.withdrawn:
        runs = Numbers(connection, texts, {*(change.run_id for change in made.changes), *batch.withdrawn})
        _check(batch, runs)
        _remember_where_kept(batch.runs, made.changes, runs, texts)
        _write_runs(made.changes, runs)
        _write_what_hangs_on_runs(batch, made.changes, runs)
        statements.WITHDRAW.run(connection, [(runs[run_id],) for run_id in batch.withdrawn if run_id in runs])


def _write_executions(connection: sqlite3.Connection, batch: Batch, made: list[Values], texts: Texts) -> None:
    """Insert executions; ask what is on the record only where the database says that one of them is."""
    if not is_added(connection, made):
        _check_executions(connection, batch, texts)
        statements.PUT_EXECUTION.run(connection, made)


def is_added(connection: sqlite3.Connection, executions: list[Values]) -> bool:
    """Insert executions and return True; False if one of them is on the record."""
    try:
        statements.ADD_EXECUTION.run(connection, executions)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
            raise
        return False
    return True


def _check_executions(connection: sqlite3.Connection, batch: Batch, texts: Texts) -> None:
    question = statements.EXECUTIONS_BY_ID
    found = question.ask(connection, {"ids": ids(execution.execution_id for execution in batch.executions)})
    known = {row.execution_id: row for row in question.named(texts.whole(found, question.texts))}
    for execution in batch.executions:
        if execution.execution_id in known:
            rules.check_execution(rows.execution_of(known[execution.execution_id]), execution)


def _check(batch: Batch, runs: Numbers) -> None:
    """Refuse what would change the record, params put aside."""
    for run_id in batch.withdrawn:
        if run_id in runs:
            rules.check_withdrawal(runs.known[run_id])
    known = dict(runs.known)
    for change in batch.runs:
        rules.check_run(known.get(change.run_id), change)
        if change.run is not None:
            known[change.run_id] = change.run
    ended = {run_id for run_id, run in runs.known.items() if run.status is not RunStatus.RUNNING}
    changes = [change for change in batch.runs if change.run_id in ended]
    for question, record_of, given_in in _DESCRIPTIONS if changes else ():
        _check_descriptions(changes, runs, question, record_of, given_in)


_Records = Callable[[RunChange], Sequence[rules.Described]]
_DESCRIPTIONS: tuple[tuple[Question, Callable[[Any], rules.Described], _Records], ...] = (
    (statements.DATASETS, rows.dataset_of, lambda change: change.datasets),
    (statements.MODELS, rows.model_of, lambda change: change.models),
    (statements.ARTIFACTS, rows.artifact_of, lambda change: change.artifacts),
    (statements.MODULES, rows.module_of, lambda change: change.modules),
)


def _check_descriptions(
    changes: Iterable[RunChange],
    runs: Numbers,
    question: Question,
    record_of: Callable[[Any], rules.Described],
    given_in: _Records,
) -> None:
    """Refuse other datasets, models, artifacts or modules for runs that have ended."""
    giving = [change for change in changes if given_in(change)]
    known = _described(giving, runs, question, record_of)
    for change in giving:
        for record in given_in(change):
            before = known.get((runs[change.run_id], rules.identity(record)))
            if before is not None:
                rules.check_description(runs.known[change.run_id], before, record)


def _described(
    changes: list[RunChange], runs: Numbers, question: Question, record_of: Callable[[Any], D]
) -> dict[tuple[int, tuple[str, ...]], D]:
    """Return what is on the record for the runs of changes, by run and identity."""
    if not changes:
        return {}
    found = question.named(runs.ask(question, (change.run_id for change in changes)))
    records = [(row.run_number, record_of(row)) for row in found]
    return {(number, rules.identity(record)): record for number, record in records}


def _remember_where_kept(given: Sequence[RunChange], made: Sequence[ChangeRows], runs: Numbers, texts: Texts) -> None:
    """Put into the rows of datasets and models where their content is known to be kept, if they don't say."""
    again = [(change, rows_) for change, rows_ in zip(given, made, strict=False) if change.run_id in runs.known]
    for table, question, record_of, row_of, given_in in _KEPT:
        giving = [(change, rows_.described[table]) for change, rows_ in again if given_in(change)]
        known = _described([change for change, _ in giving], runs, question, record_of)
        for change, listed in giving:
            for place, record in enumerate(given_in(change)):
                before = known.get((runs[change.run_id], rules.identity(record)), record)
                filled = keeping.filled(before, record)
                if filled != record:
                    listed[place] = packed_row(row_of(filled), texts)


_KEPT: tuple[
    tuple[str, Question, Callable[[Any], Any], Callable[[Any], Row], Callable[[RunChange], Sequence[Any]]], ...
] = (
    ("datasets", statements.DATASETS, rows.dataset_of, rows.dataset_row, lambda change: change.datasets),
    ("models", statements.MODELS, rows.model_of, rows.model_row, lambda change: change.models),
)


def _write_runs(changes: Iterable[ChangeRows], runs: Numbers) -> None:
    added: dict[str, Row] = {}
    changed: list[Row] = []
    moved: list[Row] = []
    for change in changes:
        if change.run is None:
            if change.run_id not in runs and change.run_id not in added:
                raise InvalidValueError(rules.unknown_link(f"run {change.run_id}"))
        elif change.run_id in runs:
            row = {**change.run, "of_number": runs[change.run_id]}
            changed.append(row)
            if _is_moved(runs.known[change.run_id], row):
                moved.append(row)
        else:
            first = added.get(change.run_id, change.run)
            added[change.run_id] = {**change.run, "note": first["note"]}
    if added:
        runs.add(added)
    new = ({**row, "number": runs[run_id]} for run_id, row in added.items())
    _run(statements.ADD_RUN, runs, new)
    _run(statements.PUT_RUN, runs, changed)
    _run(statements.MOVE_RUN, runs, moved)


def _is_moved(known: Run, row: Row) -> bool:
    """Return whether what runs are found by is another one; each index would be written anew, and it hardly ever is."""
    before = (known.name, known.experiment, known.session_id, known.parent_id, microseconds(known.started_at))
    return before != (row["name"], row["experiment"], row["session_id"], row["parent_id"], row["started_at"])


def _run(change: Change, runs: Numbers, made: Iterable[Row]) -> None:
    change.run(runs.connection, [change.values_of(row) for row in made])


def _write_what_hangs_on_runs(batch: Batch, changes: list[ChangeRows], runs: Numbers) -> None:
    keys = key_numbers(runs.connection, _keys(changes))
    _write_params(batch.runs, changes, runs, keys)
    _write_tags([change for change in changes if change.tags], runs, keys)
    write_points(changes, runs, keys)
    for table, statement in _DESCRIBED.items():
        _write_described(table, statement, changes, runs, keys)
    _write_links([change for change in changes if change.execution_ids], runs)
    noted = [change for change in changes if change.note is not None]
    statements.SET_NOTE.run(runs.connection, [(change.note or None, runs[change.run_id]) for change in noted])


def _keys(changes: Iterable[ChangeRows]) -> Iterator[str]:
    for change in changes:
        yield from (key for key, *_ in change.params)
        yield from (key for key, _ in change.tags)
        yield from change.points
        yield from (row["key"] for row in change.described.get("origins", ()))


def _write_params(
    given: Iterable[RunChange], changes: Iterable[ChangeRows], runs: Numbers, keys: Mapping[str, int]
) -> None:
    """Insert the params that are not on the record yet; refuse another value for one that is."""
    pairs = [(change, made) for change, made in zip(given, changes, strict=False) if made.params]
    found = runs.ask(statements.PARAMS, (change.run_id for change, _ in pairs))
    values = {(number, key): rows.param_of(text) for number, _, key, text in found}
    places = Places((number, place) for number, place, *_ in found)
    added: list[Values] = []
    for change, made in pairs:
        number = runs[change.run_id]
        for (key, value), (as_stored, text, real) in zip(change.params.items(), made.params, strict=True):
            if (number, key) in values:
                run = runs.known.get(change.run_id)
                rules.check_param(run.name if run else change.run_id, key, values[number, key], value)
            else:
                values[number, key] = value
                added.append((number, keys[as_stored], places.take(number), text, real))
    statements.ADD_PARAM.run(runs.connection, added)


def _write_tags(changes: list[ChangeRows], runs: Numbers, keys: Mapping[str, int]) -> None:
    places = runs.places("tags", (change.run_id for change in changes))
    tags = [(runs[change.run_id], keys[key], value) for change in changes for key, value in change.tags]
    put = [(number, key, places.take(number), value) for number, key, value in tags if value is not None]
    statements.PUT_TAG.run(runs.connection, put)
    statements.REMOVE_TAG.run(runs.connection, [(number, key) for number, key, value in tags if value is None])


_DESCRIBED = {
    "datasets": statements.PUT_DATASET,
    "models": statements.PUT_MODEL,
    "artifacts": statements.PUT_ARTIFACT,
    "modules": statements.PUT_MODULE,
    "origins": statements.ADD_ORIGIN,
}


def _write_described(
    table: str, statement: Change, changes: Iterable[ChangeRows], runs: Numbers, keys: Mapping[str, int]
) -> None:
    giving = [change for change in changes if change.described.get(table)]
    if not giving:
        return
    is_placed = table in statements.LAST_PLACES
    places = runs.places(table, (change.run_id for change in giving)) if is_placed else Places(())
    made: list[Row] = []
    for change in giving:
        number = runs[change.run_id]
        for row in change.described[table]:
            more = {"run_number": number, "place": places.take(number), "key_number": keys.get(row.get("key", ""))}
            made.append(row | more)
    _run(statement, runs, made)


def _write_links(changes: list[ChangeRows], runs: Numbers) -> None:
    places = runs.places("run_executions", (change.run_id for change in changes))
    links = ((runs[change.run_id], execution_id) for change in changes for execution_id in change.execution_ids)
    made = [(number, execution_id, places.take(number)) for number, execution_id in links]
    statements.ADD_LINK.run(runs.connection, made)
