"""Executes a step on a worker that can't reach the driver's store: in one of its own, with what the step needs.

Objects are cached for as long as the worker lives: what it was sent for one step, it is not sent for another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from trackbook.errors import NotFoundError, StoreError
from trackbook.pipelines.executors.cluster.line import Line
from trackbook.pipelines.executors.cluster.parcel import Luggage, Parcel, Returned
from trackbook.pipelines.steps.job import StepEvent, StepJob
from trackbook.pipelines.steps.running import run_step
from trackbook.store import parcels
from trackbook.store.contract import Batch, Store
from trackbook.store.location import FOLDER, OBJECTS, open_store
from trackbook.store.merging.gathering import gathered, less, needed_objects
from trackbook.store.merging.renaming import renamed
from trackbook.store.objects import FolderObjects

MOST_FILE_BYTES = 256 * 2**20
"""How much the files of a project may take that travel with a step, and those that come back from it."""
_NOT_WRITTEN = ("__pycache__", ".ipynb_checkpoints", FOLDER)


class Away:
    """One step, far from the driver's store and files.

    Parameters
    ----------
    parcel
        The step.
    place
        A folder for it alone.
    line
        Its line to the driver.
    should_stop
        Stops it when it is set.
    cache
        A folder of the worker's in which objects stay.
    """

    def __init__(self, parcel: Parcel, place: Path, line: Line, should_stop: threading.Event, cache: Path) -> None:
        self._parcel = parcel
        self._place = place
        self._root = Path(os.path.realpath(place)) / "project"
        self._line = line
        self._should_stop = should_stop
        self._cache = FolderObjects(cache)

    def execute(self) -> Returned:
        """Execute it and return what it has done.

        Raises
        ------
        StoreError
            If the driver does not answer, or can't send what the step needs.
        StoppedWaitingError
            If it is asked to stop before it has begun.
        """
        luggage = Luggage(**json.loads(b"".join(self._line.ask("luggage"))))
        self._fetch([*luggage.objects, *luggage.files.values()])
        self._lay_out(luggage)
        seed = parcels.loaded(luggage.seed)
        store = self._open_store(seed)
        job = self._job(luggage, store)
        result = run_step(job, self._line.tell, should_stop=self._should_stop)
        batch = less(gathered(store), seed)
        objects = self._lacking(needed_objects(store.objects, batch))
        store.close()
        return Returned(
            result=result,
            executed=job.output.read_bytes() if job.output.exists() else None,
            batch=parcels.dumped(renamed(batch, partial(_renamed, str(self._root), luggage.root))),
            objects=dict(self._kept(objects)),
            files=self._written(luggage),
            host=platform.node(),
        )

    def _fetch(self, digests: Iterable[str]) -> None:
        """Have what is not here yet be sent."""
        empty = self._cache.put(b"")  # which takes no more bytes than what is not there
        missing = [digest for digest in dict.fromkeys(digests) if digest != empty and not self._cache.size(digest)]
        came = {self._cache.put(content) for content in (self._line.ask("objects", missing) if missing else ())}
        lost = set(missing) - came
        if lost:
            raise StoreError(f"{len(lost)} of what the step needs were changed while they were sent. Run it again.")

    def _lay_out(self, luggage: Luggage) -> None:
        (self._root / luggage.folder).mkdir(parents=True)
        for name, digest in luggage.files.items():
            self._write(name, self._cache.get(digest))
        self._write(luggage.notebook, self._parcel.content)

    def _write(self, name: str, content: bytes) -> None:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _open_store(self, seed: Batch) -> Store:
        """Open the step's own store, whose objects are the worker's."""
        folder = self._root / FOLDER
        folder.mkdir()
        os.makedirs(self._cache.location, exist_ok=True)
        os.symlink(self._cache.location, folder / OBJECTS)
        store = open_store(folder)
        store.write(seed)
        return store

    def _job(self, luggage: Luggage, store: Store) -> StepJob:
        return replace(
            self._parcel.job,
            notebook=self._root / luggage.notebook,
            folder=self._root / luggage.folder,
            output=self._place / self._parcel.job.output.name,
            store=store.location,
        )

    def _lacking(self, digests: list[str]) -> list[str]:
        """Return which of some objects the driver's store lacks."""
        found: list[str] = json.loads(b"".join(self._line.ask("lacking", digests, is_last=True))) if digests else []
        return found

    def _kept(self, digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield objects; one that the step's own store has lost is lost."""
        for digest in digests:
            with contextlib.suppress(NotFoundError):
                yield digest, self._cache.get(digest)

    def _written(self, luggage: Luggage) -> dict[str, bytes]:
        """Return what the step wrote into the project's folder, as far as that is not too much."""
        known = {**luggage.files, luggage.notebook: hashlib.sha256(self._parcel.content).hexdigest()}
        paths = {path.relative_to(self._root).as_posix(): path for path in self._root.rglob("*") if path.is_file()}
        new = {
            name: path for name, path in paths.items() if not _is_left_out(name) and _digest(path) != known.get(name)
        }
        size = sum(path.stat().st_size for path in new.values())
        if size <= MOST_FILE_BYTES:
            return {name: path.read_bytes() for name, path in new.items()}
        text = f"The files that it wrote on {platform.node()} are too large to come back ({size / 1e6:.0f} MB)."
        self._line.tell(StepEvent(name=self._parcel.job.name, warning=text))
        return {}


def _is_left_out(name: str) -> bool:
    return any(part in _NOT_WRITTEN for part in name.split("/"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _renamed(here: str, there: str, name: str) -> str:
    """Return what a file beneath a folder of this machine is called on the driver's."""
    if not name.endswith(here) and f"{here}{os.sep}" not in name:
        return name
    return name.replace(here, there)
