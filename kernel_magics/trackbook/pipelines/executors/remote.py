"""What a worker of a cluster does for a step: takes a parcel, executes the notebook in it, gives back what came."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from trackbook.errors import StoreError
from trackbook.pipelines.executors.stepping import cores
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult
from trackbook.pipelines.steps.running import run_step

_stops: dict[str, threading.Event] = {}
_here: set[str] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A step that travels.

    Attributes
    ----------
    key
        Of this submission.
    content
        The notebook.
    mark
        A file that is there where the store is; None for a store that is not a folder.
    """

    key: str
    job: StepJob
    content: bytes
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What comes back: the result, and the executed notebook if there is one."""

    result: StepResult
    content: bytes | None


def execute(parcel: Parcel, tell: Callable[[StepEvent], None], *, slots: int) -> Returned:
    """Execute a step here.

    Its kernel works in the job's folder if that is here too, else in one of its own that is removed afterwards.

    Raises
    ------
    StoreError
        If the store can't be reached from here.
    """
    if parcel.mark is not None and not os.path.exists(parcel.mark):
        raise StoreError(
            f"The store {parcel.job.store} can't be reached from worker {os.uname().nodename} (process {os.getpid()}). "
            "Use a folder that all workers share, or a database by its URL with $TRACKBOOK_STORE."
        )
    with _stoppable(parcel.key) as should_stop, tempfile.TemporaryDirectory(prefix="trackbook-step-") as place:
        job = _job_here(parcel, Path(place), slots)
        result = run_step(job, tell, should_stop=should_stop)
        return Returned(result=result, content=job.output.read_bytes() if job.output.exists() else None)


def execute_there(parcel: Parcel, topic: str) -> Returned:
    """Execute a step on the worker that this runs on; what happens is told to those who listen to the topic."""
    from distributed import get_worker

    worker = get_worker()

    def tell(event: StepEvent) -> None:
        worker.log_event(topic, {"key": parcel.key, "event": asdict(event)})

    return execute(parcel, tell, slots=worker.state.nthreads)


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


def _job_here(parcel: Parcel, place: Path, slots: int) -> StepJob:
    job = parcel.job
    folder = job.folder
    if not folder.is_dir():
        folder = place / "folder"
        folder.mkdir()
    notebook = job.notebook
    if not notebook.is_file() or notebook.read_bytes() != parcel.content:
        notebook = place / job.notebook.name
        notebook.write_bytes(parcel.content)
    threads = job.threads if job.threads is not None else max(1, cores() // slots)
    return replace(job, notebook=notebook, output=place / "executed.ipynb", folder=folder, threads=threads)
