"""Where the lineage of a reproduction parts from that of its run: the first statement that something differs at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trackbook.records import ComparedKind, Comparison, JsonValue, Source, decode, encode
from trackbook.tracking.reproduction import Compared, What
from trackbook.tracking.slice import SlicedRun

_ORDER = (ComparedKind.SNAPSHOT, ComparedKind.PREDICTION, ComparedKind.METRIC)


def parted(one: Compared, other: Compared) -> list[What]:
    """Return what two fresh runs made otherwise. Predictions that one of them had no time to make say nothing."""
    both = dict.fromkeys((*one.made, *other.made))
    known = (
        each for each in both if each[0] is not ComparedKind.PREDICTION or (each in one.made and each in other.made)
    )
    return [what for what in known if _text(one, what) != _text(other, what)]


def _text(compared: Compared, what: What) -> str | None:
    return encode(compared.made[what]) if what in compared.made else None


def first_difference(
    sliced: SlicedRun, compared: Compared, differing: Sequence[Comparison]
) -> dict[str, JsonValue] | None:
    """Return the first thing of a slice that differs: a file that was read, a table, a model, a metric."""
    order = {source: at for at, source in enumerate(_sources(sliced))}
    last = len(order)
    found: list[tuple[int, int, Source | None, dict[str, JsonValue]]] = [
        (order.get(each.source, last), 0, each.source, _entry("file", each.path, each.expected, each.found))
        for each in compared.files
    ]
    for each in differing:
        source = _place_of(sliced, compared, each)
        rank = 1 + _ORDER.index(each.kind)
        entry = _entry(
            "dataset" if each.kind is ComparedKind.SNAPSHOT else each.kind.value, each.key, each.expected, each.found
        )
        found.append((order.get(source, last) if source is not None else last, rank, source, entry))
    if not found:
        return None
    _, _, source, entry = min(found, key=lambda each: each[:2])
    return entry | about(sliced, source) if source is not None else entry


def _entry(kind: str, key: str, expected: JsonValue, found: JsonValue) -> dict[str, JsonValue]:
    return {"kind": kind, "key": key, "expected": decode(encode(expected)), "found": decode(encode(found))}


def _place_of(sliced: SlicedRun, compared: Compared, comparison: Comparison) -> Source | None:
    """Return the statement that made something; of a table the last that made or changed what bears its name.

    A table without a name (``X[fold]``) is made where it is used.
    """
    if comparison.kind is not ComparedKind.SNAPSHOT:
        return compared.places.get((comparison.kind, comparison.key))
    named = comparison.key.rpartition(": ")[2]
    name = named.rpartition(" (")[0] or named
    makers, users = [], []
    for kept in sliced.kept:
        source = Source(execution_id=kept.part.execution_id, statement=kept.piece.statements.start)
        if name in kept.part.binds | kept.part.kills | kept.part.changes:
            makers.append(source)
        if not name.isidentifier() and _without_layout(name) in _without_layout(str(about(sliced, source).get("code"))):
            users.append(source)
    return next(iter(users or reversed(makers)), None)


def _without_layout(code: str) -> str:
    return re.sub(r"\s+", "", code).replace('"', "'")


def _sources(sliced: SlicedRun) -> Iterator[Source]:
    for kept in sliced.kept:
        for at in kept.piece.statements:
            yield Source(execution_id=kept.part.execution_id, statement=at)


def about(sliced: SlicedRun, source: Source) -> dict[str, JsonValue]:
    """Return where a statement is: its execution, the prompt number of its cell, its line, its code."""
    for kept in sliced.kept:
        if kept.part.execution_id == source.execution_id and source.statement in kept.piece.statements:
            execution = kept.piece.execution
            statement = execution.statements[source.statement]
            lines = execution.source.split("\n")[statement.line - 1 : statement.end_line]
            return {
                "execution_id": source.execution_id,
                "statement": source.statement,
                "cell": execution.count if execution.count is not None else execution.index,
                "line": statement.line,
                "code": "\n".join(lines).strip(),
            }
    return {}


def source_of_cell(sliced: SlicedRun, cell_id: str | None) -> Source | None:
    """Return the first statement of a cell of the slice, None if it is none that has statements of the original."""
    number = (cell_id or "").removeprefix("cell-")
    groups = list(dict.fromkeys(each.part.execution_id for each in sliced.kept))
    if not number.isdigit() or not 1 <= int(number) <= len(groups):
        return None
    first = next(each for each in sliced.kept if each.part.execution_id == groups[int(number) - 1])
    return Source(execution_id=first.part.execution_id, statement=first.piece.statements.start)


def where(sliced: SlicedRun, cell_id: str | None) -> str:
    """Return how to call a cell of the slice: by the prompt number that it had."""
    source = source_of_cell(sliced, cell_id)
    found = about(sliced, source) if source is not None else {}
    return f"cell [{found['cell']}]" if found else "the slice's own first cell" if cell_id else "the kernel"
