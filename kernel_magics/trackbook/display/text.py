"""Blocks as plain text: nothing is cut off; what has no room is folded, or named as left out."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from trackbook.display.blocks import (
    Beside,
    Block,
    Branch,
    Fold,
    Patch,
    Picture,
    Sentence,
    Table,
    Title,
    Tree,
    Verbatim,
)
from trackbook.display.format import marked
from trackbook.display.text_cells import STYLES, text_of
from trackbook.display.text_table import print_table
from trackbook.tracking.lines import Line, Sign

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree as RichTree

NATURAL = 100_000  # no terminal: as wide as the content asks for
_SIGNS = {Sign.GONE: "red", Sign.NEW: "green", Sign.SAME: ""}


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
            parts = [text_of(cell) for cell in block.cells]
            parts[0].stylize("bold")
            console.print(Text("  ").join(parts), overflow="fold")
        case Table():
            print_table(console, block)
        case Sentence():
            console.print(Text(block.text, style=STYLES[block.tone]), overflow="fold")
        case Verbatim():
            console.print(Text(block.text), soft_wrap=True)  # broken by the terminal, so that it can be copied
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

    line = Text(" ").join(text_of(replace(cell, whole=None)) for cell in branch.cells)
    line.no_wrap, line.overflow = True, "ellipsis"
    grown = RichTree(line, guide_style="dim")
    grown.children += map(_grown, branch.branches)
    return grown
