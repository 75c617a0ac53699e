"""A filter of runs as what makes its statement, and the values that the statement asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trackbook.store.contract import RunFilter
from trackbook.store.sql.parameters import ids
from trackbook.store.sql.texts import stored

EQUAL = ("name", "experiment", "session_id", "parent_id")
EVERY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Shape:
    """Which conditions a filter has, not what they ask for.

    `is_whole`: a query without a limit.
    """

    asked: frozenset[str] = frozenset()
    only_roots: bool = False
    oldest_first: bool = False
    is_whole: bool = False
    of_last_execution: bool = False

    @property
    def name(self) -> str:
        """What its statement is called."""
        flags = ("roots",) * self.only_roots + ("oldest",) * self.oldest_first
        flags += ("last",) * self.of_last_execution
        return " ".join((*sorted(self.asked), *flags))


def shape_of(where: RunFilter) -> Shape:
    """Return the shape of a filter."""
    asked = {name for name in (*EQUAL, "ids") if getattr(where, name) is not None}
    asked |= {"prefix"} if where.prefix else set()
    asked |= {"tagged"} if where.tagged is not None else set()
    is_whole = where.limit is None and where.query is not None and where.query.limit is None
    return Shape(frozenset(asked), where.only_roots, where.oldest_first, is_whole, where.of_last_execution)


def values_of(where: RunFilter) -> dict[str, Any]:
    """Return the values of a filter, with its limit and offset."""
    values: dict[str, Any] = {name: stored(getattr(where, name)) for name in EQUAL if getattr(where, name) is not None}
    if where.ids is not None:
        values["ids"] = ids(where.ids)
    if where.prefix:
        values["prefix"] = stored(where.prefix)
    if where.tagged is not None:
        values["tagged"] = stored(where.tagged)
    values["limit"] = EVERY if where.limit is None else max(where.limit, 0)
    values["offset"] = max(where.offset, 0)
    return values
