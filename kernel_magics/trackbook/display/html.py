"""Blocks as HTML that is safe to show and to save: everything is escaped, and the styles are inline.

A saved notebook has no style sheet of ours, and nobody knows whether its page is light or dark. So colours are
inherited, lines are a translucent grey, and the few accents are readable on both.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from trackbook.display import format as fmt
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
from trackbook.tracking.lines import Line, Sign

_LINE = "1px solid rgba(128,128,128,.28)"
_ACCENTS = {
    Tone.GOOD: "color:#2f9e5f",
    Tone.BAD: "color:#e0524d",
    Tone.BUSY: "color:#c98a1b",
    Tone.QUIET: "opacity:.65",
}
_PAGE = "font-size:13px;line-height:1.5;max-width:100%;overflow-x:auto;font-variant-numeric:tabular-nums"
_TABLE = "border-collapse:collapse;border:none;margin:0 0 4px 0;width:auto;background:none;font-size:13px"
_CELL = "padding:3px 18px 3px 0;border:none;vertical-align:top"
_CODE = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:12px"
_PATCH = f"{_CODE};line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere;margin:2px 0 6px 0"
_GROUNDS = {Sign.GONE: "background:rgba(224,82,77,.13)", Sign.NEW: "background:rgba(47,158,95,.13)"}
_MARKS = {
    Sign.GONE: "background:rgba(224,82,77,.32);border-radius:2px",
    Sign.NEW: "background:rgba(47,158,95,.32);border-radius:2px",
    Sign.SAME: "",
}
_IMAGE = "max-width:420px;max-height:320px;background:white"  # figures are drawn for white, whatever the page is
_WIDE_IMAGE = "max-width:100%;background:white"
_BARS_HEIGHT, _BAR_STEP = 18, 7
_LONGEST_LINE = 80
_LONGEST_HOVER = 600
_BRANCH_LINE = "padding:1px 0;white-space:nowrap"
_BRANCH_CELL = "margin-right:9px"
_HEADING = "font-weight:600;margin:10px 0 2px 0"
_VERBATIM = f"{_CODE};white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;padding:0;background:none"


def render_html(blocks: Iterable[Block]) -> str:
    """Return blocks as one HTML element."""
    return _tag("div", "".join(map(_block, blocks)), style=_PAGE)


def _tag(name: str, inner: str, **attributes: str) -> str:
    """Return an element. `inner` is HTML already; attributes are escaped here, and left out when empty."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{written}>{inner}</{name}>"


def _block(block: Block) -> str:
    match block:
        case Title():
            return _title(block)
        case Table():
            return _table(block)
        case Sentence():
            return _tag("div", escape(block.text), style=f"margin:2px 0;max-width:72em;{_ACCENTS.get(block.tone, '')}")
        case Verbatim():
            return _tag("pre", escape(block.text), style=_VERBATIM)
        case Fold():
            summary = _tag("summary", escape(block.summary), style="cursor:pointer")
            return _tag("details", summary + "".join(map(_block, block.blocks)), style="margin:6px 0 2px 0")
        case Patch():
            return _tag("div", "".join(map(_patch_line, block.lines)), style=_PATCH)
        case Picture():
            return _picture(block)
        case Beside():
            parts = (_tag("div", _block(each), style="margin-right:36px") for each in block.blocks)
            return _tag("div", "".join(parts), style="display:flex;flex-wrap:wrap;align-items:flex-start")
        case Tree():
            return _branch(block.root)


def _branch(branch: Branch) -> str:
    line = "".join(_tag("span", _inner(cell), style=_BRANCH_CELL, title=_hover(cell)) for cell in branch.cells)
    if not branch.branches:
        return _tag("div", line, style=f"{_BRANCH_LINE};padding-left:15px")
    inner = "".join(map(_branch, branch.branches))
    beneath = _tag("div", inner, style=f"margin-left:5px;padding-left:14px;border-left:{_LINE}")
    summary = _tag("summary", line, style=f"{_BRANCH_LINE};cursor:pointer")
    return _tag("details", summary + beneath, style="margin:0", open="open" if branch.is_open else "")


def _title(block: Title) -> str:
    first, *rest = block.cells
    parts = [_tag("span", _inner(first), style="font-size:16px;font-weight:600;margin-right:14px")]
    parts += [_tag("span", _inner(cell), style="margin-right:14px", title=_hover(cell)) for cell in rest]
    return _tag("div", "".join(parts), style="margin:2px 0 4px 0")


def _patch_line(line: Line | None) -> str:
    if line is None:
        return _tag("div", "⋯", style="opacity:.5;padding:0 6px")
    style = f"padding:0 6px;min-height:1.4em;{_GROUNDS.get(line.sign, '')}"
    sign = _tag("span", line.sign.value, style="opacity:.65;user-select:none;margin-right:6px")
    return _tag("div", sign + _marked(line), style=style)


def _marked(line: Line) -> str:
    parts = fmt.marked(line.text, line.marks)
    return "".join(
        _tag("span", escape(text), style=_MARKS[line.sign]) if is_marked else escape(text) for text, is_marked in parts
    )


