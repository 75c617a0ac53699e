"""Builds the graph behind a run from what is on record: its origins, and the executions that they were reached from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from trackbook.lineage import code
from trackbook.lineage.attaching import add_modules, add_params, add_tables
from trackbook.lineage.changing import only_recorded_into
from trackbook.lineage.evidence import Evidence, add_written, file_node, id_of, leaf_of, metric_id, prompt
from trackbook.lineage.randomness import add_drawn, add_unseeded_of
from trackbook.lineage.why import Draft, Node, NodeKind, last_makers, reached, starts, wanted_reads
from trackbook.records import (
    Execution,
    HiddenReason,
    JsonValue,
    Origin,
    OriginKind,
    Source,
    Statement,
    file_key,
    is_file_key,
)

BEFORE = "made before tracking began"
_NOTHING = object()


def draft_of(evidence: Evidence) -> Draft:
    """Return the graph of all that a run's metrics and models come from."""
    return _Explaining(evidence).draft


@dataclass(slots=True, eq=False)
class _Explaining:
    evidence: Evidence
    draft: Draft = field(default_factory=Draft)
    fits: dict[Source, Origin] = field(default_factory=dict)
    known: set[Source] = field(default_factory=set)
    pending: dict[Source, None] = field(default_factory=dict)
    """Statements that flowed in, and whose own reads are still to be added."""
    hidden: dict[tuple[str, str], HiddenReason] = field(default_factory=dict)
    """Why the notebook would not have given a name as an execution made it, where some cell upstream met that."""

    def __post_init__(self) -> None:
        origins = self.evidence.origins
        self.fits = self.evidence.fits()
        first = starts(origins, self.evidence.executions).union(self.evidence.seeds)
        whole = reached(first, self.evidence.executions)
        upstream = {source.execution_id for source in whole} | {origin.source.execution_id for origin in origins}
        for execution in (self.evidence.executions[each] for each in upstream if each in self.evidence.executions):
            self.hidden.update(((read.name, read.source.execution_id), read.reason) for read in execution.hidden)
        self.known = whole | {origin.source for origin in origins}
        self._walk(origins)
        for origin in origins:
            self._origin(origin)
        add_tables(self.draft, self.evidence)
        add_params(self.draft, self.evidence, self.known)
        add_modules(self.draft, self.evidence)

    # Statements

    def _walk(self, origins: Sequence[Origin]) -> None:
        """Add what flowed into some origins, of their own statements only the names that did; then all behind that."""
        for origin in origins:
            self._reads(origin.source, origin.names)
            self.pending.update(dict.fromkeys(origin.fits))
        self.pending.update(dict.fromkeys(self.evidence.seeds))
        done: set[Source] = set()
        while self.pending:
            source = self.pending.popitem()[0]
            if source not in done:
                done.add(source)
                self._reads(source, None)

    def _reads(self, source: Source, names: Sequence[str] | None) -> str:
        """Add a statement and the edges of what it reads; return its id."""
        node_id = self._statement(source)
        statement = self.evidence.at(source)
        if statement is None:
            return node_id
        aside = only_recorded_into(self.evidence.text(source))
        for name in (each for each in wanted_reads(statement, names) if each not in aside):
            self._read(self._entry(node_id, name, statement), name, statement.reads[name], source)
        for name in self._unseen(source, statement, names):
            self._unknown(node_id, source, name)
        for file in statement.files:
            self.draft.join(self.draft.add(file_node(file)), node_id)
        add_drawn(self.draft, self.evidence, source, statement)
        return node_id

    def _entry(self, node_id: str, name: str, statement: Statement) -> str:
        """Return the node by which what a statement read came in: the file that another one wrote, else its own."""
        path = name.removeprefix(file_key("")) if is_file_key(name) else None
        files = [file for file in statement.files if path is not None and file.path.endswith(path)]
        return self.draft.add(file_node(files[0])) if files else node_id

    def _read(self, reader: str, name: str, makers: Sequence[Source], source: Source) -> None:
        found = last_makers(name, makers, self.evidence.executions, source)
        for maker in self._ran(name, list(found)):
            self.pending[maker] = None
            for start in self._makers(maker, name, self.evidence.text(source)):
                reason = self.hidden.get((name, maker.execution_id))
                self.draft.join(start, reader, name, is_sure=found[maker], hidden=reason)

    def _ran(self, name: str, makers: list[Source]) -> list[Source]:
        """Return which of several statements made a name: of constants the one that the run's params tell.

        A fit that gave a model leaves no room for the ``None`` that another branch would have given.
        """
        literals = {maker: getattr(self.evidence.at(maker), "literals", {}).get(name, _NOTHING) for maker in makers}
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
        statement = self.evidence.at(maker)
        found = statement.literals if statement is not None else {}
        exact = {key: value for key, value in found.items() if key == name}
        inner = {key: value for key, value in found.items() if key.startswith(f"{name}.")}
        used = code.attributes_in(text) if inner else ()
        return exact or {key: value for key, value in inner.items() if key in used} or inner

    def _statement(self, source: Source) -> str:
        execution, statement = self.evidence.executions.get(source.execution_id), self.evidence.at(source)
        node_id = id_of(source)
        if execution is None or statement is None:
            label = "a statement that the store doesn't have any more"
            return self.draft.add(Node(node_id=node_id, kind=NodeKind.UNKNOWN, label=label))
        text = self.evidence.text(source)
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
        execution, statement = self.evidence.executions[source.execution_id], self.evidence.at(source)
        text = self.evidence.text(source)
        first = statement.line if statement is not None else 1
        inner = code.setting_line(text, leaf_of(key)) if code.is_definition(text) else None
        node = Node(
            node_id=f"{id_of(source)}:{key}",
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
        if code.is_definition(self.evidence.text(source)):
            return  # what a body reads is read by who calls it
        seen = (each for each in self.evidence.executions.values() if each.index < execution.index)
        outer = set(execution.reads) - set(statement.reads) - {name for each in seen for name in each.writes}
        for name in sorted(outer & code.names_in(self.evidence.text(source))):
            if names is None or name in names:
                yield name

    def _unknown(self, reader: str, source: Source, name: str) -> None:
        node_id = f"before:{name}"
        self.draft.add(Node(node_id=node_id, kind=NodeKind.UNKNOWN, label=name, details={"why": BEFORE}))
        self.draft.join(node_id, reader, name)

    # Origins

    def _origin(self, origin: Origin) -> None:
        top = self._inside(origin)
        statement_id = id_of(origin.source)
        for name, value in origin.literals.items():
            place = statement_id if code.gives(self.evidence.text(origin.source), name, value) else top
            if not self._is_told(origin, name, value):
                add_written(self.draft, place, name, value)
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
        add_unseeded_of(self.draft, self.evidence, origin)

    def _is_told(self, origin: Origin, name: str, value: JsonValue) -> bool:
        """Return whether a constant that was found inside a call stands in the statement's own literals already."""
        statement = self.evidence.at(origin.source)
        return statement is not None and statement.literals.get(name) == value and name in statement.literals

    def _inside(self, origin: Origin) -> str:
        """Add the functions that led from a statement to the place, and return the innermost node."""
        below = id_of(origin.source)
        for inside in origin.inside:
            node_id = f"{below}>{inside.function}:{inside.line}"
            self.draft.add(self._inside_node(node_id, inside.function, inside.line))
            self.draft.join(below, node_id, "call")
            below = node_id
        return below

    def _inside_node(self, node_id: str, function: str, line: int) -> Node:
        label = f"in {function}()"
        for source in self.evidence.ordered(self.known):
            text = self.evidence.text(source)
            first = code.definition_line(text, function) if code.is_definition(text) else None
            if first is None:
                continue
            execution, statement = self.evidence.executions[source.execution_id], self.evidence.at(source)
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
        return self._inside_module(Node(node_id=node_id, kind=NodeKind.INSIDE, label=label), function, line)

    def _inside_module(self, node: Node, function: str, line: int) -> Node:
        """Return the node with its place in one of the project's modules, if just one has such a function."""
        texts = self.evidence.module_texts
        places = {path: code.definition_line(text, function) for path, text in texts.items()}
        found = [(path, first) for path, first in places.items() if first is not None]
        if len(found) != 1:
            return node
        path, first = found[0]
        written = code.line_text(texts[path], first + line)
        at = first + line + 1
        return replace(node, line=at, end_line=at + written.count("\n"), code=written, details={"path": path})
