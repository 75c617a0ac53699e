"""Which values from before a cell it uses, and which names it surely binds: its statements in order, not yet run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from trackbook.capture.magics_source import LOCAL
from trackbook.capture.symbols import Access, accesses, mentions

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


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that is bound whenever the cell gets past `end_line`."""

    name: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """`reads`: names used before the cell binds them; `certain`: what it binds or deletes on every way through."""

    reads: frozenset[str] = frozenset()
    certain: tuple[Binding, ...] = ()


def exposure(module: ast.Module, reached_from: ReachedFrom) -> Exposure:
    """Follow a cell's statements in order.

    Parameters
    ----------
    reached_from
        The names that the value of a name from before the cell may read in turn; the flag tells whether the cell calls
        it or hands it on, or only reads it.
    """
    order = _Order(reached_from)
    order.block(module.body, set())
    return Exposure(reads=frozenset(order.reads), certain=tuple(_certain(module.body)))


def _certain(statements: Iterable[ast.stmt]) -> Iterable[Binding]:
    for statement in statements:
        match statement:
            case ast.With() | ast.AsyncWith():
                yield from _bindings(statement, statement.body[0].lineno)
                yield from _certain(statement.body)
            case ast.Try() | ast.TryStar():
                yield from _certain(statement.finalbody)
            case ast.If() | ast.While() | ast.For() | ast.AsyncFor() | ast.Match():
                continue
            case _:
                yield from _bindings(statement, statement.end_lineno or statement.lineno)


def _bindings(statement: ast.stmt, end_line: int) -> Iterable[Binding]:
    names = accesses(statement, shallow=True).binds - _conditional(statement)
    return (Binding(name, statement.lineno, end_line) for name in sorted(names))


def _conditional(statement: ast.stmt) -> set[str]:
    """Names that an expression may not come to bind: `a and (x := b)`."""
    places = (node for node in ast.walk(statement) if isinstance(node, _SKIPPING))
    return {node.target.id for place in places for node in ast.walk(place) if isinstance(node, ast.NamedExpr)}


class _Order:
    """Carries the names that are bound so far; a branch that ends in `raise` or `continue` has no say afterwards."""

    def __init__(self, reached_from: ReachedFrom) -> None:
        self.reads: set[str] = set()
        self._reached_from = reached_from
        self._defined: dict[str, frozenset[str]] = {}  # functions and classes made in the cell: what their bodies read

    def block(self, statements: Sequence[ast.stmt], bound: set[str]) -> set[str]:
        for statement in statements:
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, statement: ast.stmt, bound: set[str]) -> set[str]:
        access = accesses(statement, shallow=_is_compound(statement))
        self._use(access, bound)
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
                self._defined[statement.name] = mentions(statement).reads
        return bound | access.binds

    def _use(self, access: Access, bound: set[str]) -> None:
        self.reads |= access.reads - bound
        used = access.calls | access.touches
        for name in access.reads:
            if name in self._defined and name in used:
                self.reads |= self._reads_of_defined(name) - bound
            elif name not in bound:
                self.reads |= set(self._reached_from(name, name in used)) - bound

    def _reads_of_defined(self, name: str) -> set[str]:
        """What calling a function made in the cell reads, through others made there and before."""
        reads: set[str] = set()
        waiting = [name]
        while waiting:
            new = self._defined.get(waiting.pop(), frozenset()) - reads
            reads |= new
            waiting += [other for other in new if other in self._defined]
        for other in reads - self._defined.keys():
            reads |= set(self._reached_from(other, True))
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


def defined_names(module: ast.Module) -> set[str] | None:
    """Return the functions and classes that a cell defines; None where defining one may already run its body."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.decorator_list or node.name == LOCAL or (isinstance(node, ast.ClassDef) and node.bases):
                return None
            found.add(node.name)
    return found


def _is_compound(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return isinstance(statement, ast.Match) or hasattr(statement, "body")
