"""State that results depend on and that no name holds: random generators, options, the environment."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

_NUMPY = "numpy.random"
_TWISTER_BYTES = 4 * 624 + 4  # of its words and its position
_FRESH_POSITION = 624  # of a Mersenne twister that has given no number yet


class State:
    """A moment of the global state of modules that are loaded; never loads one."""

    __slots__ = ("_moments",)

    def __init__(self) -> None:
        self._moments = {name: read() for name, read in _READERS.items() if _module_of(name) in sys.modules}

    def changed_since(self, earlier: State) -> tuple[str, ...]:
        """Return the names of what differs from `earlier`.

        A module loaded in between brings no change, but for numpy's generator: numpy loads it at its first use, and a
        generator that has drawn is no longer at the end of its first block.
        """
        before = earlier._moments
        changed = [name for name, now in self._moments.items() if name in before and now != before[name]]
        if _NUMPY not in before and _NUMPY in self._moments and _has_drawn(self._moments[_NUMPY]):
            changed.insert(0, _NUMPY)
        return tuple(changed)


def generator_mark(module: str) -> int:
    """Return what the present state of a global generator is known by, ``numpy.random`` or ``random``; it is loaded."""
    return hash(_READERS[module]())


def _module_of(name: str) -> str:
    return name if name == _NUMPY else name.partition(".")[0]


def _has_drawn(moment: object) -> bool:
    """Return whether numpy's generator is not as it is when it has just been made."""
    return isinstance(moment, tuple) and moment[1] != _FRESH_POSITION


class _Twister:
    """Reads numpy's global generator; what was read last is given again as long as its memory is the same.

    Asking numpy costs thirty microseconds. The memory tells all but whether a second normal number waits to be given,
    and none can begin to wait without a draw that the memory shows.
    """

    def __init__(self) -> None:
        self._known: tuple[bytes, tuple[object, ...]] | None = None

    def read(self) -> object:
        memory = _twister_memory()
        known = self._known
        if memory is not None and known is not None and known[0] == memory and not known[1][2]:
            return known[1]
        state = sys.modules["numpy.random"].get_state(legacy=False)
        moment = (state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"], state["gauss"])
        self._known = (memory, moment) if memory is not None else None
        return moment


def _twister_memory() -> bytes | None:
    """Return what numpy's own generator holds; None if a person has put another in its place."""
    generator = getattr(sys.modules["numpy.random"].mtrand._rand, "_bit_generator", None)
    if type(generator).__name__ != "MT19937":
        return None
    from ctypes import string_at

    return string_at(cast(Any, generator).ctypes.state_address, _TWISTER_BYTES)


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
    return tuple(dict.values(sys.modules["matplotlib"].rcParams))  # not its own values: those resolve the backend


_READERS: Mapping[str, Callable[[], object]] = {
    "numpy.random": _Twister().read,
    "random": _random,
    "os.environ": _environ,
    "warnings.filters": _filters,
    "pandas.options": _pandas_options,
    "matplotlib.rcParams": _matplotlib_params,
}
