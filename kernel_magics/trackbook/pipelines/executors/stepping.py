"""What all executors share: the future of a step that runs, and how many threads a step may use."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from dataclasses import replace

from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.job import StepJob, StepResult


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


def checked_slots(slots: int | None) -> int:
    """Return how many steps run at once: as asked for, else as many as there are cores.

    Raises
    ------
    InvalidValueError
        If fewer than one are asked for.
    """
    if slots is not None and slots < 1:
        raise InvalidValueError(f"{slots} steps can't run at once; give a number from 1, or none for one a core.")
    return slots or cores()


def with_share(job: StepJob, slots: int) -> StepJob:
    """Return a job whose libraries use its share of the cores, if it does not say how many threads they may."""
    return job if job.threads is not None else replace(job, threads=max(1, cores() // slots))
