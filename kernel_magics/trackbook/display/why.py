"""Why something of a run is what it is: a tree from the number to the literals and files, each line with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Branch, Cell, Title, Tone, Tree
from trackbook.display.shown import Look, Shown, shown
from trackbook.lineage.randomness import SEED
from trackbook.lineage.why import Edge, Graph, Node, NodeKind
from trackbook.records import HiddenReason, JsonValue, is_dataset_key
from trackbook.tracking.dataset_names import PATH
from trackbook.tracking.find import short_id
from trackbook.tracking.why import Explanation

MOST_BENEATH = 12
DEEPEST = 14
_DEEPEST_WHOLE = 150  # a page, and Python, can nest only so deep
_WIDEST_CODE = 100
_WIDEST_VALUE = 60
_OPEN_TO = 3
_MOST_OPEN = 40
_ORDER = (
    NodeKind.RANDOM, NodeKind.LITERAL, NodeKind.FILE, NodeKind.MODULE, NodeKind.INSIDE, NodeKind.FIT,
    NodeKind.STATEMENT, NodeKind.FUNCTION, NodeKind.IMPORT, NodeKind.TABLE, NodeKind.UNKNOWN,
)  # fmt: skip
_DIGEST = 8
_HIDDEN = {
    HiddenReason.RERUN: "⚠ this cell was run again since",
    HiddenReason.EDITED: "⚠ this cell was edited since",
    HiddenReason.DELETED: "⚠ this cell was deleted since",
    HiddenReason.ORDER: "⚠ this cell stands below the one that reads {}",
    HiddenReason.SKIPPED: "⚠ a cell in between makes another {}, and had not run",
    HiddenReason.CHANGED: "⚠ {} changed on disk since",
    HiddenReason.RELOADED: "⚠ {} was loaded again since",
}
_NEWER = "⚠ of {} a newer version was published since"


def show_why(explanation: Explanation, look: Look | None = None, *, is_whole: bool = False) -> Shown:
    """Show an explanation as a tree. Without `is_whole` what is very deep or very wide is counted, not shown."""
    look = look or Look()
    run = explanation.run.run
    title = Title(cells=(*_subject(explanation), Cell(text=run.name, tone=Tone.QUIET), cells.identifier(run.run_id)))
    hint = f"{look.command} why {_again(explanation, look)} --all"
    growth = _Growth(explanation.graph, hint, is_whole=is_whole)
    return shown([title, *(Tree(root=branch) for branch in growth.from_root())], look)


def _subject(explanation: Explanation) -> tuple[Cell, ...]:
    """Return what is explained, with its value."""
    root = explanation.graph.nodes[explanation.graph.root]
    if root.kind is NodeKind.TABLE:
        return (Cell(text=fmt.one_line(root.label), aside=_table_facts(root)),)
    if root.value is None and root.kind is not NodeKind.PARAM:
        return (Cell(text=fmt.one_line(root.label), aside=cells.short_class(str(root.details.get("class", "")))),)
    aside = f"the last of {explanation.points} points" if explanation.points > 1 else ""
    is_metric = root.kind is NodeKind.METRIC and isinstance(root.value, int | float)
    value = fmt.number(root.value) if is_metric else _value(root.value)  # type: ignore[arg-type]  # it is a number
    return (Cell(text=f"{fmt.one_line(root.label)} = {value}", aside=aside),)


def _again(explanation: Explanation, look: Look) -> str:
    key, run = explanation.subject.key, short_id(explanation.run.run.run_id)
    return f"{key} {run}" if look.command.startswith("%") else f"{run} {key}"


def _value(value: JsonValue) -> str:
    return fmt.shortened(fmt.value(value), _WIDEST_VALUE)


@dataclass(slots=True, eq=False)
class _Growth:
    """Grows the branches of a graph; what was shown once is pointed at where it comes again."""

    graph: Graph
    hint: str
    is_whole: bool
    shown: dict[str, None] = field(default_factory=dict)
    before: dict[str, list[Edge]] = field(default_factory=dict)
    places: dict[str, set[str | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.graph.nodes.values():
            self.places.setdefault(_place(node), set()).add(node.code)
        for edge in self.graph.edges:
            self.before.setdefault(edge.end, []).append(edge)

    def from_root(self) -> list[Branch]:
        """Return the branches beneath what was asked for."""
        branches = self._beneath(self.graph.root, 0)
        lines = sum(map(_size, branches))
        return [_closed(branch, 0 if lines > _MOST_OPEN else -_MOST_OPEN) for branch in branches]

    def _beneath(self, node_id: str, depth: int) -> list[Branch]:
        ways = self._ways(node_id)
        branches: list[Branch] = []
        if depth >= (_DEEPEST_WHOLE if self.is_whole else DEEPEST) and any(each not in self.shown for each, _ in ways):
            return [self._rest(each for each, _ in ways)]
        again: list[tuple[Node, list[str]]] = []
        most = len(ways) if self.is_whole else MOST_BENEATH
        for start, names in ways[:most]:
            node = self.graph.nodes[start]
            if start in self.shown:
                again.append((node, names))
            else:
                self.shown[start] = None
                branches.append(
                    Branch(cells=tuple(_line(node, names)), branches=tuple(self._beneath(start, depth + 1)))
                )
        branches += self._seen(again)
        if any(each not in self.shown for each, _ in ways[most:]):
            branches.append(self._rest(each for each, _ in ways[most:]))
        return branches

    def _seen(self, nodes: list[tuple[Node, list[str]]]) -> list[Branch]:
        """Return a line for what was shown before; what it came as here is said, the rest shares one line."""
        found: list[Branch] = []
        plain: dict[str, None] = {}
        for node, remarks in nodes:
            place = self._told(node)
            if remarks:
                aside = ", ".join(remarks)
                found.append(Branch(cells=(Cell(text=f"{place}, see above", tone=Tone.QUIET, aside=aside),)))
            else:
                plain[place] = None
        if plain:
            found.append(Branch(cells=(Cell(text=f"see above: {', '.join(plain)}", tone=Tone.QUIET),)))
        return found

    def _told(self, node: Node) -> str:
        """Return the place of a node; with its code where others in the graph stand on its line."""
        place = _place(node)
        is_shared = place and len(self.places[place]) > 1
        return f"{place} ({_brief(node.code or '')})" if is_shared else place or fmt.one_line(node.label)

    def _ways(self, node_id: str) -> list[tuple[str, list[str]]]:
        """Return what stands beneath a node, with what is to be said of how it flowed in, in the order of the page."""
        found: dict[str, dict[str, None]] = {}
        for edge, remark in self._edges(node_id):
            if self._is_worth(edge.start):
                found.setdefault(edge.start, {}).update(dict.fromkeys(remark))
        ordered = sorted(found, key=lambda each: self._rank(self.graph.nodes[each]))
        return [(each, list(found[each])) for each in ordered]

    def _edges(self, node_id: str) -> Iterator[tuple[Edge, list[str]]]:
        """Yield the edges into a node; a table is a remark about how its maker flowed in, where it has one."""
        for edge in self.before.get(node_id, ()):
            node = self.graph.nodes[edge.start]
            remark = _edge_remarks(edge)
            makers = self.before.get(edge.start, ())
            if node.kind is not NodeKind.TABLE or not makers:
                yield edge, remark
            for maker in makers if node.kind is NodeKind.TABLE else ():
                yield maker, [f"{fmt.one_line(node.label)} {_table_facts(node)}", *_edge_remarks(maker)]

    def _is_worth(self, node_id: str) -> bool:
        """Leave out imports of installed libraries: every notebook has dozens."""
        return self.graph.nodes[node_id].kind is not NodeKind.IMPORT or bool(self.before.get(node_id))

    def _rank(self, node: Node) -> tuple[int, int, int]:
        place = _ORDER.index(node.kind) if node.kind in _ORDER else 0
        return (place if _is_sure(node) else len(_ORDER), -(node.cell or 0), -(node.line or 0))

    def _rest(self, starts: Iterable[str]) -> Branch:
        found: dict[str, None] = {}
        pending = [each for each in starts if each not in self.shown]
        while pending:
            found.update(dict.fromkeys(pending))
            ways = (start for each in pending for start, _ in self._ways(each))
            pending = [each for each in dict.fromkeys(ways) if each not in found and each not in self.shown]
        count = len(found)
        return Branch(cells=(Cell(text=f"… {count} more: {self.hint}", tone=Tone.QUIET),))


def _edge_remarks(edge: Edge) -> list[str]:
    name = fmt.one_line(edge.name)
    said = [] if edge.is_sure else ["may have seeded it"] if edge.name == SEED else [f"may have changed {name}"]
    if edge.hidden is None:
        return said
    is_dataset = edge.hidden is HiddenReason.CHANGED and is_dataset_key(edge.name)
    return [*said, (_NEWER if is_dataset else _HIDDEN[edge.hidden]).format(name)]


def _size(branch: Branch) -> int:
    return 1 + sum(map(_size, branch.branches))


def _closed(branch: Branch, depth: int) -> Branch:
    """Return a branch of a large tree with only its first levels open."""
    beneath = tuple(_closed(each, depth + 1) for each in branch.branches)
    return Branch(cells=branch.cells, branches=beneath, is_open=depth < _OPEN_TO)


def _line(node: Node, remarks: list[str]) -> Iterator[Cell]:
    """Yield the cells of a node's line: its place, its code or what it is, and what is to be said of it."""
    aside = ", ".join([*_own_remarks(node), *remarks])
    if node.code is not None:
        yield Cell(text=f"{_place(node)}:", tone=Tone.QUIET, is_code=True, title=node.execution_id)
        yield replace(_code(node), aside=aside)
    else:
        fact = _fact(node)
        yield replace(fact, aside=", ".join(filter(None, (fact.aside, aside))))


