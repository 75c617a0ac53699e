"""Which values from before a cell it uses, and which names it surely binds: its statements in order, not yet run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from trackbook.capture.code import Code, Depending
from trackbook.capture.magics_source import LOCAL
from trackbook.capture.symbols import Access, accesses
from trackbook.capture.syntax import SIMPLE

_SKIPPING = (
    ast.BoolOp
    | ast.IfExp
    | ast.Compare
    | ast.Lambda
    | ast.comprehension
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
    | ast.GeneratorExp
)
ReachedFrom = Callable[[str, bool], Collection[str]]


@dataclass(slots=True, unsafe_hash=True)  # never changed; frozen ones take twice the time to make
class Binding:
    """A name that is bound whenever the cell gets past `end_line`."""

    name: str
    line: int
    end_line: int


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # see above
class Exposure:
    """`reads`: names used before the cell binds them; `certain`: what it binds or deletes on every way through."""

    reads: frozenset[str] = frozenset()
    certain: tuple[Binding, ...] = ()
    bound: frozenset[str] = frozenset()
    """The names in `certain`."""


def exposure(code: Code, reached_from: ReachedFrom) -> Exposure:
    """Follow a cell's statements in order, unless that was done before and its names reach the same.

    Parameters
    ----------
    reached_from
        The names that the value of a name from before the cell may read in turn; the flag tells whether the cell calls
        it or hands it on, or only reads it.
    """
    known = code.exposure
    if known is None or not known.holds(reached_from):
        order = _Order(code, reached_from)
        order.block(code.tree.body, set())
        certain = tuple(_certain(code, code.tree.body))
        bound = frozenset([binding.name for binding in certain])
        found = Exposure(reads=frozenset(order.reads), certain=certain, bound=bound)
        known = code.exposure = Depending(found, order.asked)
    return known.value


def _certain(code: Code, statements: Iterable[ast.stmt]) -> Iterable[Binding]:
    for statement in statements:
        if type(statement) in SIMPLE:
            yield from _bindings(code, statement, statement.end_lineno or statement.lineno)
            continue
        match statement:
            case ast.With() | ast.AsyncWith():
                yield from _bindings(code, statement, statement.body[0].lineno)
                yield from _certain(code, statement.body)
            case ast.Try() | ast.TryStar():
                yield from _certain(code, statement.finalbody)
            case ast.If() | ast.While() | ast.For() | ast.AsyncFor() | ast.Match():
                continue
            case _:
                yield from _bindings(code, statement, statement.end_lineno or statement.lineno)


def _bindings(code: Code, statement: ast.stmt, end_line: int) -> Iterable[Binding]:
    is_class = type(statement) is ast.ClassDef
    names = (accesses(statement, shallow=True) if is_class else code.facts(statement).access).binds
    if code.has_walrus:
        names -= _conditional(statement)
    return [Binding(name, statement.lineno, end_line) for name in sorted(names)]


def _conditional(statement: ast.stmt) -> set[str]:
    """Names that an expression may not come to bind: `a and (x := b)`."""
    places = (node for node in ast.walk(statement) if isinstance(node, _SKIPPING))
    return {node.target.id for place in places for node in ast.walk(place) if isinstance(node, ast.NamedExpr)}


class _Order:
    """Carries the names that are bound so far; a branch that ends in `raise` or `continue` has no say afterwards."""

    def __init__(self, code: Code, reached_from: ReachedFrom) -> None:
        self.reads: set[str] = set()
        self.asked: dict[tuple[str, bool], frozenset[str]] = {}
        self._code = code
        self._reached_from = reached_from
        self._defined: dict[str, frozenset[str]] = {}  # functions and classes made in the cell: what their bodies read

    def block(self, statements: Sequence[ast.stmt], bound: set[str]) -> set[str]:
        for statement in statements:
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, statement: ast.stmt, bound: set[str]) -> set[str]:
        access = self._code.facts(statement).access
        self._use(access, bound)
        if type(statement) in SIMPLE:
            return bound | access.binds
        match statement:
            case ast.If():
                return self._join([statement.body, statement.orelse], bound)
            case ast.While():
                self.block(statement.body, set(bound))
                self.block(statement.orelse, set(bound))
                return bound
            case ast.For() | ast.AsyncFor():
                once = self.block(statement.body, bound | access.binds)  # taken to run at least once
                return self.block(statement.orelse, once)
            case ast.With() | ast.AsyncWith():
                return self.block(statement.body, bound | access.binds)
            case ast.Try() | ast.TryStar():
                return self._try(statement, bound)
            case ast.Match():
                bodies = [case.body for case in statement.cases]
                return self._join([*bodies, []], bound | access.binds)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if statement.name != LOCAL:
                self._defined[statement.name] = self._code.mentions_of(statement).reads
        return bound | access.binds

    def _use(self, access: Access, bound: set[str]) -> None:
        self.reads |= access.reads - bound
        used = access.calls | access.touches
        for name in access.reads:
            if name in self._defined and name in used:
                self.reads |= self._reads_of_defined(name) - bound
            elif name not in bound:
                self.reads |= self._reached(name, name in used) - bound

    def _reached(self, name: str, is_used: bool) -> frozenset[str]:
        key = (name, is_used)
        if key not in self.asked:
            self.asked[key] = frozenset(self._reached_from(name, is_used))
        return self.asked[key]

    def _reads_of_defined(self, name: str) -> set[str]:
        """What calling a function made in the cell reads, through others made there and before."""
        reads: set[str] = set()
        waiting = [name]
        while waiting:
            new = self._defined.get(waiting.pop(), frozenset()) - reads
            reads |= new
            waiting += [other for other in new if other in self._defined]
        for other in reads - self._defined.keys():
            reads |= self._reached(other, True)
        return reads

    def _try(self, statement: ast.Try | ast.TryStar, bound: set[str]) -> set[str]:
        through = self.block(statement.orelse, self.block(statement.body, set(bound)))
        ways = [through] if not _leaves(statement.orelse or statement.body) else []
        for handler in statement.handlers:
            caught = {handler.name} if handler.name else set()
            after = self.block(handler.body, bound | caught) - (caught - bound)
            if not _leaves(handler.body):
                ways.append(after)
        return self.block(statement.finalbody, set.intersection(*ways) if ways else bound)

    def _join(self, bodies: Iterable[Sequence[ast.stmt]], bound: set[str]) -> set[str]:
        ways = [(self.block(body, set(bound)), _leaves(body)) for body in bodies]
        remaining = [after for after, leaves in ways if not leaves]
        return set.intersection(*remaining) if remaining else bound


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise | ast.Continue | ast.Break)
