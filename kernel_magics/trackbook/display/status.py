"""The store at a glance, and what to type next."""

from __future__ import annotations

from dataclasses import fields

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Tone, facts
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import RunDetail
from trackbook.store.contract import Holdings, Usage
from trackbook.tracking.find import short_id
from trackbook.tracking.overview import ExperimentCount, Overview

MOST_ROWS = 20


def show_status(overview: Overview, look: Look | None = None) -> Shown:
    """Show where the store is, what it holds, and what to type next."""
    look = look or Look()
    live = f"{len(overview.live)} alive" if overview.live else "none alive"
    blocks: list[Block] = [
        facts(
            [
                ("Store", Cell(text=fmt.one_line(overview.location))),
                ("Runs", Cell(text=str(overview.runs))),
                ("Sessions", Cell(text=f"{overview.sessions} ({live})" if overview.sessions else "none")),
                ("Data", Cell(text=usage_text(overview.usage, overview.budget_bytes))),
            ]
        )
    ]
    counted = [each for each in overview.experiments if each.latest]
    if counted:
        blocks.append(_experiments(counted, look))
    blocks.append(Sentence(text=_next(overview.latest, look), tone=Tone.QUIET))
    return shown(blocks, look)


def usage_text(usage: Usage, budget_bytes: int | None) -> str:
    """Return how much tables, files and models take, of how much they may where that is known."""
    kept = "1 table or file kept" if usage.snapshots == 1 else f"{usage.snapshots} tables and files kept"
    models = ", with models" if usage.model_bytes else ","
    return f"{kept}{models} {fmt.size(usage.kept_bytes)}{_most(budget_bytes)}"


def holdings_text(holdings: Holdings, budget_bytes: int | None) -> str:
    """Return what of each kind takes how much, and what of it counts for the budget."""
    sizes = {each.name: getattr(holdings, each.name) for each in fields(holdings)}
    listed = ", ".join(f"{name} {fmt.size(size)}" for name, size in sizes.items() if size)
    if not listed:
        return "Nothing is kept yet."
    kept = fmt.size(holdings.tables + holdings.files + holdings.models)
    return f"Kept: {listed}. Tables, files and models: {kept}{_most(budget_bytes)}."


def _most(budget_bytes: int | None) -> str:
    return f" of at most {fmt.size(budget_bytes)}" if budget_bytes is not None else ""


def _experiments(counted: list[ExperimentCount], look: Look) -> Table:
    columns = (
        Column(title="Experiment", is_kept=True),
        Column(title="Runs", is_number=True, is_kept=True),
        Column(title="Newest", is_kept=True),
        Column(title="Status"),
        Column(title="When"),
    )
    rest = len(counted) - MOST_ROWS
    more = f"… {fmt.plural(rest, 'more experiment')}: {look.command} status --json" if rest > 0 else ""
    rows = tuple(_row(each, each.latest, look) for each in counted[:MOST_ROWS] if each.latest)
    return Table(columns=columns, rows=rows, more=more)


def _row(each: ExperimentCount, latest: RunDetail, look: Look) -> tuple[Cell, ...]:
    run = latest.run
    return (
        cells.text(each.experiment),
        Cell(text=str(each.runs)),
        Cell(text=fmt.one_line(run.name), title=run.run_id),
        cells.status(run),
        cells.when(run.started_at, look.now),
    )


def _next(latest: RunDetail | None, look: Look) -> str:
    if latest is None:
        return "Put %load_ext trackbook into the first cell of a notebook and run it: runs appear by themselves."
    return f"Next: {look.command} runs, or {look.command} show {short_id(latest.run.run_id)}"
