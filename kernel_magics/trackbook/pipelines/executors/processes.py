"""Runs steps side by side, each in a process of its own with a fresh kernel."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from trackbook.pipelines.executors.stepping import StepFuture, checked_slots, with_share
from trackbook.pipelines.steps.job import StepJob, StepResult, Tell
from trackbook.pipelines.steps.running import run_step


class ProcessExecutor:
    """Executes each step in a fresh process.

    Parameters
    ----------
    slots
        How many run at once; None is one a core. A job that does not say how many threads its libraries may use gets
        its share of the cores.
    """

    def __init__(self, slots: int | None = None) -> None:
        self._slots = checked_slots(slots)
        self._threads = ThreadPoolExecutor(self._slots, thread_name_prefix="trackbook-step")
        self._lock = threading.Lock()
        self._futures: set[StepFuture] = set()

    @property
    def slots(self) -> int:
        """How many steps run at once."""
        return self._slots

    def submit(self, job: StepJob, tell: Tell) -> Future[StepResult]:
        """Execute a step as soon as there is room."""
        future = StepFuture()
        with self._lock:
            self._futures.add(future)
        future.add_done_callback(self._forget)
        self._threads.submit(_run, future, with_share(job, self._slots), tell)
        return future

    def close(self, *, stop: bool = False) -> None:
        """Wait for what runs, or `stop` it."""
        if stop:
            with self._lock:
                futures = [*self._futures]
            for future in futures:
                future.cancel()
        self._threads.shutdown()

    def _forget(self, future: Future[StepResult]) -> None:
        with self._lock:
            self._futures.discard(future)  # type: ignore[arg-type]  # only those that were made here are watched


def _run(future: StepFuture, job: StepJob, tell: Tell) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = run_step(job, tell, should_stop=future.should_stop)
    except BaseException as error:  # noqa: BLE001  # whatever it is: whoever waits for the result is told
        future.set_exception(error)
    else:
        future.set_result(result)
