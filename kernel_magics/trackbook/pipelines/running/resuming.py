"""Going on from the last run of a pipeline: what was asked of it, and which of its steps need not run again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from trackbook.errors import NotFoundError
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.naming import command_on
from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.state import STEP_TAG
from trackbook.pipelines.running.options import RunOptions
from trackbook.pipelines.running.parent import RESUMES_TAG, kept_options, last_run, steps_of
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What to go on from: the last run, what was asked of it, and the steps that succeeded in it or before it."""

    last: RunDetail
    options: RunOptions
    done: frozenset[str]

    @property
    def is_over(self) -> bool:
        """Whether the last run came to its end, so that there is nothing to go on with."""
        return self.last.run.status is RunStatus.FINISHED

    def pipeline(self, pipeline: Pipeline) -> Pipeline:
        """Return the pipeline with every step that has succeeded allowed to stand, also those that are not cached."""
        steps = (replace(step, is_cached=step.is_cached or step.name in self.done) for step in pipeline.steps)
        return replace(pipeline, steps=tuple(steps))


def resumption(store: Store, pipeline: Pipeline) -> Resumption:
    """Return what to go on from.

    Raises
    ------
    NotFoundError
        If the pipeline has not been run.
    InvalidValueError
        If something that was asked of it was not kept.
    """
    last = last_run(store, pipeline)
    if last is None:
        raise NotFoundError(
            f"Pipeline '{pipeline.name}' has not been run in {store.location}. Run it: {command_on(pipeline, 'run')}."
        )
    options = kept_options(store, last)
    done = frozenset(_done(store, last))
    return Resumption(
        last=last,
        options=replace(options, force=tuple(_still_forced(pipeline, options.force, done))),
        done=done,
    )


def _still_forced(pipeline: Pipeline, force: Collection[str], done: Collection[str]) -> Iterator[str]:
    """Yield the steps that were forced and have not succeeded; a name that means nothing any more stays, to be told."""
    for name in force:
        meant = [step.name for step in pipeline.steps if name in (step.name, base_of(step.name))]
        yield from (each for each in meant or [name] if each not in done)


def _done(store: Store, last: RunDetail) -> Iterator[str]:
    """Yield the steps that succeeded in a run, and in those that it went on from."""
    run: RunDetail | None = last
    while run is not None:
        for step in steps_of(store, run.run.run_id):
            if step.run.status is RunStatus.FINISHED:
                yield step.tags[STEP_TAG]
        earlier = run.tags.get(RESUMES_TAG)
        run = next(iter(store.runs(RunFilter(ids=[earlier]))), None) if earlier else None
