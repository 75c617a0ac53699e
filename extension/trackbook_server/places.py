"""Which store a request is about: the one that belongs to a notebook or a folder beneath the server's root."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from trackbook.errors import NotFoundError
from trackbook.project import Project, open_project
from trackbook.store.location import find_store, locate_store

_MOST_FOLDERS = 32


class Places:
    """The projects of a server, each opened when it is first asked for, once for each store.

    Nothing outside of the server's root is reached by what a request says; a store above it, or elsewhere by
    ``$TRACKBOOK_STORE``, is the one that the notebooks beneath the root use themselves.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().resolve()
        self._projects: dict[str, Project] = {}
        self._folders: dict[Path, None] = {}
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The server's own folder."""
        return self._root

    def project(self, at: str) -> Project:
        """Return the project of a folder or a notebook.

        Parameters
        ----------
        at
            A path beneath the root, with slashes; empty for the root.

        Raises
        ------
        NotFoundError
            If the path leads out of the root, or no store belongs to it yet.
        """
        path = self.path(at)
        folder = path if path.is_dir() else path.parent
        with self._lock:
            self._remember(folder)
            where = locate_store(None, folder)
            if where not in self._projects:
                self._projects[where] = open_project(start=folder, create=False)
            return self._projects[where]

    def _remember(self, folder: Path) -> None:
        """Remember a folder that somebody asks about, the last of them."""
        self._folders.pop(folder, None)
        self._folders[folder] = None
        if len(self._folders) > _MOST_FOLDERS:
            del self._folders[next(iter(self._folders))]

    def opened(self) -> list[Project]:
        """Return the projects that somebody has asked for."""
        with self._lock:
            return [*self._projects.values()]

    def found(self) -> dict[Path, str | None]:
        """Return which store each of the folders has that somebody asked about last; None where there is none yet."""
        with self._lock:
            folders = [*self._folders]
        return {folder: find_store(folder, os.environ) for folder in folders}

    def path(self, at: str) -> Path:
        """Return the file or the folder that is meant; it need not be there.

        Raises
        ------
        NotFoundError
            If it leads out of the root: what is there is nobody's business.
        """
        if "\0" in at or "\\" in at or os.path.isabs(at):
            raise NotFoundError(f"at={at!r} is no path beneath the server's folder. Give one like work/a.ipynb.")
        try:
            path = (self._root / at).resolve()
            path.is_dir()
        except (OSError, RuntimeError, ValueError):  # too long, links in a circle, no text of a file system
            raise NotFoundError(f"at={at[:80]!r} is no path at all. Give one like work/a.ipynb.") from None
        if path != self._root and self._root not in path.parents:
            raise NotFoundError(f"at={at!r} leads out of the server's folder.")
        return path
