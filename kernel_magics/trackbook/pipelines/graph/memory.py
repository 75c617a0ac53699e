"""What the store knows of a pipeline's steps: what made each succeed last, and what has failed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trackbook.errors import NotFoundError
from trackbook.pipelines.graph.content import file_state, stamp_of
from trackbook.pipelines.graph.state import (
    CURRENT_TAG,
    MARKED_TAG,
    PIPELINE_TAG,
    STEP_TAG,
    FileState,
    StepState,
    VersionState,
    read_state,
    state_artifact,
    state_bytes,
)
from trackbook.records import DatasetVersion, FileRead, ModuleUse, RunDetail, RunStatus, file_key, is_file_key
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.tracking.dataset_names import PATH, is_dataset, split_reference

_MOST_OTHERS = 50  # runs that are looked at beside one of each step


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A step's latest success: the run, and what made it."""

    detail: RunDetail
    state: StepState

    @property
    def is_marked(self) -> bool:
        """Whether nothing ran, and somebody said that it is up to date."""
        return MARKED_TAG in self.detail.tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a session read and published.

    `datasets` are those of which it loaded the latest version. `files` are those that were not its own work,
    `modules` those of the project's own that flowed into its runs.
    """

    datasets: Mapping[str, VersionState]
    files: Mapping[str, FileRead]
    modules: tuple[ModuleUse, ...] = ()


def _of_pipeline(store: Store, pipeline: str, tagged: str, limit: int | None = None) -> list[RunDetail]:
    """Return the runs of a pipeline's steps that have a tag, newest first; a query would load SQLAlchemy for it."""
    found = store.runs(RunFilter(tagged=tagged, limit=limit))
    return [detail for detail in found if detail.tags.get(PIPELINE_TAG) == pipeline and STEP_TAG in detail.tags]


def successes(store: Store, pipeline: str) -> dict[str, Success]:
    """Return each step's latest success, in one question and one object a step."""
    found: dict[str, Success] = {}
    for detail in _of_pipeline(store, pipeline, CURRENT_TAG):
        state = _state(store, detail)
        if state is not None:
            found.setdefault(detail.tags[STEP_TAG], Success(detail=detail, state=state))
    return found


def _state(store: Store, detail: RunDetail) -> StepState | None:
    try:
        return read_state(store.get_object(detail.tags[CURRENT_TAG]))
    except (NotFoundError, ValueError, KeyError, TypeError):  # lost or damaged: then nothing is known, and it runs
        return None


def failures(store: Store, pipeline: str, steps: int) -> dict[str, RunDetail]:
    """Return the latest run of each step that has failed or was killed, of the runs of late."""
    found: dict[str, RunDetail] = {}
    for detail in _of_pipeline(store, pipeline, STEP_TAG, limit=steps + _MOST_OTHERS):
        if detail.run.status in (RunStatus.FAILED, RunStatus.KILLED):
            found.setdefault(detail.tags[STEP_TAG], detail)
    return found


def latest_runs(store: Store, pipeline: str, steps: int) -> dict[str, RunDetail]:
    """Return the latest run of each step, whatever became of it; of one that has not run for long, its last success."""
    found: dict[str, RunDetail] = {}
    recent = _of_pipeline(store, pipeline, STEP_TAG, limit=2 * steps + _MOST_OTHERS)
    for detail in [*recent, *_of_pipeline(store, pipeline, CURRENT_TAG)]:
        found.setdefault(detail.tags[STEP_TAG], detail)
    return found


def latest_versions(store: Store) -> dict[str, DatasetVersion]:
    """Return the latest version of each dataset, in one query."""
    return {each.name: each for each in store.versions()}


def reads_of(store: Store, detail: RunDetail) -> Reads:
    """Return what the session of a run read."""
    executions = store.executions(session_id=detail.run.session_id)
    statements = [statement for execution in executions for statement in execution.statements]
    reads = [file for statement in statements for file in statement.files]
    names = {name for each in statements for name in (*each.writes, *each.reads) if is_file_key(name)}
    own = tuple(name.removeprefix(file_key("")) for name in names)  # another statement wrote what this one reads
    datasets = {}
    for read in reads:
        if is_dataset(read) and read.is_latest and read.digest is not None:
            name, number = split_reference(read.path.removeprefix(PATH))
            datasets[name] = VersionState(version=number or 0, snapshot_id=read.digest)
    files = {
        read.path: read
        for read in reads
        if read.digest is not None and "://" not in read.path and not (own and read.path.endswith(own))
    }
    runs = store.runs(RunFilter(session_id=detail.run.session_id))
    return Reads(datasets=datasets, files=files, modules=tuple(use for each in runs for use in each.modules))


def file_as_read(read: FileRead, started: float) -> FileState | None:
    """Return how a file that was read is remembered, None if it is gone: it was made and removed on the way.

    What `os.stat` says now is trusted if nobody has written the file since a time in seconds since 1970.
    """
    path = Path(read.path)
    stamp = stamp_of(path)
    if not stamp or read.digest is None:
        return None
    if path.stat().st_mtime < started and stamp[0] == read.size:
        return FileState(digest=read.digest, stamp=stamp)
    now = file_state(path)
    return now if now is not None and now.digest == read.digest else FileState(digest=read.digest)


def remember(
    store: Store, pipeline: str, step: str, detail: RunDetail, state: StepState, before: Success | None
) -> Success:
    """Write with its run what made a step succeed, take the note off the run that had it, and return what is kept."""
    content = state_bytes(state)
    digest = store.put_object(content)
    tags = {PIPELINE_TAG: pipeline, STEP_TAG: step, CURRENT_TAG: digest}
    changes = [RunChange(run_id=detail.run.run_id, tags=tags, artifacts=(state_artifact(digest, len(content)),))]
    if before is not None and before.detail.run.run_id != detail.run.run_id:
        changes.append(RunChange(run_id=before.detail.run.run_id, tags={CURRENT_TAG: None}))
    store.write(Batch(runs=changes))
    return Success(detail=replace(detail, tags={**detail.tags, **tags}), state=state)
