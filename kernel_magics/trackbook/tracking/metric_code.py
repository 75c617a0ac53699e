"""Which code made a metric of a run, and which of the run's params are only seeds there.

It is the code upstream of the metric, statement by statement, as far as the record goes: a cell that measures or draws
something else afterwards is no part of it. Of a run whose metrics nobody saw being made (a script, a thread) it is that
of all its cells.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trackbook.capture.symbols import parse_cell
from trackbook.lineage import code_shape
from trackbook.lineage.code import is_import, tables_in
from trackbook.lineage.segments import statement_text
from trackbook.lineage.why import last_makers, reached, resolved, starts, statement_at, text_at, wanted_reads
from trackbook.records import DatasetUse, Execution, Origin, OriginKind, Role, RunDetail, Source
from trackbook.store.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upstream:
    """What made some origins: the statements, the functions among them, what came from imports, all names read."""

    trees: tuple[ast.AST, ...]
    shapes: tuple[code_shape.Shapes, ...]
    functions: Mapping[str, Sequence[str]]
    imports: tuple[str, ...]
    names: frozenset[str]


class MetricCode:
    """The code of the metrics of some runs, read from the store at once."""

    def __init__(self, store: Store, details: Sequence[RunDetail]) -> None:
        self._origins = {each.run.run_id: store.origins(each.run.run_id) for each in details}
        self._executions = _executions(store, details, self._origins)
        self._found: dict[tuple[object, ...], _Upstream] = {}
        self._seeds: dict[tuple[object, ...], frozenset[str]] = {}
        self._digests: dict[tuple[str, str], str | None] = {}
        self._data: dict[tuple[str, str], str | None] = {}

    def code(self, detail: RunDetail, key: str) -> str | None:
        """Return a digest of the code that made a metric, the same for runs that differ in params and seeds only."""
        known = (detail.run.run_id, key)
        if known not in self._digests:
            self._digests[known] = self._digest(detail, key)
        return self._digests[known]

    def _digest(self, detail: RunDetail, key: str) -> str | None:
        modules = [f"{module.name} {module.digest}" for module in detail.modules]
        origins = self._of(detail, key)
        if not origins:
            cells = (self._executions[each] for each in detail.execution_ids if each in self._executions)
            return digest(sorted({*map(_shape_of_cell, cells)}) + sorted(modules))
        upstream = self._upstream(origins, self.seeds(detail))
        around = code_shape.Surroundings(
            values=code_shape.values_by_name(detail.params),
            functions=upstream.functions,
            seeds=self.seeds(detail),
        )
        shapes = {shape for each in upstream.shapes if (shape := each.under(around))}
        return digest([*sorted(shapes), *upstream.imports, *sorted(modules)])

    def data(self, detail: RunDetail, key: str) -> str | None:
        """Return a digest of what is known of a metric's data whatever way a seed split it: files, size and columns.

        Tables that nothing upstream of it names are left out.
        """
        known = (detail.run.run_id, key)
        if known not in self._data:
            self._data[known] = _digest_of_data(self._datasets(detail, key))
        return self._data[known]

    def _datasets(self, detail: RunDetail, key: str) -> list[DatasetUse]:
        origins = self._of(detail, key)
        if not origins:
            return list(detail.datasets)
        names = self._upstream(origins, self.seeds(detail)).names
        return [use for use in detail.datasets if names & ({use.name} | tables_in(use.name))] or list(detail.datasets)

    def seeds(self, detail: RunDetail) -> frozenset[str]:
        """Return the names that hold nothing but seeds in a run's code, or only count how often it was repeated."""
        origins = self._origins[detail.run.run_id]
        known = _places(origins)
        if known not in self._seeds:
            upstream = self._upstream(origins, frozenset())
            seeding = code_shape.seeds_in(upstream.trees, upstream.functions)
            self._seeds[known] = seeding | (self._counters(origins) - upstream.names)
        return self._seeds[known]

    def is_by_chance(self, detail: RunDetail) -> bool:
        """Return whether a run drew random numbers without a seed: the same result again is another draw."""
        return any(origin.unseeded for origin in self._origins[detail.run.run_id])

    def _of(self, detail: RunDetail, key: str) -> list[Origin]:
        """Return what made a metric; of one whose statement is not known, what fitted the run's models."""
        origins = self._origins[detail.run.run_id]
        found = [each for each in origins if each.kind is OriginKind.METRIC and each.key == key]
        return found or [each for each in origins if each.kind is OriginKind.FIT]

    def _counters(self, origins: Iterable[Origin]) -> frozenset[str]:
        ids = dict.fromkeys(origin.source.execution_id for origin in origins)
        found = [self._executions[each] for each in ids if each in self._executions]
        return code_shape.counters_in(
            statement_text(each, statement) for each in found for statement in each.statements
        )

    def _upstream(self, origins: Sequence[Origin], seeds: frozenset[str]) -> _Upstream:
        known = (_places(origins), seeds)
        if known not in self._found:
            self._found[known] = _Search(self._executions, seeds).run(resolved(origins, self._executions))
        return self._found[known]


