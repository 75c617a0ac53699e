"""What the driver of a pipeline asks of whoever executes its steps."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from trackbook.pipelines.steps.job import StepJob, StepResult, Tell


class Executor(Protocol):
    """Executes steps side by side."""

    @property
    def slots(self) -> int:
        """How many steps run at once."""

    def submit(self, job: StepJob, tell: Tell) -> Future[StepResult]:
        """Execute a step as soon as there is room.

        A failing notebook is a result; the future raises only if the executor itself can't go on. `tell` is called from
        any thread. Cancelling the future of a step that runs stops it: its result is ``stopped``.
        """

    def close(self, *, stop: bool = False) -> None:
        """Wait for what runs, or `stop` it: kernels are interrupted, shut down, and killed if that takes long."""
