"""Two runs told apart: what somebody would ask first comes first, and what is the same is only counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.diff_code import ASIDE, CodeDrawing
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import Artifact, DatasetUse, JsonValue, encode
from trackbook.tracking.compare import Absent, Row, Section
from trackbook.tracking.diff import DataDiff, RunDiff
from trackbook.tracking.direction import higher_is_better
from trackbook.tracking.find import short_id
from trackbook.tracking.shown import Read

_SECTIONS = (Section.METRICS, Section.PARAMS, Section.MODEL, Section.ENVIRONMENT)
_WIDEST = 60


def show_diff(diff: RunDiff, look: Look | None = None, *, read: Read, is_whole: bool = False) -> Shown:
    """Show what sets the second of two runs apart from the first.

    Parameters
    ----------
    read
        Gives the objects that figures are kept in.
    is_whole
        Also what is the same, and whole sources instead of some lines around each change.
    """
    look = look or Look()
    drawing = _Drawing(diff, look, read, is_whole)
    return shown(drawing.blocks(), look)


class _Drawing:
    def __init__(self, diff: RunDiff, look: Look, read: Read, is_whole: bool) -> None:
        self._diff = diff
        self._look = look
        self._read = read
        self._is_whole = is_whole

    def blocks(self) -> list[Block]:
        tables = [
            self._rows(Section.METRICS, "Metrics"),
            self._rows(Section.PARAMS, "Params"),
            self._rows(Section.MODEL, "Model"),
            self._data(),
        ]
        late = [self._artifacts(), self._rows(Section.ENVIRONMENT, "Environment")]
        blocks = [self._title(), Sentence(text=_summary(self._diff)), *tables, *self._code(), *late]
        blocks += [Sentence(text=note, tone=Tone.QUIET) for note in self._notes()]
        return [block for block in blocks if block is not None]

    def _title(self) -> Title:
        one, other = (
            Cell(text=fmt.one_line(each.run.name), aside=short_id(each.run.run_id), title=each.run.run_id)
            for each in (self._diff.before, self._diff.after)
        )
        return Title(cells=(one, Cell(text="→"), other))

    # Params, metrics, environment

    def _rows(self, section: Section, heading: str) -> Table | None:
        every = [row for row in self._diff.comparison.rows if row.section is section]
        listed = every if self._is_whole else [row for row in every if _is_listed(row)]
        if not listed:
            return None
        has_difference = any(_difference(row).text for row in listed)
        columns = (
            Column(is_kept=True),
            Column(title=fmt.one_line(self._diff.before.run.name), is_number=True, is_kept=True, folds=True),
            Column(title=fmt.one_line(self._diff.after.run.name), is_number=True, is_kept=True, folds=True),
            *((Column(is_number=True),) * has_difference),
        )
        rows = tuple((*_row(row), *((_difference(row),) * has_difference)) for row in listed)
        return Table(columns=columns, rows=rows, heading=heading)

    # Data and files

    def _data(self) -> Table | None:
        listed = [each for each in self._diff.data if self._is_whole or not each.is_same]
        if not listed:
            return None
        columns = (Column(is_kept=True), Column(is_kept=True, folds=True), Column(folds=True))
        rows = tuple((Cell(text=fmt.one_line(each.name)), _table_change(each), _columns(each)) for each in listed)
        return Table(columns=columns, rows=rows, heading="Data")

    def _artifacts(self) -> Table | None:
        if not self._diff.artifacts:
            return None
        columns = (Column(is_kept=True), Column(is_kept=True, folds=True))
        rows = tuple(_artifact(one, other) for one, other in self._diff.artifacts)
        return Table(columns=columns, rows=rows, heading="Artifacts")

    # Code and notes

    def _code(self) -> list[Block]:
        code = CodeDrawing(self._read, self._again, is_whole=self._is_whole)
        return code.cells(self._diff.cells) + code.modules(self._diff.modules)

    @property
    def _again(self) -> str:
        ids = f"{short_id(self._diff.before.run.run_id)} {short_id(self._diff.after.run.run_id)}"
        return f"{self._look.command} diff --all {ids}"

    def _notes(self) -> Iterator[str]:
        if self._is_whole:
            return
        aside = [output.change for cell in self._diff.cells for output in cell.outputs]
        counts = [(ASIDE[change], aside.count(change)) for change in ASIDE]
        told = [f"{fmt.plural(count, 'output')} {words}" for words, count in counts if count]
        hidden = [row for row in self._diff.comparison.differing() if row.section in _SECTIONS and not _is_listed(row)]
        defaults = sum(row.section is Section.PARAMS for row in hidden)
        told += [fmt.plural(defaults, "differing default")] if defaults else []
        told += [fmt.plural(len(hidden) - defaults, "differing detail")] if len(hidden) > defaults else []
        if told:
            yield f"{', '.join(told)}: {self._again}"


def _is_listed(row: Row) -> bool:
    """Return whether a row is shown at once; defaults of another class, folds and iterations are not."""
    return row.differs and (row.is_telling or row.section is Section.ENVIRONMENT)


def _summary(diff: RunDiff) -> str:
    """Return in one line what differs, and how much of it."""
    code = [cell for cell in diff.cells if cell.is_edited or cell.is_moved]
    outputs = sum(len(cell.differing_outputs) for cell in diff.cells)
    ends = sum(cell.has_other_end for cell in diff.cells)
    rows = {section: sum(map(_is_listed, diff.rows(section))) for section in _SECTIONS}
    counts = [
        (rows[Section.METRICS], "metric"),
        (rows[Section.PARAMS], "param"),
        (rows[Section.MODEL], "model fact"),
        (sum(not each.is_same for each in diff.data), "dataset"),
        (len(code), "cell"),
        (outputs, "output"),
        (ends, "outcome"),
        (len(diff.modules), "module"),
        (len(diff.artifacts), "artifact"),
        (rows[Section.ENVIRONMENT], "environment fact"),
    ]
    told = [fmt.plural(count, noun) for count, noun in counts if count]
    if not told and not diff.is_same:
        return "Differing only in details."
    if not told:
        same = fmt.plural(len(diff.cells), "cell")
        return f"Nothing differs: code ({same}), outputs, params, metrics, data and environment are the same."
    return f"Differing: {', '.join(told)}."


def _row(row: Row) -> tuple[Cell, Cell, Cell]:
    key = cells.metric_key(row.key) if row.section is Section.METRICS else cells.text(row.key)
    numbers = [value for value in row.values if _is_number(value)]
    if row.section is Section.METRICS and len(numbers) == len(row.values):
        one, other = (Cell(text=text) for text in fmt.aligned(numbers))
        return key, one, other
    words = [_value(value, row) for value in row.values]
    if words[0] == words[1] and row.differs:  # the number 1 and the text "1"
        words = ["—" if isinstance(value, Absent) else encode(value) for value in row.values]
    return key, cells.text(words[0], width=_WIDEST), cells.text(words[1], width=_WIDEST)


def _value(value: JsonValue | Absent, row: Row) -> str:
    if row.section is Section.MODEL and row.key == "class" and isinstance(value, str):
        return cells.short_class(value)
    return "—" if isinstance(value, Absent) else fmt.value(value)


def _is_number(value: JsonValue | Absent) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _difference(row: Row) -> Cell:
    """Return by how much a metric moved, and whether that is for the better."""
    change = row.differences[1] if row.section is Section.METRICS and len(row.differences) > 1 else None
    if not change:
        return cells.EMPTY
    upwards = higher_is_better(row.key)
    if upwards is None:
        return Cell(text=fmt.signed(change))
    is_better = (change > 0) == upwards
    return Cell(
        text=fmt.signed(change), aside="better" if is_better else "worse", tone=Tone.GOOD if is_better else Tone.BAD
    )


def _table_change(diff: DataDiff) -> Cell:
    one, other = diff.before, diff.after
    if one is None or other is None:
        use = one or other
        return Cell(text=f"{'gone' if other is None else 'new'}: {_size(use)}" if use else "")
    if diff.is_same:
        return Cell(text=f"same: {_size(other)}")
    if one.kind != other.kind:
        return Cell(text=f"{fmt.one_line(one.kind)} {_size(one)} → {fmt.one_line(other.kind)} {_size(other)}")
    if one.shape != other.shape or one.rows != other.rows:
        return Cell(text=f"{_size(one)} → {_size(other)}")
    known = one.fingerprint is not None and other.fingerprint is not None
    return Cell(text=f"{_size(other)}, {'other values' if known else 'not fingerprinted'}")


def _size(use: DatasetUse) -> str:
    return cells.shape(use).text or "a table"


def _columns(diff: DataDiff) -> Cell:
    if diff.before is not None and diff.after is not None and diff.before.kind != diff.after.kind:
        return cells.EMPTY
    parts = [f"+{name}" for name in diff.added] + [f"-{name}" for name in diff.removed]
    parts += [f"{name}: {one} → {other}" for name, one, other in diff.retyped]
    return cells.text(", ".join(parts), width=200)


def _artifact(one: Artifact | None, other: Artifact | None) -> tuple[Cell, Cell]:
    if one is not None and other is not None:
        return cells.text(other.name), Cell(text=f"{fmt.size(one.size)} → {fmt.size(other.size)}, other content")
    there = other or one
    return cells.text(there.name if there else ""), Cell(text="gone" if other is None else "new")
