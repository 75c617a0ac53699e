"""What came back of a run, to look at."""

from __future__ import annotations

from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import JsonValue
from trackbook.tracking.find import short_id
from trackbook.tracking.restore import Restoration, Restored

_WIDEST = 60


def show_restoration(found: Restoration, look: Look | None = None) -> Shown:
    """Show what came back, what did not and why, and what is not as it was."""
    run = found.run.run
    title = Cell(text=f"Restored from {fmt.one_line(run.name)}", is_strong=True, aside=short_id(run.run_id))
    blocks: list[Block] = [Title(cells=(title,))]
    if found.restored:
        columns = (Column(is_kept=True), Column(is_kept=True), Column(folds=True))
        blocks.append(Table(columns=columns, rows=tuple(map(_row, found.restored))))
    else:
        blocks.append(Sentence(text="Nothing came back.", tone=Tone.QUIET))
    missing = (f"! Not {each.name}: {each.reason.removesuffix('.')}." for each in found.unrestored)
    blocks += [Sentence(text=fmt.one_line(text), tone=Tone.BAD) for text in missing]
    blocks += [Sentence(text=fmt.one_line(f"! {remark}"), tone=Tone.BUSY) for remark in found.remarks]
    return shown(blocks, look or Look())


def _row(each: Restored) -> tuple[Cell, ...]:
    return (Cell(text=each.name, is_code=True), Cell(text=each.kind.value), Cell(text=_about(each.value)))


def _about(value: object) -> str:
    """Return a table's kind and shape, else the value itself, on one line."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} {fmt.shape(shape)}"
    return fmt.shortened(fmt.one_line(repr(value)), _WIDEST)


def restoration_payload(found: Restoration) -> dict[str, JsonValue]:
    """Return what came back as JSON: names and kinds, not the values."""
    return {
        "run_id": found.run.run.run_id,
        "name": found.run.run.name,
        "restored": [{"name": each.name, "kind": each.kind.value} for each in found.restored],
        "not_restored": [
            {"name": each.name, "kind": each.kind.value, "reason": each.reason} for each in found.unrestored
        ],
        "remarks": list(found.remarks),
    }
