"""Runs that a person starts: ``%track start``, ``with trackbook.start_run()``, and those of a parent process.

Their status is the owner's to say. The id of the innermost one is in ``$TRACKBOOK_RUN_ID`` as long as it runs, so that
what a child process logs belongs to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from trackbook import clock
from trackbook.capture.secrets import redact, redact_value
from trackbook.errors import NoRunError, StoreError
from trackbook.records import Artifact, Failure, JsonValue, LoggedPoints, Run, RunStatus, encode
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.store.rules import check_param
from trackbook.tracking.changes import redact_tag
from trackbook.tracking.child_environment import ChildEnvironment
from trackbook.tracking.logged_values import LAST_STEP
from trackbook.tracking.scope import StartedRun, enter, innermost_here, shared
from trackbook.tracking.session import SessionKeeper

_NONE: frozenset[str] = frozenset()
_MOST_WAITING = 1000  # points that are kept back to be written together, for a second at most


class ExplicitRuns:
    """The runs that are started in this session, innermost last.

    Parameters
    ----------
    keeper
        The session.
    is_hasty
        Whether each point is written at once: in a process that may be ended without a word, as a pool's workers are.
    """

    def __init__(self, keeper: SessionKeeper, *, is_hasty: bool = False) -> None:
        self.keeper = keeper
        self._lock = threading.RLock()
        self._most_waiting = 1 if is_hasty else _MOST_WAITING
        self.started: list[StartedRun] = []
        self.known: dict[str, StartedRun] = {}
        """Every run that was started in this session, by id."""
        self._parents: dict[str, StartedRun] = {}
        self._unwritten: dict[str, StartedRun] = {}
        self._around: StartedRun | None = None
        self._children = ChildEnvironment()
        keeper.at_tick = self.flush

    @property
    def innermost(self) -> StartedRun | None:
        """The run that what is logged here belongs to, None if none is started."""
        return innermost_here(self.started)

    def innermost_id(self) -> str | None:
        """Return the id of the innermost run, None if none is started."""
        found = innermost_here(self.started)
        return found.run_id if found is not None else None

    def run_of(self, run_id: str) -> Run | None:
        """Return what is known of a run that was started in this session, None if it was not."""
        started = self.known.get(run_id)
        return started.run if started is not None else None

    @property
    def around(self) -> StartedRun | None:
        """The run of a whole notebook that papermill executes, None if there is none."""
        return self._around

    def start(
        self, name: str | None, *, tags: Mapping[str, str] | None = None, experiment: str | None = None
    ) -> StartedRun:
        """Start a run beneath the one that runs; it is in the store when this returns."""
        outer = self.innermost
        above = outer or self._around
        run = replace(
            self.keeper.new_run(None, redact(name) if name else None, clock.now()),
            parent_id=above.run_id if above else self.keeper.session.parent_run_id,
        )
        if experiment:
            run = replace(run, experiment=experiment)
        started = StartedRun(run, outer=outer)
        kept = {name: redact_tag(name, value) for name, value in (tags or {}).items()}
        self.keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, tags=kept),)))
        with self._lock:
            self.started.append(started)
            self.known[started.run_id] = started
            enter(started, self.started)
            self._announce()
        return started

    def put_around(self, started: StartedRun) -> None:
        """Let what child processes do belong to a started run, and nothing here any more: a notebook's own run."""
        with self._lock:
            self.started.remove(started)
            self._around = started
            self._announce()

    def stop(self, started: StartedRun, status: RunStatus = RunStatus.FINISHED, failure: Failure | None = None) -> Run:
        """End a run, and whatever is still started inside of it; one that has ended stays as it is."""
        for inside in reversed([each for each in self.started if each is not started and each.is_inside(started)]):
            self.stop(inside, status, failure)
        environment = self.keeper.environment()
        with self._lock:
            if started.run.status is not RunStatus.RUNNING:
                return started.run
            started.run = replace(
                started.run,
                status=status,
                failure=replace(failure, message=redact(failure.message)) if failure is not None else None,
                finished_at=clock.now(),
                environment_id=environment.environment_id if environment else None,
            )
            batch = Batch(runs=(RunChange(run_id=started.run_id, run=started.run, metrics=self._taken(started)),))
            if started in self.started:
                self.started.remove(started)
            self._announce()
        self.keeper.write(batch)
        return started.run

    def for_logging(self) -> StartedRun:
        """Return the run that a log call belongs to: the innermost one, else the parent process's.

        Raises
        ------
        NoRunError
            If there is neither.
        """
        found = innermost_here(self.started)
        if found is None and self.keeper.session.parent_run_id:
            found = self.of_parent(self.keeper.session.parent_run_id)
        if found is None:
            raise NoRunError("No run is started. Start one first: with trackbook.start_run('my-run'): ...")
        return found

    def of_parent(self, run_id: str) -> StartedRun | None:
        """Return a run that a parent process had started, None if the store does not know it."""
        with self._lock:
            if run_id not in self._parents:
                found = self._inherited(run_id)
                if found is None:
                    return None
                self._parents[run_id] = found
            return self._parents[run_id]

    def _inherited(self, run_id: str) -> StartedRun | None:
        try:
            found = self.keeper.store.runs(RunFilter(ids=(run_id,)))
        except StoreError:  # what is logged waits, and is refused if there is no such run after all
            return StartedRun(self.keeper.new_run(run_id, None, clock.now()))
        if not found:
            return None
        steps = {key: point.step + 1 for key, point in found[0].metrics.items()}
        return StartedRun(found[0].run, next_steps=steps, params=dict(found[0].params))

    def log_metric(self, started: StartedRun, key: str, value: float | int, step: int | None) -> None:
        """Add a point to a metric; without a step, the one after the last. Scripts do it in their innermost loops."""
        with self._lock:
            points, following = started.points, started.next_steps.get(key, 0)
            at = min(following, LAST_STEP) if step is None else step
            if at >= following:
                started.next_steps[key] = at + 1
            if not points:
                self._unwritten[started.run_id] = started
            points.append((key, value, at, clock.stamp()))
        if len(points) >= self._most_waiting or started.run.status is not RunStatus.RUNNING:
            self.flush()

    def log_metrics(self, started: StartedRun, metrics: Mapping[str, float | int], step: int | None) -> None:
        """Add a point to each metric."""
        for key, value in metrics.items():
            self.log_metric(started, key, value, step)

    def log(
        self,
        started: StartedRun,
        *,
        params: Mapping[str, JsonValue] | None = None,
        tags: Mapping[str, str | None] | None = None,
        artifacts: tuple[Artifact, ...] = (),
        note: str | None = None,
    ) -> None:
        """Add params, tags, artifacts or a note, at once.

        Raises
        ------
        ImmutableError
            If a param was logged with another value before; nothing is added then.
        """
        with self._lock:
            kept = self._kept_params(started, params or {})
            change = RunChange(
                run_id=started.run_id,
                params=kept,
                tags={name: redact_tag(name, value) for name, value in (tags or {}).items()},
                artifacts=artifacts,
                note=None if note is None else redact(note),
            )
        self.keeper.write(Batch(runs=(change,)))

    def keep_file(self, file: tuple[str, bytes, str]) -> Artifact:
        """Keep a file, given by its name, content and media type; return the artifact that it is."""
        name, content, media_type = file
        digest = self.keeper.put_object(content)
        return Artifact(name=name, digest=digest, size=len(content), media_type=media_type)

    @staticmethod
    def _kept_params(started: StartedRun, params: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        kept = {name: redact_value(name, value) for name, value in params.items()}
        for name, value in kept.items():
            check_param(started.run.name, name, started.params.get(name, value), value)
        started.params.update(kept)
        return kept

    def reconciled(self, changes: Iterable[RunChange]) -> tuple[RunChange, ...]:
        """Return changes without params that a person has logged with another value: what is said by hand holds."""
        return tuple(self._reconciled(change) for change in changes)

    def _reconciled(self, change: RunChange) -> RunChange:
        started = self.known.get(change.run_id)
        if started is None or not change.params:
            return change
        with self._lock:
            said = {name: encode(value) for name, value in started.params.items()}
            params = {
                name: value for name, value in change.params.items() if said.get(name, encode(value)) == encode(value)
            }
            started.params.update(params)
        return replace(change, params=params)

    def before_cell(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the ids of the runs that are started now, and of all that ever were in this session."""
        if not self.known:
            return _NONE, _NONE
        return frozenset([started.run_id for started in self.started]), frozenset(self.known)

    @property
    def has_points(self) -> bool:
        """Whether points wait to be written."""
        return bool(self._unwritten)

    def flush(self) -> None:
        """Write the points that wait."""
        with self._lock:
            for started in list(self._unwritten.values()):
                self.keeper.queue(Batch(runs=(RunChange(run_id=started.run_id, metrics=self._taken(started)),)))
        self.keeper.deliver()

    def _taken(self, started: StartedRun) -> LoggedPoints:
        points, started.points = LoggedPoints(started.points), []
        self._unwritten.pop(started.run_id, None)
        return points

    def close(self, status: RunStatus, failure: Failure | None = None) -> None:
        """End what is still started."""
        for started in reversed(list(self.started)):
            self.stop(started, status, failure)
        self.flush()
        with self._lock:
            self._around = None
            self._announce()

    def _announce(self) -> None:
        """Let child processes know the run that all others are inside of, and where its store is."""
        found = shared(self.started) or self._around
        self._children.tell(found.run_id if found is not None else None, self.keeper.location)


def status_after(error: BaseException | None) -> RunStatus:
    """Return how a block ended: exits that mean success are no failure, and a cancelled task was interrupted."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunStatus.FINISHED
    return RunStatus.FAILED if isinstance(error, Exception | SystemExit) else RunStatus.KILLED
