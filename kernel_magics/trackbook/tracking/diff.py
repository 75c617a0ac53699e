"""What sets one run apart from another: code by cells, what these showed, params, metrics, data, environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import Artifact, DatasetUse, Execution, ModuleUse, RunDetail
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.align import Pair, align
from trackbook.tracking.cells_of import cells_of
from trackbook.tracking.compare import Comparison, Row, Section, compare
from trackbook.tracking.diff_outputs import ASIDE, OutputDiff, diff_outputs
from trackbook.tracking.find import environments_of, find_run, witnesses_of
from trackbook.tracking.lines import Line, Sign, diff_lines
from trackbook.tracking.numbers import EXACT_ENOUGH, Tolerance
from trackbook.tracking.shown import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDiff:
    """A cell in two runs. `lines` are its source line by line where that differs, `outputs` what it showed."""

    before: Execution | None
    after: Execution | None
    is_moved: bool = False
    lines: tuple[Line, ...] = ()
    outputs: tuple[OutputDiff, ...] = ()

    @property
    def is_edited(self) -> bool:
        """Whether its source is another one, or there is none in one of the runs."""
        return any(line.sign is not Sign.SAME for line in self.lines)

    @property
    def has_other_end(self) -> bool:
        """Whether it ended otherwise: with another error, or with one where there was none."""
        one, other = self.before, self.after
        if one is None or other is None:
            return False
        return (one.outcome, _kind_of_failure(one)) != (other.outcome, _kind_of_failure(other))

    @property
    def differing_outputs(self) -> tuple[OutputDiff, ...]:
        """The outputs that differ, noise and close numbers put aside."""
        return tuple(each for each in self.outputs if each.change not in ASIDE)

    @property
    def is_same(self) -> bool:
        """Whether nothing of it differs."""
        return not (self.is_edited or self.is_moved or self.has_other_end or self.differing_outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiff:
    """A table in two runs. `retyped` are columns with another dtype: name, dtype before, dtype after."""

    name: str
    before: DatasetUse | None
    after: DatasetUse | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether both runs used the same content; without fingerprints nobody can say so."""
        one, other = self.before, self.after
        return (
            one is not None and other is not None and one.fingerprint is not None and _content(one) == _content(other)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleDiff:
    """A module of the project's own in two runs, its source line by line where that differs."""

    name: str
    before: ModuleUse | None
    after: ModuleUse | None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Two runs, and everything that sets the second apart from the first.

    `comparison` has the params, metrics, models and environments of both, in rows.
    """

    before: RunDetail
    after: RunDetail
    comparison: Comparison
    cells: tuple[CellDiff, ...] = ()
    data: tuple[DataDiff, ...] = ()
    modules: tuple[ModuleDiff, ...] = ()
    artifacts: tuple[tuple[Artifact | None, Artifact | None], ...] = ()
    tolerance: Tolerance = EXACT_ENOUGH

    def rows(self, section: Section) -> tuple[Row, ...]:
        """Return what differs of the params, the metrics, the model or the environment."""
        return tuple(row for row in self.comparison.rows if row.section is section and row.differs)

    @property
    def is_same(self) -> bool:
        """Whether the runs are the same in everything but when they ran."""
        sections = (Section.PARAMS, Section.METRICS, Section.MODEL, Section.ENVIRONMENT)
        return (
            all(cell.is_same for cell in self.cells)
            and all(each.is_same for each in self.data)
            and not self.modules
            and not self.artifacts
            and not any(self.rows(section) for section in sections)
        )


def diff_runs(store: Store, before: str, after: str | None = None, tolerance: Tolerance | None = None) -> RunDiff:
    """Find two runs as `find_run` does and tell what sets the second apart.

    Parameters
    ----------
    before, after
        The runs. Without `after`, the first one is compared with the run before it of the same experiment.
    tolerance
        How far numbers in outputs may be apart and count as the same.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    InvalidValueError
        If both are the same run, or there is none before the one that is named.
    """
    one = find_run(store, before)
    one, other = (one, find_run(store, after)) if after is not None else (_previous(store, one), one)
    if one.run.run_id == other.run.run_id:
        raise InvalidValueError(f"Run '{one.run.name}' is no other than itself. Name two runs: diff A B.")
    return diff(store, one, other, tolerance or EXACT_ENOUGH)


def _previous(store: Store, detail: RunDetail) -> RunDetail:
    """Return the run that started last before another, of its experiment and beneath the same parent."""
    parent_id = detail.run.parent_id
    where = RunFilter(experiment=detail.run.experiment, parent_id=parent_id, only_roots=parent_id is None)
    earlier = [each for each in store.runs(where) if each.run.started_at < detail.run.started_at]
    if not earlier:
        raise InvalidValueError(f"There is no run before '{detail.run.name}' in its experiment. Name two: diff A B.")
    return max(earlier, key=lambda each: each.run.started_at)


def diff(store: Store, before: RunDetail, after: RunDetail, tolerance: Tolerance) -> RunDiff:
    """Tell what sets one run apart from another."""
    runs = (before, after)
    cells = [_once(cells_of(store, detail), detail) for detail in runs]
    comparison = compare(runs, environments_of(store, runs), witnesses=witnesses_of(store, runs))
    return RunDiff(
        before=before,
        after=after,
        comparison=comparison,
        cells=tuple(_cell(pair, store.get_object, tolerance) for pair in align(*cells)),
        data=tuple(_data(before.datasets, after.datasets)),
        modules=tuple(_modules(before.modules, after.modules, store.get_object)),
        artifacts=tuple(_artifacts(before.artifacts, after.artifacts)),
        tolerance=tolerance,
    )


# Code


def _once(cells: Iterable[Execution], detail: RunDetail) -> list[Execution]:
    """Return the cells of a run without those that only did again what the run was made of."""
    own = frozenset(detail.execution_ids) if "repeated" in detail.tags else frozenset()
    known: set[str] = set()
    kept = []
    for cell in cells:
        text = cell.source.strip()
        if cell.execution_id in own and text in known:
            continue
        if cell.execution_id in own:
            known.add(text)
        kept.append(cell)
    return kept


def _cell(pair: Pair, read: Read, tolerance: Tolerance) -> CellDiff:
    before, after = pair.before, pair.after
    one, other = _lines(before), _lines(after)
    return CellDiff(
        before=before,
        after=after,
        is_moved=pair.is_moved,
        lines=() if one == other else diff_lines(one, other),
        outputs=diff_outputs(before, after, read, tolerance) if before is not None and after is not None else (),
    )


def _lines(cell: Execution | None) -> list[str]:
    return [line.rstrip() for line in cell.source.splitlines()] if cell is not None else []


def _kind_of_failure(execution: Execution) -> str | None:
    return execution.failure.type if execution.failure is not None else None


# Data, modules, artifacts


def _data(before: Sequence[DatasetUse], after: Sequence[DatasetUse]) -> Iterator[DataDiff]:
    """Pair tables by name and role, then by content: the same table may have another name."""
    rest = list(after)
    pairs: list[tuple[DatasetUse | None, DatasetUse | None]] = []
    for one in before:
        same = [each for each in rest if (each.name, each.role) == (one.name, one.role)]
        pairs.append((one, same[0] if same else None))
        rest = [each for each in rest if not same or each is not same[0]]
    for at, (use, found) in enumerate(pairs):
        if use is not None and found is None:
            twin = next((each for each in rest if each.fingerprint and each.fingerprint == use.fingerprint), None)
            pairs[at] = (use, twin)
            rest = [each for each in rest if each is not twin]
    yield from (_table(one, other) for one, other in pairs)
    yield from (_table(None, other) for other in rest)


def _table(before: DatasetUse | None, after: DatasetUse | None) -> DataDiff:
    use = after or before
    name = "" if use is None else f"{use.name} ({use.role})" if use.role else use.name
    one, other = ({each.name: each.dtype for each in side.columns} if side else {} for side in (before, after))
    both = before is not None and after is not None
    return DataDiff(
        name=name,
        before=before,
        after=after,
        added=tuple(column for column in other if both and column not in one),
        removed=tuple(column for column in one if both and column not in other),
        retyped=tuple((each, one[each], other[each]) for each in one if each in other and one[each] != other[each]),
    )


def _content(use: DatasetUse) -> tuple[object, ...]:
    return use.fingerprint, use.rows, use.shape


def _modules(before: Sequence[ModuleUse], after: Sequence[ModuleUse], read: Read) -> Iterator[ModuleDiff]:
    """Return the modules that differ."""
    one, other = ({use.name: use for use in side} for side in (before, after))
    for name in dict.fromkeys([*one, *other]):
        old, new = one.get(name), other.get(name)
        if old is None or new is None or old.digest != new.digest:
            yield ModuleDiff(name=name, before=old, after=new, lines=diff_lines(_source(old, read), _source(new, read)))


def _source(use: ModuleUse | None, read: Read) -> list[str]:
    try:
        return read(use.digest).decode("utf-8", "replace").splitlines() if use is not None else []
    except NotFoundError:
        return []


def _artifacts(
    before: Sequence[Artifact], after: Sequence[Artifact]
) -> Iterator[tuple[Artifact | None, Artifact | None]]:
    """Return the files that differ, by name."""
    one, other = ({artifact.name: artifact for artifact in side} for side in (before, after))
    for name in dict.fromkeys([*one, *other]):
        old, new = one.get(name), other.get(name)
        if old is None or new is None or old.digest != new.digest:
            yield old, new
