"""Finds and frees the objects that nothing needs: the same for every store.

A writer puts an object first and then writes the row that names it; in between nothing in the store needs it. So an
object is only freed when it is old: every put makes its object young, also one that finds the bytes there already. Old
is what was put before the grace and before the oldest living session began, since a session may know what it has put
and name it hours later. Between the look and the deletion it may be put again; `Objects.free` looks once more.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trackbook import clock
from trackbook.records import Session
from trackbook.store import rules
from trackbook.store.contract import GRACE, Collection
from trackbook.store.objects import Age, Entry, Objects


@dataclass(slots=True)
class _Tally:
    count: int = 0
    size: int = 0

    def add(self, age: Age) -> None:
        self.count += 1
        self.size += age.size


def began(grace: timedelta, sessions: Iterable[Session]) -> datetime:
    """Return since when what was put may still be named by a row to come."""
    now = clock.now()
    living = [session.started_at for session in sessions if not rules.is_gone(session, now)]
    return min([now - grace, *living])


def sweep(objects: Objects, needed: Several[str], since: datetime, *, is_dry_run: bool) -> Collection:
    """Free the objects that are not needed, and what writers left behind that have died.

    Parameters
    ----------
    needed
        The digests that the store's rows name, read after `since` was asked for.
    since
        Objects that were put since then stay; see `began`.
    """
    old, young, left = _Tally(), _Tally(), _Tally()
    before = since.timestamp()
    half_written = min(before, (clock.now() - GRACE).timestamp())  # nobody takes an hour to write one file
    for entry in objects.entries():
        age = None if entry.digest in needed else objects.age(entry)
        if age is None:
            continue
        if entry.digest is None:
            if _is_freed(objects, entry, age, half_written, is_dry_run=is_dry_run):
                left.add(age)
        elif _is_freed(objects, entry, age, before, is_dry_run=is_dry_run):
            old.add(age)
        else:
            young.add(age)
    return Collection(
        is_dry_run=is_dry_run,
        objects=old.count,
        object_bytes=old.size,
        leftovers=left.count,
        leftover_bytes=left.size,
        young=young.count,
        young_bytes=young.size,
    )


def _is_freed(objects: Objects, entry: Entry, age: Age, before: float, *, is_dry_run: bool) -> bool:
    return age.put_at < before and (is_dry_run or objects.free(entry, before))
