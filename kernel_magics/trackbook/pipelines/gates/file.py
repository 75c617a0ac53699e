"""Reads gate.yaml: every mistake at once, each with its line and the nearest known word."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

from trackbook.errors import InvalidValueError
from trackbook.pipelines.gates.evidence import ChecksPassed, Finished, IsClean, MaxSeconds
from trackbook.pipelines.gates.metrics import Wanted, Which
from trackbook.pipelines.gates.not_worse import FEWEST_ROWS, NotWorse
from trackbook.pipelines.gates.notebooks import OutputsStay
from trackbook.pipelines.gates.reading import Mapped, Reading
from trackbook.pipelines.gates.reproduced import Reproduced
from trackbook.pipelines.gates.rule import Rule
from trackbook.pipelines.gates.thresholds import Bound, Threshold, read_bounds
from trackbook.pipelines.gates.whole import EXAMPLES, whole, whole_comparison
from trackbook.pipelines.graph.located import Located
from trackbook.pipelines.graph.near_notebooks import meant
from trackbook.records import JsonValue, ReproductionVerdict
from trackbook.tracking.direction import higher_is_better

_RULES = ("thresholds", "not_worse_than", "checks", "verdict", "reproduced", "max_seconds", "nbval")
_THRESHOLD = ("at_least", "at_most", "step", "of")
_NOT_WORSE = (
    *("run", "metric", "metrics", "step", "of", "better", "margin", "confidence", "resamples", "seed", "min_rows"),
    *("allow_unpaired", "trust"),
)
_REPRODUCED = ("verdict", "tolerance", "run")
_VERDICTS = (ReproductionVerdict.EXACT.value, ReproductionVerdict.WITHIN_TOLERANCE.value)
_NBVAL = ("notebooks", "lax", "sanitize", "cell_timeout", "timeout")
_SIGNS = (">=", "<=", "==", "=", ">", "<", "≥", "≤")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The rules of a file, in its order; that the run ended well is the first of every gate."""

    path: Path
    rules: tuple[Rule, ...]


def schema_text() -> str:
    """Return the JSON schema of gate.yaml, for editors."""
    return resources.files(__package__).joinpath("gate.schema.json").read_text(encoding="utf-8")


def read_gate(path: Path) -> Gate:
    """Read the rules of a file; notebooks in it are relative to its folder.

    Raises
    ------
    InvalidValueError
        If it can't be read, or is no gate; the message lists everything that is wrong.
    """
    reading = Reading.of(path)
    found = [*_rules(reading, reading.mapped(reading.root, _RULES, ""), path.absolute().parent)]
    if not found and not reading.mistakes:
        reading.add(reading.root, f"there is no rule. Rules are {', '.join(_RULES)}")
    reading.raise_if_wrong()
    return Gate(path=path, rules=(Finished(), *found))


def _rules(reading: Reading, keys: Mapped, folder: Path) -> Iterator[Rule]:
    thresholds = [*_thresholds(reading, keys.get("thresholds"))]
    wanted = tuple(dict.fromkeys(each.wanted for each in thresholds))
    readers: dict[str, Callable[[Reading, Located], Iterator[Rule]]] = {
        "thresholds": lambda *_: iter(thresholds),
        "not_worse_than": lambda reading, place: _not_worse(reading, place, wanted),
        "checks": _checks,
        "verdict": _verdict,
        "reproduced": _reproduced,
        "max_seconds": _seconds,
        "nbval": lambda reading, place: _nbval(reading, place, folder),
    }
    for name, place in keys.items():
        if place.entries is None and place.plain in (None, []):
            reading.add(place, f"{name} says nothing. Write such as {EXAMPLES[name]}")
        else:
            yield from readers[name](reading, place)


# Thresholds


def _thresholds(reading: Reading, place: Located | None) -> Iterator[Threshold]:
    if place is None:
        return
    for item in place.items or ():
        yield from _listed_threshold(reading, item)
    for entry in place.entries or ():
        yield from _keyed_threshold(reading, entry.key, entry.value)
    if not place.entries and place.items is None and place.plain is not None:
        reading.add(place, f"thresholds is a list. Write such as {EXAMPLES['thresholds']}")


