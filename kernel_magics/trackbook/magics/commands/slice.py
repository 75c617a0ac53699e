"""Make again: a run as the smallest notebook that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trackbook.magics.commands.base import RUN, SETTINGS, look, pass_notebook, track
from trackbook.magics.commands.reproduce import ProgressLine
from trackbook.magics.notebook import TrackedNotebook

if TYPE_CHECKING:
    from trackbook.records import Reproduction, RunDetail


@track.command("slice", epilog="Example: %track slice latest -o train.ipynb", context_settings=SETTINGS)
@click.argument("run", required=False, type=RUN)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(dir_okay=False),
    help="Write the notebook there; without it its code is shown.",
)
@click.option(
    "--data",
    type=click.Choice(["original", "snapshot"]),
    default="original",
    help="Where it takes the files from that the run read: their own place, or what the store kept.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
@click.option("--check", is_flag=True, help="Run it in a fresh kernel and say whether it gives the run's metrics.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def slice_command(
    notebook: TrackedNotebook, run: str | None, output: str | None, data: str, force: bool, check: bool, as_json: bool
) -> None:
    """Make the smallest notebook that makes a run's metrics; without RUN the current run's.

    It holds the code that flowed into them, as it was when it ran, with the run's params in a cell on top.
    """
    from trackbook.display.payload import dumps
    from trackbook.display.slice import show_slice, slice_payload
    from trackbook.tracking.slice import slice_run

    detail = notebook.run(run)
    found = slice_run(notebook.project.store, detail, data)
    path = found.save(output, force=force) if output is not None else None
    line = ProgressLine()
    checked = _checked(notebook, detail, data, None if as_json else line) if check else None
    if as_json:
        print(dumps(slice_payload(found, path, checked)))
    else:
        line.give_way(show_slice(found, look(), path=path, checked=checked))


def _checked(notebook: TrackedNotebook, run: RunDetail, data: str, line: ProgressLine | None) -> Reproduction:
    from trackbook.pipelines.reproducing.reproduce import check_slice

    return check_slice(notebook.project.store, run, data, line.tell if line is not None else None)
