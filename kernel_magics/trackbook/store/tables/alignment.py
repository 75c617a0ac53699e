"""Which rows of two tables are the same row, by content.

First by pieces: a piece that both tables have once puts its rows side by side, at a shift; for each stretch of rows the
columns vote for a shift. What lies between two stretches of one shift was edited in place. What lies between stretches
of different shifts holds rows that came or went, and is told apart row by row, by those that stand once on either side
(as patience sorting does in a diff of texts).

Source: https://bramcohen.livejournal.com/73318.html (patience diff)
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """`length` rows from `before` in the one table stand at `after` in the other."""

    before: int
    after: int
    length: int

    @property
    def shift(self) -> int:
        """How far down the rows moved."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows of the two tables that stand between the same stretches."""

    before: tuple[int, int]
    after: tuple[int, int]


def stretches(votes: Iterable[Sequence[Stretch]]) -> list[Stretch]:
    """Return the stretches that most columns vote for, in order in both tables; what was edited in place is in them."""
    return _joined(_in_order(_elected(votes)))


def gaps(found: Sequence[Stretch], before: int, after: int) -> list[Gap]:
    """Return what lies between, before and after stretches of tables of so many rows."""
    edges = [Stretch(0, 0, 0), *found, Stretch(before, after, 0)]
    pairs = pairwise(edges)
    every = (
        Gap((one.before + one.length, other.before), (one.after + one.length, other.after)) for one, other in pairs
    )
    return [gap for gap in every if gap.before[0] < gap.before[1] or gap.after[0] < gap.after[1]]


def aligned(before: NDArray[Any], after: NDArray[Any]) -> list[Stretch]:
    """Return which elements of two arrays of row hashes belong together, equal or edited in place.

    Those between the same neighbours that are as many on both sides are pairs; others came or went.
    """
    found = _equal(before, after)
    filled = [*found]
    for gap in gaps(found, len(before), len(after)):
        length = gap.before[1] - gap.before[0]
        if length and length == gap.after[1] - gap.after[0]:
            filled.append(Stretch(gap.before[0], gap.after[0], length))
    return _joined(sorted(filled))


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the elements of an array, each once, in order. By sorting: numpy's own hashes take ten times as long."""
    ordered = np.sort(values)
    is_new = np.ones(len(ordered), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    found: NDArray[Any] = ordered[is_new]
    return found


def common(one: NDArray[Any], other: NDArray[Any]) -> int:
    """Return how many elements two arrays have in common, each counted once."""
    return len(np.intersect1d(distinct(one), distinct(other), assume_unique=True))


def _elected(votes: Iterable[Sequence[Stretch]]) -> list[Stretch]:
    events: list[tuple[int, int, int]] = []
    for column in votes:
        for each in column:
            events += [(each.before, 1, each.shift), (each.before + each.length, -1, each.shift)]
    events.sort()
    standing: Counter[int] = Counter()
    found: list[Stretch] = []
    at = 0
    last: int | None = None
    for row, step, shift in events:
        if row > at and +standing:
            most = max(standing.values())
            last = last if last is not None and standing[last] == most else max(standing, key=standing.__getitem__)
            found.append(Stretch(at, at + last, row - at))
        at = row
        standing[shift] += step
    return _joined(found)


def _in_order(found: Sequence[Stretch]) -> list[Stretch]:
    """Return the heaviest choice of stretches that don't cross: a row moves up past none that stays."""
    best: list[tuple[int, int]] = []  # the weight up to each stretch, and which one comes before
    for number, each in enumerate(found):
        weight, previous = 0, -1
        for earlier in range(max(0, number - 500), number):
            fits = found[earlier].after + found[earlier].length <= each.after
            if fits and best[earlier][0] > weight:
                weight, previous = best[earlier][0], earlier
        best.append((weight + each.length, previous))
    chosen = []
    at = max(range(len(best)), key=lambda number: best[number][0], default=-1)
    while at >= 0:
        chosen.append(found[at])
        at = best[at][1]
    return chosen[::-1]


def _joined(found: Iterable[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for each in found:
        last = joined[-1] if joined else None
        if last is not None and last.shift == each.shift:
            joined[-1] = Stretch(last.before, last.after, each.before + each.length - last.before)
        else:
            joined.append(each)
    return joined


def _equal(before: NDArray[Any], after: NDArray[Any]) -> list[Stretch]:
    """Return equal elements, in order: equal ends, and in between what stands once on either side."""
    head = _equal_head(before, after)
    tail = _equal_head(before[head:][::-1], after[head:][::-1])
    one, other = before[head : len(before) - tail], after[head : len(after) - tail]
    middle = [(head + a, head + b) for a, b in _anchors(one, other)]
    found = [Stretch(0, 0, head), *_grown(middle, before, after, head, tail)]
    found.append(Stretch(len(before) - tail, len(after) - tail, tail))
    return _joined(each for each in found if each.length)


def _equal_head(one: NDArray[Any], other: NDArray[Any]) -> int:
    size = min(len(one), len(other))
    differing = np.flatnonzero(one[:size] != other[:size])
    return int(differing[0]) if len(differing) else size


def _anchors(one: NDArray[Any], other: NDArray[Any]) -> list[tuple[int, int]]:
    once = np.intersect1d(_once(one), _once(other), assume_unique=True)
    if not len(once):
        return []
    places = np.flatnonzero(np.isin(one, once))
    order = np.argsort(other, kind="stable")
    found = order[np.searchsorted(other, one[places], sorter=order)]
    return [(int(places[n]), int(found[n])) for n in _rising(found.tolist())]


def _once(values: NDArray[Any]) -> NDArray[Any]:
    unique, counts = np.unique(values, return_counts=True)
    once: NDArray[Any] = unique[counts == 1]
    return once


def _rising(values: Sequence[int]) -> list[int]:
    """Return the places of a longest rising sequence."""
    ends: list[int] = []
    tops: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        at = bisect_left(tops, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tops):
            tops.append(value)
            ends.append(place)
        else:
            tops[at], ends[at] = value, place
    chosen = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chosen.append(at)
        at = before[at]
    return chosen[::-1]


def _grown(
    anchors: Sequence[tuple[int, int]], before: NDArray[Any], after: NDArray[Any], head: int, tail: int
) -> list[Stretch]:
    """Add the equal neighbours of anchors: rows that stand more than once."""
    found: list[Stretch] = []
    ends = [*anchors, (len(before) - tail, len(after) - tail)]
    one, other = head, head
    for number, (a, b) in enumerate(ends):
        while one < a and other < b and before[one] == after[other]:
            found.append(Stretch(one, other, 1))
            one, other = one + 1, other + 1
        back = 0
        while a - back > one and b - back > other and before[a - back - 1] == after[b - back - 1]:
            back += 1
        found.append(Stretch(a - back, b - back, back + (number < len(anchors))))
        one, other = a + 1, b + 1
    return found
