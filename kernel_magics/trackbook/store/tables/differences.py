"""What differs between two snapshots, found by reading what is not the same bytes in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trackbook.errors import InvalidValueError
from trackbook.records.dataset import Column
from trackbook.records.table_diff import CellChange, ColumnChange, TableDiff
from trackbook.store.objects import Objects
from trackbook.store.tables.alignment import Numbers, Stretch, aligned, common, distinct, gaps, stretches
from trackbook.store.tables.comparing import Place, Side, codes, differing, joined, unequal, votes
from trackbook.store.tables.reading import Stored

_EXAMPLES = 5
_RANGES = 20
_PARTS = 50  # of a column that are read one by one: of more, single rows are taken
_TEXT = 80  # characters of a value that an example shows
_MIX = np.uint64(0x9E3779B97F4A7C15)

_NONE: Numbers = np.empty(0, np.int64)
_NO_VALUES = pa.chunked_array([pa.nulls(0)])

Shared = Sequence[tuple[str, Place, Place]]


def diff(objects: Objects, one: str, other: str, key: Sequence[str] | None = None, by: str = "content") -> TableDiff:
    """Return what differs between two snapshots.

    Parameters
    ----------
    objects
        Where their pieces are.
    one, other
        The ids of the snapshots before and after.
    key
        The columns that say which row is which; an index is the column ``index NAME``. Their values are read whole,
        to see that no two rows have the same.
    by
        Without a key: ``content`` (rows that are inserted move the others down), or ``position``.

    Raises
    ------
    NotFoundError
        If a snapshot or a piece is missing.
    InvalidValueError
        If there is no such column, or two rows of a snapshot have one key.

    Notes
    -----
    Pieces that both have are not read: what is read is the neighbourhood of what differs.
    """
    if by not in ("content", "position"):
        raise InvalidValueError(f"Rows can't be told by {by!r}. Tell them by content, by position, or give a key.")
    sides = Side(Stored.open(objects, one)), Side(Stored.open(objects, other))
    if one == other and key is None:
        return TableDiff(before=one, after=other, by=by, rows_before=sides[0].rows, rows_after=sides[1].rows)
    comparison = _Comparison(*sides)
    if key is not None:
        comparison.pair_by_key(list(key))
    elif by == "position":
        comparison.pair_by_position()
    else:
        comparison.pair_by_content()
    return comparison.result(one, other, ", ".join(key) if key is not None else by)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of a column that differ: their rows on either side, and the values there."""

    rows_before: Numbers
    rows_after: Numbers
    before: Any
    after: Any


