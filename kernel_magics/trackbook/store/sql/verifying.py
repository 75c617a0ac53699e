"""What can be wrong with a store, found and said in sentences that name the runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, and_, func, literal_column, or_, select

from trackbook.errors import TrackbookError
from trackbook.store.objects import Objects
from trackbook.store.sql import schema
from trackbook.store.sql.texts import MARK

_MOST_NAMED = 5


def problems(connection: Connection, objects: Objects) -> list[str]:
    """Return what is wrong, one sentence each."""
    damage = list(_damage(connection))
    if damage:
        return damage  # nothing else can be believed
    return [*_dangling(connection), *_bad_objects(connection, objects), *_wrong_latest(connection)]


def _damage(connection: Connection) -> Iterator[str]:
    for (finding,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"The database is damaged ({finding}): restore it from a backup."


def _dangling(connection: Connection) -> Iterator[str]:
    for name, rowid, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        source = schema.metadata.tables[name]
        owner = _owner(source)
        number: Column[int] = literal_column("rowid")  # type: ignore[assignment]  # SQLite's own column
        who = connection.execute(select(owner).where(number == rowid)).scalar()
        yield f"{_called(owner, [str(who)])} has a row in {name} whose row in {parent} is missing."


def _bad_objects(connection: Connection, objects: Objects) -> Iterator[str]:
    needed: dict[str, dict[Column[Any], list[str]]] = defaultdict(lambda: defaultdict(list))
    for digest, owner, who in _references(connection):
        needed[digest][owner].append(who)
    for digest, owners in needed.items():
        try:
            objects.get(digest)
        except TrackbookError as error:
            names = " and ".join(_called(owner, who) for owner, who in owners.items())
            yield f"{names} can't be read whole: {error}"


def _references(connection: Connection) -> Iterator[tuple[str, Column[Any], str]]:
    for source in schema.metadata.sorted_tables:
        owner = _owner(source)
        for text in source.c:
            if isinstance(text.type, Text):
                marked = func.substr(text, 1, len(MARK)) == MARK
                for who, value in connection.execute(select(owner, text).where(marked)):
                    yield value.removeprefix(MARK), owner, who
    for named in (schema.artifacts.c.digest, schema.modules.c.digest, schema.environments.c.git_patch):
        owner = _owner(named.table)
        for who, digest in connection.execute(select(owner, named).where(named.is_not(None))):
            yield digest, owner, who


def _wrong_latest(connection: Connection) -> Iterator[str]:
    points, latest = schema.metric_points.c, schema.latest_metrics.c
    order = (points.step.desc(), points.time.desc(), points.position.desc())
    rank = func.row_number().over(partition_by=(points.run_id, points.key), order_by=order).label("rank")
    ranked = select(points.run_id, points.key, points.step, points.time, points.value, points.text, rank).subquery()
    first = select(ranked).where(ranked.c.rank == 1).subquery()
    best = first.c
    same = and_(best.run_id == latest.run_id, best.key == latest.key)
    joined = first.join(schema.latest_metrics, same, full=True)
    differs = or_(*(best[name].is_distinct_from(latest[name]) for name in ("step", "time", "value", "text", "key")))
    who = func.coalesce(best.run_id, latest.run_id), func.coalesce(best.key, latest.key)
    for run_id, key in connection.execute(select(*who).select_from(joined).where(differs)):
        yield f"Run {run_id} shows another latest '{key}' than its history holds."


def _owner(source: Table) -> Column[Any]:
    """Return the column that says whose a row is."""
    return source.c.run_id if "run_id" in source.c else next(iter(source.primary_key))


def _called(owner: Column[Any], ids: Iterable[str]) -> str:
    listed = list(dict.fromkeys(ids))
    noun = owner.name.removesuffix("_id").capitalize() + ("s" if len(listed) > 1 else "")
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return f"{noun} {', '.join(listed[:_MOST_NAMED])}{more}"
