"""What is taken down of a step that has succeeded: what it was, what its run read, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trackbook.pipelines.graph.content import file_state, module_state, stamp_of
from trackbook.pipelines.graph.facts import StepFacts
from trackbook.pipelines.graph.memory import Success
from trackbook.pipelines.graph.needs import Graph
from trackbook.pipelines.graph.reads import Reads, file_as_read
from trackbook.pipelines.graph.state import MARKED_TAG, FileState, StepState, VersionState
from trackbook.pipelines.graph.written import files_written
from trackbook.records import FileRead, RunDetail

_SLACK_SECONDS = 1.0  # what a file system's clock may be behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Noting:
    """One step that has succeeded, with all that is known when it has.

    Attributes
    ----------
    facts
        What it is.
    begun
        What it was when it began.
    detail, reads
        Its run, and what that read.
    published
        The versions that it made.
    graph, successes
        What the steps need, and what made each of them succeed.
    store_folder
        Where nothing that lies there is a step's.
    """

    facts: StepFacts
    begun: StepState
    detail: RunDetail
    reads: Reads
    published: Mapping[str, VersionState]
    graph: Graph
    successes: Mapping[str, Success]
    store_folder: Path

    def state(self) -> StepState:
        """Return what is to be kept."""
        read = {self.facts.name_of(Path(path)): self._as_read(each) for path, each in self.reads.files.items()}
        files = {path: found for path, found in read.items() if found is not None}
        written = self._written(files)
        return replace(
            self.begun,
            modules={**self._modules(), **self.begun.modules},
            datasets=self.reads.datasets,
            files=files,
            published=self.published,
            written=written or {},
            knows_written=written is not None,
            removed=self._removed(),
            needs=dict(self._unseen_needs()),
        )

    def _as_read(self, read: FileRead) -> FileState | None:
        return file_as_read(read, self.detail.run.started_at.timestamp() - _SLACK_SECONDS)

    def _modules(self) -> dict[str, FileState]:
        """Return the modules that the run knows, wherever in the project they are."""
        if not self.reads.modules:
            return {}
        root = self._root()
        paths = {root / use.path: use.digest for use in self.reads.modules}
        return {self.facts.name_of(path): _module(path, digest) for path, digest in paths.items() if path.is_file()}

    def _root(self) -> Path:
        from trackbook.capture.modules import project_root

        return project_root(self.facts.path.parent)

    def _written(self, read: Mapping[str, FileState]) -> dict[str, FileState] | None:
        """Return the files that were written while it ran, None if they can't be told; what it read stays that."""
        paths = self._marked() if MARKED_TAG in self.detail.tags else self._changed()
        if paths is None:
            return None
        found = {self.facts.name_of(path): state for path in paths if (state := file_state(path)) is not None}
        return {name: state for name, state in found.items() if name not in read or read[name].digest != state.digest}

    def _changed(self) -> list[Path] | None:
        run = self.detail.run
        if run.finished_at is None:
            return None
        began, ended = run.started_at.timestamp(), run.finished_at.timestamp()
        return files_written(self._root(), began, ended, (self.store_folder,))

    def _marked(self) -> list[Path] | None:
        """Return the files that the step wrote when it last ran: now nothing did."""
        before = self.facts.before
        if before is None or not before.knows_written:
            return None
        return [self.facts.pipeline.folder / name for name in before.written]

    def _removed(self) -> tuple[str, ...]:
        """Return the files that steps before it, or beside it, had written, and that are gone now."""
        folder = self.facts.pipeline.folder
        others = {*self._all_before(), *self._beside()} & self.successes.keys()
        written = {name for other in others for name in self.successes[other].state.written}
        return tuple(sorted(name for name in written if not stamp_of(folder / name)))

    def _beside(self) -> Iterable[str]:
        """Yield the steps that ended while this one ran: a file that it took away again may count as theirs."""
        began = self.detail.run.started_at
        for name, success in self.successes.items():
            ended = success.detail.run.finished_at
            if ended is not None and ended > began:
                yield name

    def _all_before(self) -> set[str]:
        found: set[str] = set()
        pending = [self.facts.step.name]
        while pending:
            needs = [need for need in self.graph.needs[pending.pop()] if need not in found]
            found.update(needs)
            pending += needs
        return found

    def _unseen_needs(self) -> Iterable[tuple[str, str]]:
        """Yield the needs that the step depends on otherwise than by a dataset or file that it was seen to read."""
        name = self.facts.step.name
        for need in self.graph.needs[name]:
            success = self.successes.get(need)
            is_seen = any(dataset in self.reads.datasets for dataset in self.graph.data[name].get(need, ()))
            if success is not None and not is_seen and not _has_written(success, self.reads):
                yield need, success.state.made_by


def reads_now(facts: StepFacts, before: StepState | None, latest: Mapping[str, VersionState]) -> Reads:
    """Return what a step would read now, as far as its code and its last run tell."""
    known = {*facts.uses.loads, *(before.datasets if before is not None else ())}
    paths = [facts.pipeline.folder / each for each in (before.files if before is not None else {})]
    files = [
        FileRead(path=str(path), size=now.stamp[0], digest=now.digest) for path in paths if (now := file_state(path))
    ]
    return Reads(
        datasets={each: latest[each] for each in sorted(known) if each in latest},
        files={each.path: each for each in files},
    )


def _module(path: Path, digest: str) -> FileState:
    """Return a module as a run knew it, with all that the file tells if nobody has changed it since."""
    now = module_state(path)
    return now if now is not None and now.digest == digest else FileState(digest=digest)


def _has_written(success: Success, reads: Reads) -> bool:
    """Return whether a file that was read was written while the run of a success ran."""
    run = success.detail.run
    if run.finished_at is None:
        return False
    begin, end = run.started_at.timestamp() - _SLACK_SECONDS, run.finished_at.timestamp() + _SLACK_SECONDS
    return any(begin <= written <= end for written in map(_written_at, reads.files))


def _written_at(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
