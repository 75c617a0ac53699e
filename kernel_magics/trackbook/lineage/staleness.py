"""Which values of a session are not what the notebook, run from its top, would give.

A session is a list of executions; a notebook is a list of cells. They disagree where a value was read that a later run
of its cell made otherwise, that its cell makes no longer, or that comes from a cell further down. Each read of a
statement is judged by itself, so that a cell with one stale line does not spoil what its other lines give. What is not
known (the order of cells that were never saved, names that nobody saw being made) is not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.records import HiddenRead, HiddenReason, Source, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An execution that has ended, as it is judged here.

    `cell` is what its cell is known by. `versions` say what the values that it left are known by, for the names whose
    values can be told: equal for equal values. `anew` are names that it made anew, whatever they were before (a model
    that was fitted again). `is_repeatable` says that the same code on the same values gives the same.
    """

    execution_id: str
    cell: str
    source: str
    statements: Sequence[Statement]
    writes: frozenset[str]
    versions: Mapping[str, Hashable] = field(default_factory=dict)
    anew: frozenset[str] = frozenset()
    is_repeatable: bool = True
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What the notebook's file tells of the cells that ran; a cell that it does not tell of is in none of these.

    `positions` count from the top. `edited` cells have another code there than they last ran with, `deleted` ones are
    gone from it.
    """

    positions: Mapping[str, int] = field(default_factory=dict)
    edited: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A hidden read, and the execution that read it. `instead` is the execution whose value it should have read."""

    reader_id: str
    read: HiddenRead
    instead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCell:
    """A cell to run again.

    `execution_id` is its latest execution. `findings` are why; none where it only has to make again what the cells
    below it read, or where it was edited. `lacking` are names that no cell above it makes: running it is no cure.
    """

    cell: str
    execution_id: str
    findings: tuple[Finding, ...] = ()
    is_edited: bool = False
    lacking: tuple[str, ...] = ()


class Code:
    """What has to be known of code: to be told by whoever can read it."""

    def normal(self, source: str) -> str:
        """Return a cell's code without what does not matter to what it does."""
        return source

    def overwrites(self, source: str, before: str, name: str) -> bool:
        """Return whether a cell's code puts into `name` what it puts there, whatever the code `before` left in it."""
        return False


