"""What was observed inside a cell, in order: fits, metrics and what a person logged. `tracking` makes runs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from trackbook.capture.trace import Flowing
from trackbook.records import DatasetUse, Failure, JsonValue, Model, Role, Source


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Numbers that a search or cross-validation gave for one choice of params: a child of the run."""

    params: Mapping[str, JsonValue]
    metrics: list[tuple[str, float | int, int]]
    """Key, value and step."""
    is_best: bool = False
    seconds: float | None = None
    """How long its fits took."""


@dataclass(slots=True, kw_only=True, eq=False)
class Event:
    """Something that happened at a place in the code.

    `inputs` is what flowed into it as seen then; `params` (the constants among it) and `code` (a hash of the statements
    that took part) are filled in when the cell has ended and what it changed is known. `call_site` tells this place
    from others within the cell. `explicit` is the id of the run that a person had started then. `source` is the
    statement that it happened at, known once the cell has ended.
    """

    at: datetime
    inputs: Flowing
    call_site: tuple[object, ...] = ()
    data: list[DatasetUse] = field(default_factory=list)
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    code: str = ""
    explicit: str | None = None
    source: Source | None = None
    unseeded: list[str] = field(default_factory=list)
    """Where randomness came in without a seed, of what flowed in."""
    held: Mapping[str, JsonValue] = field(default_factory=dict)
    """What lists and dicts that were constants once held when it happened, by name."""


@dataclass(slots=True, kw_only=True, eq=False)
class FitEvent(Event):
    """A predictor was fitted (or cross-validated: then there is no model). `run_id` is its run's, if it becomes one.

    `hyper` are the estimator's own parameters, `metrics` what the fit itself measured (key, value, step). `model` is
    None while the fit has not ended, and if it failed. `finish` is called at the end of the cell if the fit has not
    ended by itself: a training loop has no call that ends it, and one that was broken off has measured something.
    """

    run_id: str
    run_name: str
    estimator: str
    hyper: Mapping[str, JsonValue]
    model: Model | None = None
    metrics: list[tuple[str, float | int, int]] = field(default_factory=list)
    candidates: list[Evaluation] = field(default_factory=list)
    seconds: float | None = None
    failure: Failure | None = None
    has_ended: bool = False
    finish: Callable[[], None] | None = None
    keep: Callable[[], None] | None = None
    """Has a model that may still learn in this cell kept; called when the cell has ended."""
    rebound: frozenset[str] = frozenset()
    """Names that a training's own loops bind: what they began with (``total = 0``) is no choice."""
    is_held_out: bool = False
    """Whether it has predicted each row by a model that had not seen it, as a cross-validation does."""
    begins_from: str | None = ""
    """A hash of what the model held before, where training goes on from that; None if it can't be told."""


@dataclass(slots=True, kw_only=True, eq=False)
class MetricEvent(Event):
    """A metric was computed. `fits` are the fits whose models made the prediction; none, one or several.

    `name` is what was measured (``accuracy``), `role` the data it was measured on, `values` the numbers by sub-key (the
    empty one for a plain number), `assigned` the name that the statement gives it, `report` a text or JSON of a result
    that is more than some numbers.
    """

    name: str
    role: Role | None
    values: Mapping[str, float | int]
    fits: tuple[FitEvent, ...] = ()
    assigned: str | None = None
    step: int | None = None
    is_logged: bool = False
    """Whether the person logged it by hand, under a name of their own."""
    report: tuple[str, bytes, str] | None = None
    """File name, content and media type."""


@dataclass(slots=True, kw_only=True, eq=False)
class LogEvent(Event):
    """A person logged something by hand: it is of the run that is current then.

    `measured` are the metrics that went to a run which was started; their points are on their way already.
    """

    logged: Mapping[str, JsonValue] = field(default_factory=dict)
    tags: Mapping[str, str | None] = field(default_factory=dict)
    note: str | None = None
    measured: tuple[str, ...] = ()
    artifact: tuple[str, bytes, str] | None = None


def copied(events: Iterable[Event]) -> list[Event]:
    """Return copies that stay as they are while the events go on; metrics among them name the copied fits."""
    fits: dict[int, FitEvent] = {}
    copies: list[Event] = []
    for event in events:
        one = copy(event)
        one.data, one.unseeded = list(event.data), list(event.unseeded)
        if isinstance(one, FitEvent):
            one.metrics, one.candidates, one.hyper = list(one.metrics), list(one.candidates), dict(one.hyper)
            fits[id(event)] = one
        elif isinstance(one, MetricEvent):
            one.fits = tuple(fits.get(id(fit), fit) for fit in one.fits)
        copies.append(one)
    return copies
