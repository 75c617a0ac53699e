"""Logging by hand, in notebooks and in scripts: ``trackbook.log_metric`` and its kin.

In a notebook the recorder of the session takes it. In a script a session begins with the first call, and what is logged
belongs to the run that ``start_run`` began, or to the one of the parent process.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from trackbook.capture.cell import failure_of
from trackbook.errors import NoRunError
from trackbook.records import Artifact, RunStatus
from trackbook.tracking.annotate import check_key
from trackbook.tracking.explicit import (
    ExplicitRuns,
    StartedRun,
    artifact_content,
    checked_metrics,
    checked_params,
)

if TYPE_CHECKING:
    from trackbook.tracking.recorder import Recorder
    from trackbook.tracking.session import SessionKeeper

_lock = threading.Lock()
_recorder: Recorder | None = None
_script: tuple[SessionKeeper, ExplicitRuns] | None = None


def set_recorder(recorder: Recorder | None) -> None:
    """Make a notebook's recorder the one that takes what is logged in this process; None takes it away."""
    global _recorder
    _recorder = recorder


def active_recorder() -> Recorder | None:
    """Return the recorder of the notebook that this process runs, None in a script."""
    return _recorder


class ActiveRun:
    """A run that was started by hand; a context manager that ends it: FINISHED, FAILED by an error, KILLED by Ctrl-C."""

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
        """Add a point to one of this run's metrics."""
        self._runs.log_metrics(self._started, checked_metrics({key: value}), step)

    def log_metrics(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        """Add a point to several of this run's metrics."""
        self._runs.log_metrics(self._started, checked_metrics(metrics), step)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Add params to this run."""
        self._runs.log(self._started, params=checked_params(params))

    def set_tag(self, key: str, value: object) -> None:
        """Set a tag of this run; None takes it away."""
        self._runs.log(self._started, tags={check_key(key): None if value is None else str(value)})

    def stop(self, status: str = "FINISHED") -> None:
        """End the run; a second time is nothing."""
        if self._started.run.status is RunStatus.RUNNING:
            self._runs.stop(self._started, RunStatus(status))

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._started.run.status is not RunStatus.RUNNING:
            return
        status = RunStatus.FINISHED
        if error is not None:
            status = RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED
        self._runs.stop(self._started, status, failure_of(error))

    def __repr__(self) -> str:
        return f"<run {self.name} {self.run_id[:8]} {self.status}>"


def start_run(
    name: str | None = None, *, experiment: str | None = None, tags: Mapping[str, object] | None = None
) -> ActiveRun:
    """Start a run; what is fitted, measured and logged until it ends belongs to it.

    Parameters
    ----------
    name
        A readable name; one is made up if None.
    experiment
        The question that it belongs to; the notebook's or script's name if None.
    tags
        Tags to begin with.

    Examples
    --------
    >>> import trackbook  # doctest: +SKIP
    >>> with trackbook.start_run("baseline") as run:  # doctest: +SKIP
    ...     trackbook.log_metric("accuracy", 0.9)
    """
    runs = _runs()
    texts = {check_key(key): str(value) for key, value in (tags or {}).items()}
    return ActiveRun(runs, runs.start(name, by="start_run", tags=texts, experiment=experiment))


def log_metric(key: str, value: object, step: int | None = None) -> None:
    """Log a number.

    Parameters
    ----------
    key
        What was measured.
    value
        A number: Python's, numpy's or a tensor of one element; NaN and the infinities are values.
    step
        Where in a series it stands; the next one if None.

    Raises
    ------
    InvalidValueError
        If the name or the value is none.
    NoRunError
        In a script, if no run is started.
    """
    _log_metrics({key: value}, step, sys._getframe(1))


def log_metrics(metrics: Mapping[str, object], step: int | None = None) -> None:
    """Log several numbers; see `log_metric`."""
    _log_metrics(metrics, step, sys._getframe(1))


def log_param(key: str, value: object) -> None:
    """Log an input: a JSON value, once a run. In a notebook with no run that takes it, it waits for the next one."""
    log_params({key: value})


def log_params(params: Mapping[str, object]) -> None:
    """Log several inputs; see `log_param`."""
    checked = checked_params(params)
    recorder = _recorder
    if recorder is not None:
        recorder.log(params=checked)
    else:
        runs = _runs()
        runs.log(runs.for_logging(), params=checked)


def set_tag(key: str, value: object) -> None:
    """Set a tag of the run; None takes it away."""
    tags = {check_key(key): None if value is None else str(value)}
    recorder = _recorder
    if recorder is not None:
        recorder.log(tags=tags)
    else:
        runs = _runs()
        runs.log(runs.for_logging(), tags=tags)


def log_artifact(path: str | os.PathLike[str], name: str | None = None) -> None:
    """Keep a file with the run, by content.

    Parameters
    ----------
    path
        The file.
    name
        What it is called in the run; its file name if None. May have folders: ``plots/roc.png``.
    """
    file = artifact_content(path, name)
    recorder = _recorder
    if recorder is not None:
        recorder.log(artifact=file)
    else:
        runs = _runs()
        digest = _script_keeper().store.put_object(file[1])
        runs.log(
            runs.for_logging(),
            artifacts=(Artifact(name=file[0], digest=digest, size=len(file[1]), media_type=file[2]),),
        )


def _log_metrics(metrics: Mapping[str, object], step: int | None, frame: FrameType | None) -> None:
    checked = checked_metrics(metrics)
    recorder = _recorder
    if recorder is not None:
        recorder.log_metrics(checked, step, frame)
        return
    runs = _runs()
    runs.log_metrics(runs.for_logging(), checked, step)


def _runs() -> ExplicitRuns:
    if _recorder is not None:
        return _recorder.explicit
    _script_keeper()
    if _script is None:
        raise NoRunError("The session of this script has ended.")
    return _script[1]


def _script_keeper() -> SessionKeeper:
    """Return the session of this script, begun when first asked for."""
    global _script
    with _lock:
        if _script is None:
            keeper = _begin_script(_warn_script)
            _script = (keeper, ExplicitRuns(keeper))
            atexit.register(_end_script)
        return _script[0]


def _begin_script(warn: Callable[[str], None]) -> SessionKeeper:
    from trackbook.capture.guard import Guard
    from trackbook.capture.notebook import find_notebook
    from trackbook.config import load_settings
    from trackbook.store.location import open_store
    from trackbook.tracking.session import SessionKeeper

    start = Path.cwd()
    settings = load_settings(start)
    notebook = find_notebook({}, os.environ, sys.argv)
    return SessionKeeper(
        lambda: open_store(settings.store or None, start=start), notebook, start, settings, Guard(warn), warn
    )


def _warn_script(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _end_script() -> None:
    global _script
    if _script is not None:
        keeper, runs = _script
        _script = None
        runs.close(RunStatus.KILLED if sys.exc_info()[0] is KeyboardInterrupt else RunStatus.FINISHED)
        keeper.close()
