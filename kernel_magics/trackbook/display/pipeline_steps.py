"""The plan of a pipeline and how its steps stand, as tables and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trackbook.capture.secrets import redact_value
from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.shown import Look, Shown, shown
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.standing import Standing
from trackbook.pipelines.graph.uses import Uses
from trackbook.records import Failure, JsonValue, strict
from trackbook.tracking.find import short_id

_MOST_METRICS = 2


def plan_payload(plan: Plan) -> list[JsonValue]:
    """Return a plan as JSON: for each step its ``name``, its ``action``, the ``reason``, and what it is."""
    return [_planned_payload(each) for each in plan.steps]


def _planned_payload(planned: PlannedStep) -> JsonValue:
    return {
        "name": planned.step.name,
        "action": planned.action.value,
        "reason": planned.reason,
        "needs": list(planned.needs),
        "notebook": planned.step.notebook.as_posix(),
        "params": strict({name: redact_value(name, value) for name, value in planned.step.params.items()}),
    }


def show_plan(plan: Plan, uses: Mapping[str, Uses], look: Look | None = None) -> Shown:
    """Show what a pipeline has to do, and what could not be told of its notebooks."""
    look = look or Look()
    to_run = sum(each.action is Action.RUN for each in plan.steps)
    what = f"{fmt.plural(to_run, 'step')} of {len(plan.steps)} to run" if to_run else "every step is skipped"
    columns = (
        Column(title="Step", is_kept=True),
        Column(title="Action", is_kept=True),
        Column(title="Reason", folds=True, is_kept=True),
        Column(title="Needs", folds=True),
    )
    rows = tuple(_planned_row(each) for each in plan.steps)
    blocks: list[Block] = [Title(cells=(_title(plan.pipeline), Cell(text=what))), Table(columns=columns, rows=rows)]
    untold = dict.fromkeys(f"{name}: {each}." for name, found in uses.items() for each in found.untold)
    blocks += [Sentence(text=fmt.one_line(each), tone=Tone.QUIET) for each in untold]
    return shown(blocks, look)


def _title(pipeline: Pipeline) -> Cell:
    return Cell(text=fmt.one_line(pipeline.name), is_strong=True)


def _planned_row(planned: PlannedStep) -> tuple[Cell, ...]:
    is_run = planned.action is Action.RUN
    return (
        Cell(text=fmt.one_line(planned.step.name)),
        Cell(text=planned.action.value, symbol="▶" if is_run else "·", tone=Tone.BUSY if is_run else Tone.QUIET),
        Cell(text=fmt.one_line(planned.reason), tone=Tone.PLAIN if is_run else Tone.QUIET),
        Cell(text=fmt.one_line(_needs(planned.needs)), tone=Tone.QUIET),
    )


def _needs(names: Sequence[str]) -> str:
    """Return the needs on one line, those that a ``foreach`` has made counted."""
    counts = Counter(map(base_of, names))
    words = dict.fromkeys(
        f"{base_of(name)} ({counts[base_of(name)]})" if counts[base_of(name)] > 1 else name for name in names
    )
    return ", ".join(words)


def status_payload(found: Sequence[Standing]) -> list[JsonValue]:
    """Return how steps stand as JSON; of a step that never ran only the name and what blocks it are known."""
    return [_standing_payload(each) for each in found]


def _standing_payload(standing: Standing) -> JsonValue:
    run = standing.detail.run if standing.detail is not None else None
    return {
        "name": standing.step.name,
        "status": run.status.value if run is not None else None,
        "is_stopped": run is not None and run.is_stopped,
        "verdict": run.verdict.value if run is not None and run.verdict is not None else None,
        "started_at": run.started_at.isoformat() if run is not None else None,
        "finished_at": run.finished_at.isoformat() if run is not None and run.finished_at is not None else None,
        "seconds": standing.seconds,
        "metrics": strict({key: point.value for key, point in standing.metrics.items()}),
        "run_id": run.run_id if run is not None else None,
        "is_marked": standing.is_marked,
        "blocked_by": standing.blocked_by,
        "error": _error(run.failure) if run is not None and run.failure is not None else None,
    }


def show_status(pipeline: Pipeline, found: Sequence[Standing], look: Look | None = None) -> Shown:
    """Show how the steps stand."""
    look = look or Look()
    columns = (
        Column(title="Step", is_kept=True),
        Column(title="Status", is_kept=True, folds=True),
        Column(title="When"),
        Column(title="Took", is_number=True, rank=2),
        Column(title="Metrics", folds=True),
        Column(title="Run", is_kept=True),
    )
    rows = tuple(_standing_row(each, look) for each in found)
    title = Title(cells=(_title(pipeline), Cell(text=fmt.plural(len(found), "step"))))
    return shown([title, Table(columns=columns, rows=rows)], look)


def _standing_row(standing: Standing, look: Look) -> tuple[Cell, ...]:
    name = Cell(text=fmt.one_line(standing.step.name))
    if standing.detail is None:
        return (name, _unrun(standing), *[Cell(text="—", tone=Tone.QUIET)] * 4)
    run = standing.detail.run
    values = [f"{key} {fmt.number(point.value)}" for key, point in standing.metrics.items()]
    more = f" +{len(values) - _MOST_METRICS}" if len(values) > _MOST_METRICS else ""
    return (
        name,
        _state(standing),
        Cell(text=fmt.ago(run.started_at, look.now), title=fmt.moment(run.started_at)),
        Cell(text=fmt.duration(standing.seconds)),
        Cell(text=fmt.one_line(", ".join(values[:_MOST_METRICS])) + more),
        Cell(text=short_id(run.run_id), is_code=True),
    )


def _unrun(standing: Standing) -> Cell:
    why = f"blocked by {standing.blocked_by}" if standing.blocked_by is not None else "never run"
    return Cell(text=fmt.one_line(why), tone=Tone.QUIET)


def _error(failure: Failure) -> str:
    return f"{failure.type}: {failure.message}" if failure.message else failure.type


def _state(standing: Standing) -> Cell:
    run = standing.detail.run if standing.detail is not None else None
    if run is None or standing.is_marked:
        return Cell(text="marked up to date", symbol="✓", tone=Tone.QUIET)
    about = _error(run.failure) if run.failure is not None and not run.is_stopped else ""
    aside = about or (f"({run.verdict.value})" if run.verdict is not None else "")
    return replace(cells.state(run), aside=fmt.shortened(fmt.one_line(aside), 80))
