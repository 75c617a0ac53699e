"""The words in which a reproduction is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trackbook.records import ComparedKind, Comparison, JsonValue, encode

_NOUNS = {ComparedKind.METRIC: "metric", ComparedKind.SNAPSHOT: "table", ComparedKind.PREDICTION: "fact of its model"}
_MOST_NAMED = 3


def place_text(begin: Mapping[str, JsonValue]) -> str:
    """Return where a lineage parts: what it is, and the cell and line that made it."""
    kind = {"file": "the file", "dataset": "the table", "prediction": "the model's", "metric": "the metric"}
    cell = f", made in cell [{begin['cell']}] by {_short(str(begin['code']))}" if "cell" in begin else ""
    return f"{kind.get(str(begin['kind']), '')} {begin['key']}{cell}".strip()


def _short(code: str) -> str:
    line = code.strip().split("\n")[0]
    return f"`{line[:77]}...`" if len(line) > 80 else f"`{line}`"


def was_is(comparison: Comparison) -> str:
    """Return what something was, and is now."""
    if comparison.found is None:
        return f"{comparison.key} was {value_text(comparison.expected)}, and is not made"
    if not isinstance(comparison.found, int | float):
        kind = "the table " if comparison.kind is ComparedKind.SNAPSHOT else ""
        return f"{kind}{comparison.key} is another one"
    return f"{comparison.key} was {value_text(comparison.expected)} and is {value_text(comparison.found)}"


def value_text(value: JsonValue) -> str:
    """Return a value in few words."""
    text = encode(last_value(value))
    return f"{text[:37]}..." if len(text) > 40 else text


def last_value(made: JsonValue) -> JsonValue:
    """Return what was made; of a series of points the last value."""
    if not isinstance(made, list):
        return made
    point = made[-1] if made else None
    return point[1] if isinstance(point, list) and len(point) == 2 else made or None


def counted(comparisons: Sequence[Comparison]) -> str:
    """Return how many of what is compared there are: ``2 metrics and 1 table``."""
    counts = {kind: sum(each.kind is kind for each in comparisons) for kind in _NOUNS}
    return listed([_plural(count, _NOUNS[kind]) for kind, count in counts.items() if count]) or "nothing"


def _plural(count: int, noun: str) -> str:
    head, _, rest = noun.partition(" ")
    return f"{count} {head}{'s' if count != 1 else ''}{f' {rest}' if rest else ''}"


def listed(texts: Sequence[str]) -> str:
    """Return some texts as a sentence has them, the first few by name."""
    shown = list(texts[:_MOST_NAMED]) + ([f"{len(texts) - _MOST_NAMED} more"] if len(texts) > _MOST_NAMED else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
