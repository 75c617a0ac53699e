"""What sets two tables apart: rows added, removed and changed, and how each column changed."""

from __future__ import annotations

from collections.abc import Sequence

from trackbook.capture.secrets import redact_value
from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone, facts
from trackbook.display.profile import share
from trackbook.display.shown import Look, Shown, shown
from trackbook.records.table_diff import CellChange, ColumnChange, TableDiff

_MOST_RANGES = 6
_MOST_EXAMPLES = 3
_MOST_CATEGORIES = 5
_WIDEST = 24


def show_table_diff(diff: TableDiff, before: str, after: str, look: Look | None = None) -> Shown:
    """Show what differs between two tables, which are called `before` and `after`."""
    look = look or Look()
    title = Title(cells=(Cell(text=f"{fmt.one_line(before)} → {fmt.one_line(after)}"),))
    if diff.is_empty:
        same = f"The same: {fmt.plural(diff.rows_after, 'row')}, told by {_by(diff)}."
        return shown([title, Sentence(text=same)], look)
    blocks: list[Block] = [title, facts(_row_facts(diff)), *_column_facts(diff)]
    if diff.columns:
        blocks.append(_changes(diff))
    return shown(blocks, look)


def _by(diff: TableDiff) -> str:
    return diff.by if diff.by in ("content", "position") else f"key {diff.by}"


def _row_facts(diff: TableDiff) -> list[tuple[str, Cell]]:
    unchanged = diff.rows_before - diff.rows_removed - diff.rows_changed
    return [
        ("Rows", Cell(text=f"{diff.rows_before:,} → {diff.rows_after:,}", aside=f"told by {_by(diff)}")),
        ("Added", _rows(diff.rows_added, diff.added, Tone.GOOD, "+")),
        ("Removed", _rows(diff.rows_removed, diff.removed, Tone.BAD, "-")),
        ("Changed", _changed(diff)),
        ("Unchanged", Cell(text=f"{unchanged:,}")),
    ]


def _changed(diff: TableDiff) -> Cell:
    if not diff.rows_changed:
        return cells.EMPTY
    kept = diff.rows_before - diff.rows_removed
    return Cell(text=f"{diff.rows_changed:,}", symbol="~", tone=Tone.BUSY, aside=share(diff.rows_changed, kept))


def _rows(count: int, ranges: Sequence[tuple[int, int]], tone: Tone, symbol: str) -> Cell:
    if not count:
        return cells.EMPTY
    told = [str(first) if stop == first + 1 else f"{first} to {stop - 1}" for first, stop in ranges[:_MOST_RANGES]]
    covered = sum(stop - first for first, stop in ranges[:_MOST_RANGES])
    where = ", ".join(told) + (", …" if covered < count else "")
    return Cell(
        text=f"{count:,}", symbol=symbol, tone=tone, aside=f"{'rows' if count > 1 else 'row'} {where}" if told else ""
    )


def _column_facts(diff: TableDiff) -> list[Block]:
    rows = [
        (
            "New columns",
            Cell(text=", ".join(f"{fmt.one_line(each.name)} ({each.dtype})" for each in diff.columns_added)),
        ),
        ("Gone columns", Cell(text=", ".join(fmt.one_line(each.name) for each in diff.columns_removed))),
        ("Order", Cell(text="the columns stand in another order" if diff.is_order_changed else "")),
    ]
    return [facts(rows)] if any(cell.text for _, cell in rows) else []


def _changes(diff: TableDiff) -> Table:
    columns = (
        Column(title="Column", is_kept=True),
        Column(title="Changed", is_number=True, is_kept=True),
        Column(title="Type"),
        Column(title="Mean of these"),
        Column(title="Missing of these"),
        Column(title="For instance", folds=True),
    )
    rows = tuple(_change_row(change) for change in diff.columns)
    empty = [at for at in range(2, len(columns)) if not any(row[at].text for row in rows)]
    kept = [at for at in range(len(columns)) if at not in empty]
    return Table(
        columns=tuple(columns[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in rows),
        heading="Changed columns",
    )


def _change_row(change: ColumnChange) -> tuple[Cell, ...]:
    dtypes = (change.dtype_before, change.dtype_after)
    means = [fmt.number(each) for each in (change.mean_before, change.mean_after) if each is not None]
    missing = (change.missing_before, change.missing_after)
    return (
        Cell(text=fmt.shortened(fmt.one_line(change.name), _WIDEST), title=change.name),
        Cell(text=f"{change.changed:,}"),
        Cell(text=" → ".join(dtypes) if dtypes[0] != dtypes[1] else ""),
        Cell(text=" → ".join(means) if len(means) == 2 else ""),
        Cell(text=f"{missing[0]:,} → {missing[1]:,}" if any(missing) else ""),
        Cell(text=_examples(change)),
    )


def _examples(change: ColumnChange) -> str:
    told = [_example(change, each) for each in change.examples[:_MOST_EXAMPLES]]
    for word, names in (("new", change.new_categories), ("gone", change.gone_categories)):
        if names:
            listed = ", ".join(map(fmt.one_line, names[:_MOST_CATEGORIES]))
            told.append(f"{word} {'category' if len(names) == 1 else 'categories'}: {listed}")
    return "; ".join(told)


def _example(change: ColumnChange, cell: CellChange) -> str:
    return f"{_value(change.name, cell.before)} → {_value(change.name, cell.after)} (row {cell.row_after})"


def _value(column: str, value: str | None) -> str:
    if value is None:
        return "missing"
    return fmt.shortened(fmt.one_line(str(redact_value(column, value))), _WIDEST)
