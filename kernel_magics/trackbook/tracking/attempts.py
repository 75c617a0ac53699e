"""Which run an event belongs to: the rules of "runs without starting them".

A fit opens a run, a metric finds the run of the model that predicted, and what was done before with the same code and
the same inputs is a repetition, not another run, as long as it gives the same numbers. Everything here is bookkeeping
on events; nothing is read or written.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trackbook import clock
from trackbook.capture.events import Evaluation, Event, FitEvent, LogEvent, MetricEvent
from trackbook.capture.secrets import redact
from trackbook.records import (
    Artifact,
    DatasetUse,
    Failure,
    JsonValue,
    OriginKind,
    Outcome,
    Run,
    RunStatus,
    encode,
)
from trackbook.tracking.changes import Changes

PutObject = Callable[[bytes], str]
STATUS_AFTER = {
    Outcome.OK: RunStatus.FINISHED,
    Outcome.ERROR: RunStatus.FAILED,
    Outcome.INTERRUPTED: RunStatus.KILLED,
    Outcome.RUNNING: RunStatus.RUNNING,
}


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


class Attempts:
    """The attempts of one session.

    Parameters
    ----------
    new_run
        Makes a RUNNING run of this session: id, name and start are given, or None for new ones.
    put_object
        Keeps bytes, returns their digest.
    explicit_run
        Gives the run of an id that a person has started.
    parent_id
        The run that all runs of this session belong to (a papermill execution's, another process's).
    """

    def __init__(
        self,
        new_run: Callable[[str | None, str | None, datetime], Run],
        put_object: PutObject,
        explicit_run: Callable[[str], Run | None] = lambda run_id: None,
        parent_id: str | None = None,
    ) -> None:
        self._new_run = new_run
        self._explicit_run = explicit_run
        self._put_object = put_object
        self.parent_id = parent_id
        self.current: Attempt | None = None
        self._attempts: list[Attempt] = []
        self._by_identity: defaultdict[str, list[Attempt]] = defaultdict(list)
        self._by_outline: defaultdict[str, list[Attempt]] = defaultdict(list)  # as identity, without the data
        self._by_code: defaultdict[str, list[Attempt]] = defaultdict(list)  # of their metrics
        self._of_fit: dict[int, Attempt] = {}
        self._of_run: dict[str, Attempt] = {}
        self._waiting: dict[str, JsonValue] = {}
        self._changes = Changes()
        self._execution_id = ""
        self._is_look = False
        self._opened: list[Attempt] = []
        self._counted: list[Attempt] = []

    # One execution

    def process(
        self, events: Collection[Event], execution_id: str, outcome: Outcome, failure: Failure | None, at: datetime
    ) -> Changes:
        """Give each event of an execution to its run.

        Parameters
        ----------
        events
            In the order in which they happened, with params and code filled in.
        outcome, failure, at
            How and when the execution ended; RUNNING for a look at one that has not.
        """
        self._changes, self._execution_id = Changes(), execution_id
        self._opened, self._counted, self._is_look = [], [], outcome is Outcome.RUNNING
        if not events:
            return self._changes
        for event in events:
            match event:
                case FitEvent():
                    self._fit(event)
                case MetricEvent():
                    self._metric(event)
                case LogEvent():
                    self._log(event)
        self._group()
        self._end(outcome, failure, at)
        return self._changes

    def of_run(self, run_id: str) -> Attempt | None:
        """Return the attempt that a run is."""
        return next((attempt for attempt in reversed(self._attempts) if attempt.run.run_id == run_id), None)

    def _started(self, event: Event) -> Attempt | None:
        """Return the run that a person had started when an event happened."""
        run_id = event.explicit
        if run_id is not None and run_id not in self._of_run:
            run = self._explicit_run(run_id)
            if run is not None:
                self._of_run[run_id] = Attempt(run=run, execution_id="", is_explicit=True)
        return self._of_run.get(run_id or "")

    # Fits

    def _fit(self, event: FitEvent) -> None:
        explicit = self._started(event)
        if explicit is not None:
            self._add_fit(explicit, event)
            return
        identity = _identity(event)
        earlier = self._same_as(identity)
        if earlier is not None and event.has_ended and event.failure is None:
            self._repeat(earlier, event, identity)
            return
        self._open_for_fit(event, identity)

    def _open_for_fit(self, event: FitEvent, identity: str) -> Attempt:
        current = self.current
        if current is not None and current.is_open and not current.is_explicit and current.execution_id:
            attempt = current
        else:
            attempt = self._open(event.run_id, event.run_name, event.at)
        attempt.identity = identity
        self._by_identity[identity].append(attempt)
        self._mark_if_only_data_differ(attempt, event)
        self._add_fit(attempt, event)
        return attempt

    def _add_fit(self, attempt: Attempt, event: FitEvent) -> None:
        self._of_fit[id(event)] = attempt
        self._touch(attempt)
        self._take_fit(attempt, event)
        attempt.last_at = event.at + timedelta(seconds=event.seconds or 0.0)
        self._add_constants(attempt, event.params)
        self._add_params(attempt, event.hyper, event.estimator.rpartition(".")[2])
        self._add_data(attempt, event.data)
        draft = self._changes.of(attempt.run)
        draft.add_place(event)
        draft.add_origin(OriginKind.FIT, _model_name(event), event)
        if event.model is not None:
            draft.models.append(event.model)
        for key, value, step in event.metrics:
            self._add_own_point(attempt, key, value, step, event)
        for candidate in () if self._is_look else event.candidates:
            self._add_candidate(attempt, candidate, event)
        self._close_fit(attempt, event)

    def _take_fit(self, attempt: Attempt, fit: FitEvent | None) -> None:
        attempt.fit = fit
        if fit is not None and not (attempt.is_explicit or self._is_look):
            self._by_outline[_identity(fit, with_data=False)].append(attempt)

    def _close_fit(self, attempt: Attempt, event: FitEvent) -> None:
        if event.failure is not None and not attempt.is_explicit:
            ended = event.at if event.seconds is None else clock.now()
            attempt.run = self._changes.put(
                attempt.run, status=RunStatus.FAILED, failure=event.failure, finished_at=ended
            )

    def _add_own_point(self, attempt: Attempt, key: str, value: float | int, step: int, event: FitEvent) -> None:
        """Add a number that the fit itself gave (a fold's score); a key that is taken gets a number."""
        free = key if event.explicit is None else _free_key(attempt, key, None)
        slot = attempt.slots.setdefault(free, _new_slot(free, key, event, self._execution_id))
        slot.values.append(value)
        slot.compared = len(slot.values)
        slot.next_step = max(slot.next_step, step + 1)
        draft = self._changes.of(attempt.run)
        draft.add_points([(free, value, step)], clock.now())
        draft.add_origin(OriginKind.METRIC, free, event)

    def _add_candidate(self, attempt: Attempt, candidate: Evaluation, event: FitEvent) -> None:
        now = clock.now()
        child = replace(self._new_run(None, None, event.at), parent_id=attempt.run.run_id)
        took = timedelta(seconds=candidate.seconds) if candidate.seconds is not None else now - event.at
        child = replace(child, status=RunStatus.FINISHED, finished_at=event.at + took)
        draft = self._changes.of(self._changes.put(child))
        draft.add_params(candidate.params)
        draft.add_points(candidate.metrics, now)
        draft.add_origin(OriginKind.FIT, _model_name(event), event)
        for key, _, _ in candidate.metrics:
            draft.add_origin(OriginKind.METRIC, key, event)
        if candidate.is_best:
            draft.tags["best"] = "true"

    # Repetition

    def _same_as(self, identity: str) -> Attempt | None:
        """Return the newest attempt that did the same, if one did."""
        if not identity:
            return None
        whole = (RunStatus.FINISHED, RunStatus.RUNNING)
        return next((a for a in reversed(self._by_identity.get(identity, ())) if a.run.status in whole), None)

    def _repeat(self, earlier: Attempt, event: FitEvent, identity: str) -> None:
        """Do again what an attempt did: a repetition of it, until a number differs."""
        repetition = Attempt(
            run=earlier.run,
            execution_id=self._execution_id,
            fit=event,
            identity=identity,
            constants=dict(earlier.constants),
            repetition_of=earlier,
        )
        self._of_fit[id(event)] = repetition
        self.current = repetition
        difference = _first_difference(earlier, event)
        if difference is not None:
            self._differ(repetition, difference)
            return
        self._touch(earlier)
        self._changes.of(earlier.run).add_place(event)
        self._opened.append(repetition)
        if event.metrics or not earlier.slots:
            self._count(repetition)

    def _count(self, repetition: Attempt) -> None:
        """The repetition gave the same number: evidence of determinism, once each time."""
        earlier = repetition.repetition_of or repetition
        if repetition.is_counted:
            return
        repetition.is_counted = True
        earlier.repeats += 1
        self._changes.of(earlier.run).tags["repeated"] = str(earlier.repeats)

    def _differ(self, repetition: Attempt, difference: str) -> Attempt:
        """The repetition gave another number: it is a run of its own."""
        earlier, event = repetition.repetition_of, repetition.fit
        if event is None or earlier is None:
            return repetition
        if repetition in self._opened:
            self._opened.remove(repetition)
        attempt = self._open(event.run_id, event.run_name, event.at)
        attempt.identity = repetition.identity
        self._by_identity[attempt.identity].append(attempt)
        self._add_fit(attempt, event)
        self._mark_nondeterministic(attempt, earlier, event.unseeded, difference)
        for metric in repetition.pending:
            self._add_metric(attempt, metric)
        return attempt

    def _mark_if_only_data_differ(self, attempt: Attempt, event: FitEvent) -> None:
        """Mark a run whose code and constants are an earlier one's, but whose data were drawn anew without a seed."""
        outside = [source for source in event.unseeded if not source.startswith(event.estimator.rpartition(".")[2])]
        if not outside:
            return
        for earlier in reversed(self._by_outline.get(_identity(event, with_data=False), ())):
            if earlier.execution_id != self._execution_id:  # a loop gives each turn its own data on purpose
                self._mark_nondeterministic(attempt, earlier, outside, "the data that it was given")
                return

    def _mark_nondeterministic(self, attempt: Attempt, earlier: Attempt, sources: list[str], what: str) -> None:
        cause = ", ".join(dict.fromkeys(sources)) or "not found"
        text = f"{what} differs from {earlier.run.name} ({earlier.run.run_id[:8]}) with the same inputs and code"
        self._changes.of(attempt.run).tags["nondeterministic"] = f"{text}; likely unseeded: {cause}"

    # Metrics

    def _metric(self, event: MetricEvent) -> None:
        attempt = self._attempt_for(event)
        if attempt.repetition_of is not None:
            self._repeated_metric(attempt, event)
        else:
            self._add_metric(attempt, event)

    def _attempt_for(self, event: MetricEvent) -> Attempt:
        explicit = self._started(event)
        if explicit is not None:
            return explicit
        found = list(dict.fromkeys(self._of_fit[id(fit)] for fit in event.fits if id(fit) in self._of_fit))
        if len(found) == 1:
            return self._unless_sealed(found[0], event)
        if event.is_logged and not found and self.current is not None:
            return self._unless_sealed(self.current, event)
        return self._without_model(event)

    def _unless_sealed(self, attempt: Attempt, event: MetricEvent) -> Attempt:
        """Return the attempt, or the next one if the metric has other inputs than those that it was sealed with."""
        reference = attempt.repetition_of or attempt
        if not self._conflicts(reference, event):
            return attempt
        fit = reference.fit
        for other in reversed(self._attempts):
            if other is not reference and other.fit is fit and fit is not None and not self._conflicts(other, event):
                return other
        following = self._open(None, None, event.at)
        if fit is not None:
            self._take_fit(following, fit)
            self._inherit(following, reference, event.params)
            self._add_data(following, fit.data)
            self._changes.of(following.run).add_origin(OriginKind.FIT, _model_name(fit), fit)
            if fit.model is not None:
                self._changes.of(following.run).models.append(replace(fit.model, model_id=clock.new_id()))
        self._hand_over(attempt, following)
        return following

    def _inherit(self, following: Attempt, attempt: Attempt, changed: Mapping[str, JsonValue]) -> None:
        """Give an attempt the inputs of the one before it, over which those that changed."""
        following.constants = dict(attempt.constants)
        following.constants.update((name, (value, self._execution_id)) for name, value in changed.items())
        following.params = {**attempt.params, **changed}
        self._changes.of(following.run).add_params(following.params)

    def _hand_over(self, attempt: Attempt, following: Attempt) -> None:
        """Have further metrics of a model go to the attempt that follows."""
        for known in [key for key, value in self._of_fit.items() if value is attempt]:
            self._of_fit[known] = following

    def _conflicts(self, attempt: Attempt, event: MetricEvent) -> bool:
        """Return whether an attempt with metrics of earlier executions has other constants or data than a metric."""
        if attempt.is_explicit or not any(slot.execution_id != self._execution_id for slot in attempt.slots.values()):
            return False
        for name, value in event.params.items():
            known, execution_id = attempt.constants.get(name, (value, ""))
            if known != value and execution_id != self._execution_id:
                return True
        for use in event.data:
            fingerprint, execution_id = attempt.data.get((use.name, use.role), (use.fingerprint, ""))
            if fingerprint != use.fingerprint and execution_id != self._execution_id and use.name.isidentifier():
                return True
        return False

    def _without_model(self, event: MetricEvent) -> Attempt:
        """Return the attempt for a metric that no model can be found for (or several can)."""
        current = self.current
        is_free = current is not None and current.fit is None and not current.is_group and not current.is_explicit
        if current is not None and is_free and current.execution_id == self._execution_id:
            return current
        for other in reversed(self._by_code.get(event.code, ())):
            if other.fit is None and not self._conflicts(other, event):
                return other
        if current is not None and is_free and not self._conflicts(current, event):
            return current
        return self._open(None, None, event.at)

    def _add_metric(self, attempt: Attempt, event: MetricEvent) -> None:
        self._touch(attempt)
        self._changes.of(attempt.run).add_place(event)
        attempt.last_at = event.at
        if not attempt.is_explicit or event.params:
            self._add_constants(attempt, event.params, event.name)
        self._add_data(attempt, event.data)
        for subkey, value in event.values.items():
            attempt = self._add_value(attempt, event, _base_key(event, subkey), value)
        if event.report is not None:
            self._add_artifact(attempt, event.report)

    def _add_value(self, attempt: Attempt, event: MetricEvent, base: str, value: float | int) -> Attempt:
        """Add a value to its metric, or compare it with the one that is there from an earlier execution."""
        slot = _slot_of(attempt, event, base, self._execution_id)
        if slot is None:
            key = _free_key(attempt, base, event.assigned)
            slot = attempt.slots[key] = _new_slot(key, base, event, self._execution_id)
            if not attempt.is_explicit and attempt not in self._by_code[event.code][-1:]:
                self._by_code[event.code].append(attempt)
        elif slot.execution_id != self._execution_id:
            is_same_code = slot.code == event.code and not attempt.is_explicit
            slot.execution_id, slot.compared = self._execution_id, 0 if is_same_code else len(slot.values)
            slot.call_site = event.call_site
        if slot.compared < len(slot.values):
            slot.compared += 1
            if _same_number(slot.values[slot.compared - 1], value):
                self._count_again(attempt)
                return attempt
            return self._computed_otherwise(attempt, event, base, value)
        step = slot.next_step if event.step is None else event.step
        slot.values.append(value)
        slot.compared = len(slot.values)
        slot.next_step = max(slot.next_step, step + 1)
        draft = self._changes.of(attempt.run)
        draft.add_points([(slot.key, value, step)], event.at)
        draft.add_origin(OriginKind.METRIC, slot.key, event)
        return attempt

    def _count_again(self, attempt: Attempt) -> None:
        """A metric alone was computed again and is the same; counted once an execution."""
        if attempt not in self._counted:
            self._counted.append(attempt)
            attempt.repeats += 1
            self._changes.of(attempt.run).tags["repeated"] = str(attempt.repeats)

    def _computed_otherwise(self, attempt: Attempt, event: MetricEvent, base: str, value: float | int) -> Attempt:
        """A metric was computed again from the same inputs by the same code, and is another number."""
        following = self._open(None, None, event.at)
        self._take_fit(following, attempt.fit)
        self._hand_over(attempt, following)
        self._inherit(following, attempt, event.params)
        self._add_data(following, event.data)
        if attempt.fit is not None:
            self._changes.of(following.run).add_origin(OriginKind.FIT, _model_name(attempt.fit), attempt.fit)
        if attempt.fit is not None and attempt.fit.model is not None:
            self._changes.of(following.run).models.append(replace(attempt.fit.model, model_id=clock.new_id()))
        unseeded = [*(attempt.fit.unseeded if attempt.fit is not None else []), *event.unseeded]
        self._mark_nondeterministic(following, attempt, unseeded, base)
        return self._add_value(following, event, base, value)

    def _repeated_metric(self, repetition: Attempt, event: MetricEvent) -> None:
        """Compare a metric of a repetition with what the attempt before gave at the same place in the code."""
        earlier = repetition.repetition_of
        if earlier is None:
            return
        compared, difference = self._compared(earlier, event)
        if difference is not None:
            repetition.pending.append(event)
            self._differ(repetition, difference)
            return
        self._counted.append(earlier)  # the repetition counts, once, not each of its metrics
        self._add_metric(earlier, event)
        if compared:
            repetition.pending.append(replace(event, values={key: event.values[key] for key in compared}))
            self._count(repetition)

    def _compared(self, earlier: Attempt, event: MetricEvent) -> tuple[list[str], str | None]:
        """Return for which sub-keys an attempt has numbers from the same place, and the first key where they differ."""
        compared: list[str] = []
        for subkey, value in event.values.items():
            base = _base_key(event, subkey)
            slot = _slot_of(earlier, event, base, self._execution_id)
            place = 0 if slot is None or slot.execution_id != self._execution_id else slot.compared
            if slot is None or place >= len(slot.values):
                continue
            if not _same_number(slot.values[place], value):
                return compared, base
            compared.append(subkey)
        return compared, None

    # By hand

    def _log(self, event: LogEvent) -> None:
        started = self._started(event)
        if started is not None:
            self._add_constants(started, event.params)
            for key in event.measured:
                self._changes.of(started.run).add_origin(OriginKind.METRIC, key, event)
        attempt = started or self.current
        if event.logged and (attempt is None or (attempt.slots and not attempt.is_explicit)):
            self._waiting.update(event.logged)  # a sealed run takes no more inputs: they are the next one's
            if not (event.tags or event.note or event.artifact):
                return
        if attempt is None:
            attempt = self._open(None, None, event.at)
        attempt = attempt.repetition_of or attempt
        self._touch(attempt)
        draft = self._changes.of(attempt.run)
        if event.logged and (attempt.is_explicit or not attempt.slots):
            self._add_constants(attempt, event.logged)
        draft.tags.update(event.tags)
        if event.note is not None:
            draft.note = redact(event.note)
        if event.artifact is not None:
            self._add_artifact(attempt, event.artifact)

    # Parts

    def _open(self, run_id: str | None, name: str | None, at: datetime) -> Attempt:
        run = replace(self._new_run(run_id, name, at), parent_id=self.parent_id)
        attempt = Attempt(run=self._changes.put(run), execution_id=self._execution_id)
        self._attempts.append(attempt)
        self._opened.append(attempt)
        self.current = attempt
        self._touch(attempt)
        self._add_constants(attempt, self._waiting)
        self._waiting = {}
        return attempt

    def _touch(self, attempt: Attempt) -> None:
        self._changes.of(attempt.run)
        if attempt.repetition_of is None and not attempt.is_group and not attempt.is_explicit:
            self.current = attempt

    def _add_constants(self, attempt: Attempt, constants: Mapping[str, JsonValue], prefix: str = "other") -> None:
        """Add the constants that flowed into a fit or a metric.

        A dict that the fit took its own params from is not told twice, for it may have been changed before it was used;
        and what a training's loop counts with is none.
        `prefix`: what goes before the name of one that the run has with another value.
        """
        for name, value in constants.items():
            attempt.constants.setdefault(name, (value, self._execution_id))
        own = attempt.fit.hyper.keys() if attempt.fit is not None else frozenset()
        told = {name for name, value in constants.items() if isinstance(value, dict) and value and value.keys() <= own}
        told |= attempt.fit.rebound if attempt.fit is not None else frozenset()
        self._add_params(attempt, {name: value for name, value in constants.items() if name not in told}, prefix)

    def _add_params(self, attempt: Attempt, params: Mapping[str, JsonValue], prefix: str) -> None:
        """Add params; one whose name is taken by another value gets a prefix, and a number if it must."""
        fresh: dict[str, JsonValue] = {}
        for name, value in params.items():
            key, number = name, 2
            while key in attempt.params and attempt.params[key] != value:
                key = f"{prefix}.{name}" if key == name else f"{prefix}.{number}.{name}"
                number += 1 if key != f"{prefix}.{name}" else 0
            if key not in attempt.params:
                attempt.params[key] = fresh[key] = value
        self._changes.of(attempt.run).add_params(fresh)

    def _add_data(self, attempt: Attempt, data: Iterable[DatasetUse]) -> None:
        for use in data:
            key = (use.name, use.role)
            if key not in attempt.data:
                attempt.data[key] = (use.fingerprint, self._execution_id)
                self._changes.of(attempt.run).add_data([use])

    def _add_artifact(self, attempt: Attempt, file: tuple[str, bytes, str]) -> None:
        name, content, media_type = file
        digest = self._put_object(content)
        self._changes.of(attempt.run).artifacts.append(
            Artifact(name=name, digest=digest, size=len(content), media_type=media_type)
        )

    # The end

    def _group(self) -> None:
        """Put the fits of one execution under one parent, if there are several."""
        fits = [attempt for attempt in self._opened if attempt.fit is not None and attempt.fit.explicit is None]
        fresh = [attempt for attempt in fits if attempt.repetition_of is None]
        if len(fits) < 2 or not fresh or len({id(attempt.fit) for attempt in fits}) < 2:
            return
        run = replace(self._new_run(None, None, fresh[0].run.started_at), parent_id=self.parent_id)
        group = Attempt(run=self._changes.put(run), execution_id=self._execution_id, is_group=True)
        self._opened.insert(0, group)
        self._touch(group)
        for attempt in fresh:
            attempt.run = self._changes.put(attempt.run, parent_id=run.run_id)

    def _end(self, outcome: Outcome, failure: Failure | None, at: datetime) -> None:
        """Say what became of the runs that this execution opened: the one that it broke off in shares its end."""
        fresh = [attempt for attempt in self._opened if attempt.repetition_of is None]
        last = next((attempt for attempt in reversed(fresh) if not attempt.is_group), None)
        for attempt in fresh:
            if attempt.run.status is not RunStatus.RUNNING or attempt.is_explicit:
                continue
            is_broken = outcome is not Outcome.OK and (attempt is last or attempt.is_group)
            status = STATUS_AFTER[outcome] if is_broken else RunStatus.FINISHED
            if outcome is Outcome.RUNNING:
                status = RunStatus.RUNNING
            attempt.run = self._changes.put(
                attempt.run,
                status=status,
                finished_at=None if status is RunStatus.RUNNING else at if is_broken else attempt.last_at or at,
                failure=failure if is_broken else None,
            )


def _base_key(event: MetricEvent, subkey: str) -> str:
    name = f"{event.name}.{subkey}" if subkey and not subkey.startswith("[") else f"{event.name}{subkey}"
    return f"{event.role}.{name}" if event.role is not None else name


def _model_name(event: FitEvent) -> str:
    return event.model.name if event.model is not None else event.estimator.rpartition(".")[2]


def _new_slot(key: str, base: str, event: Event, execution_id: str) -> Slot:
    return Slot(key=key, base=base, code=event.code, call_site=event.call_site, execution_id=execution_id)


def _slot_of(attempt: Attempt, event: MetricEvent, base: str, execution_id: str) -> Slot | None:
    """Return the metric that an event goes on with: of the same place in the code, or logged by hand under its name.

    Places are known by their code; of several with the same code, in one execution by the place itself, in a later one
    by their order.
    """
    if event.is_logged:
        return attempt.slots.get(base)
    alike = [slot for slot in attempt.slots.values() if slot.code == event.code and slot.base == base]
    here = [slot for slot in alike if slot.execution_id == execution_id and slot.call_site == event.call_site]
    return next(iter([*here, *(slot for slot in alike if slot.execution_id != execution_id)]), None)


def _free_key(attempt: Attempt, base: str, assigned: str | None) -> str:
    """Return a key that no other place in the code has: with the name that it was assigned to, else a number."""
    if base not in attempt.slots:
        return base
    if assigned and f"{base}.{assigned}" not in attempt.slots:
        return f"{base}.{assigned}"
    number = 2
    while f"{base}.{number}" in attempt.slots:
        number += 1
    return f"{base}.{number}"


def _same_number(one: float | int, other: float | int) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other


def _identity(event: FitEvent, *, with_data: bool = True) -> str:
    """Return a hash of code and inputs; empty if some data could not be fingerprinted, for then nobody knows."""
    fingerprints = [*(use.fingerprint for use in event.data), event.begins_from] if with_data else []
    if None in fingerprints:
        return ""
    files = sorted({str(file.digest) for use in event.data for file in use.files})
    parts: list[JsonValue] = [event.code, dict(event.params), dict(event.hyper), event.estimator, *fingerprints, *files]
    return hashlib.blake2b(encode(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _first_difference(earlier: Attempt, event: FitEvent) -> str | None:
    """Return what a fit gave that is not what it gave before, if anything: its own metrics, its coefficients."""
    before = earlier.fit
    if before is None:
        return None
    if len(before.metrics) == len(event.metrics):
        for (key, value, _), (_, other, _) in zip(before.metrics, event.metrics, strict=True):
            if not _same_number(value, other):
                return key
    if before.model is not None and event.model is not None:
        for what in ("coefficients", "importances"):
            if encode(dict(getattr(before.model, what))) != encode(dict(getattr(event.model, what))):
                return f"the model ({what})"
    return None
