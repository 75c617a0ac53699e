"""Runs one step in a process of its own: starts it, listens to it, stops it when asked to, leaves nothing behind."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from typing import BinaryIO

from trackbook.pipelines.ending import close_input, let_go, write_line
from trackbook.pipelines.steps.job import LATE, VANISHED, StepJob, StepResult, StepStatus, Tell
from trackbook.pipelines.steps.messages import STOP, job_line, read_told
from trackbook.pipelines.steps.outcomes import describe_end

_TICK_SECONDS = 0.1
_STOP_SECONDS = 25.0  # for the cell to be interrupted, and the executed notebook to be kept
_EXIT_SECONDS = 10.0
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def run_step(job: StepJob, tell: Tell, *, should_stop: threading.Event | None = None) -> StepResult:
    """Execute a notebook in a process of its own, whose kernel records it, and return what became of it.

    A failing notebook is a result, and so is a kernel that is killed. When this process ends, in whatever way, so do
    the step's process and its kernel.

    Parameters
    ----------
    job
        What to execute.
    tell
        Called with what happens, in this thread.
    should_stop
        Stops the step when it is set: its cell is interrupted, what it did is kept, and its kernel ends.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "trackbook.pipelines.steps.step_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env=variables_of(job),
            start_new_session=True,
        )
        listening = _Listening(job, process, tell, should_stop or threading.Event())
        try:
            result = listening.result()
        finally:
            let_go(process, _EXIT_SECONDS)
        if result is None:
            result = replace(_vanished(job, process, printed), run_id=listening.run_id, failed_cell=listening.cell)
    return replace(result, seconds=time.monotonic() - began)


def variables_of(job: StepJob) -> dict[str, str]:
    """Return the environment variables of a step's process: this one's, with the step's store and its share of cores.

    What a person has set of the libraries' threads stays.
    """
    bounded = {name: str(job.threads) for name in _THREAD_VARIABLES} if job.threads is not None else {}
    said = {"TRACKBOOK_STORE": job.store, "TRACKBOOK_EXPERIMENT": job.experiment}
    own = {name: value for name, value in said.items() if value is not None}
    return {"PYDEVD_DISABLE_FILE_VALIDATION": "1"} | bounded | dict(os.environ) | own


@dataclass(slots=True, kw_only=True)
class _Stop:
    """Why a step was stopped, and when that is over."""

    reason: str | None
    deadline: float


class _Listening:
    """Listens to a step's process until it has told its result or ended."""

    def __init__(
        self, job: StepJob, process: subprocess.Popen[bytes], tell: Tell, should_stop: threading.Event
    ) -> None:
        self._job = job
        self._process = process
        self._tell = tell
        self._should_stop = should_stop
        self._stop: _Stop | None = None
        self.run_id: str | None = None
        """The step's run, as soon as it is told."""
        self.cell: int | None = None
        """The last cell that was told to begin."""
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._began = time.monotonic()

    def result(self) -> StepResult | None:
        """Return the result, None if the process ended without one."""
        threading.Thread(target=self._read, name=f"trackbook-step {self._job.name}", daemon=True).start()
        write_line(self._process.stdin, job_line(self._job))
        while True:
            try:
                line = self._lines.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                line = b""
            if line is None:
                return self._stopped() if self._stop is not None else None
            told = read_told(line)
            if isinstance(told, StepResult):
                return self._judged(told)
            if told is not None:
                self.run_id = told.run_id or self.run_id
                self.cell = told.cell or self.cell
                self._tell(told)
            self._look()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def _look(self) -> None:
        """Stop the step if it is time to."""
        now = time.monotonic()
        if self._stop is not None:
            if now >= self._stop.deadline:
                close_input(self._process.stdin)  # its process kills the kernel then, and ends
            return
        is_late = self._job.timeout is not None and now - self._began >= self._job.timeout
        if is_late or self._should_stop.is_set():
            reason = f"It took longer than {self._job.timeout:g} s." if is_late else None
            self._stop = _Stop(reason=reason, deadline=now + _STOP_SECONDS)
            write_line(self._process.stdin, STOP)

    def _judged(self, told: StepResult) -> StepResult:
        """Return a result; one that has come to its end in spite of being stopped is finished."""
        if self._stop is None or told.status is StepStatus.FINISHED:
            return told
        stopped = self._stopped()
        return replace(stopped, run_id=told.run_id or self.run_id, failed_cell=told.failed_cell or self.cell)

    def _stopped(self) -> StepResult:
        assert self._stop is not None
        reason = self._stop.reason
        return StepResult(
            name=self._job.name,
            status=StepStatus.STOPPED,
            run_id=self.run_id,
            failed_cell=self.cell,
            error=LATE if reason else "StoppedError",
            message=reason or "It was asked to stop.",
        )


def _vanished(job: StepJob, process: subprocess.Popen[bytes], printed: BinaryIO) -> StepResult:
    printed.seek(0)
    said = printed.read().decode("utf-8", "replace")
    return StepResult(
        name=job.name,
        status=StepStatus.FAILED,
        error=VANISHED,
        message=describe_end(process.returncode, said),
    )
