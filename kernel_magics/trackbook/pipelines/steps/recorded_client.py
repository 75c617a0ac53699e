"""papermill's client for a kernel, which asks the kernel to record the notebook's execution as a run."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable
from functools import cached_property
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.iorw import write_ipynb
from traitlets import default

from trackbook.pipelines.steps.abandoned import end_abandoned
from trackbook.pipelines.steps.live_kernels import LiveKernel, forget, note
from trackbook.pipelines.steps.numbering import numbers_of
from trackbook.pipelines.steps.outcomes import describe_death, failure_shown, outcome_of
from trackbook.pipelines.steps.prompt_kernel import PromptKernelManager
from trackbook.pipelines.steps.recording import (
    METRICS_MESSAGE,
    Answer,
    NoAnswerError,
    Said,
    beginning,
    expression,
    metadata,
    read_answer,
)
from trackbook.records import Failure, Outcome

Tell = Callable[..., None]
_BEGIN_SECONDS = 60.0
_END_SECONDS = 90.0  # its recorder may still keep tables and models, for a minute at most
_STUCK_SECONDS = 10.0
_PYTHON = ("python", "ipython", "")


class StoppedError(Exception):
    """The execution was asked to stop."""


class RecordedClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Executes a notebook as papermill does, and has its kernel record it.

    Parameters
    ----------
    nb_man
        papermill's hold on the notebook.
    said
        What the kernel is told of the run.
    tell
        Called with ``event="run"`` and the ``run_id``, ``event="cell"`` before each code cell of the person, the
        ``at``-th ``of`` so many and at ``index`` among all cells, and ``event="metric"`` with ``key``, ``value`` and
        ``step`` when one is written. None: nothing is told.
    kept_at
        The file for the notebook as it is when its kernel dies or is stopped; None if papermill has written it by then.
    **options
        nbclient's.
    """

    def __init__(
        self, nb_man: Any, *, said: Said, tell: Tell | None = None, kept_at: str | None = None, **options: Any
    ) -> None:
        super().__init__(nb_man, **options)
        self._said = said
        self._tell = tell
        self._kept_at = kept_at
        self._answer: Answer | None = None
        self._live = LiveKernel(self)
        self._is_over = False

    @default("kernel_manager_class")
    def _prompt_manager(self) -> type[PromptKernelManager]:
        return PromptKernelManager

    def execute(self, **options: Any) -> Any:
        """Execute the notebook in a kernel that can be stopped from another thread."""
        note(self._live)
        try:
            return super().execute(**options)
        except DeadKernelError:
            if not self._is_over:
                raise
            return self.nb  # all its cells have run, and one of them ended the kernel: quit(), or to free memory
        finally:
            forget(self._live)

    def papermill_execute_cells(self) -> None:
        """Execute the cells, with the recorder around them."""
        try:
            self._begin()
            super().papermill_execute_cells()
        except BaseException as error:
            self._keep()
            self._end_broken(error)
            raise
        else:
            outcome, failure = outcome_of(self.nb)
            self._end(outcome, failure, _END_SECONDS)
            self._is_over = True

    def execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        """Execute a cell; the kernel is told its id and tags."""
        self._raise_if_stopped()
        if self._tell is not None and cell_index in self._numbers:
            self._tell(event="cell", at=self._numbers[cell_index], of=len(self._numbers), index=cell_index)
        tags = list(cell.metadata.get("tags", []))
        self.kc.session.metadata = {"cellId": cell.get("id"), **metadata(tags=tags)}
        try:
            return super().execute_cell(cell, cell_index, **options)
        finally:
            self.kc.session.metadata = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take a message of the kernel; one of ours is none of the cell's."""
        if msg["msg_type"] != METRICS_MESSAGE:
            return super().process_message(msg, cell, cell_index)
        for key, value, step in msg["content"]["metrics"]:
            if self._tell is not None:
                self._tell(event="metric", key=key, value=value, step=step)
        return None

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return numbers_of(self.nb.cells, self._said.path, self.skip_cells_with_tag)

    def _raise_if_stopped(self) -> None:
        if self._live.is_stopped:
            raise StoppedError("It was asked to stop.")

    # The recorder in the kernel

    def _begin(self) -> None:
        self._raise_if_stopped()
        language = getattr(getattr(self.km, "kernel_spec", None), "language", None) or ""
        if language.lower() not in _PYTHON:
            self.log.warning(f"Trackbook records Python; this execution in {language} is not recorded.")
            return
        content = beginning(self._said, wants_metrics=self._tell is not None)
        try:
            self._answer = self._ask("begin", content, _BEGIN_SECONDS)
        except NoAnswerError as error:
            self._raise_if_stopped()
            self.log.warning(f"This execution is not recorded: the kernel has no working Trackbook ({error}).")
            return
        self._pass_on(self._answer)
        if self._tell is not None:
            self._tell(event="run", run_id=self._answer.run_id)

    def _end_broken(self, error: BaseException) -> None:
        """End the run of an execution that did not come to its end, whatever the kernel is at."""
        is_stopped = self._live.is_stopped
        if isinstance(error, DeadKernelError):
            error.args = (describe_death(self.km, is_stopped=is_stopped),)
        failure = Failure(type=type(error).__name__, message=failure_shown(error))
        interrupted = is_stopped or isinstance(error, KeyboardInterrupt | asyncio.CancelledError | DeadKernelError)
        outcome = Outcome.INTERRUPTED if interrupted else Outcome.ERROR
        if self._answer is None:
            return
        if isinstance(error, DeadKernelError):
            self._end_without_kernel(outcome, failure)
            return
        if not isinstance(error, CellExecutionError | StoppedError):
            self._interrupt()  # the cell may still run
        self._end(outcome, failure, _STUCK_SECONDS)

    def _end(self, outcome: Outcome, failure: Failure | None, seconds: float) -> None:
        if self._answer is None:
            return
        if self._live.is_stopped:
            outcome = Outcome.INTERRUPTED
        content = metadata(
            outcome=outcome.value,
            failure={"type": failure.type, "message": failure.message} if failure is not None else None,
            file=self._said.file,
            notebook=self._executed(),
        )
        try:
            self._pass_on(self._ask("end", content, seconds))
        except (NoAnswerError, DeadKernelError, RuntimeError) as error:
            self.log.debug(f"The kernel did not end the run itself: {error}")
            self._end_without_kernel(outcome, failure)

    def _end_without_kernel(self, outcome: Outcome, failure: Failure | None) -> None:
        assert self._answer is not None
        warning = end_abandoned(self._answer, outcome, failure, self._said.file, self._executed())
        if warning:
            self.log.warning(warning)

    def _keep(self) -> None:
        """Write the notebook as it is: when its execution breaks, papermill does not."""
        try:
            if self._kept_at is not None:
                write_ipynb(self._executed(), self._kept_at)
        except OSError as error:
            self.log.warning(f"The executed notebook could not be written to {self._kept_at}: {error}")

    def _interrupt(self) -> None:
        try:
            run_sync(self._async_interrupt)()
        except (RuntimeError, OSError) as error:
            self.log.debug(f"The kernel could not be interrupted: {error}")

    async def _async_interrupt(self) -> None:
        await ensure_async(self.km.interrupt_kernel())

    def _executed(self) -> Any:
        """Return the notebook as it is now; what papermill writes into it when all is over is there already."""
        notebook = copy.deepcopy(self.nb)
        now = self.nb_man.now()
        about = notebook.metadata.setdefault("papermill", {})
        about["end_time"] = now.isoformat()
        about["duration"] = (now - self.nb_man.start_time).total_seconds()
        return notebook

    def _pass_on(self, answer: Answer) -> None:
        for sentence in answer.warnings:
            self.log.warning(sentence)

    async def _async_ask(self, function: str, content: dict[str, object], seconds: float) -> Answer:
        """Ask the kernel something that shows nothing, and return the answer."""
        asked = self._send(function, content)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=min(left, 1.0)))
            except Empty:
                await self._async_check_alive()
                continue
            if reply["parent_header"].get("msg_id") != asked:
                continue
            if reply["content"].get("status") == "aborted":  # as all requests are that wait when a cell fails
                asked = self._send(function, content)
                continue
            return read_answer(reply["content"])
        raise NoAnswerError(f"it did not answer within {seconds:.0f} s")

    def _send(self, function: str, content: dict[str, object]) -> str:
        self.kc.session.metadata = content
        try:
            sent: str = self.kc.execute(
                "",
                silent=True,
                store_history=False,
                user_expressions={"trackbook": expression(function)},
                allow_stdin=False,
            )
        finally:
            self.kc.session.metadata = {}
        return sent

    _ask = run_sync(_async_ask)
