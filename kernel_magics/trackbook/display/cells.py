"""Cells for what every page shows: statuses, moments, params, metrics, data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from trackbook.display import format as fmt
from trackbook.display.blocks import Cell, Tone
from trackbook.records import DatasetUse, Execution, JsonValue, MetricPoint, Model, Outcome, Run, RunStatus
from trackbook.tracking.direction import higher_is_better
from trackbook.tracking.find import short_id

WIDEST_VALUE = 48
_LONGEST_FRACTION = 10
NOTHING = Cell(text="—", tone=Tone.QUIET)
EMPTY = Cell()
_STATUSES = {
    RunStatus.RUNNING: ("●", Tone.BUSY),
    RunStatus.FINISHED: ("✓", Tone.GOOD),
    RunStatus.FAILED: ("✗", Tone.BAD),
    RunStatus.KILLED: ("⊘", Tone.BAD),
}
_OUTCOMES = {
    Outcome.RUNNING: ("●", Tone.BUSY),
    Outcome.OK: ("✓", Tone.GOOD),
    Outcome.ERROR: ("✗", Tone.BAD),
    Outcome.INTERRUPTED: ("⊘", Tone.BAD),
}
_ARROWS = {True: " ↑", False: " ↓", None: ""}


def status(run: Run) -> Cell:
    """Return what became of a run, with the verdict beside it and the failure's message to hover over."""
    symbol, tone = _STATUSES[run.status]
    failure = f"{run.failure.type}: {run.failure.message}" if run.failure else None
    return Cell(text=run.status.lower(), symbol=symbol, tone=tone, aside=fmt.one_line(run.verdict or ""), title=failure)


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


def param(value: JsonValue) -> Cell:
    """Return a param's value."""
    return text(fmt.value(value))


def brief_param(value: JsonValue) -> Cell:
    """Return a param's value as a list has room for: a long fraction in six digits, all of them to hover over."""
    if isinstance(value, float) and len(fmt.exact(value)) > _LONGEST_FRACTION:
        return Cell(text=fmt.number(value), title=fmt.exact(value))
    return param(value)


def metric(point: MetricPoint | None, written: str | None = None) -> Cell:
    """Return a metric's latest value, every digit to hover over."""
    if point is None:
        return NOTHING
    return Cell(text=written or fmt.number(point.value), title=fmt.exact(point.value))


def metric_key(key: str) -> Cell:
    """Return a metric's name with an arrow the way it gets better."""
    return Cell(text=fmt.one_line(key) + _ARROWS[higher_is_better(key)])


def models(fitted: Sequence[Model]) -> Cell:
    """Return the short class names of what was fitted, the full ones to hover over."""
    classes = list(dict.fromkeys(model.class_name for model in fitted))
    return Cell(text=", ".join(short_class(each) for each in classes), title=", ".join(classes))


def tags(pairs: Iterable[tuple[str, str]]) -> Cell:
    """Return tags as ``key=value``; one without a value by its name."""
    return text(", ".join(f"{key}={value}" if value else key for key, value in pairs))


def shape(dataset: DatasetUse) -> Cell:
    """Return a table's shape, or the number of its rows where that is all that is known."""
    return Cell(text=fmt.shape(dataset.shape or ((dataset.rows,) if dataset.rows is not None else ())))


def short_class(name: str) -> str:
    """Return the last part of a full class name."""
    return fmt.one_line(name.rpartition(".")[2])
