"""What the server does for a person in processes of their own: two at once, the others wait their turn.

A job lives in the server, not in the page that asked for it: it goes on when that is closed or loaded again, and ends
with the server. Its process is let go by the end of its standard input, which comes also when the server is killed.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trackbook import clock
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.ending import close_input, end_process

_MOST_AT_ONCE = 2
_MOST_WAITING = 50
_KEPT_SECONDS = 3600.0
_PATIENCE_SECONDS = 15.0  # for a process that was asked to end, before it is killed
_MOST_LINES = 20  # of what a process says, to tell why it failed


class JobState(StrEnum):
    """How a job stands. DONE: it has an answer, whatever that says. FAILED: it ended without one."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


_ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done: two orders that are equal are one job, as long as that has not ended.

    `command` tells its steps as lines of JSON on standard error, its answer as one document on standard output, and
    ends when its standard input does. `location` is the store that it is about.
    """

    kind: str
    run_id: str
    run_name: str
    location: str
    command: tuple[str, ...]


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """An order and how it stands. `answer` is what its process printed, `said` the last lines of what else it told."""

    job_id: str
    order: Order
    state: JobState = JobState.WAITING
    progress: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    started_at: float | None = None
    ended_at: float | None = None
    is_unwanted: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in _ENDED

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or took; None if it has not begun."""
        if self.started_at is None:
            return None
        return (self.ended_at if self.ended_at is not None else clock.monotonic()) - self.started_at

    @property
    def message(self) -> str | None:
        """Why it failed, in what its process said last; None if it did not."""
        if self.state is not JobState.FAILED:
            return None
        return next((line.removeprefix("Error: ") for line in reversed(self.said) if line.strip()), "It said nothing.")


class Jobs:
    """The jobs of a server. Any thread may ask.

    Parameters
    ----------
    most_at_once
        How many run; the others wait.
    kept_seconds
        How long one that has ended is told of.
    patience_seconds
        How long a process that was asked to end is waited for, before it is killed with all that it has started.
    """

    def __init__(
        self,
        *,
        most_at_once: int = _MOST_AT_ONCE,
        kept_seconds: float = _KEPT_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._most_at_once = most_at_once
        self._kept_seconds = kept_seconds
        self._patience_seconds = patience_seconds
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._news: set[str] = set()
        self._is_closed = False
        _all.add(self)

    def start(self, order: Order) -> Job:
        """Take an order and return its job; one that is being done already is that job.

        Raises
        ------
        InvalidValueError
            If too many wait already.
        """
        with self._lock:
            self._forget_old()
            known = next((job for job in self._jobs.values() if job.order == order and not job.has_ended), None)
            if known is not None and not known.is_unwanted:
                return known
            waiting = sum(job.state is JobState.WAITING for job in self._jobs.values())
            if waiting >= _MOST_WAITING or self._is_closed:
                raise InvalidValueError(f"{waiting} jobs are waiting already. Stop some of them, or wait.")
            job = Job(job_id=clock.new_id(), order=order)
            self._jobs[job.job_id] = job
            self._news.add(job.job_id)
            self._begin_waiting()
            return job

    def of_store(self, location: str) -> list[Job]:
        """Return the jobs about a store, oldest first: those that run or wait, and those that ended a while ago."""
        with self._lock:
            self._forget_old()
            return [job for job in self._jobs.values() if job.order.location == location]

    def find(self, location: str, job_id: str) -> Job:
        """Return a job about a store.

        Raises
        ------
        NotFoundError
            If there is none, or it ended long ago.
        """
        found = next((job for job in self.of_store(location) if job.job_id == job_id), None)
        if found is None:
            raise NotFoundError(f"No job '{job_id}'. What came of an older one is told by its run.")
        return found

    def stop(self, job: Job) -> None:
        """Ask a job to stop; one that has ended is left as it is. It is over when its state says so."""
        with self._lock:
            if job.has_ended or job.is_unwanted:
                return
            job.is_unwanted = True
            self._news.add(job.job_id)
            if job.state is JobState.WAITING:
                self._end(job, JobState.STOPPED)
            else:
                threading.Thread(target=self._let_go, args=(job,), daemon=True).start()

    def take_news(self) -> list[str]:
        """Return the ids of the jobs that something has happened to since this was last asked."""
        with self._lock:
            found, self._news = sorted(self._news), set()
            return found

    def close(self) -> None:
        """End every job: the server ends."""
        with self._lock:
            self._is_closed = True
            unended = [job for job in self._jobs.values() if not job.has_ended]
            for job in unended:
                job.is_unwanted = True
                if job.process is not None:
                    close_input(job.process.stdin)
        for job in unended:
            self._let_go(job)

    def _forget_old(self) -> None:
        now = clock.monotonic()
        for job in [*self._jobs.values()]:
            if job.ended_at is not None and now - job.ended_at > self._kept_seconds:
                del self._jobs[job.job_id]

    def _begin_waiting(self) -> None:
        """Begin what waits and has room."""
        running = sum(job.state is JobState.RUNNING for job in self._jobs.values())
        for job in [job for job in self._jobs.values() if job.state is JobState.WAITING]:
            if running >= self._most_at_once or self._is_closed:
                return
            job.state, job.started_at = JobState.RUNNING, clock.monotonic()
            threading.Thread(target=self._run, args=(job,), name=f"trackbook-{job.order.kind}", daemon=True).start()
            running += 1

    # One job, in a thread of its own

    def _run(self, job: Job) -> None:
        try:
            answer = self._answer_of(job)
        except OSError as error:
            with self._lock:
                job.said.append(f"It could not be started: {error.strerror}.")
            answer = None
        with self._lock:
            job.answer = answer
            if answer is not None:
                self._end(job, JobState.DONE)
            else:
                self._end(job, JobState.STOPPED if job.is_unwanted else JobState.FAILED)

    def _answer_of(self, job: Job) -> Mapping[str, Any] | None:
        """Run the process of a job and return what it answered, None if it didn't."""
        with self._lock:
            if job.is_unwanted:
                return None
            process = job.process = subprocess.Popen(
                job.order.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._news.add(job.job_id)
        with process:
            listener = threading.Thread(target=self._listen, args=(job, process), daemon=True)
            listener.start()
            printed = process.stdout.read() if process.stdout is not None else b""
            listener.join()
        return _document(printed)

    def _listen(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        """Take what a process tells as it goes."""
        for line in process.stderr or ():
            event = _document(line)
            with self._lock:
                if event is None:
                    job.said.append(line.decode("utf-8", "replace").rstrip())
                else:
                    job.progress = event
                    self._news.add(job.job_id)

    def _let_go(self, job: Job) -> None:
        if job.process is not None:
            end_process(job.process, job.process.stdin, self._patience_seconds)

    def _end(self, job: Job, state: JobState) -> None:
        job.state, job.ended_at = state, clock.monotonic()
        self._news.add(job.job_id)
        self._begin_waiting()


def _document(content: bytes) -> Mapping[str, Any] | None:
    """Return an object of JSON; None for anything else, such as what a library printed there."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def trackbook_command(*arguments: str) -> tuple[str, ...]:
    """Return a command of Trackbook's, run by the Python that runs the server."""
    return (sys.executable, "-m", "trackbook", *arguments)


_all: weakref.WeakSet[Jobs] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for jobs in [*_all]:
        jobs.close()
