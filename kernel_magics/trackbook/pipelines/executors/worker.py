"""A process that executes steps one after the other, as seen by whoever gives it orders."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace

from trackbook.pipelines.ending import close_input, end_process, write_line
from trackbook.pipelines.executors.forking.forked import ForkedProcess, RefusedError
from trackbook.pipelines.executors.forking.workers import WorkerParent
from trackbook.pipelines.executors.orders import Order, order_line
from trackbook.pipelines.steps.job import StepJob, StepResult, StepStatus, Tell
from trackbook.pipelines.steps.messages import STOP, read_told
from trackbook.pipelines.steps.outcomes import describe_end

_TICK_SECONDS = 0.1
_STOP_SECONDS = 25.0  # for the cell to be interrupted, and the executed notebook to be kept
_EXIT_SECONDS = 10.0


class Worker:
    """Has steps executed by a process of its own, one at a time.

    Parameters
    ----------
    parent
        What to fork it from; where that can't be, or there is none, it is started afresh.
    """

    def __init__(self, parent: WorkerParent | None = None) -> None:
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the worker
        (orders, write), (read, told) = os.pipe(), os.pipe()
        self._orders = open(write, "wb")  # noqa: SIM115  # closed with the worker
        try:
            self._process = _started((orders, told, self._printed.fileno()), parent)
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(orders)
            os.close(told)
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._was_stopped = False
        threading.Thread(target=self._read, args=(read,), name="trackbook-worker", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it can execute another step; one that was told to stop can't."""
        return not self._was_stopped and self._process.poll() is None

    def execute(self, order: Order, tell: Tell, should_stop: threading.Event) -> StepResult:
        """Execute a step; `tell` is called in this thread."""
        began = time.monotonic()
        step = _Step(order.job, tell, should_stop)
        write_line(self._orders, order_line(order))
        while True:
            try:
                line = self._lines.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                line = b""
            if line is None:
                result = step.ended(self._last_words())
                break
            found = step.hear(line)
            if found is not None:
                result = found
                break
            self._stop_if_due(step)
        return replace(result, seconds=time.monotonic() - began)

    def close(self) -> None:
        """Let it go: it kills its kernel when nobody listens any more, and is killed itself if that takes long."""
        end_process(self._process, self._orders, _EXIT_SECONDS)
        self._printed.close()

    def _read(self, told: int) -> None:
        with open(told, "rb") as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _stop_if_due(self, step: _Step) -> None:
        due = step.due()
        if due == "stop":
            self._was_stopped = True
            write_line(self._orders, STOP)
        elif due == "kill":
            close_input(self._orders)

    def _last_words(self) -> str:
        code = self._process.wait()
        self._printed.seek(0)
        return describe_end(code, self._printed.read().decode("utf-8", "replace"))


def _started(files: tuple[int, int, int], parent: WorkerParent | None) -> ForkedProcess | subprocess.Popen[bytes]:
    """Fork a worker, or start one, that has these files as its standard streams."""
    if parent is not None:
        with contextlib.suppress(RefusedError, OSError):
            return parent.fork(files)
    command = [sys.executable, "-m", "trackbook.pipelines.executors.worker_process"]
    orders, told, printed = files
    return subprocess.Popen(command, stdin=orders, stdout=told, stderr=printed, start_new_session=True)


class _Step:
    """One step while it runs: what it has told, and whether it is to be stopped."""

    def __init__(self, job: StepJob, tell: Tell, should_stop: threading.Event) -> None:
        self._job = job
        self._tell = tell
        self._should_stop = should_stop
        self._run_id: str | None = None
        self._began = time.monotonic()
        self._stopped_at: float | None = None
        self._is_late = False

    def hear(self, line: bytes) -> StepResult | None:
        """Take a line of the worker; return the result if it is one. What has finished before the stop came has."""
        told = read_told(line)
        if isinstance(told, StepResult):
            if self._stopped_at is None or told.status is StepStatus.FINISHED:
                return told
            return replace(self._stopped(), run_id=told.run_id, failed_cell=told.failed_cell)
        if told is not None:
            self._run_id = told.run_id or self._run_id
            self._tell(told)
        return None

    def due(self) -> str | None:
        """Return what is to be done now: ``stop`` once, ``kill`` when that has taken too long."""
        now = time.monotonic()
        if self._stopped_at is not None:
            return "kill" if now - self._stopped_at >= _STOP_SECONDS else None
        self._is_late = self._job.timeout is not None and now - self._began >= self._job.timeout
        if not self._is_late and not self._should_stop.is_set():
            return None
        self._stopped_at = now
        return "stop"

    def ended(self, message: str) -> StepResult:
        """Return the result of a step whose worker has ended."""
        if self._stopped_at is not None:
            return self._stopped()
        return StepResult(
            name=self._job.name,
            status=StepStatus.FAILED,
            run_id=self._run_id,
            error="ProcessEnded",
            message=message,
        )

    def _stopped(self) -> StepResult:
        late = f"It took longer than {self._job.timeout:g} s." if self._is_late else None
        return StepResult(
            name=self._job.name,
            status=StepStatus.STOPPED,
            run_id=self._run_id,
            error="TimeoutError" if late else "StoppedError",
            message=late or "It was asked to stop.",
        )
