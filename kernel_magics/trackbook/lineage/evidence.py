"""What is on record of a run, and how its parts are named in the graph that is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.lineage.why import Draft, Node, NodeKind, statement_at, text_at
from trackbook.records import Execution, FileRead, JsonValue, Origin, OriginKind, RunDetail, Source, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is on record of a run: its origins, the executions behind them, by id, and the params that nobody chose.

    `seeds` are the statements of the session that seeded a global random generator, `module_texts` the sources of the
    project's own modules by their paths.
    """

    run: RunDetail
    origins: Sequence[Origin]
    executions: Mapping[str, Execution]
    defaults: frozenset[str] = frozenset()
    seeds: Sequence[Source] = ()
    module_texts: Mapping[str, str] = field(default_factory=dict)

    def at(self, source: Source) -> Statement | None:
        """Return the statement of a source, None where it is not at hand."""
        return statement_at(self.executions, source)

    def text(self, source: Source) -> str:
        """Return the code of a source, empty where it is not at hand."""
        return text_at(self.executions, source)

    def time(self, source: Source) -> tuple[int, int, str]:
        """Return what sorts sources by the order in which their cells ran."""
        execution = self.executions.get(source.execution_id)
        return (execution.index if execution is not None else -1, source.statement, source.execution_id)

    def ordered(self, sources: Iterable[Source]) -> list[Source]:
        """Return sources, the latest first."""
        return sorted(sources, key=self.time, reverse=True)

    def fits(self) -> dict[Source, Origin]:
        """Return the run's fits by their statements."""
        return {each.source: each for each in self.origins if each.kind is OriginKind.FIT}


def id_of(source: Source) -> str:
    """Return the id of a statement's node."""
    return f"{source.execution_id}:{source.statement}"


def place_of(origin: Origin) -> str:
    """Return the id of the node where an origin happened: its statement's, or that of the innermost function."""
    return id_of(origin.source) + "".join(f">{each.function}:{each.line}" for each in origin.inside)


def metric_id(key: str) -> str:
    """Return the id of a metric's node."""
    return f"metric:{key}"


def prompt(execution: Execution) -> int:
    """Return the number that a person knows an execution by."""
    return execution.count if execution.count is not None else execution.index


def leaf_of(key: str) -> str:
    """Return the name by which code gives a param: ``C`` for ``svc__C``."""
    return re.split(r"__|\.", key)[-1]


def file_node(file: FileRead) -> Node:
    """Return the node of a file, in the state in which it was read."""
    details: dict[str, JsonValue] = {"path": file.path, "size": file.size, "digest": file.digest}
    return Node(node_id=f"file:{file.path}:{file.digest}", kind=NodeKind.FILE, label=file.path, details=details)


def add_written(draft: Draft, place: str, key: str, value: JsonValue) -> None:
    """Hang a constant on the node in whose code it is written."""
    node = draft.nodes[place]
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
    draft.join(draft.add(literal), place, key)
