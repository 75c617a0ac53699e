"""After a cell: what it truly changed decides what flowed into its events and what made each name's value."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from trackbook.capture.cell import CapturedCell
from trackbook.capture.chosen import as_read
from trackbook.capture.code import StatementText
from trackbook.capture.events import Event, FitEvent
from trackbook.capture.flow import OUTSIDE, OUTSIDE_ONLY, Node
from trackbook.capture.literals import code_text
from trackbook.capture.ownership import class_dict, class_mro
from trackbook.capture.plain_values import plain_value
from trackbook.capture.secrets import redact_value
from trackbook.capture.trace import chosen_literals
from trackbook.lineage.graph import Lineage, changes_of
from trackbook.records import JsonValue, Source, Statement

_NOTHING = object()
_UNCHANGING = (bool, int, float, complex, str, bytes, type(None))


@dataclass(slots=True, kw_only=True, eq=False)
class Settled:
    """The statements of a cell, and what made the present value of each name that it changed (None: it is gone)."""

    statements: tuple[Statement, ...] = ()
    sources: Mapping[str, tuple[Source, ...] | None] = field(default_factory=dict)
    code: tuple[Callable[[], str], ...] = ()
    """For each statement what gives its code, for the few that it is asked of."""


def settle(cell: CapturedCell, execution_id: str, lineage: Lineage) -> Settled:
    """Return a cell's statements with their sources, before the lineage knows of the cell."""
    nodes, known = cell.flow.nodes, lineage.sources
    statements = []
    for node in nodes:
        reads = {}
        for name, indexes in _reads_with_control(node, nodes).items():
            sources = _sources(indexes, name, execution_id, known)
            if sources:
                reads[name] = sources
        literals: Mapping[str, JsonValue] = node.literals
        if literals:
            literals = {name: redact_value(name, value) for name, value in literals.items()}
        line, end_line = header_lines(node.statement)
        statements.append(
            Statement(
                line=line,
                end_line=end_line,
                reads=reads,
                writes=tuple(sorted(node.binds | node.touches if node.touches else node.binds)),
                literals=literals,
            )
        )
    made: dict[str, tuple[Source, ...] | None] = {}
    for name in cell.change.writes:
        indexes = cell.flow.exits.get(name, OUTSIDE_ONLY)
        makers = _possible_makers(nodes) if indexes <= OUTSIDE_ONLY else _true_makers(cell, name, indexes)
        made[name] = _sources(makers, name, execution_id, known) if name in cell.names else None
    code = tuple([StatementText(cell.source, node.statement) for node in nodes])
    return Settled(statements=tuple(statements), sources=made, code=code)


def _sources(
    indexes: frozenset[int], name: str, execution_id: str, known: Mapping[str, tuple[Source, ...]]
) -> tuple[Source, ...]:
    """Return the statements of a cell as sources, and what made a name before it where that may be one, too."""
    outer = known.get(name, ()) if OUTSIDE in indexes else ()
    if indexes == OUTSIDE_ONLY:
        return outer
    own = [Source(execution_id=execution_id, statement=index) for index in sorted(indexes) if index != OUTSIDE]
    return (*outer, *own)


def fill_in(
    event: Event,
    cell: CapturedCell,
    lineage: Lineage,
    always: Mapping[str, JsonValue],
    variables: Mapping[str, object] | None = None,
) -> None:
    """Give an event its params (the constants that flowed in) and its code.

    Parameters
    ----------
    always
        Constants that count whether they flow in or not: those of cells tagged ``parameters``.
    variables
        The namespace, for the settings in dataclasses that flow in.
    """
    inputs = event.inputs
    nodes: Mapping[int, set[str]] = {}
    outside = set(inputs.outside)
    if inputs.node is not None:
        nodes, outside = cell.flow.upstream([(inputs.node, inputs.names)])
    earlier = lineage.upstream(outside)
    params = {**always, **lineage.literals(earlier)}
    flowing = set().union(*nodes.values(), *earlier.values())
    params.update(_settings((name, (variables or {}).get(name)) for name in sorted(flowing)))
    is_fit = isinstance(event, FitEvent)  # a metric in a loop is a series: what the loop goes over is no input of it
    params.update(chosen_literals(cell.flow, nodes, inputs.loop_values))
    _replace_changed(params, event.held, _Upstream(cell, lineage, inputs.node, nodes, earlier, variables or {}))
    for index in sorted(nodes):
        node = cell.flow.nodes[index]
        if is_fit:
            params.update({name: inputs.loop_values[name] for name in node.loop_targets if name in inputs.loop_values})
    for name, value in {**inputs.literals, **(inputs.inner_loop_values if is_fit else {})}.items():
        key = name if params.get(name, value) == value else f"local.{name}"
        params[key] = value
    params.pop("_", None)
    event.params = as_read(params, variables or {}, sorted({source.execution_id for source in earlier}))
    texts = lineage.texts(earlier) | {code_text(cell.flow.nodes[index].statement) for index in nodes}
    content = "\x00".join([inputs.call_text, *sorted(texts)])
    event.code = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class _Upstream:
    """What flowed into an event: statements of its cell, and of earlier ones, with the names of them that flow on."""

    cell: CapturedCell
    lineage: Lineage
    place: int | None
    nodes: Mapping[int, set[str]]
    earlier: Mapping[Source, set[str]]
    variables: Mapping[str, object]

    def changed(self) -> set[str]:
        """Return the constants that were something else by the time they flowed in."""
        changed = self.lineage.changed(self.earlier)
        known = set(self.lineage.literals(self.earlier))
        for index in sorted(self.nodes):
            node = self.cell.flow.nodes[index]
            changes_of(known, changed, node.literals, self.nodes[index] & self._written(node))
        if self.place is not None:  # the event's own statement changed it, before or after
            own = self.cell.flow.nodes[self.place]
            changed.update(known & (own.touches & self._written(own)).difference(own.literals))
        return changed

    def _written(self, node: Node) -> frozenset[str]:
        """Return the names that a statement binds or changes in place, which numbers and text can't be."""
        in_place = (name for name in node.touches if type(self.variables.get(name)) not in _UNCHANGING)
        return node.binds.union(in_place)

    def is_as_at_event(self, name: str) -> bool:
        """Return whether the value that a name had when the event happened is the one that flowed in."""
        before = [node for node in self.cell.flow.nodes if name in self._written(node) and self._is_above(node)]
        if before:
            return name in self.nodes.get(before[-1].index, ())
        return self._is_followed(name, OUTSIDE_ONLY)

    def _is_above(self, node: Node) -> bool:
        return self.place is not None and node.index < self.place

    def is_as_then(self, name: str) -> bool:
        """Return whether a name has, at the end of the cell, surely the value that flowed in."""
        nodes = self.cell.flow.nodes
        writers = [node for node in nodes if name in self._written(node)]
        if self.place is None:
            return not writers and self._is_followed(name, OUTSIDE_ONLY)
        around = set(_headers(nodes, self.place))
        for node in writers:
            above = around.intersection(_headers(nodes, node.index))
            in_loop = any(isinstance(nodes[each].statement, ast.For | ast.AsyncFor | ast.While) for each in above)
            if node.index >= self.place or in_loop:
                return False
        if not writers and name in self.cell.change.writes:  # through another name
            return False
        written = {node.index for node in writers}
        makers = self.cell.flow.exits.get(name, OUTSIDE_ONLY)
        return self._is_followed(name, frozenset(each for each in makers if each == OUTSIDE or each in written))

    def _is_followed(self, name: str, makers: frozenset[int]) -> bool:
        own = [index for index in makers if index != OUTSIDE]
        outer = self.lineage.sources.get(name, ()) if OUTSIDE in makers else ()
        return (
            bool(own or outer)
            and all(name in self.nodes.get(index, ()) for index in own)
            and all(name in self.earlier.get(source, ()) for source in outer)
        )


