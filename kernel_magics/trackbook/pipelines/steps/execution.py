"""Executes one step in this process, by papermill: what a step's own process does, and what workers do again and again.

papermill changes the working folder of the whole process, so a process executes one step at a time.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import DeadKernelError
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from trackbook.capture.secrets import redact_shown, redact_value
from trackbook.pipelines.steps.injected import inject_after_params
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus, Tell
from trackbook.pipelines.steps.kernels import PYTHON_KERNEL, installed_kernels, unknown_kernel
from trackbook.pipelines.steps.live_kernels import is_stopping
from trackbook.pipelines.steps.outcomes import failure_shown, read_error
from trackbook.pipelines.steps.papermill_engine import TrackbookEngine
from trackbook.pipelines.steps.params import made_lines, read_params
from trackbook.pipelines.steps.recorded_client import StoppedError
from trackbook.pipelines.steps.redacted_file import redact_files_in

ENGINE = "trackbook"
_KNOWN_ALREADY = ("Passed unknown parameter", "Input notebook does not contain")
"""What papermill warns of by its own reading of the parameters cell; they are checked by ours before."""


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What an execution has told so far."""

    run_id: str | None = None
    at: int | None = None
    numbers: dict[int, int] = field(default_factory=dict)


def execute_job(job: StepJob, tell: Tell, **options: Any) -> StepResult:
    """Execute a step here and return what became of it; whatever goes wrong is in the result.

    Parameters
    ----------
    job
        What to execute.
    tell
        Called with what happens, in this thread.
    **options
        For papermill's engine, such as ``kernel_manager_class``.
    """
    began = time.monotonic()
    heard = _Heard()
    try:
        with _warnings_told(job.name, tell):
            _execute(job, _listener(job.name, tell, heard), options)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # whatever the kernel, papermill or the disk raise
        result = _without_secrets(job, _broken(job, error, heard))
    else:
        result = StepResult(name=job.name, status=StepStatus.FINISHED, run_id=heard.run_id)
    return _timed(result, began)


def _execute(job: StepJob, listen: Callable[..., None], options: Mapping[str, Any]) -> None:
    papermill_engines.register(ENGINE, TrackbookEngine)
    folder = os.path.abspath(job.folder)
    target = Path(os.path.abspath(job.output))
    target.parent.mkdir(parents=True, exist_ok=True)
    if job.hides_secrets:
        redact_files_in(str(target.parent))
    inject_after_params(made_lines(read_params(job.notebook), job.params) if job.params else [])
    papermill.execute_notebook(
        _as_it_is(os.path.abspath(job.notebook)),
        _as_it_is(str(target)),
        parameters=dict(job.params),
        engine_name=ENGINE,
        progress_bar=False,
        cwd=folder,
        run_name=job.name,
        run_tags=dict(job.tags),
        store=job.store,
        experiment=job.experiment,
        parent_run_id=job.parent_run_id,
        tell=listen,
        kept_at=str(target),
        **kernel_and_language(job.notebook, job.kernel),
        **options,
    )


def kernel_and_language(notebook: Path, kernel: str | None) -> dict[str, str]:
    """Return what papermill has to be told of a notebook that does not say it: many say neither kernel nor language."""
    try:
        about = json.loads(notebook.read_bytes())["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        about = {}  # papermill will say what is wrong with it
    spec, language = about.get("kernelspec") or {}, about.get("language_info") or {}
    found = {}
    if kernel or not spec.get("name"):
        found["kernel_name"] = kernel or PYTHON_KERNEL
    if not language.get("name") and not spec.get("language"):
        found["language"] = "python"
    return found


def _as_it_is(path: str) -> str:
    """Return a path that papermill, to which braces are places for params, takes as it is."""
    return path.replace("{", "{{").replace("}", "}}")


def _listener(name: str, tell: Tell, heard: _Heard) -> Callable[..., None]:
    def listen(**event: Any) -> None:
        if event["event"] == "run":
            heard.run_id = event["run_id"]
            tell(StepEvent(name=name, run_id=heard.run_id))
        elif event["event"] == "cell":
            heard.at = heard.numbers[event["index"]] = event["at"]
            tell(StepEvent(name=name, cell=event["at"], cells=event["of"]))
        else:
            tell(StepEvent(name=name, metric=event["key"], value=event["value"], step=event["step"]))

    return listen


def _broken(job: StepJob, error: BaseException, heard: _Heard) -> StepResult:
    is_stopped = isinstance(error, StoppedError | KeyboardInterrupt) or is_stopping()
    status = StepStatus.STOPPED if is_stopped else StepStatus.FAILED
    if isinstance(error, PapermillExecutionError):
        found = read_error(error.cell_index, error.source, error.ename, error.evalue, error.traceback)
        return StepResult(
            name=job.name,
            status=status,
            run_id=heard.run_id,
            failed_cell=heard.numbers.get(error.cell_index, heard.at),
            error=found.name,
            message=found.message,
            line=found.line,
            source_line=found.source_line,
        )
    return StepResult(
        name=job.name,
        status=status,
        run_id=heard.run_id,
        failed_cell=heard.at if isinstance(error, DeadKernelError) else None,
        error=type(error).__name__,
        message=_sentence(error),
    )


def _without_secrets(job: StepJob, result: StepResult) -> StepResult:
    """Return a result whose texts hold no credentials: they are printed, and kept with a pipeline's run."""
    for name, value in job.params.items():
        redact_value(name, value)  # from now on the value is known, wherever it stands
    message = redact_shown(result.message) if result.message is not None else None
    source_line = redact_shown(result.source_line) if result.source_line is not None else None
    return replace(result, message=message, source_line=source_line)


def _sentence(error: BaseException) -> str:
    if isinstance(error, NoSuchKernel):
        return unknown_kernel(str(error.name), installed_kernels())
    return failure_shown(error)


def _timed(result: StepResult, began: float) -> StepResult:
    return replace(result, seconds=time.monotonic() - began)


class _Told(logging.Handler):
    """Hands on what papermill and its client warn of."""

    def __init__(self, name: str, tell: Tell) -> None:
        super().__init__(logging.WARNING)
        self._step, self._tell = name, tell

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno == logging.WARNING and not text.startswith(_KNOWN_ALREADY):
            self._tell(StepEvent(name=self._step, warning=text))


@contextmanager
def _warnings_told(name: str, tell: Tell) -> Iterator[None]:
    handler, was_passed_on = _Told(name, tell), logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = was_passed_on
