"""State that results depend on and that no name holds: random generators, options, the environment."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any


class State:
    """A moment of the global state of modules that are loaded; never loads one."""

    __slots__ = ("_moments",)

    def __init__(self) -> None:
        self._moments = {name: read() for name, read in _READERS.items() if _module_of(name) in sys.modules}

    def changed_since(self, earlier: State) -> tuple[str, ...]:
        """Return the names of what differs from `earlier`; a module loaded in between brings no change."""
        before = earlier._moments
        return tuple(name for name, now in self._moments.items() if name in before and now != before[name])


def _module_of(name: str) -> str:
    return name if name == "numpy.random" else name.partition(".")[0]


def _numpy_random() -> object:
    state = sys.modules["numpy.random"].get_state(legacy=False)
    return state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"], state["gauss"]


def _random() -> object:
    return sys.modules["random"].getstate()


def _environ() -> object:
    return dict(os.environ._data)  # type: ignore[attr-defined]  # bytes as they are kept: decoding costs ten times more


def _filters() -> object:
    return list(warnings.filters)


def _pandas_options() -> object:
    options: dict[str, Any] = object.__getattribute__(sys.modules["pandas"].options, "d")
    return _flat(options)


def _flat(options: Mapping[str, Any]) -> list[object]:
    return [_flat(value) if type(value) is dict else value for value in options.values()]


def _matplotlib_params() -> object:
    return dict(dict.items(sys.modules["matplotlib"].rcParams))  # not its own items: those resolve the backend


_READERS: Mapping[str, Callable[[], object]] = {
    "numpy.random": _numpy_random,
    "random": _random,
    "os.environ": _environ,
    "warnings.filters": _filters,
    "pandas.options": _pandas_options,
    "matplotlib.rcParams": _matplotlib_params,
}
