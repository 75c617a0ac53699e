"""What is remembered of the objects in the namespace from cell to cell: ids, weak references and marks, no object."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trackbook.capture.marks import change_mark
from trackbook.capture.sharing import Reach, is_leaf, reach

Identity = tuple[int, int]
_ABSENT = object()


@dataclass(slots=True, eq=False)
class Known:
    """What is remembered of the object that a name is bound to."""

    identity: Identity
    reference: weakref.ref[object] | None
    reach: Reach
    mark: bytes | None = None
    is_marked: bool = False


class Recall:
    """Remembers, by name, what an object reaches and its last mark, for as long as the name stays bound to it.

    Marks stay good between cells because whoever could change an object is a cell that reaches it, which marks it anew.
    """

    def __init__(self, variables: Mapping[str, object]) -> None:
        self._variables = variables
        self._known: dict[str, Known] = {}
        self._holders: dict[int, tuple[str, ...]] = {}
        self._partial: set[str] = set()

    def look(self, name: str) -> Known | None:
        """Return what is known of the value that `name` has now, followed and indexed if it is new; None if unbound."""
        known = self._known.get(name)
        if known is not None and self._is_valid(name, known):
            return known
        self.drop(name)
        value = self._variables.get(name, _ABSENT)
        return None if value is _ABSENT else self._learn(name, value)

    def mark(self, name: str) -> bytes | None:
        """Return the change mark of the value, made now unless it is known."""
        known = self.look(name)
        if known is None:
            return None
        if not known.is_marked:
            known.mark, known.is_marked = change_mark(self._variables[name]), True
        return known.mark

    def mark_again(self, name: str) -> bytes | None:
        """Make the mark anew, for the value may have changed since."""
        known = self.look(name)
        if known is not None:
            known.is_marked = False
        return self.mark(name)

    def is_marked(self, name: str) -> bool:
        """Tell whether the value's mark is known."""
        known = self.look(name)
        return known is not None and known.is_marked

    def learn_again(self, name: str, *, mark: bytes | None = None, is_marked: bool = False) -> None:
        """Follow the value once more, for it may refer to other objects now; its mark is the one given."""
        value = self._variables.get(name, _ABSENT)
        known = self._known.get(name)
        if value is _ABSENT:
            self.drop(name)
            return
        if known is None or not self._is_valid(name, known):
            self.drop(name)
            known = self._learn(name, value)
        else:
            self._follow_again(name, value, known)
        known.mark, known.is_marked = mark, is_marked

    def drop(self, name: str) -> None:
        """Forget the value of `name`."""
        known = self._known.pop(name, None)
        if known is not None:
            self._leave(name, known.reach)

    def forget(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._holders.clear()
        self._partial.clear()

    def sharing(self, names: Iterable[str]) -> set[str]:
        """Return the names whose values consist of objects that using those of `names` leads to."""
        found: set[str] = set()
        for name in names:
            known = self._known[name]
            for nodes in (known.reach.held, known.reach.beyond):
                found.update(*filter(None, set(map(self._holders.get, nodes))))
            if self._partial and self._may_be_part(name, known):
                found |= self._partial
        return {name for name in found if self.look(name) is not None}

    def _may_be_part(self, name: str, known: Known) -> bool:
        """Of a value too large to index: whatever something beside its name refers to may be a part of it."""
        return bool(known.reach.held) and _references(self._variables, name) > _OWN_REFERENCES

    def _is_valid(self, name: str, known: Known) -> bool:
        value = self._variables.get(name, _ABSENT)
        if value is _ABSENT or (id(value), id(type(value))) != known.identity:
            return False
        return known.reference is None or known.reference() is value

    def _learn(self, name: str, value: object) -> Known:
        reference = None if is_leaf(value) else _reference(value)
        known = self._known[name] = Known(identity_of(value), reference, reach(value, self._variables))
        self._enter(name, known.reach)
        return known

    def _follow_again(self, name: str, value: object, known: Known) -> None:
        earlier, known.reach = known.reach, reach(value, self._variables)
        if known.reach.held != earlier.held or known.reach.is_partial:
            self._leave(name, earlier)
            self._enter(name, known.reach)

    def _enter(self, name: str, reached: Reach) -> None:
        alone = (name,)
        for node in reached.held:
            holders = self._holders.setdefault(node, alone)
            if holders is not alone:
                self._holders[node] = (*holders, name)
        if reached.is_partial:
            self._partial.add(name)

    def _leave(self, name: str, reached: Reach) -> None:
        self._partial.discard(name)
        alone = (name,)
        for node in reached.held:
            holders = self._holders[node]
            if holders == alone:
                del self._holders[node]
            else:
                self._holders[node] = tuple(other for other in holders if other != name)


def identity_of(value: object) -> Identity:
    """Return what tells an object apart while it lives, and mostly afterwards."""
    return id(value), id(type(value))


def _reference(value: object) -> weakref.ref[object] | None:
    try:
        return weakref.ref(value)
    except TypeError:  # lists, dicts, numbers and text have none
        return None


def _references(variables: Mapping[str, object], name: str) -> int:
    value = variables.get(name)
    return sys.getrefcount(value)


_OWN_REFERENCES = _references({"only": []}, "only")
"""What is counted for an object that nothing but its name refers to."""
