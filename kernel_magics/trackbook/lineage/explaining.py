"""Builds the graph behind a run from what is on record: its origins, and the executions that they were reached from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.lineage import code
from trackbook.lineage.why import (
    Draft,
    Node,
    NodeKind,
    last_makers,
    reached,
    starts,
    statement_at,
    text_at,
    wanted_reads,
)
from trackbook.records import (
    DatasetUse,
    Execution,
    FileRead,
    HiddenReason,
    JsonValue,
    ModuleUse,
    Origin,
    OriginKind,
    Role,
    RunDetail,
    Source,
    Statement,
)

SEED = "seed"
_GENERATORS = frozenset({"numpy.random", "random"})
_RANDOM = re.compile(r"\brandom\b")
_OWN_GENERATORS = ("default_rng", "RandomState", "SeedSequence", "Random(", "SystemRandom")
BEFORE = "made before tracking began"
_NOTHING = object()
_IN_CELL = re.compile(r"^(?P<what>.*) without a seed in (?:cell (?P<index>\d+)|this cell)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is on record of a run: its origins, the executions behind them, by id, and the params that nobody chose.

    `seeds` are the statements of the session that seeded a global random generator.
    """

    run: RunDetail
    origins: Sequence[Origin]
    executions: Mapping[str, Execution]
    defaults: frozenset[str] = frozenset()
    seeds: Sequence[Source] = ()


def metric_id(key: str) -> str:
    """Return the id of a metric's node."""
    return f"metric:{key}"


def draft_of(evidence: Evidence) -> Draft:
    """Return the graph of all that a run's metrics and models come from."""
    return _Explaining(evidence).draft


