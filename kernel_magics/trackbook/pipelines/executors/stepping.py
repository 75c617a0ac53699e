"""What the executors of this machine share: threads that each wait for a step, and steps that can be stopped."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.job import StepJob, StepResult, Tell


class StepFuture(Future[StepResult]):
    """The future of a step, which can be cancelled while it runs: its result is ``stopped`` then."""

    def __init__(self) -> None:
        super().__init__()
        self.should_stop = threading.Event()

    def cancel(self) -> bool:
        """Stop the step, or leave it out if it waits; return whether that is still possible."""
        if super().cancel():
            return True
        if self.done():
            return False
        self.should_stop.set()
        return True


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


class ThreadedExecutor(ABC):
    """Executes steps side by side, each in one of as many threads as there are slots.

    Parameters
    ----------
    slots
        How many run at once; None is one a core. A job that does not say how many threads its libraries may use gets
        its share of the cores.

    Raises
    ------
    InvalidValueError
        If fewer than one are asked for.
    """

    def __init__(self, slots: int | None = None) -> None:
        if slots is not None and slots < 1:
            raise InvalidValueError(f"{slots} steps can't run at once; give a number from 1, or none for one a core.")
        self._slots = slots or cores()
        self._threads = ThreadPoolExecutor(self._slots, thread_name_prefix="trackbook-step")
        self._lock = threading.Lock()
        self._futures: set[Future[StepResult]] = set()

    @property
    def slots(self) -> int:
        """How many steps run at once."""
        return self._slots

    def submit(self, job: StepJob, tell: Tell) -> Future[StepResult]:
        """Execute a step as soon as there is room.

        A failing notebook is a result. `tell` is called from any thread. Cancelling the future of a step that runs
        stops it: its result is ``stopped``.
        """
        if job.threads is None:
            job = replace(job, threads=max(1, cores() // self._slots))
        future = StepFuture()
        with self._lock:
            self._futures.add(future)
        future.add_done_callback(self._forget)
        self._threads.submit(self._run, future, job, tell)
        return future

    def close(self, *, stop: bool = False) -> None:
        """Wait for what runs, or `stop` it: kernels are interrupted, shut down, and killed if that takes long."""
        if stop:
            with self._lock:
                futures = [*self._futures]
            for future in futures:
                future.cancel()
        self._threads.shutdown()

    @abstractmethod
    def _execute(self, job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        """Execute a step in this thread, until it ends or should stop."""

    def _run(self, future: StepFuture, job: StepJob, tell: Tell) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = self._execute(job, tell, future.should_stop)
        except BaseException as error:  # noqa: BLE001  # whatever it is: whoever waits for the result is told
            future.set_exception(error)
        else:
            future.set_result(result)

    def _forget(self, future: Future[StepResult]) -> None:
        with self._lock:
            self._futures.discard(future)
