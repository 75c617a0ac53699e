"""A run's slice: the smallest notebook that makes it, put together from what ran.

It holds the code of the executions that flowed into the run's metrics, as it was then, in the order in which it ran.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.capture.modules import project_root
from trackbook.capture.secret_values import SECRET
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.lineage.randomness import OWN_GENERATORS
from trackbook.lineage.slice import Needed, needed_parts
from trackbook.records import (
    Execution,
    FileRead,
    JsonValue,
    MetricPoint,
    Origin,
    OriginKind,
    Outcome,
    RunDetail,
    Source,
    is_file_key,
)
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.dataset_names import is_dataset
from trackbook.tracking.slicing_cells import pieces_of
from trackbook.tracking.slicing_magics import is_install, needs_tool
from trackbook.tracking.slicing_parts import GENERATOR_OF_NUMPY, KNOWN_NAMES, SessionParts, reads_numbered_outputs
from trackbook.tracking.slicing_restores import restores_of
from trackbook.tracking.slicing_source import Kept, Param, params_of

if TYPE_CHECKING:
    from nbformat import NotebookNode


_MOST_NAMED = 6
_ASKING = re.compile(r"(?<![\w.])(?:input|getpass(?:\.getpass)?)\s*\(")
_RERUNNING = re.compile(r"^\s*%(?:rerun|recall|rep)\b")
_WIDGETS = re.compile(
    r"(?<!\btrackbook\.)\binteract(?:_manual|ive)?\s*\(|@(?!trackbook\.)(?:\w+\.)?interact\b|\bfrom\s+ipywidgets\s+import"
    r"|(?<!\btrackbook\.)\b(?:ipywidgets|widgets|ipw|w)\.[A-Z]\w+\("
)


class DataFrom(StrEnum):
    """Where a slice takes the files from that the run read: from where they lay, or from what the store kept."""

    ORIGINAL = "original"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedRun:
    """What of a session makes a run.

    `metrics` are the numbers that it is to make: the run's, or those of the runs beneath a run that only holds others
    together, which `children` are. `kept` are the parts of the cells in the order in which they ran, `params` those
    among them that can be set from outside. `files` are what it reads and does not write itself, `datasets` what it
    reads by name and does not publish itself, `restored` the runs that it brings something back from. `installs` are
    the lines that installed packages, which are left out. `notes` say what is not sure. `total` counts the statements
    of the session up to the last that is kept.
    """

    run: RunDetail
    metrics: Mapping[str, MetricPoint]
    children: tuple[RunDetail, ...]
    kept: tuple[Kept, ...]
    params: tuple[Param, ...]
    files: tuple[FileRead, ...]
    installs: tuple[str, ...]
    notes: tuple[str, ...]
    total: int
    needs_tool: bool = False
    datasets: tuple[FileRead, ...] = ()
    restored: tuple[RunDetail, ...] = ()

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The executions of which something is kept."""
        return tuple({each.piece.execution.execution_id: each.piece.execution for each in self.kept}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The smallest notebook that makes a run's metrics.

    `notebook` is valid nbformat 4.5 and the same, byte by byte, each time; `params` are the values in its cell tagged
    ``parameters``, `files` the data that it needs, `notes` what is not sure about it. Its relative paths begin in
    `folder`; `changed` says which of its files and modules are not what the run read any more, and what to do.
    """

    sliced: SlicedRun
    notebook: NotebookNode
    folder: Path
    changed: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.sliced.run.run.run_id

    @property
    def params(self) -> dict[str, JsonValue]:
        """What papermill can set, with the run's values."""
        return {param.name: param.value for param in self.sliced.params}

    @property
    def files(self) -> tuple[FileRead, ...]:
        """The files that it reads and does not make itself, as they were when the run read them."""
        return self.sliced.files

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not sure, one sentence each; none means that nothing speaks against it."""
        return (*self.sliced.notes, *self.changed)

    def text(self) -> str:
        """Return the notebook's file as text."""
        import nbformat

        return str(nbformat.writes(self.notebook)) + "\n"  # type: ignore[no-untyped-call]  # nbformat has no types here

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the notebook to a file.

        Raises
        ------
        InvalidValueError
            If there is a file already and `force` is False, or it can't be written.
        """
        target = Path(path)
        if target.exists() and not force:
            raise InvalidValueError(
                f"There is a file {target} already. Give another name, or overwrite it with --force (force=True)."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.text(), encoding="utf-8")
        except OSError as error:
            raise InvalidValueError(f"{target} can't be written: {error.strerror}. Give another place.") from None
        return target

    def __repr__(self) -> str:
        sliced = self.sliced
        return (
            f"<Slice of {sliced.run.run.name}: {len(sliced.kept)} of {sliced.total} statements, "
            f"{len(self.params)} params, {len(self.files)} files>"
        )


def slice_run(store: Store, run: RunDetail, data: DataFrom | str = DataFrom.ORIGINAL) -> Slice:
    """Return the smallest notebook that makes a run's metrics.

    Raises
    ------
    NotFoundError
        If the run has nothing on record that could be made again, or the store doesn't hold a file that it read where
        `data` asks for what was kept.
    InvalidValueError
        If `data` is neither ``original`` nor ``snapshot``.
    """
    from trackbook.tracking.kept_files import changed_files, changed_modules
    from trackbook.tracking.slicing_notebook import notebook_of
    from trackbook.tracking.working_folder import working_folder

    try:
        place = DataFrom(data)
    except ValueError:
        raise InvalidValueError(f"data={data!r} is no place for data. Give 'original' or 'snapshot'.") from None
    sliced = sliced_run(store, run)
    session = next(iter(store.sessions(ids=[run.run.session_id])), None)
    folder = working_folder(sliced, session, store.location)
    changed = [*changed_modules(store, run.modules, project_root(folder))]
    if place is DataFrom.ORIGINAL:
        changed += changed_files(store, sliced.files)
    return Slice(sliced=sliced, notebook=notebook_of(store, sliced, place), folder=folder, changed=tuple(changed))


def sliced_run(store: Store, run: RunDetail) -> SlicedRun:
    """Return what of a session makes a run; see `slice_run`."""
    children = tuple(_beneath(store, run))
    family = [run, *children]
    origins = [origin for each in family for origin in _made_by(store, each)]
    roots = _roots(origins) or _of_cells(store, family)
    if not roots:
        raise NotFoundError(
            f"No cell is on record that made anything of run '{run.run.name}': a script or an earlier Trackbook wrote "
            "it. There is nothing to slice."
        )
    executions = _session(store, run, roots)
    session = SessionParts([each.run.run_id for each in family])
    for execution in executions:
        session.add(execution, pieces_of(execution))
    needed = needed_parts(session.parts, roots, KNOWN_NAMES)
    if not needed.numbers:
        raise NotFoundError(f"The cells that made run '{run.run.name}' are no longer in the store; it can't be sliced.")
    restores = restores_of(
        store, [Kept(part=session.parts[number], piece=session.pieces[number]) for number in needed.numbers]
    )
    kept = restores.kept
    reads = _files(kept)
    return SlicedRun(
        run=run,
        metrics={key: point for each in family for key, point in each.metrics.items()},
        children=children,
        kept=kept,
        params=tuple(params_of(kept, _values(family))),
        files=tuple(read for read in reads if not is_dataset(read)),
        datasets=tuple(_datasets(store, kept, reads)),
        installs=tuple(_installs(session, needed)),
        notes=tuple(dict.fromkeys((*_notes(run, origins, kept, needed), *restores.notes))),
        total=needed.numbers[-1] + 1,
        needs_tool=any(needs_tool(each.piece.text) for each in kept),
        restored=restores.runs,
    )


# What is on record


def _beneath(store: Store, run: RunDetail) -> Iterable[RunDetail]:
    for child in store.runs(RunFilter(parent_id=run.run.run_id, oldest_first=True)):
        yield child
        yield from _beneath(store, child)


def _made_by(store: Store, run: RunDetail) -> list[Origin]:
    """Return what made a run's metrics and models; of a metric that was measured again and came out the same, once."""
    origins = store.origins(run.run.run_id)
    found: list[Origin] = []
    first: dict[tuple[OriginKind, str], str] = {}
    for origin in origins:
        what = (origin.kind, origin.key)
        execution_id = first.setdefault(what, origin.source.execution_id)
        if origin.source.execution_id == execution_id or _has_points(store, run, origin):
            found.append(origin)
    return found


def _has_points(store: Store, run: RunDetail, origin: Origin) -> bool:
    """Return whether a metric has several points, which more than one execution may have made."""
    if origin.kind is not OriginKind.METRIC:
        return False
    return len(store.metric_history(run.run.run_id, origin.key)) > 1


def _of_cells(store: Store, family: Iterable[RunDetail]) -> set[Source]:
    """Return all statements of the cells that runs were made in, where nobody knows which of them made something."""
    executions = store.executions(ids=sorted({each for run in family for each in run.execution_ids}))
    return {
        Source(execution_id=each.execution_id, statement=at)
        for each in executions
        for at in range(len(each.statements))
    }


def _session(store: Store, run: RunDetail, roots: Collection[Source]) -> list[Execution]:
    """Return the executions of a run's session up to the last that made something of it, in their order."""
    executions = sorted(store.executions(session_id=run.run.session_id), key=lambda each: each.index)
    wanted = {source.execution_id for source in roots}
    last = max((each.index for each in executions if each.execution_id in wanted), default=0)
    found = [each for each in executions if each.index <= last]
    if any(each.outcome is Outcome.RUNNING and each.execution_id in wanted for each in found):
        raise InvalidValueError(f"Run '{run.run.name}' is still being made. Slice it when its cell has ended.")
    return found


def _roots(origins: Iterable[Origin]) -> set[Source]:
    return {source for origin in origins for source in (origin.source, *origin.fits)}


def _values(family: Iterable[RunDetail]) -> dict[str, JsonValue]:
    """Return the params of runs; those on which they differ are none of all of them."""
    found: dict[str, JsonValue] = {}
    differing: set[str] = set()
    for each in family:
        for name, value in each.params.items():
            if name in found and found[name] != value:
                differing.add(name)
            found[name] = value
    return {name: value for name, value in found.items() if name not in differing}


def _files(kept: Iterable[Kept]) -> list[FileRead]:
    """Return the files that some parts read and that none of them wrote before."""
    found: dict[str, FileRead] = {}
    for each in kept:
        piece = each.piece
        statements = piece.execution.statements[piece.statements.start : piece.statements.stop]
        for statement in statements:
            written = {name for name in statement.reads if is_file_key(name)}
            for file in statement.files:
                if not any(file.path.endswith(name.partition(" ")[2]) for name in written):
                    found.setdefault(file.path, file)
    return [found[path] for path in sorted(found)]


def _datasets(store: Store, kept: Sequence[Kept], reads: Iterable[FileRead]) -> Iterator[FileRead]:
    """Yield the datasets among what is read, but for those that a part which is kept publishes."""
    publishing = {each.piece.execution.execution_id for each in kept if "publish" in each.piece.text}
    for read in filter(is_dataset, reads):
        own = store.versions(snapshot_id=read.object_digest) if publishing else []
        if not any(version.execution_id in publishing for version in own):
            yield read


def _installs(session: SessionParts, needed: Needed) -> list[str]:
    texts = (piece.text.strip() for piece in session.pieces[: needed.numbers[-1] + 1])
    return list(dict.fromkeys(text for text in texts if is_install(text)))


def _notes(run: RunDetail, origins: Sequence[Origin], kept: Sequence[Kept], needed: Needed) -> Iterable[str]:
    """Yield what is not sure about a slice, one sentence each."""
    if not origins:
        yield "Which statement made the numbers is not known; the whole cells that the run was made in are kept."
    names = [name for name in needed.unknown if name.isidentifier()]
    if names:
        yield f"Nobody saw {_listed(names)} being made: it was there before tracking began, or code made it unseen."
    for each in kept:
        if each.part.reads_all:
            yield f"{_cell(each)} runs code that can't be followed, so all that ran before it is kept."
        if reads_numbered_outputs(each.part):
            yield f"{_cell(each)} reads results by their prompt numbers, which are others in this notebook."
    unsure = {name for each in kept for name in each.piece.execution.maybe} & {
        name for each in kept for name in each.part.reads
    }
    if unsure:
        names = sorted(unsure)[:_MOST_NAMED]
        yield f"Whether {_listed(names)} was changed in place could not be told; what may have done it is kept."
    unseen = _changed_unseen(kept)
    if unseen:
        yield f"{_listed(unseen)} changed while no recorded cell ran; the last value that a cell made is taken."
    for each in kept:
        if _ASKING.search(each.piece.text):
            yield f"{_cell(each)} asks the person, which papermill can't."
        if _WIDGETS.search(each.piece.text):
            yield f"{_cell(each)} has widgets, which stand at their first values here."
        if _RERUNNING.match(each.piece.text):
            yield f"{_cell(each)} runs other cells again by their prompt numbers, which are others in this notebook."
        if SECRET in each.piece.text:
            yield f"{_cell(each)} names a credential, which is never kept: put it in the place of '{SECRET}'."
        if each.piece.failed == "KeyboardInterrupt":
            yield f"{_cell(each)} was interrupted; where that happened can't be made again."
        elif each.piece.failed:
            yield f"{_cell(each)} ended with {each.piece.failed}; only what it did before is wanted, so that is caught."
    unseeded = _unseeded(origins, kept)
    if unseeded:
        yield f"Randomness came in without a seed ({'; '.join(unseeded)}): numbers may differ each time."


def _unseeded(origins: Iterable[Origin], kept: Sequence[Kept]) -> list[str]:
    """Return what drew without a seed; who draws from a global generator that the slice seeds has one."""
    is_seeded = any(GENERATOR_OF_NUMPY in each.part.kills for each in kept)
    found = dict.fromkeys(what for origin in origins for what in origin.unseeded)
    return [what for what in found if what.startswith(OWN_GENERATORS) or not is_seeded]


def _changed_unseen(kept: Sequence[Kept]) -> list[str]:
    """Return the names that cells read though nobody knows any more who had made them."""
    found: set[str] = set()
    for each in kept:
        own = [other.part for other in kept if other.part.execution_id == each.part.execution_id]
        told = set().union(*(part.makers.keys() | part.binds for part in own))
        found |= (set(each.piece.execution.reads) & each.part.reads) - told - KNOWN_NAMES
    return sorted(found & {name for each in kept for name in each.part.binds})[:_MOST_NAMED]


def _cell(kept: Kept) -> str:
    execution = kept.piece.execution
    return f"Cell [{execution.count if execution.count is not None else execution.index}]"


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
