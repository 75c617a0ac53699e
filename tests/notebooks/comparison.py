"""What differs between two recordings of the same notebook, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from .harness import CellOutput, Recording
from .notebook import Notebook

# What draws of fresh entropy reach; everything else must agree even in a notebook without seeds.
_CHANCE = frozenset({"random", "numpy", "estimators"})


def differences(notebook: Notebook, plain: Recording, other: Recording) -> list[str]:
    """Return a sentence for everything that a person could tell the two recordings apart by."""
    pairs = enumerate(zip(plain.cells, other.cells, strict=True), start=1)
    shown = [line for nth, (one, two) in pairs for line in _cell_differences(notebook, nth, one, two)]
    return shown + list(_probe_differences(notebook, plain.probe, other.probe))


def _cell_differences(notebook: Notebook, nth: int, one: CellOutput, two: CellOutput) -> Iterator[str]:
    first, second = (_seen(notebook, output) for output in (one, two))
    for part, before in first.items():
        if second[part] != before:
            yield f"Execution {nth} (cell {one.number}) differs in {part}: {_spot(before, second[part])}"


def _seen(notebook: Notebook, output: CellOutput) -> dict[str, Any]:
    """The parts of an output that must agree: all of it, or without seeds its form."""
    if notebook.is_seeded:
        return asdict(output)
    return {
        "stdout": len(output.stdout.splitlines()),
        "stderr": len(output.stderr.splitlines()),
        "displays": [kind for kind, _ in output.displays],
        "result": sorted(output.result),
        "error": output.error and output.error.name,
    }


def _probe_differences(notebook: Notebook, one: dict[str, Any], two: dict[str, Any]) -> Iterator[str]:
    chance = set() if notebook.is_seeded else set(_CHANCE)
    if notebook.has_threads:
        chance.add("filters")
    for part in sorted(one.keys() - chance):
        if one[part] != two[part]:
            yield f"At the end, {part} differs: {_spot(one[part], two[part])}"


def _spot(before: Any, after: Any) -> str:
    """The first place where two values differ, with some text around it."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        return f"{', '.join(keys)}: {_spot(str(before.get(keys[0])), str(after.get(keys[0])))}"
    if isinstance(before, list) and isinstance(after, list):
        gone, new = [item for item in before if item not in after], [item for item in after if item not in before]
        return f"without {gone}, with {new}" if gone or new else "in another order"
    first, second = str(before), str(after)
    same = next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    around = slice(max(0, same - 60), same + 120)
    return f"{first[around]!r} became {second[around]!r}"
