"""Runs a pipeline, and goes on with one that was stopped or failed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.base import json_option, look_of, print_json, print_shown, project_of, store_option
from trackbook.cli.pipeline import complete_steps, params_option, pipeline_group, pipeline_meant
from trackbook.errors import TrackbookError
from trackbook.pipelines.running.options import EXECUTORS, RunOptions

if TYPE_CHECKING:
    from trackbook.display.pipeline_progress import Shows
    from trackbook.pipelines.graph.plan import Plan
    from trackbook.pipelines.graph.planning import Planner
    from trackbook.pipelines.graph.spec import Pipeline
    from trackbook.pipelines.running.progress import PipelineOutcome
    from trackbook.records import RunDetail
    from trackbook.store.contract import Store

_STOPPING = (
    "Stopping: kernels are interrupted and shut down. Again to leave at once.",
    "Leaving at once: kernels are killed.",
)
_files_argument = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|NOTEBOOKS...]")
_SHOW_CURSOR = b"\x1b[?25h\r\n"  # which a live table hides


@pipeline_group.command(epilog="Example: trackbook pipeline run --from train -p train.C=0.1 --jobs 2")
@_files_argument
@click.option(
    "--step",
    "only",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_steps,
    help="Only this step.",
)
@click.option(
    "--from",
    "start",
    metavar="NAME",
    shell_complete=complete_steps,
    help="It and all that comes after it.",
)
@click.option(
    "--force",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_steps,
    help="Also if it is up to date.",
)
@params_option
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many steps at once. Default: one a core.")
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    metavar="N",
    help="How often a step that fails is tried again, whatever the file says.",
)
@click.option("--executor", type=click.Choice(EXECUTORS), default="local", show_default=True, help="What runs steps.")
@click.option("--address", metavar="URL", help="Of the scheduler of --executor dask, e.g. tcp://host:8786.")
@store_option
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    files: Sequence[Path],
    only: Sequence[str],
    start: str | None,
    force: Sequence[str],
    params: Sequence[str],
    jobs: int | None,
    retries: int | None,
    executor: str,
    address: str | None,
    as_json: bool,
) -> None:
    """Run the steps of a pipeline that are not up to date, side by side where they can be.

    A step that fails stops those that need it; the rest goes on. Exit code 1 if a step failed, 130 if Ctrl-C
    stopped it.
    """
    pipeline = pipeline_meant(files)
    if retries is not None:
        pipeline = replace(pipeline, steps=tuple(replace(step, retries=retries) for step in pipeline.steps))
    given = {}
    if params:
        from trackbook.pipelines.running.given import given_params

        given = given_params(pipeline, params)
    options = RunOptions(
        only=tuple(only),
        start=start,
        force=tuple(force),
        params=given,
        jobs=jobs,
        executor=executor,
        address=address,
    )
    store = project_of(ctx, create=True).store
    _run(ctx, pipeline, options, store, files, as_json=as_json)


@pipeline_group.command(epilog="Example: trackbook pipeline resume --executor local")
@_files_argument
@click.option("--executor", type=click.Choice(EXECUTORS), help="What runs steps. Default: as in that run.")
@click.option("--address", metavar="URL", help="Of the scheduler of --executor dask. Default: as in that run.")
@store_option
@json_option
@click.pass_context
def resume(ctx: click.Context, files: Sequence[Path], executor: str | None, address: str | None, as_json: bool) -> None:
    """Go on from the last run of a pipeline, as it was asked for. What succeeded in it is not run again."""
    from trackbook.pipelines.running.resuming import resumption

    pipeline = pipeline_meant(files)
    store = project_of(ctx).store
    found = resumption(store, pipeline)
    if found.is_over:
        name = found.last.run.name
        click.echo(f"The last run of '{pipeline.name}' ({name}) finished: there is nothing to go on with.", err=as_json)
        return
    options = found.options.at(executor, address)
    _run(ctx, found.pipeline(pipeline), options, store, files, as_json=as_json, resumes=found.last)


def _run(
    ctx: click.Context,
    pipeline: Pipeline,
    options: RunOptions,
    store: Store,
    files: Sequence[Path],
    *,
    as_json: bool,
    resumes: RunDetail | None = None,
) -> None:
    outcome, report = _planned(pipeline, options, store, is_quiet=as_json, resumes=resumes)
    _show(outcome, report, files, as_json=as_json)
    ctx.exit(130 if outcome.is_stopped else 0 if outcome.is_successful else 1)


def _planned(
    pipeline: Pipeline, options: RunOptions, store: Store, *, is_quiet: bool, resumes: RunDetail | None
) -> tuple[PipelineOutcome, Path | None]:
    """Plan a pipeline and execute it; nothing is recorded, nor loaded, if nothing has to run."""
    from trackbook.clock import now
    from trackbook.pipelines.graph.plan import Action
    from trackbook.pipelines.graph.planning import Planner
    from trackbook.pipelines.running.progress import PipelineOutcome, skipped_steps

    if options.params:
        from trackbook.pipelines.running.given import with_params

        pipeline = with_params(pipeline, options.params)
    planner = Planner(pipeline, store)
    whole = planner.plan() if options.only or options.start else None
    plan = planner.plan(only=options.only, start=options.start, force=options.force)
    if whole is not None:
        _tell_stale(plan, whole)
    if all(each.action is Action.SKIP for each in plan.steps):
        planner.take_up(plan)
        skipped = skipped_steps(plan)
        return PipelineOutcome(name=pipeline.name, steps=skipped, started_at=now(), seconds=0.0), None
    outcome = _executed(plan, planner, options, store, is_quiet=is_quiet, resumes=resumes)
    return outcome, _reported(outcome, store)


def _tell_stale(plan: Plan, whole: Plan) -> None:
    """Say on what steps that are run alone will build though it is not up to date."""
    from trackbook.pipelines.running.checking import stale_needs

    found = stale_needs(plan, whole)
    if found:
        named = ", ".join(f"{name} ({reason})" for name, reason in found.items())
        click.echo(f"Not asked for, so used as it is though not up to date: {named}.", err=True)


def _executed(
    plan: Plan, planner: Planner, options: RunOptions, store: Store, *, is_quiet: bool, resumes: RunDetail | None
) -> PipelineOutcome:
    """Execute a plan, and tell on stdout how it goes; on stderr where a document comes on stdout."""
    from trackbook.display.pipeline_progress import watched
    from trackbook.pipelines.graph.plan import Action
    from trackbook.pipelines.running.checking import check_steps
    from trackbook.pipelines.running.execution import Execution

    to_run = [each.step for each in plan.steps if each.action is Action.RUN]
    check_steps(plan.pipeline, to_run, are_local=options.executor == "local")
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
    """Write the report beside the notebooks, and keep it with the run; say so where there is no room for it."""
    from trackbook.display.pipeline_report import FILE, MEDIA_TYPE, report_page
    from trackbook.pipelines.running.parent import keep_file

    if outcome.folder is None or outcome.run_id is None:
        return None  # nothing had to run
    page = report_page(outcome, outcome.folder).encode()
    path = outcome.folder / FILE
    try:
        path.write_bytes(page)
        keep_file(store, outcome.run_id, FILE, page, MEDIA_TYPE)
    except (OSError, TrackbookError) as error:
        click.echo(f"The report could not be written: {error}", err=True)
        return None
    return path


def _show(outcome: PipelineOutcome, report: Path | None, files: Sequence[Path], *, as_json: bool) -> None:
    if outcome.run_id is None and not as_json:
        from trackbook.display.pipeline_nothing import nothing_text

        click.echo(nothing_text(outcome))
        return
    from trackbook.display.pipeline_outcome import outcome_payload, show_outcome

    if as_json:
        print_json(outcome_payload(outcome, report=report))
    else:
        again = shlex.join(["trackbook", "pipeline", "resume", *map(str, files)])
        print_shown(show_outcome(outcome, look_of(), report=report, again=again))


def _stopping(shows: Shows, times: int) -> None:
    """Say what an interrupt does; the second leaves without a look back, and what runs ends with this process."""
    shows.say(_STOPPING[min(times, 2) - 1])
    if times > 1:
        if sys.stdout.isatty():
            os.write(sys.stdout.fileno(), _SHOW_CURSOR)
        os._exit(130)
