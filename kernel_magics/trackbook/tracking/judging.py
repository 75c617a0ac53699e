"""What a reproduction says of its run: never more than what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.records import (
    ComparedKind,
    Comparison,
    JsonValue,
    ReproductionVerdict,
    Source,
    decode,
    encode,
)
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.reproduction import Compared, What
from trackbook.tracking.slice import SlicedRun

_NOUNS = {ComparedKind.METRIC: "metric", ComparedKind.SNAPSHOT: "table", ComparedKind.PREDICTION: "fact of its model"}
_ORDER = (ComparedKind.SNAPSHOT, ComparedKind.PREDICTION, ComparedKind.METRIC)
_MOST_NAMED = 3
_NO_SEED = "without a seed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailure:
    """What stopped a fresh run: in which cell of the slice, None if it was in none; the error's class and message.

    `source` is the statement of the original that stands where it happened, if that is known.
    """

    cell_id: str | None
    name: str
    message: str
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One fresh run of a slice.

    `compared` is None where it failed. `notes` are what its kernel noted: files ``read`` that are not on record, writes
    that were ``refused``, ``program``s and ``host``s.
    """

    compared: Compared | None
    failure: CellFailure | None = None
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, its reason in a sentence or two, and where the lineage parts from the run's."""

    verdict: ReproductionVerdict
    reason: str
    first_difference: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is judged: the slice, metrics that were `typed` in, `chances` of coming out otherwise, what differs here.

    `differing` says of packages what they are here instead, one phrase each.
    """

    sliced: SlicedRun
    tolerance: Tolerance
    typed: Sequence[str] = ()
    chances: Sequence[str] = ()
    differing: Sequence[str] = ()


def wants_second(case: Case, first: Attempt) -> bool:
    """Return whether a second fresh run tells more: something differs, or came out the same perhaps by chance."""
    if first.compared is None or case.typed:
        return False
    return not first.compared.is_same or any("the clock" not in each for each in case.chances)


def judge(case: Case, first: Attempt, second: Attempt | None = None) -> Judgement:
    """Return what one fresh run, or two, say of a run."""
    failed = next((each for each in (first, second) if each is not None and each.failure is not None), None)
    if failed is not None and failed.failure is not None:
        return _failed(case, failed, failed.failure, is_second=failed is second)
    compared = first.compared
    if compared is None or not compared.comparisons:
        return Judgement(verdict=ReproductionVerdict.FAILED, reason="Nothing is on record that could be compared.")
    if case.typed:
        return _typed(case, compared)
    parted = _parted(compared, second.compared) if second is not None and second.compared is not None else []
    if parted and second is not None and second.compared is not None:
        return _nondeterministic(case, compared, second.compared, parted)
    if second is not None and second.compared is not None and _learned_otherwise(case, compared, second.compared):
        return _nondeterministic_inside(case, compared, second.compared)
    if not compared.is_same:
        return _different(case, first, compared)
    if compared.is_exact:
        return Judgement(verdict=ReproductionVerdict.EXACT, reason=_exact(case, compared, second))
    return _within(case, compared)


# Verdicts


def _exact(case: Case, compared: Compared, second: Attempt | None) -> str:
    text = f"{_counted(compared.comparisons)} came out the same to the last bit"
    if second is not None and case.chances:
        return f"{text}, in two fresh kernels, though there is {_listed(case.chances)}."
    return f"{text}."


def _within(case: Case, compared: Compared) -> Judgement:
    inexact = next(each for each in compared.comparisons if not each.is_exact)
    return Judgement(
        verdict=ReproductionVerdict.WITHIN_TOLERANCE,
        reason=f"All came out the same within {case.tolerance.relative:g}, not to the last bit: {_was_is(inexact)}.",
        first_difference=_first(case, compared, [each for each in compared.comparisons if not each.is_exact]),
    )


def _different(case: Case, first: Attempt, compared: Compared) -> Judgement:
    differing = [each for each in compared.comparisons if not each.is_same]
    metrics = [each for each in differing if each.kind is ComparedKind.METRIC] or differing
    parts = [f"Two fresh kernels agree, and differ from the run: {_was_is(metrics[0])}"]
    parts += [f" ({len(differing) - 1} more differ)"] if len(differing) > 1 else []
    begin = _first(case, compared, differing)
    parts.append(f". It parts at {_place(begin)}." if begin else ".")
    parts += [f" Packages differ here: {_listed(case.differing)}."] if case.differing else []
    read = first.notes.get("read", ())
    parts += [f" It read what is not on record: {_listed(read)}."] if read else []
    return Judgement(verdict=ReproductionVerdict.DIFFERENT, reason="".join(parts), first_difference=begin)


def _nondeterministic(case: Case, one: Compared, other: Compared, parted: Sequence[What]) -> Judgement:
    told = [what for what in parted if what[0] is ComparedKind.METRIC] or list(parted)
    values = [_last(each.made.get(told[0])) for each in (one, other)]
    is_short = all(value is None or isinstance(value, int | float) for value in values)
    told_values = f"{_value(values[0])} in one and {_value(values[1])} in the other"
    named = f"{told[0][1]} is {told_values if is_short else 'another one in each'}"
    cause = f" There is {_listed(case.chances)}." if case.chances else " What makes it so could not be told."
    pairs = [
        Comparison(
            kind=kind,
            key=key,
            expected=_last(one.made.get((kind, key))),
            found=_last(other.made.get((kind, key))),
            is_same=False,
        )
        for kind, key in parted
    ]
    return Judgement(
        verdict=ReproductionVerdict.NONDETERMINISTIC,
        reason=f"Two fresh kernels differ from each other: {named}.{cause}",
        first_difference=_first(case, one, pairs),
    )


def _learned_otherwise(case: Case, one: Compared, other: Compared) -> list[str]:
    """Return the models that hold something else in two fresh kernels, where a seed is known to be missing.

    Elsewhere it says nothing: what a model holds may be times, or memory that was never written.
    """
    if not any(_NO_SEED in each for each in case.chances):
        return []
    return [name for name, digest in one.arrays.items() if other.arrays.get(name, digest) != digest]


def _nondeterministic_inside(case: Case, one: Compared, other: Compared) -> Judgement:
    names = _listed(_learned_otherwise(case, one, other))
    return Judgement(
        verdict=ReproductionVerdict.NONDETERMINISTIC,
        reason=f"All numbers came out the same, but two fresh kernels learned another {names}. "
        f"There is {_listed(case.chances)}.",
    )


def _typed(case: Case, compared: Compared) -> Judgement:
    names = _listed([f"'{key}'" for key in case.typed])
    verb = "was" if len(case.typed) == 1 else "were"
    rest = [each for each in compared.comparisons if each.key not in case.typed]
    others = (
        f" The rest ({_counted(rest)}) {'is the same' if all(e.is_same for e in rest) else 'differs'}." if rest else ""
    )
    return Judgement(
        verdict=ReproductionVerdict.FAILED,
        reason=f"Nothing computed {names}: the number {verb} typed in, so that there is nothing to make again.{others}",
    )


def _failed(case: Case, attempt: Attempt, failure: CellFailure, *, is_second: bool) -> Judgement:
    refused = attempt.notes.get("refused", ())
    where = _where(case, failure.cell_id)
    message = " ".join(failure.message.split())[:300]
    if failure.name in ("ModuleNotFoundError", "ImportError"):
        reason = f"A module is missing here: {message} ({where})."
    elif refused:
        reason = (
            f"The run writes to {refused[0]}, which a reproduction never does: it keeps to its own folder ({where})."
        )
    else:
        reason = f"{where[0].upper()}{where[1:]} failed with {failure.name}: {message}"
    if is_second:
        reason = f"The first fresh kernel came through, the second did not. {reason}"
    if case.differing:
        reason += f" Packages differ here: {_listed(case.differing)}."
    begin: dict[str, JsonValue] = {"kind": "error", "key": failure.name, "expected": None, "found": message}
    source = failure.source or _source_of_cell(case, failure.cell_id)
    return Judgement(
        verdict=ReproductionVerdict.FAILED,
        reason=reason,
        first_difference=begin | _about(case, source) if source is not None else begin,
    )


# Where it parts


def _parted(one: Compared, other: Compared) -> list[What]:
    """Return what two fresh runs made otherwise."""
    return [what for what in dict.fromkeys((*one.made, *other.made)) if _text(one, what) != _text(other, what)]


def _text(compared: Compared, what: What) -> str | None:
    return encode(compared.made[what]) if what in compared.made else None


def _first(case: Case, compared: Compared, differing: Sequence[Comparison]) -> dict[str, JsonValue] | None:
    """Return the first thing of a slice that differs: a file that was read, a table, a model, a metric."""
    order = {source: at for at, source in enumerate(_sources(case))}
    last = len(order)
    found: list[tuple[int, int, Source | None, dict[str, JsonValue]]] = [
        (order.get(each.source, last), 0, each.source, _entry("file", each.path, each.expected, each.found))
        for each in compared.files
    ]
    for each in differing:
        source = _place_of(case, compared, each)
        rank = 1 + _ORDER.index(each.kind)
        entry = _entry(
            "dataset" if each.kind is ComparedKind.SNAPSHOT else each.kind.value, each.key, each.expected, each.found
        )
        found.append((order.get(source, last) if source is not None else last, rank, source, entry))
    if not found:
        return None
    _, _, source, entry = min(found, key=lambda each: each[:2])
    return entry | _about(case, source) if source is not None else entry


def _entry(kind: str, key: str, expected: JsonValue, found: JsonValue) -> dict[str, JsonValue]:
    return {"kind": kind, "key": key, "expected": decode(encode(expected)), "found": decode(encode(found))}


def _place_of(case: Case, compared: Compared, comparison: Comparison) -> Source | None:
    """Return the statement that made something; of a table the last that made or changed what bears its name."""
    if comparison.kind is not ComparedKind.SNAPSHOT:
        return compared.places.get((comparison.kind, comparison.key))
    name = comparison.key.rpartition(": ")[2].partition(" (")[0].partition("[")[0].partition(".")[0]
    found = None
    for kept in case.sliced.kept:
        if name in kept.part.binds | kept.part.kills | kept.part.changes:
            found = Source(execution_id=kept.part.execution_id, statement=kept.piece.statements.start)
    return found


def _sources(case: Case) -> Iterator[Source]:
    for kept in case.sliced.kept:
        for at in kept.piece.statements:
            yield Source(execution_id=kept.part.execution_id, statement=at)


def _about(case: Case, source: Source) -> dict[str, JsonValue]:
    """Return where a statement is: its execution, the prompt number of its cell, its line, its code."""
    for kept in case.sliced.kept:
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


def _source_of_cell(case: Case, cell_id: str | None) -> Source | None:
    number = (cell_id or "").removeprefix("cell-")
    groups = list(dict.fromkeys(each.part.execution_id for each in case.sliced.kept))
    if not number.isdigit() or not 1 <= int(number) <= len(groups):
        return None
    first = next(each for each in case.sliced.kept if each.part.execution_id == groups[int(number) - 1])
    return Source(execution_id=first.part.execution_id, statement=first.piece.statements.start)


def _where(case: Case, cell_id: str | None) -> str:
    source = _source_of_cell(case, cell_id)
    about = _about(case, source) if source is not None else {}
    return f"cell [{about['cell']}]" if about else "the slice's own first cell" if cell_id else "the kernel"


# Words


def _place(begin: Mapping[str, JsonValue]) -> str:
    kind = {"file": "the file", "dataset": "the table", "prediction": "the model's", "metric": "the metric"}
    cell = f", made in cell [{begin['cell']}] by {_short(str(begin['code']))}" if "cell" in begin else ""
    return f"{kind.get(str(begin['kind']), '')} {begin['key']}{cell}".strip()


def _short(code: str) -> str:
    line = code.strip().split("\n")[0]
    return f"`{line[:77]}...`" if len(line) > 80 else f"`{line}`"


def _was_is(comparison: Comparison) -> str:
    if comparison.found is None:
        return f"{comparison.key} was {_value(comparison.expected)}, and is not made"
    if not isinstance(comparison.found, int | float):
        kind = "the table " if comparison.kind is ComparedKind.SNAPSHOT else ""
        return f"{kind}{comparison.key} is another one"
    return f"{comparison.key} was {_value(comparison.expected)} and is {_value(comparison.found)}"


def _value(value: JsonValue) -> str:
    """Return a value in few words."""
    text = encode(_last(value))
    return f"{text[:37]}..." if len(text) > 40 else text


def _last(made: JsonValue) -> JsonValue:
    """Return what was made; of a series of points the last value."""
    if not isinstance(made, list):
        return made
    point = made[-1] if made else None
    return point[1] if isinstance(point, list) and len(point) == 2 else made or None


def _counted(comparisons: Sequence[Comparison]) -> str:
    counts = {kind: sum(each.kind is kind for each in comparisons) for kind in _NOUNS}
    return _listed([_plural(count, _NOUNS[kind]) for kind, count in counts.items() if count]) or "nothing"


def _plural(count: int, noun: str) -> str:
    head, _, rest = noun.partition(" ")
    return f"{count} {head}{'s' if count != 1 else ''}{f' {rest}' if rest else ''}"


def _listed(texts: Sequence[str]) -> str:
    shown = list(texts[:_MOST_NAMED]) + ([f"{len(texts) - _MOST_NAMED} more"] if len(texts) > _MOST_NAMED else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
