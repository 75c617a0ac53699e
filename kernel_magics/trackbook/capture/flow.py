"""Which statement made the value that another one reads: reaching definitions of one block of code.

The block is a cell, a script or the body of a function. Branches join, loops go round until nothing changes, a value
that was changed in place has both its maker and its changers as sources. What a cell truly changed is known only after
it ran (`capture.namespace`), so changes in place are first taken for possible, and `settled` drops those that did not
happen.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from trackbook.capture.literals import assigned_literals, is_literal_iterable, target_names
from trackbook.capture.symbols import Access, accesses, mentions
from trackbook.records import JsonValue

OUTSIDE = -1  # the index of "before the block": an earlier cell, a parameter, a global of a function
Definitions = dict[str, frozenset[int]]
ReachedFrom = Callable[[str], Collection[str]]
_OUTSIDE_ONLY = frozenset({OUTSIDE})


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


class Flow:
    """The statements of a block and what flows between them."""

    def __init__(self, nodes: list[Node], exits: Definitions) -> None:
        self.nodes = nodes
        self.exits = exits

    def node_at(self, line: int, end_line: int | None = None) -> Node | None:
        """Return the innermost statement that holds these lines."""
        best: Node | None = None
        for node in self.nodes:
            first, last = _lines(node.statement)
            if first <= line and (end_line or line) <= last and (best is None or first >= _lines(best.statement)[0]):
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
                        nodes.setdefault(source, set()).add(name)
                        if source not in stop:
                            pending.append((source, None))
            if node.control is not None:
                nodes.setdefault(node.control, set())
                pending.append((node.control, None))
        return nodes, outside

    def _reaching(self, node: Node, name: str) -> frozenset[int]:
        """Return what made a name that a statement does not itself mention (a magic's line does), as it is read there."""
        makers: set[int] = set()
        for earlier in reversed(self.nodes[: node.index]):
            if name in earlier.touches or name in earlier.binds:
                makers.add(earlier.index)
            if name in earlier.binds:
                return frozenset(makers)
        return frozenset(makers | {OUTSIDE})

    def settled(self, changed: Collection[str]) -> Flow:
        """Return the flow without the changes in place of names that did not change."""
        nodes = [
            Node(
                index=node.index,
                statement=node.statement,
                control=node.control,
                reads={name: self._settle(name, sources, changed) for name, sources in node.reads.items()},
                binds=node.binds,
                touches=frozenset(name for name in node.touches if name in changed),
                literals=node.literals,
                loop_targets=node.loop_targets,
            )
            for node in self.nodes
        ]
        return Flow(nodes, {name: self._settle(name, sources, changed) for name, sources in self.exits.items()})

    def _settle(self, name: str, sources: frozenset[int], changed: Collection[str]) -> frozenset[int]:
        if name in changed:
            return sources
        return frozenset(source for source in sources if source == OUTSIDE or name in self.nodes[source].binds)


def build_flow(body: list[ast.stmt], reached_from: ReachedFrom = lambda name: ()) -> Flow:
    """Return the flow of a block.

    Parameters
    ----------
    body
        Its statements.
    reached_from
        For a name from outside, the global names that calling or using its value may read.
    """
    builder = _Builder(reached_from)
    builder.block(body, None)
    return Flow(builder.nodes, builder.now)


class _Builder:
    """Walks a block in the order of execution; `now` holds the present definitions."""

    def __init__(self, reached_from: ReachedFrom) -> None:
        self.nodes: list[Node] = []
        self.now: Definitions = {}
        self._outer_reached_from = reached_from
        self._known: dict[int, Node] = {}
        self._functions: dict[str, Access] = {}

    def block(self, body: Iterable[ast.stmt], control: int | None) -> None:
        for statement in body:
            self._statement(statement, control)

    def _statement(self, statement: ast.stmt, control: int | None) -> None:
        match statement:
            case ast.If():
                header = self._node(statement, control).index
                self._branches([statement.body, statement.orelse], header)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(statement, control)
            case ast.With() | ast.AsyncWith():
                header = self._node(statement, control).index
                self.block(statement.body, header)
            case ast.Try() | ast.TryStar():
                self._try(statement, control)
            case ast.Match():
                header = self._node(statement, control).index
                self._branches([*(case.body for case in statement.cases), []], header)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._functions[statement.name] = mentions(statement)
                self._node(statement, control)
            case _:
                self._node(statement, control)

    def _loop(self, statement: ast.For | ast.AsyncFor | ast.While, control: int | None) -> None:
        for _ in range(3):  # definitions of one turn reach the next; they only grow, and three turns reach the end
            before = dict(self.now)
            header = self._node(statement, control).index
            self.block(statement.body, header)
            self.now = _join(before, self.now)
            if self.now == before:
                break
        self.block(statement.orelse, self._known[id(statement)].index)

    def _try(self, statement: ast.Try | ast.TryStar, control: int | None) -> None:
        before = dict(self.now)
        self.block(statement.body, control)
        after = dict(self.now)
        interrupted = _join(before, after)
        self.block(statement.orelse, control)
        ends = [self.now]
        for handler in statement.handlers:
            self.now = dict(interrupted)
            self.block(handler.body, control)
            ends.append(self.now)
        for end in ends[:-1]:
            self.now = _join(self.now, end)
        self.block(statement.finalbody, control)

    def _branches(self, bodies: list[list[ast.stmt]], control: int) -> None:
        before, ends = dict(self.now), []
        for body in bodies:
            self.now = dict(before)
            self.block(body, control)
            ends.append(self.now)
        for end in ends[:-1]:
            self.now = _join(self.now, end)

    def _node(self, statement: ast.stmt, control: int | None) -> Node:
        """Add a statement (or, in a later turn of a loop, what reaches it now) and let its definitions take effect."""
        node = self._known.get(id(statement))
        access = accesses(statement, shallow=True)
        if node is None:
            node = Node(index=len(self.nodes), statement=statement, control=control)
            node.binds = access.binds
            node.literals = assigned_literals(statement)
            node.loop_targets = _loop_targets(statement)
            self.nodes.append(node)
            self._known[id(statement)] = node
        reached = self._reached(access)
        touches = access.touches | (self._changed_by_calls(access, reached) if access.calls else frozenset())
        node.touches |= touches
        for name in access.reads | touches | reached:
            node.reads[name] = node.reads.get(name, frozenset()) | self.now.get(name, _OUTSIDE_ONLY)
        for name in touches:
            self.now[name] = self.now.get(name, _OUTSIDE_ONLY) | {node.index}
        for name in node.binds:
            self.now[name] = frozenset({node.index})
        return node

    def _reached(self, access: Access) -> frozenset[str]:
        """Return the globals that the functions which a statement uses may read, and theirs in turn."""
        reached: set[str] = set()
        pending = list(access.reads)
        while pending:
            name = pending.pop()
            function = self._functions.get(name)
            names = function.reads if function else self._outer_reached_from(name)
            fresh = set(names) - reached
            reached |= fresh
            pending += [other for other in fresh if other in self._functions]
        return frozenset(reached)

    def _changed_by_calls(self, access: Access, reached: frozenset[str]) -> frozenset[str]:
        bound = [self._functions[name].binds for name in access.calls | reached if name in self._functions]
        return reached.union(*bound)


def _join(one: Definitions, other: Definitions) -> Definitions:
    names = one.keys() | other.keys()
    return {name: one.get(name, _OUTSIDE_ONLY) | other.get(name, _OUTSIDE_ONLY) for name in names}


def _loop_targets(statement: ast.stmt) -> frozenset[str]:
    if isinstance(statement, ast.For | ast.AsyncFor) and is_literal_iterable(statement.iter):
        return frozenset(target_names(statement.target))
    return frozenset()


def _lines(statement: ast.stmt) -> tuple[int, int]:
    """Return the first and last line of a statement, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or statement.lineno
