"""Records a notebook's session: each cell that ends becomes an execution, and its events become runs, in one write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import FrameType

from trackbook import clock
from trackbook.capture.cell import CapturedCell, CellCapture
from trackbook.capture.events import Event, FitEvent, LogEvent, MetricEvent, copied
from trackbook.capture.guard import Guard
from trackbook.capture.literals import assigned_literals
from trackbook.capture.notebook import cell_tags
from trackbook.capture.output_parts import kept_outputs
from trackbook.capture.output_sources import OutputWatch
from trackbook.capture.outputs import Collector
from trackbook.capture.secrets import redact, redact_shown
from trackbook.capture.symbols import parse_cell
from trackbook.capture.tables import describe
from trackbook.capture.trace import Flowing
from trackbook.errors import NoRunError
from trackbook.lineage.graph import Lineage
from trackbook.records import (
    Artifact,
    Execution,
    Failure,
    HiddenRead,
    JsonValue,
    Outcome,
    Output,
    Run,
    RunStatus,
    Source,
)
from trackbook.store.contract import Batch, RunChange
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.changes import Changes
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.modules import ModuleUses
from trackbook.tracking.opened_attempts import STATUS_AFTER
from trackbook.tracking.origins import place, with_arrivals, with_asked
from trackbook.tracking.seeding import Seeding
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.settle import Settled, fill_in, settle
from trackbook.tracking.snapshots import Snapshots
from trackbook.tracking.staleness import HiddenState
from trackbook.tracking.verdicts import HIDDEN_REPETITION, family_verdicts

PAPERMILL_PARAMETERS = "# Parameters\n"  # what papermill writes above the values that it injects
_PARAMETER_TAGS = frozenset({"parameters", "injected-parameters"})
_BETWEEN_CELLS = ""  # stands for an execution's id where there is none


@dataclass(slots=True, eq=False)
class _RunningCell:
    execution_id: str
    index: int
    source: str
    cell_id: str | None
    tags: frozenset[str]
    started_at: datetime
    started: frozenset[str] = frozenset()
    """The runs that a person had started before."""
    known: frozenset[str] = frozenset()
    """Every run that a person had started before, those that have ended included."""


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
        self.explicit = ExplicitRuns(keeper)
        self.guard = guard
        self._lineage = Lineage()
        self.capture = CellCapture(variables, hidden, self._lineage.upstream, guard)
        self.capture.observer.explicit = self._explicit_id
        parent = keeper.session.parent_run_id
        notebook = keeper.session.notebook
        self.hidden_state = HiddenState(Path(notebook) if notebook else None, variables, self.capture)
        path = Path(notebook) if notebook else None
        self.modules = ModuleUses(path, variables, self.hidden_state, self._put_object)
        self.capture.watch_modules(self.modules.own.executing)
        self.hidden_state.watch_modules(self.modules.own)
        self.is_attended: Callable[[], bool] = lambda: True
        """Whether somebody looks at what a cell shows; not where a program executes the notebook."""
        self.outputs: OutputWatch | None = None
        """What sees the cells' outputs; without it none are kept."""
        self.snapshots: Snapshots | None = None
        self.attempts = Attempts(keeper.new_run, self._put_object, self._explicit_run, parent)
        self._always: dict[str, JsonValue] = {}
        self._index = 0
        self.is_on = True
        self._running: _RunningCell | None = None
        self._provisional: tuple[str, ...] = ()
        self._is_written = False
        self._lock = threading.RLock()
        self._seeding = Seeding()
        self._unseeded: dict[str, str] = {}
        self._notebook_run: Run | None = None
        self._end_of_last: tuple[Outcome, Failure | None] = (Outcome.OK, None)
        self._variables = variables
        self._seen: dict[str, int] = {}
        """Which object (by its id) each name was bound to when a recorded cell had written it."""
        self._stopped = threading.Event()
        self._live = threading.Thread(target=self._follow, args=(live_seconds,), name="trackbook-live", daemon=True)
        self._live.start()

    @property
    def execution_count(self) -> int:
        """How many cells have been recorded."""
        return self._index

    @property
    def is_in_cell(self) -> bool:
        """Whether a cell is running that is recorded."""
        return self._running is not None

    @property
    def running_id(self) -> str | None:
        """The execution id of the cell that is running, None between cells."""
        return self._running.execution_id if self._running is not None else None

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
        if self.snapshots is not None:
            self.snapshots.cell_begins()
        with self._lock:
            self._index += 1
            self._is_written, self._provisional = False, ()
            tags = self._tags(source, cell_id, metadata)
            self._running = _RunningCell(
                clock.new_id(),
                self._index,
                source,
                cell_id,
                tags,
                clock.now(),
                frozenset([started.run_id for started in self.explicit.started]),
                frozenset(self.explicit.known),
            )
            if self.outputs is not None:
                self.outputs.begin()
            with self.guard:
                _redacted_source(source)  # what it names as secret is one in its outputs and params, too
                self.hidden_state.begin(source, cell_id)
                self.modules.begin(source)
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
        with self._lock, self.guard:
            literals = {
                name: value
                for statement in parse_cell(source).body
                for name, value in assigned_literals(statement).items()
            }
            self._always.update(literals)
            self._open_notebook_run(literals)

    def record_past(
        self, source: str, cell_id: str | None, started_at: datetime, seconds: float, count: int | None
    ) -> None:
        """Record a cell that ran before there was a recorder, and that did nothing else than to load it."""
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
        with self._lock:
            running, self._running = self._running, None
            if running is None:
                return
            cell = self.capture.end(running.execution_id, error, did_run=did_run)
            outputs = self._kept(self.outputs.end() if self.outputs is not None else None)
            self._note_parameters(running, cell)
            batch = self._batch(running, cell, count, outputs)
            if self._provisional:
                self.keeper.write(Batch(withdrawn=self._provisional))
            if self.explicit.has_points:
                self.explicit.flush()
            if self.snapshots is None:
                self.keeper.write(batch)
                return
            batch, wanted = self.snapshots.prepared(batch)
            self.keeper.write(batch)
            self.snapshots.follow(wanted)
            self.snapshots.cell_has_ended(is_attended=self.is_attended())

    def keep_contents(self, snapshots: Snapshots) -> None:
        """Have the tables, files and models kept that flow into runs."""
        self.snapshots = self.capture.observer.keeping = snapshots

    def _batch(
        self, running: _RunningCell, cell: CapturedCell, count: int | None, outputs: tuple[Output, ...]
    ) -> Batch:
        """Return all that a cell did, to be written in one go; a fault in one part loses that part alone."""
        failure = _redacted(cell.failure)
        settled = self._settled(running, cell)
        hidden: tuple[HiddenRead, ...] = ()
        with self.guard:
            settled.statements, hidden = self.hidden_state.end(
                cell, running.execution_id, count or running.index, settled.statements, self._lineage.sources
            )
        changes = self._changes(running, cell, failure)
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
            state=cell.change.state,
            statements=settled.statements,
            resources=cell.resources,
            hidden=hidden,
            outputs=outputs,
            run_ids=(*changes.run_ids, *self._started_during(running, changes)),
        )
        self._end_of_last = (cell.outcome, failure)
        with self.guard:
            self._lineage.add(execution, settled.sources, settled.code)
            self._seen.update((name, id(self._variables.get(name))) for name in cell.change.writes)
            self._note_randomness(execution)
        is_of_runs = changes.drafts or self.explicit.known
        runs = self._with_environment(self._with_started(running, changes)) if is_of_runs else ()
        return Batch(executions=(execution,), runs=runs)

    def _settled(self, running: _RunningCell, cell: CapturedCell) -> Settled:
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

    def _changes(self, running: _RunningCell, cell: CapturedCell, failure: Failure | None) -> Changes:
        """Return what the events of a cell did to runs."""
        changes = Changes()
        for event in cell.events:
            with self.guard:
                place(event, running.execution_id)
                fill_in(event, cell, self._lineage, self._always, self._variables)
                self.modules.add_to_code(event)
                self._add_unseeded(event, cell)
        with self.guard:
            if cell.events:
                self._end_fits(cell.events, failure)
                changes = self.attempts.process(cell.events, running.execution_id, cell.outcome, failure, clock.now())
        with self.guard:
            if changes.drafts:
                self._judge(changes)
                for draft in changes.drafts:
                    self.modules.add_to_run(draft)
        return changes

    def _judge(self, changes: Changes) -> None:
        """Say of the runs of which something was made whether the notebook would make it again."""
        for draft in changes.drafts:
            run = draft.run or self._run_of(draft.run_id)
            told = self.hidden_state.judge(run, draft.places) if run is not None else None
            if told is None or told == run:
                continue
            if not draft.is_repetition:
                self._put_verdict(changes, told)
            elif told.verdict_reason is not None:  # the run itself was made as it was made
                draft.tags[HIDDEN_REPETITION] = told.verdict_reason
        for told in family_verdicts([draft.run for draft in changes.drafts if draft.run is not None]):
            self._put_verdict(changes, told)

    def _run_of(self, run_id: str) -> Run | None:
        attempt = self.attempts.of_run(run_id)
        return self._explicit_run(run_id) or (attempt.run if attempt is not None else None)

    def _put_verdict(self, changes: Changes, told: Run) -> None:
        changes.put(told)
        started, attempt = self.explicit.known.get(told.run_id), self.attempts.of_run(told.run_id)
        for holder in (started, attempt):
            if holder is not None:
                holder.run = replace(holder.run, verdict=told.verdict, verdict_reason=told.verdict_reason)

    def _kept(self, shown: Collector | None) -> tuple[Output, ...]:
        if shown is not None:
            with self.guard:
                return kept_outputs(shown, self._put_object)
        return ()

    def _end_fits(self, events: list[Event], failure: Failure | None) -> None:
        """A fit that never returned has failed: by what ended the cell, or by what the cell caught itself."""
        open_fits = [event for event in events if isinstance(event, FitEvent) and not event.has_ended]
        for event in open_fits if failure is None else open_fits[:-1]:  # the last one shares the cell's end
            event.failure = Failure(type="Exception", message="The fit raised an error that the cell caught.")

    def _started_during(self, running: _RunningCell, changes: Changes) -> list[str]:
        """Return the ids of the runs that a person had started while a cell ran, of which nothing else was seen."""
        if not self.explicit.known:
            return []
        alive = {*running.started, *(run_id for run_id in self.explicit.known if run_id not in running.known)}
        return sorted(alive - set(changes.run_ids))

    def _with_started(self, running: _RunningCell, changes: Changes) -> tuple[RunChange, ...]:
        """Return the changes of a cell; runs that were started during it are made of it too."""
        links = (
            RunChange(run_id=run_id, execution_ids=(running.execution_id,))
            for run_id in self._started_during(running, changes)
        )
        return (*self.explicit.reconciled(changes.finished(running.execution_id)), *links)

    def _with_environment(self, changes: tuple[RunChange, ...]) -> tuple[RunChange, ...]:
        if not any(change.run is not None for change in changes):
            return changes
        environment = self.keeper.environment()
        if environment is None:
            return changes
        return tuple(
            replace(change, run=replace(change.run, environment_id=environment.environment_id))
            if change.run is not None
            else change
            for change in changes
        )

    # Parameters and randomness

    def _tags(self, source: str, cell_id: str | None, metadata: Mapping[str, object]) -> frozenset[str]:
        about = metadata.get("trackbook")
        tags = about.get("tags") if isinstance(about, dict) else None
        if isinstance(tags, list):
            return frozenset(map(str, tags))
        if source.startswith(PAPERMILL_PARAMETERS):
            return frozenset({"injected-parameters"})
        notebook = self.keeper.session.notebook
        return frozenset(cell_tags(Path(notebook), cell_id)) if notebook and cell_id else frozenset()

    def _note_parameters(self, running: _RunningCell, cell: CapturedCell) -> None:
        if not running.tags & _PARAMETER_TAGS:
            return
        literals = {name: value for node in cell.flow.nodes for name, value in node.literals.items()}
        self._always.update(literals)
        if "injected-parameters" in running.tags and self.attempts.parent_id == self.keeper.session.parent_run_id:
            self._open_notebook_run(literals)

    def _open_notebook_run(self, params: Mapping[str, JsonValue]) -> None:
        """Under papermill the notebook's execution is a run, the parent of those inside it."""
        notebook = self.keeper.session.notebook
        name = Path(notebook).stem if notebook else None
        started = self.explicit.start(name, by="papermill", tags={"papermill": "true"})
        self.explicit.put_around(started)
        self.explicit.log(started, params=params)
        self._notebook_run = started.run
        self.attempts.parent_id = started.run_id

    def _note_randomness(self, execution: Execution) -> None:
        used = self._seeding.unseeded_in(execution.source, execution.state)
        if used:
            self._unseeded[execution.execution_id] = f"{used} without a seed in cell {execution.index}"

    def _add_unseeded(self, event: Event, cell: CapturedCell) -> None:
        earlier: Mapping[Source, object] = self._lineage.upstream(event.inputs.outside) if self._unseeded else {}
        found = {self._unseeded[source.execution_id] for source in earlier if source.execution_id in self._unseeded}
        used = self._seeding.unseeded_in(cell.source, cell.change.state)
        event.unseeded += sorted(found) + ([f"{used} without a seed in this cell"] if used else [])

    # While a cell runs

    def _follow(self, seconds: float) -> None:
        """Write cells that take long, and the runs in them, as running. Runs in a thread of its own."""
        while not self._stopped.wait(seconds):
            if self._running is None or not self._lock.acquire(blocking=False):
                continue
            try:
                with self.guard:
                    self.capture.look()
                    self._write_running(seconds)
            finally:
                self._lock.release()

    def _write_running(self, seconds: float) -> None:
        running = self._running
        if running is None or (clock.now() - running.started_at).total_seconds() < seconds:
            return
        self.explicit.flush()
        events = copied([event for event in self.capture.observer.events if event.explicit is None])
        look = Attempts(self.keeper.new_run, self._put_object, parent_id=self.attempts.parent_id)
        changes = look.process(events, running.execution_id, Outcome.RUNNING, None, clock.now())
        fresh = tuple(change for change in changes.finished(None) if change.run is not None)
        if self._is_written and not fresh:
            return
        execution = Execution(
            execution_id=running.execution_id,
            session_id=self.keeper.session.session_id,
            index=running.index,
            source=redact(running.source),
            started_at=running.started_at,
            cell_id=running.cell_id,
        )
        if self._provisional:
            self.keeper.write(Batch(withdrawn=self._provisional))
        batch = Batch(executions=(execution,) if not self._is_written else (), runs=fresh)
        self.keeper.write(self.snapshots.prepared(batch)[0] if self.snapshots is not None else batch)
        self._provisional = tuple(change.run_id for change in fresh)
        self._is_written = True

    # By hand

    def _explicit_id(self) -> str | None:
        return self.explicit.innermost.run_id if self.explicit.innermost else None

    def _explicit_run(self, run_id: str) -> Run | None:
        started = self.explicit.known.get(run_id)
        return started.run if started is not None else None

    def has_run(self) -> bool:
        """Return whether there is a run that something logged now would belong to."""
        is_here = any(isinstance(event, FitEvent | MetricEvent) for event in self.capture.observer.events)
        return self.explicit.innermost is not None or self.attempts.current is not None or is_here

    def log_metrics(
        self,
        metrics: Mapping[str, float | int],
        step: int | None,
        frame: FrameType | None,
        expression: str | None = None,
    ) -> None:
        """Log numbers by hand: to the run that is started, else the one that they flow from, else the current one.

        Parameters
        ----------
        frame
            The frame that logs.
        expression
            The code of the value, where the frame's own code does not show it (a magic's line).
        """
        started = self.explicit.innermost
        if started is not None:
            self.explicit.log_metrics(started, metrics, step)
            if self.is_in_cell and self.is_on:
                with self.guard:
                    self.capture.observer.add_logged_inputs(frame, expression, metrics)
        elif not self.is_on:
            return  # off means off, and the person's code is to run all the same
        elif self.is_in_cell:
            self.capture.observer.add_logged_metrics(frame, metrics, step, expression)
        else:
            self._log_between_cells(metrics, step)

    def log(
        self,
        *,
        params: Mapping[str, JsonValue] | None = None,
        tags: Mapping[str, str | None] | None = None,
        note: str | None = None,
        artifact: tuple[str, bytes, str] | None = None,
    ) -> None:
        """Log something else by hand: to the run that is started, else the current one; params wait for the next one.

        Raises
        ------
        NoRunError
            If there is no run and this does not open one.
        """
        started = self.explicit.innermost
        if started is not None:
            kept = (self._artifact(artifact),) if artifact is not None else ()
            self.explicit.log(started, params=params, tags=tags, note=note, artifacts=kept)
            return
        if not self.is_on:
            return
        if not params and not self.has_run():
            raise NoRunError(
                "There is no run yet. Fit a model or log a metric first, or start one: %track start my-run"
            )
        event = LogEvent(
            at=clock.now(),
            inputs=Flowing(),
            logged=dict(params or {}),
            tags=dict(tags or {}),
            note=note,
            artifact=artifact,
        )
        if self.is_in_cell:
            self.capture.observer.events.append(event)
        else:
            with self._lock:
                changes = self.attempts.process([event], "", Outcome.OK, None, clock.now())
                self.keeper.write(Batch(runs=changes.finished(None)))

    def log_table(self, table: object, name: str, snapshot_id: str) -> None:
        """Note that the run which is started, else the current one, uses a table whose content is kept."""
        if not self.is_on or not self.has_run():
            return
        use = replace(describe(table, name), snapshot_id=snapshot_id)
        started = self.explicit.innermost
        if started is not None:
            self.keeper.write(Batch(runs=(RunChange(run_id=started.run_id, datasets=(use,)),)))
        elif self.is_in_cell:
            self.capture.observer.events.append(LogEvent(at=clock.now(), inputs=Flowing(), data=[use]))

    def _log_between_cells(self, metrics: Mapping[str, float | int], step: int | None) -> None:
        """Log what a thread or a widget logs while no cell runs: to the current run."""
        with self._lock:
            if self.attempts.current is None:
                raise NoRunError("There is no run yet, and no cell is running. Start one: %track start my-run")
            events = [
                MetricEvent(
                    at=clock.now(), inputs=Flowing(), call_site=(key,), code=f"between cells: {key}", name=key,
                    role=None,
                    values={"": value}, step=step, is_logged=True,
                )
                for key, value in metrics.items()
            ]  # fmt: skip
            changes = self.attempts.process(events, _BETWEEN_CELLS, Outcome.OK, None, clock.now())
            self.keeper.write(Batch(runs=changes.finished(None)))

    def _artifact(self, file: tuple[str, bytes, str]) -> Artifact:
        name, content, media_type = file
        return Artifact(name=name, digest=self._put_object(content), size=len(content), media_type=media_type)

    def _put_object(self, content: bytes) -> str:
        return self.keeper.put_object(content)

    def close(self, failure: Failure | None = None) -> None:
        """End the session: what a person has started and the notebook's own run end with it."""
        self._stopped.set()
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
            if self._notebook_run is not None:
                outcome, last_failure = self._end_of_last  # papermill stops at the first cell that fails
                ended = replace(
                    self._notebook_run, status=STATUS_AFTER[outcome], failure=last_failure, finished_at=clock.now()
                )
                self.keeper.write(Batch(runs=(RunChange(run_id=ended.run_id, run=ended),)))
        self.keeper.close()


@lru_cache(64)
def _redacted_source(source: str) -> str:
    """Return what is kept of a cell's source; cells run again and again as they are."""
    return redact(source)


def _redacted(failure: Failure | None) -> Failure | None:
    return replace(failure, message=redact_shown(failure.message)) if failure is not None else None
