"""Logging by hand, in notebooks and in scripts: ``trackbook.log_metric`` and its kin.

In a notebook the recorder of the session takes it. In a script a session begins with the first call, and what is logged
belongs to the run that ``start_run`` began, or to the one of the parent process. A forked child is a process like any
other child: it has a session of its own.
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
from trackbook.errors import InvalidValueError, NoRunError
from trackbook.records import Artifact, Failure, RunStatus
from trackbook.tracking.annotate import check_key
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.logged_values import (
    artifact_content,
    checked_metrics,
    checked_params,
    checked_step,
    metric_number,
)
from trackbook.tracking.scope import StartedRun

if TYPE_CHECKING:
    from trackbook.tracking.recorder import Recorder
    from trackbook.tracking.session import SessionKeeper

_lock = threading.Lock()
_recorder: Recorder | None = None
_script: ExplicitRuns | None = None
_has_ended = False
_is_forked = False


def set_recorder(recorder: Recorder | None) -> None:
    """Make a notebook's recorder the one that takes what is logged in this process; None takes it away."""
    global _recorder
    _recorder = recorder


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
        """Add a point to one of this run's metrics; see `log_metric`."""
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
        checked = _checked_tags(tags)
        runs, started = self._here()
        runs.log(started, tags=checked)

    def set_note(self, text: str) -> None:
        """Put a note on this run; it replaces the one that is there."""
        if not isinstance(text, str):
            raise InvalidValueError(f"A note is text, not {type(text).__name__}. Give it as a string.")
        runs, started = self._here()
        runs.log(started, note=text)

    def log_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a file with this run; see `log_artifact`."""
        file = artifact_content(path, name)
        runs, started = self._here()
        runs.log(started, artifacts=(_kept(runs, file),))

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
        status = _status_after(error)
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
        runs = _runs()
        inherited = runs.of_parent(self.run_id)
        if inherited is None:
            raise NoRunError(f"Run '{self.name}' of the parent process is not in the store. Start one here.")
        return runs, inherited

    def __repr__(self) -> str:
        return f"<run {self.name} {self.run_id[:8]} {self.status}>"


def _status_after(error: BaseException | None) -> RunStatus:
    """Return how a block ended: exits that mean success are no failure, and a cancelled task was interrupted."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunStatus.FINISHED
    return RunStatus.FAILED if isinstance(error, Exception | SystemExit) else RunStatus.KILLED


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
    texts = {key: text for key, text in _checked_tags(tags or {}).items() if text is not None}
    called = check_key(name, "run") if name else None
    question = check_key(experiment, "experiment") if experiment else None
    runs = _runs()
    return ActiveRun(runs, runs.start(called, by="start_run", tags=texts, experiment=question))


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
        If the name, the value or the step is none.
    NoRunError
        In a script, if no run is started.
    """
    if _recorder is not None:
        log_metrics_from({key: value}, step, sys._getframe(1))
        return
    checked, number, at = check_key(key, "metric"), metric_number(key, value), checked_step(step)
    runs = _runs()  # what follows is done ten thousand times in a script's loop
    runs.log_metric(runs.for_logging(), checked, number, at)


def log_metrics(metrics: Mapping[str, object], step: int | None = None) -> None:
    """Log several numbers; see `log_metric`."""
    log_metrics_from(metrics, step, sys._getframe(1))


def log_param(key: str, value: object) -> None:
    """Log an input: a JSON value, once a run. In a notebook with no run that takes it, it waits for the next one."""
    log_params({key: value})


def log_params(params: Mapping[str, object]) -> None:
    """Log several inputs; see `log_param`."""
    checked = checked_params(params)
    if _recorder is not None:
        _recorder.by_hand.log(params=checked)
    else:
        runs = _runs()
        runs.log(runs.for_logging(), params=checked)


def set_tag(key: str, value: object) -> None:
    """Set a tag of the run; None takes it away."""
    tags = _checked_tags({key: value})
    if _recorder is not None:
        _recorder.by_hand.log(tags=tags)
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
    if _recorder is not None:
        _recorder.by_hand.log(artifact=file)
    else:
        runs = _runs()
        started = runs.for_logging()
        runs.log(started, artifacts=(_kept(runs, file),))


def log_metrics_from(metrics: Mapping[str, object], step: int | None, frame: FrameType | None) -> None:
    """Log numbers for the code that a frame runs; see `log_metric`."""
    checked, at = checked_metrics(metrics), checked_step(step)
    if _recorder is not None:
        _recorder.by_hand.log_metrics(checked, at, frame)
    else:
        runs = _runs()
        runs.log_metrics(runs.for_logging(), checked, at)


def _checked_tags(tags: Mapping[str, object]) -> dict[str, str | None]:
    return {check_key(key): None if value is None else str(value) for key, value in tags.items()}


def _kept(runs: ExplicitRuns, file: tuple[str, bytes, str]) -> Artifact:
    name, content, media_type = file
    return Artifact(name=name, digest=runs.keeper.put_object(content), size=len(content), media_type=media_type)


def flush() -> None:
    """Write what this process has logged and not written yet."""
    runs = _recorder.explicit if _recorder is not None else _script
    if runs is not None and runs.has_points:
        runs.flush()


def runs_here() -> ExplicitRuns:
    """Return the runs of this notebook, or of this script, whose session begins with it."""
    return _runs()


def recorder_here() -> Recorder | None:
    """Return the recorder of this notebook, None in a script."""
    return _recorder


# Sessions of scripts


def _runs() -> ExplicitRuns:
    """Return the runs of this notebook, or of this script, whose session is begun when first asked for."""
    global _script
    if _recorder is not None:
        return _recorder.explicit
    begun = _script
    if begun is not None:
        return begun
    with _lock:
        if _has_ended:
            raise NoRunError("The session of this script has ended with it. Log before that.")
        if _script is None:
            _script = ExplicitRuns(_begin_script(_warn_script), is_hasty=_is_forked or _is_worker())
            atexit.register(_end_script)
        return _script


def _begin_script(warn: Callable[[str], None]) -> SessionKeeper:
    from trackbook.capture.guard import Guard
    from trackbook.capture.notebook import find_notebook
    from trackbook.config import load_settings
    from trackbook.store.location import locate_store, open_store
    from trackbook.tracking.session import SessionKeeper

    start = Path.cwd()
    settings = load_settings(start)
    notebook = find_notebook({}, os.environ, sys.argv)
    where = settings.store or None
    return SessionKeeper(
        lambda: open_store(where, start=start),
        notebook,
        start,
        settings,
        Guard(warn),
        warn,
        lambda: locate_store(where, start),
    )


def _is_worker() -> bool:
    """Return whether this process is a worker of `multiprocessing`: those end without calling what is to be called."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _warn_script(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _end_script() -> None:
    global _script, _has_ended
    with _lock:
        runs, _script, _has_ended = _script, None, True
    if runs is None:
        return
    error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)  # a prompt's last error ended nothing
    if runs.started and error is None:
        _warn_script(
            f"Run '{runs.started[0].run.name}' was open when the script ended and is kept as KILLED. "
            "End runs with a with block, or with run.stop()."
        )
    with runs.keeper.guard:
        runs.close(RunStatus.KILLED if error is None else _status_after(error), failure_of(error))
    runs.keeper.close()


def _be_child() -> None:
    """After a fork, in the child: it is neither the notebook nor the script, and no thread holds a lock any more."""
    global _lock, _recorder, _script, _has_ended, _is_forked
    _lock = threading.Lock()
    _recorder, _script, _has_ended, _is_forked = None, None, False, True


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_be_child)
