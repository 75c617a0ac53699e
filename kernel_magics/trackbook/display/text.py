"""Blocks as plain text: nothing is cut off; what has no room is folded, or named as left out."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from trackbook.display.blocks import (
    Beside,
    Block,
    Branch,
    Cell,
    Column,
    Fold,
    Patch,
    Picture,
    Sentence,
    Table,
    Title,
    Tone,
    Tree,
    Verbatim,
)
from trackbook.display.format import marked
from trackbook.tracking.lines import Line, Sign

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text
    from rich.tree import Tree as RichTree

NATURAL = 100_000  # no terminal: as wide as the content asks for
_GAP = 2
_NARROWEST_FOLD = 24
_BAR = 20
_SIGNS = {Sign.GONE: "red", Sign.NEW: "green", Sign.SAME: ""}
_STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.BUSY: "yellow", Tone.QUIET: "dim", Tone.PLAIN: ""}


def render_text(blocks: Iterable[Block], *, width: int | None = None, is_coloured: bool = False) -> str:
    """Return blocks as text, at most `width` columns wide (None: as wide as it needs)."""
    from rich.console import Console

    console = Console(
        force_jupyter=False,  # in a kernel it would show by itself what it is asked to render
        file=io.StringIO(),
        width=width or NATURAL,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for block in _flat(blocks):
        _print(console, block)
    written = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above
    return "\n".join(line.rstrip() for line in written.strip("\n").split("\n"))


def _flat(blocks: Iterable[Block]) -> Iterable[Block]:
    for block in blocks:
        if isinstance(block, Beside):
            yield from _flat(block.blocks)
        else:
            yield block


def _print(console: Console, block: Block) -> None:
    from rich.text import Text

    match block:
        case Title():
            parts = [_text(cell) for cell in block.cells]
            parts[0].stylize("bold")
            console.print(Text("  ").join(parts), overflow="fold")
        case Table():
            _print_table(console, block)
        case Sentence():
            console.print(Text(block.text, style=_STYLES[block.tone]), overflow="fold")
        case Verbatim():
            console.print(Text(block.text), overflow="fold")
        case Patch():
            for line in block.lines:
                console.print(_patch_line(line), overflow="fold")
        case Picture():
            pass
        case Fold():
            console.print()
            console.print(Text.assemble(block.summary, (f" ({block.hint})", "dim")), overflow="fold")
        case Tree():
            console.print(_grown(block.root))


def _patch_line(line: Line | None) -> Text:
    from rich.text import Text

    if line is None:
        return Text("⋯", style="dim")
    style = _SIGNS[line.sign]
    parts = ((text, f"{style} reverse" if is_marked else style) for text, is_marked in marked(line.text, line.marks))
    return Text.assemble((f"{line.sign.value} ", style), *parts)


def _grown(branch: Branch) -> RichTree:
    from rich.text import Text
    from rich.tree import Tree as RichTree

    line = Text(" ").join(_text(replace(cell, whole=None)) for cell in branch.cells)
    line.no_wrap, line.overflow = True, "ellipsis"
    grown = RichTree(line, guide_style="dim")
    grown.children += map(_grown, branch.branches)
    return grown


def _print_table(console: Console, table: Table) -> None:
    from rich.text import Text

    notes = [table.more]
    if table.is_brief and table.has_shortened:
        notes.append(f"What ends in … is shortened; whole: {table.whole_at}")
        table = replace(table, rows=tuple(tuple(replace(cell, whole=None) for cell in row) for row in table.rows))
    kept, left_out = _fitting(table, console.width)
    if table.heading:
        console.print()
        console.print(Text(table.heading, style="bold"))
    is_first = _has_titles(table)
    for spans, rows in groupby(table.rows, key=lambda row: _spans(table, row)):
        if spans:
            _print_spanning(console, rows)
        else:
            console.print(_drawn(table, list(rows), kept, has_titles=is_first))
            is_first = False
    for line in filter(None, (*notes, _left_out(table, left_out))):
        console.print(Text(line, style="dim"), overflow="fold")


def _print_spanning(console: Console, rows: Iterable[tuple[Cell, ...]]) -> None:
    for (cell,) in rows:
        if cell.tone is Tone.QUIET:
            console.print(_text(cell), overflow="fold")
        else:
            console.print()
            console.print(_text(replace(cell, is_strong=True)), overflow="fold")


def _drawn(table: Table, rows: list[tuple[Cell, ...]], kept: dict[int, int], *, has_titles: bool) -> RichTable:
    """Return rows drawn with widths that are settled, so that the parts of a table line up."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=has_titles)
    for at, width in kept.items():
        column = table.columns[at]
        drawn.add_column(
            Text(column.title, style="dim"),
            justify="right" if column.is_number else "left",
            overflow="fold",
            min_width=width,
            max_width=width,
        )
    asides = _aside_widths(table)
    for row in rows:
        drawn.add_row(*(_text(row[at], asides[at]) for at in kept))
    return drawn


