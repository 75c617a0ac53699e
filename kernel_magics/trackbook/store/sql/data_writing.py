"""The part of a write transaction that is about data: snapshots before what names them, versions with their numbers."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from trackbook import clock
from trackbook.records import Check, DatasetVersion, Reproduction
from trackbook.store import keeping
from trackbook.store.contract import Batch
from trackbook.store.sql import data_reading, rows, statements
from trackbook.store.sql.compiled import Change, Question
from trackbook.store.sql.parameters import ids, numbers
from trackbook.store.sql.texts import Texts

T = TypeVar("T", Check, Reproduction)
Values = tuple[Any, ...]


@dataclass(slots=True)
class DataRows:
    """The rows of a batch's data that don't wait for a number."""

    snapshots: list[Values] = field(default_factory=list)
    checks: list[Values] = field(default_factory=list)
    reproductions: list[Values] = field(default_factory=list)


def drafted(batch: Batch, texts: Texts) -> DataRows:
    """Return the rows of a batch's data."""
    now = clock.now()
    return DataRows(
        snapshots=_packed(statements.PUT_SNAPSHOT, (rows.snapshot_row(each, now) for each in batch.snapshots), texts),
        checks=_packed(statements.ADD_CHECK, map(rows.check_row, batch.checks), texts),
        reproductions=_packed(statements.ADD_REPRODUCTION, map(rows.reproduction_row, batch.reproductions), texts),
    )


def _packed(change: Change, made: Iterable[rows.Row], texts: Texts) -> list[Values]:
    return [texts.packed(change.values_of(row)) for row in made]


def write_snapshots(connection: sqlite3.Connection, made: DataRows) -> None:
    """Write snapshots; whatever names one comes later."""
    statements.PUT_SNAPSHOT.run(connection, made.snapshots)


def write_rest(connection: sqlite3.Connection, batch: Batch, made: DataRows, texts: Texts) -> list[DatasetVersion]:
    """Write versions, checks and reproductions, and return the versions as they are on the record."""
    checked = _of_ids(data_reading.checks, connection, texts, check_id=[each.check_id for each in batch.checks])
    for check in batch.checks:
        keeping.check_same(checked.get(check.check_id, check), check)
    reproduced = [each.reproduction_id for each in batch.reproductions]
    known = _of_ids(data_reading.reproductions, connection, texts, reproduction_id=reproduced)
    for reproduction in batch.reproductions:
        keeping.check_same(known.get(reproduction.reproduction_id, reproduction), reproduction)
    statements.ADD_CHECK.run(connection, made.checks)
    statements.ADD_REPRODUCTION.run(connection, made.reproductions)
    return _write_versions(connection, batch.versions, texts) if batch.versions else []


def _of_ids(read: Callable[..., list[T]], connection: sqlite3.Connection, texts: Texts, **asked: Any) -> dict[str, T]:
    ((name, values),) = asked.items()
    return {getattr(record, name): record for record in read(connection, texts, asked)} if values else {}


def _write_versions(
    connection: sqlite3.Connection, versions: Iterable[DatasetVersion], texts: Texts
) -> list[DatasetVersion]:
    """Give versions their numbers: the write lock is held, so the last number stays the last until they are in."""
    on_record = _versions_known(connection, versions, texts)
    before = {(name, number) for name, known in on_record.items() for number in known}
    wanted = {each.snapshot_id for known in on_record.values() for each in known.values()}
    wanted |= {each.snapshot_id for each in versions}
    found = data_reading.snapshots(connection, texts, {"snapshot_id": wanted})
    numbered = keeping.numbered(versions, on_record, {each.snapshot_id: each for each in found})
    new = {key: each for each in numbered if (key := (each.name, each.version)) not in before}
    statements.ADD_VERSION.run(connection, _packed(statements.ADD_VERSION, map(rows.version_row, new.values()), texts))
    return numbered


def _versions_known(
    connection: sqlite3.Connection, versions: Iterable[DatasetVersion], texts: Texts
) -> keeping.Versions:
    """Return the latest version of each name, and those whose numbers are given."""
    names = ids({each.name for each in versions})
    given = {each.version for each in versions if each.version}
    found = _asked(statements.LAST_VERSIONS, connection, texts, {"ids": names})
    if given:
        found += _asked(statements.NUMBERED_VERSIONS, connection, texts, {"ids": names, "numbers": numbers(given)})
    on_record: keeping.Versions = defaultdict(dict)
    for version in found:
        on_record[version.name][version.version] = version
    return on_record


def _asked(
    question: Question, connection: sqlite3.Connection, texts: Texts, values: dict[str, Any]
) -> list[DatasetVersion]:
    found = texts.whole(question.ask(connection, values), question.texts)
    return [rows.version_of(row) for row in question.named(found)]
