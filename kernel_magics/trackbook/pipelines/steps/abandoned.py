"""Ends the run of an execution whose kernel can't do that itself any more: it died, or doesn't answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trackbook import clock
from trackbook.capture.secrets import redact_shown
from trackbook.pipelines.steps.recording import Answer
from trackbook.records import Artifact, Failure, Outcome, RunStatus
from trackbook.store.contract import Batch, RunChange, RunFilter
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