class _Comparison:
    """Two snapshots, and which of their rows are pairs."""

    def __init__(self, before: Side, after: Side) -> None:
        self._before, self._after = before, after
        self._shared: Shared = [
            (name, place, after.places[name]) for name, place in before.places.items() if name in after.places
        ]
        self._stretches: list[Stretch] = []
        self._pairs: tuple[Numbers, Numbers] | None = None  # where no stretches, but single rows are compared
        self._removed = self._added = _NONE

    def pair_by_position(self) -> None:
        """Take rows of one number for one row."""
        length = min(self._before.rows, self._after.rows)
        self._set([Stretch(0, 0, length)] if length else [])

    def pair_by_content(self) -> None:
        """Take rows for one that stand in one piece, or are equal, or stand between the same others."""
        found = self._by_pieces()
        every = list(found)
        for gap in gaps(found, self._before.rows, self._after.rows):
            if gap.before[0] < gap.before[1] and gap.after[0] < gap.after[1]:
                inner = aligned(*self._hashes(gap.before, gap.after))
                every += [Stretch(gap.before[0] + e.before, gap.after[0] + e.after, e.length) for e in inner]
        self._set(sorted(every))

    def _by_pieces(self) -> list[Stretch]:
        pairs = [(place, counterpart) for _, place, counterpart in self._shared]
        return stretches(votes(self._before, self._after, pairs))

    def pair_by_key(self, key: list[str]) -> None:
        """Take rows of one key for one; those that stand in equal pieces are equal, their keys too."""
        self._set(self._by_pieces())
        before, after = self._dirty()
        one, other = self._keys(key)
        _, where, counterparts = np.intersect1d(one[before], other[after], assume_unique=True, return_indices=True)
        pairs = before[where], after[counterparts]
        self._removed, self._added = (
            np.setdiff1d(before, pairs[0], assume_unique=True),
            np.setdiff1d(after, pairs[1], assume_unique=True),
        )
        self._pairs = pairs

    def result(self, one: str, other: str, by: str) -> TableDiff:
        """Return what differs, once the rows are paired."""
        before, after = self._before.places, self._after.places
        changes = [self._change(name, *places) for name, *places in self._shared]
        rows = distinct(np.concatenate([_NONE, *(rows for _, rows in changes)]))
        order = [[name for name in side if name in before and name in after] for side in (before, after)]
        return TableDiff(
            before=one,
            after=other,
            by=by,
            rows_before=self._before.rows,
            rows_after=self._after.rows,
            rows_added=len(self._added),
            rows_removed=len(self._removed),
            rows_changed=len(rows),
            added=_ranges(self._added),
            removed=_ranges(self._removed),
            columns_added=_columns(self._after, [place for name, place in after.items() if name not in before]),
            columns_removed=_columns(self._before, [place for name, place in before.items() if name not in after]),
            columns=tuple(change for change, _ in changes if change is not None),
            is_order_changed=order[0] != order[1],
        )

    def _set(self, found: list[Stretch]) -> None:
        self._stretches = found
        self._removed = _rest(self._before.rows, [(each.before, each.length) for each in found])
        self._added = _rest(self._after.rows, [(each.after, each.length) for each in found])

    def _dirty(self) -> tuple[Numbers, Numbers]:
        """Return the rows of either side that differ, in some shared column, from the row they are paired with."""
        pairs = [self._differing(place, counterpart) for _, place, counterpart in self._shared]
        before = np.concatenate([self._removed, *(cells.rows_before for cells in pairs)])
        after = np.concatenate([self._added, *(cells.rows_after for cells in pairs)])
        return distinct(before), distinct(after)

    def _keys(self, key: list[str]) -> tuple[Numbers, Numbers]:
        """Return a number for the key of each row, the same on both sides."""
        known = {name: (place, counterpart) for name, place, counterpart in self._shared}
        if missing := [name for name in key if name not in known]:
            raise InvalidValueError(
                f"Both snapshots would need a column {missing[0]!r} to tell rows by it. They share: {', '.join(known)}."
            )
        if not key:
            raise InvalidValueError("A key needs a column. Leave it out to tell rows by content.")
        columns = [known[name] for name in key]
        one, other = self._mixed(columns, (0, self._before.rows), (0, self._after.rows))
        for hashes, which in ((one, "before"), (other, "after")):
            if len(distinct(hashes)) < len(hashes):
                raise InvalidValueError(
                    f"Several rows {which} have the same {', '.join(key)}, so it tells no rows apart. "
                    "Add a column to the key, or leave it out."
                )
        return one, other

    def _hashes(self, before: tuple[int, int], after: tuple[int, int]) -> tuple[Numbers, Numbers]:
        """Return hashes of whole rows; of the columns whose values both have, where hardly a row is equal."""
        columns = [(place, counterpart) for _, place, counterpart in self._shared]
        one, other = self._mixed(columns, before, after)
        enough = min(len(one), len(other)) // 2
        if common(one, other) >= enough:
            return one, other
        kept = [pair for pair in columns if self._overlap(pair, before, after) >= enough]
        return self._mixed(kept, before, after) if kept else (one, other)

    def _overlap(self, pair: tuple[Place, Place], before: tuple[int, int], after: tuple[int, int]) -> int:
        one, other = codes(self._before.values(pair[0], *before), self._after.values(pair[1], *after))
        return common(one, other)

    def _mixed(
        self, columns: Sequence[tuple[Place, Place]], before: tuple[int, int], after: tuple[int, int]
    ) -> tuple[Numbers, Numbers]:
        one, other = (np.zeros(stop - start, np.uint64) for start, stop in (before, after))
        for place, counterpart in columns:
            mine, theirs = codes(self._before.values(place, *before), self._after.values(counterpart, *after))
            one, other = _mix(one, mine), _mix(other, theirs)
        return one.view(np.int64), other.view(np.int64)

    def _differing(self, place: Place, counterpart: Place) -> _Cells:
        """Return the rows of either side in which a column differs, in pairs, and its values there."""
        parts = unequal(self._before, self._after, place, counterpart, self._stretches)
        if self._pairs is not None or len(parts) > _PARTS:
            one, other = self._pairs or _rows(parts)
            return _cells(one, other, self._before.taken(place, one), self._after.taken(counterpart, other))
        if not parts:
            return _Cells(_NONE, _NONE, _NO_VALUES, _NO_VALUES)
        found = []
        for start, after, length in parts:
            values = self._before.values(place, start, start + length)
            counterparts = self._after.values(counterpart, after, after + length)
            found.append(_cells(np.arange(length) + start, np.arange(length) + after, values, counterparts))
        return _Cells(
            np.concatenate([each.rows_before for each in found]),
            np.concatenate([each.rows_after for each in found]),
            joined([each.before for each in found]),
            joined([each.after for each in found]),
        )

    def _change(self, name: str, place: Place, counterpart: Place) -> tuple[ColumnChange | None, Numbers]:
        """Return how a column changed, None if it did not, and in which rows."""
        cells = self._differing(place, counterpart)
        one, other = cells.rows_before, cells.rows_after
        dtypes = self._before.dtype(place), self._after.dtype(counterpart)
        categories = self._before.categories(place), self._after.categories(counterpart)
        if not len(one) and dtypes[0] == dtypes[1] and categories[0] == categories[1]:
            return None, one
        before, after = cells.before, cells.after
        pairs = zip(one[:_EXAMPLES], other[:_EXAMPLES], before[:_EXAMPLES], after[:_EXAMPLES], strict=True)
        change = ColumnChange(
            name=name,
            dtype_before=dtypes[0],
            dtype_after=dtypes[1],
            changed=len(one),
            mean_before=_mean(before),
            mean_after=_mean(after),
            missing_before=_missing(before),
            missing_after=_missing(after),
            new_categories=tuple(each for each in categories[1] if each not in set(categories[0])),
            gone_categories=tuple(each for each in categories[0] if each not in set(categories[1])),
            examples=tuple(
                CellChange(row_before=int(a), row_after=int(b), before=_shown(x), after=_shown(y))
                for a, b, x, y in pairs
            ),
        )
        return change, one


