"""Puts the values of metrics into the attempts that they are of, or compares them with the values that are there."""

from __future__ import annotations

from trackbook.capture.events import MetricEvent
from trackbook.records import OriginKind
from trackbook.tracking.attempt import Attempt, Slot, base_key, free_key, new_slot, slot_of
from trackbook.tracking.known_attempts import KnownAttempts
from trackbook.tracking.opened_attempts import OpenedAttempts
from trackbook.tracking.sameness import is_same_number


class MetricSlots:
    """The metrics that one execution gives to attempts."""

    def __init__(self, opened: OpenedAttempts, known: KnownAttempts) -> None:
        self._opened = opened
        self._known = known
        self._counted: list[Attempt] = []

    def add(self, attempt: Attempt, event: MetricEvent) -> None:
        """Add what a metric says, and what flowed into it."""
        opened, entries = self._opened, self._opened.entries
        opened.touch(attempt)
        opened.changes.of(attempt.run).add_place(event)
        attempt.last_at = event.at
        if not attempt.is_explicit or event.params:
            entries.add_constants(attempt, event.params, event.name)
        entries.add_data(attempt, event.data)
        for subkey, value in event.values.items():
            attempt = self._add_value(attempt, event, base_key(event, subkey), value)
        if event.report is not None:
            entries.add_artifact(attempt, event.report)

    def add_again(self, attempt: Attempt, event: MetricEvent) -> None:
        """Add what a metric of a repetition says: that is counted once, as a whole, and not each of its metrics."""
        self._counted.append(attempt)
        self.add(attempt, event)

    def _add_value(self, attempt: Attempt, event: MetricEvent, base: str, value: float | int) -> Attempt:
        """Add a value to its metric, or compare it with the one that is there from an earlier execution."""
        slot = self._slot(attempt, event, base)
        if slot.compared < len(slot.values):
            slot.compared += 1
            if is_same_number(slot.values[slot.compared - 1], value):
                self._count(attempt)
                return attempt
            return self._computed_otherwise(attempt, event, base, value)
        step = slot.next_step if event.step is None else event.step
        slot.values.append(value)
        slot.compared = len(slot.values)
        slot.next_step = max(slot.next_step, step + 1)
        draft = self._opened.changes.of(attempt.run)
        draft.add_points([(slot.key, value, step)], event.at)
        draft.add_origin(OriginKind.METRIC, slot.key, event)
        return attempt

    def _slot(self, attempt: Attempt, event: MetricEvent, base: str) -> Slot:
        """Return the metric that an event goes on with; it is to be compared from its beginning, or is a new one."""
        execution_id = self._opened.execution_id
        slot = slot_of(attempt, event, base, execution_id)
        if slot is None:
            key = free_key(attempt, base, event.assigned)
            slot = attempt.slots[key] = new_slot(key, base, event, execution_id)
            self._known.add_code(attempt, event.code)
        elif slot.execution_id != execution_id:
            is_same_code = slot.code == event.code and not attempt.is_explicit
            slot.execution_id, slot.compared = execution_id, 0 if is_same_code else len(slot.values)
            slot.call_site = event.call_site
        return slot

    def _count(self, attempt: Attempt) -> None:
        """A metric alone was computed again and is the same; counted once an execution."""
        if attempt not in self._counted:
            self._counted.append(attempt)
            attempt.repeats += 1
            self._opened.changes.of(attempt.run).tags["repeated"] = str(attempt.repeats)

    def _computed_otherwise(self, attempt: Attempt, event: MetricEvent, base: str, value: float | int) -> Attempt:
        """A metric was computed again from the same inputs by the same code, and is another number."""
        entries = self._opened.entries
        following = self._opened.follow(attempt, attempt.fit, event.at)
        entries.inherit(following, attempt, event.params)
        entries.add_data(following, event.data)
        unseeded = [*(attempt.fit.unseeded if attempt.fit is not None else []), *event.unseeded]
        entries.mark_nondeterministic(following, attempt, unseeded, base)
        return self._add_value(following, event, base, value)
