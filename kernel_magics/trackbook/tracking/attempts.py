"""Which run an event belongs to: the rules of "runs without starting them".

A fit opens a run, a metric finds the run of the model that predicted, and what was done before with the same code and
the same inputs is a repetition, not another run, as long as it gives the same numbers. Everything here is bookkeeping
on events; nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from trackbook import clock
from trackbook.capture.events import Event, FitEvent, LogEvent, MetricEvent
from trackbook.capture.secrets import redact
from trackbook.records import Failure, OriginKind, Outcome, Run, RunStatus
from trackbook.tracking.attempt import Attempt, as_fitted
from trackbook.tracking.changes import Changes
from trackbook.tracking.entries import NewRun, PutObject
from trackbook.tracking.known_attempts import KnownAttempts
from trackbook.tracking.metric_slots import MetricSlots
from trackbook.tracking.opened_attempts import OpenedAttempts
from trackbook.tracking.roles import KnownRoles
from trackbook.tracking.sameness import compared, conflicts, first_difference, identity_of


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
        new_run: NewRun,
        put_object: PutObject,
        explicit_run: Callable[[str], Run | None] = lambda run_id: None,
        parent_id: str | None = None,
    ) -> None:
        self._new_run = new_run
        self._put_object = put_object
        self._explicit_run = explicit_run
        self.parent_id = parent_id
        self._known = KnownAttempts()
        self._roles = KnownRoles()
        self._of_run: dict[str, Attempt] = {}  # that a person had started
        self._begin("")

    @property
    def current(self) -> Attempt | None:
        """The attempt that the session is at, None if there is none yet."""
        return self._known.current

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
            How and when the execution ended.
        """
        self._begin(execution_id, is_look=outcome is Outcome.RUNNING)
        for event in events:
            match event:
                case FitEvent():
                    self._fit(event)
                case MetricEvent():
                    self._metric(event)
                case LogEvent():
                    self._log(event)
        self._opened.end(outcome, failure, at)
        return self._changes

    def look(self, events: Collection[Event], execution_id: str, at: datetime) -> Changes:
        """Return what the events of an execution that goes on do to runs, as if they were the session's first."""
        first = Attempts(self._new_run, self._put_object, parent_id=self.parent_id)
        return first.process(events, execution_id, Outcome.RUNNING, None, at)

    def of_run(self, run_id: str) -> Attempt | None:
        """Return the attempt that a run is."""
        return self._known.of_run(run_id)

    def _begin(self, execution_id: str, *, is_look: bool = False) -> None:
        self._opened = OpenedAttempts(execution_id, self._known, self._new_child, self._put_object, is_look=is_look)
        self._slots = MetricSlots(self._opened, self._known)
        self._entries, self._changes, self._execution_id = self._opened.entries, self._opened.changes, execution_id

    def _new_child(self, run_id: str | None, name: str | None, at: datetime) -> Run:
        return replace(self._new_run(run_id, name, at), parent_id=self.parent_id)

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
        self._roles.add(event.data)
        explicit = self._started(event)
        if explicit is not None:
            self._add_fit(explicit, event)
            return
        identity = identity_of(event)
        earlier = self._known.same_as(identity)
        if earlier is not None and event.has_ended and event.failure is None:
            self._repeat(earlier, event, identity)
            return
        self._open_for_fit(event, identity)

    def _open_for_fit(self, event: FitEvent, identity: str) -> None:
        current = self.current
        if current is not None and current.is_open and current.execution_id:
            attempt = current
        else:
            attempt = self._opened.open(event.at, event.run_id, event.run_name)
        self._known.add_identity(attempt, identity)
        self._mark_if_only_data_differ(attempt, event)
        self._add_fit(attempt, event)

    def _add_fit(self, attempt: Attempt, event: FitEvent) -> None:
        self._known.of_fit[id(event)] = attempt
        self._opened.touch(attempt)
        self._opened.take_fit(attempt, event)
        attempt.last_at = event.at + timedelta(seconds=event.seconds or 0.0)
        self._entries.add_fit(attempt, event, candidates=() if self._opened.is_look else event.candidates)
        self._close_fit(attempt, event)

    def _close_fit(self, attempt: Attempt, event: FitEvent) -> None:
        if event.failure is not None and not attempt.is_explicit:
            ended = event.at if event.seconds is None else clock.now()
            attempt.run = self._changes.put(
                attempt.run, status=RunStatus.FAILED, failure=event.failure, finished_at=ended
            )

    # Repetition

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
        self._known.of_fit[id(event)] = repetition
        self._known.current = repetition
        difference = first_difference(earlier, event)
        if difference is not None:
            self._differ(repetition, difference)
            return
        self._opened.touch(earlier)
        self._changes.of(earlier.run).add_place(event)
        self._opened.add_repetition(repetition)
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

    def _differ(self, repetition: Attempt, difference: str) -> None:
        """The repetition gave another number: it is a run of its own."""
        earlier, event = repetition.repetition_of, repetition.fit
        if event is None or earlier is None:
            return
        self._opened.drop_repetition(repetition)
        attempt = self._opened.open(event.at, event.run_id, event.run_name)
        self._known.add_identity(attempt, repetition.identity)
        self._add_fit(attempt, event)
        self._entries.mark_nondeterministic(attempt, earlier, event.unseeded, difference)
        for metric in repetition.pending:
            self._slots.add(attempt, metric)

    def _mark_if_only_data_differ(self, attempt: Attempt, event: FitEvent) -> None:
        """Mark a run whose code and constants are an earlier one's, but whose data were drawn anew without a seed."""
        outside = [source for source in event.unseeded if not source.startswith(event.estimator.rpartition(".")[2])]
        if not outside:
            return
        for earlier in reversed(self._known.by_outline.get(identity_of(event, with_data=False), ())):
            if earlier.execution_id != self._execution_id:  # a loop gives each turn its own data on purpose
                self._entries.mark_nondeterministic(attempt, earlier, outside, "the data that it was given")
                return

    # Metrics

    def _metric(self, event: MetricEvent) -> None:
        self._add_role(event)
        attempt = self._attempt_for(event)
        if attempt.repetition_of is not None:
            self._repeated_metric(attempt, event)
        else:
            self._slots.add(attempt, event)

    def _add_role(self, event: MetricEvent) -> None:
        """Give a metric the role that its tables have by their content, if the flow showed none."""
        if event.role is None and not event.is_logged:
            event.role = self._roles.role_of(event.data, event.fits)
            event.data = [replace(use, role=use.role or event.role) for use in event.data]
        self._roles.add(event.data)

    def _attempt_for(self, event: MetricEvent) -> Attempt:
        explicit = self._started(event)
        if explicit is not None:
            return explicit
        found = self._known.of_fits(event.fits)
        if len(found) == 1:
            return self._unless_sealed(found[0], event)
        if event.is_logged and not found and self.current is not None:
            return self._unless_sealed(self.current, event)
        return self._without_model(event)

    def _unless_sealed(self, attempt: Attempt, event: MetricEvent) -> Attempt:
        """Return the attempt, or the next one if the metric has other inputs than those that it was sealed with."""
        reference = attempt.repetition_of or attempt
        if not conflicts(reference, event, self._execution_id):
            return attempt
        fit = reference.fit
        for other in reversed(self._known.attempts):
            if (
                other is not reference
                and other.fit is fit
                and fit is not None
                and not conflicts(other, event, self._execution_id)
            ):
                return other
        following = self._opened.follow(attempt, fit, event.at)
        if fit is not None:
            self._entries.inherit(following, reference, event.params)
            self._entries.add_data(following, fit.data)
        return following

    def _without_model(self, event: MetricEvent) -> Attempt:
        """Return the attempt for a metric that no model can be found for (or several can)."""
        current = self.current
        is_free = current is not None and current.fit is None
        if current is not None and is_free and current.execution_id == self._execution_id:
            return current
        for other in reversed(self._known.by_code.get(event.code, ())):
            if other.fit is None and not conflicts(other, event, self._execution_id):
                return other
        if current is not None and is_free and not conflicts(current, event, self._execution_id):
            return current
        return self._opened.open(event.at)

    def _repeated_metric(self, repetition: Attempt, event: MetricEvent) -> None:
        """Compare a metric of a repetition with what the attempt before gave at the same place in the code."""
        earlier = repetition.repetition_of
        if earlier is None:
            return
        alike, difference = compared(earlier, event, self._execution_id)
        if difference is not None:
            repetition.pending.append(event)
            self._differ(repetition, difference)
            return
        self._slots.add_again(earlier, event)
        if alike:
            repetition.pending.append(replace(event, values={key: event.values[key] for key in alike}))
            self._count(repetition)

    # By hand

    def _log(self, event: LogEvent) -> None:
        started = self._started(event)
        if started is not None:
            self._entries.add_constants(started, event.params)
            for key in event.measured:
                self._changes.of(started.run).add_origin(OriginKind.METRIC, key, event)
        attempt = started or self.current
        if event.logged and (attempt is None or (attempt.slots and not attempt.is_explicit)):
            self._known.waiting.update(event.logged)  # a sealed run takes no more inputs: they are the next one's
            if not (event.tags or event.note or event.artifact):
                return
        if attempt is None:
            attempt = self._opened.open(event.at)
        attempt = attempt.repetition_of or attempt
        self._opened.touch(attempt)
        draft = self._changes.of(attempt.run)
        if event.logged and (attempt.is_explicit or not attempt.slots):
            self._entries.add_constants(attempt, event.logged)
        draft.add_data(as_fitted(use, attempt) for use in event.data)
        draft.tags.update(event.tags)
        if event.note is not None:
            draft.note = redact(event.note)
        if event.artifact is not None:
            self._entries.add_artifact(attempt, event.artifact)
