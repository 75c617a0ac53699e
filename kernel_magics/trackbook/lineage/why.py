"""Why something of a run is what it is: the graph from a metric to the literals and files that it comes from.

Everything in it was recorded while the code ran: what the statements read and wrote, where metrics were measured and
models fitted. What is not known is a node of its own that says so; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from trackbook.lineage.changing import Effect, effect_on, makes_plain
from trackbook.lineage.code import is_definition, is_import, module_imported, names_in
from trackbook.lineage.segments import statement_text
from trackbook.records import Execution, HiddenReason, JsonValue, Origin, Source, Statement, is_file_key


class NodeKind(StrEnum):
    """What a node stands for."""

    METRIC = "metric"
    PARAM = "param"
    MODEL = "model"
    STATEMENT = "statement"
    FIT = "fit"
    INSIDE = "inside"
    FUNCTION = "function"
    IMPORT = "import"
    LITERAL = "literal"
    TABLE = "table"
    FILE = "file"
    MODULE = "module"
    RANDOM = "random"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One thing that took part.

    `label` names it: a metric's key, a literal's name, a file's path. `cell` is the prompt number of the cell that made
    it, `line` to `end_line` the place there, `code` what stands there. `value` is what it came to, where that is known;
    `details` are what else is known of it.
    """

    node_id: str
    kind: NodeKind
    label: str
    execution_id: str | None = None
    cell: int | None = None
    line: int | None = None
    end_line: int | None = None
    code: str | None = None
    value: JsonValue = None
    details: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Something flowed: `start` made what `end` used, under a name. `is_sure`: False where it only may have.

    `hidden` says why the notebook, as it stood when the cells ran that led to the root, would not have given it.
    """

    start: str
    end: str
    name: str = ""
    is_sure: bool = True
    hidden: HiddenReason | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by id, and the edges between them. `root` is what was asked for."""

    root: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def into(self, node_id: str) -> list[Edge]:
        """Return the edges that end at a node."""
        return [edge for edge in self.edges if edge.end == node_id]


