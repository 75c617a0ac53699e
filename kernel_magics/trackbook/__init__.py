"""Trackbook: any Jupyter notebook as a tracked, reproducible, promotable experiment.

Importing it loads next to nothing: what is asked for is loaded then.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trackbook._version import __version__

if TYPE_CHECKING:
    from trackbook.reproducing import reproduce
    from trackbook.tracking.log import (
        ActiveRun,
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

__all__ = [
    "ActiveRun",
    "TrackbookLogger",
    "__version__",
    "diff",
    "get_run",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "metric_history",
    "reproduce",
    "runs",
    "set_tag",
    "start_run",
    "why",
]

_LOG, _VIEWS = "trackbook.tracking.log", "trackbook.views"
_HOMES = {
    "ActiveRun": _LOG,
    "TrackbookLogger": "trackbook.tracking.logger",
    "diff": _VIEWS,
    "get_run": _VIEWS,
    "log_artifact": _LOG,
    "log_metric": _LOG,
    "log_metrics": _LOG,
    "log_param": _LOG,
    "log_params": _LOG,
    "metric_history": _VIEWS,
    "reproduce": "trackbook.reproducing",
    "runs": _VIEWS,
    "set_tag": _LOG,
    "slice": _VIEWS,
    "start_run": _LOG,
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
    if name not in _HOMES:
        raise AttributeError(f"module 'trackbook' has no attribute '{name}'")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found  # so that a loop that logs looks it up once
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
