"""Takes in what came back from a worker: its runs into the store, its files into the project, its faults into words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from trackbook.capture.environment import with_code_of
from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.cluster.parcel import Luggage, Returned
from trackbook.pipelines.steps.job import StepJob, StepResult
from trackbook.records import Run, Session
from trackbook.store import parcels
from trackbook.store.contract import Batch, Store
from trackbook.store.merging.merge import take_in

R = TypeVar("R", Run, Session)
_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_PATH = re.compile(r"(?:No such file or directory|does not exist|not found)[^'\"]*['\"](?P<path>[^'\"\n]+)['\"]")


def unpack(returned: Returned, job: StepJob, luggage: Luggage | None, store: Store) -> StepResult:
    """Keep what came back and return the step's result, whose message says what did not travel if that is the reason.

    Raises
    ------
    TrackbookError
        If the store does not take it.
    OSError
        If a file can't be written.
    """
    if returned.executed is not None:
        _write(job.output, returned.executed)
    if returned.batch is not None:
        batch = _with_code(parcels.loaded(returned.batch), job, store)
        take_in(store, batch, lambda _: _put(store, returned))
    if luggage is None:
        return returned.result
    for name, content in returned.files.items():
        _write(_beneath(Path(luggage.root), name), content)
    return _explained(returned, job, luggage)


def _with_code(batch: Batch, job: StepJob, store: Store) -> Batch:
    """Return a batch whose environments say which commit the code is of that travelled: a worker can't know."""
    made = {each.environment_id: with_code_of(each, job.folder, store.put_object) for each in batch.environments}
    ids = {given: each.environment_id for given, each in made.items()}
    return replace(
        batch,
        environments=[*made.values()],
        sessions=[_in(each, ids) for each in batch.sessions],
        runs=[replace(each, run=_in(each.run, ids)) if each.run is not None else each for each in batch.runs],
    )


def _in(record: R, ids: Mapping[str, str]) -> R:
    named = record.environment_id
    return replace(record, environment_id=ids.get(named, named)) if named is not None else record


def _put(store: Store, returned: Returned) -> Iterable[str]:
    for content in returned.objects.values():
        store.put_object(content)
    return ()


def _beneath(root: Path, name: str) -> Path:
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(root):
        raise InvalidValueError(f"The worker gave back a file '{name}' that lies outside of {root}. It is not written.")
    return path


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _explained(returned: Returned, job: StepJob, luggage: Luggage) -> StepResult:
    result = returned.result
    message = result.message or ""
    more = None
    if result.error in ("ModuleNotFoundError", "ImportError") and (module := _MODULE.search(message)) is not None:
        more = _about_module(module["name"], job, returned.host)
    elif result.error == "FileNotFoundError" and (path := _PATH.search(message)) is not None:
        more = _about_file(path["path"], job, luggage, returned.host)
    return replace(result, message=f"{message} {more}") if more is not None else result


def _about_module(name: str, job: StepJob, host: str) -> str:
    parts = name.split(".")
    for folder in dict.fromkeys((job.folder, job.notebook.parent)):
        place = folder.joinpath(*parts)
        if place.is_dir() or place.with_suffix(".py").is_file():
            return (
                f"The module is here, and did not travel to {host}, because no cell imports it by this name. Import it "
                "in a cell."
            )
    return f"It is not installed on {host}, which executed the step, and it is no file beside the notebook."


def _about_file(name: str, job: StepJob, luggage: Luggage, host: str) -> str | None:
    if name in luggage.files or not (job.folder / name).exists():
        return f"It is neither here nor on {host}, which executed the step."
    return (
        f"It is here, and did not travel to {host}: name it in the notebook as a text, by a path from its folder "
        f"({job.folder}) within the project, or publish it as a dataset."
    )