class Draft:
    """A graph in the making; what is added twice is there once."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], Edge] = {}

    def add(self, node: Node) -> str:
        """Add a node, unless it is there; return its id."""
        self.nodes.setdefault(node.node_id, node)
        return node.node_id

    def join(
        self, start: str, end: str, name: str = "", *, is_sure: bool = True, hidden: HiddenReason | None = None
    ) -> None:
        """Add an edge, unless it is there or would lead from a node to itself."""
        if start != end:
            edge = Edge(start=start, end=end, name=name, is_sure=is_sure, hidden=hidden)
            self.edges.setdefault((start, end, name), edge)

    def upstream(self, node_id: str) -> list[str]:
        """Return the nodes that flow into one, nearest first, itself left out."""
        before: dict[str, list[str]] = {}
        for edge in self.edges.values():
            before.setdefault(edge.end, []).append(edge.start)
        found: dict[str, None] = {}
        pending = [node_id]
        while pending:
            pending = [each for end in pending for each in before.get(end, ()) if each not in found]
            found.update(dict.fromkeys(pending))
        found.pop(node_id, None)
        return list(found)

    def graph(self, root: str) -> Graph:
        """Return what flows into a node."""
        kept = {root: self.nodes[root]} | {each: self.nodes[each] for each in self.upstream(root)}
        return Graph(root, kept, tuple(edge for edge in self.edges.values() if edge.end in kept))


def reached(sources: Iterable[Source], executions: Mapping[str, Execution]) -> set[Source]:
    """Return some statements with all that flows into them, as far as the executions that are at hand tell.

    Those whose execution is not at hand are among them: who reads these and asks again gets further.
    """
    found: set[Source] = set()
    pending = list(sources)
    while pending:
        source = pending.pop()
        if source in found:
            continue
        found.add(source)
        statement = statement_at(executions, source)
        if statement is not None:
            pending += read_by(statement, None)
    return found


def starts(origins: Iterable[Origin], executions: Mapping[str, Execution]) -> set[Source]:
    """Return what flows into some origins at once: the makers of their names, and the fits that they judge."""
    found: set[Source] = set()
    for origin in origins:
        found.update(origin.fits)
        statement = statement_at(executions, origin.source)
        if statement is not None:
            found.update(read_by(statement, origin.names))
    return found


def statement_at(executions: Mapping[str, Execution], source: Source) -> Statement | None:
    """Return the statement of a source, None where its execution is not at hand or has no such statement."""
    execution = executions.get(source.execution_id)
    if execution is None or not 0 <= source.statement < len(execution.statements):
        return None
    return execution.statements[source.statement]


def text_at(executions: Mapping[str, Execution], source: Source) -> str:
    """Return the code of a source, empty where it is not at hand."""
    statement = statement_at(executions, source)
    return statement_text(executions[source.execution_id], statement) if statement is not None else ""


def read_by(statement: Statement, names: Collection[str] | None) -> list[Source]:
    """Return the makers of what a statement read, or of some names of that."""
    return [source for name in wanted_reads(statement, names) for source in statement.reads[name]]


def wanted_reads(statement: Statement, names: Collection[str] | None) -> list[str]:
    """Return which names a statement read, of those that matter (None: all of them do), and the files that it read."""
    return [name for name in statement.reads if names is None or name in names or is_file_key(name)]


def resolved(origins: Iterable[Origin], executions: Mapping[str, Execution]) -> list[Origin]:
    """Return origins with the names of magics' lines, whose values are put in before anybody can follow them.

    Of ``%track metric share={share}`` all that the line read counts.
    """
    found = []
    for origin in origins:
        execution, statement = executions.get(origin.source.execution_id), statement_at(executions, origin.source)
        is_magic = execution and statement and statement_text(execution, statement).startswith("%")
        names = tuple(statement.reads) if statement and is_magic and not origin.names else origin.names
        found.append(replace(origin, names=names))
    return found


def last_makers(
    name: str, makers: Sequence[Source], executions: Mapping[str, Execution], reader: Source | None = None
) -> dict[Source, bool]:
    """Return the makers of a value from which the others are reached, each with whether it is sure to be one.

    Where one changed in place what another made, the way back leads over the changer. A statement that only may have
    changed what its own cell made stands beside the maker; one that is known not to is none, nor is the `reader`, which
    in a loop comes round to what it made itself.
    """
    if is_file_key(name):
        return dict.fromkeys(makers, True)
    found: dict[Source, bool] = {}
    behind: set[Source] = set()
    for maker in sorted(makers, key=lambda each: _time(each, executions), reverse=True):
        is_out = maker in behind or maker == reader
        effect = Effect.READS if is_out else _effect(name, maker, makers, executions)
        if effect is Effect.READS:
            continue
        found[maker] = effect is not Effect.MAY_CHANGE
        statement = statement_at(executions, maker)
        if found[maker] and statement is not None:
            behind.update(statement.reads.get(name, ()))
    sure = {maker: True for maker, is_sure in found.items() if is_sure}
    texts = [text_at(executions, maker) for maker in sure]
    if sure and all(is_import(text) or is_definition(text) for text in texts):
        return sure  # a module, a function or a class
    return found or {maker: False for maker in makers if maker != reader}


def _time(source: Source, executions: Mapping[str, Execution]) -> tuple[int, int]:
    execution = executions.get(source.execution_id)
    return (execution.index if execution is not None else -1, source.statement)


def _effect(name: str, maker: Source, makers: Sequence[Source], executions: Mapping[str, Execution]) -> Effect:
    statement = statement_at(executions, maker)
    if statement is None:
        return Effect.MAKES
    execution = executions[maker.execution_id]
    effect = _effect_by_text(name, statement, execution, executions)
    if effect in (Effect.MAKES, Effect.CHANGES):
        return effect
    is_handed = name in names_in(statement_text(execution, statement))  # else a function may have bound it anew
    others = [each for each in makers if each != maker]
    if effect is Effect.MAY_CHANGE and is_handed and _is_unchanging(name, others, executions):
        return Effect.READS
    if any(each != maker and each.execution_id == maker.execution_id for each in makers):
        return effect
    # nothing else in the cell can have changed it, and the cell did
    return Effect.MAY_CHANGE if name in execution.maybe else Effect.CHANGES


def _effect_by_text(
    name: str, statement: Statement, execution: Execution, executions: Mapping[str, Execution]
) -> Effect:
    """Return what a statement's code does to a name; of a change through others, what it does to these."""
    text = statement_text(execution, statement)
    effect = effect_on(name, text, partial(_module_of, statement, executions))
    if name in statement.writes or effect in (Effect.MAKES, Effect.CHANGES):
        return effect
    others = (effect_on(each, text, partial(_module_of, statement, executions)) for each in statement.writes)
    told = [each for each in others if each is not Effect.MAKES]
    return Effect.READS if told and all(each is Effect.READS for each in told) else effect


def _is_unchanging(name: str, makers: Sequence[Source], executions: Mapping[str, Execution]) -> bool:
    """Return whether all that gave a name its value gave it a number, a text or None, which no call can change."""
    giving = [maker for maker in makers if _may_give(name, maker, executions)]
    return bool(giving) and all(_gives_plain(name, maker, executions) for maker in giving)


def _may_give(name: str, maker: Source, executions: Mapping[str, Execution]) -> bool:
    """Return whether a statement may have given a name its value; one that was handed the value did not."""
    statement = statement_at(executions, maker)
    return statement is None or effect_on(name, text_at(executions, maker), lambda _: None) is Effect.MAKES


def _gives_plain(name: str, maker: Source, executions: Mapping[str, Execution]) -> bool:
    statement = statement_at(executions, maker)
    if statement is None:
        return False
    is_literal = name in statement.literals and not isinstance(statement.literals[name], list | dict)
    return is_literal or makes_plain(name, text_at(executions, maker))


def _module_of(statement: Statement, executions: Mapping[str, Execution], name: str) -> str | None:
    """Return the module that a name which a statement read was imported from."""
    for maker in statement.reads.get(name, ()):
        text = text_at(executions, maker)
        if is_import(text):
            return module_imported(text, name)
    return None
