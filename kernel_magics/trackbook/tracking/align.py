"""Which cell of one run is which of another: by cell id, then by what the cells say."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from trackbook.records import Execution
from trackbook.tracking.lines import ratio

_SIMILAR = 0.5  # less alike, two cells of different ids are two cells
_OWN = 0.4  # less alike, a cell's id loses against another cell that says the same: some front ends number cells anew
_MOST_COMPARED = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A cell in both runs, or in one of them.

    `is_moved`: others that ran after it ran before it in the second run. Within one session that is no news (a cell
    that was edited and run again comes after all others) and never said.
    """

    before: Execution | None
    after: Execution | None
    is_moved: bool = False


def align(before: Sequence[Execution], after: Sequence[Execution]) -> tuple[Pair, ...]:
    """Pair the cells of two runs, in the order of the second; those that are gone stand where they were."""
    matched = _matched(before, after)
    is_one_session = {cell.session_id for cell in before} == {cell.session_id for cell in after}
    moved = set() if is_one_session else _moved(matched)
    pairs = [
        Pair(before=before[i] if (i := matched.get(j)) is not None else None, after=cell, is_moved=j in moved)
        for j, cell in enumerate(after)
    ]
    return tuple(_with_gone(pairs, before, set(matched.values())))


def _matched(before: Sequence[Execution], after: Sequence[Execution]) -> dict[int, int]:
    """Return the position in the first of each position in the second that has a partner."""
    matching = _Matching(before, after)
    matching.by(lambda cell: cell.execution_id)
    matching.by(lambda cell: (cell.cell_id, _text(cell)) if cell.cell_id else None)
    matching.by_own_id(_OWN)
    matching.by(_text)
    matching.by_own_id(0.0)
    matching.by_likeness()
    return matching.partner


class _Matching:
    """Cells that have a partner already, and ways to find more."""

    def __init__(self, before: Sequence[Execution], after: Sequence[Execution]) -> None:
        self._before, self._after = before, after
        self.partner: dict[int, int] = {}

    def _free(self) -> tuple[list[int], list[int]]:
        taken = set(self.partner.values())
        old = [i for i in range(len(self._before)) if i not in taken]
        return old, [j for j in range(len(self._after)) if j not in self.partner]

    def by(self, key: Callable[[Execution], Hashable]) -> None:
        """Pair cells of the same key in their order; a key of None pairs nothing."""
        old, new = self._free()
        places: dict[Hashable, list[int]] = defaultdict(list)
        for i in old:
            places[key(self._before[i])].append(i)
        for j in new:
            found = key(self._after[j])
            if found is not None and places[found]:
                self.partner[j] = places[found].pop(0)

    def by_own_id(self, least: float) -> None:
        """Pair cells of the same id that are at least so much alike; of a cell's several executions the last first."""
        old, new = self._free()
        places: dict[str, list[int]] = defaultdict(list)
        for i in old:
            places[self._before[i].cell_id or ""].append(i)
        for j in reversed(new):
            cell = self._after[j]
            found = places[cell.cell_id] if cell.cell_id else []
            if found and ratio(self._before[found[-1]].source, cell.source) >= least:
                self.partner[j] = found.pop()

    def by_likeness(self) -> None:
        """Pair what is most alike first."""
        old, new = self._free()
        if len(old) * len(new) > _MOST_COMPARED:
            return
        likeness = [(ratio(self._before[i].source, self._after[j].source), -abs(i - j), i, j) for i in old for j in new]
        taken: set[int] = set()
        for score, _, i, j in sorted(likeness, reverse=True):
            if score >= _SIMILAR and i not in taken and j not in self.partner:
                self.partner[j] = i
                taken.add(i)


def _text(cell: Execution) -> str | None:
    """Return what a cell says, without the space at the ends of its lines; None of an empty one."""
    return "\n".join(line.rstrip() for line in cell.source.strip().splitlines()) or None


def _moved(matched: dict[int, int]) -> set[int]:
    """Return the positions in the second of cells that are out of the order of the first: as few as will explain it."""
    order = sorted(matched)
    kept = _longest_increasing([matched[j] for j in order])
    return {j for at, j in enumerate(order) if at not in kept}


def _longest_increasing(values: Sequence[int]) -> set[int]:
    """Return the positions of a longest increasing subsequence."""
    ends: list[int] = []  # positions: ends[n] ends the best subsequence of length n + 1
    previous: list[int | None] = []
    for at, value in enumerate(values):
        length = bisect_left([values[end] for end in ends], value)
        previous.append(ends[length - 1] if length else None)
        ends[length : length + 1] = [at]
    kept: set[int] = set()
    position = ends[-1] if ends else None
    while position is not None:
        kept.add(position)
        position = previous[position]
    return kept


def _with_gone(pairs: Iterable[Pair], before: Sequence[Execution], kept: set[int]) -> list[Pair]:
    """Return pairs with those that only the first run has, each behind the cell that it followed there."""
    made = list(pairs)
    places = {id(pair.before): at for at, pair in enumerate(made) if pair.before is not None and not pair.is_moved}
    behind: dict[int, list[Pair]] = defaultdict(list)
    at = -1
    for i, cell in enumerate(before):
        if i in kept:
            at = places.get(id(cell), at)
        else:
            behind[at].append(Pair(before=cell, after=None))
    result = behind[-1]
    for at, pair in enumerate(made):
        result += [pair, *behind[at]]
    return result
