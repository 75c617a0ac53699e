"""Runs that a person starts: ``%track start``, ``with trackbook.start_run()``, and those of a parent process.

Their status is the owner's to say. The id of the innermost one is in ``$TRACKBOOK_RUN_ID`` as long as it runs, so that
what a child process logs belongs to it.
"""

from __future__ import annotations

import mimetypes
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from trackbook import clock
from trackbook.capture.secrets import redact, redact_value
from trackbook.errors import InvalidValueError, NoRunError
from trackbook.records import Artifact, Failure, JsonValue, MetricPoint, Run, RunStatus, json_value
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.tracking.annotate import check_key
from trackbook.tracking.changes import redact_tag
from trackbook.tracking.session import SessionKeeper

RUN_VARIABLE = "TRACKBOOK_RUN_ID"
STORE_VARIABLE = "TRACKBOOK_STORE"
_MOST_WAITING = 1000  # points that are kept back to be written together


@dataclass(slots=True, eq=False)
class StartedRun:
    """A run that a person has started, and what has been logged but not written yet."""

    run: Run
    by: str = "start_run"
    is_owned: bool = True
    points: list[MetricPoint] = field(default_factory=list)
    next_steps: dict[str, int] = field(default_factory=dict)
    environment_before: dict[str, str | None] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id


class ExplicitRuns:
    """The runs that are started in this session, innermost last."""

    def __init__(self, keeper: SessionKeeper) -> None:
        self._keeper = keeper
        self._lock = threading.RLock()
        self.started: list[StartedRun] = []
        self.known: dict[str, StartedRun] = {}
        """Every run that was started in this session, by id."""
        self._inherited: StartedRun | None = None

    @property
    def innermost(self) -> StartedRun | None:
        """The run that what is logged belongs to, None if none is started here."""
        return self.started[-1] if self.started else None

    def start(
        self, name: str | None, *, by: str, tags: Mapping[str, str] | None = None, experiment: str | None = None
    ) -> StartedRun:
        """Start a run beneath the one that runs; it is in the store when this returns."""
        parent = self.innermost.run_id if self.innermost else self._keeper.session.parent_run_id
        run = replace(self._keeper.new_run(None, redact(name) if name else None, clock.now()), parent_id=parent)
        if experiment:
            run = replace(run, experiment=experiment)
        started = StartedRun(run, by)
        self._keeper.write(
            Batch(
                runs=(
                    RunChange(
                        run_id=run.run_id,
                        run=run,
                        tags={name: redact_tag(name, value) for name, value in (tags or {}).items()},
                    ),
                )
            )
        )
        with self._lock:
            self.started.append(started)
            self.known[started.run_id] = started
            self._announce(started)
        return started

    def stop(self, started: StartedRun, status: RunStatus = RunStatus.FINISHED, failure: Failure | None = None) -> Run:
        """End a run, and whatever is still started inside of it."""
        with self._lock:
            while self.started and started in self.started and self.started[-1] is not started:
                self.stop(self.started[-1], status, failure)
            self.flush(started)
            environment = self._keeper.environment()
            run = replace(
                started.run,
                status=status,
                failure=failure,
                finished_at=clock.now(),
                environment_id=environment.environment_id if environment else None,
            )
            started.run = run
            self._keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run),)))
            if started in self.started:
                self.started.remove(started)
                self._withdraw(started)
        return run

    def for_logging(self) -> StartedRun:
        """Return the run that a log call belongs to: the innermost one, else the parent process's.

        Raises
        ------
        NoRunError
            If there is neither.
        """
        if self.innermost is not None:
            return self.innermost
        inherited = self.inherited()
        if inherited is None:
            raise NoRunError("No run is started. Start one first: with trackbook.start_run('my-run'): ...")
        return inherited

    def inherited(self) -> StartedRun | None:
        """Return the run that the parent process had started, None if it had none or the store does not know it."""
        run_id = self._keeper.session.parent_run_id
        if self._inherited is None and run_id:
            found = self._keeper.store.runs(RunFilter(ids=(run_id,)))
            if found:
                steps = {key: point.step + 1 for key, point in found[0].metrics.items()}
                self._inherited = StartedRun(found[0].run, by="parent", is_owned=False, next_steps=steps)
        return self._inherited

    def log_metrics(self, started: StartedRun, metrics: Mapping[str, float | int], step: int | None) -> None:
        """Add a point to each metric; without a step, the one after the last."""
        now = clock.now()
        with self._lock:
            for key, value in metrics.items():
                at = started.next_steps.get(key, 0) if step is None else step
                started.next_steps[key] = max(started.next_steps.get(key, 0), at + 1)
                started.points.append(MetricPoint(key=key, value=value, step=at, time=now))
            if len(started.points) >= _MOST_WAITING:
                self.flush(started)

    def log(
        self,
        started: StartedRun,
        *,
        params: Mapping[str, JsonValue] | None = None,
        tags: Mapping[str, str | None] | None = None,
        artifacts: tuple[Artifact, ...] = (),
        note: str | None = None,
    ) -> None:
        """Add params, tags, artifacts or a note, at once."""
        kept = {name: redact_value(name, value) for name, value in (params or {}).items()}
        if note is not None:
            started.run = replace(started.run, note=redact(note))
        self._keeper.write(
            Batch(
                runs=(
                    RunChange(
                        run_id=started.run_id,
                        run=started.run if note is not None and started.is_owned else None,
                        params=kept,
                        tags={name: redact_tag(name, value) for name, value in (tags or {}).items()},
                        artifacts=artifacts,
                    ),
                )
            )
        )

    def flush(self, started: StartedRun | None = None) -> None:
        """Write the points that wait."""
        with self._lock:
            every = [*self.started, *([self._inherited] if self._inherited else [])]
            for one in [started] if started is not None else every:
                if one.points:
                    points, one.points = tuple(one.points), []
                    self._keeper.write(Batch(runs=(RunChange(run_id=one.run_id, metrics=points),)))

    def close(self, status: RunStatus, failure: Failure | None = None) -> None:
        """End what is still started."""
        self.flush()
        for started in reversed(list(self.started)):
            self.stop(started, status, failure)

    def _announce(self, started: StartedRun) -> None:
        """Let child processes know the run and where its store is."""
        wanted = {RUN_VARIABLE: started.run_id, STORE_VARIABLE: self._keeper.store.location}
        if wanted[STORE_VARIABLE].startswith("memory:") or os.environ.get(STORE_VARIABLE):
            del wanted[STORE_VARIABLE]
        started.environment_before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)

    def _withdraw(self, started: StartedRun) -> None:
        for name, before in started.environment_before.items():
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before


