"""What a reproduction says of its run: never more than what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trackbook.records import (
    ComparedKind,
    Comparison,
    JsonValue,
    ReproductionVerdict,
    Source,
)
from trackbook.tracking.judging_words import counted, last_value, listed, place_text, value_text, was_is
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.parting import about, first_difference, parted, source_of_cell, where
from trackbook.tracking.reproduction import Compared, What
from trackbook.tracking.slice import SlicedRun

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

    `differing` says of packages what they are here instead, `outside` what the code takes from outside that is not on
    record, one phrase each.
    """

    sliced: SlicedRun
    tolerance: Tolerance
    typed: Sequence[str] = ()
    chances: Sequence[str] = ()
    differing: Sequence[str] = ()
    outside: Sequence[str] = ()

    @property
    def suspects(self) -> str:
        """What may be another one here than it was, in sentences that begin with a space."""
        packages = f" Packages differ here: {listed(self.differing)}." if self.differing else ""
        outside = (
            f" It takes {listed(self.outside)} from outside, which is not on record and may have been another."
            if self.outside
            else ""
        )
        return packages + outside


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
    other = second.compared if second is not None else None
    if other is not None and (apart := parted(compared, other)):
        return _nondeterministic(case, compared, other, apart)
    if other is not None and _learned_otherwise(case, compared, other):
        return _nondeterministic_inside(case, compared, other)
    if compared.is_same and _is_perhaps_luck(case, compared):
        return _luck(case)
    if not compared.is_same:
        return _different(case, first, compared)
    if compared.is_exact:
        return Judgement(verdict=ReproductionVerdict.EXACT, reason=_exact(case, compared, second))
    return _within(case, compared)


# Verdicts


def _exact(case: Case, compared: Compared, second: Attempt | None) -> str:
    text = f"{counted(compared.comparisons)} came out the same to the last bit"
    if second is not None and case.chances:
        return f"{text}, in two fresh kernels, though there is {listed(case.chances)}."
    return f"{text}."


def _within(case: Case, compared: Compared) -> Judgement:
    inexact = [each for each in compared.comparisons if not each.is_exact]
    return Judgement(
        verdict=ReproductionVerdict.WITHIN_TOLERANCE,
        reason=f"All came out the same within {case.tolerance.relative:g}, not to the last bit: {was_is(inexact[0])}.",
        first_difference=first_difference(
            case.sliced, compared, [each for each in compared.comparisons if not each.is_exact]
        ),
    )


def _different(case: Case, first: Attempt, compared: Compared) -> Judgement:
    differing = [each for each in compared.comparisons if not each.is_same]
    metrics = [each for each in differing if each.kind is ComparedKind.METRIC] or differing
    parts = [f"Two fresh kernels agree, and differ from the run: {was_is(metrics[0])}"]
    parts += [f" ({len(differing) - 1} more differ)"] if len(differing) > 1 else []
    begin = first_difference(case.sliced, compared, differing)
    parts.append(f". It parts at {place_text(begin)}." if begin else ".")
    parts.append(case.suspects)
    read = first.notes.get("read", ())
    parts += [f" It read what is not on record: {listed(read)}."] if read else []
    return Judgement(verdict=ReproductionVerdict.DIFFERENT, reason="".join(parts), first_difference=begin)


def _nondeterministic(case: Case, one: Compared, other: Compared, apart: Sequence[What]) -> Judgement:
    told = [what for what in apart if what[0] is ComparedKind.METRIC] or list(apart)
    values = [last_value(each.made.get(told[0])) for each in (one, other)]
    is_short = all(value is None or isinstance(value, int | float) for value in values)
    told_values = f"{value_text(values[0])} in one and {value_text(values[1])} in the other"
    named = f"{told[0][1]} is {told_values if is_short else 'another one in each'}"
    cause = f" There is {listed(case.chances)}." if case.chances else " What makes it so could not be told."
    pairs = [
        Comparison(
            kind=kind,
            key=key,
            expected=last_value(one.made.get((kind, key))),
            found=last_value(other.made.get((kind, key))),
            is_same=False,
        )
        for kind, key in apart
    ]
    return Judgement(
        verdict=ReproductionVerdict.NONDETERMINISTIC,
        reason=f"Two fresh kernels differ from each other: {named}.{cause}",
        first_difference=first_difference(case.sliced, one, pairs),
    )


def _learned_otherwise(case: Case, one: Compared, other: Compared) -> list[str]:
    """Return the models that hold something else in two fresh kernels, where a seed is known to be missing.

    Elsewhere it says nothing: what a model holds may be times, or memory that was never written.
    """
    if not any(_NO_SEED in each for each in case.chances):
        return []
    return [name for name, digest in one.arrays.items() if other.arrays.get(name, digest) != digest]


def _nondeterministic_inside(case: Case, one: Compared, other: Compared) -> Judgement:
    names = listed(_learned_otherwise(case, one, other))
    return Judgement(
        verdict=ReproductionVerdict.NONDETERMINISTIC,
        reason=f"All numbers came out the same, but two fresh kernels learned another {names}. "
        f"There is {listed(case.chances)}.",
    )


def _is_perhaps_luck(case: Case, compared: Compared) -> bool:
    """Return whether a seed is known to be missing, and nothing shows that what was drawn came out the same.

    A score has few values, and two draws may well give the same; what a model learned shows every draw.
    """
    has_shown = bool(compared.arrays) or any(each.kind is ComparedKind.PREDICTION for each in compared.comparisons)
    return not has_shown and any(_NO_SEED in each for each in case.chances)


def _luck(case: Case) -> Judgement:
    return Judgement(
        verdict=ReproductionVerdict.NONDETERMINISTIC,
        reason=f"All numbers came out the same, but that may be luck: there is {listed(case.chances)}, "
        "and no model that was kept shows what was drawn.",
    )


def _typed(case: Case, compared: Compared) -> Judgement:
    names = listed([f"'{key}'" for key in case.typed])
    verb = "was" if len(case.typed) == 1 else "were"
    rest = [each for each in compared.comparisons if each.key not in case.typed]
    others = (
        f" The rest ({counted(rest)}) {'is the same' if all(e.is_same for e in rest) else 'differs'}." if rest else ""
    )
    return Judgement(
        verdict=ReproductionVerdict.FAILED,
        reason=f"Nothing computed {names}: the number {verb} typed in, so that there is nothing to make again.{others}",
    )


def _failed(case: Case, attempt: Attempt, failure: CellFailure, *, is_second: bool) -> Judgement:
    refused = attempt.notes.get("refused", ())
    cell = where(case.sliced, failure.cell_id)
    message = " ".join(failure.message.split())[:300]
    if failure.name in ("ModuleNotFoundError", "ImportError"):
        reason = f"A module is missing here: {message} ({cell})."
    elif refused:
        reason = (
            f"The run writes to {refused[0]}, which a reproduction never does: it keeps to its own folder ({cell})."
        )
    else:
        reason = f"{cell[0].upper()}{cell[1:]} failed with {failure.name}: {message}"
    if is_second:
        reason = f"The first fresh kernel came through, the second did not. {reason}"
    reason += case.suspects
    begin: dict[str, JsonValue] = {"kind": "error", "key": failure.name, "expected": None, "found": message}
    source = failure.source or source_of_cell(case.sliced, failure.cell_id)
    return Judgement(
        verdict=ReproductionVerdict.FAILED,
        reason=reason,
        first_difference=begin | about(case.sliced, source) if source is not None else begin,
    )
