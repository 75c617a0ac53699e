"""What ``trackbook.start_run`` returns: a run in the hands of the person who started it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType

from trackbook.capture.cell import failure_of
from trackbook.errors import InvalidValueError, NoRunError
from trackbook.records import Failure, RunStatus
from trackbook.tracking.annotate import check_key
from trackbook.tracking.explicit import ExplicitRuns, status_after
from trackbook.tracking.here import runs_here
from trackbook.tracking.logged_values import (
    artifact_content,
    checked_metrics,
    checked_params,
    checked_step,
    checked_tags,
    metric_number,
)
from trackbook.tracking.scope import StartedRun


class ActiveRun:
    """A run that was started by hand; a context manager that ends it: FINISHED, FAILED by an error, KILLED by Ctrl-C.

    In a forked child it stands for the parent's run: what is logged arrives there, and nothing ends it.
    """

    def __init__(self, runs: ExplicitRuns, started: StartedRun) -> None:
        self._runs = runs
        self._started = started

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._started.run_id

    @property
    def name(self) -> str:
        """The run's readable name."""
        return self._started.run.name

    @property
    def status(self) -> RunStatus:
        """What became of it so far."""
        return self._started.run.status

    def log_metric(self, key: str, value: object, step: int | None = None) -> None:
        """Add a point to one of this run's metrics; see `trackbook.log_metric`."""
        checked, number, at = check_key(key, "metric"), metric_number(key, value), checked_step(step)
        runs, started = self._here()
        runs.log_metric(started, checked, number, at)

    def log_metrics(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        """Add a point to several of this run's metrics."""
        checked, at = checked_metrics(metrics), checked_step(step)
        runs, started = self._here()
        runs.log_metrics(started, checked, at)

    def log_param(self, key: str, value: object) -> None:
        """Add a param to this run."""
        self.log_params({key: value})

    def log_params(self, params: Mapping[str, object]) -> None:
        """Add params to this run."""
        checked = checked_params(params)
        runs, started = self._here()
        runs.log(started, params=checked)

    def set_tag(self, key: str, value: object) -> None:
        """Set a tag of this run; None takes it away."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags of this run."""
        checked = checked_tags(tags)
        runs, started = self._here()
        runs.log(started, tags=checked)

    def set_note(self, text: str) -> None:
        """Put a note on this run; it replaces the one that is there."""
        if not isinstance(text, str):
            raise InvalidValueError(f"A note is text, not {type(text).__name__}. Give it as a string.")
        runs, started = self._here()
        runs.log(started, note=text)

    def log_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a file with this run; see `trackbook.log_artifact`."""
        file = artifact_content(path, name)
        runs, started = self._here()
        runs.log(started, artifacts=(runs.keep_file(file),))

    def stop(self, status: str = "FINISHED") -> None:
        """End the run; a second time is nothing.

        Parameters
        ----------
        status
            FINISHED, FAILED or KILLED.
        """
        ends = {each.value: each for each in RunStatus if each is not RunStatus.RUNNING}
        end = ends.get(str(status).upper())
        if end is None:
            raise InvalidValueError(f"A run can't end as {status!r}. Give one of {', '.join(ends)}.")
        self._end(end, None)

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        status = status_after(error)
        self._end(status, None if status is RunStatus.FINISHED else failure_of(error))

    def _end(self, status: RunStatus, failure: Failure | None) -> None:
        if self._runs.keeper.is_here:
            self._runs.stop(self._started, status, failure)

    def _here(self) -> tuple[ExplicitRuns, StartedRun]:
        """Return what logs to this run in this process."""
        keeper = self._runs.keeper
        if keeper.is_here and not keeper.is_closed:
            return self._runs, self._started
        if keeper.is_here:
            raise NoRunError(f"The session of run '{self.name}' has ended. Start another run.")
        runs = runs_here()
        inherited = runs.of_parent(self.run_id)
        if inherited is None:
            raise NoRunError(f"Run '{self.name}' of the parent process is not in the store. Start one here.")
        return runs, inherited

    def __repr__(self) -> str:
        return f"<run {self.name} {self.run_id[:8]} {self.status}>"
