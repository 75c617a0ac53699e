"""Runs steps on a Dask cluster whose workers have Trackbook and what the notebooks import; they need reach nothing."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from trackbook import process
from trackbook._version import __version__
from trackbook.errors import InvalidValueError, TrackbookError
from trackbook.pipelines.executors.cluster.door import enter
from trackbook.pipelines.executors.cluster.line import deliver
from trackbook.pipelines.executors.cluster.packing import Packed, contents, packed
from trackbook.pipelines.executors.cluster.parcel import Parcel, read_returned
from trackbook.pipelines.executors.cluster.remote import stop
from trackbook.pipelines.executors.cluster.unpacking import unpack
from trackbook.pipelines.steps.job import VANISHED, StepEvent, StepJob, StepResult, StepStatus, Tell
from trackbook.store.contract import RunFilter, Store
from trackbook.store.location import locate_store, open_store

_ANSWERING = 4  # workers at once


class DaskExecutor:
    """Executes steps on the workers of a cluster.

    The notebook and its params travel there, the executed notebook comes back. A step whose worker is lost is executed
    again by another one. A worker on this machine writes to the store itself. Any other one gets the versions of
    datasets that the step may load, and the project's files that it is known to need; what it has recorded comes back
    when the step ends.

    Parameters
    ----------
    address
        Of the scheduler: ``tcp://host:8786``.
    connect_seconds
        How long to wait for it to answer.

    Raises
    ------
    InvalidValueError
        If Dask is not installed here, or there is no scheduler at the address.
    """

    def __init__(self, address: str, *, connect_seconds: float = 10.0) -> None:
        self._client = _connect(address, connect_seconds)
        self._topic = f"trackbook-{uuid.uuid4().hex}"
        self._lock = threading.Lock()
        self._steps: dict[str, _RemoteStep] = {}
        self._stores: dict[str, _Reach] = {}
        self._answering = ThreadPoolExecutor(_ANSWERING, thread_name_prefix="trackbook-answers")
        self._client.subscribe_topic(self._topic, self._hear)

    @property
    def slots(self) -> int:
        """How many steps run at once: the threads of the workers that are there now."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, job: StepJob, tell: Tell) -> Future[StepResult]:
        """Execute a step as soon as a worker has room.

        A failing notebook is a result. Cancelling the future of a step stops it.

        Raises
        ------
        InvalidValueError
            If the notebook can't be read.
        """
        parcel, reach = self._parcel(job)
        step = _RemoteStep(parcel.job, reach.store, tell, lambda: self._stop(parcel.key))
        step.set_running_or_notify_cancel()
        with self._lock:
            self._steps[parcel.key] = step
        step.task = self._client.submit(enter, __version__, parcel.to_plain(), key=parcel.key, pure=False)
        step.task.add_done_callback(lambda task: self._finish(parcel.key, task))
        return step

    def close(self, *, stop: bool = False) -> None:
        """Wait for what runs, or `stop` it, and leave the cluster."""
        with self._lock:
            steps = [*self._steps.values()]
        if stop:
            for step in steps:
                step.cancel()
        for step in steps:
            step.exception()  # waits; whoever has the future is told of it
        self._answering.shutdown()
        for reach in self._stores.values():
            reach.close()
        self._client.close()

    def _parcel(self, job: StepJob) -> tuple[Parcel, _Reach]:
        try:
            content = job.notebook.read_bytes()
        except OSError as error:
            raise InvalidValueError(f"The notebook {job.notebook} can't be read: {error.strerror}.") from None
        folder = job.folder.absolute()
        location = locate_store(job.store, folder)
        with self._lock:
            reach = self._stores.get(location) or self._stores.setdefault(location, _Reach(location, self._topic))
        there = replace(job, store=location, folder=folder, notebook=job.notebook.absolute())
        parcel = Parcel(
            key=f"{job.name}-{uuid.uuid4().hex}",
            topic=self._topic,
            job=there,
            content=content,
            boot=process.boot_id(),
            mark=reach.mark,
        )
        return parcel, reach

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        said = event[1]
        with self._lock:
            step = self._steps.get(said["key"])
        if step is None:
            return
        if "ask" in said:
            self._answering.submit(self._answer, step, said)
        else:
            step.tell(StepEvent(**said["event"]))

    def _answer(self, step: _RemoteStep, said: dict[str, Any]) -> None:
        """Send a worker what it asks for, in parts; an empty one is the end."""
        try:
            for part in step.answer(said["ask"], json.loads(said["about"])):
                self._deliver(said, {"content": part})
        except (TrackbookError, OSError) as error:
            self._deliver(said, {"error": str(error)})
        else:
            self._deliver(said, {})

    def _deliver(self, said: dict[str, Any], reply: dict[str, Any]) -> None:
        self._client.run(deliver, said["key"], said["number"], reply, workers=[said["worker"]], on_error="ignore")

    def _stop(self, key: str) -> None:
        """Stop a step where it runs; one that runs nowhere yet is taken back."""
        is_running = any(each is True for each in self._client.run(stop, key, on_error="ignore").values())
        with self._lock:
            step = self._steps.get(key)
        if step is not None and step.task is not None and not is_running:
            step.task.cancel()

    def _finish(self, key: str, task: Any) -> None:
        with self._lock:
            step = self._steps.pop(key)
        step.finish(task)