def _headers(nodes: list[Node], index: int) -> Iterator[int]:
    """Yield the headers that a statement stands under, and itself."""
    above: int | None = index
    while above is not None:
        yield above
        above = nodes[above].control


def _replace_changed(params: dict[str, JsonValue], held: Mapping[str, JsonValue], upstream: _Upstream) -> None:
    """Give the constants that were changed before they flowed in the values they had then; leave out what is unsure.

    Parameters
    ----------
    held
        What lists and dicts held when the event happened, by name.
    """
    for name in sorted(upstream.changed() & params.keys()):
        del params[name]
        root, _, rest = name.partition(".")
        if root in held and upstream.is_as_at_event(root):
            found = plain_value(_setting(held[root], rest) if rest else held[root])
        elif root in upstream.variables and upstream.is_as_then(root):
            value = upstream.variables[root]
            found = plain_value(_setting(value, rest) if rest else value)
        else:
            continue
        if found is not None:
            params[name] = redact_value(name, found[0])


def _setting(value: object, name: str) -> object:
    """Return an item of a dict, or an attribute that a class or an object holds itself."""
    if type(value) is dict:
        return value.get(name, _NOTHING)
    if isinstance(value, type):
        return class_dict(value).get(name, _NOTHING)
    try:
        return object.__getattribute__(value, "__dict__").get(name, _NOTHING)
    except AttributeError:
        return _NOTHING


def _settings(values: Iterable[tuple[str, object]]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the fields of dataclasses that hold settings: ``config.rate``."""
    for name, value in values:
        kind = type(value)  # asked of its type alone: attributes of its own may be code of the person's
        if not any("__dataclass_fields__" in class_dict(base) for base in class_mro(kind)):
            continue
        for part in fields(kind):  # type: ignore[arg-type]  # it is a dataclass, as was just found
            setting = object.__getattribute__(value, "__dict__").get(part.name)
            if type(setting) in (str, bool, int, float):
                yield f"{name}.{part.name}", setting


def header_lines(statement: ast.stmt) -> tuple[int, int]:
    """Return the lines of a statement; of a branch, loop, ``with`` or ``try`` those of its header only."""
    end = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if (
        isinstance(body, list)
        and body
        and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ):
        end = max(statement.lineno, body[0].lineno - 1)
    elif isinstance(statement, ast.Match):
        end = statement.lineno
    return statement.lineno, end


def _reads_with_control(node: Node, nodes: list[Node]) -> dict[str, frozenset[int]]:
    """Return what a statement reads, and what the headers that it stands under read: they decide whether it runs."""
    if node.control is None:
        return node.reads
    reads = dict(node.reads)
    control: int | None = node.control
    while control is not None:
        for name, indexes in nodes[control].reads.items():
            reads[name] = reads.get(name, frozenset()) | indexes
        control = nodes[control].control
    return reads


def _true_makers(cell: CapturedCell, name: str, indexes: frozenset[int]) -> frozenset[int]:
    """Return which of several statements made a name: if they assign literals, the one whose literal it holds."""
    if name not in cell.present:
        return indexes
    literals = {index: cell.flow.nodes[index].literals for index in indexes if index != OUTSIDE}
    if len(literals) < 2 or not all(name in found for found in literals.values()):
        return indexes
    return frozenset(index for index, found in literals.items() if found[name] == cell.present[name]) or indexes


def _possible_makers(nodes: list[Node]) -> frozenset[int]:
    """Return the statements that may have changed a name through an alias: those that change something, else all."""
    changing = frozenset(node.index for node in nodes if node.touches)
    return changing or frozenset(node.index for node in nodes)
