"""What a worker of a cluster does for a step: takes a parcel, executes the notebook in it, gives back what came."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from trackbook import process
from trackbook.errors import TrackbookError
from trackbook.pipelines.executors.cluster.away import Away
from trackbook.pipelines.executors.cluster.line import Line, StoppedWaitingError
from trackbook.pipelines.executors.cluster.parcel import Parcel, Returned, read_parcel
from trackbook.pipelines.executors.stepping import cores
from trackbook.pipelines.steps.job import StepResult, StepStatus, Tell
from trackbook.pipelines.steps.running import run_step
from trackbook.store.objects import FolderObjects

HOST_TAG = "host"
"""Tag of a run: the machine that executed it, which is not the one that asked for it."""
_CACHE = "trackbook-objects"
_MOST_BYTES = 4 * 2**30
_stops: dict[str, threading.Event] = {}
_here: set[str] = set()
_lock = threading.Lock()


def execute_parcel(plain: dict[str, Any]) -> dict[str, Any]:
    """Execute the step of a parcel on the worker that this runs on, and return what is to go back.

    What happens meanwhile is told to the driver. Where its store is on this machine, the step writes to that; else to
    one of its own, and what that holds goes back.
    """
    from distributed import get_worker

    worker = get_worker()
    parcel = read_parcel(plain)
    with _stoppable(parcel.key) as should_stop, tempfile.TemporaryDirectory(prefix="trackbook-step-") as place:
        line = Line(worker, parcel.key, parcel.topic, should_stop)
        parcel = _for_here(parcel, worker.state.nthreads)
        cache = Path(worker.local_directory) / _CACHE
        if _is_store_here(parcel):
            return _beside(parcel, Path(place), line.tell, should_stop).to_plain()
        _trim(cache)
        away = Away(parcel, Path(place), line, should_stop, cache)
        try:
            return away.execute().to_plain()
        except StoppedWaitingError:
            stopped = StepResult(
                name=parcel.job.name,
                status=StepStatus.STOPPED,
                error="StoppedError",
                message="It was asked to stop.",
            )
            return Returned(result=stopped).to_plain()
        except TrackbookError as error:
            failed = StepResult(
                name=parcel.job.name, status=StepStatus.FAILED, error=type(error).__name__, message=str(error)
            )
            return Returned(result=failed).to_plain()


def stop(key: str) -> bool:
    """Stop a step that runs in this process, or keep one from starting; return whether it runs here."""
    with _lock:
        _stops.setdefault(key, threading.Event()).set()
        return key in _here


@contextlib.contextmanager
def _stoppable(key: str) -> Iterator[threading.Event]:
    """Let a step be stopped by its key while this lasts."""
    with _lock:
        should_stop = _stops.setdefault(key, threading.Event())
        _here.add(key)
    try:
        yield should_stop
    finally:
        with _lock:
            _here.discard(key)
            _stops.pop(key, None)


def _trim(cache: Path) -> None:
    """Empty the cache when it is large, unless another step may need something of it."""
    objects = FolderObjects(cache)
    with _lock:
        if len(_here) == 1 and sum(age.size for each in objects.entries() if (age := objects.age(each))) > _MOST_BYTES:
            shutil.rmtree(cache)


def _for_here(parcel: Parcel, slots: int) -> Parcel:
    job = parcel.job
    threads = job.threads if job.threads is not None else max(1, cores() // slots)
    tags = {**job.tags, HOST_TAG: platform.node()}
    return replace(parcel, job=replace(job, threads=threads, tags=tags))


def _is_store_here(parcel: Parcel) -> bool:
    """Return whether the driver's store is within reach: its files may only be shared by processes of one machine."""
    return parcel.boot == process.boot_id() and parcel.mark is not None and os.path.exists(parcel.mark)


def _beside(parcel: Parcel, place: Path, tell: Tell, should_stop: threading.Event) -> Returned:
    """Execute a step in the driver's folder; one that was altered or removed since travels along in the parcel."""
    job = replace(parcel.job, output=place / "out" / parcel.job.output.name)
    if not job.folder.is_dir():
        (place / "folder").mkdir()
        job = replace(job, folder=place / "folder")
    if not job.notebook.is_file() or job.notebook.read_bytes() != parcel.content:
        job = replace(job, notebook=place / job.notebook.name)
        job.notebook.write_bytes(parcel.content)
    result = run_step(job, tell, should_stop=should_stop)
    executed = job.output.read_bytes() if job.output.exists() else None
    return Returned(result=result, executed=executed, host=platform.node())