def _picture(block: Picture) -> str:
    source = f"data:{block.media_type};base64,{base64.b64encode(block.content).decode()}"
    style = _WIDE_IMAGE if block.is_wide else _IMAGE
    image = f'<img src="{escape(source)}" alt="{escape(block.caption)}" style="{style}">'
    return _tag("div", _tag("div", escape(block.caption), style=_ACCENTS[Tone.QUIET]) + image)


def _table(table: Table) -> str:
    heading = _tag("div", escape(table.heading), style=_HEADING) if table.heading else ""
    notes = "".join(_tag("div", escape(note), style=f"margin:2px 0;{_ACCENTS[Tone.QUIET]}") for note in _notes(table))
    has_titles = any(column.title for column in table.columns)
    head = _tag("thead", _row("".join(map(_head_cell, table.columns)))) if has_titles else ""
    body = _tag("tbody", "".join(_table_row(table.columns, row) for row in table.rows))
    return heading + _tag("table", head + body, style=_TABLE) + notes


def _notes(table: Table) -> list[str]:
    notes = [table.more] if table.more else []
    if table.whole_at and table.has_shortened:
        notes.append(f"What ends in … is shortened: hover over it, or {table.whole_at}")
    return notes


def _row(inner: str) -> str:
    return _tag("tr", inner, style="background:none;border:none")


def _head_cell(column: Column) -> str:
    style = f"{_CELL};border-bottom:{_LINE};font-weight:600;white-space:nowrap;{_side(column)}"
    return _tag("th", _tag("span", escape(column.title), style="opacity:.65"), style=style)


def _table_row(columns: tuple[Column, ...], row: tuple[Cell, ...]) -> str:
    if len(row) == 1 < len(columns):
        return _row(_tag("td", _inner(row[0]), colspan=str(len(columns)), style=_spanning_style(row[0])))
    return _row("".join(_data_cell(column, cell) for column, cell in zip(columns, row, strict=True)))


def _spanning_style(cell: Cell) -> str:
    style = f"{_CELL};text-align:left;{_indent(cell)}"
    return style if cell.tone is Tone.QUIET else f"{style};padding-top:10px;border-bottom:{_LINE};font-weight:600"


def _data_cell(column: Column, cell: Cell) -> str:
    wraps = (
        "min-width:28em;max-width:44em;overflow-wrap:anywhere"
        if len(cell.text) > _LONGEST_LINE
        else "white-space:nowrap"
    )
    return _tag("td", _inner(cell), style=f"{_CELL};{wraps};{_side(column)};{_indent(cell)}", title=_hover(cell))


def _indent(cell: Cell) -> str:
    return f"padding-left:{cell.indent * 18}px" if cell.indent else ""


def _side(column: Column) -> str:
    return "text-align:right" if column.is_number else "text-align:left"


def _inner(cell: Cell) -> str:
    accent = _ACCENTS.get(cell.tone, "")
    if cell.symbol:  # the accent is the symbol's; words stay as readable as the rest of the page
        text = _tag("span", escape(cell.symbol), style=accent) + " " + escape(cell.text)
    elif accent:
        text = _tag("span", escape(cell.text), style=accent)
    else:
        text = escape(cell.text)
    if cell.is_strong:
        text = _tag("strong", text)
    if cell.is_code:
        text = _tag("span", text, style=_CODE)
    return text + _aside(cell) + _bar(cell) + _bars(cell)


def _aside(cell: Cell) -> str:
    style = "display:inline-block;margin-left:8px;opacity:.65;font-weight:400"
    return _tag("span", escape(cell.aside), style=style) if cell.aside else ""


def _bar(cell: Cell) -> str:
    if cell.bar is None:
        return ""
    style = "display:inline-block;height:8px;background:currentColor;opacity:.35;border-radius:2px"
    return _tag("span", "", style=f"{style};width:{max(1, round(cell.bar * 120))}px")


def _bars(cell: Cell) -> str:
    """Return a histogram as a small picture; what is not empty can be seen, however low."""
    if not cell.bars:
        return ""
    heights = [0.0 if each <= 0 else max(1.0, each * _BARS_HEIGHT) for each in cell.bars]
    drawn = "".join(
        f'<rect x="{at * _BAR_STEP}" y="{_BARS_HEIGHT - height:g}" width="{_BAR_STEP - 1}" height="{height:g}"/>'
        for at, height in enumerate(heights)
    )
    width = len(heights) * _BAR_STEP
    style = f"width:{width}px;height:{_BARS_HEIGHT}px;fill:currentColor;opacity:.45;vertical-align:middle"
    return f'<svg viewBox="0 0 {width} {_BARS_HEIGHT}" style="{style}" role="img">{drawn}</svg>'


def _hover(cell: Cell) -> str:
    told = cell.title or cell.whole or ""
    return "" if told == cell.text else fmt.shortened(told, _LONGEST_HOVER)
