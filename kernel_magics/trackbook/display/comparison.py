"""Runs side by side: what is not the same in all of them, and which did best."""

from __future__ import annotations

from itertools import groupby

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import JsonValue, RunDetail
from trackbook.tracking.compare import Absent, Comparison, Row, Section
from trackbook.tracking.find import short_id

_SECTIONS = (Section.METRICS, Section.PARAMS, Section.DATA, Section.MODEL, Section.MODULES, Section.ENVIRONMENT)
_CLASS = (Section.MODEL, "class")
_WIDEST = 32


def show_comparison(comparison: Comparison, look: Look | None = None, *, is_whole: bool = False) -> Shown:
    """Show what sets runs apart, or (`is_whole`) everything. Differences are taken to the baseline.

    The kind of model stands in the header, then come metrics and the params that somebody chose.
    """
    look = look or Look()
    listed = comparison.rows if is_whole else comparison.telling()
    ordered = sorted(listed, key=lambda row: _SECTIONS.index(row.section))
    title = Title(cells=(Cell(text=f"{len(comparison.runs)} runs compared"),))
    blocks: list[Block] = [title, _table(comparison, ordered, look)]
    blocks += [Sentence(text=note, tone=Tone.QUIET) for note in _notes(comparison, ordered, look)]
    return shown(blocks, look)


def _table(comparison: Comparison, ordered: list[Row], look: Look) -> Table:
    runs = [detail.run for detail in comparison.runs]
    beside = [at for at in range(len(runs)) if any(_remark(row, at) for row in ordered)]
    columns = [Column(is_kept=True)]
    for at, run in enumerate(runs):
        columns.append(Column(title=fmt.one_line(run.name), is_number=True, is_kept=at < 2, folds=True))
        columns += [Column(is_number=True, is_kept=at < 2)] * (at in beside)
    rows = [
        _line("Id", [cells.identifier(run.run_id) for run in runs], beside),
        _line("Status", [cells.status(each.run, each.tags) for each in comparison.runs], beside),
        _line("Started", [cells.when(run.started_at, look.now) for run in runs], beside),
    ]
    kinds = [row for row in ordered if (row.section, row.key) == _CLASS]
    if kinds:
        rows.insert(0, _line("Model", [_kind(detail) for detail in comparison.runs], beside))
    for section, members in groupby((row for row in ordered if row not in kinds), key=lambda row: row.section):
        rows.append((Cell(text=section.value.capitalize()),))
        rows += [_row(row, comparison, beside) for row in members]
    return Table(columns=tuple(columns), rows=tuple(rows), whole_at=look.whole("RUN", "params"))


def _line(name: str, values: list[Cell], beside: list[int]) -> tuple[Cell, ...]:
    parts = ((cell, *(cells.EMPTY,) * (at in beside)) for at, cell in enumerate(values))
    return (Cell(text=name, tone=Tone.QUIET), *(cell for part in parts for cell in part))


def _kind(detail: RunDetail) -> Cell:
    return cells.models(detail) if detail.models else cells.NOTHING


def _row(row: Row, comparison: Comparison, beside: list[int]) -> tuple[Cell, ...]:
    made = [cells.metric_key(row.key) if row.section is Section.METRICS else cells.text(row.key)]
    values = _metric_cells(row, comparison) if row.section is Section.METRICS else _values(row, comparison)
    for at, cell in enumerate(values):
        made.append(cell)
        made += [Cell(text=_remark(row, at), tone=Tone.QUIET)] * (at in beside)
    return tuple(made)


def _metric_cells(row: Row, comparison: Comparison) -> list[Cell]:
    numbers = [value for value in row.values if isinstance(value, int | float)]
    written = iter(fmt.aligned(numbers))
    return [
        Cell(
            text=next(written),
            title=fmt.exact(value),
            is_strong=at in row.best,
            aside=cells.spread(comparison.runs[at].metrics, row.key),
        )
        if isinstance(value, int | float)
        else cells.NOTHING
        for at, value in enumerate(row.values)
    ]


def _remark(row: Row, at: int) -> str:
    """Return what stands beside a metric's value: its difference to the first run's, a star for the best."""
    if row.section is not Section.METRICS:
        return ""
    return " ".join(filter(None, (_difference(row, at), "★" if at in row.best else "")))


def _difference(row: Row, at: int) -> str:
    difference = row.differences[at]
    return "" if not difference else fmt.signed(difference)


def _values(row: Row, comparison: Comparison) -> list[Cell]:
    """Return the values, shortened unless that would make different ones look the same."""
    made = [_value(row, value, detail) for value, detail in zip(row.values, comparison.runs, strict=True)]
    whole = {cell.text: cell.whole or cell.text for cell in made}
    is_told_apart = all((cell.whole or cell.text) == whole[cell.text] for cell in made)
    return made if is_told_apart else [Cell(text=cell.whole or cell.text, title=cell.title) for cell in made]


def _value(row: Row, value: JsonValue | Absent, detail: RunDetail) -> Cell:
    if isinstance(value, Absent):
        return cells.NOTHING
    if row.section is Section.PARAMS:
        return cells.param(detail.params, row.key, width=_WIDEST)
    if row.section is Section.DATA and isinstance(value, dict):
        return _data(value)
    if row.section is Section.MODULES and isinstance(value, str):
        return cells.identifier(value)
    if row.section is Section.MODEL and isinstance(value, dict):
        return cells.text(fmt.pairs(value), width=_WIDEST)
    return cells.text(fmt.value(value), width=_WIDEST)


def _data(value: dict[str, JsonValue]) -> Cell:
    shape = value["shape"]
    sizes = shape if isinstance(shape, list) and shape else [value["rows"]]
    fingerprint = value["fingerprint"]
    short = short_id(fingerprint) if isinstance(fingerprint, str) else "not fingerprinted"
    text = fmt.shape(each for each in sizes if each is not None)
    return Cell(text=f"{text} {short}".strip(), title=str(fingerprint) if fingerprint else None)


def _notes(comparison: Comparison, ordered: list[Row], look: Look) -> list[str]:
    notes = [_legend(comparison, ordered)]
    same = [row for row in comparison.rows if not row.differs and row not in ordered]
    hidden = [row for row in comparison.rows if row.differs and row not in ordered]
    defaults = sum(row.section is Section.PARAMS for row in hidden)
    counts = [f"{fmt.plural(len(same), 'row')} the same in all"] if same else []
    counts += [fmt.plural(defaults, "differing default")] if defaults else []
    counts += [fmt.plural(len(hidden) - defaults, "detail")] if len(hidden) > defaults else []
    if counts:
        ids = " ".join(short_id(detail.run.run_id) for detail in comparison.runs)
        notes.append(f"{', '.join(counts)}: {look.command} compare --all {ids}")
    return [note for note in notes if note]


def _legend(comparison: Comparison, ordered: list[Row]) -> str:
    """Return what the signs beside metrics mean, of those that there are."""
    metrics = [row for row in ordered if row.section is Section.METRICS]
    directions = {row.higher_is_better for row in metrics}
    signs = ["↑ more is better"] * (True in directions) + ["↓ less is better"] * (False in directions)
    signs += ["★ best"] if any(row.best for row in metrics) else []
    legend = [f"{', '.join(signs)}."] if signs else []
    if any(_difference(row, at) for row in metrics for at in range(len(row.values))):
        legend.append(f"Differences are to {fmt.one_line(comparison.runs[comparison.baseline].run.name)}.")
    return " ".join(legend)
