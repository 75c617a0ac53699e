"""What an earlier run of a step has read: the best sign of what it will read."""

from __future__ import annotations

from collections.abc import Iterator

from trackbook.pipelines.graph.state import PIPELINE_TAG, STEP_TAG
from trackbook.pipelines.steps.job import StepJob
from trackbook.records import FileRead, RunDetail
from trackbook.store.contract import RunFilter, Store

_MOST_LOOKED_AT = 200


def earlier_run(job: StepJob, store: Store) -> RunDetail | None:
    """Return the newest run of a pipeline's step, None if it has none; a notebook alone has no earlier run."""
    step, pipeline = job.tags.get(STEP_TAG), job.tags.get(PIPELINE_TAG)
    found = store.runs(RunFilter(tagged=STEP_TAG, limit=_MOST_LOOKED_AT)) if step is not None else []
    mine = (each for each in found if (each.tags.get(STEP_TAG), each.tags.get(PIPELINE_TAG)) == (step, pipeline))
    return next(mine, None)


def reads_of(store: Store, detail: RunDetail) -> Iterator[FileRead]:
    """Yield what the session of a run read: files, and versions of datasets."""
    for execution in store.executions(session_id=detail.run.session_id):
        for statement in execution.statements:
            yield from statement.files
