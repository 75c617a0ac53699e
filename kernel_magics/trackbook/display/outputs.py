"""What cells showed: texts in their first lines, figures by name and size."""

from __future__ import annotations

from collections.abc import Sequence

from trackbook.capture.terminal_text import without_escapes
from trackbook.display import format as fmt
from trackbook.display.blocks import Beside, Block, Cell, Column, Fold, Picture, Sentence, Table, Tone, Verbatim
from trackbook.display.shown import Look
from trackbook.records import Execution, Output, OutputPart
from trackbook.tracking.find import short_id
from trackbook.tracking.shown import Figure, Read, content_of, figure_part, figures_of, text_of, text_part

_MOST_ROWS = 20
_WIDEST = 80
_MOST_LINES = 12
_MOST_PICTURES = 8
_LARGEST_PICTURE = 300_000
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})


def output_table(executions: Sequence[Execution], look: Look, run: str, read: Read) -> Table | None:
    """Return what the cells of a run showed as a table, one output a row, the last ones where there are many."""
    names = {id(figure.part): figure for figure in figures_of(executions)}
    rows = [
        (Cell(text=f"[{execution.count or execution.index}]", tone=Tone.QUIET), *_row(output, names, read))
        for execution in executions
        for output in execution.outputs
    ]
    if not rows:
        return None
    columns = (
        Column(title="Cell", is_kept=True),
        Column(title="Output", is_kept=True, folds=True),
        Column(title="Size", is_number=True),
        Column(title="Type"),
    )
    short = short_id(run)
    rest = len(rows) - _MOST_ROWS
    more = f"… {rest} earlier: {look.command} log --run {short} --source" if rest > 0 else ""
    return Table(columns=columns, rows=tuple(rows[-_MOST_ROWS:]), heading="Outputs", more=more)


def figure_blocks(executions: Sequence[Execution], run: str, read: Read) -> list[Block]:
    """Return the last figures that cells showed, to open on a page."""
    figures = list(figures_of(executions))
    pictures = tuple(
        picture for figure in figures[-_MOST_PICTURES:] if (picture := picture_of(figure.part, figure.name, read))
    )
    if not pictures:
        return []
    hint = f"trackbook.get_run('{short_id(run)}').figures()"
    return [Fold(summary=fmt.plural(len(figures), "figure"), blocks=(Beside(blocks=pictures),), hint=hint)]


def picture_of(part: OutputPart, caption: str, read: Read) -> Picture | None:
    """Return one form of a figure as a picture, None if a page can't show it or it would make the page heavy."""
    if part.media_type not in _PICTURES or part.size > _LARGEST_PICTURE:
        return None
    content = content_of(part, read)
    return None if content is None else Picture(media_type=part.media_type, content=content, caption=caption)


def _row(output: Output, names: dict[int, Figure], read: Read) -> tuple[Cell, Cell, Cell]:
    figure = figure_part(output)
    part = figure or text_part(output) or output.parts[0]
    size = Cell(text=size_of(part), title=f"{part.size} bytes")
    if figure is not None:
        return Cell(text=names[id(figure)].name), size, Cell(text=figure.media_type)
    text = without_escapes(text_of(part, read) or "")
    first = next((line for line in text.splitlines() if line.strip()), "")
    lines = len(text.splitlines())
    aside = f"… {fmt.plural(lines, 'line')}" if lines > 1 else ""
    shown = Cell(text=fmt.shortened(fmt.one_line(first.strip()), _WIDEST), aside=aside, is_code=True)
    return shown, size, Cell(text=output.name or _kind(output))


def _kind(output: Output) -> str:
    return ", ".join(part.media_type for part in output.parts if part.media_type != "text/plain") or "text/plain"


def size_of(part: OutputPart) -> str:
    """Return how large an output was, and whether less of it is kept."""
    if not part.is_cut:
        return fmt.size(part.size)
    return f"{fmt.size(part.size)} ({'cut' if part.digest else 'not kept'})"


def output_blocks(execution: Execution, read: Read) -> list[Block]:
    """Return what one cell showed: the first lines of its texts, and a line for each figure."""
    names = {id(figure.part): figure.name for figure in figures_of([execution])}
    blocks: list[Block] = []
    for output in execution.outputs:
        figure = figure_part(output)
        if figure is not None:
            blocks.append(Sentence(text=f"{names[id(figure)]}  {size_of(figure)}", tone=Tone.QUIET))
        else:
            blocks += _text_blocks(text_part(output) or output.parts[0], read)
    return blocks


def _text_blocks(part: OutputPart, read: Read) -> list[Block]:
    text = text_of(part, read)
    if text is None:
        return [Sentence(text=f"{part.media_type}  {size_of(part)}", tone=Tone.QUIET)]
    lines = fmt.lines(without_escapes(text)).splitlines()
    shown = "\n".join(fmt.shortened(line, 4 * _WIDEST) for line in lines[:_MOST_LINES])
    blocks: list[Block] = [Verbatim(text=shown)] if shown.strip() else []
    rest = len(lines) - _MOST_LINES
    if rest > 0 or part.is_cut:
        more = f"… {fmt.plural(rest, 'more line')}" if rest > 0 else "…"
        blocks.append(Sentence(text=f"{more}, {size_of(part)}", tone=Tone.QUIET))
    return blocks
