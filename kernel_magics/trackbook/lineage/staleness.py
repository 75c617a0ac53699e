"""Which values of a session are not what the notebook, run from its top, would give.

A session is a list of executions; a notebook is a list of cells. They disagree where a value was read that a later run
of its cell made otherwise, that its cell makes no longer, or that comes from a cell further down. Each read of a
statement is judged by itself, so that a cell with one stale line does not spoil what its other lines give. What is not
known (the order of cells that were never saved, names that nobody saw being made) is not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence

from trackbook.lineage.stale_facts import Code, Expected, Finding, Ran, Saved, StaleCell, Unrun
from trackbook.records import HiddenRead, HiddenReason, Source


class Staleness:
    """The executions of one session, in their order."""

    def __init__(self, code: Code | None = None) -> None:
        self._code = code or Code()
        self._ran: dict[str, Ran] = {}
        self._latest: dict[str, Ran] = {}
        self._order: dict[str, int] = {}
        self._tokens: dict[tuple[str, str], tuple[str, str]] = {}
        self._versions: dict[tuple[str, str], Hashable] = {}
        self._judging: set[str] = set()
        self._anew: set[tuple[str, str]] = set()
        self._alike: dict[tuple[str, str], str] = {}
        self._writers: dict[str, dict[str, None]] = {}
        self._last: dict[str, str] = {}
        self._positions: dict[str, int] = {}
        self._edited: dict[str, Expected] = {}
        self._deleted: set[str] = set()
        self._unrun: dict[str, Unrun] = {}
        self.is_calm = True
        """Whether nothing can be hidden yet: no cell ran twice or out of order, as far as that is known."""
        self._lowest = -1
        self._read: set[str] = set()

    # What happened

    def add(self, ran: Ran) -> None:
        """Take an execution that has ended."""
        before = self._latest.get(ran.cell)
        self._ran[ran.execution_id] = ran
        self._edited.pop(ran.cell, None)
        self._deleted.discard(ran.cell)
        self._unrun.pop(ran.cell, None)
        if ran.place is not None:
            self._positions[ran.cell] = ran.place
        self._order[ran.execution_id] = len(self._order)
        for name, version in ran.versions.items():
            self._versions[ran.execution_id, name] = version
        if before is not None:
            self.is_calm = False
            self._compare(ran, before)
            for name in before.writes - ran.writes:
                self._writers.get(name, {}).pop(ran.cell, None)
        self._latest[ran.cell] = ran
        self._pass(ran.cell)
        self._read.update(name for name, _ in self._outer_reads(ran))
        for name in ran.writes:
            self._writers.setdefault(name, {})[ran.cell] = None
            self._last[name] = ran.execution_id

    def _pass(self, cell: str) -> None:
        """Note how far down the notebook has been run."""
        place = self._positions.get(cell)
        if place is not None:
            first = next(iter(self._unrun.values()), None)
            self.is_calm &= place > self._lowest and (first is None or first.place > place)
            self._lowest = max(place, self._lowest)

    def _compare(self, ran: Ran, before: Ran) -> None:
        """A cell ran again: find out which of its values are what they were."""
        unknown = [name for name in ran.writes if name in before.writes and name not in ran.versions]
        repeats = unknown and ran.is_repeatable and self._is_same_code(ran, before)
        if repeats and self._inputs(ran) == self._inputs(before):
            for name in unknown:
                self._tokens[ran.execution_id, name] = self._token(before.execution_id, name)
        for name, sources in self._outer_reads(ran):
            own = [source.execution_id for source in sources if self._cell_of(source) == ran.cell]
            if own:
                self._compare_own(ran, before, name, own[-1])

    def _compare_own(self, ran: Ran, before: Ran, name: str, maker: str) -> None:
        """A cell read what an earlier run of it had made: find out whether that made a difference."""
        if name in ran.anew or self._code.overwrites(ran.source, self._ran[maker].source, name):
            self._anew.add((ran.execution_id, name))
        elif (
            self._left_alike(ran, maker, name)
            and self._is_same_code(ran, before)
            and self._inputs(ran, own=False) == self._inputs(before, own=False)
        ):
            self._alike[ran.execution_id, name] = self._alike.get((maker, name), maker)

    def _left_alike(self, ran: Ran, before: str, name: str) -> bool:
        if name not in ran.writes:
            return True
        return self.version(ran.execution_id, name) == self.version(before, name)

    def knows(self, cell: str) -> Ran | None:
        """Return the latest execution of a cell."""
        return self._latest.get(cell)

    def ran(self, execution_id: str) -> Ran | None:
        """Return an execution."""
        return self._ran.get(execution_id)

    @property
    def latest(self) -> Mapping[str, Ran]:
        """The latest execution of each cell, in the order in which the cells ran first."""
        return self._latest

    def was_read(self, name: str) -> bool:
        """Return whether any cell has read a value of that name that another one had made."""
        return name in self._read

    def is_current(self, execution_id: str, name: str) -> bool:
        """Return whether the value of a name is still the one that an execution left."""
        return self._last.get(name) == execution_id

    def last_writer(self, name: str) -> str | None:
        """Return the execution that wrote a name last."""
        return self._last.get(name)

    def tell_version(self, execution_id: str, name: str, version: Hashable) -> None:
        """Say what the value is known by that an execution left in a name, where that was not known yet."""
        self._versions.setdefault(self._token(execution_id, name), version)

    def version(self, execution_id: str, name: str) -> Hashable:
        """Return what the value of a name after an execution is known by; nothing equals one that is not known."""
        token = self._token(execution_id, name)
        return self._versions.get(token, token)

    def has_version(self, execution_id: str, name: str) -> bool:
        """Return whether the value of a name after an execution can be told from others."""
        return self._token(execution_id, name) in self._versions

    def _token(self, execution_id: str, name: str) -> tuple[str, str]:
        return self._tokens.get((execution_id, name), (execution_id, name))

    def look_at(self, saved: Saved) -> None:
        """Take what the notebook's file tells."""
        self._positions, self._lowest = dict(saved.positions), -1
        self._edited, self._deleted = dict(saved.edited), set(saved.deleted)
        self._unrun = dict(saved.unrun)
        self.is_calm &= not (saved.edited or saved.deleted)
        for cell in self._latest:
            self._pass(cell)

    # What is hidden

    def hidden(self, start: Iterable[tuple[Source, Collection[str] | None]]) -> list[Finding]:
        """Return the hidden reads that flowed into some statements, nearest first.

        Beyond a hidden read nothing is followed: it is reason enough.

        Parameters
        ----------
        start
            Statements, each with the names that it reads that matter; None for all.
        """
        if self.is_calm:
            return []
        found: dict[HiddenRead, Finding] = {}
        pending = list(start)
        seen = {source for source, names in pending if names is None}
        for source, names in pending:  # it grows
            for finding, following in self._judged(source, names):
                if finding is not None:
                    found.setdefault(finding.read, finding)
                pending += [(each, None) for each in following if each not in seen]
                seen.update(following)
        return list(found.values())

    def reached(self, start: Iterable[Source]) -> list[Source]:
        """Return some statements and those that flowed into them, nearest first."""
        pending = list(dict.fromkeys(start))
        seen = set(pending)
        for source in pending:  # it grows
            ran = self._ran.get(source.execution_id)
            reads = ran.statements[source.statement].reads if ran and source.statement < len(ran.statements) else {}
            for each in (each for sources in reads.values() for each in sources):
                if each not in seen:
                    seen.add(each)
                    pending.append(each)
        return pending

    def hidden_in(self, execution_id: str) -> list[Finding]:
        """Return the hidden reads that flowed into an execution."""
        ran = self._ran.get(execution_id)
        if ran is None or self.is_calm:
            return []
        return self.hidden((Source(execution_id=execution_id, statement=i), None) for i in range(len(ran.statements)))

    def _judged(
        self, place: Source, names: Collection[str] | None
    ) -> Iterator[tuple[Finding | None, tuple[Source, ...]]]:
        """Yield for each read of a statement what is hidden of it, or which statements to go on with."""
        reader = self._ran.get(place.execution_id)
        if reader is None or place.statement >= len(reader.statements):
            return
        for name, sources in reader.statements[place.statement].reads.items():
            if names is not None and name not in names:
                continue
            own = tuple(source for source in sources if source.execution_id == place.execution_id)
            yield None, own
            outer = _outer(reader, place.statement, name)
            if outer:
                yield self._judge(reader, name, outer)

    def _judge(self, reader: Ran, name: str, sources: Sequence[Source]) -> tuple[Finding | None, tuple[Source, ...]]:
        sources = self._telling(reader, name, sources)
        unrun = self._unrun_between(reader, name, sources)
        if unrun is not None:
            return self._unrun_finding(reader, name, sources[-1], self._unrun[unrun]), ()
        following: list[Source] = []
        misplaced, instead = self._misplaced(reader, name, sources)
        if misplaced is not None:
            return self._finding(reader, name, *misplaced, instead), ()
        for source in instead or sources:
            reason, makers = self._changed(reader, name, source)
            if reason is not None:
                return self._finding(reader, name, reason, source, self._since(source, name)), ()
            following += makers
        return None, tuple(following)

    def _since(self, source: Source, name: str) -> list[Source]:
        """Return the statements of the latest run of a source's cell, if that is a later one."""
        latest = self._latest[self._cell_of(source)]
        return _makers(latest, name) if latest.execution_id != source.execution_id else []

    def _telling(self, reader: Ran, name: str, sources: Sequence[Source]) -> list[Source]:
        """Return the sources of a value that the reader depends on, in the order of time.

        Of several runs of a cell that changed a value one after the other, the last has read what the others left.
        What came before a cell that bound the name anew is gone, and what was put into parts that the reader does not
        look at does not matter to it.
        """
        newest = {self._cell_of(source): source.execution_id for source in sources}
        kept = [source for source in sources if newest[self._cell_of(source)] == source.execution_id]
        for index in range(len(kept) - 1, 0, -1):
            maker = self._ran.get(kept[index].execution_id)
            if maker is not None and kept[index - 1].execution_id != maker.execution_id and _binds_anew(maker, name):
                kept = kept[index:]
                break
        apart = [source for source in kept[1:] if self._is_apart(reader, source, name)]
        return [source for source in kept if source not in apart]

    def _is_apart(self, reader: Ran, source: Source, name: str) -> bool:
        maker = self._ran.get(source.execution_id)
        if maker is None or maker.cell == reader.cell:
            return False
        return self._code.is_apart(reader.source, maker.source, name)

    def _changed(self, reader: Ran, name: str, source: Source) -> tuple[HiddenReason | None, tuple[Source, ...]]:
        """Return why a value is no longer what its cell makes; else the statements that make it now."""
        maker = self._ran.get(source.execution_id)
        if maker is None:
            return None, ()
        latest = self._latest[maker.cell]
        if latest is maker:
            return self._in_file(maker), (source,)
        if reader.cell == maker.cell and name in reader.writes and reader is not maker:
            return self._again(reader, name)
        if name not in latest.writes:
            is_as_it_was = self._is_same_code(latest, maker)
            return (self._in_file(maker) if is_as_it_was else HiddenReason.EDITED), (source,)
        if self.version(latest.execution_id, name) != self.version(maker.execution_id, name):
            is_right = self._is_same_code(latest, maker) and self._is_spoilt(latest)
            return (self._in_file(maker) if is_right else HiddenReason.RERUN), (source,)
        return self._in_file(latest), tuple(_makers(latest, name))

    def _again(self, reader: Ran, name: str) -> tuple[HiddenReason | None, tuple[Source, ...]]:
        """Judge an execution that read what an earlier run of its own cell had made of a name, and made it again."""
        if (reader.execution_id, name) in self._anew:
            return None, ()
        alike = self._ran.get(self._alike.get((reader.execution_id, name), ""))
        return (HiddenReason.RERUN, ()) if alike is None else (None, tuple(_makers(alike, name)))

    def _is_spoilt(self, ran: Ran) -> bool:
        """Return whether an execution itself read what it should not have: then it is no measure for an earlier one."""
        if ran.execution_id in self._judging:
            return False
        self._judging.add(ran.execution_id)
        try:
            return any(self._judge(ran, name, sources)[0] is not None for name, sources in self._outer_reads(ran))
        finally:
            self._judging.discard(ran.execution_id)

    def _in_file(self, maker: Ran) -> HiddenReason | None:
        if maker.cell in self._deleted:
            return HiddenReason.DELETED
        return HiddenReason.EDITED if maker.cell in self._edited else None

    def _misplaced(
        self, reader: Ran, name: str, sources: Sequence[Source]
    ) -> tuple[tuple[HiddenReason, Source] | None, list[Source]]:
        """Return what is wrong with the places of the cells that made a value, as far as they are known.

        Beside it, the statements that should have made the value; or, where nothing is wrong, those further up that
        make the same one.
        """
        here = self._positions.get(reader.cell)
        if here is None or not sources:
            return None, []
        places = [self._positions.get(self._cell_of(source)) for source in sources]
        below = [source for source, place in zip(sources, places, strict=True) if place is not None and place > here]
        above = self._writer_above(reader, name, here)
        instead = _makers(above, name) if above is not None else []
        if above is not None and above.cell not in self._edited:
            version = self.version(sources[-1].execution_id, name)
            if self.version(above.execution_id, name) == version:
                return None, instead
        if below:
            return (HiddenReason.ORDER, below[-1]), instead
        if above is None or None in places or max(place or 0 for place in places) >= self._positions[above.cell]:
            return None, []
        return (HiddenReason.SKIPPED, sources[-1]), instead

    def _unrun_between(self, reader: Ran, name: str, sources: Sequence[Source]) -> str | None:
        """Return the cell nearest above a reader that would change what it read, but has not run in the session.

        Only where the cells that made the value stand above that cell: then it is surely missed.
        """
        here = self._positions.get(reader.cell)
        if here is None or not self._unrun or not sources:
            return None
        places = [self._positions.get(self._cell_of(source)) for source in sources]
        known = [place for place in places if place is not None]
        if len(known) < len(places):
            return None
        above = self._writer_above(reader, name, here)
        top = max(*known, self._positions[above.cell] if above is not None else -1)
        between = [cell for cell, unrun in self._unrun.items() if top < unrun.place < here and name in unrun.source]
        return next((cell for cell in reversed(between) if self._would_change(cell, reader, name)), None)

    def _would_change(self, cell: str, reader: Ran, name: str) -> bool:
        source = self._unrun[cell].source
        return name in self._code.expected(source).writes and not self._code.is_apart(reader.source, source, name)

    def _writer_above(self, reader: Ran, name: str, position: int) -> Ran | None:
        """Return the latest execution of the nearest cell above that writes a name, or would after its edit."""
        cells = set(self._writers.get(name, ()))
        for cell, expected in self._edited.items():
            (cells.add if name in expected.writes else cells.discard)(cell)
        above = {place: cell for cell in cells if (place := self._positions.get(cell, position)) < position}
        for place in sorted(above, reverse=True):
            ran = self._latest[above[place]]
            if not (name in ran.writes and self._code.is_apart(reader.source, ran.source, name)):
                return ran
        return None

    @staticmethod
    def _finding(reader: Ran, name: str, reason: HiddenReason, source: Source, instead: Sequence[Source]) -> Finding:
        read = HiddenRead(name=name, source=source, reason=reason)
        return Finding(reader_id=reader.execution_id, read=read, instead=instead[-1].execution_id if instead else None)

    @staticmethod
    def _unrun_finding(reader: Ran, name: str, source: Source, unrun: Unrun) -> Finding:
        read = HiddenRead(name=name, source=source, reason=HiddenReason.SKIPPED)
        return Finding(reader_id=reader.execution_id, read=read, unrun=unrun.source)

    # What to run again

    def stale_cells(self) -> list[StaleCell]:
        """Return the cells to run again, in the order in which to run them."""
        findings = {
            cell: tuple(self.hidden_in(ran.execution_id))
            for cell, ran in self._latest.items()
            if cell not in self._deleted
        }
        missed = {finding.unrun for found in findings.values() for finding in found}
        unrun = [cell for cell, each in self._unrun.items() if each.source in missed]
        plan = {cell for cell, found in findings.items() if found or cell in self._edited} | set(unrun)
        ranks = self._ranks([*findings, *unrun])
        lacking = self._complete(plan, ranks)
        return [
            self._stale_cell(cell, findings.get(cell, ()), lacking.get(cell, ()))
            for cell in sorted(plan, key=ranks.__getitem__)
        ]

    def _stale_cell(self, cell: str, findings: tuple[Finding, ...], lacking: Iterable[str]) -> StaleCell:
        latest, unrun = self._latest.get(cell), self._unrun.get(cell)
        return StaleCell(
            cell=cell,
            execution_id=latest.execution_id if latest is not None else "",
            findings=findings,
            is_edited=cell in self._edited,
            lacking=tuple(sorted(lacking)),
            unrun=unrun.source if unrun is not None else None,
        )

    def _ranks(self, cells: Iterable[str]) -> dict[str, int]:
        """Return the order of cells: the notebook's; what is not in its file stands behind what ran before it first."""
        places: dict[str, tuple[int, int]] = {}
        place = (-1, 0)
        for cell in cells:
            known = self._unrun[cell].place if cell in self._unrun else self._positions.get(cell)
            place = (known, 0) if known is not None else (place[0], place[1] + 1)
            places[cell] = place
        return {cell: rank for rank, cell in enumerate(sorted(places, key=places.__getitem__))}

    def _complete(self, plan: set[str], ranks: Mapping[str, int]) -> dict[str, set[str]]:
        """Add to a plan the cells that make its inputs again, as they have to be; return what no cell makes."""
        lacking: dict[str, set[str]] = {}
        is_complete = False
        while not is_complete:
            is_complete = True
            lacking.clear()
            writers = {name: self._ran[execution_id].cell for name, execution_id in self._last.items()}
            for cell in sorted(plan, key=ranks.__getitem__):
                for name in self._needs(cell):
                    wanted = self._nearest_above(name, cell, ranks)
                    if wanted is None and name in writers:
                        lacking.setdefault(cell, set()).add(name)
                    elif wanted is not None and writers.get(name) != wanted and wanted not in plan:
                        plan.add(wanted)
                        is_complete = False
                writers.update(dict.fromkeys(self._gives(cell), cell))
        return lacking

    def _needs(self, cell: str) -> Iterable[str]:
        expected = self._expected(cell)
        if expected is not None:
            return sorted(expected.reads & self._last.keys())
        return (name for name, _ in self._outer_reads(self._latest[cell]))

    def _gives(self, cell: str) -> Iterable[str]:
        expected = self._expected(cell)
        return expected.writes if expected is not None else self._latest[cell].writes

    def _expected(self, cell: str) -> Expected | None:
        """Return what a cell will do that has another code than it ran with, or none that ran."""
        unrun = self._unrun.get(cell)
        return self._code.expected(unrun.source) if unrun is not None else self._edited.get(cell)

    def _nearest_above(self, name: str, cell: str, ranks: Mapping[str, int]) -> str | None:
        above = [each for each in ranks if ranks[each] < ranks[cell] and name in self._gives(each)]
        return max(above, key=ranks.__getitem__, default=None)

    # Parts

    def _cell_of(self, source: Source) -> str:
        ran = self._ran.get(source.execution_id)
        return ran.cell if ran is not None else ""

    def _is_same_code(self, one: Ran, other: Ran) -> bool:
        return one.source == other.source or self._code.normal(one.source) == self._code.normal(other.source)

    def _outer_reads(self, ran: Ran) -> Iterator[tuple[str, tuple[Source, ...]]]:
        """Yield the names that an execution surely read from before it, with what had made them."""
        seen = set()
        for index, statement in enumerate(ran.statements):
            for name in statement.reads:
                sources = _outer(ran, index, name) if name not in seen else ()
                if sources:
                    seen.add(name)
                    yield name, sources

    def _inputs(self, ran: Ran, *, own: bool = True) -> set[tuple[str, Hashable]]:
        """Return the values that an execution read; without `own` not those that an earlier run of its cell made."""
        return {
            (name, self.version(sources[-1].execution_id, name))
            for name, sources in self._outer_reads(ran)
            if own or name not in ran.writes
        }


def _outer(ran: Ran, index: int, name: str) -> tuple[Source, ...]:
    """Return what made a value before the execution, if a statement surely reads that; in the order of time.

    It is not sure where an earlier statement of the cell may have bound the name to something else.
    """
    sources = ran.statements[index].reads[name]
    outer = tuple(source for source in sources if source.execution_id != ran.execution_id)
    for source in sources if len(outer) < len(sources) else ():
        is_own = source.execution_id == ran.execution_id
        if is_own and source.statement < index and name not in ran.statements[source.statement].reads:
            return ()
    return outer


def _binds_anew(ran: Ran, name: str) -> bool:
    """Return whether an execution bound a name without a look at what it was before."""
    writing = [statement for statement in ran.statements if name in statement.writes]
    return bool(writing) and not any(name in statement.reads for statement in writing)


def _makers(ran: Ran, name: str) -> list[Source]:
    """Return the statements of an execution that may have made what it left in a name."""
    numbers = [number for number, statement in enumerate(ran.statements) if name in statement.writes]
    return [Source(execution_id=ran.execution_id, statement=number) for number in numbers or range(len(ran.statements))]