class Staleness:
    """The executions of one session, in their order."""

    def __init__(self, code: Code | None = None) -> None:
        self._code = code or Code()
        self._ran: dict[str, Ran] = {}
        self._latest: dict[str, Ran] = {}
        self._order: dict[str, int] = {}
        self._versions: dict[tuple[str, str], Hashable] = {}
        self._overwritten: set[tuple[str, str]] = set()
        self._writers: dict[str, dict[str, None]] = {}
        self._last: dict[str, str] = {}
        self._positions: dict[str, int] = {}
        self._edited: set[str] = set()
        self._deleted: set[str] = set()
        self.is_calm = True
        """Whether nothing can be hidden yet: no cell ran twice or out of order, as far as that is known."""
        self._lowest = -1
        self._read: set[str] = set()

    # What happened

    def add(self, ran: Ran) -> None:
        """Take an execution that has ended."""
        before = self._latest.get(ran.cell)
        self._ran[ran.execution_id] = ran
        self._edited.discard(ran.cell)
        self._deleted.discard(ran.cell)
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
            self.is_calm &= place > self._lowest
            self._lowest = max(place, self._lowest)

    def _compare(self, ran: Ran, before: Ran) -> None:
        """A cell ran again: find out which of its values are what they were."""
        has_same_code = self._is_same_code(ran, before)
        repeats = has_same_code and ran.is_repeatable and self._inputs(ran) == self._inputs(before)
        for name in ran.writes & before.writes:
            if repeats and name not in ran.versions:
                self._versions[ran.execution_id, name] = self.version(before.execution_id, name)
        inputs, inputs_before = self._inputs(ran, own=False), self._inputs(before, own=False)
        for name, sources in self._outer_reads(ran):
            own = [source.execution_id for source in sources if self._cell_of(source) == ran.cell]
            if not own:
                continue
            is_same = has_same_code and inputs == inputs_before and self._left_alike(ran, own[-1], name)
            source_before = self._ran[own[-1]].source
            is_anew = name in ran.anew or self._code.overwrites(ran.source, source_before, name)
            if is_anew or is_same:
                self._overwritten.update((execution_id, name) for execution_id in own)

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
        self._versions.setdefault((execution_id, name), version)

    def version(self, execution_id: str, name: str) -> Hashable:
        """Return what the value of a name after an execution is known by; nothing equals one that is not known."""
        return self._versions.get((execution_id, name), (execution_id, name))

    def has_version(self, execution_id: str, name: str) -> bool:
        """Return whether the value of a name after an execution can be told from others."""
        return (execution_id, name) in self._versions

    def look_at(self, saved: Saved) -> None:
        """Take what the notebook's file tells."""
        self._positions, self._lowest = dict(saved.positions), -1
        self._edited, self._deleted = set(saved.edited), set(saved.deleted)
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

    def reached(self, start: Iterable[Source]) -> set[str]:
        """Return the executions that some statements, and what flowed into them, are of."""
        pending = list(dict.fromkeys(start))
        seen = set(pending)
        for source in pending:  # it grows
            ran = self._ran.get(source.execution_id)
            reads = ran.statements[source.statement].reads if ran and source.statement < len(ran.statements) else {}
            following = {each for sources in reads.values() for each in sources} - seen
            pending += following
            seen |= following
        return {source.execution_id for source in seen}

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
        out_of_order = self._out_of_order(reader, name, sources)
        if isinstance(out_of_order, Finding):
            return out_of_order, ()
        following: list[Source] = []
        for source in out_of_order or self._newest_of_each_cell(sources):
            reason, makers = self._changed(reader, name, source)
            if reason is not None:
                read = HiddenRead(name=name, source=source, reason=reason)
                latest = self._latest[self._cell_of(source)].execution_id
                instead = latest if latest != source.execution_id else None
                return Finding(reader_id=reader.execution_id, read=read, instead=instead), ()
            following += makers
        return None, tuple(following)

    def _changed(self, reader: Ran, name: str, source: Source) -> tuple[HiddenReason | None, tuple[Source, ...]]:
        """Return why a value is no longer what its cell makes; else the statements that make it now."""
        maker = self._ran.get(source.execution_id)
        if maker is None or (maker.execution_id, name) in self._overwritten:
            return None, ()
        latest = self._latest[maker.cell]
        if latest is maker:
            return self._in_file(maker), (source,)
        if reader.cell == maker.cell and name in reader.writes and reader is not maker:
            return HiddenReason.RERUN, ()
        if name not in latest.writes:
            is_as_it_was = self._is_same_code(latest, maker)
            return (None if is_as_it_was else HiddenReason.EDITED), (source,)
        if self.version(latest.execution_id, name) != self.version(maker.execution_id, name):
            return HiddenReason.RERUN, ()
        return self._in_file(latest), tuple(_makers(latest, name))

    def _in_file(self, maker: Ran) -> HiddenReason | None:
        if maker.cell in self._deleted:
            return HiddenReason.DELETED
        return HiddenReason.EDITED if maker.cell in self._edited else None

    def _out_of_order(self, reader: Ran, name: str, sources: Sequence[Source]) -> Finding | list[Source]:
        """Return what is wrong with the places of the cells that made a value, as far as they are known.

        An empty list says that nothing is; statements, that they make the same value further up.
        """
        here = self._positions.get(reader.cell)
        if here is None:
            return []
        places = {source: self._positions.get(self._cell_of(source)) for source in sources}
        below = [source for source, place in places.items() if place is not None and place > here]
        above = self._writer_above(name, here)
        if above is not None:
            last = max(sources, key=lambda source: self._order.get(source.execution_id, -1))
            if self.version(above.execution_id, name) == self.version(last.execution_id, name):
                return _makers(above, name) if below else []
        if below:
            read = HiddenRead(name=name, source=below[-1], reason=HiddenReason.ORDER)
            return Finding(reader_id=reader.execution_id, read=read, instead=above.execution_id if above else None)
        if above is None or above.cell in {self._cell_of(source) for source in sources} or None in places.values():
            return []
        if any((place or 0) > self._positions[above.cell] for place in places.values()):
            return []
        read = HiddenRead(name=name, source=sources[-1], reason=HiddenReason.SKIPPED)
        return Finding(reader_id=reader.execution_id, read=read, instead=above.execution_id)

    def _writer_above(self, name: str, position: int) -> Ran | None:
        """Return the latest execution of the nearest cell above that writes a name."""
        found: tuple[int, Ran] | None = None
        for cell in self._writers.get(name, ()):
            place = self._positions.get(cell)
            if place is not None and place < position and (found is None or place > found[0]):
                found = place, self._latest[cell]
        return found[1] if found else None

    # What to run again

    def stale_cells(self) -> list[StaleCell]:
        """Return the cells to run again, in the order in which to run them; those that running does not cure, last."""
        findings = {
            cell: tuple(self.hidden_in(ran.execution_id))
            for cell, ran in self._latest.items()
            if cell not in self._deleted
        }
        plan = {cell for cell, found in findings.items() if found or cell in self._edited}
        ranks = self._ranks(findings)
        lacking = self._complete(plan, ranks)
        return [
            StaleCell(
                cell=cell,
                execution_id=self._latest[cell].execution_id,
                findings=findings[cell],
                is_edited=cell in self._edited,
                lacking=tuple(sorted(lacking.get(cell, ()))),
            )
            for cell in sorted(plan, key=lambda cell: (cell in lacking, ranks[cell]))
        ]

    def _ranks(self, cells: Iterable[str]) -> dict[str, int]:
        """Return the order of cells: the notebook's where all of it is known, else that in which they ran first."""
        cells = list(cells)
        positions = self._positions
        if all(cell in positions for cell in cells):
            return {cell: positions[cell] for cell in cells}
        return {cell: rank for rank, cell in enumerate(cells)}

    def _complete(self, plan: set[str], ranks: Mapping[str, int]) -> dict[str, set[str]]:
        """Add to a plan the cells that make its inputs again, as they have to be; return what no cell makes."""
        lacking: dict[str, set[str]] = {}
        is_complete = False
        while not is_complete:
            is_complete = True
            lacking.clear()
            writers = {name: self._ran[execution_id].cell for name, execution_id in self._last.items()}
            for cell in sorted(plan, key=ranks.__getitem__):
                for name, _ in self._outer_reads(self._latest[cell]):
                    wanted = self._nearest_above(name, cell, ranks)
                    if wanted is None and name in writers:
                        lacking.setdefault(cell, set()).add(name)
                    elif wanted is not None and writers.get(name) != wanted and wanted not in plan:
                        plan.add(wanted)
                        is_complete = False
                writers.update(dict.fromkeys(self._latest[cell].writes, cell))
        return lacking

    def _nearest_above(self, name: str, cell: str, ranks: Mapping[str, int]) -> str | None:
        above = [each for each in self._writers.get(name, ()) if each in ranks and ranks[each] < ranks[cell]]
        return max(above, key=ranks.__getitem__, default=None)

    # Parts

    def _cell_of(self, source: Source) -> str:
        ran = self._ran.get(source.execution_id)
        return ran.cell if ran is not None else ""

    def _is_same_code(self, one: Ran, other: Ran) -> bool:
        return one.source == other.source or self._code.normal(one.source) == self._code.normal(other.source)

    def _newest_of_each_cell(self, sources: Iterable[Source]) -> Iterable[Source]:
        """Of several runs of a cell that changed a value one after the other, the last has read what the others left.

        Statements of the same execution are all kept.
        """
        newest = {self._cell_of(source): source.execution_id for source in sources}
        return [source for source in sources if newest[self._cell_of(source)] == source.execution_id]

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


def _makers(ran: Ran, name: str) -> list[Source]:
    """Return the statements of an execution that may have made what it left in a name."""
    numbers = [number for number, statement in enumerate(ran.statements) if name in statement.writes]
    return [Source(execution_id=ran.execution_id, statement=number) for number in numbers or range(len(ran.statements))]