def _place(node: Node) -> str:
    path = node.details.get("path")
    if node.code is None or (node.cell is None and not path):
        return ""
    inside = f" {fmt.one_line(node.label)}" if node.kind is NodeKind.INSIDE else ""
    where = f"[{node.cell}]" if node.cell is not None else fmt.one_line(str(path))
    return f"{where} line {node.line}{inside}"


def _code(node: Node) -> Cell:
    code = node.code or ""
    is_long = node.kind is NodeKind.FUNCTION and "\n" in code
    first = f"{code.split(chr(10), 1)[0]} …" if is_long else " ".join(code.split())
    line = fmt.one_line(first)
    return Cell(text=fmt.shortened(line, _WIDEST_CODE), is_code=True, is_strong=_is_end(node), title=code)


def _brief(code: str) -> str:
    return fmt.shortened(fmt.one_line(" ".join(code.split())), _WIDEST_VALUE)


def _is_end(node: Node) -> bool:
    return node.kind is NodeKind.LITERAL


def _own_remarks(node: Node) -> Iterator[str]:
    if node.kind is NodeKind.FIT:
        kind = node.details.get("class")
        yield f"fits {fmt.one_line(node.label)}" + (
            f", {fmt.with_article(cells.short_class(str(kind)))}" if kind else ""
        )
        inside = node.details.get("inside")
        for place in inside if isinstance(inside, list) else ():
            if isinstance(place, dict) and place["cell"] is not None:
                yield f"at [{place['cell']}] line {place['line']}: {_brief(str(place['code']))}"
    if node.kind is NodeKind.LITERAL and node.code is not None and not _says(node):
        yield f"{fmt.one_line(node.label)} = {_value(node.value)}"
    if isinstance(node.value, dict) and node.kind is not NodeKind.LITERAL:
        yield fmt.pairs(node.value) + " here"
    if "failure" in node.details:
        yield "the cell failed later"


