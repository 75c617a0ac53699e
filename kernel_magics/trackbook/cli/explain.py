"""Explains what is in the store: why a number is what it is, and what made two runs differ."""

from __future__ import annotations

import click

from trackbook.cli.base import (
    cli,
    complete_runs,
    json_option,
    look_of,
    print_json,
    print_shown,
    project_of,
    run_argument,
    store_option,
)


@cli.command(epilog="Example: trackbook why latest accuracy")
@run_argument
@click.argument("metric", required=False)
@store_option
@click.option("--all", "is_all", is_flag=True, help="All of it; without it what is very deep or wide is only counted.")
@json_option
@click.pass_context
def why(ctx: click.Context, run: str, metric: str | None, is_all: bool, as_json: bool) -> None:
    """Show why a metric is what it is: the statements, literals, files and randomness that led to it.

    METRIC may also be a param, a table or a model of the run; without it the run's first metric is explained.
    """
    from trackbook.views import why as explained

    found = explained(metric, run, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of(), is_whole=is_all))


@cli.command(epilog="Example: trackbook diff brave-otter latest")
@click.argument("before", shell_complete=complete_runs, metavar="A")
@click.argument("after", shell_complete=complete_runs, metavar="[B]", required=False)
@store_option
@click.option("--tolerance", type=float, metavar="X", help="How far numbers in outputs may be apart; default: 1e-6.")
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in both. JSON always has all cells.")
@click.option("--exit-code", "has_code", is_flag=True, help="Exit with 1 if anything differs.")
@json_option
@click.pass_context
def diff(
    ctx: click.Context,
    before: str,
    after: str | None,
    tolerance: float | None,
    is_all: bool,
    has_code: bool,
    as_json: bool,
) -> None:
    """Tell two runs apart: what B has other than A.

    Shown are code, cell by cell, what the cells showed, params, metrics, data and environment. A alone is compared with
    the run before it of its experiment.
    """
    from trackbook.views import diff as told_apart

    found = told_apart(before, after, tolerance=tolerance, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of(), is_whole=is_all))
    ctx.exit(1 if has_code and not found.is_same else 0)


@cli.command(epilog="Example: trackbook stale analysis.ipynb")
@click.argument("notebook", required=False, type=click.Path(dir_okay=False), metavar="[NOTEBOOK]")
@click.option("--session", metavar="ID", help="Of this session; default: the newest one (of NOTEBOOK).")
@store_option
@json_option
@click.pass_context
def stale(ctx: click.Context, notebook: str | None, session: str | None, as_json: bool) -> None:
    """List the cells to run again. They read values that the notebook no longer makes. Exit code 1 if there are any.

    It is judged by what was recorded and by the notebook's file as it is now. In the notebook itself, %track stale
    knows the values too, and lists no cell whose values came out the same.
    """
    from trackbook.display.stale import show_stale, stale_payload
    from trackbook.tracking.finding_datasets import newer_version
    from trackbook.tracking.stale_report import session_of, stale_of

    store = project_of(ctx).store
    found = session_of(store, notebook, session)
    executions = store.executions(session_id=found.session_id)
    report = stale_of(found, executions, lambda label: newer_version(store, label, found.session_id) is not None)
    if as_json:
        print_json(stale_payload(report))
    else:
        print_shown(show_stale(report, look_of()))
    ctx.exit(1 if report.cells else 0)
