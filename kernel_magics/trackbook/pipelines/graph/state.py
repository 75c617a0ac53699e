"""What made a step succeed, as the store keeps it: a file of the step's run, and tags that find that run again.

The run of each step's latest success carries `CURRENT_TAG`, with the digest of that file; the ones before lose it. So
what there is to be read for a plan grows with the steps, and not with how often they ran.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trackbook.pipelines.graph.reading import Uses
from trackbook.records import Artifact, JsonValue

PIPELINE_TAG = "pipeline"
"""Tag of a pipeline's run and of the runs of its steps: the pipeline's name."""
STEP_TAG = "step"
"""Tag of a step's run: the step's name."""
CURRENT_TAG = "pipeline.current"
"""Tag of the run that is a step's latest success: the digest of the object with its `StepState`."""
MARKED_TAG = "pipeline.marked"
"""Tag of a run that nothing ran for: somebody marked the step as up to date."""
_FILE_NAME = "step-state.json"
_FORMAT = 1
_FILES = ("environment", "modules", "files")
_VERSIONS = ("datasets", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as it was: the SHA-256 of its content, and, where that can be trusted, what `os.stat` said of it."""

    digest: str
    stamp: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionState:
    """A version of a dataset: its number and its snapshot."""

    version: int
    snapshot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """All that a step's result follows from.

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
    needs
        What `made_by` was of the steps that it needs, where nothing that it read shows what they did to it.
    uses
        What its code was found to publish and load.
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
    needs: Mapping[str, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)


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
        found[key] = {name: _file(each) for name, each in found[key].items()}
    for key in _VERSIONS:
        found[key] = {name: VersionState(**each) for name, each in found[key].items()}
    found |= {"cells": tuple(found["cells"]), "notebook": _file(found["notebook"]), "uses": _uses(found["uses"])}
    return StepState(**found)


def _file(found: Mapping[str, Any]) -> FileState:
    return FileState(digest=found["digest"], stamp=tuple(found["stamp"]))


def _uses(found: Mapping[str, Any]) -> Uses:
    told = {key: tuple(value) for key, value in found.items() if key != "maybe"}
    return Uses(maybe=frozenset(found["maybe"]), **told)
