"""Pipelines that ran or run: which there are, how the steps of an execution stand, and what the cells of a step did."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from msgspec import Struct
from trackbook.display.payload import execution_payload
from trackbook.errors import NotFoundError
from trackbook.pipelines.running.history import (
    NamedPipeline,
    StepState,
    named_pipelines,
    pipeline_state,
    step_tries,
)
from trackbook.pipelines.running.parent import RESUMES_TAG
from trackbook.pipelines.running.progress import StepFailure
from trackbook.records import Execution, Failure, RunDetail
from trackbook.tracking.find import find_run

from trackbook_server.route import Asked, At, Operation, Route

_MOST_RUNS = 10


class PipelineRunRow(Struct, kw_only=True):
    """An execution of a pipeline. `word` is its status as people read it, `resumes` the run that it went on from."""

    run_id: str
    name: str
    status: str
    word: str
    started_at: str
    finished_at: str | None
    seconds: float | None
    error: str | None
    resumes: str | None


class PipelineRow(Struct, kw_only=True):
    """A pipeline, known by its name and the place of its file, with its newest runs; `total` counts them all."""

    name: str
    file: str | None
    runs: list[PipelineRunRow]
    total: int


class PipelinesList(Struct, kw_only=True):
    """The pipelines, the one that was at work last first."""

    pipelines: list[PipelineRow]


class StepError(Struct, kw_only=True):
    """Why a step failed; the cell counts from 1."""

    type: str
    message: str
    cell: int | None
    line: int | None
    code: str | None


class StepRow(Struct, kw_only=True):
    """How a step stands. `data` are the datasets that it took from a step that it needs, by that step.

    `cell` of `cells` is at work while it runs, where that is known. `attempt` counts its tries, of `attempts` at most.
    """

    name: str
    notebook: str
    needs: list[str]
    data: dict[str, list[str]]
    state: str
    reason: str
    params: dict[str, Any]
    attempt: int
    attempts: int
    started_at: str | None
    seconds: float | None
    metrics: dict[str, Any]
    run_id: str | None
    cell: int | None
    cells: int | None
    error: StepError | None
    warnings: list[str]
    reads: list[str]
    publishes: list[str]


class PipelineShown(Struct, kw_only=True):
    """An execution with its steps, in an order in which they can run.

    `knows_graph` is false where an earlier version executed it: then only the steps that ran are known, and no needs.
    """

    pipeline: str
    file: str | None
    run: PipelineRunRow
    is_live: bool
    knows_graph: bool
    steps: list[StepRow]


class StepLog(Struct, kw_only=True):
    """The cells of a step's try, as ``trackbook log --json`` has them, with prompt number and failure.

    `attempts` are the runs of all tries, oldest first.
    """

    step: str
    run_id: str
    state: str
    attempts: list[str]
    cells: list[dict[str, Any]]


class LogQuery(At, kw_only=True):
    """Which try, by its run; the last if empty."""

    attempt: str = ""


def list_pipelines(asked: Asked) -> PipelinesList:
    """Return the pipelines with their newest runs."""
    return PipelinesList(pipelines=[_pipeline(each) for each in named_pipelines(asked.project.store, _MOST_RUNS)])


def show_pipeline(asked: Asked) -> PipelineShown:
    """Return how the steps of an execution stand."""
    store = asked.project.store
    with store.frozen() as still:
        state = pipeline_state(still, find_run(still, asked.path["run"]))
    return PipelineShown(
        pipeline=state.name,
        file=state.file,
        run=_run(state.detail),
        is_live=state.is_live,
        knows_graph=state.knows_graph,
        steps=[_step(each) for each in state.steps],
    )


def show_log(asked: Asked) -> StepLog:
    """Return what the cells of a step did and showed."""
    with asked.project.store.frozen() as store:
        name, wanted = asked.path["step"], asked.query.attempt
        tries = {each.run.run_id: each for each in step_tries(store, find_run(store, asked.path["run"]), name)}
        shown = find_run(store, wanted) if wanted else [*tries.values()][-1]
        if shown.run.run_id not in tries:
            raise NotFoundError(f"Run '{wanted}' is no try of step '{name}'. Its tries: {', '.join(tries)}.")
        executions = store.executions(session_id=shown.run.session_id)
    return StepLog(
        step=name,
        run_id=shown.run.run_id,
        state=shown.run.word,
        attempts=[*tries],
        cells=[_cell(each) for each in executions],
    )


def _pipeline(named: NamedPipeline) -> PipelineRow:
    return PipelineRow(name=named.name, file=named.file, runs=[_run(each) for each in named.runs], total=named.total)


def _run(detail: RunDetail) -> PipelineRunRow:
    run = detail.run
    return PipelineRunRow(
        run_id=run.run_id,
        name=run.name,
        status=run.status.value,
        word=run.word,
        started_at=run.started_at.isoformat(),
        finished_at=run.finished_at.isoformat() if run.finished_at else None,
        seconds=(run.finished_at - run.started_at).total_seconds() if run.finished_at else None,
        error=_sentence(run.failure) if run.failure is not None else None,
        resumes=detail.tags.get(RESUMES_TAG),
    )


def _sentence(failure: Failure) -> str:
    return f"{failure.type}: {failure.message}" if failure.message else failure.type


def _step(state: StepState) -> StepRow:
    step = state.step
    return StepRow(
        name=step.name,
        notebook=step.notebook,
        needs=list(step.needs),
        data={need: list(labels) for need, labels in state.data.items()},
        state=step.phase.value,
        reason=step.reason,
        params=dict(step.params),
        attempt=step.attempt,
        attempts=step.attempts,
        started_at=step.started_at.isoformat() if step.started_at else None,
        seconds=step.seconds,
        metrics=dict(step.metrics),
        run_id=step.run_id,
        cell=state.cell,
        cells=state.cells,
        error=_error(step.failure) if step.failure is not None else None,
        warnings=list(step.warnings),
        reads=list(step.reads),
        publishes=list(step.publishes),
    )


def _error(failure: StepFailure) -> StepError:
    return StepError(
        type=failure.error, message=failure.message, cell=failure.cell, line=failure.line, code=failure.code
    )


def _cell(execution: Execution) -> dict[str, Any]:
    failure = execution.failure
    return {
        **execution_payload(execution),
        "count": execution.count,
        "failure": asdict(failure) if failure is not None else None,
    }


ROUTES = (
    Route(
        path="/pipelines",
        operations={"GET": Operation(act=list_pipelines, summary="List pipelines", answer=PipelinesList)},
    ),
    Route(
        path="/pipelines/{run}",
        operations={"GET": Operation(act=show_pipeline, summary="Show a pipeline's execution", answer=PipelineShown)},
    ),
    Route(
        path="/pipelines/{run}/steps/{step}/log",
        operations={"GET": Operation(act=show_log, summary="Show what a step did", query=LogQuery, answer=StepLog)},
    ),
)