@dataclass(slots=True, eq=False)
class _Explaining:
    evidence: Evidence
    draft: Draft = field(default_factory=Draft)
    fits: dict[Source, Origin] = field(default_factory=dict)
    known: set[Source] = field(default_factory=set)
    hidden: dict[tuple[str, str], HiddenReason] = field(default_factory=dict)
    """Why the notebook would not have given a name as an execution made it, where some cell upstream met that."""

    def __post_init__(self) -> None:
        origins = self.evidence.origins
        self.fits = {each.source: each for each in origins if each.kind is OriginKind.FIT}
        whole = reached(starts(origins, self.evidence.executions), self.evidence.executions)
        upstream = {source.execution_id for source in whole} | {origin.source.execution_id for origin in origins}
        for execution in (self.evidence.executions[each] for each in upstream if each in self.evidence.executions):
            self.hidden.update(((read.name, read.source.execution_id), read.reason) for read in execution.hidden)
        self.known = whole | {origin.source for origin in origins}
        for source in self._ordered(whole):
            self._reads(source, None)
        for origin in origins:
            if origin.source not in whole:
                self._reads(origin.source, origin.names)
        for origin in origins:
            self._origin(origin)
        self._tables()
        self._chosen()
        self._modules()

    def _at(self, source: Source) -> Statement | None:
        return statement_at(self.evidence.executions, source)

    def _ordered(self, sources: Iterable[Source]) -> list[Source]:
        """Return sources, the latest first."""
        return sorted(sources, key=self._time, reverse=True)

    def _time(self, source: Source) -> tuple[int, int, str]:
        execution = self.evidence.executions.get(source.execution_id)
        return (execution.index if execution is not None else -1, source.statement, source.execution_id)

    # Statements

    def _reads(self, source: Source, names: Sequence[str] | None) -> str:
        """Add a statement and the edges of what it reads; return its id."""
        node_id = self._statement(source)
        statement = self._at(source)
        if statement is None:
            return node_id
        for name in wanted_reads(statement, names):
            self._read(node_id, name, statement.reads[name], source)
        for name in self._unseen(source, statement, names):
            self._unknown(node_id, source, name)
        self._arrivals(node_id, source, statement)
        return node_id

    def _read(self, reader: str, name: str, makers: Sequence[Source], source: Source) -> None:
        found = last_makers(name, makers, self.evidence.executions, source)
        for maker in self._ran(name, list(found)):
            for start in self._makers(maker, name, self._text(source)):
                reason = self.hidden.get((name, maker.execution_id))
                self.draft.join(start, reader, name, is_sure=found[maker], hidden=reason)

    def _ran(self, name: str, makers: list[Source]) -> list[Source]:
        """Return which of several statements made a name: of constants the one that the run's params tell.

        A fit that gave a model leaves no room for the ``None`` that another branch would have given.
        """
        literals = {maker: getattr(self._at(maker), "literals", {}).get(name, _NOTHING) for maker in makers}
        if any(maker in self.fits for maker in makers):
            return [maker for maker in makers if literals[maker] is not None]
        if name not in self.evidence.run.params or _NOTHING in literals.values():
            return makers
        value = self.evidence.run.params[name]
        return [maker for maker in makers if literals[maker] == value] or makers

    def _makers(self, maker: Source, name: str, text: str) -> list[str]:
        """Return the nodes that stand for what a statement made under a name: its literals, else the statement."""
        literals = self._literals(maker, name, text)
        return [self._literal(maker, key, value) for key, value in literals.items()] or [self._statement(maker)]

    def _literals(self, maker: Source, name: str, text: str) -> dict[str, JsonValue]:
        """Return the constants that a statement assigns to a name; of settings those that the reader's code uses."""
        statement = self._at(maker)
        found = statement.literals if statement is not None else {}
        exact = {key: value for key, value in found.items() if key == name}
        inner = {key: value for key, value in found.items() if key.startswith(f"{name}.")}
        used = code.attributes_in(text) if inner else ()
        return exact or {key: value for key, value in inner.items() if key in used} or inner

    def _text(self, source: Source) -> str:
        return text_at(self.evidence.executions, source)

    def _statement(self, source: Source) -> str:
        execution, statement = self.evidence.executions.get(source.execution_id), self._at(source)
        node_id = f"{source.execution_id}:{source.statement}"
        if execution is None or statement is None:
            label = "a statement that the store doesn't have any more"
            return self.draft.add(Node(node_id=node_id, kind=NodeKind.UNKNOWN, label=label))
        text = self._text(source)
        return self.draft.add(
            Node(
                node_id=node_id,
                kind=self._kind(source, text),
                label=self._label(source, statement),
                execution_id=execution.execution_id,
                cell=prompt(execution),
                line=statement.line,
                end_line=statement.end_line,
                code=text,
                value=self._loop_values(statement, text),
                details=self._details(source, execution),
            )
        )

    def _kind(self, source: Source, text: str) -> NodeKind:
        if source in self.fits:
            return NodeKind.FIT
        if code.is_import(text):
            return NodeKind.IMPORT
        return NodeKind.FUNCTION if code.is_definition(text) else NodeKind.STATEMENT

    def _label(self, source: Source, statement: Statement) -> str:
        return self.fits[source].key if source in self.fits else ", ".join(statement.writes)

    def _details(self, source: Source, execution: Execution) -> dict[str, JsonValue]:
        details: dict[str, JsonValue] = {}
        if source in self.fits:
            key = self.fits[source].key
            classes = [model.class_name for model in self.evidence.run.models if model.name == key]
            details["class"] = classes[0] if classes else None
            places = [self._inside_node("", each.function, each.line) for each in self.fits[source].inside[-1:]]
            details["inside"] = [{"cell": each.cell, "line": each.line, "code": each.code} for each in places]
        if execution.failure is not None:
            details["failure"] = f"{execution.failure.type}: {execution.failure.message}"
        return details

    def _loop_values(self, statement: Statement, text: str) -> JsonValue:
        """Return what a loop's names were in this run, where its params tell."""
        if not code.is_loop(text):
            return None
        params = self.evidence.run.params
        return {name: params[name] for name in statement.writes if name in params} or None

    def _literal(self, source: Source, key: str, value: JsonValue) -> str:
        execution, statement = self.evidence.executions[source.execution_id], self._at(source)
        text = self._text(source)
        first = statement.line if statement is not None else 1
        inner = code.setting_line(text, leaf_of(key)) if code.is_definition(text) else None
        node = Node(
            node_id=f"{source.execution_id}:{source.statement}:{key}",
            kind=NodeKind.LITERAL,
            label=key,
            execution_id=execution.execution_id,
            cell=prompt(execution),
            line=first + (inner or 0),
            end_line=first + inner if inner is not None else statement.end_line if statement is not None else None,
            code=text if inner is None else code.line_text(text, inner),
            value=value,
        )
        if node.node_id not in self.draft.nodes:
            self.draft.add(node)
            for name in statement.reads if statement else ():
                if name not in code.names_in(text):  # of the branch that it stands in
                    self._read(node.node_id, name, statement.reads[name] if statement else (), source)
        return node.node_id

    def _unseen(self, source: Source, statement: Statement, names: Sequence[str] | None) -> Iterator[str]:
        """Yield the names that a statement read from before its cell, of which nobody saw the making."""
        execution = self.evidence.executions[source.execution_id]
        if code.is_definition(self._text(source)):
            return  # what a body reads is read by who calls it
        seen = (each for each in self.evidence.executions.values() if each.index < execution.index)
        outer = set(execution.reads) - set(statement.reads) - {name for each in seen for name in each.writes}
        for name in sorted(outer & code.names_in(self._text(source))):
            if names is None or name in names:
                yield name

    def _unknown(self, reader: str, source: Source, name: str) -> None:
        node_id = f"before:{name}"
        self.draft.add(Node(node_id=node_id, kind=NodeKind.UNKNOWN, label=name, details={"why": BEFORE}))
        self.draft.join(node_id, reader, name)

    def _arrivals(self, node_id: str, source: Source, statement: Statement) -> None:
        for file in statement.files:
            self.draft.join(self._file(file), node_id)
        for what in statement.unseeded:
            if not self._seeded(node_id, source, what):
                self._random(node_id, what, is_sure=True)
        if source not in self.evidence.seeds and self._draws(source):
            self._seeded(node_id, source, "")

    def _is_seed(self, node_id: str) -> bool:
        return any(node_id == f"{seed.execution_id}:{seed.statement}" for seed in self.evidence.seeds)

    def _draws(self, source: Source) -> bool:
        """Return whether a statement drew from a global generator, as far as its text and its cell's state tell."""
        state = self.evidence.executions[source.execution_id].state
        text = self._text(source)
        return bool(_GENERATORS & set(state)) and not code.is_definition(text) and bool(_RANDOM.search(text))

    def _seeded(self, node_id: str, source: Source, what: str, *, is_sure: bool = True) -> bool:
        """Join the statement that last seeded the global generators with one that drew from them, if one did."""
        seeds = [seed for seed in self.evidence.seeds if self._time(seed) < self._time(source)]
        if not seeds or what.startswith(_OWN_GENERATORS):
            return False
        seed = max(seeds, key=self._time)
        self.draft.join(self._reads(seed, None), node_id, SEED, is_sure=is_sure)
        return True

    def _file(self, file: FileRead) -> str:
        return self.draft.add(
            Node(
                node_id=f"file:{file.path}:{file.digest}",
                kind=NodeKind.FILE,
                label=file.path,
                details={"path": file.path, "size": file.size, "digest": file.digest},
            )
        )

    def _random(self, node_id: str, what: str, *, is_sure: bool) -> None:
        label = what if "seed" in what else f"{what} {'draws' if is_sure else 'may draw'} without a seed"
        node = Node(node_id=f"random:{node_id}:{what}", kind=NodeKind.RANDOM, label=label)
        self.draft.join(self.draft.add(node), node_id)

    # Origins

    def _origin(self, origin: Origin) -> None:
        top = self._inside(origin)
        statement_id = f"{origin.source.execution_id}:{origin.source.statement}"
        for name, value in origin.literals.items():
            place = statement_id if code.gives(self._text(origin.source), name, value) else top
            if not self._is_told(origin, name, value):
                self._written(place, name, value)
        if origin.kind is OriginKind.METRIC:
            point = self.evidence.run.metrics.get(origin.key)
            root = Node(
                node_id=metric_id(origin.key),
                kind=NodeKind.METRIC,
                label=origin.key,
                value=point.value if point is not None else None,
                details={"step": point.step} if point is not None else {},
            )
            self.draft.join(top, self.draft.add(root))
        behind = set(self.draft.upstream(statement_id)) | {statement_id}
        for fit in map(self._statement, origin.fits):
            if fit not in behind:
                self.draft.join(fit, statement_id, "model")
        self._drawn(origin, statement_id)

    def _is_told(self, origin: Origin, name: str, value: JsonValue) -> bool:
        """Return whether a constant that was found inside a call stands in the statement's own literals already."""
        statement = self._at(origin.source)
        return statement is not None and statement.literals.get(name) == value and name in statement.literals

    def _inside(self, origin: Origin) -> str:
        """Add the functions that led from a statement to the place, and return the innermost node."""
        below = f"{origin.source.execution_id}:{origin.source.statement}"
        for inside in origin.inside:
            node_id = f"{below}>{inside.function}:{inside.line}"
            self.draft.add(self._inside_node(node_id, inside.function, inside.line))
            self.draft.join(below, node_id, "call")
            below = node_id
        return below

    def _inside_node(self, node_id: str, function: str, line: int) -> Node:
        label = f"in {function}()"
        for source in self._ordered(self.known):
            text = self._text(source)
            first = code.definition_line(text, function) if code.is_definition(text) else None
            if first is None:
                continue
            execution, statement = self.evidence.executions[source.execution_id], self._at(source)
            at = (statement.line if statement else 1) + first + line
            written = code.line_text(text, first + line)
            return Node(
                node_id=node_id,
                kind=NodeKind.INSIDE,
                label=label,
                execution_id=execution.execution_id,
                cell=prompt(execution),
                line=at,
                end_line=at + written.count("\n"),
                code=written,
            )
        return Node(node_id=node_id, kind=NodeKind.INSIDE, label=label)

    def _drawn(self, origin: Origin, statement_id: str) -> None:
        """Add the randomness that flowed in unseeded, where no statement upstream stands for it already."""
        behind = [statement_id, *self.draft.upstream(statement_id)]
        told = {node_id.rpartition(":")[2] for node_id in behind if node_id.startswith("random:")}
        for what in origin.unseeded:
            if what in told:
                continue
            is_known = origin.kind is OriginKind.METRIC and any(self._is_seed(each) for each in behind)
            if not is_known and not self._seeded(statement_id, origin.source, what, is_sure=False):
                self._random(self._drawing(what, behind) or statement_id, what, is_sure="seed" in what)

    def _drawing(self, what: str, behind: Iterable[str]) -> str | None:
        """Return the statement that drew from a global generator, where only one upstream can have."""
        match = _IN_CELL.match(what)
        if match is None:
            return None
        nodes = [self.draft.nodes[each] for each in behind]
        indexes = {each.execution_id: str(each.index) for each in self.evidence.executions.values()}
        found = [
            node.node_id
            for node in nodes
            if node.kind in (NodeKind.STATEMENT, NodeKind.FIT)
            and (match["index"] is None or indexes.get(node.execution_id or "") == match["index"])
            and re.search(r"\brandom\b", node.code or "")
        ]
        return found[0] if len(set(found)) == 1 else None

    # Tables, params and modules

    def _tables(self) -> None:
        """Put the tables that the run knows between those that made them and the fits and metrics that used them."""
        for use in self.evidence.run.datasets:
            table = self._table(use)
            readers = {reader for each in self.evidence.origins for reader in self._readers(each, use)}
            for reader in readers:
                self._pass_through(table, use, reader)
            if not readers:
                self._attach(table, use)

    def _readers(self, origin: Origin, use: DatasetUse) -> list[str]:
        """Return the statements that used a table for an origin: its own, else the nearest one that read the name."""
        if not self._is_for(origin, use):
            return []
        own = f"{origin.source.execution_id}:{origin.source.statement}"
        names = set(origin.names) & set(getattr(self._at(origin.source), "reads", ()))
        if use.name in names or (not use.name.isidentifier() and code.names_in(use.name) & names):
            return [own]
        if origin.kind is OriginKind.FIT or use.role is Role.TRAIN:
            return []
        found = {node_id: None for node_id in self.draft.upstream(own) if self._reads_name(node_id, use.name)}
        return list(found)[:1]

    def _reads_name(self, node_id: str, name: str) -> bool:
        return any(edge.end == node_id and edge.name == name for edge in self.draft.edges.values())

    def _table(self, use: DatasetUse) -> str:
        details: dict[str, JsonValue] = {
            "role": use.role.value if use.role else None,
            "kind": use.kind,
            "rows": use.rows,
            "shape": list(use.shape),
            "fingerprint": use.fingerprint,
        }
        node_id = f"table:{use.name}:{use.role or ''}"
        return self.draft.add(Node(node_id=node_id, kind=NodeKind.TABLE, label=use.name, details=details))

    def _is_for(self, origin: Origin, use: DatasetUse) -> bool:
        is_fit = origin.kind is OriginKind.FIT
        if use.role is Role.TRAIN:
            return is_fit or origin.key.startswith("train.")
        return not is_fit or not any(each.role is Role.TRAIN for each in self.evidence.run.datasets)

    def _pass_through(self, table: str, use: DatasetUse, reader: str) -> None:
        names = {use.name} | ({*code.names_in(use.name)} if not use.name.isidentifier() else set())
        edges = [edge for edge in self.draft.edges.values() if edge.end == reader and edge.name in names]
        for edge in edges:
            if self.draft.nodes[edge.start].kind is NodeKind.TABLE:
                continue
            if use.name.isidentifier():
                del self.draft.edges[edge.start, edge.end, edge.name]
            self.draft.join(edge.start, table, edge.name, is_sure=edge.is_sure)
        self.draft.join(table, reader, use.name)
        self._files_of(table, use)

    def _attach(self, table: str, use: DatasetUse) -> None:
        """Hang a table that has no name in the notebook on what used it."""
        wanted = OriginKind.FIT if use.role is Role.TRAIN else OriginKind.METRIC
        for origin in self.evidence.origins:
            if origin.kind is wanted:
                self.draft.join(table, self._inside(origin), use.name)
        self._files_of(table, use)

    def _files_of(self, table: str, use: DatasetUse) -> None:
        if self.draft.upstream(table):
            return  # the statements that made it know better which of them read a file
        for file in use.files:
            self.draft.join(self._file(file), table)

    def _chosen(self) -> None:
        """Hang the params that no literal stands for on the statements that write them, else on the fit."""
        told = self._told()
        settings = {key for source in self.known for key in getattr(self._at(source), "literals", ()) if "." in key}
        for key, value in self.evidence.run.params.items():
            leaf = leaf_of(key)
            if key in self.evidence.defaults or (leaf, repr(value)) in told or (key, repr(value)) in told:
                continue
            if (isinstance(value, dict | list) and ("", repr(value)) in told) or key in settings:
                continue
            for fit in self.fits.values():
                self._choose(fit, key, leaf, value)

    def _choose(self, fit: Origin, key: str, leaf: str, value: JsonValue) -> None:
        fit_id = f"{fit.source.execution_id}:{fit.source.statement}"
        place, written = written_at(self.draft, fit_id, leaf, value)
        if isinstance(written, ast.Name) or (written is None and not self._is_candidate()):
            return  # the name says where it comes from; what stands nowhere is a default, or was said by hand
        self._written(place, key, value)

    def _written(self, place: str, key: str, value: JsonValue) -> None:
        """Hang a constant on the node in whose code it is written."""
        node = self.draft.nodes[place]
        literal = Node(
            node_id=f"{place}:{key}",
            kind=NodeKind.LITERAL,
            label=key,
            execution_id=node.execution_id,
            cell=node.cell,
            line=node.line,
            end_line=node.end_line,
            value=value,
        )
        self.draft.join(self.draft.add(literal), place, key)

    def _is_candidate(self) -> bool:
        """Return whether the run is one choice of a search, whose params the search itself has set."""
        return self.evidence.run.run.parent_id is not None and not self.evidence.run.models

    def _told(self) -> set[tuple[str, str]]:
        """Return names with values that stand in the graph already: literals, the entries of dicts, loops' values."""
        told: set[tuple[str, str]] = set()
        for node in self.draft.nodes.values():
            if node.kind is NodeKind.LITERAL:
                told |= {(label, repr(node.value)) for label in (node.label, node.label.rpartition(".")[2], "")}
            if isinstance(node.value, dict):
                told |= {(key, repr(value)) for key, value in node.value.items()}
        return told

    def _modules(self) -> None:
        """Hang the project's own modules on the imports that name them."""
        imports = [node for node in self.draft.nodes.values() if node.kind is NodeKind.IMPORT]
        for use in self.evidence.run.modules:
            for node in imports:
                if use.name.rpartition(".")[2] in code.names_of_import(node.code or ""):
                    self.draft.join(self._module(use), node.node_id)

    def _module(self, use: ModuleUse) -> str:
        details: dict[str, JsonValue] = {"path": use.path, "size": use.size, "digest": use.digest}
        return self.draft.add(Node(node_id=f"module:{use.name}", kind=NodeKind.MODULE, label=use.name, details=details))


