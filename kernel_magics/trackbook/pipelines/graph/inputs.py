"""What a step reads and makes, beside what it did in a success of it: datasets by version, files by content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from trackbook.pipelines.graph.content import is_same, stamp_of
from trackbook.pipelines.graph.state import FileState, StepState, VersionState

Latest = Mapping[str, VersionState]


def input_changes(state: StepState, latest: Latest, folder: Path) -> Iterator[str]:
    """Yield which of the datasets and files that a step read are others now; what it made of them itself is no change.

    Parameters
    ----------
    state
        Of a success.
    latest
        The latest version of each dataset.
    folder
        Where paths in the state begin.
    """
    for name, read in state.datasets.items():
        change = _change(read, latest.get(name), state.published.get(name))
        if change:
            yield f"input {name}: {change}"
    rewritten = rewritten_inputs(state)
    for name, was in state.files.items():
        path, own = folder / name, rewritten.get(name)
        if is_same(path, was) or (own is not None and is_same(path, own)):
            continue
        if not path.exists():
            yield f"file {name} is gone"
        else:
            yield f"file {name} changed" + (" since the step itself wrote it" if own is not None else "")


def rewritten_inputs(state: StepState) -> dict[str, FileState]:
    """Return the files that a step read and then wrote anew, as it left them: it would not read the same again."""
    both = state.files.keys() & state.written.keys()
    return {
        name: state.written[name] for name in sorted(both) if state.written[name].digest != state.files[name].digest
    }


def output_changes(state: StepState, latest: Latest, folder: Path, removed: Collection[str]) -> Iterator[str]:
    """Yield which of the datasets that a step published are others now, and which of the files that it wrote are gone.

    What became of a file is its readers' business. `removed` are the files that steps after it take away.
    """
    for name, made in state.published.items():
        change = _change(made, latest.get(name), None)
        if change:
            yield f"output {name}: {change}"
    yield from (
        f"output {name} is gone" for name in state.written if name not in removed and not stamp_of(folder / name)
    )


def has_its_files(state: StepState, folder: Path) -> bool:
    """Return whether every file that a step wrote is there as it left it."""
    return state.knows_written and all(is_same(folder / name, was) for name, was in state.written.items())


def _change(was: VersionState, now: VersionState | None, own: VersionState | None) -> str | None:
    """Return from which version to which a dataset has changed; what the step published itself is no change."""
    if now is None:
        return f"version {was.version} -> none"
    if now.snapshot_id in (was.snapshot_id, own.snapshot_id if own is not None else None):
        return None
    return f"version {was.version} -> {now.version}"
