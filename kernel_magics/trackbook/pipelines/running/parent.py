"""A pipeline's own run: the parent of its steps' runs, alive as long as the process that drives it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.capture.secrets import redact, redact_value
from trackbook.config import load_settings
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.memory import belongs
from trackbook.pipelines.graph.naming import command_on
from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.state import PIPELINE_TAG, STEP_TAG, tags_of
from trackbook.pipelines.running.kept_steps import STEPS_FILE
from trackbook.pipelines.running.options import RunOptions, options_of
from trackbook.pipelines.running.places import alone
from trackbook.pipelines.steps.abandoned import note_end
from trackbook.pipelines.steps.job import StepJob, StepResult
from trackbook.pipelines.steps.unbegun import note_unbegun
from trackbook.records import Artifact, Failure, JsonValue, RunDetail, RunStatus, Session
from trackbook.records.query import All, Comparison, Condition, Field, Has, Not, Operator, Query, Scope
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.tracking.session import SessionKeeper

RESUMES_TAG = "resumes"
"""Tag of a pipeline's run that goes on from another: the id of that."""
_OPTIONS_FILE = "options.json"
_PAGE = 50


class PipelineRun:
    """The run of a pipeline that is being executed. It is in the store from the beginning.

    Parameters
    ----------
    place
        The folder of the pipeline's executions: only one process at a time begins there.
    resumes
        The run that this one goes on from.
    warn
        Is told, once, if the store can't be written.

    Raises
    ------
    InvalidValueError
        If another process runs this pipeline, unless both were asked for other steps alone.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        store: Store,
        options: RunOptions,
        place: Path,
        warn: Callable[[str], None],
        resumes: RunDetail | None = None,
    ) -> None:
        self._store = store
        settings = load_settings(pipeline.folder, experiment=pipeline.name)
        with alone(place):
            _refuse_second(store, pipeline, options)
            notebook = Notebook(path=pipeline.file, frontend="script", kernel_id=None, folder=pipeline.folder)
            self._keeper = SessionKeeper(lambda: store, notebook, pipeline.folder, settings, Guard(warn), warn)
            self.run = replace(
                self._keeper.new_run(None, redact(pipeline.name), clock.now()),
                parent_id=self._keeper.session.parent_run_id,
            )
            tags = tags_of(pipeline)
            if resumes is not None:
                tags[RESUMES_TAG] = resumes.run.run_id
            self._write(RunChange(run_id=self.run.run_id, run=self.run, tags=tags, params=_params(pipeline)))
            keep_file(store, self.run_id, _OPTIONS_FILE, options.to_text().encode(), "application/json")

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id

    def note_failure(self, job: StepJob, result: StepResult) -> StepResult:
        """See to it that the store has how a step failed or was stopped; return the result with its run.

        A step that ended before its kernel could begin one gets a run that says just that.
        """
        if result.run_id is not None:
            note_end(self._store, result)
            return result
        return note_unbegun(self._keeper, job, result, self.run_id)

    def keep_steps(self, content: bytes) -> None:
        """Keep how the steps stand, in the place of what was kept of that before."""
        kept = Artifact(
            name=STEPS_FILE,
            digest=self._keeper.put_object(content),
            size=len(content),
            media_type="application/json",
        )
        self._write(RunChange(run_id=self.run_id, artifacts=(kept,)))

    def end(self, status: RunStatus, failure: Failure | None = None) -> None:
        """Say how the run ended."""
        environment = self._keeper.environment()
        self.run = replace(
            self.run,
            status=status,
            failure=failure,
            finished_at=clock.now(),
            environment_id=environment.environment_id if environment else None,
        )
        self._write(RunChange(run_id=self.run_id, run=self.run))

    def close(self) -> None:
        """Let go of the store; a run that has not ended is killed."""
        if self.run.status is RunStatus.RUNNING:
            self.end(RunStatus.KILLED)
        self._keeper.close()

    def _write(self, change: RunChange) -> None:
        self._keeper.write(Batch(runs=(change,)))


def keep_file(store: Store, run_id: str, name: str, content: bytes, media_type: str) -> None:
    """Keep a file with a run."""
    kept = Artifact(name=name, digest=store.put_object(content), size=len(content), media_type=media_type)
    store.write(Batch(runs=(RunChange(run_id=run_id, artifacts=(kept,)),)))


def kept_options(store: Store, detail: RunDetail) -> RunOptions:
    """Return what was asked of a pipeline's run.

    Raises
    ------
    InvalidValueError
        If something of it was not kept.
    NotFoundError
        If it is lost.
    """
    kept = next((each for each in detail.artifacts if each.name == _OPTIONS_FILE), None)
    return options_of(store.get_object(kept.digest).decode()) if kept is not None else RunOptions()


def last_run(store: Store, pipeline: Pipeline) -> RunDetail | None:
    """Return the newest run of a pipeline, None if it has none."""
    query = Query(where=_of_pipeline(pipeline.name))
    for offset in itertools.count(0, _PAGE):
        found = store.runs(RunFilter(query=query, limit=_PAGE, offset=offset))
        own = next((each for each in found if belongs(each.tags, pipeline)), None)
        if own is not None or len(found) < _PAGE:
            return own
    return None


def steps_of(store: Store, run_id: str) -> list[RunDetail]:
    """Return the runs of the steps of a pipeline's run, oldest first."""
    return store.runs(RunFilter(parent_id=run_id, query=Query(where=Has(field=_tag(STEP_TAG))), oldest_first=True))


