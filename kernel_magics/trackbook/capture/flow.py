"""Which statement made the value that another one reads: reaching definitions of one block of code.

The block is a cell, a script or the body of a function. Branches join, loops go round until nothing changes, a value
that was changed in place has both its maker and its changers as sources. What a cell truly changed is known only after
it ran (`capture.namespace`), so changes in place are first taken for possible, and `settled` drops those that did not
happen.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from trackbook.records import JsonValue

OUTSIDE = -1  # the index of "before the block": an earlier cell, a parameter, a global of a function
Definitions = dict[str, frozenset[int]]
Position = tuple[int, int]  # line from 1, column in bytes from 0
OUTSIDE_ONLY = frozenset({OUTSIDE})


@dataclass(slots=True, eq=False)
class Node:
    """A statement of the block. `reads`: name -> the nodes that may have made it; `control`: the header it is under."""

    index: int
    statement: ast.stmt
    control: int | None
    reads: Definitions = field(default_factory=dict)
    binds: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    literals: Mapping[str, JsonValue] = field(default_factory=dict)
    loop_targets: frozenset[str] = frozenset()
    """Names that a loop over literals binds here; their value is known only while it runs."""
    is_opaque: bool = False
    """Whether it may bind and change anything (``exec``, ``%run``)."""

    def reading(self, reads: Definitions, touches: frozenset[str] | None = None) -> Node:
        """Return the statement with what it reads, and with what it changes in place (None: what it did)."""
        return Node(
            index=self.index,
            statement=self.statement,
            control=self.control,
            reads=reads,
            binds=self.binds,
            touches=self.touches if touches is None else touches,
            literals=self.literals,
            loop_targets=self.loop_targets,
            is_opaque=self.is_opaque,
        )

    def names_for(self, name: str) -> Collection[str]:
        """Return the names under which it made what another one reads: others, if it changed that through an alias."""
        return (name,) if name in self.binds or name in self.touches else (name, *self.binds, *self.touches)


class Flow:
    """The statements of a block and what flows between them."""

    def __init__(self, nodes: list[Node], exits: Definitions) -> None:
        self.nodes = nodes
        self.exits = exits
        self.touched: frozenset[str] = frozenset()
        """The names that some statement may change in place."""
        self._is_opaque = False
        for node in nodes:
            self.touched |= node.touches
            self._is_opaque |= node.is_opaque
        self._unsure: frozenset[str] | None = None

    def node_at(self, start: Position, end: Position) -> Node | None:
        """Return the innermost statement that holds a piece of code."""
        best: Node | None = None
        for node in self.nodes:
            first, last = _extent(node.statement)
            if first <= start and end <= last and (best is None or first >= _extent(best.statement)[0]):
                best = node
        return best

    def upstream(
        self, start: Iterable[tuple[int, Collection[str]]], stop: Collection[int] = ()
    ) -> tuple[dict[int, set[str]], set[str]]:
        """Return the nodes that flow into names as some nodes read them, and the names that come from outside.

        Parameters
        ----------
        start
            Pairs of a node and names that it reads.
        stop
            Nodes beyond which nothing is followed.

        Returns
        -------
        Node -> the names of it that flow on (none for the header of a branch, which only decides), and outer names.
        """
        nodes: dict[int, set[str]] = {}
        outside: set[str] = set()
        pending: list[tuple[int, Collection[str] | None]] = [(index, names) for index, names in start]
        followed: set[int] = set()
        while pending:
            index, names = pending.pop()
            node = self.nodes[index]
            if names is None:  # all that it reads
                if index in followed:
                    continue
                followed.add(index)
                names = node.reads
            for name in names:
                for source in node.reads[name] if name in node.reads else self._reaching(node, name):
                    if source == OUTSIDE:
                        outside.add(name)
                    else:
                        nodes.setdefault(source, set()).update(self.nodes[source].names_for(name))
                        if source not in stop:
                            pending.append((source, None))
            if node.control is not None:
                nodes.setdefault(node.control, set())
                pending.append((node.control, None))
        return nodes, outside

    @property
    def unsure_literals(self) -> frozenset[str]:
        """The names whose literal is known only while the code runs: of several, or under a condition."""
        if self._unsure is None:
            self._unsure = self._find_unsure()
        return self._unsure

    def _find_unsure(self) -> frozenset[str]:
        if len(self.nodes) == 1:  # a header stands above others
            return frozenset()
        names = [name for node in self.nodes for name in node.literals]
        conditional = {name for node in self.nodes if node.control is not None for name in node.literals}
        return frozenset(conditional.union(name for name in names if names.count(name) > 1))

    @property
    def touched_literals(self) -> tuple[tuple[str, JsonValue], ...]:
        """The names that get a literal once and unconditionally, with it, and that something else may change then."""
        return self._found_touched if self.touched else ()

    @cached_property
    def _found_touched(self) -> tuple[tuple[str, JsonValue], ...]:
        found = [(name, node) for node in self.nodes for name in node.literals.keys() & self.touched]
        bound = [name for node in self.nodes for name in node.binds]
        return tuple(
            (name, node.literals[name]) for name, node in found if node.control is None and bound.count(name) == 1
        )

    @property
    def touched_once_made(self) -> frozenset[str]:
        """The names that get a value once and unconditionally, and that others may change only after that."""
        makers: dict[str, list[Node]] = {}
        for node in self.nodes if not self._is_opaque else ():
            for name in node.binds & self.touched:
                makers.setdefault(name, []).append(node)
        return frozenset(
            name
            for name, made in makers.items()
            if len(made) == 1
            and made[0].control is None
            and all(node.index > made[0].index for node in self.nodes if name in node.touches)
        )

    def is_rewritten(self, name: str, nodes: Mapping[int, Collection[str]]) -> bool:
        """Return whether one of some nodes surely changes what a literal gave a name (``count += 1``).

        It is for code whose changes nobody compares before and after: a call that may change its argument is no change.
        """
        given = [index for index in nodes if name in self.nodes[index].literals]
        root = name.partition(".")[0]
        return any(
            root in names and not self.nodes[index].literals and is_change(self.nodes[index], root)
            for index, names in nodes.items()
            if given and index > min(given)
        )

    def makers(self, index: int, name: str) -> frozenset[int]:
        """Return the nodes that may have made a name as one node read it, whether its code mentions the name or not."""
        node = self.nodes[index]
        return node.reads[name] if name in node.reads else self._reaching(node, name)

    def _reaching(self, node: Node, name: str) -> frozenset[int]:
        """Return what made a name that a statement does not mention itself (a magic's line does), as read there."""
        makers: set[int] = set()
        for earlier in reversed(self.nodes[: node.index]):
            if name in earlier.touches or name in earlier.binds:
                makers.add(earlier.index)
            if name in earlier.binds:
                return frozenset(makers)
        return frozenset(makers | {OUTSIDE})

    def until(self, line: int) -> Flow:
        """Return the flow of a block that an error left at a line: the statements below never ran."""
        failed, end = 0, (0, 0)  # a place: the line, and the column in it
        for node in self.nodes:
            first, last = _extent(node.statement)
            if first < end:  # inside of the statement before
                continue
            if first[0] > line:
                nodes = self.nodes[: node.index]
                return Flow(nodes, {name: _left(nodes, name, failed) for name in self.exits})
            failed, end = node.index, last
        return self

    def settled(self, changed: Collection[str]) -> Flow:
        """Return the flow without the changes in place of names that did not change."""
        if not self._is_opaque and self.touched.issubset(changed):
            return self
        nodes = [
            node.reading(
                {name: self._settle(name, sources, changed) for name, sources in node.reads.items()},
                frozenset(name for name in node.touches if name in changed),
            )
            for node in self.nodes
        ]
        return Flow(nodes, {name: self._settle(name, sources, changed) for name, sources in self.exits.items()})

    def _settle(self, name: str, sources: frozenset[int], changed: Collection[str]) -> frozenset[int]:
        if name in changed:
            own = [source for source in sources if source != OUTSIDE]
            if own and self.nodes[min(own)].is_opaque:  # nothing else here can have made what it became
                return frozenset(own)
            return sources
        return frozenset(source for source in sources if source == OUTSIDE or name in self.nodes[source].binds)


def _left(nodes: list[Node], name: str, failed: int) -> frozenset[int]:
    """Return the nodes that may have made a name by the time that an error left the top-level statement `failed`."""
    makers: set[int] = set()
    for node in reversed(nodes):
        is_unbound = node.index == failed and isinstance(node.statement, ast.Assign | ast.AnnAssign)
        if name in node.touches or (name in node.binds and not is_unbound):
            makers.add(node.index)
            if name in node.binds and node.control is None and node.index < failed:
                return frozenset(makers)
    return frozenset(makers | {OUTSIDE})


def is_change(node: Node, name: str) -> bool:
    """Return whether a statement binds a name, assigns to a part of it, or calls a method of it for its effect."""
    statement = node.statement
    if name in node.binds:
        return True
    if name not in node.touches:
        return False
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return isinstance(function, ast.Attribute) and _is_part_of(function, name)
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return any(isinstance(each, ast.Subscript | ast.Attribute) and _is_part_of(each, name) for each in targets)


def _is_part_of(node: ast.expr, name: str) -> bool:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == name


def _extent(statement: ast.stmt) -> tuple[Position, Position]:
    """Return where a statement begins, its decorators included, and where it ends."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([(statement.lineno, statement.col_offset), *((each.lineno, 0) for each in decorators)])
    return first, (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
