"""Where a notebook's store is: found by walking up, like git finds its own, or named by ``$TRACKBOOK_STORE``."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.errors import NotFoundError, StoreError
from trackbook.store.folders import create_private_file, make_private_folder
from trackbook.store.memory import MemoryStore
from trackbook.store.objects import open_objects

if TYPE_CHECKING:
    from trackbook.store.contract import Store

FOLDER = ".trackbook"
DATABASE = "trackbook.db"
OBJECTS = "objects"
STORE_VARIABLE = "TRACKBOOK_STORE"
OBJECTS_VARIABLE = "TRACKBOOK_OBJECTS"

_PROJECT_FILES = (".git", "pyproject.toml", "setup.py", "requirements.txt")
_MEMORY = "memory://"
_memories: dict[str, MemoryStore] = {}
_memories_lock = threading.Lock()


def find_store(start: Path, environ: Mapping[str, str]) -> str | None:
    """Return the store that a notebook in `start` belongs to: a folder or a URL; None if there is none yet.

    ``$TRACKBOOK_STORE`` comes first (empty counts as unset), then the nearest ``.trackbook`` in `start` or above.
    """
    named = environ.get(STORE_VARIABLE, "").strip()
    if named:
        return named
    return next((str(folder / FOLDER) for folder in _upwards(start) if _is_there(folder / FOLDER)), None)


def open_store(where: str | Path | None = None, *, start: Path | None = None, create: bool = True) -> Store:
    """Return the store at a place, made if there is none.

    Parameters
    ----------
    where
        The store's folder, a database URL (``sqlite:////data/team.db``), or ``memory://name`` for one that lives as
        long as this process. A folder that holds a ``.trackbook`` stands for that. None: the one that `find_store`
        finds from `start`; else ``.trackbook`` in the nearest folder upwards that looks like a project, else in
        `start`.
    start
        Where to search from; the working directory if None.
    create
        Whether to make a store where there is none.

    Raises
    ------
    NotFoundError
        If there is none and `create` is False.
    StoreError
        If it can't be opened or made; `NewerSchemaError` if a newer Trackbook wrote it.
    """
    if where is None:
        where = _default(start or Path.cwd(), create=create)
    text = str(where)
    if text.startswith(_MEMORY):
        return _memory(text.removeprefix(_MEMORY))
    if "://" in text or text.startswith("sqlite:"):
        return _at_url(text, create=create)
    return _in_folder(_absolute(text), create=create)


def _default(start: Path, *, create: bool) -> str:
    found = find_store(start, os.environ)
    if found is None and not create:
        raise NotFoundError(
            f"There is no store in {start.absolute()} or above it. Run a notebook with %load_ext trackbook there, "
            "or make one with trackbook init."
        )
    return found or str(_project(start) / FOLDER)


def _upwards(start: Path) -> Iterator[Path]:
    origin = _origin(start)
    yield origin
    yield from origin.parents


def _origin(start: Path) -> Path:
    """Return where to search from: what all users share (the root, the parent of a home) is nobody's project."""
    here, home = start.expanduser().absolute(), _home()
    return home if home is not None and here in home.parents else here


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # a container may run as a user that has none
        return None


def _project(start: Path) -> Path:
    origin, home = _origin(start), _home()
    for folder in (origin, *origin.parents):
        if folder == home or (home is not None and folder in home.parents) or folder == Path(folder.anchor):
            break  # a home is under git for its dot-files, not because it is a project
        if any(_is_there(folder / name) for name in _PROJECT_FILES):
            return folder
    return origin


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no right to look
        return False


def _absolute(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _memory(name: str) -> MemoryStore:
    with _memories_lock:
        return _memories.setdefault(name, MemoryStore(_MEMORY + name))


def _in_folder(folder: Path, *, create: bool) -> Store:
    if folder.name != FOLDER and (folder / FOLDER).is_dir():
        folder = folder / FOLDER
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file, so it can't be a store's folder. Move it away or name another place.")
    if not (folder / DATABASE).exists():
        _furnish(folder, create=create)
    return _sql_store(folder / DATABASE, folder / OBJECTS, str(folder), create=create)


def _furnish(folder: Path, *, create: bool) -> None:
    """Make the folder of a new store, kept out of git."""
    if not create:
        raise NotFoundError(f"There is no store in {folder}. Make one with trackbook init.")
    try:
        if folder.is_dir() and not _is_ours(folder):
            raise StoreError(
                f"{folder} holds other files and no store. Name an empty or a new folder, such as {folder / FOLDER}."
            )
        make_private_folder(folder)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            create_private_file(ignore)
            ignore.write_text("*\n")
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"No store can be made in {folder}: {error.strerror}. Give yourself the right to write there, "
            f"or set ${STORE_VARIABLE} to another place."
        ) from error


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is empty or what another process, one step ahead, has just begun."""
    return folder.name == FOLDER or all(
        name in (".gitignore", OBJECTS) or name.startswith(DATABASE) for name in os.listdir(folder)
    )


def _at_url(url: str, *, create: bool) -> Store:
    if not url.startswith("sqlite"):
        raise StoreError(
            f"{url.partition(':')[0]} databases are not supported yet. Name a folder, or a URL such as "
            "sqlite:////data/team.db."
        )
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        database = make_url(url).database
    except ArgumentError:
        database = None
    if not database or database == ":memory:":
        raise StoreError(f"{url} names no file. Use memory://name for a store that lives as long as this process.")
    path = _absolute(database)
    return _sql_store(path, path.parent / OBJECTS, str(path), create=create)


def _sql_store(path: Path, objects: Path, location: str, *, create: bool) -> Store:
    from trackbook.store.sql.store import SqlStore

    named = os.environ.get(OBJECTS_VARIABLE, "").strip()
    store = SqlStore(path, open_objects(named or str(objects)), location=location, create=create)
    store.open()
    return store
