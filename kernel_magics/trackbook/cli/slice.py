"""Makes a run again: its slice as a notebook."""

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


@cli.command("slice", epilog="Example: trackbook slice latest -o train.ipynb")
@run_argument
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(dir_okay=False),
    help="Write the notebook there; without it its code is printed.",
)
@click.option(
    "--data",
    type=click.Choice(["original", "snapshot"]),
    default="original",
    help="Where it takes the files from that the run read: their own place, or what the store kept.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
@store_option
@json_option
@click.pass_context
def slice_command(ctx: click.Context, run: str, output: str | None, data: str, force: bool, as_json: bool) -> None:
    """Make the smallest notebook that makes a run's metrics.

    It holds the code that flowed into them, as it was when it ran, with the run's params in a cell on top, ready for
    papermill.
    """
    from trackbook.display.slice import show_slice, slice_payload
    from trackbook.tracking.find import find_run
    from trackbook.tracking.slice import slice_run

    store = project_of(ctx).store
    found = slice_run(store, find_run(store, run), data)
    path = found.save(output, force=force) if output is not None else None
    if as_json:
        print_json(slice_payload(found, path))
    else:
        print_shown(show_slice(found, look_of(), path=path))
