"""Runs steps side by side, each in a process of its own with a fresh kernel."""

from __future__ import annotations

import threading

from trackbook.pipelines.executors.stepping import ThreadedExecutor
from trackbook.pipelines.steps.job import StepJob, StepResult, Tell
from trackbook.pipelines.steps.running import run_step


class ProcessExecutor(ThreadedExecutor):
    """Executes each step in a fresh process, as many at once as there are slots."""

    def _execute(self, job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        return run_step(job, tell, should_stop=should_stop)
