"""What is in the store: its state, lists of runs and executions, one run, several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.base import (
    QueryWord,
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
from trackbook.errors import InvalidValueError

if TYPE_CHECKING:
    from trackbook.records import Execution, RunDetail
    from trackbook.store.contract import RunFilter


@cli.command(epilog="Example: trackbook status --json")
@store_option
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say where the store is and what it holds."""
    from trackbook.clock import now
    from trackbook.config import load_settings
    from trackbook.display.payload import overview_payload
    from trackbook.display.status import show_status
    from trackbook.tracking.overview import overview

    budget_bytes = load_settings(Path.cwd()).budget_bytes
    found = overview(project_of(ctx).store, now=now(), budget_bytes=budget_bytes)
    if as_json:
        print_json(overview_payload(found))
    else:
        print_shown(show_status(found, look_of()))


@cli.command(
    epilog="Example: trackbook runs 'metrics.accuracy > 0.9 order by metrics.accuracy desc' --limit 20",
    context_settings={"ignore_unknown_options": True},  # the -0.5 in a query is none
)
@click.argument("query", nargs=-1, type=QueryWord())
@store_option
@click.option("--experiment", metavar="NAME", help="Only runs of this experiment, e.g. --experiment churn.")
@click.option("--session", metavar="ID", help="Only runs of this session, e.g. --session latest.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs, e.g. --limit 20.")
@click.option("--all", "is_all", is_flag=True, help="All runs; without it the newest 50. JSON and CSV always have all.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, one row a run.")
@json_option
@click.pass_context
def runs(
    ctx: click.Context,
    query: Sequence[str],
    experiment: str | None,
    session: str | None,
    limit: int | None,
    is_all: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List runs. The newest come first, children beneath their parents.

    QUERY says which, in which order, how many: metrics.KEY, params.KEY, tags.KEY, model, dataset, status, verdict,
    started_at and the like, compared by = != < > in like ~, joined by and, or, not; order by FIELD desc; limit N.
    """
    from trackbook.display.runs import MOST_ROWS, show_runs
    from trackbook.store.contract import RunFilter
    from trackbook.tracking.find import find_session, list_runs
    from trackbook.tracking.query import query_of

    if (as_csv and as_json) or (is_all and limit):
        raise InvalidValueError("Give one of --csv and --json, and one of --all and --limit.")
    store = project_of(ctx).store
    asked = query_of(store, " ".join(query))
    session_id = find_session(store, session).session_id if session else None
    where = RunFilter(experiment=experiment, session_id=session_id, query=asked)
    if as_csv or as_json:
        _print_runs(ctx, where, limit, as_csv=as_csv)
    else:
        has_limit = asked is not None and asked.limit is not None
        tree = list_runs(store, where, limit=limit or (None if is_all or has_limit else MOST_ROWS))
        print_shown(show_runs(tree, look_of(), experiment=experiment, query=asked))


def _print_runs(ctx: click.Context, where: RunFilter, limit: int | None, *, as_csv: bool) -> None:
    from dataclasses import replace

    from trackbook.display.rows import csv_text

    details = project_of(ctx).store.runs(replace(where, limit=limit))
    if as_csv:
        click.echo(csv_text(details), nl=False)
    else:
        print_json(_run_payloads(ctx, details))


def _run_payloads(ctx: click.Context, details: Sequence[RunDetail]) -> list[object]:
    from trackbook.display.payload import run_payload
    from trackbook.tracking.find import environments_of

    found = environments_of(project_of(ctx).store, details)
    return [run_payload(detail, environment=found.get(detail.run.environment_id or "")) for detail in details]


@cli.command(epilog="Example: trackbook show brave-otter")
@run_argument
@store_option
@json_option
@click.pass_context
def show(ctx: click.Context, run: str, as_json: bool) -> None:
    """Show one run whole. RUN is an id, the beginning of one, a name, or 'latest'."""
    from trackbook.views import get_run

    found = get_run(run, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))


@cli.command(epilog="Example: trackbook log --run latest --source")
@store_option
@click.option("--session", metavar="ID", help="Only executions of this session, e.g. --session latest.")
@click.option("--run", metavar="RUN", shell_complete=complete_runs, help="Only those that this run is made of.")
@click.option("--all", "is_all", is_flag=True, help="All executions; without it the last 50. JSON always has all.")
@click.option("--source", "is_source", is_flag=True, help="Print whole cells, with the tracebacks of failed ones.")
@json_option
@click.pass_context
def log(ctx: click.Context, session: str | None, run: str | None, is_all: bool, is_source: bool, as_json: bool) -> None:
    """List executions of cells, in their order."""
    from trackbook.display.log import MOST_ROWS, show_log, show_sources
    from trackbook.display.payload import execution_payload

    executions = _executions(ctx, session, run)
    if as_json:
        print_json([execution_payload(execution) for execution in executions])
    elif is_source:
        print_shown(show_sources(executions, look_of(), read=project_of(ctx).store.get_object))
    else:
        print_shown(show_log(executions, look_of(), limit=None if is_all else MOST_ROWS))


def _executions(ctx: click.Context, session: str | None, run: str | None) -> list[Execution]:
    from trackbook.tracking.find import find_run, find_session

    store = project_of(ctx).store
    session_id = find_session(store, session).session_id if session else None
    run_id = find_run(store, run).run.run_id if run else None
    return store.executions(session_id=session_id, run_id=run_id)


@cli.command(epilog="Example: trackbook compare brave-otter calm-lynx")
@click.argument("runs", nargs=-1, shell_complete=complete_runs)
@store_option
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in all runs.")
@click.option("--group-by", "by", multiple=True, metavar="FIELD", help="Compare groups, e.g. --group-by params.model.")
@click.option("--metric", "metrics", multiple=True, metavar="KEY", help="Of groups: one, test.* or all.")
@click.option("--seed-param", "seeds", multiple=True, metavar="PARAM", help="Of groups: a param that is a seed.")
@click.option("--experiment", metavar="NAME", help="Of groups: all runs of this experiment; default: of the store.")
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    runs: Sequence[str],
    is_all: bool,
    by: Sequence[str],
    metrics: Sequence[str],
    seeds: Sequence[str],
    experiment: str | None,
    as_json: bool,
) -> None:
    """Put runs side by side. Shown is what differs; a single run stands beside its children.

    With --group-by, runs that differ only in their seed are taken together (without RUNS, which may be a query, all
    that there are): mean, deviation and interval of each group, and which groups can be told apart.
    """
    from trackbook.display.comparison import show_comparison
    from trackbook.display.payload import comparison_payload
    from trackbook.tracking.compare import compare_runs

    if by:
        _compare_groups(ctx, runs, by, metrics, seeds, experiment, as_json=as_json)
        return
    if metrics or seeds or experiment:
        raise InvalidValueError(
            "--metric, --seed-param and --experiment are of groups. Say which: --group-by params.model."
        )
    compared = compare_runs(project_of(ctx).store, runs)
    if as_json:
        print_json(comparison_payload(compared, compared.rows if is_all else compared.differing()))
    else:
        print_shown(show_comparison(compared, look_of(), is_whole=is_all))


def _compare_groups(
    ctx: click.Context,
    runs: Sequence[str],
    by: Sequence[str],
    metrics: Sequence[str],
    seeds: Sequence[str],
    experiment: str | None,
    *,
    as_json: bool,
) -> None:
    from trackbook.display.groups import show_groups
    from trackbook.display.payload import grouping_payload
    from trackbook.tracking.groups import group_runs, runs_to_group

    store = project_of(ctx).store
    details = runs_to_group(store, runs, experiment=experiment)
    grouping = group_runs(store, details, by, metrics=metrics, seeds=seeds)
    if as_json:
        print_json(grouping_payload(grouping))
    else:
        print_shown(show_groups(grouping, look_of()))
