"""What in a SQL store needs an object or a snapshot, and which."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, cast, func, literal, or_, select

from trackbook.errors import TrackbookError
from trackbook.records import decode
from trackbook.store import kept
from trackbook.store.objects import Objects
from trackbook.store.rules import file_digests, object_digests
from trackbook.store.sql import data_reading, rows, schema
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.core import asking
from trackbook.store.sql.texts import MARK, Texts

Owner = tuple[str, str]  # what it is, and its id
_OBJECTS = (
    schema.artifacts.c.digest,
    schema.modules.c.digest,
    schema.environments.c.git_patch,
    schema.models.c.object_digest,
    schema.checks.c.schema_digest,
    schema.reproductions.c.slice_digest,
    schema.reproductions.c.log_digest,
)
_SNAPSHOTS = (
    schema.datasets.c.snapshot_id,
    schema.models.c.example_snapshot,
    schema.dataset_versions.c.snapshot_id,
    schema.checks.c.snapshot_id,
)


def needs(
    connection: sqlite3.Connection,
    objects: Objects,
    forgiven: type[TrackbookError] = TrackbookError,
    without: Iterable[str] = (),
) -> Iterator[tuple[str, Owner]]:
    """Return the digest of every object that something in the store needs, and what needs it.

    What needs a snapshot needs all that it consists of; one that nothing needs is needed by itself, for it may be found
    again, unless it is among those that this goes `without`. `forgiven` is what may be wrong with a long text that
    names objects, which then stay untold.
    """
    texts = Texts(objects)
    snapshots = {each.snapshot_id: each for each in data_reading.snapshots(connection, texts, {})}
    owners: dict[str, list[Owner]] = defaultdict(list)
    for snapshot_id, owner in _users(connection):
        owners[snapshot_id].append(owner)
    for digest, owner in _references(connection, texts, forgiven):
        if digest in snapshots:
            owners[digest].append(owner)
        else:
            yield digest, owner
    idle = set(without)
    for snapshot_id in snapshots.keys() - idle:
        of_snapshot = owners.get(snapshot_id) or [("Snapshot", snapshot_id)]
        for digest in kept.needed(objects, snapshots[snapshot_id]):
            yield from ((digest, owner) for owner in of_snapshot)


def used_snapshots(connection: sqlite3.Connection, objects: Objects, forgiven: type[TrackbookError]) -> set[str]:
    """Return the ids of the snapshots that something needs, among other objects'."""
    direct = {digest for digest, _ in _references(connection, Texts(objects), forgiven)}
    return direct.union(snapshot_id for snapshot_id, _ in _users(connection))


@cache
def _asking(column: Column[Any], where: Callable[[Column[Any]], ColumnElement[bool]]) -> tuple[str, Question]:
    """Return what the rows of a column belong to, and what asks for the owners and values of some of them."""
    noun, owner = owner_of(column.table)
    return noun, asking(select(owner.label("owner"), column).where(where(column)))


def _named(connection: sqlite3.Connection, columns: Iterable[Column[Any]]) -> Iterator[tuple[str, Owner]]:
    """Return what columns name, and the owners of the rows."""
    for named in columns:
        noun, question = _asking(named, _is_there)
        yield from ((digest, (noun, who)) for who, digest in question.ask(connection))


def _users(connection: sqlite3.Connection) -> Iterator[tuple[str, Owner]]:
    """Return the snapshots that rows name, and whose rows."""
    yield from _named(connection, _SNAPSHOTS)


def _references(
    connection: sqlite3.Connection, texts: Texts, forgiven: type[TrackbookError]
) -> Iterator[tuple[str, Owner]]:
    """Return the digest of every object that a row names, and whose row; some of them are snapshots."""
    for table in schema.metadata.sorted_tables:
        for text in table.c:
            if isinstance(text.type, Text):
                noun, question = _asking(text, _is_marked)
                yield from ((value.removeprefix(MARK), (noun, who)) for who, value in question.ask(connection))
    yield from _named(connection, _OBJECTS)
    yield from _listed(connection, texts, forgiven)


def _listed(
    connection: sqlite3.Connection, texts: Texts, forgiven: type[TrackbookError]
) -> Iterator[tuple[str, Owner]]:
    """Return the objects that texts name among other things."""
    for listing, is_worth_it, digests_of in _LISTINGS:
        noun, question = _asking(listing, is_worth_it)
        for who, text in question.ask(connection):
            try:
                ((whole,),) = texts.whole([(text,)], [0])
            except forgiven:
                continue  # told already: the text itself is lost
            yield from ((digest, (noun, who)) for digest in digests_of(whole))


def _files_of_statements(text: str) -> list[str]:
    statements: Any = decode(text)
    return [digest for each in statements for digest in file_digests(rows.files_of(each.get("files", ())))]


def _files_of_dataset(text: str) -> list[str]:
    files: Any = decode(text)
    return file_digests(rows.files_of(files))


def _is_there(column: Column[Any]) -> ColumnElement[bool]:
    return column.is_not(None)


def _is_filled(text: Column[Any]) -> ColumnElement[bool]:
    return text != "[]"


def _may_name_files(statements: Column[Any]) -> ColumnElement[bool]:
    return or_(func.instr(statements, '"files":') > 0, _is_marked(statements))


def _is_marked(text: Column[Any]) -> ColumnElement[bool]:
    return func.substr(text, 1, len(MARK)) == MARK


_LISTINGS: tuple[tuple[Column[Any], Callable[[Column[Any]], ColumnElement[bool]], Callable[[str], list[str]]], ...] = (
    (schema.executions.c.outputs, _is_filled, lambda text: object_digests(rows.outputs_of(text))),
    (schema.executions.c.statements, _may_name_files, _files_of_statements),
    (schema.datasets.c.files, _is_filled, _files_of_dataset),
)


def owner_of(table: Table) -> tuple[str, ColumnElement[str]]:
    """Return what the rows of a table belong to, and its id."""
    if "run_number" in table.c:
        run_id = select(schema.runs.c.run_id).where(schema.runs.c.number == table.c.run_number).scalar_subquery()
        return "Run", func.coalesce(run_id, literal("number ").concat(table.c.run_number))
    if table is schema.keys:
        return "Key", table.c.key
    if table is schema.reproductions:  # known to a person by the run that was made again
        return "Reproduction of run", table.c.run_id
    if table is schema.dataset_versions:
        return "Dataset", table.c.name.concat(literal(" version ")).concat(cast(table.c.version, Text))
    owner: Column[Any] = table.c.run_id if table is schema.runs else next(iter(table.primary_key))
    return owner.name.removesuffix("_id").capitalize(), owner
