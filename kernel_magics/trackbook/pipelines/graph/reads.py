"""What the run of a step read: datasets by version, files by content, modules of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trackbook.pipelines.graph.content import file_state, stamp_of
from trackbook.pipelines.graph.state import FileState, VersionState
from trackbook.records import FileRead, ModuleUse, RunDetail, file_key, is_file_key
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.dataset_names import PATH, is_dataset, split_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a session read and published.

    `datasets` are those of which it loaded the latest version. `files` are those that were not its own work,
    `modules` those of the project's own that flowed into its runs.
    """

    datasets: Mapping[str, VersionState]
    files: Mapping[str, FileRead]
    modules: tuple[ModuleUse, ...] = ()


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
