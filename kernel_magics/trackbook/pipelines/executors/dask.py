"""Runs steps on a Dask cluster whose workers have Trackbook and what the notebooks import, and reach the store."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.remote import Parcel, Returned, execute_there, stop
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus, Tell
from trackbook.store.location import locate_store, open_store


class DaskExecutor:
    """Executes steps on the workers of a cluster.

    The notebook and its params travel there, the executed notebook comes back. A step whose worker is lost is executed
    again by another one. Workers must reach the store: one on this machine, or in a folder that all share.

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
        self._marks: dict[str, str] = {}
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
        parcel = self._parcel(job)
        step = _RemoteStep(job, tell, lambda: self._stop(parcel.key))
        step.set_running_or_notify_cancel()
        with self._lock:
            self._steps[parcel.key] = step
        step.task = self._client.submit(execute_there, parcel, self._topic, key=parcel.key, pure=False)
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
        for mark in self._marks.values():
            with contextlib.suppress(OSError):
                os.unlink(mark)
        self._client.close()

    def _parcel(self, job: StepJob) -> Parcel:
        try:
            content = job.notebook.read_bytes()
        except OSError as error:
            raise InvalidValueError(f"The notebook {job.notebook} can't be read: {error.strerror}.") from None
        folder = job.folder.absolute()
        store = locate_store(job.store, folder)
        there = replace(job, store=store, folder=folder, notebook=job.notebook.absolute())
        return Parcel(key=f"{job.name}-{uuid.uuid4().hex}", job=there, content=content, mark=self._mark(store))

    def _mark(self, store: str) -> str:
        """Leave a file where a store is, by which workers can tell that theirs is the same."""
        with self._lock:
            if store not in self._marks:
                open_store(store).close()
                folder = store if os.path.isdir(store) else os.path.dirname(store)
                self._marks[store] = os.path.join(folder, f"{self._topic}.mark")
                Path(self._marks[store]).touch()
            return self._marks[store]

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        said = event[1]
        with self._lock:
            step = self._steps.get(said["key"])
        if step is not None:
            step.tell(StepEvent(**said["event"]))

    def _stop(self, key: str) -> None:
        """Stop a step where it runs; one that runs nowhere yet is taken back."""
        is_running = any(self._client.run(stop, key, on_error="ignore").values())
        with self._lock:
            step = self._steps.get(key)
        if step is not None and step.task is not None and not is_running:
            step.task.cancel()

    def _finish(self, key: str, task: Any) -> None:
        with self._lock:
            step = self._steps.pop(key)
        step.finish(task)


class _RemoteStep(Future[StepResult]):
    """The future of a step on a cluster."""

    def __init__(self, job: StepJob, tell: Tell, ask_to_stop: Callable[[], None]) -> None:
        super().__init__()
        self.tell = tell
        self.task: Any = None
        self._job = job
        self._ask_to_stop = ask_to_stop

    def cancel(self) -> bool:
        """Stop the step; return whether that is still possible."""
        if self.done():
            return False
        self._ask_to_stop()
        return True

    def finish(self, task: Any) -> None:
        """Take what a task has come to."""
        try:
            self.set_result(self._judged(task))
        except Exception as error:  # noqa: BLE001  # whatever the cluster or the disk raise: whoever waits is told
            self.set_exception(error)

    def _judged(self, task: Any) -> StepResult:
        from distributed import KilledWorker

        if task.cancelled():
            return self._ended(StepStatus.STOPPED, "StoppedError", "It was asked to stop.")
        try:
            returned: Returned = task.result()
        except KilledWorker as error:
            text = f"Each worker that executed it ended, the last one at {error.last_worker.address}."
            return self._ended(StepStatus.FAILED, "WorkersLost", text)
        if returned.content is not None:
            self._job.output.parent.mkdir(parents=True, exist_ok=True)
            self._job.output.write_bytes(returned.content)
        return returned.result

    def _ended(self, status: StepStatus, error: str, message: str) -> StepResult:
        return StepResult(name=self._job.name, status=status, error=error, message=message)


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
            f"No Dask scheduler answers at {address} ({reason}). Start one: dask scheduler."
        ) from None
