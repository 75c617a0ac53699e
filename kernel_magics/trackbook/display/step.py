"""What became of a step, and which params a notebook takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trackbook.capture.secrets import redact_value
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Tone, facts
from trackbook.display.shown import Look, Shown, shown
from trackbook.pipelines.steps.job import StepJob, StepResult, StepStatus
from trackbook.pipelines.steps.params import HOW_TO_TAG, OpenParams, ParamSpec
from trackbook.pipelines.steps.results import metrics_of
from trackbook.records import JsonValue, RunDetail
from trackbook.tracking.find import short_id

_MOST_METRICS = 30


def show_step(
    job: StepJob, result: StepResult, cells: int | None, runs: Sequence[RunDetail], look: Look | None = None
) -> Shown:
    """Show how a step ended, with its metrics and where everything is.

    Parameters
    ----------
    cells
        How many cells are executed in all, None where that is not known.
    runs
        The step's run and those beneath it.
    """
    look = look or Look()
    blocks: list[Block] = [Sentence(text=line, tone=tone) for line, tone in _ending(result, cells)]
    metrics = metrics_of(runs)
    rows = [("Output", Cell(text=str(job.output)))] if job.output.exists() else []
    if result.run_id is not None:
        rows.insert(0, ("Run", Cell(text=f"{short_id(result.run_id)} {job.name}")))
    if job.params:
        rows.append(("Params", Cell(text=fmt.pairs(_told(job.params)))))
    rows += [(key, Cell(text=fmt.number(metrics[key].value))) for key in list(metrics)[:_MOST_METRICS]]
    if rows:
        blocks.append(facts(rows))
    if result.run_id is not None:
        more = f"{fmt.plural(len(runs) - 1, 'run')} beneath it. " if len(runs) > 1 else ""
        blocks.append(Sentence(text=f"{more}Next: {look.command} show {short_id(result.run_id)}", tone=Tone.QUIET))
    return shown(blocks, look)


def _ending(result: StepResult, cells: int | None) -> list[tuple[str, Tone]]:
    took = fmt.duration(result.seconds)
    if result.status is StepStatus.FINISHED:
        return [(f"Finished in {took}.", Tone.GOOD)]
    place = ""
    if result.failed_cell is not None:
        place = f" in cell {result.failed_cell}" + (f" of {cells}" if cells is not None else "")
        place += f", line {result.line}: {fmt.one_line(result.source_line or '')}" if result.line is not None else ""
    word = "Failed" if result.status is StepStatus.FAILED else "Stopped"
    message = fmt.one_line(result.message or "")
    return [
        (f"{word} after {took}{place}", Tone.BAD),
        (f"{result.error}: {message}" if message else f"{result.error}", Tone.BAD),
    ]


def step_payload(
    job: StepJob, result: StepResult, cells: int | None, runs: Sequence[RunDetail]
) -> dict[str, JsonValue]:
    """Return how a step ended as JSON values, as ``trackbook step --json`` prints it."""
    return {
        "name": job.name,
        "notebook": str(job.notebook),
        "output": str(job.output) if job.output.exists() else None,
        "status": result.status.value,
        "seconds": result.seconds,
        "run_id": result.run_id,
        "params": _told(job.params),
        "metrics": {key: point.value for key, point in metrics_of(runs).items()},
        "runs": [
            {
                "run_id": each.run.run_id,
                "name": each.run.name,
                "parent_id": each.run.parent_id,
                "metrics": {key: point.value for key, point in each.metrics.items()},
            }
            for each in runs
        ],
        "error": _error_payload(result, cells),
    }


def _error_payload(result: StepResult, cells: int | None) -> dict[str, JsonValue] | None:
    if result.status is StepStatus.FINISHED:
        return None
    return {
        "type": result.error,
        "message": result.message,
        "cell": result.failed_cell,
        "cells": cells,
        "line": result.line,
        "source_line": result.source_line,
    }


def _told(params: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return params, ``[secret]`` in place of credentials: what is printed stands in the logs of CI."""
    return {name: redact_value(name, value) for name, value in params.items()}


def show_params(notebook: Path, specs: Sequence[ParamSpec], look: Look | None = None) -> Shown:
    """Show the params that a notebook takes."""
    look = look or Look()
    if isinstance(specs, OpenParams):
        return shown([Sentence(text=f"{notebook} is no Python: its params are not known.")], look)
    if not specs:
        return shown([Sentence(text=f"{notebook} takes no params. {HOW_TO_TAG}")], look)
    columns = (Column(title="Param", is_kept=True), Column(title="Is"), Column(title="Default"), Column(title="About"))
    rows = [
        (
            Cell(text=spec.name),
            Cell(text=spec.wanted),
            Cell(text=_default(spec), tone=Tone.BAD if spec.is_required else Tone.PLAIN),
            Cell(text=spec.help or "", tone=Tone.QUIET),
        )
        for spec in specs
    ]
    return shown([Table(columns=columns, rows=tuple(rows))], look)


def _default(spec: ParamSpec) -> str:
    if spec.is_required:
        return "none, must be given"
    return f"{spec.default_text} (computed)" if spec.is_computed else fmt.one_line(spec.default_text or "")


def params_payload(notebook: Path, specs: Sequence[ParamSpec]) -> dict[str, JsonValue]:
    """Return the params that a notebook takes as JSON values, as ``trackbook step --inspect --json`` prints it."""
    return {
        "notebook": str(notebook),
        "params": [
            {
                "name": spec.name,
                "type": spec.type,
                "kind": spec.wanted,
                "default": spec.default,
                "default_code": spec.default_text,
                "is_required": spec.is_required,
                "is_computed": spec.is_computed,
                "help": spec.help,
            }
            for spec in specs
        ],
    }