def _spans(table: Table, row: tuple[Cell, ...]) -> bool:
    return len(row) == 1 < len(table.columns)


def _fitting(table: Table, width: int) -> tuple[dict[int, int], list[int]]:
    """Return the columns that have room, with their widths, and those that have none."""
    natural = dict(enumerate(_natural_widths(table)))
    columns = table.columns
    kept = {at: each for at, each in natural.items() if columns[at].is_kept}
    for at in sorted(natural, key=lambda at: columns[at].rank):
        if _least(table, kept | {at: natural[at]}) <= width:
            kept[at] = natural[at]
    kept = {at: kept[at] for at in natural if at in kept}
    _fold(table, kept, width)
    return kept, [at for at in range(len(natural)) if at not in kept]


def _least(table: Table, kept: dict[int, int]) -> int:
    """Return the width that columns need when those that may fold have done so."""
    folded = (min(each, _NARROWEST_FOLD) if table.columns[at].folds else each for at, each in kept.items())
    return sum(folded) + _GAP * len(kept)


def _fold(table: Table, kept: dict[int, int], width: int) -> None:
    """Narrow the columns that may fold, the widest first, until all fit; then any, as a narrow window must."""
    for candidates, floor in (([at for at in kept if table.columns[at].folds], _NARROWEST_FOLD), (list(kept), 1)):
        while candidates and (over := sum(kept.values()) + _GAP * len(kept) - width) > 0:
            widest = max(candidates, key=lambda at: kept[at])
            if kept[widest] <= floor:
                break
            kept[widest] = max(floor, kept[widest] - over)


def _natural_widths(table: Table) -> list[int]:
    from rich.cells import cell_len

    asides = _aside_widths(table)
    columns: list[tuple[Cell, ...]] = list(zip(*_plain_rows(table), strict=True)) or [() for _ in asides]
    return [
        max([cell_len(column.title), *(cell_len(_text(cell, aside).plain) for cell in members)])
        for column, aside, members in zip(table.columns, asides, columns, strict=True)
    ]


def _plain_rows(table: Table) -> list[tuple[Cell, ...]]:
    return [row for row in table.rows if not _spans(table, row)]


def _aside_widths(table: Table) -> list[int]:
    from rich.cells import cell_len

    rows = _plain_rows(table)
    return [max((cell_len(row[at].aside) for row in rows), default=0) for at in range(len(table.columns))]


def _text(cell: Cell, aside_width: int = 0) -> Text:
    from rich.text import Text

    style = " ".join(filter(None, (_STYLES[cell.tone], "bold" if cell.is_strong else "")))
    lead = "  " * cell.indent
    words = cell.text if cell.whole is None else cell.whole
    bar = "" if cell.bar is None else "▇" * max(1, round(cell.bar * _BAR))
    if cell.symbol:
        text = Text.assemble(lead, (cell.symbol, style), " ", words, bar)
    else:
        text = Text.assemble(lead, (words + bar, style))
    if aside_width or cell.aside:
        text.append("  " + cell.aside.ljust(aside_width), style="dim")
    return text


def _has_titles(table: Table) -> bool:
    return any(column.title for column in table.columns)


def _left_out(table: Table, columns: list[int]) -> str:
    if not columns:
        return ""
    names = ", ".join(_name(table.columns[at], at) for at in columns)
    return f"No room for: {names}. A wider window or --json has them."


def _name(column: Column, at: int) -> str:
    return column.title or f"column {at + 1}"