def _listed_threshold(reading: Reading, place: Located) -> Iterator[Threshold]:
    if place.entries is not None:
        keys = reading.mapped(place, ("metric", *_THRESHOLD), "thresholds")
        metric = reading.text(keys.get("metric"))
        if "metric" not in keys:
            line = whole(keys, metric="test.accuracy", **_example_bound(keys))
            reading.add(place, f"this threshold lacks 'metric'. Write such as {line}")
        if metric is not None:
            yield from _bounded(reading, metric, keys, place)
        return
    text = reading.text(place)
    if text is not None:
        at = min((position for sign in _SIGNS if (position := text.find(sign)) > 0), default=-1)
        if at < 0:
            reading.add(place, f"'{text}' is no threshold. Write one such as {text.split()[0]} >= 0.9")
        else:
            yield from _threshold(reading, place, Wanted(metric=text[:at].strip()), text[at:])


def _keyed_threshold(reading: Reading, metric: str, place: Located) -> Iterator[Threshold]:
    value = place.scalar
    if place.entries is not None:
        yield from _bounded(reading, metric, reading.mapped(place, _THRESHOLD, f"thresholds.{metric}"), place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        reading.add(place, f"'{metric}: {value}' doesn't say which way. Write {metric}: '>= {value}' or '<= {value}'")
    elif value is None and place.items is None:
        reading.add(place, f"the threshold of {metric} lacks its bound. Write such as {metric}: '>= 0.9'")
    elif (text := reading.text(place)) is not None:
        yield from _threshold(reading, place, Wanted(metric=metric), text)


def _threshold(reading: Reading, place: Located, wanted: Wanted, text: str) -> Iterator[Threshold]:
    try:
        yield Threshold(wanted=wanted, bounds=read_bounds(text))
    except InvalidValueError as error:
        reading.add(place, str(error).rstrip("."))


def _bounded(reading: Reading, metric: str, keys: Mapped, place: Located) -> Iterator[Threshold]:
    limits = {sign: reading.number(keys.get(name)) for name, sign in (("at_least", ">="), ("at_most", "<="))}
    bounds = tuple(Bound(sign, limit) for sign, limit in limits.items() if limit is not None)
    others = [each.value.scalar for each in place.entries or () if each.key not in keys]
    is_told = any(isinstance(each, int | float) for each in others)  # what is unknown is meant as the bound
    if not is_told and not {"at_least", "at_most"} & set(keys):
        is_listed = "metric" in keys
        line = whole(keys, **({"metric": metric} if is_listed else {}), **_example_bound(keys))
        line = line if is_listed else f"{metric}: {line}"
        reading.add(place, f"the threshold of {metric} lacks 'at_least' or 'at_most'. Write such as {line}")
    yield Threshold(wanted=_wanted(reading, metric, keys), bounds=bounds)


def _example_bound(keys: Mapped) -> dict[str, JsonValue]:
    return {} if {"at_least", "at_most"} & set(keys) else {"at_least": 0.9}


def _wanted(reading: Reading, metric: str, keys: Mapped) -> Wanted:
    which = reading.choice(keys.get("of"), [each.value for each in Which])
    return Wanted(metric=metric, step=reading.text(keys.get("step")), which=Which(which or Which.ALL))


# Another run


def _not_worse(reading: Reading, place: Located, usual: Sequence[Wanted]) -> Iterator[Rule]:
    """Yield the rules for other runs; `usual` is what is compared where no metric is named: that of the thresholds."""
    for item in place.items if place.items is not None else (place,):
        if item.entries is not None:
            yield from _not_worse_item(reading, item, reading.mapped(item, _NOT_WORSE, "not_worse_than"), usual)
        else:
            yield from _not_worse_item(reading, item, Mapped(run=item), usual)


def _not_worse_item(reading: Reading, place: Located, keys: Mapped, usual: Sequence[Wanted]) -> Iterator[Rule]:
    for key in ("run", "metric", "metrics"):
        if key in keys and keys[key].plain is None:
            del keys[key]
    reference = reading.text(keys.get("run"))
    compared = _compared(reading, keys, usual)
    line = whole_comparison(keys, [each.metric for each in compared])
    lacks = [*_lacking(keys, compared)]
    if lacks:
        reading.add(place, f"not_worse_than lacks {' and '.join(lacks)}. Write such as {line}")
    better = reading.choice(keys.get("better"), ["higher", "lower"])
    for wanted in compared:
        if better is None and higher_is_better(wanted.metric) is None:
            ways = "Say 'better: higher' or 'better: lower'"
            reading.add(place, f"{wanted.metric} doesn't tell whether more is better. {ways}: {line}")
        yield NotWorse(
            reference=reference or "",
            wanted=wanted,
            is_higher_better=None if better is None else better == "higher",
            margin=reading.number(keys.get("margin"), low=0),
            confidence=_or(reading.number(keys.get("confidence"), low=0.5, high=0.9999), 0.95),
            resamples=reading.whole(keys.get("resamples"), low=100),
            seed=_or(reading.whole(keys.get("seed"), low=0), 0),
            fewest_rows=_or(reading.whole(keys.get("min_rows"), low=2), FEWEST_ROWS),
            allow_unpaired=reading.flag(keys.get("allow_unpaired")),
            trust=tuple(each.strip() for text in reading.texts(keys.get("trust")) for each in text.split(",")),
        )


def _lacking(keys: Mapped, compared: Sequence[Wanted]) -> Iterator[str]:
    """Yield what a comparison lacks."""
    if "run" not in keys:
        yield "'run' (the run or pipeline to compare with)"
    if not compared and not {"metric", "metrics"} & set(keys):
        yield "'metric', which no threshold names"


def _compared(reading: Reading, keys: Mapped, usual: Sequence[Wanted]) -> Sequence[Wanted]:
    """Return what is compared with the other run."""
    metrics = [*reading.texts(keys.get("metric")), *reading.texts(keys.get("metrics"))]
    if {"metric", "metrics"} & set(keys):
        return [_wanted(reading, metric, keys) for metric in metrics]
    if {"step", "of"} & set(keys):
        return [_wanted(reading, each.metric, keys) for each in usual]
    return usual


# What is on record


def _checks(reading: Reading, place: Located) -> Iterator[Rule]:
    if place.items is not None:
        yield ChecksPassed(names=tuple(reading.texts(place)))
    elif reading.choice(place, ["passed"]) is not None:
        yield ChecksPassed()


def _verdict(reading: Reading, place: Located) -> Iterator[Rule]:
    if reading.choice(place, ["clean"]) is not None:
        yield IsClean()


def _reproduced(reading: Reading, place: Located) -> Iterator[Rule]:
    is_mapping = place.entries is not None
    keys = reading.mapped(place, _REPRODUCED, "reproduced") if is_mapping else Mapped({"verdict": place})
    verdict = reading.choice(keys.get("verdict"), _VERDICTS)
    yield Reproduced(
        verdict=ReproductionVerdict(verdict or ReproductionVerdict.EXACT),
        tolerance=reading.number(keys.get("tolerance"), low=0, high=0.999),
        is_run=reading.flag(keys.get("run")),
    )


def _seconds(reading: Reading, place: Located) -> Iterator[Rule]:
    seconds = reading.number(place, low=0)
    if seconds is not None:
        yield MaxSeconds(seconds=seconds)


# Notebooks


def _nbval(reading: Reading, place: Located, folder: Path) -> Iterator[Rule]:
    is_mapping = place.entries is not None
    keys = reading.mapped(place, _NBVAL, "nbval") if is_mapping else Mapped({"notebooks": place})
    if "notebooks" not in keys:
        line = whole(keys, notebooks="*.ipynb")
        reading.add(place, f"nbval lacks 'notebooks'. Write such as nbval: {line}")
    patterns = reading.texts(keys.get("notebooks"))
    sanitize = reading.text(keys.get("sanitize"))
    notebooks = [path for each in patterns for path in _matching(reading, keys["notebooks"], folder, each)]
    if sanitize is not None and not (folder / sanitize).is_file():
        reading.add(keys["sanitize"], f"there is no file {folder / sanitize}")
    yield OutputsStay(
        notebooks=tuple(dict.fromkeys(notebooks)),
        is_lax=reading.flag(keys.get("lax")),
        sanitize=folder / sanitize if sanitize is not None else None,
        cell_timeout=_or(reading.number(keys.get("cell_timeout"), low=1), 600.0),
        timeout=_or(reading.number(keys.get("timeout"), low=1), 3600.0),
    )


def _matching(reading: Reading, place: Located, folder: Path, pattern: str) -> Sequence[Path]:
    """Return the notebooks that a name or a pattern means."""
    found = sorted(folder / each for each in glob.glob(pattern, root_dir=folder, recursive=True))
    if not found:
        hint = meant(Path(pattern), folder)
        reading.add(place, f"there is no notebook {pattern} in {folder}{f'.{hint}' if hint else ''}")
    return found


_Value = TypeVar("_Value", int, float)


def _or(value: _Value | None, default: _Value) -> _Value:
    return default if value is None else value
