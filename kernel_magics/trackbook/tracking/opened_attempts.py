"""The attempts that one execution opens: each gets a run, and the run an end when the execution has ended."""

from __future__ import annotations

from datetime import datetime

from trackbook.capture.events import FitEvent
from trackbook.records import Failure, Outcome, RunStatus
from trackbook.tracking.attempt import Attempt
from trackbook.tracking.changes import Changes
from trackbook.tracking.entries import Entries, NewRun, PutObject
from trackbook.tracking.known_attempts import KnownAttempts
from trackbook.tracking.sameness import identity_of

STATUS_AFTER = {
    Outcome.OK: RunStatus.FINISHED,
    Outcome.ERROR: RunStatus.FAILED,
    Outcome.INTERRUPTED: RunStatus.KILLED,
    Outcome.RUNNING: RunStatus.RUNNING,
}


class OpenedAttempts:
    """The attempts, repetitions among them, that one execution opens.

    Parameters
    ----------
    execution_id
        The execution.
    known
        All attempts of the session.
    new_run, put_object
        As for `Attempts`.
    is_look
        Whether this only looks at an execution that has not ended.
    """

    def __init__(
        self, execution_id: str, known: KnownAttempts, new_run: NewRun, put_object: PutObject, *, is_look: bool
    ) -> None:
        self.execution_id = execution_id
        self.entries = Entries(execution_id, new_run, put_object)
        self.is_look = is_look
        self._known = known
        self._new_run = new_run
        self._opened: list[Attempt] = []

    @property
    def changes(self) -> Changes:
        """What the execution does to runs."""
        return self.entries.changes

    def open(self, at: datetime, run_id: str | None = None, name: str | None = None) -> Attempt:
        """Open an attempt; it is current from now on, and takes the params that waited for it."""
        run = self._new_run(run_id, name, at)
        attempt = Attempt(run=self.changes.put(run), execution_id=self.execution_id)
        self._known.attempts.append(attempt)
        self._opened.append(attempt)
        self._known.current = attempt
        self.entries.add_constants(attempt, self._known.take_waiting())
        return attempt

    def follow(self, attempt: Attempt, fit: FitEvent | None, at: datetime) -> Attempt:
        """Open the attempt that comes after another with the same model: further metrics of that are its own."""
        following = self.open(at)
        self.take_fit(following, fit)
        self._known.hand_over(attempt, following)
        return following

    def take_fit(self, attempt: Attempt, fit: FitEvent | None) -> None:
        """Let a fit be an attempt's own."""
        attempt.fit = fit
        if fit is not None and not (attempt.is_explicit or self.is_look):
            self._known.by_outline[identity_of(fit, with_data=False)].append(attempt)

    def touch(self, attempt: Attempt) -> None:
        """Note that the execution has to do with an attempt: it is current, unless it is no run of its own."""
        self.changes.of(attempt.run)
        if attempt.repetition_of is None and not attempt.is_explicit:
            self._known.current = attempt

    def add_repetition(self, repetition: Attempt) -> None:
        """Note a repetition that the execution makes."""
        self._opened.append(repetition)

    def drop_repetition(self, repetition: Attempt) -> None:
        """Forget a repetition that turned out to be none."""
        if repetition in self._opened:
            self._opened.remove(repetition)

    # The end

    def end(self, outcome: Outcome, failure: Failure | None, at: datetime) -> None:
        """Say what became of the runs that were opened: the one that the execution broke off in shares its end."""
        self._group()
        fresh = [attempt for attempt in self._opened if attempt.repetition_of is None]
        last = next((attempt for attempt in reversed(fresh) if not attempt.is_group), None)
        for attempt in fresh:
            if attempt.run.status is not RunStatus.RUNNING:
                continue
            is_broken = outcome is not Outcome.OK and (attempt is last or attempt.is_group)
            status = STATUS_AFTER[outcome] if is_broken else RunStatus.FINISHED
            if outcome is Outcome.RUNNING:
                status = RunStatus.RUNNING
            attempt.run = self.changes.put(
                attempt.run,
                status=status,
                finished_at=None if status is RunStatus.RUNNING else at if is_broken else attempt.last_at or at,
                failure=failure if is_broken else None,
            )

    def _group(self) -> None:
        """Put the fits of one execution under one parent, if there are several."""
        fits = [attempt for attempt in self._opened if attempt.fit is not None and attempt.fit.explicit is None]
        fresh = [attempt for attempt in fits if attempt.repetition_of is None]
        if len(fits) < 2 or not fresh or len({id(attempt.fit) for attempt in fits}) < 2:
            return
        run = self._new_run(None, None, fresh[0].run.started_at)
        self._opened.insert(0, Attempt(run=self.changes.put(run), execution_id=self.execution_id, is_group=True))
        for attempt in fresh:
            attempt.run = self.changes.put(attempt.run, parent_id=run.run_id)
