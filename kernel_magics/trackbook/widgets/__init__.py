"""Widgets for the notebook: tables, charts and controls of ipywidgets, with the charts drawn by plotly.

They are plain ipywidgets, so that they also work in VS Code and on a voila page. Each shows itself as text and HTML,
too, which is what is left in a saved notebook when its kernel is gone. Nothing heavy is imported before it is shown.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackbook.widgets.compare import Compare
    from trackbook.widgets.curves import Curves
    from trackbook.widgets.data_profile import DataProfile
    from trackbook.widgets.interact import interact
    from trackbook.widgets.models import Models
    from trackbook.widgets.params import Params
    from trackbook.widgets.runs_table import RunsTable

__all__ = ["Compare", "Curves", "DataProfile", "Models", "Params", "RunsTable", "interact"]

_HOMES = {
    "Compare": "compare",
    "Curves": "curves",
    "DataProfile": "data_profile",
    "Models": "models",
    "Params": "params",
    "RunsTable": "runs_table",
    "interact": "interact",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'trackbook.widgets' has no attribute '{name}'")
    found: object = getattr(import_module(f"trackbook.widgets.{_HOMES[name]}"), name)
    globals()[name] = found  # over the module of that name, where there is one
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