class _Reach:
    """A store, and the mark by which workers of this machine can tell that they reach the same."""

    def __init__(self, location: str, name: str) -> None:
        self.store = open_store(location)
        self.mark: str | None = None
        if "://" not in location:
            folder = location if os.path.isdir(location) else os.path.dirname(location)
            self.mark = os.path.join(folder, f"{name}.mark")
            Path(self.mark).touch()

    def close(self) -> None:
        """Take the mark away."""
        if self.mark is not None:
            with contextlib.suppress(OSError):
                os.unlink(self.mark)
        self.store.close()


class _RemoteStep(Future[StepResult]):
    """The future of a step on a cluster."""

    def __init__(self, job: StepJob, store: Store, tell: Tell, ask_to_stop: Callable[[], None]) -> None:
        super().__init__()
        self.task: Any = None
        self._tell = tell
        self._run_id: str | None = None
        self._is_asked_to_stop = False
        self._job = job
        self._store = store
        self._ask_to_stop = ask_to_stop
        self._packed: Packed | None = None

    def cancel(self) -> bool:
        """Stop the step; return whether that is still possible."""
        if self.done():
            return False
        self._is_asked_to_stop = True
        self._ask_to_stop()
        return True

    def tell(self, event: StepEvent) -> None:
        """Pass on what the step tells."""
        self._run_id = event.run_id or self._run_id
        self._tell(event)

    def answer(self, what: str, about: Any) -> Iterator[list[bytes]]:
        """Yield the answer to what a worker asks: for its luggage, for objects, which of some the store lacks."""
        if what == "luggage":
            self._packed = packed(self._job, self._store)
            yield [self._packed.to_bytes()]
        elif what == "objects" and self._packed is not None:
            yield from contents(self._packed, self._store, about)
        elif what == "lacking":
            yield [json.dumps([digest for digest in about if not self._store.objects.size(digest)]).encode()]

    def finish(self, task: Any) -> None:
        """Take what a task has come to."""
        try:
            result = self._judged(task)
        except Exception as error:  # noqa: BLE001  # whatever the cluster or the disk raise: whoever waits is told
            self._let_go(task)
            self.set_exception(error)
        else:
            self._let_go(task)
            self.set_result(result)

    def _let_go(self, task: Any) -> None:
        """Tell the cluster to forget a task: it would execute it again if the worker that has its result were lost."""
        self.task = None
        task.release()

    def _judged(self, task: Any) -> StepResult:
        from distributed import KilledWorker

        if task.cancelled():
            if self._is_asked_to_stop:
                return self._ended(StepStatus.STOPPED, "StoppedError", "It was asked to stop.")
            return self._ended(StepStatus.FAILED, VANISHED, "The cluster's scheduler does not answer any more.")
        try:
            plain: dict[str, Any] = task.result()
        except KilledWorker as error:
            text = f"Each worker that executed it ended, the last one at {error.last_worker.address}."
            return self._ended(StepStatus.FAILED, "WorkersLost", text)
        if "refused" in plain:
            return self._ended(StepStatus.FAILED, "WorkerRefused", plain["refused"])
        returned = read_returned(plain)
        luggage = self._packed.luggage if self._packed is not None and returned.batch is not None else None
        return unpack(returned, self._job, luggage, self._store)

    def _ended(self, status: StepStatus, error: str, message: str) -> StepResult:
        is_here = self._run_id is not None and self._store.runs(RunFilter(ids=[self._run_id]))
        run_id = self._run_id if is_here else None  # of a worker elsewhere it would have come with the result
        return StepResult(name=self._job.name, status=status, run_id=run_id, error=error, message=message)


def _connect(address: str, seconds: float) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InvalidValueError("Clusters need Dask. Install it: pip install 'trackbook[dask]'.") from None
    try:
        return Client(address, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]  # Dask has none
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidValueError(
            f"No Dask scheduler answers at {address} ({reason}). Start one: dask scheduler. Or run on this "
            "machine: --executor local."
        ) from None