class _Search:
    """Follows origins back to all statements that made them, except for those that only make seeds."""

    def __init__(self, executions: Mapping[str, Execution], seeds: Collection[str]) -> None:
        self._executions = executions
        self._seeds = seeds
        self._trees: dict[Source, ast.AST | None] = {}
        self._imports: set[str] = set()
        self._names: set[str] = set()

    def run(self, origins: Iterable[Origin]) -> _Upstream:
        roots: list[ast.AST] = []
        pending: list[Source] = []
        for origin in origins:
            tree = code_shape.tree_of(text_at(self._executions, origin.source), _measuring(self._text(origin), origin))
            roots += [tree] if tree is not None else []
            pending += [fit for fit in origin.fits if fit != origin.source]
            pending += self._makers(origin.source, origin.names)
        while pending:
            source = pending.pop()
            if source not in self._trees:
                self._trees[source] = code_shape.tree_of(text_at(self._executions, source))
                pending += self._makers(source, None)
        trees = (*roots, *(tree for tree in self._trees.values() if tree is not None))
        return _Upstream(
            trees=trees,
            shapes=tuple(map(code_shape.Shapes, trees)),
            functions=_functions(trees),
            imports=tuple(sorted(self._imports)),
            names=frozenset(self._names),
        )

    def _text(self, origin: Origin) -> str:
        return text_at(self._executions, origin.source)

    def _makers(self, source: Source, names: Collection[str] | None) -> Iterator[Source]:
        """Yield what made the names that a statement read; what it took from an import is noted instead."""
        statement = statement_at(self._executions, source)
        for name in wanted_reads(statement, names) if statement is not None else ():
            if name in self._seeds or code_shape.is_seed_name(name):
                continue
            self._names.add(name)
            for maker in last_makers(name, statement.reads[name], self._executions, source) if statement else ():
                text = text_at(self._executions, maker)
                if is_import(text):
                    self._imports.add(f"{name} {code_shape.imported(text, name)}")
                else:
                    yield maker


def digest(texts: Iterable[str]) -> str | None:
    """Return a short hash of some texts, None where there is none."""
    listed = list(texts)
    return hashlib.sha256("\0".join(listed).encode()).hexdigest()[:8] if listed else None


def _digest_of_data(used: Sequence[DatasetUse]) -> str | None:
    files = {file.digest or file.path for use in used for file in use.files}
    tables = {f"{use.name} {use.role} {use.shape[1:]} {use.columns}" for use in used}
    return digest([*sorted(files), *sorted(tables), str(_rows(used))]) if used else None


def _rows(used: Sequence[DatasetUse]) -> int:
    """Return how many rows there are for all roles together: folds of one table differ by a row."""
    rows: dict[Role | None, int] = {}
    for use in used:
        rows[use.role] = max(rows.get(use.role, 0), use.shape[0] if use.shape else use.rows or 0)
    return sum(rows.values())


def _executions(
    store: Store, details: Sequence[RunDetail], origins: Mapping[str, Sequence[Origin]]
) -> dict[str, Execution]:
    """Read the executions that flow into runs, a generation at a time; of those without an origin all of their own."""
    listed = [origin for each in origins.values() for origin in each]
    wanted = {each for detail in details if not origins[detail.run.run_id] for each in detail.execution_ids}
    wanted |= {origin.source.execution_id for origin in listed}
    found: dict[str, Execution] = {}
    asked: set[str] = set()
    while wanted:
        found |= {each.execution_id: each for each in store.executions(ids=sorted(wanted))}
        asked |= wanted
        upstream = reached(starts(resolved(listed, found), found), found)
        wanted = {source.execution_id for source in upstream} - asked
    return found


def _places(origins: Iterable[Origin]) -> tuple[object, ...]:
    """Return what is the same for origins that were made of the same statements."""
    return tuple((each.source, each.kind, each.key, each.names, each.fits, each.inside) for each in origins)


def _functions(trees: Iterable[ast.AST]) -> dict[str, Sequence[str]]:
    return dict(pair for tree in trees for pair in code_shape.functions_in(tree))


def _measuring(text: str, origin: Origin) -> frozenset[str]:
    """Return the names of the functions that measured a metric in a statement, as far as the key tells them."""
    if origin.kind is OriginKind.FIT:
        return frozenset()
    if origin.inside:
        return frozenset({origin.inside[0].function})
    words = {word.partition("[")[0] for word in origin.key.split(".")}
    return frozenset(name for word in words for name in (word, f"{word}_score"))


def _shape_of_cell(execution: Execution) -> str:
    """Return a cell's code without layout, comments and constants: those that matter are params."""
    tree = parse_cell(execution.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value, node.kind = None, None
    return ast.dump(tree)
