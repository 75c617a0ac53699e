"""Takes what another store holds into a store: a colleague's, or that of a worker which could not reach this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trackbook.errors import NotFoundError
from trackbook.store.contract import Batch, Store
from trackbook.store.merging.gathering import gathered, needed_objects
from trackbook.store.merging.lacking import lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a store has taken in.

    Attributes
    ----------
    runs, executions
        How many of them are new, or have something new.
    versions
        The versions of datasets that are new (``train@3``), by their numbers in this store.
    lost
        The digests of objects that the other store has lost: what needs them is on the record without its content.
    """

    runs: int
    executions: int
    versions: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def merge(store: Store, other: Store, run_ids: Iterable[str] | None = None) -> Merged:
    """Take what another store holds into a store.

    Ids stay. A version of a dataset whose number another content has here gets the next number, and what read it
    names that. Done twice, it changes nothing; when it is interrupted, nothing of it is on the record.

    Parameters
    ----------
    store, other
        Where to, and where from. The other one stays as it is.
    run_ids
        Only these runs, with those beneath them and above them, their sessions, and all that these have made or used.

    Raises
    ------
    ImmutableError
        If the other tells another origin (session, start) of a run that has not ended here.
    StoreError
        If one of them can't be read or written.
    """
    batch = gathered(other, run_ids)
    return take_in(store, batch, lambda wanted: _copied(store, other, needed_objects(other.objects, wanted)))


def take_in(store: Store, batch: Batch, bring: Callable[[Batch], Iterable[str]]) -> Merged:
    """Write the part of a batch from elsewhere that a store lacks.

    Parameters
    ----------
    bring
        Is given that part, puts the objects that it needs into the store, and returns the digests of those that are
        lost.

    Raises
    ------
    ImmutableError
        If it tells another origin (session, start) of a run that has not ended in the store.
    StoreError
        If it can't be written.
    """
    with store.frozen() as still:
        wanted = lacking(still, batch)
    lost = tuple(bring(wanted))
    written = store.compose(lambda still: lacking(still, batch))
    return Merged(
        runs=len(written.runs),
        executions=len(written.executions),
        versions=tuple(f"{each.name}@{each.version}" for each in written.versions),
        lost=lost,
    )


def _copied(store: Store, other: Store, digests: Iterable[str]) -> list[str]:
    """Copy objects, and return the digests of those that are lost."""
    lost = []
    for digest in digests:
        try:
            store.put_object(other.get_object(digest))
        except NotFoundError:
            lost.append(digest)
    return lost
