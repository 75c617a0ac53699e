"""Single cells as plain text, and the colours and weights that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from trackbook.display.blocks import Cell, Tone

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.BUSY: "yellow", Tone.QUIET: "dim", Tone.PLAIN: ""}
_GAP = "  "
_BAR = 20
_HEIGHTS = " ▁▂▃▄▅▆▇█"

Part: TypeAlias = tuple[str, str]
"""Some characters, and rich's name of the style that they have."""


def parts_of(cell: Cell, aside_width: int = 0) -> list[Part]:
    """Return what a cell shows, part by part; its aside is filled up to a width."""
    style = STYLES[cell.tone]
    if cell.is_strong:
        style = f"{style} bold" if style else "bold"
    words = cell.text if cell.whole is None else cell.whole
    if cell.bar is not None:
        words += "▇" * max(1, round(cell.bar * _BAR))
    words += "".join(_HEIGHTS[0 if height <= 0 else min(8, 1 + int(height * 8))] for height in cell.bars)
    parts = [(cell.symbol, style), (f" {words}", "")] if cell.symbol else [(words, style)]
    if cell.indent:
        parts.insert(0, (_GAP * cell.indent, ""))
    if aside_width or cell.aside:
        parts.append((_GAP + cell.aside.ljust(aside_width), "dim"))
    return parts


def text_of(cell: Cell, aside_width: int = 0) -> Text:
    """Return a cell as rich draws it."""
    from rich.text import Text

    return Text.assemble(*parts_of(cell, aside_width))
