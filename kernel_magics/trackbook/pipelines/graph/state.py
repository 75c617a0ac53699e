"""What made a step succeed, as the store keeps it: a file of the step's run, and tags that find that run again.

The run of the success that counts for a step carries `CURRENT_TAG`, with the digest of that file; the ones before lose
it, and stand in that file. So what there is to be read for a plan grows with the steps, not with how often they ran.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.uses import Uses
from trackbook.records import Artifact, JsonValue, encode

PIPELINE_TAG = "pipeline"
"""Tag of a pipeline's run and of the runs of its steps: the pipeline's name."""
STEP_TAG = "step"
"""Tag of a step's run: the step's name."""
FILE_TAG = "pipeline.file"
"""Tag of both: the pipeline's file, or its folder if it has none. Two of one name at two places are two pipelines."""
OPEN_TAG = "pipeline.open"
"""Tag of a step's run until it, or a later one, succeeds: the step's key (`key_of`) when it began."""
CURRENT_TAG = "pipeline.current"
"""Tag of the run whose results are the step's now: the digest of the object with its `StepState`."""
MARKED_TAG = "pipeline.marked"
"""Tag of a run that nothing ran for: somebody marked the step as up to date."""
MOST_EARLIER = 50
"""How many earlier successes of a step are remembered."""
_FILE_NAME = "step-state.json"
_FORMAT = 1
_FILES = ("environment", "modules", "files", "written")
_VERSIONS = ("datasets", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as it was: the SHA-256 of its content, and, where that can be trusted, what `os.stat` said of it.

    `code` is a digest of a module's code without comments and formatting, empty where that is not known.
    """

    digest: str
    stamp: tuple[int, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionState:
    """A version of a dataset: its number and its snapshot."""

    version: int
    snapshot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier success of a step: its key (`key_of`), its run, and the digest of the object with its state."""

    key: str
    run_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """All that a step's result follows from, and what came of it.

    Attributes
    ----------
    cells
        A digest of the code of each code cell, comments and formatting put aside.
    notebook
        The notebook's file, by the digest of the text of its code cells.
    made_by
        The run that really made the result; somebody who marks a step leaves that as it is.
    params, kernel
        As they were given.
    own_kernel
        The kernel that the notebook names.
    environment
        The file that declares the packages, by its path.
    modules
        Files of the project's own that it imported, by path.
    datasets, files
        What it read: the latest versions of datasets by name, files by path.
    published
        The versions that it made, by name.
    written
        The files of the project that were written while it ran and are still there, by path.
    knows_written
        Whether those are all that there were; a project may have too many files to look at.
    removed
        Files that steps before it had written, and that were gone when it had run.
    needs
        What `made_by` was of the steps that it needs, where nothing that it read shows what they did to it.
    uses
        What its code was found to publish and load.
    earlier
        The successes before this one, the newest first.
    """

    cells: tuple[str, ...]
    notebook: FileState
    made_by: str
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    kernel: str | None = None
    own_kernel: str | None = None
    environment: Mapping[str, FileState] = field(default_factory=dict)
    modules: Mapping[str, FileState] = field(default_factory=dict)
    datasets: Mapping[str, VersionState] = field(default_factory=dict)
    files: Mapping[str, FileState] = field(default_factory=dict)
    published: Mapping[str, VersionState] = field(default_factory=dict)
    written: Mapping[str, FileState] = field(default_factory=dict)
    knows_written: bool = False
    removed: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    earlier: tuple[Earlier, ...] = ()

    @property
    def key(self) -> str:
        """What the step is made of, in one word."""
        environment = {name: each.digest for name, each in self.environment.items()}
        return key_of(self.cells, self.params, self.kernel or self.own_kernel, environment)


def tags_of(pipeline: Pipeline, step: str | None = None) -> dict[str, str]:
    """Return the tags by which the run of a pipeline, or of a step of it, is known."""
    tags = {PIPELINE_TAG: pipeline.name, FILE_TAG: place_of(pipeline)}
    return tags if step is None else {**tags, STEP_TAG: step}


def place_of(pipeline: Pipeline) -> str:
    """Return where a pipeline is: its file, or its folder if it has none."""
    return os.path.abspath(pipeline.file or pipeline.folder)


def key_of(
    cells: Sequence[str], params: Mapping[str, JsonValue], kernel: str | None, environment: Mapping[str, str]
) -> str:
    """Return a digest of what a step is made of: its code, its params, its kernel, its environment file by digest."""
    parts = [list(cells), {name: encode(value) for name, value in params.items()}, kernel, dict(environment)]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()


def state_bytes(state: StepState) -> bytes:
    """Return a state as the store keeps it."""
    return json.dumps({"format": _FORMAT, **asdict(state)}, sort_keys=True, default=sorted).encode()


def state_artifact(digest: str, size: int) -> Artifact:
    """Return how a run names its state; a run that is marked again has another one."""
    return Artifact(name=f"{digest[:8]}-{_FILE_NAME}", digest=digest, size=size, media_type="application/json")


def read_state(content: bytes) -> StepState | None:
    """Return the state that `state_bytes` wrote; None for one of a later Trackbook, which says nothing to this one."""
    found = json.loads(content)
    if found.pop("format", None) != _FORMAT:
        return None
    for key in _FILES:
        found[key] = {name: _file(each) for name, each in found.get(key, {}).items()}
    for key in _VERSIONS:
        found[key] = {name: VersionState(**each) for name, each in found[key].items()}
    found |= {"cells": tuple(found["cells"]), "notebook": _file(found["notebook"]), "uses": _uses(found["uses"])}
    found |= {"removed": tuple(found.get("removed", ()))}
    found |= {"earlier": tuple(Earlier(**each) for each in found.get("earlier", ()))}
    return StepState(**found)


def _file(found: Mapping[str, Any]) -> FileState:
    return FileState(digest=found["digest"], stamp=tuple(found["stamp"]), code=found.get("code", ""))


def _uses(found: Mapping[str, Any]) -> Uses:
    told = {key: tuple(value) for key, value in found.items() if key != "maybe"}
    return Uses(maybe=frozenset(found["maybe"]), **told)
