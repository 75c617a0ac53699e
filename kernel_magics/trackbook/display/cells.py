"""Cells for what every page shows: statuses, moments, params, metrics, data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from trackbook.display import format as fmt
from trackbook.display.blocks import Cell, Tone
from trackbook.records import DatasetUse, Execution, JsonValue, MetricPoint, Outcome, Run, RunDetail, Verdict
from trackbook.tracking.choices import parts
from trackbook.tracking.direction import FOLD, STD, higher_is_better
from trackbook.tracking.find import short_id
from trackbook.tracking.promises import NOT_KEPT
from trackbook.tracking.verdicts import HIDDEN_REPETITION

WIDEST_VALUE = 48
_WIDEST_BRIEF = 28
_LONGEST_FRACTION = 10
NOTHING = Cell(text="—", tone=Tone.QUIET)
EMPTY = Cell()
_STATES = {
    "running": ("●", Tone.BUSY),
    "finished": ("✓", Tone.GOOD),
    "failed": ("✗", Tone.BAD),
    "stopped": ("■", Tone.BUSY),
    "killed": ("⊘", Tone.BAD),
}
_OUTCOMES = {
    Outcome.RUNNING: ("●", Tone.BUSY),
    Outcome.OK: ("✓", Tone.GOOD),
    Outcome.ERROR: ("✗", Tone.BAD),
    Outcome.INTERRUPTED: ("⊘", Tone.BAD),
}
_NONDETERMINISTIC, _REPEATED = "nondeterministic", "repeated"
_FINDINGS = frozenset({_NONDETERMINISTIC, _REPEATED, HIDDEN_REPETITION, NOT_KEPT})
_ARROWS = {True: " ↑", False: " ↓", None: ""}


def status(run: Run, tags: Mapping[str, str] | None = None) -> Cell:
    """Return what became of a run, with what repeating it showed beside it and why to hover over."""
    verdict = run.verdict if run.verdict is not Verdict.CLEAN else None  # what is as it should be needs no word
    findings = [finding for finding in (verdict, *_findings(tags or {})) if finding]
    why = f"{run.failure.type}: {run.failure.message}" if run.failure else run.verdict_reason
    why = why or (tags or {}).get(_NONDETERMINISTIC)
    aside = fmt.one_line(", ".join(dict.fromkeys(findings)))
    return replace(state(run), aside=aside, title=why)


def state(run: Run) -> Cell:
    """Return what became of a run, and nothing more."""
    symbol, tone = _STATES[run.word]
    return Cell(text=run.word, symbol=symbol, tone=tone)


def _findings(tags: Mapping[str, str]) -> list[str]:
    found = [_NONDETERMINISTIC] if _NONDETERMINISTIC in tags else []
    return [*found, f"{_REPEATED} {times(tags[_REPEATED])}"] if _REPEATED in tags else found


def times(count: str) -> str:
    """Return how many times something happened: ``once``, ``3 times``."""
    return "once" if count == "1" else f"{count} times"


def own_tags(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the tags without those that we have put there; the status and sentences of their own say these."""
    return [(key, value) for key, value in given.items() if key not in _FINDINGS]


def finding_sentences(tags: Mapping[str, str]) -> list[str]:
    """Return what repeating a run showed, and what of it is not kept, one sentence each."""
    sentences = []
    if _NONDETERMINISTIC in tags:
        why = tags[_NONDETERMINISTIC]
        sentences.append(f"Nondeterministic: {why}." if why else "Nondeterministic.")
    if _REPEATED in tags:
        sentences.append(f"Repeated {times(tags[_REPEATED])} with the same result.")
    if HIDDEN_REPETITION in tags:
        sentences.append(f"When it was repeated, hidden state flowed in: {tags[HIDDEN_REPETITION]}")
    if NOT_KEPT in tags:
        sentences.append(f"Not kept: {tags[NOT_KEPT]}.")
    return [fmt.one_line(sentence) for sentence in sentences]


