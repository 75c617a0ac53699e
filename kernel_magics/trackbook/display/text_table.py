"""Tables as plain text: the columns that have room, and the rows beneath them.

A row whose values all have room is written here. Only rows with a value that must fold are drawn by rich, which takes a
millisecond for each, and a list may have ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from trackbook.display.blocks import Cell, Column, Table, Tone
from trackbook.display.text_cells import Part, parts_of, text_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

_GAP = 2
_NARROWEST_FOLD = 24


@dataclass(frozen=True, slots=True)
class _Words:
    """What a cell shows, how wide it is, and whether that is all on one line."""

    parts: Sequence[Part]
    width: int
    is_line: bool


_Row = tuple[_Words, ...]


def print_table(console: Console, table: Table) -> None:
    """Print a table and what is said beneath it."""
    from rich.text import Text

    notes = [table.more]
    if table.is_brief and table.has_shortened:
        notes.append(f"What ends in … is shortened; whole: {table.whole_at}")
        table = replace(table, rows=tuple(tuple(replace(cell, whole=None) for cell in row) for row in table.rows))
    if table.heading:
        console.print()
        console.print(Text(table.heading, style="bold"))
    left_out = _print_rows(console, table)
    for line in filter(None, (*notes, _left_out(table, left_out))):
        console.print(Text(line, style="dim"), overflow="fold")


def _print_rows(console: Console, table: Table) -> list[int]:
    """Print titles and rows; return the columns that have no room."""
    asides = _aside_widths(table)
    rows = [_words_of(row, asides) for row in table.rows if not _spans(table, row)]
    kept, left_out = _fitting(table, _natural_widths(table, rows), console.width)
    titles = [_words(Cell(text=column.title, tone=Tone.QUIET, is_strong=True), 0) for column in table.columns]
    pending = [tuple(titles)] if any(column.title for column in table.columns) else []
    following = iter(rows)
    for spans, group in groupby(table.rows, key=lambda row: _spans(table, row)):
        if spans:
            _print_spanning(console, group)
        else:
            _print_lines(console, table, [*pending, *(next(following) for _ in group)], kept)
            pending = []
    return left_out


def _spans(table: Table, row: tuple[Cell, ...]) -> bool:
    return len(row) == 1 < len(table.columns)


def _print_spanning(console: Console, rows: Iterable[tuple[Cell, ...]]) -> None:
    for (cell,) in rows:
        if cell.tone is Tone.QUIET:
            console.print(text_of(cell), overflow="fold")
        else:
            console.print()
            console.print(text_of(replace(cell, is_strong=True)), overflow="fold")


# Lines


def _print_lines(console: Console, table: Table, rows: Iterable[_Row], kept: Mapping[int, int]) -> None:
    for fits, group in groupby(rows, key=lambda row: all(_fits(row[at], width) for at, width in kept.items())):
        if fits:
            console.file.writelines(f"{_line(console, table, row, kept)}\n" for row in group)
        else:
            console.print(_drawn(table, group, kept))


def _fits(words: _Words, width: int) -> bool:
    return words.is_line and words.width <= width


def _line(console: Console, table: Table, row: _Row, kept: Mapping[int, int]) -> str:
    written = []
    for at, width in kept.items():
        words, room = row[at], " " * (width - row[at].width)
        text = "".join(_styled(console, part) for part in words.parts)
        written.append(room + text if table.columns[at].is_number else text + room)
    return (" " * _GAP).join(written)


def _styled(console: Console, part: Part) -> str:
    text, style = part
    begin, end = _escapes(style) if style and text and console.is_terminal and not console.no_color else ("", "")
    return f"{begin}{text}{end}"


@cache
def _escapes(style: str) -> tuple[str, str]:
    """Return what a terminal is sent before and after characters of a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    begin, _, end = Style.parse(style).render("x", color_system=ColorSystem.STANDARD).partition("x")
    return begin, end


def _drawn(table: Table, rows: Iterable[_Row], kept: Mapping[int, int]) -> RichTable:
    """Return rows as rich folds them, with widths that are settled, so that they stand beneath the others."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=False)
    for at, width in kept.items():
        justify = "right" if table.columns[at].is_number else "left"
        drawn.add_column(justify=justify, overflow="fold", min_width=width, max_width=width)  # type: ignore[arg-type]
    for row in rows:
        drawn.add_row(*(Text.assemble(*row[at].parts) for at in kept))
    return drawn


# Widths


def _fitting(table: Table, widths: Sequence[int], room: int) -> tuple[dict[int, int], list[int]]:
    """Return the columns that have room, with their widths, and those that have none."""
    natural = dict(enumerate(widths))
    columns = table.columns
    kept = {at: each for at, each in natural.items() if columns[at].is_kept}
    for at in sorted(natural, key=lambda at: columns[at].rank):
        if _least(table, kept | {at: natural[at]}) <= room:
            kept[at] = natural[at]
    kept = {at: kept[at] for at in natural if at in kept}
    _fold(table, kept, room)
    return kept, [at for at in natural if at not in kept]


def _least(table: Table, kept: Mapping[int, int]) -> int:
    """Return the width that columns need when those that may fold have done so."""
    folded = (min(each, _NARROWEST_FOLD) if table.columns[at].folds else each for at, each in kept.items())
    return sum(folded) + _GAP * len(kept)


def _fold(table: Table, kept: dict[int, int], room: int) -> None:
    """Narrow the columns that may fold, the widest first, until all fit; then any, as a narrow window must."""
    for candidates, floor in (([at for at in kept if table.columns[at].folds], _NARROWEST_FOLD), (list(kept), 1)):
        while candidates and (over := sum(kept.values()) + _GAP * len(kept) - room) > 0:
            widest = max(candidates, key=lambda at: kept[at])
            if kept[widest] <= floor:
                break
            next_widest = max((kept[at] for at in candidates if at != widest), default=0)
            kept[widest] = max(floor, kept[widest] - over, min(next_widest, kept[widest] - 1))


def _natural_widths(table: Table, rows: Sequence[_Row]) -> list[int]:
    return [max([_width(column.title), *(row[at].width for row in rows)]) for at, column in enumerate(table.columns)]


def _aside_widths(table: Table) -> list[int]:
    rows = [row for row in table.rows if not _spans(table, row)]
    return [max((_width(row[at].aside) for row in rows), default=0) for at in range(len(table.columns))]


def _words_of(row: Sequence[Cell], asides: Sequence[int]) -> _Row:
    return tuple(_words(cell, aside) for cell, aside in zip(row, asides, strict=True))


def _words(cell: Cell, aside_width: int) -> _Words:
    parts = parts_of(cell, aside_width)
    text = "".join(text for text, _ in parts)
    return _Words(parts, _width(text), text.isprintable())


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


# What had no room


def _left_out(table: Table, columns: Sequence[int]) -> str:
    if not columns:
        return ""
    names = ", ".join(_name(table.columns[at], at) for at in columns)
    return f"No room for: {names}. A wider window or --json has them."


def _name(column: Column, at: int) -> str:
    return column.title or f"column {at + 1}"
