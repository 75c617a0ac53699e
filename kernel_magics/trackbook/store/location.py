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
from trackbook.store.pending import pending_of

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
    start = start or Path.cwd()
    if where is None and not create and find_store(start, os.environ) is None:
        raise NotFoundError(
            f"There is no store in {start.absolute()} or above it. Run a notebook with %load_ext trackbook there, "
            "or make one with trackbook init."
        )
    place = locate_store(where, start)
    if place.startswith(_MEMORY):
        return _memory(place.removeprefix(_MEMORY))
    path = Path(place)
    store = _in_file(path, create=create) if _is_url(where) else _in_folder(path, create=create)
    _take_in(store)
    return store


def locate_store(where: str | Path | None, start: Path) -> str:
    """Return the location of the store that `open_store` would open, without a look at what is there.

    Raises
    ------
    StoreError
        If it is a URL of a kind that no store has.
    """
    if where is None:
        where = find_store(start, os.environ) or _project(start) / FOLDER
    if str(where).startswith(_MEMORY):
        return str(where)
    if _is_url(where):
        return str(_file_of(str(where)))
    folder = _absolute(str(where))
    return str(folder / FOLDER if folder.name != FOLDER and (folder / FOLDER).is_dir() else folder)


def _is_url(where: str | Path | None) -> bool:
    text = str(where)
    return "://" in text or text.startswith("sqlite:")


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
    if _is_there(folder) and not folder.is_dir():
        raise StoreError(f"{folder} is a file, so it can't be a store's folder. Move it away or name another place.")
    try:
        is_there = (folder / DATABASE).exists()
    except OSError as error:
        raise StoreError(
            f"The store in {folder} can't be looked into: {error.strerror}. Give yourself the right to, "
            f"or set ${STORE_VARIABLE} to another place."
        ) from error
    if not is_there:
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


def _file_of(url: str) -> Path:
    """Return the file that a database URL names."""
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
    return _absolute(database)


def _in_file(path: Path, *, create: bool) -> Store:
    return _sql_store(path, path.parent / OBJECTS, str(path), create=create)


def _sql_store(path: Path, objects: Path, location: str, *, create: bool) -> Store:
    from trackbook.store.sql.store import SqlStore

    named = os.environ.get(OBJECTS_VARIABLE, "").strip()
    store = SqlStore(path, open_objects(named or str(objects)), location=location, create=create)
    store.open()
    return store


def _take_in(store: Store) -> None:
    """Write what a session could not write to this store when it was away."""
    pending = pending_of(store.location)
    if pending is None or not pending.is_there:
        return
    import logging

    log = logging.getLogger("trackbook")
    try:
        refusals = pending.deliver(store)
    except StoreError as error:
        log.warning("What could not be written to the store waits in %s. %s", pending.path, error)
    else:
        for refusal in refusals:
            log.warning("Something that waited for the store was refused by it and is lost: %s", refusal)