def leaf_of(key: str) -> str:
    """Return the name by which code gives a param: ``C`` for ``svc__C``."""
    return re.split(r"__|\.", key)[-1]


def written_at(draft: Draft, fit_id: str, name: str, value: JsonValue) -> tuple[str, ast.expr | None]:
    """Return the nearest node upstream of a fit in whose code an argument is given, and what stands there.

    That is a keyword argument with the value as a constant, by the name of one, or by an expression; else the constant
    among a call's positional ones. Where there is none, it is the fit itself, and None.
    """
    nodes = [draft.nodes[each] for each in (fit_id, *draft.upstream(fit_id))]
    literals = [node.label for node in nodes if node.kind is NodeKind.LITERAL and node.value == value]
    known = {*literals, *(label.rpartition(".")[2] for label in literals)}
    coded = [node for node in nodes if node.kind is not NodeKind.LITERAL and node.code is not None]
    for node in coded:
        given = code.keyword_value(node.code or "", name)
        if given is not None and (ast.unparse(given) in known or code.gives(node.code or "", name, value)):
            return node.node_id, given
    for node in coded:
        given = code.keyword_value(node.code or "", name)
        if given is not None and not code.is_constant(given):
            return node.node_id, given
    for node in coded:
        given = code.positional(node.code or "", value) if node.kind is not NodeKind.FUNCTION else None
        if given is not None:
            return node.node_id, given
    return fit_id, None


def prompt(execution: Execution) -> int:
    """Return the number that a person knows an execution by."""
    return execution.count if execution.count is not None else execution.index
