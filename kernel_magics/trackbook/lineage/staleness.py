"""Which values of a session are not what the notebook, run from its top, would give.

A session is a list of executions; a notebook is a list of cells. They disagree where a value was read that a later run
of its cell made otherwise, that its cell makes no longer, or that comes from a cell further down. Each read of a
statement is judged by itself, so that a cell with one stale line does not spoil what its other lines give. What is not
known (the order of cells that were never saved, names that nobody saw being made) is not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import itemgetter

from trackbook.lineage.code import is_import
from trackbook.lineage.history import History, binds_anew, makers_of, outer_of
from trackbook.lineage.stale_facts import Code, Finding, Ran, Surroundings, Unrun
from trackbook.records import HiddenRead, HiddenReason, Source, is_file_key


class Staleness(History):
    """What is hidden in a session."""

    def __init__(self, code: Code | None = None) -> None:
        super().__init__(code)
        self.surroundings = Surroundings()
        self._judging: set[str] = set()
        self._behind: dict[Source, list[tuple[int, Finding]]] = {}
        self._behind_at = 0

    def hidden(self, start: Iterable[tuple[Source, Collection[str] | None]]) -> list[Finding]:
        """Return the hidden reads that flowed into some statements, nearest first.

        Beyond a hidden read nothing is followed: it is reason enough.

        Parameters
        ----------
        start
            Statements, each with the names that it reads that matter; None for all.
        """
        if self._is_all_calm():
            return []
        if self._behind_at != self.epoch or not self.surroundings.is_calm:
            self._behind, self._behind_at = {}, self.epoch
        found = [each for source, names in start for each in self._found_from(source, names)]
        return [finding for _, finding in _nearest(found)]

    def _found_from(self, start: Source, names: Collection[str] | None) -> list[tuple[int, Finding]]:
        """Return the hidden reads that flowed into a statement, each with its distance.

        It is remembered as long as nothing that happens can change it, so that a long chain is not walked again for
        each statement that comes at its end.
        """
        if names is None and start in self._behind:
            return self._behind[start]
        found: list[tuple[int, Finding]] = []
        pending = [(start, names, 0)]
        seen = {start}
        for source, wanted, distance in pending:  # it grows
            for finding, following in self._judged(source, wanted):
                if finding is not None:
                    found.append((distance, finding))
                for each in following:
                    if each not in seen and each in self._behind:
                        found += [(distance + 1 + further, known) for further, known in self._behind[each]]
                    elif each not in seen:
                        pending.append((each, None, distance + 1))
                    seen.add(each)
        if names is None:
            found = _nearest(found)
            self._behind[start] = found
        return found

    def _is_all_calm(self) -> bool:
        return self.is_calm and self.surroundings.is_calm

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
        if ran is None or self._is_all_calm():
            return []
        return self.hidden((Source(execution_id=execution_id, statement=i), None) for i in range(len(ran.statements)))

    def _judged(
        self, place: Source, names: Collection[str] | None
    ) -> Iterator[tuple[Finding | None, tuple[Source, ...]]]:
        """Yield for each read of a statement what is hidden of it, or which statements to go on with."""
        reader = self._ran.get(place.execution_id)
        if reader is None or place.statement >= len(reader.statements):
            return
        for label, reason in self.surroundings.changed(place) if names is None else ():
            yield self._finding(reader, label, reason, place, ()), ()
        for name, sources in reader.statements[place.statement].reads.items():
            if names is not None and name not in names:
                continue
            own = tuple(source for source in sources if source.execution_id == place.execution_id)
            yield None, self._likely(name, own)
            outer = self._likely(name, outer_of(reader, place.statement, name))
            if outer:
                yield self._judge(reader, name, outer)

    def _judge(self, reader: Ran, name: str, sources: Sequence[Source]) -> tuple[Finding | None, tuple[Source, ...]]:
        sources = self._telling(reader, name, sources)
        if is_file_key(name):
            sources = self._before(reader, sources)
        unrun = self._unrun_between(reader, name, sources)
        if unrun is not None:
            return self._unrun_finding(reader, name, sources[-1], self.unrun[unrun]), ()
        following: list[Source] = []
        misplaced, instead = self._misplaced(reader, name, sources)
        if misplaced is not None:
            return self._finding(reader, name, *misplaced, instead), ()
        for source in instead or sources:
            reason, makers = self._changed(reader, name, source)
            if reason is not None:
                return self._finding(reader, name, reason, source, self._since(source, name)), ()
            following += makers
        return None, self._likely(name, tuple(dict.fromkeys(following)))

    def _likely(self, name: str, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """Return the sources of a value without those that only handed it to a call, in the cell that made it."""
        executions = [source.execution_id for source in sources]
        if len(set(executions)) == len(executions):
            return sources
        alone = {each for each in executions if executions.count(each) == 1}
        texts = {source: self.text(source) or "" for source in sources if source.execution_id not in alone}
        imported = {source.execution_id for source, text in texts.items() if is_import(text)}
        passing = {
            source
            for source, text in texts.items()
            if self.code.only_hands_over(text, name) or (source.execution_id in imported and not is_import(text))
        }
        made = {source.execution_id for source in texts if source not in passing}
        return tuple(source for source in sources if source not in passing or source.execution_id not in made)

    def _before(self, reader: Ran, sources: Sequence[Source]) -> list[Source]:
        """Return what wrote a file, without what is gone or stands below its reader: the file is there without it."""
        here = self.positions.get(reader.cell)
        places = {cell: self.positions.get(cell) for cell in map(self._cell_of, sources) if cell not in self.deleted}
        above = {cell for cell, place in places.items() if place is None or here is None or place < here}
        return [source for source in sources if self._cell_of(source) in above]

    def _since(self, source: Source, name: str) -> list[Source]:
        """Return the statements of the latest run of a source's cell, if that is a later one."""
        latest = self._latest[self._cell_of(source)]
        return makers_of(latest, name) if latest.execution_id != source.execution_id else []

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
            if maker is not None and kept[index - 1].execution_id != maker.execution_id and binds_anew(maker, name):
                kept = kept[index:]
                break
        apart = [source for source in kept[1:] if self._is_apart(reader, source, name)]
        return [source for source in kept if source not in apart]

    def _is_apart(self, reader: Ran, source: Source, name: str) -> bool:
        maker = self._ran.get(source.execution_id)
        if maker is None or maker.cell == reader.cell:
            return False
        return self.code.is_apart(reader.source, maker.source, name)

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
        if name not in latest.writes and is_file_key(name):
            return None, ()
        if name not in latest.writes:
            is_as_it_was = self._is_same_code(latest, maker)
            return (self._in_file(maker) if is_as_it_was else HiddenReason.EDITED), (source,)
        if self.version(latest.execution_id, name) != self.version(maker.execution_id, name):
            is_right = self._is_same_code(latest, maker) and self._is_spoilt(latest)
            return (self._in_file(maker) if is_right else HiddenReason.RERUN), (source,)
        return self._in_file(latest), tuple(makers_of(latest, name))

    def _again(self, reader: Ran, name: str) -> tuple[HiddenReason | None, tuple[Source, ...]]:
        """Judge an execution that read what an earlier run of its own cell had made of a name, and made it again."""
        if (reader.execution_id, name) in self._anew:
            return None, ()
        alike = self._ran.get(self._alike.get((reader.execution_id, name), ""))
        return (HiddenReason.RERUN, ()) if alike is None else (None, tuple(makers_of(alike, name)))

    def _is_spoilt(self, ran: Ran) -> bool:
        """Return whether an execution itself read what it should not have: then it is no measure for an earlier one."""
        if ran.execution_id in self._judging:
            return False
        self._judging.add(ran.execution_id)
        try:
            return any(self._judge(ran, name, sources)[0] is not None for name, sources in self.outer_reads(ran))
        finally:
            self._judging.discard(ran.execution_id)

    def _in_file(self, maker: Ran) -> HiddenReason | None:
        if maker.cell in self.deleted:
            return HiddenReason.DELETED
        return HiddenReason.EDITED if maker.cell in self.edited else None

    def _misplaced(
        self, reader: Ran, name: str, sources: Sequence[Source]
    ) -> tuple[tuple[HiddenReason, Source] | None, list[Source]]:
        """Return what is wrong with the places of the cells that made a value, as far as they are known.

        Beside it, the statements that should have made the value; or, where nothing is wrong, those further up that
        make the same one.
        """
        here = self.positions.get(reader.cell)
        if here is None or not sources:
            return None, []
        places = [self.positions.get(self._cell_of(source)) for source in sources]
        below = [source for source, place in zip(sources, places, strict=True) if place is not None and place > here]
        above = self._writer_above(reader, name, here)
        instead = makers_of(above, name) if above is not None else []
        if above is not None and above.cell not in self.edited:
            version = self.version(sources[-1].execution_id, name)
            if self.version(above.execution_id, name) == version:
                return None, instead
        if below:
            return (HiddenReason.ORDER, below[-1]), instead
        if above is None or None in places or max(place or 0 for place in places) >= self.positions[above.cell]:
            return None, []
        return (HiddenReason.SKIPPED, sources[-1]), instead

    def _unrun_between(self, reader: Ran, name: str, sources: Sequence[Source]) -> str | None:
        """Return the cell nearest above a reader that would change what it read, but has not run in the session.

        Only where the cells that made the value stand above that cell: then it is surely missed.
        """
        here = self.positions.get(reader.cell)
        if here is None or not self.unrun or not sources:
            return None
        places = [self.positions.get(self._cell_of(source)) for source in sources]
        known = [place for place in places if place is not None]
        if len(known) < len(places):
            return None
        above = self._writer_above(reader, name, here)
        top = max(*known, self.positions[above.cell] if above is not None else -1)
        between = [cell for cell, unrun in self.unrun.items() if top < unrun.place < here and name in unrun.source]
        return next((cell for cell in reversed(between) if self._would_change(cell, reader, name)), None)

    def _would_change(self, cell: str, reader: Ran, name: str) -> bool:
        source = self.unrun[cell].source
        return name in self.code.expected(source).writes and not self.code.is_apart(reader.source, source, name)

    def _writer_above(self, reader: Ran, name: str, position: int) -> Ran | None:
        """Return the latest execution of the nearest cell above that writes a name, or would after its edit."""
        cells = set(self._writers.get(name, ()))
        for cell, expected in self.edited.items():
            (cells.add if name in expected.writes else cells.discard)(cell)
        above = {place: cell for cell in cells if (place := self.positions.get(cell, position)) < position}
        for place in sorted(above, reverse=True):
            ran = self._latest[above[place]]
            if not (name in ran.writes and self.code.is_apart(reader.source, ran.source, name)):
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


def _nearest(found: Iterable[tuple[int, Finding]]) -> list[tuple[int, Finding]]:
    """Return hidden reads by their distance, each once."""
    unique: dict[HiddenRead, tuple[int, Finding]] = {}
    for distance, finding in sorted(found, key=itemgetter(0)):
        unique.setdefault(finding.read, (distance, finding))
    return list(unique.values())
