"""Runs steps side by side on this machine: in workers that stay, with kernels forked from parents that stay."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from string import Template

from trackbook.pipelines.executors.forking.command import command_of, interpreter_of
from trackbook.pipelines.executors.forking.forked import RefusedError
from trackbook.pipelines.executors.forking.imports import needs_of
from trackbook.pipelines.executors.forking.warm import WarmParents, Warmth, can_fork, warmth_of
from trackbook.pipelines.executors.forking.workers import WorkerParent
from trackbook.pipelines.executors.orders import Order
from trackbook.pipelines.executors.stepping import ThreadedExecutor
from trackbook.pipelines.executors.worker import Worker
from trackbook.pipelines.steps.job import StepJob, StepResult, Tell
from trackbook.pipelines.steps.running import variables_of

_KERNEL = "python3"


class LocalExecutor(ThreadedExecutor):
    """Executes steps in worker processes, each notebook in a kernel of its own.

    Kernels are forked from a process that has imported what the notebook imports, on Linux and as long as a fork can't
    be told from a fresh kernel; else they are fresh.

    Parameters
    ----------
    slots
        How many run at once; None is one a core.
    preload
        Modules to import beside those that the notebooks' own statements import.
    """

    def __init__(self, slots: int | None = None, preload: Sequence[str] = ()) -> None:
        super().__init__(slots)
        self._preload = tuple(preload)
        self._parents = WarmParents()
        self._worker_parent = WorkerParent()
        self._workers: list[Worker] = []

    def close(self, *, stop: bool = False) -> None:
        """Wait for what runs, or `stop` it, and end the workers and what their kernels were forked from."""
        super().close(stop=stop)
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()
        self._worker_parent.close()
        self._parents.close()

    def _execute(self, job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        variables = variables_of(job)
        if can_fork():
            self._worker_parent.start()  # which goes on beside the other parent's start
        with self._parent(job, variables) as parent, self._worker() as worker:
            return worker.execute(Order(job=job, variables=variables, parent=parent), tell, should_stop)

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        with self._lock:
            worker = self._workers.pop() if self._workers else None
        if worker is not None and not worker.is_usable:
            worker.close()
            worker = None
        worker = worker or Worker(self._worker_parent if can_fork() else None)
        try:
            yield worker
        finally:
            if worker.is_usable:
                with self._lock:
                    self._workers.append(worker)
            else:
                worker.close()

    @contextlib.contextmanager
    def _parent(self, job: StepJob, variables: dict[str, str]) -> Iterator[str | None]:
        """Give the address of what forks a step's kernel, None if it is to be a fresh one."""
        warmth = self._warmth(job, variables) if can_fork() else None
        if warmth is None:
            yield None
            return
        with contextlib.ExitStack() as stack:
            try:
                parent = stack.enter_context(self._parents.lend(warmth))
            except OSError:  # it did not start, as may a kernel; that will say why
                yield None
            else:
                yield parent.address

    def _warmth(self, job: StepJob, variables: dict[str, str]) -> Warmth | None:
        needs = needs_of(job.notebook, job.folder)
        python = _python_of(job.kernel or needs.kernel or _KERNEL, variables)
        if python is None:
            return None
        return warmth_of(python, job.folder, [*needs.names, *self._preload], variables)


def _python_of(kernel: str, variables: dict[str, str]) -> tuple[str, ...] | None:
    """Return a kernel's interpreter with its options, None if it can't be forked; its variables are added."""
    command = command_of(kernel)
    if command is None or command.has_provisioner:
        return None
    try:
        python = interpreter_of(command.argv)
    except RefusedError:
        return None
    variables |= {name: Template(value).safe_substitute(variables) for name, value in command.variables.items()}
    return python
