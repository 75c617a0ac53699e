"""The cells to run again, in the order in which to run them, and why; as a page and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.log import code_cell, prompt
from trackbook.display.shown import Look, Shown, shown
from trackbook.lineage.stale_facts import StaleCell
from trackbook.records import JsonValue
from trackbook.tracking.stale_report import EDITED, StaleReport, lacking_sentence
from trackbook.tracking.verdicts import counts_of, reason_sentence

_MOST_REASONS = 2
_NOTHING = "Nothing to run again: what the cells read is what the notebook makes, as far as that is known."
_NO_ORDER = "The notebook's file is not known or not saved: the order of its cells, and edits of them, are not judged."
_OR_ALL = "Or restart the kernel and run all cells."


def show_stale(report: StaleReport, look: Look | None = None) -> Shown:
    """Show which cells to run again."""
    look = look or Look()
    unknown = [] if report.places else [Sentence(text=_NO_ORDER, tone=Tone.QUIET)]
    if not report.cells:
        return shown([Sentence(text=_NOTHING, tone=Tone.GOOD), *unknown], look)
    counts = counts_of(report.executions.values())
    blocks: list[Block] = [Title(cells=(Cell(text=_title(report.cells)),))]
    columns = (
        Column(title="", is_number=True),
        Column(title="Cell", is_kept=True),
        Column(title="Code", folds=True, is_kept=True),
        Column(title="Why", folds=True, is_kept=True),
    )
    numbers, told = count(1), set[str]()
    rows = tuple(
        _row("—" if cell.lacking else str(next(numbers)), cell, report, _why(cell, counts, told))
        for cell in report.cells
    )
    blocks.append(Table(columns=columns, rows=rows))
    return shown([*blocks, Sentence(text=_OR_ALL, tone=Tone.QUIET), *unknown], look)


def _title(stale: tuple[StaleCell, ...]) -> str:
    curable = [cell for cell in stale if not cell.lacking]
    again = " again" if all(cell.unrun is None for cell in curable) else ""
    order = ", in this order" if len(curable) > 1 else ""
    told = f"{fmt.plural(len(curable), 'cell')} to run{again}{order}"
    left = len(stale) - len(curable)
    if not left:
        return told
    beyond = f"{fmt.plural(left, 'cell')} that running alone does not put right"
    return f"{told}, and {beyond}" if curable else beyond


def _row(number: str, cell: StaleCell, report: StaleReport, why: Cell) -> tuple[Cell, ...]:
    execution = report.executions.get(cell.execution_id)
    place = report.places.get(cell.cell)
    return (
        Cell(text=number),
        Cell(text=prompt(execution) if execution else "In [ ]", aside=f"cell {place}" if place else "", is_code=True),
        code_cell(execution.source if execution else cell.unrun or ""),
        why,
    )


def _why(cell: StaleCell, counts: Mapping[str, str], told: set[str]) -> Cell:
    """Return why a cell is to run again; what a row above has told already is not told once more."""
    reasons = reasons_of(cell, counts)
    new = [reason for reason in reasons if reason not in told]
    told.update(new)
    listed = new[:_MOST_REASONS] + [f"And {len(new) - _MOST_REASONS} more."] * (len(new) > _MOST_REASONS)
    return Cell(text=fmt.one_line(" ".join(listed)) or "As above.", title=" ".join(reasons))


def reasons_of(cell: StaleCell, counts: Mapping[str, str]) -> list[str]:
    """Return why a cell is to run again, one sentence each."""
    reasons = [EDITED] if cell.is_edited else []
    reasons += ["It has not run in this session."] if cell.unrun is not None else []
    reasons += [reason_sentence(finding, counts) for finding in cell.findings]
    if cell.lacking:
        reasons.append(lacking_sentence(cell.lacking))
    return reasons or ["It makes again what the next ones read."]


def stale_payload(report: StaleReport) -> dict[str, JsonValue]:
    """Return the cells to run again as JSON, in their order; `is_cured_by_running` is false where it takes more."""
    counts = counts_of(report.executions.values())
    return {"notebook": report.notebook, "cells": [_cell(cell, report, counts) for cell in report.cells]}


def _cell(cell: StaleCell, report: StaleReport, counts: Mapping[str, str]) -> JsonValue:
    execution = report.executions.get(cell.execution_id)
    return {
        "cell_id": execution.cell_id if execution else cell.cell,
        "execution_id": cell.execution_id or None,
        "count": execution.count if execution else None,
        "place": report.places.get(cell.cell),
        "source": execution.source if execution else cell.unrun,
        "is_edited": cell.is_edited,
        "is_cured_by_running": not cell.lacking,
        "reasons": list(reasons_of(cell, counts)),
        "reads": [
            {
                "name": finding.read.name,
                "reason": finding.read.reason.value,
                "reader_id": finding.reader_id,
                "maker_id": finding.read.source.execution_id,
                "instead_id": finding.instead,
            }
            for finding in cell.findings
        ],
    }
