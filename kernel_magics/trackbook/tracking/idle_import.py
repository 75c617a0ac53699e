"""Imports skops while nobody waits: it takes a second or more, for it asks scikit-learn for all that this has.

Two threads that import parts of one library which import each other may find them half made. So nothing is imported
while a cell runs, and a cell that begins waits for the one module that is being imported, never for all of them.
"""

from __future__ import annotations

import math
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from trackbook import clock
from trackbook.capture.aside import aside
from trackbook.capture.guard import Guard

_SKOPS = "skops.io"
_LIBRARY = "sklearn"
_FIRST = ("pytest", "sklearn.utils._testing")  # what scikit-learn needs to tell what it has
_PAUSE = 0.1  # seconds without a cell until nobody seems to be at work


class IdleImport:
    """The import of skops, in a thread of its own that stands still while cells run.

    Parameters
    ----------
    guard
        Takes faults.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._changed = threading.Condition()
        self._is_idle = True
        self._is_calm = False  # idle for a while
        self._importing = threading.RLock()
        self._left: Iterator[str] | None = None
        self._afterwards: list[Callable[[], None]] = []
        self.is_done = False

    def begin(self, afterwards: Callable[[], None]) -> None:
        """Import it when there is time, and do something afterwards: in the thread that imported the last of it."""
        with self._importing:
            if self._left is not None:
                return
            self._afterwards.append(afterwards)
            self._left = _modules()
        with suppress(RuntimeError):  # the interpreter ends: whoever wants it finishes it
            threading.Thread(target=self._work, name="trackbook-import", daemon=True).start()

    def cell_begins(self) -> None:
        """Stand still from now on."""
        if not self._is_under_way:  # as in nearly every cell: it has no time for locks
            self._is_idle = False
            return
        with self._changed:
            self._is_idle = self._is_calm = False
            self._changed.notify_all()
        with self._importing:  # the module that is being imported
            return

    def cell_has_ended(self) -> None:
        """Go on when nothing else begins soon."""
        if not self._is_under_way:
            self._is_idle = True
            return
        with self._changed:
            self._is_idle = True
            self._changed.notify_all()

    @property
    def _is_under_way(self) -> bool:
        return self._left is not None and not self.is_done

    def finish(self, seconds: float = math.inf) -> None:
        """Import what is left of it at once, in this thread, if it has begun: as much as so many seconds allow."""
        until = clock.monotonic() + seconds
        with self._importing:
            if self._left is None or self.is_done:
                return
        with self._guard, aside():
            while clock.monotonic() < until and self._step():
                pass

    def _work(self) -> None:
        with self._guard, aside():
            while not self.is_done:
                self._wait_until_calm()
                with self._importing:
                    if self._is_calm:
                        self._step()

    def _wait_until_calm(self) -> None:
        with self._changed:
            while not self._is_calm:
                self._changed.wait_for(lambda: self._is_idle)
                self._is_calm = not self._changed.wait_for(lambda: not self._is_idle, _PAUSE)

    def _step(self) -> bool:
        """Import the next module; return whether there may be more."""
        with self._importing:
            name = next(self._left or iter(()), None)
            if name is not None:
                with suppress(Exception):  # a library may fail in any way; who needs skops hears of it
                    import_module(name)
                return True
            self.is_done = True
            while self._afterwards:
                self._afterwards.pop()()
        return False


def _modules() -> Iterator[str]:
    """Yield what skops imports, what needs nothing else first."""
    yield from _FIRST
    library = sys.modules.get(_LIBRARY) or (find_spec(_LIBRARY) and import_module(_LIBRARY))
    for path in getattr(library, "__path__", ()):
        yield from _modules_in(path, f"{_LIBRARY}.")
    yield _SKOPS


def _modules_in(path: str, prefix: str) -> Iterator[str]:
    for module in pkgutil.iter_modules([path], prefix):
        last = module.name.rpartition(".")[2]
        if module.ispkg:
            yield module.name
            yield from _modules_in(f"{path}/{last}", f"{module.name}.")
