"""Tell two runs apart."""

from __future__ import annotations

import click

from trackbook.magics.commands.base import RUN, SETTINGS, look, pass_notebook, show_in_cell, track
from trackbook.magics.notebook import TrackedNotebook


@track.command(epilog="Example: %track diff brave-otter latest", context_settings=SETTINGS)
@click.argument("before", required=False, type=RUN, metavar="[A]")
@click.argument("after", required=False, type=RUN, metavar="[B]")
@click.option("--tolerance", type=float, metavar="X", help="How far numbers in outputs may be apart; default: 1e-6.")
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in both.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def diff(
    notebook: TrackedNotebook,
    before: str | None,
    after: str | None,
    tolerance: float | None,
    is_all: bool,
    as_json: bool,
) -> None:
    """Tell two runs apart, by default this session's two newest: what B has other than A.

    Shown are code, cell by cell, what the cells showed, params, metrics, data and environment. A alone is compared with
    the run before it.
    """
    from trackbook.display.payload import dumps
    from trackbook.views import diff as told_apart

    if before is None:
        before, after = notebook.newest_two()
    found = told_apart(before, after, tolerance=tolerance, project=notebook.project)
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look(), is_whole=is_all))
