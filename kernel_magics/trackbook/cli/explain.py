"""Explains what is in the store: why a number is what it is, and what made two runs differ."""

from __future__ import annotations

import click

from trackbook.cli.base import (
    cli,
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
