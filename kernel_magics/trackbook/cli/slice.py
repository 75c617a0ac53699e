"""Makes a run again: its slice as a notebook."""

from __future__ import annotations

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
from trackbook.cli.reproduce import tell

if TYPE_CHECKING:
    from trackbook.records import Reproduction, RunDetail
    from trackbook.store.contract import Store


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
@click.option("--check", is_flag=True, help="Run it in a fresh kernel and say whether it gives the run's metrics.")
@store_option
@json_option
@click.pass_context
def slice_command(
    ctx: click.Context, run: str, output: str | None, data: str, force: bool, check: bool, as_json: bool
) -> None:
    """Make the smallest notebook that makes a run's metrics.

    It holds the code that flowed into them, as it was when it ran, with the run's params in a cell on top, ready for
    papermill. With --check the exit code is 1 if it doesn't give the run's metrics.
    """
    from trackbook.display.slice import show_slice, slice_payload
    from trackbook.tracking.find import find_run
    from trackbook.tracking.slice import slice_run

    store = project_of(ctx).store
    detail = find_run(store, run)
    found = slice_run(store, detail, data)
    path = found.save(output, force=force) if output is not None else None
    checked = _checked(store, detail, data) if check else None
    if as_json:
        print_json(slice_payload(found, path, checked))
    else:
        print_shown(show_slice(found, look_of(), path=path, checked=checked))
    ctx.exit(0 if checked is None or checked.is_reproduced else 1)


def _checked(store: Store, run: RunDetail, data: str) -> Reproduction:
    from trackbook.pipelines.reproducing.reproduce import check_slice

    found = check_slice(store, run, data, tell)
    tell(None)
    return found
