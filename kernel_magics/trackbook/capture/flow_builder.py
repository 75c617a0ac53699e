"""Builds the flow of a block: walks its statements in the order of execution, along every way that it can go.

Where it is not sure, a definition is kept: a source too many is dropped again when the cell has ended (`Flow.settled`)
or does little harm; a source too few would lose a cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator

from trackbook.capture.code import Code, Depending, statements_in
from trackbook.capture.flow import OUTSIDE_ONLY, Definitions, Flow, Node
from trackbook.capture.symbols import Access, mentions
from trackbook.capture.syntax import SIMPLE

ReachedFrom = Callable[[str], Collection[str]]
_ANY = "*"  # stands in `Definitions` for every name that is not in it: what statements made that may bind anything
_MOST_TURNS = 4
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Loop = ast.For | ast.AsyncFor | ast.While


def cell_flow(code: Code, reached_from: ReachedFrom) -> Flow:
    """Return the flow of a cell: the one of the last time, if its names still reach the same."""
    known = code.flow
    if known is None or not known.holds(lambda name, is_used: frozenset(reached_from(name))):
        asked: dict[tuple[str, bool], frozenset[str]] = {}

        def ask(name: str) -> frozenset[str]:
            key = (name, True)
            if key not in asked:
                asked[key] = frozenset(reached_from(name))
            return asked[key]

        known = code.flow = Depending(build_flow(code.tree.body, ask, code), asked)
    return known.value


def build_flow(body: list[ast.stmt], reached_from: ReachedFrom = lambda name: (), code: Code | None = None) -> Flow:
    """Return the flow of a block.

    Parameters
    ----------
    body
        Its statements.
    reached_from
        For a name from outside, the global names that calling or using its value may read.
    code
        What the block is a part of.
    """
    if code is None:
        module = ast.Module(body=body, type_ignores=[])
        code = Code(module, ast.unparse(module))
    is_straight = all(type(statement) in SIMPLE for statement in body)
    late = _late_names(body, code) if code.has_definitions else {}
    builder = _Builder(reached_from, code, late, is_straight=is_straight)
    builder.block(body, None)
    ends = [builder.now, *builder.returned]
    return Flow(builder.nodes, _without_any(_join(*ends)))


class _Builder:
    """`now` holds the present definitions; None where the code can't be reached."""

    def __init__(
        self, reached_from: ReachedFrom, code: Code, late: dict[str, Access], *, is_straight: bool = False
    ) -> None:
        self.nodes: list[Node] = []
        self.now: Definitions | None = {}
        self.returned: list[Definitions | None] = []
        self._reached_from = reached_from
        self._code = code
        self._is_straight = is_straight
        self._late = late
        self._known: dict[int, Node] = {}
        self._breaks: list[list[Definitions | None]] = []
        self._continues: list[list[Definitions | None]] = []
        self._interrupted: list[list[Definitions | None]] = []

    def block(self, body: Iterable[ast.stmt], control: int | None) -> None:
        for statement in body:
            self._statement(statement, control)

    def _statement(self, statement: ast.stmt, control: int | None) -> None:
        if type(statement) in SIMPLE:
            self._node(statement, control)
            return
        match statement:
            case ast.If():
                header = self._node(statement, control).index
                self._branches([statement.body, statement.orelse], header)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(statement, control)
            case ast.With() | ast.AsyncWith():
                self._with(statement, control)
            case ast.Try() | ast.TryStar():
                self._try(statement, control)
            case ast.Match():
                self._match(statement, control)
            case ast.Return() | ast.Raise():
                self._node(statement, control)
                self.returned.append(self.now)
                self.now = None
            case ast.Break() if self._breaks:
                self._breaks[-1].append(self.now)
                self.now = None
            case ast.Continue() if self._continues:
                self._continues[-1].append(self.now)
                self.now = None
            case _:
                self._node(statement, control)

    def _loop(self, statement: _Loop, control: int | None) -> None:
        breaks: list[Definitions | None] = []
        is_endless = (
            isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant) and statement.test.value
        )
        for _ in range(_MOST_TURNS):  # definitions of one turn reach the next; they only grow
            before = self.now
            continues: list[Definitions | None] = []
            self._breaks.append(breaks)
            self._continues.append(continues)
            header = self._node(statement, control).index
            after_header = self.now
            self.block(statement.body, header)
            self._breaks.pop()
            self._continues.pop()
            self.now = _join(before, self.now, *continues)
            if self.now == before:
                break
        if is_endless:
            self.now = None  # it is left by `break` alone
        elif isinstance(statement, ast.While):
            self.now = after_header
        else:
            self.now = _join(self.now, after_header)  # over nothing, its target stays what it was
        self.block(statement.orelse, header)
        self.now = _join(self.now, *breaks)

    def _with(self, statement: ast.With | ast.AsyncWith, control: int | None) -> None:
        header = self._node(statement, control).index
        interrupted: list[Definitions | None] = [self.now]
        self._interrupted.append(interrupted)
        self.block(statement.body, header)
        self._interrupted.pop()
        if not _never_swallows(statement):  # the manager may have swallowed an error of any statement inside
            self.now = _join(self.now, *interrupted)

    def _try(self, statement: ast.Try | ast.TryStar, control: int | None) -> None:
        header = self._node(statement, control).index
        interrupted: list[Definitions | None] = [self.now]
        returned_before = len(self.returned)
        self._interrupted.append(interrupted)
        self.block(statement.body, header)
        self._interrupted.pop()
        self.block(statement.orelse, header)
        ends = [self.now]
        for handler in statement.handlers:
            self.now = _join(*interrupted)
            self._bind_caught(handler, header, interrupted)
            self.block(handler.body, header)
            if handler.name and self.now is not None:
                self.now = {**self.now, handler.name: OUTSIDE_ONLY}  # Python unbinds it
            ends.append(self.now)
        after = _join(*ends)
        if statement.finalbody:
            self.now = _join(after, *interrupted, *self.returned[returned_before:])
            self.block(statement.finalbody, control)
            self.now = self.now if after is not None else None
        else:
            self.now = after

    def _bind_caught(self, handler: ast.ExceptHandler, header: int, interrupted: list[Definitions | None]) -> None:
        """Let the name of a caught error be made by the statement that catches it, from what the body did."""
        if handler.name is None or self.now is None:
            return
        self.now = {**self.now, handler.name: frozenset({header})}
        node = self.nodes[header]
        for name, sources in (_join(*interrupted) or {}).items():
            inner = frozenset(source for source in sources if source > header)
            if inner:
                node.reads[name] = node.reads.get(name, frozenset()) | inner

    def _match(self, statement: ast.Match, control: int | None) -> None:
        before = self.now
        header = self._node(statement, control).index
        perhaps = _join(before, self.now)  # a pattern that fails may have bound some of its names
        ends = [perhaps]
        for case in statement.cases:
            self.now = None if perhaps is None else {**perhaps, **dict.fromkeys(_captured(case), frozenset({header}))}
            self.block(case.body, header)
            ends.append(self.now)
        self.now = _join(*ends)

    def _branches(self, bodies: list[list[ast.stmt]], control: int) -> None:
        before, ends = self.now, []
        for body in bodies:
            self.now = dict(before) if before is not None else None
            self.block(body, control)
            ends.append(self.now)
        self.now = _join(*ends)

    # One statement

    def _node(self, statement: ast.stmt, control: int | None) -> Node:
        """Add a statement (or, in a later turn of a loop, what reaches it now) and let its definitions take effect."""
        facts = self._code.facts(statement)
        access = facts.access
        node = self._known.get(id(statement))
        if node is None:
            node = Node(index=len(self.nodes), statement=statement, control=control)
            node.binds = access.binds
            node.literals = facts.literals
            node.loop_targets = facts.loop_targets
            node.is_opaque = access.is_opaque
            self.nodes.append(node)
            self._known[id(statement)] = node
        if self.now is not None:
            if not self._is_straight:
                self.now = dict(self.now)  # the states before are kept by branches and loops
            self._take_effect(node, access, self.now)
            for interrupted in self._interrupted:
                interrupted.append(self.now)
        return node

    def _take_effect(self, node: Node, access: Access, now: Definitions) -> None:
        reached, bound_inside = self._reached(access)
        touches = access.touches | ((reached | bound_inside) if access.calls else frozenset())
        node.touches |= touches
        for name in access.reads | touches | reached:
            known, sources = node.reads.get(name), _sources(now, name)
            node.reads[name] = sources if known is None else known | sources
        if access.is_opaque:
            for name in {*now, _ANY}:
                now[name] = _sources(now, name) | {node.index}
        for name in touches:
            now[name] = _sources(now, name) | {node.index}
        certain = node.binds - _conditional_names(node.statement) if self._code.has_walrus else node.binds
        here = frozenset({node.index})
        for name in node.binds:
            now[name] = here if name in certain else _sources(now, name) | here

    def _reached(self, access: Access) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that the code of what a statement uses may read when it runs, and those that it may bind."""
        reached: set[str] = set()
        bound: set[str] = set()
        pending = list(access.reads)
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            late = self._late.get(name)
            names = late.reads if late is not None else self._reached_from(name)
            if late is not None:
                bound |= late.binds
            reached |= set(names)
            pending += names
        return frozenset(reached), frozenset(bound)


def _late_names(body: Iterable[ast.stmt], code: Code) -> dict[str, Access]:
    """Return for each name of a block that code is bound to (a function, a class, an instance, a lambda in a list...)
    which outer names that code may read and bind whenever it is used."""
    late: dict[str, Access] = {}
    statements = statements_in(body)
    makers = {node.name for node in statements if isinstance(node, _Definition) and _makes_code(node, code)}
    for _ in range(3):  # names that stand for names; deeper chains are rare
        for statement in statements:
            if isinstance(statement, _Definition):
                _add_late(late, [statement.name], code.mentions_of(statement))
                continue
            value = getattr(statement, "value", None)
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            names = [name for target in targets if isinstance(target, ast.expr) for name in _root_targets(target)]
            if isinstance(value, ast.expr) and names:
                for access in _late_in(value, late, makers):
                    _add_late(late, names, access)
    return late


def _late_in(value: ast.expr, late: dict[str, Access], makers: Collection[str]) -> Iterator[Access]:
    """Yield what code inside a value may read later: lambdas, functions by their names, and what is made of them."""
    match value:
        case ast.Lambda():
            yield mentions(ast.copy_location(ast.Expr(value), value))
        case ast.Name(id=name) if name in late:
            yield late[name]
        case (
            ast.List()
            | ast.Tuple()
            | ast.Set()
            | ast.Dict()
            | ast.IfExp()
            | ast.BoolOp()
            | ast.Starred()
            | ast.Attribute()
        ):
            for child in ast.iter_child_nodes(value):
                if isinstance(child, ast.expr):
                    yield from _late_in(child, late, makers)
        case ast.ListComp(elt=element) | ast.SetComp(elt=element):
            yield from _late_in(element, late, makers)
        case ast.Call(func=function):
            if isinstance(function, ast.Name) and function.id in makers and function.id in late:
                yield late[function.id]
            for child in [*value.args, *(keyword.value for keyword in value.keywords)]:
                yield from _late_in(child, late, makers)


def _makes_code(definition: _Definition, code: Code) -> bool:
    """Return whether what a call gives holds code: an instance of a class, or a function made by a function."""
    if isinstance(definition, ast.ClassDef) or any(
        isinstance(each, _Definition) for each in statements_in(definition.body)
    ):
        return True
    inner = (node for statement in definition.body for node in ast.walk(statement)) if "lambda" in code.source else ()
    return any(isinstance(node, ast.Lambda) for node in inner)


def _add_late(late: dict[str, Access], names: Iterable[str], access: Access) -> None:
    for name in names:
        known = late.get(name, Access())
        late[name] = Access(reads=known.reads | access.reads, binds=known.binds | access.binds)


def _root_targets(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _sources(now: Definitions, name: str) -> frozenset[int]:
    return now[name] if name in now else now.get(_ANY, OUTSIDE_ONLY)


def _join(*states: Definitions | None) -> Definitions | None:
    """Return the definitions after ways that meet; ways that can't be gone bring nothing."""
    reachable = [state for state in states if state is not None]
    if len(reachable) < 2:
        return dict(reachable[0]) if reachable else None
    names = set().union(*reachable)
    return {name: frozenset().union(*(_sources(state, name) for state in reachable)) for name in names}


