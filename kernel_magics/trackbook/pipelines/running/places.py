"""Where the executed notebooks of a pipeline are: beside the store, which git ignores, one folder an execution."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from trackbook.pipelines.graph.spec import Pipeline
from trackbook.store.contract import Store

FOLDER = "pipelines"
_UNSAFE = re.compile(r"[^\w.=,+\[\]-]+")
_LONGEST = 80


def folder_of(pipeline: Pipeline, store: Store) -> Path:
    """Return the folder of a pipeline's executions: in the store's folder, else in a ``.trackbook`` of its own."""
    location = Path(store.location)
    if location.is_dir():
        beside = location
    elif location.is_file():
        beside = location.parent / ".trackbook"
    else:  # a store in memory
        beside = pipeline.folder / ".trackbook"
    return beside / FOLDER / file_name(pipeline.name)


def make_folder(place: Path) -> Path:
    """Make a folder for executed notebooks that git ignores, and return it."""
    place.mkdir(parents=True, exist_ok=True)
    ignore = place.parent.parent.parent / ".gitignore"
    if ignore.parent.name == ".trackbook" and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return place


def file_name(name: str) -> str:
    """Return a file's name for a step or a pipeline: readable, and another one for each name."""
    readable = _UNSAFE.sub("_", name).strip("._")[:_LONGEST]
    if readable == name:
        return name
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:6]}".lstrip("-")


@contextlib.contextmanager
def alone(place: Path) -> Iterator[None]:
    """Hold a folder's lock, which the system takes back when this process ends, however it does."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("a+b") as file:
        _lock(file.fileno())
        yield


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:

    def _lock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
