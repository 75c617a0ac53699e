"""What the store knows of a pipeline's steps: what made each succeed, and what has not come to an end since.

A pipeline is known by its name and by where its file is. What a pipeline of that name did whose file is no longer there
counts too: the folder was moved, or it was another machine's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from trackbook import clock
from trackbook.errors import NotFoundError
from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.state import (
    CURRENT_TAG,
    FILE_TAG,
    MARKED_TAG,
    MOST_EARLIER,
    OPEN_TAG,
    PIPELINE_TAG,
    STEP_TAG,
    Earlier,
    StepState,
    VersionState,
    place_of,
    read_state,
    state_artifact,
    state_bytes,
    tags_of,
)
from trackbook.records import DatasetVersion, RunDetail
from trackbook.store.contract import Batch, RunChange, RunFilter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A step's success: the run, and what made it."""

    detail: RunDetail
    state: StepState

    @property
    def is_marked(self) -> bool:
        """Whether nothing ran, and somebody said that it is up to date."""
        return MARKED_TAG in self.detail.tags


def belongs(tags: Mapping[str, str], pipeline: Pipeline) -> bool:
    """Return whether a run with some tags is of a pipeline; one that does not say where its file is may be."""
    if tags.get(PIPELINE_TAG) != pipeline.name:
        return False
    place = tags.get(FILE_TAG)
    return place is None or place == place_of(pipeline) or not os.path.exists(place)


def _steps_of(store: Store, pipeline: Pipeline, tagged: str) -> list[RunDetail]:
    """Return the runs of a pipeline's steps that have a tag, newest first; a query would load SQLAlchemy for it."""
    found = store.runs(RunFilter(tagged=tagged))
    return [detail for detail in found if STEP_TAG in detail.tags and belongs(detail.tags, pipeline)]


def successes(store: Store, pipeline: Pipeline) -> dict[str, Success]:
    """Return the success of each step that counts now, in one question and one object a step."""
    found: dict[str, Success] = {}
    for detail in _steps_of(store, pipeline, CURRENT_TAG):
        state = _state(store, detail.tags[CURRENT_TAG])
        if state is not None:
            found.setdefault(detail.tags[STEP_TAG], Success(detail=detail, state=state))
    return found


def _state(store: Store, digest: str) -> StepState | None:
    try:
        return read_state(store.get_object(digest))
    except (NotFoundError, ValueError, KeyError, TypeError):  # lost or damaged: then nothing is known, and it runs
        return None


def earlier_success(store: Store, earlier: Earlier) -> Success | None:
    """Return a success that another one came after; None if its run is gone, or what made it."""
    state = _state(store, earlier.digest)
    details = store.runs(RunFilter(ids=[earlier.run_id])) if state is not None else []
    return Success(detail=details[0], state=state) if state is not None and details else None


def open_runs(store: Store, pipeline: Pipeline) -> dict[str, list[RunDetail]]:
    """Return the runs of each step that no success of it came after, newest first."""
    found: dict[str, list[RunDetail]] = {}
    for detail in _steps_of(store, pipeline, OPEN_TAG):
        found.setdefault(detail.tags[STEP_TAG], []).append(detail)
    return found


def latest_runs(store: Store, pipeline: Pipeline) -> dict[str, RunDetail]:
    """Return the latest run of each step that counts: that of its success, or one since that has not succeeded."""
    found = {name: success.detail for name, success in successes(store, pipeline).items()}
    for name, runs in open_runs(store, pipeline).items():
        if name not in found or found[name].run.started_at < runs[0].run.started_at:
            found[name] = runs[0]
    return found


def latest_versions(store: Store) -> dict[str, VersionState]:
    """Return the latest version of each dataset, in one query."""
    return {each.name: version_state(each) for each in store.versions()}


def latest_of(store: Store, names: Iterable[str]) -> dict[str, VersionState]:
    """Return the latest versions of some datasets; those that there are not are left out."""
    return {name: version_state(versions[-1]) for name in names if (versions := store.versions(name))}


def version_state(version: DatasetVersion) -> VersionState:
    """Return what is remembered of a version."""
    return VersionState(version=version.version, snapshot_id=version.snapshot_id)


def remember(
    store: Store, pipeline: Pipeline, step: str, detail: RunDetail, state: StepState, before: Success | None
) -> Success:
    """Write with its run what made a step succeed, and return what is kept; what was open of the step no longer is.

    The success before this one is remembered as an earlier one.
    """
    state = replace(state, earlier=_earlier(detail, state, before))
    content = state_bytes(state)
    digest = store.put_object(content)
    run_id = detail.run.run_id
    tags = {**tags_of(pipeline, step), CURRENT_TAG: digest}
    artifacts = (state_artifact(digest, len(content)),)
    closed = [each.run.run_id for each in open_runs(store, pipeline).get(step, ())]
    changes = [RunChange(run_id=run_id, tags=tags, artifacts=artifacts)]
    changes += [RunChange(run_id=each, tags={OPEN_TAG: None}) for each in closed]
    if before is not None and before.detail.run.run_id != run_id:
        changes.append(RunChange(run_id=before.detail.run.run_id, tags={CURRENT_TAG: None}))
    store.write(Batch(runs=changes))
    kept = {key: value for key, value in detail.tags.items() if key != OPEN_TAG}
    return Success(detail=replace(detail, tags={**kept, **tags}), state=state)


def _earlier(detail: RunDetail, state: StepState, before: Success | None) -> tuple[Earlier, ...]:
    """Return the successes before this one, each run once."""
    if before is None:
        return state.earlier
    run = before.detail
    newest = Earlier(key=before.state.key, run_id=run.run.run_id, digest=run.tags[CURRENT_TAG])
    found: dict[str, Earlier] = {}
    for each in (newest, *before.state.earlier):
        found.setdefault(each.run_id, each)
    found.pop(detail.run.run_id, None)
    return tuple(found.values())[:MOST_EARLIER]


def republish(store: Store, name: str, version: VersionState) -> VersionState:
    """Make what a version of a dataset holds the latest one again, and return that."""
    made = next(each for each in store.versions(name) if each.version == version.version)
    return version_state(store.publish(replace(made, version=0, made_at=clock.now())))
