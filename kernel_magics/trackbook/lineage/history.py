"""What happened in a session: which execution made which value, and which of them are equal to others.

A value is known by its version: what the same code made of the same values has the same one, and so have plain values
that are equal. Nothing is judged here; see `staleness`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from trackbook.lineage.segments import statement_text
from trackbook.lineage.stale_facts import Code, Expected, Ran, Saved, Unrun
from trackbook.records import Source


class History:
    """The executions of one session, in their order, and what the notebook's file tells of their cells."""

    def __init__(self, code: Code | None = None) -> None:
        self.code = code or Code()
        self._ran: dict[str, Ran] = {}
        self._latest: dict[str, Ran] = {}
        self._tokens: dict[tuple[str, str], tuple[str, str]] = {}
        self._versions: dict[tuple[str, str], Hashable] = {}
        self._anew: set[tuple[str, str]] = set()
        self._alike: dict[tuple[str, str], str] = {}
        self._writers: dict[str, dict[str, None]] = {}
        self._last: dict[str, str] = {}
        self.positions: dict[str, int] = {}
        self.edited: dict[str, Expected] = {}
        self.deleted: set[str] = set()
        self.unrun: dict[str, Unrun] = {}
        self.is_calm = True
        """Whether nothing can be hidden yet: no cell ran twice or out of order, as far as that is known."""
        self.epoch = 0
        """Counts what may have changed how earlier executions are judged: a new cell at the end does not."""
        self._lowest = -1
        self._read: set[str] = set()

    # What happened

    def add(self, ran: Ran) -> None:
        """Take an execution that has ended."""
        before = self._latest.get(ran.cell)
        is_new_at_end = before is None and (ran.place is None or ran.place > self._lowest)
        self.epoch += not (is_new_at_end and ran.cell not in self.unrun)
        self._ran[ran.execution_id] = ran
        self.edited.pop(ran.cell, None)
        self.deleted.discard(ran.cell)
        self.unrun.pop(ran.cell, None)
        if ran.place is not None:
            self.positions[ran.cell] = ran.place
        for name, version in ran.versions.items():
            self._versions[ran.execution_id, name] = version
        if before is not None:
            self.is_calm = False
            self._compare(ran, before)
            for name in before.writes - ran.writes:
                self._writers.get(name, {}).pop(ran.cell, None)
        self._latest[ran.cell] = ran
        self._pass(ran.cell)
        for name, _ in self.outer_reads(ran):
            self._read.add(name)
        for name in ran.writes:
            self._writers.setdefault(name, {})[ran.cell] = None
            self._last[name] = ran.execution_id

    def _pass(self, cell: str) -> None:
        """Note how far down the notebook has been run."""
        place = self.positions.get(cell)
        if place is not None:
            first = next(iter(self.unrun.values()), None)
            self.is_calm &= place > self._lowest and (first is None or first.place > place)
            self._lowest = max(place, self._lowest)

    def _compare(self, ran: Ran, before: Ran) -> None:
        """A cell ran again: find out which of its values are what they were."""
        unknown = [name for name in ran.writes if name in before.writes and name not in ran.versions]
        repeats = unknown and ran.is_repeatable and self._is_same_code(ran, before)
        if repeats and self._inputs(ran) == self._inputs(before):
            for name in unknown:
                self._tokens[ran.execution_id, name] = self._token(before.execution_id, name)
        for name, sources in self.outer_reads(ran):
            own = [source.execution_id for source in sources if self._cell_of(source) == ran.cell]
            if own:
                self._compare_own(ran, before, name, own[-1])

    def _compare_own(self, ran: Ran, before: Ran, name: str, maker: str) -> None:
        """A cell read what an earlier run of it had made: find out whether that made a difference."""
        if name in ran.anew or self.code.overwrites(ran.source, self._ran[maker].source, name):
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

    def tell_write(self, sources: Sequence[Source], name: str, version: Hashable) -> None:
        """Say that statements of an execution which has ended wrote a file, which is known only when it is read."""
        ran = self._ran.get(sources[0].execution_id)
        if ran is None or self._last.get(name) == ran.execution_id:
            return
        self.epoch += 1
        numbers = {source.statement for source in sources}
        ran.writes |= {name}
        ran.statements = [
            replace(statement, writes=(*statement.writes, name)) if number in numbers else statement
            for number, statement in enumerate(ran.statements)
        ]
        self._versions[ran.execution_id, name] = version
        self._writers.setdefault(name, {})[ran.cell] = None
        self._last[name] = ran.execution_id

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

    def last_cells(self) -> Mapping[str, str]:
        """Return which cell wrote each name last."""
        return {name: self._ran[execution_id].cell for name, execution_id in self._last.items()}

    def text(self, source: Source) -> str | None:
        """Return the code of a statement, None if it is not known."""
        ran = self._ran.get(source.execution_id)
        if ran is None or source.statement >= len(ran.statements):
            return None
        return statement_text(ran, ran.statements[source.statement])

    def is_written_from_here_on(self, reader: Source, name: str) -> bool:
        """Return whether a cell of the notebook that does not stand above a statement wrote a file last."""
        writer, ran = self._ran.get(self._last.get(name, "")), self._ran.get(reader.execution_id)
        if writer is None or ran is None:
            return False
        here, there = self.positions.get(ran.cell), self.positions.get(writer.cell)
        return writer.cell == ran.cell or here is None or there is None or there >= here

    def tell_version(self, execution_id: str, name: str, version: Hashable) -> None:
        """Say what the value is known by that an execution left in a name, where that was not known yet."""
        token = self._token(execution_id, name)
        if token not in self._versions:
            self._versions[token] = version
            ran = self._ran.get(execution_id)
            self.epoch += ran is None or self._latest[ran.cell] is not ran or ran.cell in self.positions

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
        self.epoch += 1
        self.positions, self._lowest = dict(saved.positions), -1
        self.edited, self.deleted = dict(saved.edited), set(saved.deleted)
        self.unrun = dict(saved.unrun)
        self.is_calm &= not (saved.edited or saved.deleted)
        for cell in self._latest:
            self._pass(cell)

    # Parts

    def _cell_of(self, source: Source) -> str:
        ran = self._ran.get(source.execution_id)
        return ran.cell if ran is not None else ""

    def _is_same_code(self, one: Ran, other: Ran) -> bool:
        return one.source == other.source or self.code.normal(one.source) == self.code.normal(other.source)

    def outer_reads(self, ran: Ran) -> Iterator[tuple[str, tuple[Source, ...]]]:
        """Yield the names that an execution surely read from before it, with what had made them."""
        seen = set()
        for index, statement in enumerate(ran.statements):
            for name in statement.reads:
                sources = outer_of(ran, index, name) if name not in seen else ()
                if sources:
                    seen.add(name)
                    yield name, sources

    def _inputs(self, ran: Ran, *, own: bool = True) -> set[tuple[str, Hashable]]:
        """Return the values that an execution read; without `own` not those that an earlier run of its cell made."""
        return {
            (name, self.version(sources[-1].execution_id, name))
            for name, sources in self.outer_reads(ran)
            if own or name not in ran.writes
        }


def outer_of(ran: Ran, index: int, name: str) -> tuple[Source, ...]:
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


def binds_anew(ran: Ran, name: str) -> bool:
    """Return whether an execution bound a name without a look at what it was before."""
    writing = [statement for statement in ran.statements if name in statement.writes]
    return bool(writing) and not any(name in statement.reads for statement in writing)


def makers_of(ran: Ran, name: str) -> list[Source]:
    """Return the statements of an execution that may have made what it left in a name."""
    numbers = [number for number, statement in enumerate(ran.statements) if name in statement.writes]
    return [Source(execution_id=ran.execution_id, statement=number) for number in numbers or range(len(ran.statements))]
