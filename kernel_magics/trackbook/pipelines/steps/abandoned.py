"""Ends the run of an execution where its kernel can't: it died, doesn't answer, or can't know why it was stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trackbook import clock
from trackbook.capture.secrets import redact_shown
from trackbook.pipelines.steps.job import StepResult, StepStatus
from trackbook.pipelines.steps.recording import Answer
from trackbook.records import Artifact, Failure, Outcome, RunStatus
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.store.location import open_store
from trackbook.tracking.executed_notebook import executed_notebook


def end_abandoned(answer: Answer, outcome: Outcome, failure: Failure | None, file: str, notebook: Any) -> str | None:
    """Write how an execution ended, with its notebook; return a sentence if that can't be done.

    Parameters
    ----------
    answer
        What the kernel had said of the run.
    file
        The name that the notebook is kept by.
    """
    if answer.location is None:
        return None
    status = RunStatus.KILLED if outcome is Outcome.INTERRUPTED else RunStatus.FAILED
    try:
        store = open_store(answer.location, create=False)
        try:
            found = store.runs(RunFilter(ids=(answer.run_id,)))
            if not found:
                return None
            name, content, media_type = executed_notebook(file, notebook)
            kept = Artifact(name=name, digest=store.put_object(content), size=len(content), media_type=media_type)
            redacted = replace(failure, message=redact_shown(failure.message)) if failure is not None else None
            run = replace(found[0].run, status=status, failure=redacted, finished_at=clock.now())
            store.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, artifacts=(kept,)),)))
        finally:
            store.close()
    except Exception as error:  # noqa: BLE001  a fault of ours is none of the notebook's
        return f"How the execution ended could not be written to the store: {error}"
    return None


def note_end(store: Store, result: StepResult) -> None:
    """Write with a step's run that it took too long, was stopped or lost its process, if its kernel could not."""
    status = RunStatus.FAILED if result.is_late else RunStatus.KILLED
    if result.run_id is None or not (result.status is StepStatus.STOPPED or result.is_vanished):
        return
    for detail in store.runs(RunFilter(ids=(result.run_id,))):
        if status is RunStatus.KILLED and detail.run.is_stopped:
            continue  # its kernel has said so, and where it was
        ended = replace(
            detail.run,
            status=status,
            failure=failure_of_result(result),
            finished_at=detail.run.finished_at or clock.now(),
        )
        store.write(Batch(runs=(RunChange(run_id=ended.run_id, run=ended),)))


def failure_of_result(result: StepResult) -> Failure:
    """Return why a step failed, as its run has it: without credentials, and with the cell where no error shows it."""
    message = redact_shown(result.message or "")
    if (result.is_late or result.is_vanished) and result.failed_cell is not None:
        message = f"{message.rstrip('.')}, in cell {result.failed_cell}."
    return Failure(type=result.error or "Failed", message=message)
