"""Trackbook: any Jupyter notebook as a tracked, reproducible, promotable experiment.

Importing it loads next to nothing: what is asked for is loaded then.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from trackbook._version import __version__

if TYPE_CHECKING:
    from trackbook.views import get_run, metric_history, runs

__all__ = ["__version__", "get_run", "metric_history", "runs"]

_HOMES = {
    "get_run": "trackbook.views",
    "metric_history": "trackbook.views",
    "runs": "trackbook.views",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'trackbook' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