def checked_metrics(metrics: Mapping[str, object]) -> dict[str, float | int]:
    """Return metrics as numbers.

    Raises
    ------
    InvalidValueError
        If a name or a value is none.
    """
    return {check_key(key, "metric"): metric_number(key, value) for key, value in metrics.items()}


def metric_number(key: str, value: object) -> float | int:
    """Return a number as a metric keeps it: numpy's and torch's scalars too, booleans not."""
    try:
        number = json_value(value)
    except InvalidValueError:
        item = getattr(value, "item", None)
        size = getattr(value, "size", None)
        number = item() if callable(item) and size == 1 else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidValueError(f"The metric '{key}' needs a number, not {type(value).__name__}: {str(value)[:60]!r}.")
    return number


def checked_params(params: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return params as JSON values.

    Raises
    ------
    InvalidValueError
        If a name is none or a value has no JSON form.
    """
    return {check_key(key, "param"): json_value(value) for key, value in params.items()}


def artifact_content(path: str | os.PathLike[str], name: str | None) -> tuple[str, bytes, str]:
    """Return the name, content and media type of a file that is to be kept.

    Raises
    ------
    InvalidValueError
        If there is no such file, or it can't be read.
    """
    file = Path(path)
    kept = (name or file.name).replace("\\", "/").strip("/")
    if not kept or any(part in ("", ".", "..") for part in kept.split("/")) or "\x00" in kept:
        raise InvalidValueError(f"'{name}' is no name for an artifact. Give one like 'plots/roc.png'.")
    try:
        return kept, file.read_bytes(), mimetypes.guess_type(kept)[0] or "application/octet-stream"
    except IsADirectoryError:
        raise InvalidValueError(f"'{file}' is a folder. Log its files one by one, or pack them first.") from None
    except OSError as error:
        raise InvalidValueError(f"The file '{file}' can't be read: {error.strerror or error}.") from None
