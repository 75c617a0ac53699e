"""When two things are the same: fits of the same code and inputs, numbers, the inputs of a metric and of a run."""

from __future__ import annotations

import hashlib
import math

from trackbook.capture.events import FitEvent, MetricEvent
from trackbook.records import JsonValue, encode
from trackbook.tracking.attempt import Attempt, base_key, slot_of


def is_same_number(one: float | int, other: float | int) -> bool:
    """Tell whether two numbers are equal; NaN is, to itself."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other


def identity_of(event: FitEvent, *, with_data: bool = True) -> str:
    """Return a hash of code and inputs; empty if some data could not be fingerprinted, for then nobody knows."""
    fingerprints = [*(use.fingerprint for use in event.data), event.begins_from] if with_data else []
    if None in fingerprints:
        return ""
    files = sorted({str(file.digest) for use in event.data for file in use.files})
    parts: list[JsonValue] = [event.code, dict(event.params), dict(event.hyper), event.estimator, *fingerprints, *files]
    return hashlib.blake2b(encode(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def first_difference(earlier: Attempt, event: FitEvent) -> str | None:
    """Return what a fit gave that is not what it gave before, if anything: its own metrics, its coefficients."""
    before = earlier.fit
    if before is None:
        return None
    if len(before.metrics) == len(event.metrics):
        for (key, value, _), (_, other, _) in zip(before.metrics, event.metrics, strict=True):
            if not is_same_number(value, other):
                return key
    if before.model is not None and event.model is not None:
        for what in ("coefficients", "importances"):
            if encode(dict(getattr(before.model, what))) != encode(dict(getattr(event.model, what))):
                return f"the model ({what})"
    return None


def conflicts(attempt: Attempt, event: MetricEvent, execution_id: str) -> bool:
    """Return whether an attempt with metrics of earlier executions has other constants or data than a metric."""
    if attempt.is_explicit or not any(slot.execution_id != execution_id for slot in attempt.slots.values()):
        return False
    for name, value in event.params.items():
        known, brought_by = attempt.constants.get(name, (value, ""))
        if known != value and brought_by != execution_id:
            return True
    for use in event.data:
        fingerprint, brought_by = attempt.data.get((use.name, use.role), (use.fingerprint, ""))
        if fingerprint != use.fingerprint and brought_by != execution_id and use.name.isidentifier():
            return True
    return False


def compared(earlier: Attempt, event: MetricEvent, execution_id: str) -> tuple[list[str], str | None]:
    """Return for which sub-keys an attempt has numbers from the same place, and the first key where they differ."""
    alike: list[str] = []
    for subkey, value in event.values.items():
        base = base_key(event, subkey)
        slot = slot_of(earlier, event, base, execution_id)
        place = 0 if slot is None or slot.execution_id != execution_id else slot.compared
        if slot is None or place >= len(slot.values):
            continue
        if not is_same_number(slot.values[place], value):
            return alike, base
        alike.append(subkey)
    return alike, None
