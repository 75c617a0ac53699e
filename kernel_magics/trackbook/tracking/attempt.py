"""A run as the rules of "runs without starting them" see it, and the metrics in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from trackbook.capture.events import Event, FitEvent, MetricEvent
from trackbook.records import DatasetUse, JsonValue, Run


@dataclass(slots=True, eq=False)
class Slot:
    """One metric of an attempt: where in the code its values come from, and the values in order."""

    key: str
    base: str
    code: str
    call_site: tuple[object, ...]
    execution_id: str
    values: list[float | int] = field(default_factory=list)
    next_step: int = 0
    compared: int = 0
    """How many of the values are new in, or were computed again by, the execution that is named."""


@dataclass(slots=True, eq=False)
class Attempt:
    """A run as the rules see it.

    `constants` are the literals that flowed in, each with the execution that brought it; `data` are fingerprints by
    name and role, likewise.
    """

    run: Run
    execution_id: str
    fit: FitEvent | None = None
    identity: str = ""
    constants: dict[str, tuple[JsonValue, str]] = field(default_factory=dict)
    params: dict[str, JsonValue] = field(default_factory=dict)
    data: dict[tuple[str, str | None], tuple[str | None, str]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    repeats: int = 0
    is_explicit: bool = False
    is_group: bool = False
    repetition_of: Attempt | None = None
    """Set while this has done nothing but what another attempt did before: then it is no run yet."""
    pending: list[MetricEvent] = field(default_factory=list)
    """The metrics that gave what they gave before: if another does not, they are of the new run with it."""
    is_counted: bool = False
    last_at: datetime | None = None
    """When something last happened in it."""

    @property
    def is_open(self) -> bool:
        """Whether a fit may still join."""
        return self.fit is None and not self.slots and not self.is_group


def base_key(event: MetricEvent, subkey: str) -> str:
    """Return the key that a metric has by itself: the role of the data, what was measured, the sub-key."""
    name = f"{event.name}.{subkey}" if subkey and not subkey.startswith("[") else f"{event.name}{subkey}"
    return f"{event.role}.{name}" if event.role is not None else name


def new_slot(key: str, base: str, event: Event, execution_id: str) -> Slot:
    """Return a metric without values yet, at an event's place in the code."""
    return Slot(key=key, base=base, code=event.code, call_site=event.call_site, execution_id=execution_id)


def slot_of(attempt: Attempt, event: MetricEvent, base: str, execution_id: str) -> Slot | None:
    """Return the metric that an event goes on with: of the same place in the code, or logged by hand under its name.

    Places are known by their code; of several with the same code, in one execution by the place itself, in a later one
    by their order.
    """
    if event.is_logged:
        return attempt.slots.get(base)
    alike = [slot for slot in attempt.slots.values() if slot.code == event.code and slot.base == base]
    here = [slot for slot in alike if slot.execution_id == execution_id and slot.call_site == event.call_site]
    return next(iter([*here, *(slot for slot in alike if slot.execution_id != execution_id)]), None)


def free_key(attempt: Attempt, base: str, assigned: str | None) -> str:
    """Return a key that no other place in the code has: with the name that it was assigned to, else a number."""
    if base not in attempt.slots:
        return base
    if assigned and f"{base}.{assigned}" not in attempt.slots:
        return f"{base}.{assigned}"
    number = 2
    while f"{base}.{number}" in attempt.slots:
        number += 1
    return f"{base}.{number}"


def as_fitted(use: DatasetUse, attempt: Attempt) -> DatasetUse:
    """Return a table that was named by hand as what the attempt's model was fitted on, where it is the same one."""
    for fitted in attempt.fit.data if attempt.fit is not None else ():
        if fitted.name == use.name and fitted.fingerprint == use.fingerprint is not None:
            return replace(fitted, snapshot_id=use.snapshot_id)
    return use