def _refuse_second(store: Store, pipeline: Pipeline, options: RunOptions) -> None:
    """Refuse to run a pipeline that another process runs; what a dead one left behind is killed by itself.

    Other engines run single steps side by side, each by a process of its own.
    """
    is_running = Comparison(field=Field(scope=Scope.RUN, key="status"), operator=Operator.EQUAL, value="RUNNING")
    running = store.runs(RunFilter(query=Query(where=All(conditions=(_of_pipeline(pipeline.name), is_running)))))
    own = [each for each in running if belongs(each.tags, pipeline)]
    found = [each for each in own if not _are_apart(options.only, kept_options(store, each).only)]
    if not found:
        return
    run = found[0].run
    (session,) = store.sessions(ids=[run.session_id])
    raise InvalidValueError(
        f"Pipeline '{pipeline.name}' is being run by {_who(session)} since {run.started_at:%Y-%m-%d %H:%M:%S} UTC (run "
        f"{run.name}). Wait for it, or end that process; then resume with {command_on(pipeline, 'resume')}."
    )


def _are_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether both name steps, and none that is, or is one of, a step of the other."""
    named = [({each, base_of(each)}, each) for each in other]
    is_shared = any(mine in words or base_of(mine) == name for mine in one for words, name in named)
    return bool(one and other) and not is_shared


def _who(session: Session) -> str:
    return f"process {session.process.pid} of {session.user} on {session.process.host}"


def _of_pipeline(name: str) -> Condition:
    is_named = Comparison(field=_tag(PIPELINE_TAG), operator=Operator.EQUAL, value=name)
    return All(conditions=(is_named, Not(condition=Has(field=_tag(STEP_TAG)))))


def _tag(key: str) -> Field:
    return Field(scope=Scope.TAGS, key=key)


def _params(pipeline: Pipeline) -> Mapping[str, JsonValue]:
    """Return the params of all steps, each with its step's name before it; those of ``foreach`` as lists of values."""
    found: dict[str, list[JsonValue]] = {}
    for step in pipeline.steps:
        for name, value in step.params.items():
            values = found.setdefault(f"{base_of(step.name)}.{name}", [])
            if redact_value(name, value) not in values:
                values.append(redact_value(name, value))
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}
