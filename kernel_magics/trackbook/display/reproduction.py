"""A reproduction: its verdict, what was compared, and where it parts; as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone, Verbatim, facts
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import (
    ComparedKind,
    Comparison,
    JsonValue,
    Reproduction,
    ReproductionVerdict,
    RunDetail,
    encode,
    strict,
)
from trackbook.tracking.find import short_id

_TONES = {
    ReproductionVerdict.EXACT: (Tone.GOOD, "✓"),
    ReproductionVerdict.WITHIN_TOLERANCE: (Tone.GOOD, "≈"),
    ReproductionVerdict.NONDETERMINISTIC: (Tone.BAD, "⚄"),
    ReproductionVerdict.DIFFERENT: (Tone.BAD, "✗"),
    ReproductionVerdict.FAILED: (Tone.BAD, "✗"),
}
_KINDS = {ComparedKind.METRIC: "metric", ComparedKind.SNAPSHOT: "table", ComparedKind.PREDICTION: "model"}
_DETAILS = {
    "kernels": "fresh kernels",
    "chances": "may differ each time",
    "packages": "packages differ here",
    "outside": "from outside, not on record",
    "replaced": "taken from the store",
    "read": "read, not on record",
    "refused": "not written",
    "program": "ran programs",
    "host": "asked the network",
    "unmade": "tables not needed",
    "notes": "not sure",
}
_ONE_KERNEL = ("kernels", 1)  # as always; a second one is worth a word
_NO_SEED = "Randomness came in without a seed"
_MOST_ROWS = 30
_LONGEST = 40


def show_reproduction(found: Reproduction, run: RunDetail, look: Look | None = None) -> Shown:
    """Show how a run came out when it was made again; what is not the same stands first."""
    look = look or Look()
    return shown(list(_blocks(found, run, look)), look)


def _blocks(found: Reproduction, run: RunDetail, look: Look) -> Iterator[Block]:
    yield Title(
        cells=(
            Cell(text=run.run.name, aside=short_id(run.run.run_id), is_strong=True),
            replace(verdict_cell(found), is_strong=True, title=None),
            Cell(text=fmt.duration(found.seconds), tone=Tone.QUIET),
        )
    )
    yield Sentence(text=fmt.one_line(found.reason))
    if found.comparisons:
        yield _table(found, look, run)
    if found.first_difference is not None and found.first_difference.get("code"):
        begin = found.first_difference
        yield Sentence(text=f"The first difference: {_what(begin)}, in cell [{begin['cell']}]:")
        yield Verbatim(text=fmt.lines(str(begin["code"])))
    told = {key: detail for key, detail in _told_once(found.details).items() if (key, detail) != _ONE_KERNEL}
    rows = [(name, Cell(text=_listed(told[key]))) for key, name in _DETAILS.items() if key in told]
    if rows:
        yield facts(rows)


def _what(begin: Mapping[str, JsonValue]) -> str:
    """Return what parted, in the words of the table above it; a model's fact says by itself whose it is."""
    kind = {ComparedKind.SNAPSHOT.value: "table ", ComparedKind.PREDICTION.value: ""}.get(str(begin["kind"]))
    return fmt.one_line(f"{begin['kind']} {begin['key']}" if kind is None else f"{kind}{begin['key']}")