def _says(node: Node) -> bool:
    """Return whether a literal's code says no more than its name and value."""
    target, _, value = (node.code or "").partition("=")
    return target.strip() == node.label and "," not in target and value.strip() != ""


def _is_sure(node: Node) -> bool:
    """Return whether it is known that something happened: an estimator without a seed need not have drawn."""
    return node.kind is not NodeKind.RANDOM or " may draw " not in node.label


def _fact(node: Node) -> Cell:
    label = fmt.one_line(node.label)
    match node.kind:
        case NodeKind.LITERAL:
            return Cell(text=f"{label} = {_value(node.value)}", is_code=True, is_strong=True)
        case NodeKind.FILE:
            return _file(node, label)
        case NodeKind.MODULE:
            return Cell(text=f"module {label}", aside=_file_facts(node), title=str(node.details.get("digest") or ""))
        case NodeKind.TABLE:
            return Cell(text=f"table {label}", aside=_table_facts(node))
        case NodeKind.RANDOM:
            return Cell(text=label, symbol="⚠", tone=Tone.BUSY) if _is_sure(node) else Cell(text=label, tone=Tone.QUIET)
        case NodeKind.UNKNOWN:
            why = node.details.get("why")
            return Cell(text=f"{label}: {why}" if why else label, tone=Tone.QUIET)
    return Cell(text=label)


def _file(node: Node, label: str) -> Cell:
    digest = str(node.details.get("digest") or "")
    if label.startswith(PATH):
        return Cell(text=f"dataset {label.removeprefix(PATH)}", aside=f"snapshot {digest[:_DIGEST]}", title=digest)
    return Cell(text=f"file {label}", aside=_file_facts(node), title=digest)


def _file_facts(node: Node) -> str:
    size, digest = node.details.get("size"), node.details.get("digest")
    known = [fmt.size(size)] if isinstance(size, int) else []
    return ", ".join([*known, f"sha256 {str(digest)[:_DIGEST]}" if digest else "content not known"])


def _table_facts(node: Node) -> str:
    shape, fingerprint = node.details.get("shape"), node.details.get("fingerprint")
    known = [fmt.shape(shape)] if isinstance(shape, list) and shape else []
    return " ".join([*known, f"#{str(fingerprint)[:_DIGEST]}" if fingerprint else "(not fingerprinted)"])
