"""What can be wrong with a store, found and said in sentences that name the runs."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Column, Table, exists, or_, select, tuple_

from trackbook.errors import TrackbookError
from trackbook.store.objects import Objects
from trackbook.store.sql import schema
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.core import asking
from trackbook.store.sql.needing import needs, owner_of

_MOST_NAMED = 5


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


def _dangling(connection: sqlite3.Connection) -> Iterator[str]:
    for noun, table, target, orphans in _orphans():
        who = [each for (each,) in orphans.ask(connection)]
        if who:
            verb = "have rows" if len(who) > 1 else "has a row"
            yield f"{_called(noun, who)} {verb} in {table} whose row in {target} is missing."


@cache
def _orphans() -> list[tuple[str, str, str, Question]]:
    """Return for each link between tables whose rows it is of, the two tables, and what asks for loose ends of it."""
    found = []
    for table in schema.metadata.sorted_tables:
        noun, owner = owner_of(table)
        for column, target in _links(table):
            parent = target.table.alias()
            there = exists().where(parent.c[target.name] == column)
            orphans = select(owner.label("owner")).where(column.is_not(None), ~there).distinct()
            found.append((noun, table.name, target.table.name, asking(orphans)))
    return found


def _links(table: Table) -> Iterator[tuple[Column[Any], Column[Any]]]:
    """Return which columns name rows of other tables, by which column of those."""
    yield from ((key.parent, key.column) for key in table.foreign_keys)
    if "key_number" in table.c:
        yield table.c.key_number, schema.keys.c.number


def _bad_objects(connection: sqlite3.Connection, objects: Objects) -> Iterator[str]:
    needed: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for digest, (noun, who) in needs(connection, objects):
        needed[digest][noun].setdefault(who)
    for digest, owners in needed.items():
        try:
            objects.get(digest)
        except TrackbookError as error:
            names = " and ".join(_called(noun, who) for noun, who in owners.items())
            yield f"{names} can't be read whole: {error}"


def _wrong_latest(connection: sqlite3.Connection) -> Iterator[str]:
    for run_id, key in _superseded().ask(connection):
        yield f"Run {run_id} shows another latest '{key}' than its history holds."


@cache
def _superseded() -> Question:
    """Return what asks for the metrics whose latest point is not the last of their history."""
    points, latest, keys = schema.metric_points.c, schema.latest_metrics.c, schema.keys.c
    same = (latest.run_number == points.run_number) & (latest.key_number == points.key_number)
    is_later = tuple_(points.step, points.time) > tuple_(latest.step, latest.time)
    owner = owner_of(schema.metric_points)[1]
    return asking(
        select(owner.label("owner"), keys.key)
        .select_from(schema.metric_points.outerjoin(schema.latest_metrics, same))
        .join(schema.keys, keys.number == points.key_number)
        .where(or_(latest.step.is_(None), is_later))
        .distinct()
    )


def _called(noun: str, ids: Iterable[str]) -> str:
    listed = list(dict.fromkeys(ids))
    plural = "s" if len(listed) > 1 else ""
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return f"{noun}{plural} {', '.join(listed[:_MOST_NAMED])}{more}"
