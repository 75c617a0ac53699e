"""What each part of a session's cells read, made and changed: what is on record, and what its code says beside that."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from trackbook.capture.symbols import Access, accesses, mentions
from trackbook.lineage.slice import Part, hidden_key
from trackbook.lineage.slicing_effects import GENERATORS, WORLD, Effects, effects_of, file_effects, plain_keys
from trackbook.lineage.slicing_scope import Scope, is_library
from trackbook.lineage.slicing_touches import Touches, is_generator, touches_of
from trackbook.records import Execution, OutputKind, Source, is_file_key
from trackbook.tracking.slicing_cells import Piece
from trackbook.tracking.slicing_magics import magic_effects

KNOWN_NAMES = frozenset(
    {*dir(builtins), "__name__", "__file__", "__builtins__", "__doc__", "get_ipython", "display", "exit", "quit"}
    | {"In", "Out", "_", "__", "___", "_i", "_ih", "_oh", "_dh", "open"}
    | {f"_{number}" for number in range(1000)}
)


def _generator_key(module: str) -> str:
    return hidden_key(f"generator {module}")


GENERATOR_OF_NUMPY = _generator_key("numpy.random")
_SHOWN = hidden_key("shown last")
_NUMBERED = re.compile(r"^(?:_\d+|_i\d+|Out|In|_oh|_ih)$")


class SessionParts:
    """Makes the parts of a session's executions, one after the other, in the order in which they ran.

    Parameters
    ----------
    run_ids
        The runs that are to be made.
    """

    def __init__(self, run_ids: Collection[str] = ()) -> None:
        self._run_ids = run_ids
        self.parts: list[Part] = []
        self.pieces: list[Piece] = []
        self._scope = Scope()
        self._seeded: set[str] = set()
        self._made_with: dict[str, frozenset[str]] = {}
        """The frameworks that flowed into each name."""
        self._sharing = _Sharing()

    def add(self, execution: Execution, pieces: Sequence[Piece]) -> None:
        """Take an execution, and the parts that it was taken apart into."""
        cell = _Cell(execution, pieces, self._scope, self._sharing, self._run_ids)
        drafts = cell.parts(len(self.parts))
        drafts = [self._with_randomness(part, cell, at) for at, part in enumerate(drafts)]
        self.parts += drafts
        self.pieces += pieces

    def _with_randomness(self, part: Part, cell: _Cell, at: int) -> Part:
        """Add what a part does to the global generators, of those that were seeded before it."""
        effects, frameworks = cell.effects[at], self._frameworks(part, cell.effects[at])
        reads, changes, kills = set(part.reads), set(part.changes), set(part.kills)
        for generator in GENERATORS:
            key = _generator_key(generator)
            if generator in effects.seeds:
                kills.add(key)
                changes.add(key)
                self._seeded.add(generator)
                if _draws_beside(cell.pieces[at]):
                    reads.add(key)
            elif generator in effects.may_seed:
                self._seeded.add(generator)
                reads.add(key)
                changes.add(key)
            elif generator in self._seeded and (cell.may_draw(at, generator) or generator in frameworks):
                reads.add(key)
                changes.add(key)
        return replace(part, reads=frozenset(reads), changes=frozenset(changes), kills=frozenset(kills))

    def _frameworks(self, part: Part, effects: Effects) -> frozenset[str]:
        """Return the frameworks that a part has to do with, and note them for what it makes."""
        nothing = frozenset[str]()
        found = nothing.union(effects.frameworks, *(self._made_with.get(name, nothing) for name in part.reads))
        for name in part.binds | part.changes:
            self._made_with[name] = found if name in part.kills else found | self._made_with.get(name, nothing)
        return found


class _Sharing:
    """Names that may share objects.

    `unmarked` are those whose changes nobody can see, in whatever cell they happen; `bound` are all names so far.
    """

    def __init__(self) -> None:
        self.unmarked: set[str] = set()
        self.bound: set[str] = set()
        self._groups: dict[str, set[str]] = {}

    def with_(self, name: str) -> set[str]:
        """Return the names that may share objects with one."""
        return self._groups.get(name, set())

    def link(self, names: Collection[str]) -> None:
        """Let some names share objects from now on."""
        joined = set(names).union(*(self._groups.get(name, ()) for name in names))
        self._groups.update((name, joined) for name in joined)

    def forget(self, name: str) -> None:
        """Let a name stand for something else from now on."""
        self._groups.pop(name, set()).discard(name)


class _Cell:
    def __init__(
        self,
        execution: Execution,
        pieces: Sequence[Piece],
        scope: Scope,
        sharing: _Sharing,
        run_ids: Collection[str],
    ) -> None:
        self.execution = execution
        self.run_ids = run_ids
        self.pieces = pieces
        self.scope = scope
        self.sharing = sharing
        sharing.unmarked.update(execution.maybe)
        self._access = [_joined(accesses(node) for node in piece.nodes) for piece in pieces]
        self._bound = [access.binds for access in self._access]
        self.effects: list[Effects] = []
        self._inner_reads: list[set[str]] = []
        self._touches: list[Touches] = []
        for at in range(len(pieces)):
            self._read(at)
        self._recorded = [_recorded_writes(execution, piece) for piece in pieces]
        sharing.bound.update(execution.writes, *self._bound)
        self._there = sharing.bound | {*execution.reads, "_"}
        """The names that there can be: those that somebody bound, and those that the cell met."""

    def _read(self, at: int) -> None:
        """Read what the code of a part does, and learn what names mean after it."""
        piece, scope = self.pieces[at], self.scope
        if piece.is_whole:
            self._learn(at)
        self._inner_reads.append(_inner_reads(self._access[at].reads, scope))
        self._touches.append(touches_of(piece.nodes, scope))
        self.effects.append(effects_of(piece.nodes, scope))
        self._learn(at)

    def _learn(self, at: int) -> None:
        for node in self.pieces[at].nodes:
            self.scope.learn(node)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.scope.learn_star(node, self._unclaimed(at))

    def parts(self, first: int) -> list[Part]:
        """Return the parts, numbered from `first`."""
        changed = self._changed()
        return [self._part(first + at, at, piece, changed[at]) for at, piece in enumerate(self.pieces)]

    def _part(self, number: int, at: int, piece: Piece, changes: set[str]) -> Part:
        access, effects, touches = self._access[at], self.effects[at], self._touches[at]
        statements = self.execution.statements[piece.statements.start : piece.statements.stop]
        makers: dict[str, tuple[Source, ...]] = {}
        for statement in statements:
            for name, sources in statement.reads.items():
                makers[name] = (*makers.get(name, ()), *sources)
        magic = magic_effects(piece.text, self.execution, self.run_ids)
        reading, writing = file_effects(effects)
        is_lasting = (effects.is_lasting or magic.is_lasting) and not magic.is_dropped
        kills = set() if piece.failed else {name for node in piece.nodes for name in _killed(node)}
        own_reads = (access.reads | self._inner_reads[at]) & self._there | makers.keys()
        shown = {_SHOWN} if "_" in own_reads else set()
        if piece.is_whole:
            own_reads -= _made_first(piece.nodes)
        return Part(
            number=number,
            execution_id=self.execution.execution_id,
            sources=frozenset(
                Source(execution_id=self.execution.execution_id, statement=each) for each in piece.statements
            ),
            makers=makers,
            reads=frozenset({*own_reads, *plain_keys(effects.reads), *reading, *magic.reads, *shown, WORLD}),
            binds=self._bound[at] | self._unclaimed(at),
            kills=frozenset(kills | ({_SHOWN} if self._shows(at) else set())),
            changes=frozenset({*changes, *plain_keys(effects.changes), *writing, *magic.changes})
            | (frozenset({WORLD}) if is_lasting else frozenset()),
            looks=frozenset((touches.looks | self._imported(access.reads)) - changes - access.binds),
            reads_all=access.is_opaque and not _binds_only(piece) and not magic.is_known,
        )

    def _imported(self, names: Iterable[str]) -> set[str]:
        """Return the names that stand for something of a library: a call by one leaves it as it is."""
        return {name for name in names if is_library(self.scope.modules.get(name, ""))}

    def _shows(self, at: int) -> bool:
        """Return whether a part gave the cell's result, which the next one may read as ``_``."""
        is_last = at == len(self.pieces) - 1 and isinstance(self.pieces[at].nodes[-1], ast.Expr)
        return is_last and any(output.kind is OutputKind.RESULT for output in self.execution.outputs)

    # What each part changes

    def _changed(self) -> list[set[str]]:
        """Return for each part the names whose values it changes in place."""
        fresh: list[set[str]] = []
        made: set[str] = set()
        for bound in self._bound:
            fresh.append(set(made))
            made |= bound
        changed = [self._changed_by(at, fresh[at]) for at in range(len(self.pieces))]
        self._add_aliases(changed, fresh)
        self._add_unexplained(changed)
        return changed

    def _changed_by(self, at: int, fresh: set[str]) -> set[str]:
        touches, access = self._touches[at], self._access[at]
        hidden = self._recorded[at] - access.binds - touches.changes - touches.perhaps - touches.looks
        found = set()
        for name in touches.changes:
            if name in fresh or self._may_have_changed(name) or self._count_changes(name) > 1:
                found.add(name)
        for name in touches.perhaps | hidden:
            if name in fresh or self._may_have_changed(name):
                found.add(name)
        return {name for name in found if name not in self.scope.modules}

    def _may_have_changed(self, name: str) -> bool:
        return name in self.execution.writes or name in self.execution.maybe

    def _count_changes(self, name: str) -> int:
        return sum(name in touches.changes for touches in self._touches)

    def _add_aliases(self, changed: list[set[str]], fresh: Sequence[set[str]]) -> None:
        """Add the names that share objects with what a part changes, where no comparison tells: those that this cell
        makes (also later, for then the cell's end shows another value), and those that can't be compared. Those that
        the cell is on record to have changed may have been changed by this part, whatever others do to them."""
        sharing = self.sharing
        own = set().union(*self._bound, self.execution.writes)
        for at, touches in enumerate(self._touches):
            for name in tuple(changed[at]):
                inside = [link for link in touches.links if name in link and self._is_compound(at)]
                named = {name}.union(*inside) - self.scope.modules.keys() - self.scope.code.keys()
                shared = set().union(*map(sharing.with_, named), named)
                changed[at] |= shared & (own | sharing.unmarked)
            for name in touches.looks:  # a splitter that holds a generator draws from it
                drawn = {each for each in sharing.with_(name) if is_generator(each, self.scope)}
                changed[at] |= drawn & (fresh[at] | sharing.unmarked)
            for node in self.pieces[at].nodes:
                for name in _killed(node):
                    sharing.forget(name)
            for link in touches.links:
                sharing.link(link - self.scope.modules.keys() - self.scope.code.keys())

    def _is_compound(self, at: int) -> bool:
        """Return whether a part has statements in it: what one of them changes another may have given a name."""
        return any(isinstance(getattr(node, "body", None), list) for node in self.pieces[at].nodes)

    def _add_unexplained(self, changed: list[set[str]]) -> None:
        """Add what the cell is on record to have changed, and no part of it does by its code, to all that may have."""
        told = set().union(*changed, *self._bound) if changed else set()
        unsure = {*self.execution.writes, *self.execution.maybe} - told
        for name in unsure:
            mentioning = [at for at in range(len(self.pieces)) if name in self._access[at].reads | self._recorded[at]]
            for at in mentioning or range(len(self.pieces)):
                if self.effects[at].calls or self._touches[at].changes or self._access[at].is_opaque or mentioning:
                    changed[at].add(name)

    def _unclaimed(self, at: int) -> frozenset[str]:
        """Return the names that a star import or code that is not seen bound: all of the cell that nobody else did."""
        if not self._access[at].is_opaque:
            return frozenset()
        others = set().union(*(bound for each, bound in enumerate(self._bound) if each != at))
        return frozenset(set(self.execution.writes) - others)

    # Randomness

    def may_draw(self, at: int, generator: str) -> bool:
        """Return whether a part may have drawn from a generator: its cell did, or nobody can tell, and it calls."""
        effects = self.effects[at]
        if not effects.calls:
            return False
        return generator in self.execution.state or any(
            generator in each.seeds | each.may_seed for each in self.effects
        )


