"""Runs a pipeline, and goes on with one that was stopped or failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.base import json_option, look_of, print_json, print_shown, project_of, store_option
from trackbook.cli.pipeline import pipeline_group

if TYPE_CHECKING:
    from trackbook.display.pipeline_progress import Shows
    from trackbook.pipelines.graph.spec import Pipeline
    from trackbook.pipelines.running.options import RunOptions
    from trackbook.pipelines.running.progress import PipelineOutcome
    from trackbook.records import RunDetail
    from trackbook.store.contract import Store

EXECUTORS = ("local", "dask")
_STOPPING = (
    "Stopping: kernels are interrupted and shut down. Again to leave at once.",
    "Leaving at once: kernels are killed.",
)
_SHOW_CURSOR = b"\x1b[?25h\r\n"  # which a live table hides


@pipeline_group.command(epilog="Example: trackbook pipeline run --from train -p train.C=0.1 --jobs 2")
@click.argument("file", required=False, type=click.Path(path_type=Path), default=Path("pipeline.yaml"))
@click.option("--step", "only", multiple=True, metavar="NAME", help="Run only this step; may be said again.")
@click.option("--from", "start", metavar="NAME", help="Run this step and everything that comes after it.")
@click.option("--force", multiple=True, metavar="NAME", help="Run this step also if it is up to date.")
@click.option("-p", "params", multiple=True, metavar="STEP.PARAM=VALUE", help="A param, e.g. -p train.C=0.1.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many steps at once. Default: one a core.")
@click.option("--executor", type=click.Choice(EXECUTORS), default="local", show_default=True, help="What runs steps.")
@click.option("--address", metavar="URL", help="Of the scheduler of --executor dask, e.g. tcp://host:8786.")
@store_option
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    file: Path,
    only: Sequence[str],
    start: str | None,
    force: Sequence[str],
    params: Sequence[str],
    jobs: int | None,
    executor: str,
    address: str | None,
    as_json: bool,
) -> None:
    """Run the steps of a pipeline that are not up to date, side by side where they can be.

    A step that fails stops those that need it; the rest goes on. Exit code 1 if a step failed, 130 if Ctrl-C
    stopped it.
    """
    from trackbook.pipelines.graph.file import read_pipeline
    from trackbook.pipelines.running.given import given_params
    from trackbook.pipelines.running.options import RunOptions

    pipeline = read_pipeline(file)
    options = RunOptions(
        only=tuple(only),
        start=start,
        force=tuple(force),
        params=given_params(pipeline, params) if params else {},
        jobs=jobs,
        executor=executor,
        address=address,
    )
    store = project_of(ctx, create=True).store
    _run(ctx, pipeline, options, store, file, as_json=as_json)


@pipeline_group.command(epilog="Example: trackbook pipeline resume")
@click.argument("file", required=False, type=click.Path(path_type=Path), default=Path("pipeline.yaml"))
@store_option
@json_option
@click.pass_context
def resume(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Go on from the last run of a pipeline, as it was asked for. What succeeded in it is not run again."""
    from trackbook.pipelines.graph.file import read_pipeline
    from trackbook.pipelines.running.resuming import resumption

    pipeline = read_pipeline(file)
    store = project_of(ctx).store
    found = resumption(store, pipeline)
    if found.is_over:
        name = found.last.run.name
        click.echo(f"The last run of '{pipeline.name}' ({name}) finished: there is nothing to go on with.", err=as_json)
        return
    _run(ctx, found.pipeline(pipeline), found.options, store, file, as_json=as_json, resumes=found.last)


def _run(
    ctx: click.Context,
    pipeline: Pipeline,
    options: RunOptions,
    store: Store,
    file: Path,
    *,
    as_json: bool,
    resumes: RunDetail | None = None,
) -> None:
    outcome = _executed(pipeline, options, store, is_quiet=as_json, resumes=resumes)
    report = _reported(outcome, store)
    _show(outcome, report, file, as_json=as_json)
    ctx.exit(130 if outcome.is_stopped else 0 if outcome.is_successful else 1)


def _executed(
    pipeline: Pipeline, options: RunOptions, store: Store, *, is_quiet: bool, resumes: RunDetail | None
) -> PipelineOutcome:
    """Plan and execute a pipeline, and tell on stdout how it goes; on stderr where a document comes on stdout."""
    from trackbook.display.pipeline_progress import watched
    from trackbook.pipelines.graph.plan import Action
    from trackbook.pipelines.graph.planning import Planner
    from trackbook.pipelines.running.execution import Execution
    from trackbook.pipelines.running.given import check_params, with_params

    pipeline = with_params(pipeline, options.params)
    planner = Planner(pipeline, store)
    plan = planner.plan(only=options.only, start=options.start, force=options.force)
    check_params(pipeline, (each.step for each in plan.steps if each.action is Action.RUN))
    with watched(sys.stderr if is_quiet else sys.stdout, [each.step.name for each in plan.steps]) as shows:
        return Execution(
            plan=plan,
            decider=planner,
            store=store,
            options=options,
            watch=shows,
            warn=shows.say,
            at_interrupt=lambda times: _stopping(shows, times),
            resumes=resumes,
        ).run()


def _reported(outcome: PipelineOutcome, store: Store) -> Path | None:
    """Write the report beside the notebooks, and keep it with the run."""
    from trackbook.display.pipeline_report import FILE, MEDIA_TYPE, report_page
    from trackbook.pipelines.running.parent import keep_file

    if outcome.folder is None or outcome.run_id is None:
        return None
    page = report_page(outcome, outcome.folder).encode()
    path = outcome.folder / FILE
    path.write_bytes(page)
    keep_file(store, outcome.run_id, FILE, page, MEDIA_TYPE)
    return path


def _show(outcome: PipelineOutcome, report: Path | None, file: Path, *, as_json: bool) -> None:
    from trackbook.display.pipeline_outcome import outcome_payload, show_outcome

    if as_json:
        print_json(outcome_payload(outcome, report=report))
        return
    again = "trackbook pipeline resume" + ("" if file == Path("pipeline.yaml") else f" {file}")
    print_shown(show_outcome(outcome, look_of(), report=report, again=again))


def _stopping(shows: Shows, times: int) -> None:
    """Say what an interrupt does; the second leaves without a look back, and what runs ends with this process."""
    shows.say(_STOPPING[min(times, 2) - 1])
    if times > 1:
        if sys.stdout.isatty():
            os.write(sys.stdout.fileno(), _SHOW_CURSOR)
        os._exit(130)