def _without_any(state: Definitions | None) -> Definitions:
    return {name: sources for name, sources in (state or {}).items() if name != _ANY}


def _conditional_names(statement: ast.stmt) -> frozenset[str]:
    """Return names that a statement binds only perhaps: by ``:=`` where the expression may not be reached."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(statement):
        inner: list[ast.expr] = []
        match node:
            case ast.BoolOp(values=[_, *rest]):
                inner = rest
            case ast.IfExp(body=body, orelse=orelse):
                inner = [body, orelse]
            case ast.Compare(comparators=[_, *rest]):
                inner = rest
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = [node]
        for expression in inner:
            walrus = (each for each in ast.walk(expression) if isinstance(each, ast.NamedExpr))
            found.update(each.target.id for each in walrus)
    return frozenset(found)


def _never_swallows(statement: ast.With | ast.AsyncWith) -> bool:
    """Return whether all managers are known to let errors pass: files, warnings, contexts of well-known libraries."""
    harmless = {"open", "catch_warnings", "errstate", "localcontext", "option_context", "config_context", "no_grad"}
    for item in statement.items:
        call = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
        name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
        if name not in harmless:
            return False
    return True


def _captured(case: ast.match_case) -> Iterator[str]:
    """Yield the names that a pattern binds when it matches."""
    for node in ast.walk(case.pattern):
        name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        if isinstance(name, str):
            yield name
