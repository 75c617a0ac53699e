"""What Trackbook found in a notebook, and what the judge saw there that it missed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from .notebook import Notebook

Call = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a store holds: how many runs have a model of a class (by its short name), and every number on record."""

    runs: int
    models: Counter[str]
    values: frozenset[float]
    has_nan: bool = False


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many of a notebook's facts were found, and a line for each that was not."""

    expected: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in the tally of another notebook."""
        self.expected += other.expected
        self.misses += other.misses

    @property
    def share(self) -> float:
        """The part that was found, 0 to 1."""
        return 1 - len(self.misses) / self.expected if self.expected else 1.0


def read_found(location: Path) -> Found:
    """Read what a tracked kernel left in its store."""
    store = open_store(location, create=False)
    try:
        details = store.runs(RunFilter())
        points = [p.value for d in details for key in d.metrics for p in store.metric_history(d.run.run_id, key)]
    finally:
        store.close()
    values = [number for number in map(_as_float, points) if number is not None]
    return Found(
        runs=len(details),
        models=Counter(model.class_name.rpartition(".")[2] for detail in details for model in detail.models[:1]),
        values=frozenset(number for number in values if not math.isnan(number)),
        has_nan=any(map(math.isnan, values)),
    )


def tally_fits(notebook: Notebook, calls: tuple[Call, ...], found: Found) -> Tally:
    """Compare the fits that differ in class, params or data with the runs that have a model of that class.

    The same fit again may be merged with the first, and all `partial_fit` calls on one model are one run.
    """
    fits = {call["key"]: call for call in calls if call["kind"] == "fit" and not call["inside"]}
    tally = Tally(expected=len(fits))
    for name, count in Counter(call["name"] for call in fits.values()).items():
        if missing := max(0, count - found.models[name]):
            places = "; ".join(_place(notebook, call) for call in fits.values() if call["name"] == name)
            tally.misses += [f"{notebook.name}: {missing} of {count} fits of {name} have no run: {places}"] * missing
    return tally


def excess_models(notebook: Notebook, calls: tuple[Call, ...], found: Found) -> list[str]:
    """Name the runs that have a model which nobody fitted."""
    fitted = Counter(call["name"] for call in calls if call["kind"] == "fit" and not call["inside"])
    return [
        f"{notebook.name}: {count} runs have a {name}, which was fitted {fitted[name]} times"
        for name, count in found.models.items()
        if count > fitted[name]
    ]


def tally_metrics(notebook: Notebook, calls: tuple[Call, ...], found: Found) -> Tally:
    """Look for every scalar that a metric function, a scorer or `.score` gave the notebook."""
    wanted = [call for call in calls if call["kind"] in ("metric", "score") and call["values"] and not call["inside"]]
    misses = [call for call in wanted if not all(_is_found(value, found) for value in call["values"])]
    return Tally(expected=len(wanted), misses=[_miss(notebook, call) for call in misses])


def tally_searches(notebook: Notebook, calls: tuple[Call, ...], found: Found) -> Tally:
    """Look for the best score of every search, and for the folds (or their mean) of every cross-validation."""
    wanted = [call for call in calls if call["kind"] in ("fit", "validation") and call["values"] and not call["inside"]]
    misses = [call for call in wanted if not _has_folds(call["values"], found)]
    return Tally(expected=len(wanted), misses=[_miss(notebook, call) for call in misses])


def _has_folds(values: list[float], found: Found) -> bool:
    if all(_is_found(value, found) for value in values):
        return True
    mean = math.fsum(values) / len(values)
    return any(math.isclose(mean, number, rel_tol=1e-9) for number in found.values)


def _is_found(value: float, found: Found) -> bool:
    return found.has_nan if math.isnan(value) else value in found.values


def _as_float(value: float | int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _miss(notebook: Notebook, call: Call) -> str:
    return f"{notebook.name}: {call['name']} = {call['values']} is not on record: {_place(notebook, call)}"


def _place(notebook: Notebook, call: Call) -> str:
    """Where the notebook made the call, with the line of source if it was made in that cell."""
    number = int(str(call["cell"]).removeprefix("cell-"))
    where = f"cell {number}, line {call['line']}"
    if call["function"] != "<module>":
        return f"{where} of {call['function']}()"
    sources = [step.source.splitlines() for step in notebook.steps if step.number == number]
    lines = next((lines for lines in sources if len(lines) >= call["line"]), [])
    return f"{where} `{lines[call['line'] - 1].strip()}`" if lines else where
