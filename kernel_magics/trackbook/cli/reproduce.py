"""Makes a run again in a fresh kernel, and judges it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from trackbook.pipelines.reproducing.fresh_run import Progress

DATA = ("original", "snapshot")
ENVIRONMENTS = ("check", "strict", "ignore")


@cli.command(epilog="Example: trackbook reproduce latest")
@run_argument
@click.option(
    "--tolerance", type=float, default=1e-9, metavar="X", show_default="1e-9", help="How far numbers may be apart."
)
@click.option(
    "--env",
    type=click.Choice(ENVIRONMENTS),
    default="check",
    show_default=True,
    help="Packages that differ from the run's: say so, refuse, or don't look.",
)
@click.option(
    "--data",
    type=click.Choice(DATA),
    default="original",
    show_default=True,
    help="Files from where the run read them, checked by hash, or only from what the store kept.",
)
@click.option(
    "--events",
    "as_events",
    is_flag=True,
    help="For programs: tell each step on standard error as a line of JSON, and end when standard input does.",
)
@store_option
@json_option
@click.pass_context
def reproduce(
    ctx: click.Context, run: str, tolerance: float, env: str, data: str, as_events: bool, as_json: bool
) -> None:
    """Make a run again in a fresh kernel, compare, and say how it came out. Exit code 1 if it is not the same.

    The verdict is exact, within tolerance, nondeterministic (two fresh kernels differ), different (they agree, and
    differ from the run) or failed. It runs in a scratch folder; no file outside of it is written.
    """
    from trackbook.reproduction_view import reproduce as make_again

    if as_events:
        from trackbook.cli.events import end_with_input

        end_with_input()
    progress = tell_as_event if as_events else tell
    found = make_again(run, tolerance=tolerance, env=env, data=data, progress=progress, project=project_of(ctx))
    if not as_events:
        tell(None)
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))
    ctx.exit(0 if found.is_reproduced else 1)


def tell(progress: Progress | None) -> None:
    """Say on a terminal how far it is; nothing where the messages go to a file."""
    if not sys.stderr.isatty():
        return
    text = ""
    if progress is not None:
        again = "" if progress.attempt == 1 else ", once more"
        text = f"cell {progress.cell} of {progress.cells}{again}"
    click.echo(f"\r\x1b[2K{text}", nl=False, err=True)


def tell_as_event(progress: Progress) -> None:
    """Say to a program how far it is."""
    from trackbook.cli.events import tell_event

    tell_event("cell", attempt=progress.attempt, cell=progress.cell, cells=progress.cells)