def _joined(found: Iterable[Access]) -> Access:
    all_of = list(found)
    return Access(
        reads=frozenset().union(*(each.reads for each in all_of)),
        binds=frozenset().union(*(each.binds for each in all_of)),
        touches=frozenset().union(*(each.touches for each in all_of)),
        calls=frozenset().union(*(each.calls for each in all_of)),
        is_opaque=any(each.is_opaque for each in all_of),
    )


def _inner_reads(names: Iterable[str], scope: Scope) -> set[str]:
    """Return the global names that the code behind some names may read when it runs."""
    found: set[str] = set()
    pending = [each for name in names for each in scope.definitions(name)]
    seen: set[int] = set()
    while pending:
        code = pending.pop()
        if id(code) not in seen:
            seen.add(id(code))
            node = ast.copy_location(ast.Expr(code), code) if isinstance(code, ast.Lambda) else code
            reads = mentions(node).reads
            found |= reads
            pending += [each for name in reads for each in scope.definitions(name)]
    return found - KNOWN_NAMES


def _recorded_writes(execution: Execution, piece: Piece) -> set[str]:
    statements = execution.statements[piece.statements.start : piece.statements.stop]
    return {name for statement in statements for name in statement.writes if not is_file_key(name)}


def _killed(node: ast.stmt) -> Iterable[str]:
    """Yield the names that a statement surely binds anew, or deletes."""
    match node:
        case ast.Assign(targets=targets):
            yield from (each.id for target in targets for each in _flat(target) if isinstance(each, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()) | ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import(names=names):
            yield from (each.asname or each.name for each in names if each.asname or "." not in each.name)
        case ast.ImportFrom(names=names):
            yield from (each.asname or each.name for each in names if each.name != "*")
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Delete(targets=targets):
            yield from (each.id for target in targets for each in _flat(target) if isinstance(each, ast.Name))


def _flat(target: ast.expr) -> Iterable[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _flat(each)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _made_first(nodes: Sequence[ast.stmt]) -> set[str]:
    """Return the names that a sequence of statements surely makes before it reads them."""
    made: set[str] = set()
    read: set[str] = set()
    for node in nodes:
        access = accesses(node)
        read |= access.reads - made
        made |= set(_killed(node)) - read
    return made


def _binds_only(piece: Piece) -> bool:
    """Return whether a part binds names that nobody sees, but reads none: a star import."""
    return all(isinstance(node, ast.ImportFrom | ast.Import) for node in piece.nodes)


def _draws_beside(piece: Piece) -> bool:
    """Return whether a part that seeds is more than that: a whole cell, a function that goes on to draw."""
    node = piece.nodes[0] if len(piece.nodes) == 1 else None
    return not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))


def reads_numbered_outputs(part: Part) -> bool:
    """Return whether a part reads results or code by their prompt numbers, which are others in a slice."""
    return any(_NUMBERED.match(name) and name not in part.makers for name in part.reads)
