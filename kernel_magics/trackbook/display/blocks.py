"""What a page is made of, before it is text or HTML: both are made from the same blocks, so they can't disagree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from trackbook.tracking.lines import Line


class Tone(StrEnum):
    """What a colour would say. It is never said by colour alone: a symbol or a word goes with it."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    BUSY = "busy"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value as shown.

    `text` is what a page shows, `whole` the full text where `text` is a shortened one (plain text shows that instead),
    `title` what hovering tells. `aside` follows more quietly. `indent` counts levels. `bar` is a length from 0 to 1,
    `bars` are the heights of a histogram, likewise.
    """

    text: str = ""
    whole: str | None = None
    title: str | None = None
    symbol: str = ""
    aside: str = ""
    tone: Tone = Tone.PLAIN
    is_strong: bool = False
    is_code: bool = False
    indent: int = 0
    bar: float | None = None
    bars: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    On a narrow terminal `folds` ones wrap, and of those that are not `is_kept` only those are shown that have room, the
    smallest `rank` first.
    """

    title: str = ""
    is_number: bool = False
    folds: bool = False
    is_kept: bool = False
    rank: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns. A row with a single cell spans them all: it heads the rows beneath.

    `more` says what is not in the table and where it is, `whole_at` where its shortened values can be read whole. An
    `is_brief` table has them shortened in plain text too.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heading: str = ""
    more: str = ""
    whole_at: str = ""
    is_brief: bool = False

    @property
    def has_shortened(self) -> bool:
        """Whether it shows less than there is of any value."""
        return any(cell.whole is not None for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What the page is about."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Running text."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """Code or a traceback, line by line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Something to open on a page. Plain text shows the summary and `hint`, which says where to see the rest."""

    summary: str
    blocks: tuple[Block, ...]
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Blocks that may stand beside each other where there is room."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of a tree, its cells side by side, and the lines beneath it. A page shows these where it `is_open`."""

    cells: tuple[Cell, ...]
    branches: tuple[Branch, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Lines beneath lines. Each is kept on one line: on a narrow terminal its end is cut off, visibly."""

    root: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Lines that went and came, each with its sign, among some that stayed; None stands where others are left out."""

    lines: tuple[Line | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image on a page, small beside others unless it `is_wide`; plain text has nothing in its place."""

    media_type: str
    content: bytes
    caption: str
    is_wide: bool = False


Block: TypeAlias = Title | Table | Sentence | Verbatim | Fold | Beside | Tree | Patch | Picture


def facts(rows: list[tuple[str, Cell]], heading: str = "", whole_at: str = "") -> Table:
    """Return a table of named facts, those without a value left out."""
    kept = tuple((Cell(text=name, tone=Tone.QUIET), cell) for name, cell in rows if cell.text)
    columns = (Column(is_kept=True), Column(is_kept=True, folds=True))
    return Table(columns=columns, rows=kept, heading=heading, whole_at=whole_at)