def _cells(one: Numbers, other: Numbers, before: Any, after: Any) -> _Cells:
    """Return which of some cells differ."""
    rows = differing(before, after)
    places = pa.array(rows)
    return _Cells(one[rows], other[rows], before.take(places), after.take(places))


def _rows(parts: Sequence[tuple[int, int, int]]) -> tuple[Numbers, Numbers]:
    before = np.concatenate([np.arange(start, start + length) for start, _, length in parts])
    return before, np.concatenate([np.arange(after, after + length) for _, after, length in parts])


def _mix(state: Any, numbers: Numbers) -> Any:
    """Mix the numbers of one more column into the hashes of rows (splitmix64's last steps)."""
    state = (state + numbers.view(np.uint64) + np.uint64(1)) * _MIX
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return state ^ (state >> np.uint64(27))


def _rest(rows: int, taken: Sequence[tuple[int, int]]) -> Numbers:
    is_free = np.ones(rows, bool)
    for start, length in taken:
        is_free[start : start + length] = False
    return np.flatnonzero(is_free).astype(np.int64)


def _ranges(rows: Numbers) -> tuple[tuple[int, int], ...]:
    if not len(rows):
        return ()
    breaks = np.flatnonzero(np.diff(rows) > 1)[: _RANGES - 1]
    firsts = rows[np.concatenate([[0], breaks + 1])][:_RANGES]
    lasts = [*rows[breaks], rows[-1]]
    return tuple((int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True))


def _columns(side: Side, places: Sequence[Place]) -> tuple[Column, ...]:
    return tuple(Column(name=place.name, dtype=side.dtype(place)) for place in places)


def _mean(values: Any) -> float | None:
    kind = values.type
    if not len(values) or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return None
    if pa.types.is_floating(kind):
        values = values.filter(pc.fill_null(pc.invert(pc.is_nan(values)), False))
    mean: float | None = pc.mean(values).as_py()
    return mean


def _missing(values: Any) -> int:
    missing = values.is_null(nan_is_null=pa.types.is_floating(values.type))
    count: int | None = pc.sum(missing).as_py()
    return count or 0


def _shown(value: Any) -> str | None:
    found = value.as_py()
    return None if found is None else str(found)[:_TEXT]