def _told_once(details: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the details without the doubt that there is no seed, where what lacks one is named beside it."""
    notes = details.get("notes")
    if not details.get("chances") or not isinstance(notes, list):
        return dict(details)
    rest = [note for note in notes if not str(note).startswith(_NO_SEED)]
    return {key: rest if key == "notes" else each for key, each in details.items() if key != "notes" or rest}


def _table(found: Reproduction, look: Look, run: RunDetail) -> Table:
    ordered = sorted(found.comparisons, key=lambda each: (each.is_same, each.is_exact))
    columns = (
        Column(title="", is_kept=True),
        Column(title="", is_kept=True),
        Column(title="was", is_kept=True),
        Column(title="is", is_kept=True),
    )
    rows = tuple(_row(each) for each in ordered[:_MOST_ROWS])
    left = len(ordered) - len(rows)
    return Table(columns=columns, rows=rows, more=f"and {left} more, see --json" if left > 0 else "")


def _row(comparison: Comparison) -> tuple[Cell, ...]:
    symbol = "✓" if comparison.is_exact else "≈" if comparison.is_same else "✗"
    tone = Tone.GOOD if comparison.is_same else Tone.BAD
    was, found = _sides(comparison)
    return (
        Cell(text=_KINDS[comparison.kind], symbol=symbol, tone=tone),
        Cell(text=fmt.one_line(comparison.key)),
        Cell(text=was),
        Cell(text="the same", tone=Tone.QUIET) if comparison.is_exact else Cell(text=found),
    )


def _sides(comparison: Comparison) -> tuple[str, str]:
    """Return what was and what is: of many values how many, or the first that is another one."""
    expected, found = comparison.expected, comparison.found
    if found is None:
        return _brief(comparison.kind, expected), "not made"
    then, now = dict(_leaves(expected)), dict(_leaves(found))
    other = [path for path in then if path in now and encode(then[path]) != encode(now[path])]
    if comparison.is_exact or not other or not isinstance(expected, dict | list):
        return _brief(comparison.kind, expected), _brief(comparison.kind, found)
    more = f", and {len(other) - 1} more of {len(then)}" if len(other) > 1 else ""
    return f"{other[0]}: {_value(then[other[0]])}", f"{_value(now[other[0]])}{more}"


def _brief(kind: ComparedKind, value: JsonValue) -> str:
    if kind is ComparedKind.SNAPSHOT and isinstance(value, str):
        return short_id(value)
    return fmt.plural(len(list(_leaves(value))), "value") if isinstance(value, dict | list) else _value(value)


def _leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, JsonValue]]:
    """Return the single values within a value, each with the way to it: ``predict[2]``."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else fmt.one_line(key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _leaves(each, f"{path}[{at}]")
    else:
        yield path, value


def _value(value: JsonValue) -> str:
    return fmt.shortened(fmt.value(value), _LONGEST)


def verdict_cell(found: Reproduction) -> Cell:
    """Return a verdict in its colour, with the reason to hover over."""
    tone, symbol = _TONES[found.verdict]
    return Cell(text=found.verdict.value, symbol=symbol, tone=tone, title=found.reason)


def _listed(value: JsonValue) -> str:
    return fmt.one_line("; ".join(map(str, value)) if isinstance(value, list) else str(value))


def reproduction_payload(found: Reproduction) -> dict[str, JsonValue]:
    """Return a reproduction as strict JSON.

    Returns
    -------
    ``reproduction_id``, ``run_id``, ``at``, ``verdict``, ``reason``, ``tolerance``, ``environment``, ``seconds``,
    ``comparisons`` (each with ``kind``, ``key``, ``expected``, ``found``, ``is_same``, ``is_exact``),
    ``first_difference``, ``details``, ``slice`` and ``log``, the digests of what ran and what it printed.
    """
    return {
        "reproduction_id": found.reproduction_id,
        "run_id": found.run_id,
        "at": found.at.isoformat(),
        "verdict": found.verdict.value,
        "reason": found.reason,
        "tolerance": found.tolerance,
        "environment": found.environment,
        "seconds": found.seconds,
        "comparisons": [_comparison(each) for each in found.comparisons],
        "first_difference": strict(found.first_difference),
        "details": strict(found.details),
        "slice": found.slice_digest,
        "log": found.log_digest,
    }


def _comparison(each: Comparison) -> JsonValue:
    return {
        "kind": each.kind.value,
        "key": each.key,
        "expected": strict(each.expected),
        "found": strict(each.found),
        "is_same": each.is_same,
        "is_exact": each.is_exact,
    }
