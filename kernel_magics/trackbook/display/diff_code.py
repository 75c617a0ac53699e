"""The code of two runs told apart, cell by cell, with what each cell showed; and the modules that they used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Beside, Block, Cell, Column, Fold, Patch, Picture, Sentence, Table, Tone
from trackbook.display.outputs import picture_of, size_of
from trackbook.records import Execution, OutputPart
from trackbook.tracking.diff import CellDiff, ModuleDiff
from trackbook.tracking.diff_outputs import Change, OutputDiff
from trackbook.tracking.lines import Line, Sign
from trackbook.tracking.shown import Read, figure_part

_CONTEXT = 3
_WIDEST = 60
_MOST_LINES = 80
ASIDE = {Change.NOISE: "the same but for noise", Change.CLOSE: "the same within the tolerance"}
"""What is said of outputs that differ in nothing that counts."""
_GONE = {Change.ADDED: "new", Change.REMOVED: "gone", Change.CHANGED: "changed", Change.UNKNOWN: "not kept"}


class CodeDrawing:
    """Draws the cells and modules of two runs.

    Parameters
    ----------
    read
        Gives the objects that figures are kept in.
    again
        The command that shows what is left out.
    is_whole
        Also what is the same, and whole sources instead of some lines around each change.
    """

    def __init__(self, read: Read, again: str, *, is_whole: bool) -> None:
        self._read = read
        self._again = again
        self._is_whole = is_whole

    def cells(self, every: Sequence[CellDiff]) -> list[Block]:
        """Return the cells that differ, and how many are the same."""
        differing = [cell for cell in every if not cell.is_same]
        blocks: list[Block] = []
        if differing or self._is_whole:
            blocks.append(_heading("Code"))
        for cell in every if self._is_whole else differing:
            blocks += self._cell(cell)
        same = [cell for cell in every if cell.is_same]
        if same and not self._is_whole:
            blocks.append(_same_cells(same, self._again))
        return blocks

    def modules(self, differing: Sequence[ModuleDiff]) -> list[Block]:
        """Return the modules that differ."""
        blocks: list[Block] = [_heading("Modules")] if differing else []
        for module in differing:
            blocks += [Sentence(text=_module_title(module)), self._patch(module.lines)]
        return blocks

    def _cell(self, cell: CellDiff) -> list[Block]:
        blocks: list[Block] = [Sentence(text=_cell_title(cell))]
        if cell.is_edited:
            blocks.append(self._patch(cell.lines))
        elif self._is_whole and cell.after is not None:
            blocks.append(
                Patch(lines=tuple(Line(sign=Sign.SAME, text=each) for each in cell.after.source.splitlines()))
            )
        if cell.has_other_end and cell.before is not None and cell.after is not None:
            ends = f"Ended otherwise: {_end(cell.before)} → {_end(cell.after)}"
            blocks.append(Sentence(text=ends, tone=Tone.BAD if cell.after.failure else Tone.GOOD))
        for output in cell.outputs if self._is_whole else cell.differing_outputs:
            blocks += self._output(output)
        return blocks

    def _patch(self, lines: Sequence[Line]) -> Patch:
        kept = tuple(lines) if self._is_whole else tuple(_with_context(lines))
        return Patch(lines=kept if self._is_whole or len(kept) <= _MOST_LINES else (*kept[:_MOST_LINES], None))

    def _output(self, output: OutputDiff) -> list[Block]:
        blocks: list[Block] = [Sentence(text=_output_title(output), tone=Tone.QUIET)]
        if output.lines:
            blocks.append(self._patch(output.lines))
        pictures = tuple(self._pictures(output)) if output.is_figure and output.change is not Change.SAME else ()
        return [*blocks, Beside(blocks=pictures)] if pictures else blocks

    def _pictures(self, output: OutputDiff) -> Iterator[Picture]:
        for word, shown_then in (("before", output.before), ("after", output.after)):
            part = figure_part(shown_then) if shown_then is not None else None
            picture = picture_of(part, word, self._read) if part is not None else None
            if picture is not None:
                yield picture


def _heading(text: str) -> Table:
    return Table(columns=(Column(),), rows=(), heading=text)


def _cell_title(cell: CellDiff) -> str:
    words = _what_became(cell)
    return f"Cell {_numbers(cell)}: {words}"


def _numbers(cell: CellDiff) -> str:
    found = [f"[{each.count or each.index}]" for each in (cell.before, cell.after) if each is not None]
    return " → ".join(dict.fromkeys(found))


def _what_became(cell: CellDiff) -> str:
    if cell.before is None:
        return "new"
    if cell.after is None:
        return "gone"
    words = ["moved"] * cell.is_moved + ["edited"] * cell.is_edited
    if not words and not cell.is_same:
        return "the same code, other outputs" if cell.differing_outputs else "the same code"
    return ", ".join(words) or "the same"


def _end(execution: Execution) -> str:
    failure = execution.failure
    return (
        execution.outcome.value
        if failure is None
        else fmt.shortened(fmt.one_line(f"{failure.type}: {failure.message}".removesuffix(": ")), 2 * _WIDEST)
    )


def _module_title(module: ModuleDiff) -> str:
    use = module.after or module.before
    word = "new" if module.before is None else "gone" if module.after is None else "edited"
    return fmt.one_line(f"{use.path if use else module.name}: {word}")


def _output_title(output: OutputDiff) -> str:
    shown_now = output.after or output.before
    what = shown_now.name if shown_now is not None and shown_now.name else "figure" if output.is_figure else "output"
    word = _GONE.get(output.change) or ASIDE.get(output.change) or "same"
    sizes = " → ".join(size_of(part) for part in _parts(output)) if output.is_figure else ""
    return f"{what} {word}" + (f" ({output.media_type} {sizes})" if sizes else "")


def _parts(output: OutputDiff) -> Iterator[OutputPart]:
    for each in (output.before, output.after):
        part = figure_part(each) if each is not None else None
        if part is not None:
            yield part


def _same_cells(same: Sequence[CellDiff], again: str) -> Fold:
    rows = tuple((Cell(text=_numbers(cell), tone=Tone.QUIET), _first_line(cell)) for cell in same)
    table = Table(columns=(Column(is_kept=True), Column(is_kept=True)), rows=rows)
    return Fold(summary=f"{fmt.plural(len(same), 'cell')} the same", blocks=(table,), hint=again)


def _first_line(cell: CellDiff) -> Cell:
    there = cell.after or cell.before
    lines = there.source.splitlines() if there is not None else []
    first = next((line.strip() for line in lines if line.strip()), "")
    return replace(cells.text(first, width=_WIDEST), is_code=True)


def _with_context(lines: Sequence[Line]) -> Iterator[Line | None]:
    """Return changed lines with some around them; None stands for those left out."""
    changed = [at for at, line in enumerate(lines) if line.sign is not Sign.SAME]
    kept = {near for at in changed for near in range(at - _CONTEXT, at + _CONTEXT + 1)}
    is_gap = False
    for at, line in enumerate(lines):
        if at in kept:
            yield line
        elif not is_gap:
            yield None
        is_gap = at not in kept
