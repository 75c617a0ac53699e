"""What a step reads, beside what it read when it last succeeded: datasets by version, files by content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from trackbook.pipelines.graph.content import is_same
from trackbook.pipelines.graph.state import StepState, VersionState
from trackbook.records import DatasetVersion

Latest = Mapping[str, DatasetVersion]


def input_changes(state: StepState, latest: Latest, folder: Path) -> Iterator[str]:
    """Yield which of the datasets and files that a step read, or of those that it published, are others now.

    Parameters
    ----------
    state
        Of its last success.
    latest
        The latest version of each dataset.
    folder
        Where paths in the state begin.
    """
    for name, read in state.datasets.items():
        change = _change(read, latest.get(name), state.published.get(name))
        if change:
            yield f"input {name}: {change}"
    for name, was in state.files.items():
        path = folder / name
        if not path.exists():
            yield f"file {name} is gone"
        elif not is_same(path, was):
            yield f"file {name} changed"
    for name, made in state.published.items():
        change = _change(made, latest.get(name), None)
        if change:
            yield f"output {name}: {change}"


def _change(was: VersionState, now: DatasetVersion | None, own: VersionState | None) -> str | None:
    """Return from which version to which a dataset has changed; what the step published itself is no change."""
    if now is None:
        return f"version {was.version} -> none"
    if now.snapshot_id in (was.snapshot_id, own.snapshot_id if own is not None else None):
        return None
    return f"version {was.version} -> {now.version}"
