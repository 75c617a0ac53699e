"""What staleness is judged by, and what it finds: executions, saved cells, hidden reads, cells to run again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.records import HiddenRead, HiddenReason, Source, Statement


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: one is made in the hook of each cell
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

    `positions` count from the top. `edited` cells have another code there than they last ran with; what that one would
    read and write comes with them. `deleted` ones are gone from it. `unrun` are its cells that have not run in the
    session, by what they would be known by, from the top.
    """

    positions: Mapping[str, int] = field(default_factory=dict)
    edited: Mapping[str, Expected] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    unrun: Mapping[str, Unrun] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrun:
    """A cell of the notebook's file that has not run in the session."""

    place: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The names that code would read and write, if it ran."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A hidden read, and the execution that read it. `instead` is the execution whose value it should have read.

    `unrun` is the code of the cell that should have made the value, where that has not run in the session.
    """

    reader_id: str
    read: HiddenRead
    instead: str | None = None
    unrun: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCell:
    """A cell to run again.

    `execution_id` is its latest execution. `findings` are why; none where it only has to make again what the cells
    below it read, or where it was edited. `lacking` are names that no cell above it makes: running it is no cure.
    A cell that has not run in the session has no execution, but an `unrun` code.
    """

    cell: str
    execution_id: str
    findings: tuple[Finding, ...] = ()
    is_edited: bool = False
    lacking: tuple[str, ...] = ()
    unrun: str | None = None


class Surroundings:
    """What came into statements from outside the notebook, and what has become of it: told by whoever can look."""

    @property
    def is_calm(self) -> bool:
        """Whether nothing that any statement took in is another one now."""
        return True

    def changed(self, source: Source) -> Sequence[tuple[str, HiddenReason]]:
        """Return what a statement took in that is another one now, each with how it came to be so."""
        return ()


class Code:
    """What has to be known of code: to be told by whoever can read it."""

    def normal(self, source: str) -> str:
        """Return a cell's code without what does not matter to what it does."""
        return source

    def expected(self, source: str) -> Expected:
        """Return the names that a cell's code would surely read and write."""
        return Expected()

    def overwrites(self, source: str, before: str, name: str) -> bool:
        """Return whether a cell's code puts into `name` what it puts there, whatever the code `before` left in it."""
        return False

    def is_apart(self, reader: str, maker: str, name: str) -> bool:
        """Return whether the code of `reader` looks at no part of `name` that the code of `maker` puts into it."""
        return False

    def only_hands_over(self, text: str, name: str) -> bool:
        """Return whether a statement makes something else of `name`, and most likely leaves it as it is."""
        return False
