"""What a cell read and wrote: the names that it can reach, those that share objects with them, and which changed.

The namespace is IPython's own dictionary; it is looked at before and after a cell and never replaced, wrapped or kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType

from trackbook.capture.aliases import Sharing
from trackbook.capture.code import Code
from trackbook.capture.exposure import Binding, Exposure, exposure
from trackbook.capture.recall import Identity, Recall, identity_of
from trackbook.capture.state import State
from trackbook.capture.symbols import Access

_ABSENT = object()
_OF_MODULES = frozenset(
    {"__annotations__", "__builtin__", "__builtins__", "__doc__", "__file__", "__loader__", "__name__", "__package__"}
    | {"__spec__"}
)
_NO_NAMES: frozenset[str] = frozenset()
_NO_ACCESS = Access()
_NO_EXPOSURE = Exposure()


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # never changed; frozen ones take twice the time to make
class Change:
    """What a cell did to the namespace; all names sorted.

    `reads` are the names whose value from before the cell it used, through called functions too. `writes` are the names
    that it bound, deleted or changed in place, also through an alias, a view or a function. `maybe` are names that it
    touched and whose value can't be compared. `state` are changed pseudo-variables such as ``numpy.random``.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


class _Cell:
    """What is noted of the cell that runs now."""

    def __init__(self, *, is_unread: bool) -> None:
        self.access = _NO_ACCESS
        self.exposure = _NO_EXPOSURE
        self.is_unread = is_unread  # the source did not parse
        self.is_opaque = False
        self.is_inert = False
        self.reached: set[str] = set()
        self.shared: set[str] = set()
        self.bound: set[str] = set()
        self.stored: set[str] = set()  # of those bound: by functions
        self.names: frozenset[str] = frozenset()  # all there were, where the cell may bind any
        self.identities: dict[str, Identity] = {}
        self.marks: dict[str, bytes | None] = {}
        self.later_marks: dict[str, bytes | None] = {}
        self.state: State | None = None


_NO_CELL = _Cell(is_unread=False)


