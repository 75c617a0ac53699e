"""The log of executions: what was run, in which order, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone, Verbatim
from trackbook.display.outputs import output_blocks
from trackbook.display.shown import Look, Shown, shown
from trackbook.errors import NotFoundError
from trackbook.records import Execution
from trackbook.tracking.find import short_id
from trackbook.tracking.shown import Read

MOST_ROWS = 50
_WIDEST_LINE = 72
_MOST_RUNS = 2


def show_log(executions: Sequence[Execution], look: Look | None = None, *, limit: int | None = MOST_ROWS) -> Shown:
    """Show executions in the order given; only the last `limit` of them, with a word about the earlier ones."""
    look = look or Look()
    if not executions:
        return shown([Sentence(text="No executions.")], look)
    first = 0 if limit is None else max(0, len(executions) - limit)
    heading = Title(cells=(Cell(text=fmt.plural(len(executions), "execution")),))
    table = execution_table(executions[first:], look)
    earlier = [Sentence(text=f"… {first} earlier: {look.command} log --all", tone=Tone.QUIET)] if first else []
    return shown([heading, *earlier, table], look)


def show_sources(executions: Sequence[Execution], look: Look | None = None, *, read: Read | None = None) -> Shown:
    """Show executions with their whole sources, what they showed in short, and the tracebacks of those that failed.

    `read` gives the objects in which long outputs are kept; without it only short ones are shown.
    """
    look = look or Look()
    blocks: list[Block] = []
    for execution in executions:
        blocks.append(
            Title(cells=(Cell(text=prompt(execution)), cells.outcome(execution), _took(execution), _used(execution)))
        )
        blocks.append(Verbatim(text=fmt.lines(execution.source)))
        blocks += output_blocks(execution, read or _nothing)
        failure = execution.failure
        if failure:
            blocks.append(Verbatim(text=fmt.lines(failure.traceback or f"{failure.type}: {failure.message}")))
    return shown(blocks or [Sentence(text="No executions.")], look)


def _nothing(digest: str) -> bytes:
    raise NotFoundError(f"No object {short_id(digest)} at hand.")


def execution_table(
    executions: Sequence[Execution], look: Look, *, heading: str = "", session: str | None = None
) -> Table:
    """Return executions as a table; those of another session than `session` under a heading of their own."""
    columns = (
        Column(title="Cell", is_kept=True),
        Column(title="Outcome", is_kept=True),
        Column(title="Took", is_number=True),
        Column(title="Code", folds=True, is_kept=True),
        Column(title="Wrote", folds=True),
        Column(title="Runs"),
    )
    rows: list[tuple[Cell, ...]] = []
    for execution in executions:
        if execution.session_id != session:
            session = execution.session_id
            rows.append((_session_heading(execution, look),))
        rows.append(_row(execution))
    return Table(
        columns=columns, rows=tuple(rows), heading=heading, whole_at=f"{look.command} log --source", is_brief=True
    )


def _session_heading(execution: Execution, look: Look) -> Cell:
    began = fmt.ago(execution.started_at, look.now)
    return Cell(text=f"Session {short_id(execution.session_id)}, {began}", title=execution.session_id)


def _row(execution: Execution) -> tuple[Cell, ...]:
    return (
        Cell(text=prompt(execution), is_code=True, tone=Tone.QUIET, title=fmt.moment(execution.started_at)),
        cells.outcome(execution),
        _took(execution),
        code_cell(execution.source),
        cells.text(", ".join(execution.writes), width=40),
        _runs(execution.run_ids),
    )


def _runs(run_ids: Sequence[str]) -> Cell:
    rest = len(run_ids) - _MOST_RUNS
    listed = ", ".join(map(short_id, run_ids[:_MOST_RUNS]))
    return Cell(text=listed, is_code=True, aside=f"+{rest} more" if rest > 0 else "", title=", ".join(run_ids))


def prompt(execution: Execution) -> str:
    """Return what IPython shows beside a cell's input."""
    return f"In [{execution.count if execution.count is not None else execution.index}]"


def _took(execution: Execution) -> Cell:
    return Cell(text=fmt.duration(execution.seconds))


def _used(execution: Execution) -> Cell:
    """Return what a cell took of the machine, as far as that was measured."""
    used = execution.resources
    told = [
        *([f"CPU {fmt.duration(used.cpu_seconds)}"] if used.cpu_seconds is not None else []),
        *([f"memory {fmt.size(used.peak_memory_bytes)}"] if used.peak_memory_bytes else []),
        *([f"GPU {used.gpu_percent:.0f} %"] if used.gpu_percent is not None else []),
        *([f"GPU memory {fmt.size(used.gpu_peak_memory_bytes)}"] if used.gpu_peak_memory_bytes else []),
    ]
    return Cell(aside=", ".join(told))


def code_cell(source: str) -> Cell:
    """Return the first line that says something, and how many lines there are more."""
    written = [line for line in source.splitlines() if line.strip()]
    telling = next((line for line in written if not line.lstrip().startswith("#")), written[0] if written else "")
    line = fmt.one_line(telling.strip())
    short = fmt.shortened(line, _WIDEST_LINE)
    more = f"+{fmt.plural(len(written) - 1, 'line')}" if len(written) > 1 else ""
    return Cell(text=short, whole=line if short != line else None, title=source, aside=more, is_code=True)
