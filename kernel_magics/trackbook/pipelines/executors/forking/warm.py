"""Starts parents of forked kernels, and keeps one for each set of modules, folder and environment."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trackbook.pipelines.executors.forking.launching import ParentProcess
from trackbook.pipelines.executors.forking.serving import FREE_PREFIXES, ONE_THREAD

_PARENT = "trackbook.pipelines.executors.forking.parent"
_FIGURES = ("matplotlib.figure", "matplotlib.axes", "matplotlib.backends.backend_agg")
_INSTEAD: dict[str, tuple[str, ...]] = {
    "matplotlib.pyplot": _FIGURES,
    "seaborn": (*_FIGURES, "pandas", "scipy.stats"),
    **dict.fromkeys(("plotly", "plotly.express", "plotly.graph_objects", "plotly.io"), ()),
    **dict.fromkeys(("polars", "ipywidgets", "tqdm.auto", "tqdm.autonotebook", "tqdm.notebook"), ()),
}
"""Modules that ask for the kernel or start threads when they are imported, and what can be imported in their place.

A parent would find that out as well, but has to be started once more when it does.
"""
_AT_MOST = 4
_STARTS = 4
_OF_PARENTS = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""pyarrow's allocator frees memory in a thread unless told not to; the debugger would say what nobody can change."""


def can_fork() -> bool:
    """Return whether kernels can be forked here: on Linux, where libraries and the system take it well."""
    return sys.platform == "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """What makes a parent the right one for a kernel.

    Attributes
    ----------
    python
        The interpreter and its options.
    folder
        The working folder: a module may read its settings there when it is imported.
    names
        The modules to import.
    variables
        The environment.
    """

    python: tuple[str, ...]
    folder: Path
    names: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


class WarmParent:
    """A parent of kernels that runs, until it is closed or this process ends."""

    def __init__(self, warmth: Warmth) -> None:
        self.refused: dict[str, str] = {}
        self._process = self._started(warmth, [*_possible(warmth.names)])

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._process.address

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether kernels can be had of it."""
        return self._process.is_alive

    def close(self) -> None:
        """End it, and the kernels that it still has."""
        self._process.close()

    def _started(self, warmth: Warmth, names: list[str]) -> ParentProcess:
        """Start a process, and another one without the module if it tells that it can't import that.

        Where that does not end soon, nearly all that the notebook imports is like that: the last one imports nothing.
        """
        for left in reversed(range(_STARTS)):
            process = _launch(warmth, names)
            try:
                refused: dict[str, str] = process.answer()["refused"]
            except BaseException:
                process.close()
                raise
            if not refused:
                break
            process.close()
            self.refused |= refused
            names = [*_without(names, refused)] if left > 1 else []
        return process


def _possible(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(each for name in names for each in _INSTEAD.get(_known(name), (name,)))


def _known(name: str) -> str:
    """Return the module that a name of it stands for in `_INSTEAD`: ``tqdm.auto.tqdm`` is ``tqdm.auto``."""
    return next((each for each in _INSTEAD if name == each or name.startswith(f"{each}.")), name)


def _without(names: Iterable[str], refused: Mapping[str, str]) -> Iterable[str]:
    """Leave out what was refused and what is in it."""
    for name in names:
        if not any(name == each or name.startswith(f"{each}.") for each in refused):
            yield name


def _launch(warmth: Warmth, names: Sequence[str]) -> ParentProcess:
    variables = dict(warmth.variables)
    return ParentProcess(
        [*warmth.python, "-m", _PARENT],
        {"names": names, "variables": variables},
        variables=variables | ONE_THREAD,
        folder=warmth.folder,
    )


class _Place:
    """Where a parent is, or will be; how many use it or wait for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.parent: WarmParent | None = None
        self.users = 0
        self._reason: str | None = None

    def have(self, warmth: Warmth) -> WarmParent:
        """Return the parent; one that could not be started once is not tried again."""
        with self.lock:
            if self._reason is not None:
                raise OSError(self._reason)
            if self.parent is None or not self.parent.is_alive:
                self.close()
                self.parent = self._started(warmth)
            return self.parent

    def _started(self, warmth: Warmth) -> WarmParent:
        try:
            return WarmParent(warmth)
        except OSError as error:
            self._reason = str(error)
            raise

    def close(self) -> None:
        if self.parent is not None:
            self.parent.close()


class WarmParents:
    """The parents that one process keeps: those in use, and of the others the few that were used last."""

    def __init__(self, at_most: int = _AT_MOST) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._places: OrderedDict[Warmth, _Place] = OrderedDict()

    @contextlib.contextmanager
    def lend(self, warmth: Warmth) -> Iterator[WarmParent]:
        """Give the parent for kernels of a kind, which may have to be started first, and keep it while it is used.

        Raises
        ------
        OSError
            If it can't be started.
        """
        with self._lock:
            place = self._places.setdefault(warmth, _Place())
            self._places.move_to_end(warmth)
            place.users += 1
        try:
            yield place.have(warmth)
        finally:
            with self._lock:
                place.users -= 1
                idle = [each for each, place in self._places.items() if not place.users]
                for each in idle[: max(0, len(self._places) - self._at_most)]:
                    self._places.pop(each).close()

    def close(self) -> None:
        """End them all."""
        with self._lock:
            while self._places:
                self._places.popitem()[1].close()


def warmth_of(python: Iterable[str], folder: Path, names: Iterable[str], variables: Mapping[str, str]) -> Warmth:
    """Return what a parent has to be like for kernels with these imports and this environment."""
    kept = {name: value for name, value in variables.items() if not name.startswith(FREE_PREFIXES)}
    return Warmth(
        python=tuple(python),
        folder=folder.absolute(),
        names=tuple(sorted(dict.fromkeys(names))),
        variables=tuple(sorted((kept | _OF_PARENTS).items())),
    )
