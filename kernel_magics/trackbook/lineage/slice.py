"""Which parts of a session make a run: what they read is followed back to what may have made it, until nothing is left.

A part is a top-level statement of one execution, or a whole cell where that can't be taken apart. Beside the names of
the notebook a part may read and change things that have no name in it (a global random generator, a file, the settings
of libraries); they stand among the names under keys that no name can be (`hidden_key`). So one rule does for all: who
reads something needs everybody who may have made it what it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.records import Source

_HIDDEN = "~"


def hidden_key(what: str) -> str:
    """Return what something that is no name of the notebook is called among the names."""
    return _HIDDEN + what


def is_hidden_key(name: str) -> bool:
    """Return whether something that is read or changed is no name of the notebook."""
    return name.startswith(_HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A top-level statement as it ran, or a whole cell.

    `number` is its place among all parts of the session, `sources` the statements of the record that it is made of,
    `makers` what the record says of the names that it read. `binds` are the names that it may bind, `kills` those that
    it surely makes anew, `changes` those whose value it may change in place, `looks` those that it hands to calls that
    are known to leave them alone. `reads_all`: it runs code that nobody sees (``exec``, ``eval``).
    """

    number: int
    execution_id: str
    sources: frozenset[Source] = frozenset()
    makers: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    kills: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    looks: frozenset[str] = frozenset()
    reads_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """The parts that make something, by their numbers in the order in which they ran.

    `unknown` are the names that a part reads and nobody is on record to have made, with the first part that does.
    """

    numbers: tuple[int, ...]
    unknown: Mapping[str, int] = field(default_factory=dict)


def needed_parts(parts: Sequence[Part], roots: Iterable[Source], known: Collection[str] = ()) -> Needed:
    """Return the parts without which some statements would not do what they did.

    Parameters
    ----------
    parts
        All of the session, in the order in which they ran.
    roots
        The statements that made what is wanted.
    known
        Names that are there without anybody making them: those of Python itself.
    """
    return _Search(parts, known).run(roots)


class _Search:
    def __init__(self, parts: Sequence[Part], known: Collection[str]) -> None:
        self._parts = parts
        self._known = known
        self._of_source = {source: part.number for part in parts for source in part.sources}
        self._writers: dict[str, list[int]] = {}
        for part in parts:
            for name in part.binds | part.kills | part.changes:
                self._writers.setdefault(name, []).append(part.number)
        self._found: set[int] = set()
        self._unknown: dict[str, int] = {}

    def run(self, roots: Iterable[Source]) -> Needed:
        pending = [self._of_source[root] for root in roots if root in self._of_source]
        while pending:
            number = pending.pop()
            if number not in self._found:
                self._found.add(number)
                pending += self._upstream(self._parts[number])
        return Needed(
            numbers=tuple(sorted(self._found)),
            unknown=dict(sorted(self._unknown.items(), key=lambda item: (item[1], item[0]))),
        )

    def _upstream(self, part: Part) -> set[int]:
        if part.reads_all:
            return {*range(part.number)}
        found: set[int] = set()
        for name in part.reads:
            makers = self._makers(part, name)
            if not makers and not is_hidden_key(name) and name not in self._known and name not in part.binds:
                self._unknown[name] = min(part.number, self._unknown.get(name, part.number))
            found |= makers
        return found

    def _makers(self, part: Part, name: str) -> set[int]:
        """Return the parts that may have made a name: those on record, and those whose code says so."""
        recorded = (self._of_source.get(source) for source in part.makers.get(name, ()))
        found = {each for each in recorded if each is not None and self._may_have_made(each, name, part)}
        writers = self._writers.get(name, [])
        for number in reversed(writers[: bisect_left(writers, part.number)]):
            found.add(number)
            if name in self._parts[number].kills:
                break
        return found

    def _may_have_made(self, number: int, name: str, reader: Part) -> bool:
        return number < reader.number and name not in self._parts[number].looks
