"""Numbers out of what metrics return: scalars, tuples, matrices, reports, scores per fold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PARTS_OF_RESULT = {"precision_recall_fscore_support": ("precision", "recall", "fscore", "support")}
_MOST_NUMBERS = 64  # of one result that become metrics; a larger one is kept as a JSON artifact

Points = list[tuple[str, float | int, int]]
"""Key, value and step."""


def number(value: Any) -> float | int | None:
    """Return a plain or numpy scalar as a number, None for anything else."""
    if isinstance(value, bool | str | bytes) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if getattr(value, "shape", None) == () and getattr(getattr(value, "dtype", None), "kind", "") in "iuf":
        item: float | int = value.item()
        return item
    return None


def numbers(name: str, result: Any) -> tuple[dict[str, float | int], tuple[str, bytes, str] | None]:
    """Return the numbers of a metric's result by sub-key, and a file of it where it is more than some numbers."""
    plain_number = number(result)
    if plain_number is not None:
        return {"": plain_number}, None
    if isinstance(result, str):
        return _report_numbers(result), (f"{name}.txt", result.encode(), "text/plain")
    labels = _PARTS_OF_RESULT.get(name)
    plain = _plain(dict(zip(labels, result, strict=False)) if labels and isinstance(result, tuple) else result)
    values = dict(_flat("", plain))
    report = (f"{name}.json", json.dumps(plain).encode(), "application/json")
    if name.endswith("_curve") or len(values) > _MOST_NUMBERS:
        return {}, report
    return values, None


def _report_numbers(text: str) -> dict[str, float | int]:
    """Return the numbers of a classification report as it prints them: ``setosa.precision``, ``macro avg.f1-score``."""
    lines = [line for line in text.splitlines() if line.strip()]
    heads = lines[0].split() if lines else []
    found: dict[str, float | int] = {}
    for line in lines[1:]:
        cells = line.rsplit(None, len(heads))
        words = line.split()
        if len(words) >= 3 and words[0] == "accuracy" and len(words) == 3:
            found["accuracy"] = float(words[1])
        elif len(cells) == len(heads) + 1:
            found.update(
                {f"{cells[0].strip()}.{head}": _parsed(cell) for head, cell in zip(heads, cells[1:], strict=True)}
            )
    return found


def _parsed(text: str) -> float | int:
    return int(text) if text.isdigit() else float(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if isinstance(value, int | float | str | bool) or value is None else str(value)


def _flat(key: str, value: Any) -> Iterator[tuple[str, float | int]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flat(f"{key[:-1]},{place}]" if key.endswith("]") else f"{key}[{place}]", item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value


def folds(key: str, scores: Iterable[Any]) -> Points:
    """Return a score over folds: its mean, under the key itself; beside it the deviation, and each fold as a step."""
    import numpy

    values = numpy.asarray(list(scores), dtype=float)
    if values.size == 0:
        return []
    points: Points = [(f"{key}.fold", float(value), fold) for fold, value in enumerate(values)]
    return [(key, float(values.mean()), 0), (f"{key}.std", float(values.std()), 0), *points]
