"""Puts what the run's record knows into the graph of its statements: tables, chosen params, the project's modules."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from trackbook.lineage import code
from trackbook.lineage.evidence import Evidence, add_written, file_node, id_of, leaf_of, place_of
from trackbook.lineage.why import Draft, Node, NodeKind
from trackbook.records import DatasetUse, JsonValue, ModuleUse, Origin, OriginKind, Role, Source

# Tables


def add_tables(draft: Draft, evidence: Evidence) -> None:
    """Put the tables that the run knows between those that made them and the fits and metrics that used them."""
    for use in evidence.run.datasets:
        table = draft.add(_table(use))
        readers = {reader for each in evidence.origins for reader in _readers(draft, evidence, each, use)}
        for reader in readers:
            _pass_through(draft, table, use, reader)
        if not readers:
            _hang(draft, evidence, table, use)
        if not draft.upstream(table):  # else the statements that made it know better which of them read a file
            for file in use.files:
                draft.join(draft.add(file_node(file)), table)


def _table(use: DatasetUse) -> Node:
    details: dict[str, JsonValue] = {
        "role": use.role.value if use.role else None,
        "kind": use.kind,
        "rows": use.rows,
        "shape": list(use.shape),
        "fingerprint": use.fingerprint,
    }
    return Node(node_id=f"table:{use.name}:{use.role or ''}", kind=NodeKind.TABLE, label=use.name, details=details)


def _readers(draft: Draft, evidence: Evidence, origin: Origin, use: DatasetUse) -> list[str]:
    """Return the statement that used a table for an origin: its own, else the nearest one that read the name.

    For a fit that is what made the object that holds its tables (``DMatrix(X, y)``); of one in a function the names may
    be the function's own.
    """
    if not _is_for(evidence, origin, use):
        return []
    own = id_of(origin.source)
    names = set(origin.names) & set(getattr(evidence.at(origin.source), "reads", ()))
    if use.name in names or (not use.name.isidentifier() and code.tables_in(use.name) & names):
        return [own]
    if origin.inside and (origin.kind is OriginKind.FIT or use.role is Role.TRAIN):
        return []
    read = {use.name} if use.name.isidentifier() else code.tables_in(use.name)
    reading = {edge.end for edge in draft.edges.values() if edge.name in read}
    saying = (each for each in draft.upstream(own) if each in reading and use.name in (draft.nodes[each].code or ""))
    return list(saying)[:1]


def _is_for(evidence: Evidence, origin: Origin, use: DatasetUse) -> bool:
    """Return whether a table is of the kind that an origin uses: a fit what it is trained on, a metric the rest."""
    is_fit = origin.kind is OriginKind.FIT
    if use.role is Role.TRAIN:
        return is_fit or origin.key.startswith("train.")
    return not is_fit or not any(each.role is Role.TRAIN for each in evidence.run.datasets)


def _pass_through(draft: Draft, table: str, use: DatasetUse, reader: str) -> None:
    """Let what flowed to a reader under the table's name flow through the table."""
    names = {use.name} if use.name.isidentifier() else {use.name, *code.tables_in(use.name)}
    for edge in [edge for edge in draft.edges.values() if edge.end == reader and edge.name in names]:
        if draft.nodes[edge.start].kind is NodeKind.TABLE:
            continue
        if use.name.isidentifier():
            del draft.edges[edge.start, edge.end, edge.name]
        draft.join(edge.start, table, edge.name, is_sure=edge.is_sure, hidden=edge.hidden)
    draft.join(table, reader, use.name)


def _hang(draft: Draft, evidence: Evidence, table: str, use: DatasetUse) -> None:
    """Hang a table that has no name in the notebook on what used it: on whose code says it, if any does."""
    wanted = OriginKind.FIT if use.role is Role.TRAIN else OriginKind.METRIC
    origins = [origin for origin in evidence.origins if origin.kind is wanted]
    saying = [origin for origin in origins if use.name in (draft.nodes[id_of(origin.source)].code or "")]
    for origin in saying or origins:
        draft.join(table, place_of(origin), use.name)


# Params


def add_params(draft: Draft, evidence: Evidence, known: Iterable[Source]) -> None:
    """Hang the params that no literal stands for on the statements that write them.

    What stands nowhere is a default or was said by hand, and is left out; a search's candidates have theirs from it.
    """
    told = _told(draft)
    settings = {key for source in known for key in getattr(evidence.at(source), "literals", ()) if "." in key}
    is_candidate = evidence.run.run.parent_id is not None and not evidence.run.models
    for key, value in evidence.run.params.items():
        leaf = leaf_of(key)
        if key in evidence.defaults or key in settings or told & {(leaf, repr(value)), (key, repr(value))}:
            continue
        if isinstance(value, dict | list) and ("", repr(value)) in told:
            continue
        for fit in evidence.fits():
            place, written = written_at(draft, id_of(fit), leaf, value)
            if is_candidate if written is None else not isinstance(written, ast.Name):  # a name says where it is from
                add_written(draft, place, key, value)


def _told(draft: Draft) -> set[tuple[str, str]]:
    """Return names with values that stand in the graph already: literals, the entries of dicts, loops' values."""
    told: set[tuple[str, str]] = set()
    for node in draft.nodes.values():
        if node.kind is NodeKind.LITERAL:
            told |= {(label, repr(node.value)) for label in (node.label, node.label.rpartition(".")[2], "")}
        if isinstance(node.value, dict):
            told |= {(key, repr(value)) for key, value in node.value.items()}
    return told


def written_at(draft: Draft, fit_id: str, name: str, value: JsonValue) -> tuple[str, ast.expr | None]:
    """Return the nearest node upstream of a fit in whose code an argument is given, and what stands there.

    That is a keyword argument with the value as a constant, by the name of one, or by an expression; else the constant
    among a call's positional ones. Where there is none, it is the fit itself, and None.
    """
    nodes = [draft.nodes[each] for each in (fit_id, *draft.upstream(fit_id))]
    literals = [node.label for node in nodes if node.kind is NodeKind.LITERAL and node.value == value]
    known = {*literals, *(label.rpartition(".")[2] for label in literals)}
    coded = {node.node_id: node.code for node in nodes if node.kind is not NodeKind.LITERAL and node.code is not None}
    keywords = {node_id: given for node_id, text in coded.items() if (given := code.keyword_value(text, name))}
    for node_id, given in keywords.items():
        if ast.unparse(given) in known or code.gives(coded[node_id], name, value):
            return node_id, given
    for node_id, given in keywords.items():
        if not code.is_constant(given):
            return node_id, given
    for node_id, text in coded.items():
        placed = code.positional(text, value) if draft.nodes[node_id].kind is not NodeKind.FUNCTION else None
        if placed is not None:
            return node_id, placed
    return fit_id, None


# Modules


def add_modules(draft: Draft, evidence: Evidence) -> None:
    """Hang the project's own modules on the imports that name them."""
    imports = [node for node in draft.nodes.values() if node.kind is NodeKind.IMPORT]
    for use in evidence.run.modules:
        for node in imports:
            if use.name.rpartition(".")[2] in code.names_of_import(node.code or ""):
                draft.join(draft.add(_module(use)), node.node_id)


def _module(use: ModuleUse) -> Node:
    details: dict[str, JsonValue] = {"path": use.path, "size": use.size, "digest": use.digest}
    return Node(node_id=f"module:{use.name}", kind=NodeKind.MODULE, label=use.name, details=details)