class Namespace:
    """Watches a notebook's variables from cell to cell.

    `before` and `after` come in pairs around each cell. What they cost depends on the names that the cell can reach,
    not on how many there are. A change made between two cells, by a thread or a widget, counts as the next cell's that
    reaches the name.

    Parameters
    ----------
    variables
        The dictionary that the cells run in. It is never altered.
    hidden
        Gives the names that are not the person's (``In``, ``_``, ``get_ipython`` ...); they are never reported.
    """

    def __init__(self, variables: dict[str, object], *, hidden: Callable[[], Collection[str]] = frozenset) -> None:
        self._variables = variables
        self._hidden = hidden
        self._recall = Recall(variables)
        self._cell = _NO_CELL
        self._stored: set[str] = set()
        for name in self._visible():
            self._recall.look(name)

    def before(self, code: Code | None) -> None:
        """Note what the cell can reach; None is a source that did not parse, and that IPython may run all the same."""
        self._cell = cell = _Cell(is_unread=code is None)
        if code is None:
            self._reach_everything(cell)
        else:
            cell.access = self._reach_out(cell, code)
            cell.exposure = exposure(code, self._reads_through)
        cell.is_inert = self._is_inert(cell)
        if not cell.is_inert or (code is not None and code.has_imports):
            cell.state = State()
        variables = self._variables
        cell.identities = {
            name: identity_of(variables[name])
            for name in cell.reached | cell.bound | cell.exposure.reads
            if name in variables
        }
        if not (cell.is_inert or cell.is_unread):
            cell.shared = self._recall.sharing(cell.reached) - cell.reached
        for name in self._to_mark(cell):
            cell.marks[name] = self._recall.mark(name)
            cell.identities.setdefault(name, identity_of(variables[name]))

    def after(self, *, is_complete: bool = True, failed_line: int | None = None) -> Change:
        """Compare with what `before` noted.

        Parameters
        ----------
        is_complete
            False when the cell raised.
        failed_line
            The line of the cell at which it raised, counted from 1; statements below it did not run.
        """
        cell, self._cell = self._cell, _NO_CELL
        self._stored = cell.stored
        if cell.is_unread and not is_complete:
            return Change()
        ran = cell.exposure.bound if is_complete else _bound_above(cell.exposure.certain, failed_line)
        writes = {name for name in ran if name in cell.identities or name in self._variables}
        maybe = []
        for name in self._candidates(cell) - writes:
            verdict = self._has_changed(cell, name)
            if verdict:
                writes.add(name)
            elif verdict is None:
                maybe.append(name)
        self._learn_again(cell, writes)
        hidden = self._hidden()
        return Change(
            reads=_shown(cell.exposure.reads & cell.identities.keys(), hidden),
            writes=_shown(writes, hidden),
            maybe=_shown(maybe, hidden),
            state=State().changed_since(cell.state) if cell.state is not None else (),
        )

    @property
    def marks_before(self) -> Mapping[str, bytes | None]:
        """The change marks, from before the cell that runs, of the names that it might change."""
        return self._cell.marks

    def mark(self, name: str) -> bytes | None:
        """Return the change mark of a name's present value, None if it has none."""
        return self._recall.mark(name)

    def reached_from(self, name: str) -> frozenset[str]:
        """Return the names that code reached from the value of `name` may read in the namespace, through others too."""
        known = self._recall.look(name)
        if known is None or not known.reach.loads:
            return _NO_NAMES
        found: set[str] = set()
        waiting = [name]
        while waiting:
            known = self._recall.look(waiting.pop())
            if known is not None:
                new = {load for load in known.reach.loads if load in self._variables} - found
                found |= new
                waiting += new
        return frozenset(found - {name})

    def is_unchangeable(self, name: str) -> bool:
        """Return whether no call in the cell that ended can have changed a name's value: a number, a tuple of such.

        A function that binds the name itself can.
        """
        known = self._recall.look(name)
        if known is None or name in self._stored or isinstance(self._variables[name], type):
            return False
        reach = known.reach
        return reach.is_passive and not (reach.held or reach.beyond or reach.is_partial)

    def sharing(self, changed: Iterable[str], touched: Collection[str]) -> Sharing:
        """Return which of the names that changed share objects now with others of them that code changes in place."""
        reaches = {name: known.reach for name in changed if (known := self._recall.look(name)) and known.reach.held}
        shared: dict[str, list[str]] = {}
        held: dict[str, list[str]] = {}
        for name, other in itertools.product(reaches, reaches.keys() & touched):
            own = reaches[name].held
            if name != other and not own.isdisjoint(reaches[other].held):
                shared.setdefault(name, []).append(other)
                if id(self._variables[other]) in own:
                    held.setdefault(name, []).append(other)
        return Sharing(shared=shared, held=held)

    def forget(self) -> None:
        """Drop everything that is remembered of the objects."""
        self._recall.forget()
        self._cell = _NO_CELL

    # before

    def _reach_out(self, cell: _Cell, code: Code) -> Access:
        """Find the names that the cell can reach; bodies of functions that it defines count if they may run in it."""
        access = code.access
        mentioned = self._follow(cell, access)
        if code.defined is None or not code.defined.isdisjoint(mentioned):
            access = code.mentions
            self._follow(cell, access)
        if cell.is_opaque:
            self._reach_everything(cell)
        return access

    def _follow(self, cell: _Cell, access: Access) -> set[str]:
        """Add the names that the values' code reads and binds, until there are no more; return all that were met."""
        cell.is_opaque |= access.is_opaque
        cell.bound |= access.binds
        met: set[str] = set()
        waiting = [*access.reads, *access.touches]
        while waiting:
            name = waiting.pop()
            if name in met:
                continue
            met.add(name)
            known = self._recall.look(name)
            if known is not None:
                cell.reached.add(name)
                cell.bound |= known.reach.stores
                cell.stored |= known.reach.stores
                cell.is_opaque |= known.reach.is_opaque
                waiting += known.reach.loads
        return met

    def _reach_everything(self, cell: _Cell) -> None:
        cell.is_opaque = True
        cell.names = frozenset(self._visible())
        cell.reached |= {name for name in cell.names if self._recall.look(name) is not None}

    def _reads_through(self, name: str, is_used: bool) -> frozenset[str]:
        """A function that is only read does not run; the operators of an object do."""
        cls = type(self._variables.get(name))
        is_code = cls is FunctionType or cls is type
        return self.reached_from(name) if is_used or not is_code else frozenset()

    def _is_inert(self, cell: _Cell) -> bool:
        """Whether nothing that the cell does with the values could change one: no call, no target, no code run."""
        if cell.is_opaque or cell.access.touches or cell.access.calls:
            return False
        for name in cell.reached:  # a generator would take longer
            known = self._recall.look(name)
            if known is None or not known.reach.is_passive:
                return False
        return True

    def _to_mark(self, cell: _Cell) -> set[str]:
        """Names that are only bound, on every way through, are written anyway; those bound on some are compared."""
        if cell.is_unread:
            return {name for name in cell.reached if self._recall.is_marked(name)}
        names = cell.bound - cell.exposure.bound
        if not cell.is_inert:
            reachable = cell.reached | cell.shared
            names |= reachable if cell.is_opaque else {name for name in reachable if self._can_change(name)}
        return names & self._variables.keys()

    def _can_change(self, name: str) -> bool:
        """Numbers, text, libraries' functions and classes can't; only the name can be bound to something else."""
        known = self._recall.look(name)
        return known is not None and (bool(known.reach.held) or known.reach.is_partial)

    # after

    def _candidates(self, cell: _Cell) -> set[str]:
        names = cell.marks.keys() | cell.bound
        if cell.is_opaque:
            names |= cell.names | frozenset(self._visible())
        return names

    def _has_changed(self, cell: _Cell, name: str) -> bool | None:
        """Whether the name is bound to another object, or the object differs; None: it can't be known."""
        value = self._variables.get(name, _ABSENT)
        earlier = cell.identities.get(name)
        if value is _ABSENT or earlier is None:
            return (value is _ABSENT) != (earlier is None)
        if identity_of(value) != earlier:
            return True
        if name not in cell.marks:
            return None if cell.is_unread and self._can_change(name) else False
        mark = cell.later_marks[name] = self._recall.mark_again(name)
        before = cell.marks[name]
        if mark is None or before is None:
            return None
        return mark != before

    def _learn_again(self, cell: _Cell, writes: set[str]) -> None:
        for name in writes if cell.is_inert else writes | cell.reached | cell.shared:
            is_marked = name in cell.later_marks
            self._recall.learn_again(name, mark=cell.later_marks.get(name), is_marked=is_marked)

    def _visible(self) -> list[str]:
        hidden = self._hidden()
        return [name for name in list(self._variables) if _is_shown(name, hidden)]


def _shown(names: Collection[str], hidden: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names).difference(hidden, _OF_MODULES))) if names else ()


def _is_shown(name: str, hidden: Collection[str]) -> bool:
    return name not in hidden and name not in _OF_MODULES


def _bound_above(certain: Iterable[Binding], failed_line: int | None) -> frozenset[str]:
    """Return the names that were bound for sure before an error left the cell at a line."""
    return frozenset([each.name for each in certain if failed_line is not None and each.end_line < failed_line])
