"""Records a notebook's session: each cell that ends becomes an execution, and its events become runs, in one write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from trackbook import clock
from trackbook.capture.cell import CapturedCell, CellCapture
from trackbook.capture.chosen import (
    is_anything_chosen,
    note_asked,
    set_in_cell,
    take_in,
    waiting_in,
    with_first_values,
)
from trackbook.capture.events import Event
from trackbook.capture.guard import Guard
from trackbook.capture.output_parts import kept_outputs
from trackbook.capture.output_sources import OutputWatch
from trackbook.capture.outputs import Collector
from trackbook.capture.secrets import redact, redact_shown
from trackbook.lineage.graph import Lineage
from trackbook.records import (
    SWITCHED_OFF,
    Execution,
    Failure,
    HiddenRead,
    Outcome,
    Output,
    RunStatus,
    fault_of_tracking,
)
from trackbook.store.contract import Batch
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.cell_runs import CellRuns
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.hand_log import HandLog
from trackbook.tracking.live_cells import LiveCells
from trackbook.tracking.modules import ModuleUses
from trackbook.tracking.notebook_params import NotebookParams
from trackbook.tracking.origins import place, with_arrivals, with_asked
from trackbook.tracking.seeding import UnseededDraws
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.session_state import RunningCell, SessionState
from trackbook.tracking.settle import Settled, fill_in, settle
from trackbook.tracking.snapshots import Snapshots
from trackbook.tracking.staleness import HiddenState

_LONGEST_FAULT = 300


class Recorder:
    """One notebook session.

    Parameters
    ----------
    keeper
        The session's hold on the store.
    variables, hidden
        The notebook's namespace, and the names in it that are not the person's.
    guard
        Takes our own faults.
    live_seconds
        After how long a cell that still runs is written as running.
    """

    def __init__(
        self,
        keeper: SessionKeeper,
        variables: dict[str, object],
        hidden: Callable[[], Collection[str]],
        guard: Guard,
        live_seconds: float = 0.5,
    ) -> None:
        self.keeper = keeper
        self.guard = guard
        self._variables = variables
        self._state = SessionState()
        self._index = 0
        self._lineage = Lineage()
        self.explicit = ExplicitRuns(keeper)
        self.attempts = Attempts(keeper.new_run, keeper.put_object, self.explicit.run_of, keeper.session.parent_run_id)
        self.capture = CellCapture(variables, hidden, self._lineage.upstream, guard)
        self.capture.observer.explicit = self.explicit.innermost_id
        notebook = Path(keeper.session.notebook) if keeper.session.notebook else None
        self.hidden_state = HiddenState(notebook, variables, self.capture)
        self._modules = ModuleUses(notebook, variables, self.hidden_state, keeper.put_object)
        self.capture.watch_modules(self._modules.own.executing)
        self.hidden_state.watch_modules(self._modules.own)
        self.is_attended: Callable[[], bool] = lambda: True
        """Whether somebody looks at what a cell shows; not where a program executes the notebook."""
        self.outputs: OutputWatch | None = None
        """What sees the cells' outputs; without it none are kept."""
        self.snapshots: Snapshots | None = None
        self._params = NotebookParams(keeper, self.attempts, self.explicit)
        self._draws = UnseededDraws(self._lineage)
        self._runs = CellRuns(keeper, self.attempts, self.explicit, self.hidden_state, self._modules, guard)
        self.by_hand = HandLog(self._state, keeper, self.capture.observer, self.attempts, self.explicit, guard)
        """What takes what is logged by hand."""
        self._end_of_last: tuple[Outcome, Failure | None] = (Outcome.OK, None)
        self._told_faults = 0
        self._seen: dict[str, int] = {}
        """Which object (by its id) each name was bound to when a recorded cell had written it."""
        self._live = LiveCells(self._state, keeper, self.capture, self.attempts, self.explicit, guard, live_seconds)

    @property
    def execution_count(self) -> int:
        """How many cells have been recorded."""
        return self._index

    @property
    def is_on(self) -> bool:
        """Whether cells are to be recorded, and what is logged taken."""
        return self._state.is_on

    @is_on.setter
    def is_on(self, on: bool) -> None:
        with self._state.lock:
            has_changed, self._state.is_on = self._state.is_on != on, on
            if has_changed and self._state.running is None:  # else the cell that runs says it
                with self.guard:
                    self._record_switch()

    def _record_switch(self) -> None:
        """Record that tracking was switched, which no recorded cell did: that can be read by others then."""
        now = clock.now()
        self._record_past(f"%track {'on' if self.is_on else 'off'}", None, now, 0.0, None)
        self.keeper.deliver()

    @property
    def is_in_cell(self) -> bool:
        """Whether a cell is running that is recorded."""
        return self._state.running is not None

    @property
    def running_id(self) -> str | None:
        """The execution id of the cell that is running, None between cells."""
        return self._state.running.execution_id if self._state.running is not None else None

    def keep_contents(self, snapshots: Snapshots) -> None:
        """Have the tables, files and models kept that flow into runs."""
        self.snapshots = self._live.snapshots = snapshots
        self.capture.observer.keep_contents(snapshots)

    # Cells

    def begin_cell(self, source: str, transformed: str, cell_id: str | None, metadata: Mapping[str, object]) -> None:
        """A cell is about to run.

        Parameters
        ----------
        source, transformed
            The cell as typed, and as IPython rewrote it.
        cell_id
            The notebook format's id of the cell, where the front end says it.
        metadata
            The request's metadata; ``tags`` in its ``trackbook`` entry are the cell's tags.
        """
        if is_anything_chosen():
            self._take_chosen()
        self._begin(source, transformed, cell_id, metadata)

    def _take_chosen(self) -> None:
        """Record what was chosen with controls since the last cell, as a cell of its own that assigns it."""
        with self.guard:
            for chosen, source in waiting_in(self._variables):
                if source:
                    self._begin(source, source, None, {})
                take_in(chosen)
                self.end_cell(None)

    def _begin(self, source: str, transformed: str, cell_id: str | None, metadata: Mapping[str, object]) -> None:
        if self.snapshots is not None:
            self.snapshots.cell_begins()
        with self._state.lock:
            self._index += 1
            self._state.running = RunningCell(
                clock.new_id(),
                self._index,
                source,
                cell_id,
                self._params.tags_of(source, cell_id, metadata),
                clock.now(),
                *self.explicit.before_cell(),
            )
            if self.outputs is not None:
                self.outputs.begin()
            with self.guard:
                _redacted_source(source)  # what it names as secret is one in its outputs and params, too
                self.hidden_state.begin(source, cell_id)
                self._modules.begin(source)
            set_in_cell(True)
            self.capture.begin(source, transformed)
            with self.guard:
                self.hidden_state.note_marks()
                self._forget_rebound(self.capture.read_names())

    def _forget_rebound(self, names: Iterable[str]) -> None:
        """Forget what made a name that something else than a recorded cell has bound since: that is not known."""
        for name in names:
            if name in self._seen and id(self._variables.get(name)) != self._seen[name]:
                del self._seen[name]
                self._lineage.forget(name)

    def take_parameters(self, source: str) -> None:
        """Take a cell of papermill's parameters that ran before there was a recorder."""
        with self._state.lock, self.guard:
            self._params.take(source)

    def begin_notebook(self, name: str | None, tags: Mapping[str, str], given: Collection[str]) -> str:
        """Begin the run that the whole execution of the notebook is, and return its id.

        Parameters
        ----------
        given
            The names of the params that are not to be as the notebook has them.
        """
        with self._state.lock:
            return self._params.begin(name, tags, given)

    def end_notebook(self, outcome: Outcome, failure: Failure | None, files: Iterable[tuple[str, bytes, str]]) -> None:
        """Say how the execution of the notebook ended, whose run ends when this is closed; keep files with it.

        Parameters
        ----------
        files
            The name, content and media type of each.
        """
        with self._state.lock, self.guard:
            self._end_of_last = (outcome, _redacted(failure))
            around = self.explicit.around
            if around is not None:
                self.explicit.log(around, artifacts=tuple(self.explicit.keep_file(file) for file in files))

    def record_past(
        self, source: str, cell_id: str | None, started_at: datetime, seconds: float, count: int | None
    ) -> None:
        """Record a cell that ran before there was a recorder, and that did nothing else than to load it."""
        self._record_past(source, cell_id, started_at, seconds, count)

    def _record_past(
        self, source: str, cell_id: str | None, started_at: datetime, seconds: float, count: int | None
    ) -> None:
        self._index += 1
        execution = Execution(
            execution_id=clock.new_id(),
            session_id=self.keeper.session.session_id,
            index=self._index,
            source=redact(source),
            started_at=started_at,
            cell_id=cell_id,
            count=count,
            seconds=seconds,
            outcome=Outcome.OK,
            state=self._state_of_tracking(),
        )
        self.keeper.queue(Batch(executions=(execution,)))

    def end_cell(self, error: BaseException | None, *, did_run: bool = True, count: int | None = None) -> None:
        """The cell has ended; when this returns, what it did is in the store.

        Parameters
        ----------
        error
            What it raised.
        did_run
            False if it did not compile.
        count
            Its prompt number.
        """
        with self._state.lock:
            running, self._state.running = self._state.running, None
            if running is None:
                return
            set_in_cell(False)
            cell = self.capture.end(running.execution_id, error, did_run=did_run)
            if is_anything_chosen():
                with self.guard:
                    cell.flow = with_first_values(cell.flow, self._variables)
            outputs = self._kept(self.outputs.end() if self.outputs is not None else None)
            if running.tags:
                self._params.note(running.tags, cell.flow)
            batch = self._batch(running, cell, count, outputs)
            if running.provisional:
                self.keeper.write(Batch(withdrawn=running.provisional))
            if self.explicit.has_points:
                self.explicit.flush()
            if self.snapshots is None:
                self.keeper.write(batch)
                return
            batch, wanted = self.snapshots.prepared(batch)
            self.keeper.write(batch)
            self.snapshots.follow(wanted)
            self.snapshots.cell_has_ended(is_attended=self.is_attended())

    def _batch(self, running: RunningCell, cell: CapturedCell, count: int | None, outputs: tuple[Output, ...]) -> Batch:
        """Return all that a cell did, to be written in one go; a fault in one part loses that part alone."""
        failure = _redacted(cell.failure)
        settled = self._settled(running, cell)
        hidden: tuple[HiddenRead, ...] = ()
        with self.guard:
            settled.statements, hidden = self.hidden_state.end(
                cell, running.execution_id, count or running.index, settled.statements, self._lineage.sources
            )
        for event in cell.events:
            self._fill_in(event, cell, running.execution_id)
        changes = self._runs.changes(cell, running.execution_id, failure)
        execution = Execution(
            execution_id=running.execution_id,
            session_id=self.keeper.session.session_id,
            index=running.index,
            source=_redacted_source(cell.source),
            started_at=cell.started_at,
            cell_id=running.cell_id,
            count=count,
            seconds=cell.seconds,
            outcome=cell.outcome,
            failure=failure,
            reads=cell.change.reads,
            writes=cell.change.writes,
            maybe=cell.change.maybe,
            state=(*cell.change.state, *self._state_of_tracking()),
            statements=settled.statements,
            resources=cell.resources,
            hidden=hidden,
            outputs=outputs,
            run_ids=(*changes.run_ids, *self._runs.started_during(running, changes)),
        )
        self._end_of_last = (cell.outcome, failure)
        with self.guard:
            if is_anything_chosen():
                note_asked(running.execution_id)
            self._lineage.add(execution, settled.sources, settled.code)
            for name in cell.change.writes:
                self._seen[name] = id(self._variables.get(name))
            self._draws.note(execution)
        if self.snapshots is not None:
            for draft in changes.drafts:
                self.snapshots.look_behind(draft.run_id, self.hidden_state.files_behind(draft.places))
        is_of_runs = changes.drafts or self.explicit.known
        runs = self._runs.finished(running, changes) if is_of_runs else ()
        return Batch(executions=(execution,), runs=runs)

    def _state_of_tracking(self) -> tuple[str, ...]:
        """Return what is to be said of tracking itself: that it is off now, that something could not be recorded."""
        switched = () if self._state.is_on else (SWITCHED_OFF,)
        if self.guard.count == self._told_faults:
            return switched
        self._told_faults = self.guard.count
        return (*switched, fault_of_tracking(redact_shown(self.guard.last)[:_LONGEST_FAULT]))

    def _settled(self, running: RunningCell, cell: CapturedCell) -> Settled:
        """Return the statements of a cell, with what made the values that they read."""
        settled = Settled()
        with self.guard:
            settled = settle(cell, running.execution_id, self._lineage)
            observer = self.capture.observer
            statements = with_arrivals(settled.statements, observer.files_read, observer.unseeded_drawn)
            if cell.events:
                statements = with_asked(statements, cell.events, cell.flow, running.execution_id, self._lineage)
            settled.statements = statements
        return settled

    def _fill_in(self, event: Event, cell: CapturedCell, execution_id: str) -> None:
        """Let an event know its place in the store, the params, code and modules that flowed into it, and its draws."""
        with self.guard:
            place(event, execution_id)
            fill_in(event, cell, self._lineage, self._params.values, self._variables)
            self._modules.add_to_code(event)
            self._draws.add_to(event, cell.source, cell.change.state)

    def _kept(self, shown: Collector | None) -> tuple[Output, ...]:
        if shown is not None:
            with self.guard:
                return kept_outputs(shown, self.keeper.put_object)
        return ()

    def close(self, failure: Failure | None = None) -> None:
        """End the session: what a person has started and the notebook's own run end with it."""
        self._live.close()
        with self.guard:
            if self.outputs is not None:
                self.outputs.detach()
        with self.guard:
            self.capture.detach()
        with self.guard:
            if self.snapshots is not None:
                self.snapshots.close()
        with self.guard:
            self.explicit.close(RunStatus.FINISHED, failure)
            self._params.close(*self._end_of_last)
        self.keeper.close()


@lru_cache(64)
def _redacted_source(source: str) -> str:
    """Return what is kept of a cell's source; cells run again and again as they are."""
    return redact(source)


def _redacted(failure: Failure | None) -> Failure | None:
    return replace(failure, message=redact_shown(failure.message)) if failure is not None else None
