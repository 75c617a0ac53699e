"""Trackbook: any Jupyter notebook as a tracked, reproducible, promotable experiment.

Importing it loads next to nothing: what is asked for is loaded then.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trackbook._version import __version__

if TYPE_CHECKING:
    from trackbook.check_view import check, checks, infer_schema
    from trackbook.data_view import dataset, datasets, diff_data, load, publish
    from trackbook.reproduction_view import reproduce
    from trackbook.restoration_view import restore
    from trackbook.sweep_view import sweep, sweep_run
    from trackbook.tracking.active_run import ActiveRun
    from trackbook.tracking.log import (
        log_artifact,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        set_tag,
        start_run,
    )
    from trackbook.tracking.logger import TrackbookLogger
    from trackbook.views import diff, get_run, metric_history, runs, why
    from trackbook.views import slice as slice  # noqa: A004  a star import must not take Python's own away
    from trackbook.widgets.interact import interact

__all__ = [
    "ActiveRun",
    "TrackbookLogger",
    "__version__",
    "check",
    "checks",
    "dataset",
    "datasets",
    "diff",
    "diff_data",
    "get_run",
    "infer_schema",
    "interact",
    "load",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "metric_history",
    "publish",
    "reproduce",
    "restore",
    "runs",
    "set_tag",
    "start_run",
    "sweep",
    "sweep_run",
    "why",
]

_LOG, _VIEWS = "trackbook.tracking.log", "trackbook.views"
_DATA, _CHECKS = "trackbook.data_view", "trackbook.check_view"
_HOMES = {
    "ActiveRun": "trackbook.tracking.active_run",
    "TrackbookLogger": "trackbook.tracking.logger",
    "check": _CHECKS,
    "checks": _CHECKS,
    "dataset": _DATA,
    "datasets": _DATA,
    "diff": _VIEWS,
    "diff_data": _DATA,
    "get_run": _VIEWS,
    "infer_schema": _CHECKS,
    "interact": "trackbook.widgets.interact",
    "load": _DATA,
    "log_artifact": _LOG,
    "log_metric": _LOG,
    "log_metrics": _LOG,
    "log_param": _LOG,
    "log_params": _LOG,
    "metric_history": _VIEWS,
    "publish": _DATA,
    "reproduce": "trackbook.reproduction_view",
    "restore": "trackbook.restoration_view",
    "runs": _VIEWS,
    "set_tag": _LOG,
    "slice": _VIEWS,
    "start_run": _LOG,
    "sweep": "trackbook.sweep_view",
    "sweep_run": "trackbook.sweep_view",
    "why": _VIEWS,
}


def load_ipython_extension(ipython: Any) -> None:
    """Begin to record the notebook: what ``%load_ext trackbook`` does."""
    from trackbook.magics.extension import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop recording and leave nothing behind: what ``%unload_ext trackbook`` does."""
    from trackbook.magics.extension import unload

    unload(ipython)


def __getattr__(name: str) -> object:
    if name == "widgets":
        return import_module("trackbook.widgets")
    if name not in _HOMES:
        raise AttributeError(f"module 'trackbook' has no attribute '{name}'")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found  # so that a loop that logs looks it up once
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
