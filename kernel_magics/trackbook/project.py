"""What the edges hold: one open store and the services over it, wired; nothing is decided here."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from trackbook.store.contract import Store


@dataclass(frozen=True, slots=True)
class Project:
    """A store and whatever works on it. A context manager: leaving it closes the store."""

    store: Store

    @property
    def location(self) -> str:
        """Where the store is, as a person would say it."""
        return self.store.location

    def close(self) -> None:
        """Let go of the store's connections; its next use opens them again."""
        self.store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


_lock = threading.Lock()
_current: Project | None = None
_key: tuple[str, str | None] | None = None  # where the current project was looked for; None: somebody set it


def open_project(where: str | Path | None = None, *, start: Path | None = None, create: bool = True) -> Project:
    """Open the store that is meant, as `trackbook.store.location.open_store` finds it.

    Parameters
    ----------
    where
        A folder or a database URL; None: ``$TRACKBOOK_STORE``, else the nearest ``.trackbook`` from `start` upwards.
    start
        The folder to look from; None: the working directory.
    create
        Whether to make a store where there is none.

    Raises
    ------
    NotFoundError
        If there is no store and none is to be made.
    StoreError
        If it can't be opened.
    """
    from trackbook.store.location import open_store  # loads the database library

    return Project(open_store(where, start=start, create=create))


def current_project() -> Project:
    """Return the project that the Python API works on.

    It is the one that was last given to `set_current` (a notebook's extension does that), else the store that belongs
    to the working directory or ``$TRACKBOOK_STORE``, looked for again when either has changed. What this process has
    logged is in it.
    """
    global _current, _key
    here = sys.modules.get("trackbook.tracking.here")
    if here is not None:  # else nothing was logged
        here.flush()
    with _lock:
        key = (os.getcwd(), os.environ.get("TRACKBOOK_STORE"))
        if _current is None or (_key is not None and _key != key):
            opened = open_project(create=False)
            if _current is not None:
                _current.close()
            _current, _key = opened, key
        return _current


def set_current(project: Project | None) -> None:
    """Make a project the one that the Python API works on; None goes back to looking for one.

    Who sets a project keeps it: it isn't closed here.
    """
    global _current, _key
    with _lock:
        if _current is not None and _key is not None and _current is not project:
            _current.close()
        _current, _key = project, None


@atexit.register
def _close_at_exit() -> None:
    set_current(None)
