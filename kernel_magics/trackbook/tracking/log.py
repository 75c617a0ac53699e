"""Logging by hand, in notebooks and in scripts: ``trackbook.log_metric`` and its kin.

In a notebook the recorder of the session takes it. In a script a session begins with the first call, and what is logged
belongs to the run that ``start_run`` began, or to the one of the parent process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import FrameType

from trackbook.tracking.active_run import ActiveRun
from trackbook.tracking.annotate import check_key
from trackbook.tracking.here import recorder_here, runs_here
from trackbook.tracking.logged_values import (
    artifact_content,
    checked_metrics,
    checked_params,
    checked_step,
    checked_tags,
    metric_number,
)


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
    texts = {key: text for key, text in checked_tags(tags or {}).items() if text is not None}
    called = check_key(name, "run") if name else None
    question = check_key(experiment, "experiment") if experiment else None
    runs = runs_here()
    return ActiveRun(runs, runs.start(called, tags=texts, experiment=question))


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
    if recorder_here() is not None:
        log_metrics_from({key: value}, step, sys._getframe(1))
        return
    checked, number, at = check_key(key, "metric"), metric_number(key, value), checked_step(step)
    runs = runs_here()  # what follows is done ten thousand times in a script's loop
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
    recorder = recorder_here()
    if recorder is not None:
        recorder.by_hand.log(params=checked)
    else:
        runs = runs_here()
        runs.log(runs.for_logging(), params=checked)


def set_tag(key: str, value: object) -> None:
    """Set a tag of the run; None takes it away."""
    tags = checked_tags({key: value})
    recorder = recorder_here()
    if recorder is not None:
        recorder.by_hand.log(tags=tags)
    else:
        runs = runs_here()
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
    recorder = recorder_here()
    if recorder is not None:
        recorder.by_hand.log(artifact=file)
    else:
        runs = runs_here()
        started = runs.for_logging()
        runs.log(started, artifacts=(runs.keep_file(file),))


def log_metrics_from(metrics: Mapping[str, object], step: int | None, frame: FrameType | None) -> None:
    """Log numbers for the code that a frame runs; see `log_metric`."""
    checked, at = checked_metrics(metrics), checked_step(step)
    recorder = recorder_here()
    if recorder is not None:
        recorder.by_hand.log_metrics(checked, at, frame)
    else:
        runs = runs_here()
        runs.log_metrics(runs.for_logging(), checked, at)
