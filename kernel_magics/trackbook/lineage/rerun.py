"""Which cells to run again, and in which order, so that nothing hidden is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trackbook.lineage.stale_facts import Expected, StaleCell
from trackbook.lineage.staleness import Staleness
from trackbook.records import is_file_key


def cells_to_run(staleness: Staleness) -> list[StaleCell]:
    """Return the cells to run again, in the order in which to run them.

    Among them are those that only make again what the next ones read, and those that no running puts right.
    """
    return _Plan(staleness).cells()


class _Plan:
    def __init__(self, staleness: Staleness) -> None:
        self._known = staleness
        self._findings = {
            cell: tuple(staleness.hidden_in(ran.execution_id))
            for cell, ran in staleness.latest.items()
            if cell not in staleness.deleted
        }
        missed = {finding.unrun for found in self._findings.values() for finding in found}
        self._missed = [cell for cell, each in staleness.unrun.items() if each.source in missed]
        self._ranks = self._order([*self._findings, *self._missed])

    def cells(self) -> list[StaleCell]:
        plan = {cell for cell, found in self._findings.items() if found or cell in self._known.edited}
        plan |= set(self._missed)
        lacking = self._complete(plan)
        return [self._cell(cell, lacking.get(cell, ())) for cell in sorted(plan, key=self._ranks.__getitem__)]

    def _cell(self, cell: str, lacking: Iterable[str]) -> StaleCell:
        latest, unrun = self._known.knows(cell), self._known.unrun.get(cell)
        return StaleCell(
            cell=cell,
            execution_id=latest.execution_id if latest is not None else "",
            findings=self._findings.get(cell, ()),
            is_edited=cell in self._known.edited,
            lacking=tuple(sorted(lacking)),
            unrun=unrun.source if unrun is not None else None,
        )

    def _order(self, cells: Iterable[str]) -> Mapping[str, int]:
        """Return the order of cells: the notebook's; what is not in its file stands behind what ran before it first."""
        places: dict[str, tuple[int, int]] = {}
        place = (-1, 0)
        for cell in cells:
            unrun = self._known.unrun.get(cell)
            known = unrun.place if unrun is not None else self._known.positions.get(cell)
            place = (known, 0) if known is not None else (place[0], place[1] + 1)
            places[cell] = place
        return {cell: rank for rank, cell in enumerate(sorted(places, key=places.__getitem__))}

    def _complete(self, plan: set[str]) -> dict[str, set[str]]:
        """Add to a plan the cells that make its inputs again, as they have to be; return what no cell makes."""
        lacking: dict[str, set[str]] = {}
        is_complete = False
        while not is_complete:
            is_complete = True
            lacking.clear()
            writers = dict(self._known.last_cells())
            for cell in sorted(plan, key=self._ranks.__getitem__):
                for name in self._needs(cell):
                    wanted = self._nearest_above(name, cell)
                    if wanted is None and name in writers and not is_file_key(name):
                        lacking.setdefault(cell, set()).add(name)
                    elif wanted is not None and writers.get(name) != wanted and wanted not in plan:
                        plan.add(wanted)
                        is_complete = False
                writers.update(dict.fromkeys(self._gives(cell), cell))
        return lacking

    def _needs(self, cell: str) -> Iterable[str]:
        expected = self._expected(cell)
        if expected is not None:
            return sorted(name for name in expected.reads if self._known.last_writer(name) is not None)
        return (name for name, _ in self._known.outer_reads(self._known.latest[cell]))

    def _gives(self, cell: str) -> Iterable[str]:
        expected = self._expected(cell)
        return expected.writes if expected is not None else self._known.latest[cell].writes

    def _expected(self, cell: str) -> Expected | None:
        """Return what a cell will do that has another code than it ran with, or none that ran."""
        unrun = self._known.unrun.get(cell)
        return self._known.code.expected(unrun.source) if unrun is not None else self._known.edited.get(cell)

    def _nearest_above(self, name: str, cell: str) -> str | None:
        above = [each for each in self._ranks if self._ranks[each] < self._ranks[cell] and name in self._gives(each)]
        return max(above, key=self._ranks.__getitem__, default=None)
