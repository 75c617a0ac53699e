"""What can be wrong with a store, found and said in sentences that name the runs."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Text, cast, exists, func, literal, or_, select, tuple_

from trackbook.errors import TrackbookError
from trackbook.store.objects import Objects
from trackbook.store.rules import object_digests
from trackbook.store.sql import rows, schema
from trackbook.store.sql.core import asking
from trackbook.store.sql.texts import MARK, Texts

_MOST_NAMED = 5
Owner = tuple[str, str]  # what it is, and its id


def problems(connection: sqlite3.Connection, objects: Objects) -> list[str]:
    """Return what is wrong, one sentence each."""
    damage = list(_damage(connection))
    if damage:
        return damage  # nothing else can be believed
    return [*_dangling(connection), *_bad_objects(connection, objects), *_wrong_latest(connection)]


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    for (finding,) in connection.execute("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"The database is damaged ({finding}): restore it from a backup."


def _ask(connection: sqlite3.Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
    return asking(statement).ask(connection)


def _dangling(connection: sqlite3.Connection) -> Iterator[str]:
    for table in schema.metadata.sorted_tables:
        noun, owner = _owner(table)
        for column, target in _links(table):
            parent = target.table.alias()
            there = exists().where(parent.c[target.name] == column)
            orphans = select(owner.label("owner")).where(column.is_not(None), ~there).distinct()
            who = [each for (each,) in _ask(connection, orphans)]
            if who:
                verb = "have rows" if len(who) > 1 else "has a row"
                yield (f"{_called(noun, who)} {verb} in {table.name} whose row in {target.table.name} is missing.")


def _links(table: Table) -> Iterator[tuple[Column[Any], Column[Any]]]:
    """Return which columns name rows of other tables, by which column of those."""
    yield from ((key.parent, key.column) for key in table.foreign_keys)
    if "key_number" in table.c:
        yield table.c.key_number, schema.keys.c.number


def _bad_objects(connection: sqlite3.Connection, objects: Objects) -> Iterator[str]:
    needed: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for digest, (noun, who) in references(connection, Texts(objects)):
        needed[digest][noun].append(who)
    for digest, owners in needed.items():
        try:
            objects.get(digest)
        except TrackbookError as error:
            names = " and ".join(_called(noun, who) for noun, who in owners.items())
            yield f"{names} can't be read whole: {error}"


def references(
    connection: sqlite3.Connection, texts: Texts, forgiven: type[TrackbookError] = TrackbookError
) -> Iterator[tuple[str, Owner]]:
    """Return the digest of every object that something in the store needs, and what needs it.

    `forgiven` is what may be wrong with a long list of outputs, whose objects then stay untold.
    """
    for table in schema.metadata.sorted_tables:
        noun, owner = _owner(table)
        for text in table.c:
            if isinstance(text.type, Text):
                marked = func.substr(text, 1, len(MARK)) == MARK
                for who, value in _ask(connection, select(owner.label("owner"), text).where(marked)):
                    yield value.removeprefix(MARK), (noun, who)
    for named in (schema.artifacts.c.digest, schema.modules.c.digest, schema.environments.c.git_patch):
        noun, owner = _owner(named.table)
        for who, digest in _ask(connection, select(owner.label("owner"), named).where(named.is_not(None))):
            yield digest, (noun, who)
    yield from _outputs(connection, texts, forgiven)


def _outputs(
    connection: sqlite3.Connection, texts: Texts, forgiven: type[TrackbookError]
) -> Iterator[tuple[str, Owner]]:
    columns = schema.executions.c
    question = asking(select(columns.execution_id, columns.outputs).where(columns.outputs != "[]"))
    for who, outputs in question.ask(connection):
        try:
            ((whole,),) = texts.whole([(outputs,)], [0])
        except forgiven:
            continue  # told already: the text itself is lost
        for digest in object_digests(rows.outputs_of(whole)):
            yield digest, ("Execution", who)


def _wrong_latest(connection: sqlite3.Connection) -> Iterator[str]:
    points, latest, keys = schema.metric_points.c, schema.latest_metrics.c, schema.keys.c
    same = (latest.run_number == points.run_number) & (latest.key_number == points.key_number)
    is_later = tuple_(points.step, points.time) > tuple_(latest.step, latest.time)
    owner = _owner(schema.metric_points)[1]
    wrong = (
        select(owner.label("owner"), keys.key)
        .select_from(schema.metric_points.outerjoin(schema.latest_metrics, same))
        .join(schema.keys, keys.number == points.key_number)
        .where(or_(latest.step.is_(None), is_later))
        .distinct()
    )
    for run_id, key in _ask(connection, wrong):
        yield f"Run {run_id} shows another latest '{key}' than its history holds."


def _owner(table: Table) -> tuple[str, ColumnElement[str]]:
    """Return what the rows of a table belong to, and its id."""
    if "run_number" in table.c:
        run_id = select(schema.runs.c.run_id).where(schema.runs.c.number == table.c.run_number).scalar_subquery()
        return "Run", func.coalesce(run_id, literal("number ").concat(table.c.run_number))
    if table is schema.keys:
        return "Key", table.c.key
    if table is schema.dataset_versions:
        return "Dataset", table.c.name.concat(literal(" version ")).concat(cast(table.c.version, Text))
    owner: Column[Any] = table.c.run_id if table is schema.runs else next(iter(table.primary_key))
    return owner.name.removesuffix("_id").capitalize(), owner


def _called(noun: str, ids: Iterable[str]) -> str:
    listed = list(dict.fromkeys(ids))
    plural = "s" if len(listed) > 1 else ""
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return f"{noun}{plural} {', '.join(listed[:_MOST_NAMED])}{more}"