def outcome(execution: Execution) -> Cell:
    """Return how an execution ended, an error with its class."""
    symbol, tone = _OUTCOMES[execution.outcome]
    failure = execution.failure
    if failure is None:
        return Cell(text=execution.outcome.value, symbol=symbol, tone=tone)
    return Cell(text=fmt.one_line(failure.type), symbol=symbol, tone=tone, title=f"{failure.type}: {failure.message}")


def identifier(whole: str) -> Cell:
    """Return an id in its short form."""
    return Cell(text=short_id(whole), title=whole, is_code=True, tone=Tone.QUIET)


def when(moment: datetime, now: datetime) -> Cell:
    """Return how long ago something was, the moment itself to hover over."""
    return Cell(text=fmt.ago(moment, now), title=fmt.moment(moment))


def text(whole: str, *, width: int = WIDEST_VALUE) -> Cell:
    """Return a text on one line, visibly shortened where it is long."""
    line = fmt.one_line(whole)
    short = fmt.shortened(line, width)
    return Cell(text=short, whole=None if short == line else line)


def param(params: Mapping[str, JsonValue], key: str, *, width: int = WIDEST_VALUE) -> Cell:
    """Return a param's value; a list of parts, such as a pipeline's steps, by their classes."""
    value = params[key]
    classes = [kind for _, kind in parts(params, key)]
    if classes:
        return replace(text(" → ".join(classes), width=width), title=fmt.value(value))
    return text(fmt.value(value), width=width)


def brief_param(params: Mapping[str, JsonValue], key: str) -> Cell:
    """Return a param's value as a list has room for: a long fraction in six digits, all of them to hover over."""
    value = params[key]
    if isinstance(value, float) and len(fmt.exact(value)) > _LONGEST_FRACTION:
        return Cell(text=fmt.number(value), title=fmt.exact(value))
    return param(params, key, width=_WIDEST_BRIEF)


def metric(point: MetricPoint | None, written: str | None = None) -> Cell:
    """Return a metric's latest value, every digit to hover over."""
    if point is None:
        return NOTHING
    return Cell(text=written or fmt.number(point.value), title=fmt.exact(point.value))


def spread(points: Mapping[str, MetricPoint], key: str) -> str:
    """Return the standard deviation that stands beside a mean, empty where there is none."""
    point = points.get(key + STD)
    return f"± {point.value:.2g}" if point is not None and isinstance(point.value, float) else ""


def folds(points: Mapping[str, MetricPoint], key: str) -> int:
    """Return how many folds a mean was taken over, 0 where that is not known."""
    point = points.get(key + FOLD)
    return 0 if point is None else point.step + 1


def metric_key(key: str) -> Cell:
    """Return a metric's name with an arrow the way it gets better."""
    return Cell(text=fmt.one_line(key) + _ARROWS[higher_is_better(key)])


def models(detail: RunDetail) -> Cell:
    """Return the short class names of what was fitted, the full ones to hover over.

    A pipeline is told with its last step, a search with what it searches: ``GridSearchCV(SVC)``.
    """
    classes = list(dict.fromkeys(model.class_name for model in detail.models))
    inner = _inner(detail.params) if len(detail.models) == 1 else ""
    names = ", ".join(short_class(each) for each in classes)
    return Cell(text=f"{names}({inner})" if inner and inner != names else names, title=", ".join(classes))


def _inner(params: Mapping[str, JsonValue]) -> str:
    for key in ("steps", "estimator__steps"):
        steps = parts(params, key)
        if steps:
            return fmt.one_line(steps[-1][1])
    estimator = params.get("estimator")
    return short_class(estimator) if isinstance(estimator, str) else ""


def tags(pairs: Iterable[tuple[str, str]]) -> Cell:
    """Return tags as ``key=value``; one without a value by its name."""
    return text(", ".join(f"{key}={value}" if value else key for key, value in pairs))


def shape(dataset: DatasetUse) -> Cell:
    """Return a table's shape, or the number of its rows where that is all that is known."""
    return Cell(text=fmt.shape(dataset.shape or ((dataset.rows,) if dataset.rows is not None else ())))


def short_class(name: str) -> str:
    """Return the last part of a full class name."""
    return fmt.one_line(name.rpartition(".")[2])
