"""Where the steps of a pipeline stand in a picture: in columns by what they need, with few lines crossing.

The layered method of Sugiyama, Tagawa and Toda (1981): a step stands one column behind the last of its needs; a line
that passes a column goes through a place of its own there; within a column the order follows the middle of what a place
is joined to.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Columns from the left, each of places from the top; a place is a step, or a line on its way between two.

    `lines` are, by their two ends, the places that each goes through, its ends included.
    """

    columns: tuple[tuple[str, ...], ...]
    lines: Mapping[tuple[str, str], tuple[str, ...]]


def layout_of(order: Sequence[str], needs: Mapping[str, Sequence[str]]) -> Layout:
    """Return where steps stand, given an order in which they can run and what each needs."""
    column: dict[str, int] = {}
    for name in order:
        column[name] = max((column[need] + 1 for need in needs[name]), default=0)
    lines: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in order:
        for need in needs[name]:
            between = range(column[need] + 1, column[name])
            passing = {f"{need}\0{name}\0{at}": at for at in between}
            column |= passing
            lines[need, name] = (need, *passing, name)
    columns: list[list[str]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for place, at in column.items():
        columns[at].append(place)
    _uncross(columns, lines)
    return Layout(columns=tuple(map(tuple, columns)), lines=lines)


def _uncross(columns: list[list[str]], lines: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for path in lines.values():
        for one, other in itertools.pairwise(path):
            after.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        is_forward = sweep % 2 == 0
        joined = before if is_forward else after
        walk = range(1, len(columns)) if is_forward else range(len(columns) - 2, -1, -1)
        for at in walk:
            beside = {place: row for row, place in enumerate(columns[at - 1 if is_forward else at + 1])}
            rows = {place: row for row, place in enumerate(columns[at])}
            middle = {
                place: sum(beside[each] for each in joined[place]) / len(joined[place]) if place in joined else row
                for place, row in rows.items()
            }
            columns[at].sort(key=lambda place: (middle[place], rows[place]))
