"""Makes the run of a step that failed before its kernel could begin one: a failure is on record like a success."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.capture.secrets import redact, redact_value
from trackbook.config import Settings
from trackbook.pipelines.steps.abandoned import failure_of_result
from trackbook.pipelines.steps.job import StepJob, StepResult, StepStatus
from trackbook.records import RunStatus
from trackbook.store.contract import Batch, RunChange, Store
from trackbook.tracking.session import SessionKeeper

_TOO_EARLY = "No cell had begun: its kernel was still starting."


def note_unbegun(keeper: SessionKeeper, job: StepJob, result: StepResult, parent_id: str | None) -> StepResult:
    """Write a run that says how a step failed which has none; return the result with that run.

    Parameters
    ----------
    keeper
        The session that the run is of.
    parent_id
        The run that it is a child of.
    """
    if result.is_late and result.failed_cell is None:
        result = replace(result, message=f"{result.message} {_TOO_EARLY}")
    now = clock.now()
    run = replace(
        keeper.new_run(None, redact(job.name), now - timedelta(seconds=result.seconds)),
        parent_id=parent_id,
        status=RunStatus.KILLED if result.status is StepStatus.STOPPED and not result.is_late else RunStatus.FAILED,
        failure=failure_of_result(result),
        finished_at=now,
    )
    params = {name: redact_value(name, value) for name, value in job.params.items()}
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, tags=job.tags, params=params),)))
    return replace(result, run_id=run.run_id)


def note_unbegun_alone(
    job: StepJob, result: StepResult, settings: Settings, open_store: Callable[[], Store], warn: Callable[[str], None]
) -> StepResult:
    """Do the same for a step that no pipeline runs, in a session of the notebook's own.

    Parameters
    ----------
    settings
        As they hold in the step's folder.
    open_store
        Opens the store that its kernel would have written to; made if there is none.
    warn
        Is told, once, if the store can't be written.
    """
    path = Path(job.notebook).absolute()
    notebook = Notebook(path=path, frontend="papermill", kernel_id=None, folder=job.folder.absolute())
    keeper = SessionKeeper(open_store, notebook, job.folder, settings, Guard(warn), warn)
    try:
        return note_unbegun(keeper, job, result, job.parent_run_id or keeper.session.parent_run_id)
    finally:
        keeper.close()
