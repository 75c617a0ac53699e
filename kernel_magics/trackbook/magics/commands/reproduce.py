"""Make a run again in a fresh kernel, and judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trackbook.magics.commands.base import RUN, SETTINGS, look, pass_notebook, track
from trackbook.magics.commands.cell_line import CellLine
from trackbook.magics.notebook import TrackedNotebook

if TYPE_CHECKING:
    from trackbook.pipelines.reproducing.fresh_run import Progress


@track.command(epilog="Example: %track reproduce latest", context_settings=SETTINGS)
@click.argument("run", required=False, type=RUN)
@click.option("--tolerance", type=float, default=1e-9, metavar="X", help="How far numbers may be apart; default: 1e-9.")
@click.option(
    "--env",
    type=click.Choice(("check", "strict", "ignore")),
    default="check",
    help="Packages that differ from the run's: say so (check, the default), refuse, or don't look.",
)
@click.option(
    "--data",
    type=click.Choice(("original", "snapshot")),
    default="original",
    help="Files from where the run read them (the default), or only from what the store kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def reproduce(notebook: TrackedNotebook, run: str | None, tolerance: float, env: str, data: str, as_json: bool) -> None:
    """Make a run again in a fresh kernel, by default this notebook's current one, and say how it came out.

    The verdict is exact, within tolerance, nondeterministic (two fresh kernels differ), different (they agree, and
    differ from the run) or failed. It runs in a scratch folder; no file outside of it is written.
    """
    from trackbook.display.payload import dumps
    from trackbook.reproduction_view import reproduce as make_again

    line = ProgressLine()
    found = make_again(
        notebook.run(run).run.run_id,
        tolerance=tolerance,
        env=env,
        data=data,
        progress=None if as_json else line.tell,
        project=notebook.project,
    )
    if as_json:
        print(dumps(found.to_dict()))
    else:
        line.give_way(found.show(look()))


class ProgressLine(CellLine):
    """Which cell of a run's slice is about to run."""

    def tell(self, progress: Progress) -> None:
        """Say which cell is about to run."""
        again = "" if progress.attempt == 1 else ", once more"
        self.say(f"Reproducing: cell {progress.cell} of {progress.cells}{again}")
