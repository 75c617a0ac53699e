"""Packs what a step needs on a worker that can reach nothing of the driver's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.executors.cluster.away import MOST_FILE_BYTES
from trackbook.pipelines.executors.cluster.parcel import Luggage
from trackbook.pipelines.executors.cluster.project_files import known_files
from trackbook.pipelines.executors.cluster.seeds import seed_of
from trackbook.pipelines.graph.content import file_state
from trackbook.pipelines.steps.job import StepJob
from trackbook.store import parcels
from trackbook.store.contract import Store
from trackbook.store.merging.gathering import needed_objects

_PART_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What a step needs, and where the files in it lie, by their digests."""

    luggage: Luggage
    paths: dict[str, Path]

    def to_bytes(self) -> bytes:
        """Return the luggage as the worker reads it."""
        return json.dumps(self.luggage.to_plain()).encode()


def packed(job: StepJob, store: Store) -> Packed:
    """Pack what a step needs.

    Raises
    ------
    InvalidValueError
        If its files are too large to travel.
    """
    job = replace(job, folder=_real(job.folder), notebook=_real(job.notebook))
    paths = [path for path in known_files(job, store) if path != job.notebook]
    _check_size(job, paths)
    root = Path(os.path.commonpath([job.folder, job.notebook.parent, *(path.parent for path in paths)]))
    states = {path: state.digest for path in paths if (state := file_state(path)) is not None}
    seed = seed_of(job, store)
    luggage = Luggage(
        root=str(root),
        folder=job.folder.relative_to(root).as_posix(),
        notebook=job.notebook.relative_to(root).as_posix(),
        files={path.relative_to(root).as_posix(): digest for path, digest in states.items()},
        seed=parcels.dumped(seed),
        objects=tuple(needed_objects(store.objects, seed)),
    )
    return Packed(luggage=luggage, paths={digest: path for path, digest in states.items()})


def contents(packed: Packed, store: Store, digests: Iterable[str]) -> Iterator[list[bytes]]:
    """Yield the contents of files and objects, as many at once as make a message; what is lost is left out."""
    part: list[bytes] = []
    for digest in digests:
        try:
            part.append(packed.paths[digest].read_bytes() if digest in packed.paths else store.get_object(digest))
        except (OSError, NotFoundError):
            continue
        if sum(map(len, part)) >= _PART_BYTES:
            yield part
            part = []
    yield part


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _check_size(job: StepJob, paths: Iterable[Path]) -> None:
    sizes = {path: path.stat().st_size for path in paths}
    total = sum(sizes.values())
    if total > MOST_FILE_BYTES:
        largest = max(sizes, key=lambda path: sizes[path])
        raise InvalidValueError(
            f"The files that step '{job.name}' reads are too large to travel: {total / 1e6:.0f} MB, and "
            f"{MOST_FILE_BYTES / 1e6:.0f} MB is the most; the largest is {largest}. Publish it as a dataset and load "
            "it by its name, or put it where the workers reach it and give its whole path."
        )
