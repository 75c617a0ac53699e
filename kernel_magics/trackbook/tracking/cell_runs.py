"""What the events of a cell do to runs: those that it makes, and those that a person had started while it ran."""

from __future__ import annotations

from dataclasses import replace

from trackbook import clock
from trackbook.capture.cell import CapturedCell
from trackbook.capture.events import Event, FitEvent
from trackbook.capture.guard import Guard
from trackbook.records import Failure, Run
from trackbook.store.contract import RunChange
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.changes import Changes
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.modules import ModuleUses
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.session_state import RunningCell
from trackbook.tracking.staleness import HiddenState
from trackbook.tracking.verdicts import HIDDEN_REPETITION, family_verdicts


class CellRuns:
    """Makes the changes of runs that a cell has brought about, ready to be written.

    Parameters
    ----------
    keeper
        Knows the environment that runs are made in.
    attempts, explicit
        The session's runs.
    hidden_state
        Judges whether the notebook would make a run again.
    modules
        Knows the own modules that flowed into runs.
    guard
        Takes our own faults: one in a part loses that part alone.
    """

    def __init__(
        self,
        keeper: SessionKeeper,
        attempts: Attempts,
        explicit: ExplicitRuns,
        hidden_state: HiddenState,
        modules: ModuleUses,
        guard: Guard,
    ) -> None:
        self._keeper = keeper
        self._attempts = attempts
        self._explicit = explicit
        self._hidden_state = hidden_state
        self._modules = modules
        self._guard = guard

    def changes(self, cell: CapturedCell, execution_id: str, failure: Failure | None) -> Changes:
        """Return what the events of a cell did to runs; their params and code are filled in."""
        changes = Changes()
        if not cell.events:
            return changes
        with self._guard:
            _end_fits(cell.events, failure)
            changes = self._attempts.process(cell.events, execution_id, cell.outcome, failure, clock.now())
        with self._guard:
            self._judge(changes)
            for draft in changes.drafts:
                self._modules.add_to_run(draft)
        return changes

    def started_during(self, running: RunningCell, changes: Changes) -> list[str]:
        """Return the ids of the runs that a person had started while a cell ran, of which nothing else was seen."""
        known = self._explicit.known
        if not known:
            return []
        alive = {*running.started, *(run_id for run_id in known if run_id not in running.known)}
        return sorted(alive - set(changes.run_ids))

    def finished(self, running: RunningCell, changes: Changes) -> tuple[RunChange, ...]:
        """Return the changes of a cell; runs that were started during it are made of it too."""
        links = (
            RunChange(run_id=run_id, execution_ids=(running.execution_id,))
            for run_id in self.started_during(running, changes)
        )
        reconciled = self._explicit.reconciled(changes.finished(running.execution_id))
        return self._with_environment((*reconciled, *links))

    def _with_environment(self, changes: tuple[RunChange, ...]) -> tuple[RunChange, ...]:
        if not any(change.run is not None for change in changes):
            return changes
        environment = self._keeper.environment()
        if environment is None:
            return changes
        return tuple(
            replace(change, run=replace(change.run, environment_id=environment.environment_id))
            if change.run is not None
            else change
            for change in changes
        )

    # Verdicts

    def _judge(self, changes: Changes) -> None:
        """Say of the runs of which something was made whether the notebook would make it again."""
        for draft in changes.drafts:
            run = draft.run or self._run_of(draft.run_id)
            told = self._hidden_state.judge(run, draft.places) if run is not None else None
            if told is None or told == run:
                continue
            if not draft.is_repetition:
                self._put_verdict(changes, told)
            elif told.verdict_reason is not None:  # the run itself was made as it was made
                draft.tags[HIDDEN_REPETITION] = told.verdict_reason
        for told in family_verdicts([draft.run for draft in changes.drafts if draft.run is not None]):
            self._put_verdict(changes, told)

    def _run_of(self, run_id: str) -> Run | None:
        attempt = self._attempts.of_run(run_id)
        return self._explicit.run_of(run_id) or (attempt.run if attempt is not None else None)

    def _put_verdict(self, changes: Changes, told: Run) -> None:
        changes.put(told)
        started, attempt = self._explicit.known.get(told.run_id), self._attempts.of_run(told.run_id)
        for holder in (started, attempt):
            if holder is not None:
                holder.run = replace(holder.run, verdict=told.verdict, verdict_reason=told.verdict_reason)


def _end_fits(events: list[Event], failure: Failure | None) -> None:
    """A fit that never returned has failed: by what ended the cell, or by what the cell caught itself."""
    open_fits = [event for event in events if isinstance(event, FitEvent) and not event.has_ended]
    for event in open_fits if failure is None else open_fits[:-1]:  # the last one shares the cell's end
        event.failure = Failure(type="Exception", message="The fit raised an error that the cell caught.")
