"""Make again, many times: the run's slice with other values of its params."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from trackbook.magics.commands.base import RUN, SETTINGS, look, pass_notebook, track
from trackbook.magics.commands.cell_line import CellLine
from trackbook.magics.commands.why import SubjectName
from trackbook.magics.line import unquoted
from trackbook.magics.notebook import TrackedNotebook

if TYPE_CHECKING:
    from trackbook.pipelines.sweeps.outcome import Progress
    from trackbook.sweep_view import SweepView


@track.command(epilog="Example: %track sweep accuracy C=0.01,0.1,1 max_iter=100..500:100", context_settings=SETTINGS)
@click.argument("metric", required=False, type=SubjectName())
@click.argument("params", nargs=-1, metavar="[NAME=VALUES]...")
@click.option("--run", metavar="RUN", type=RUN, help="The run whose slice is run; default: the newest with the metric.")
@click.option("--maximize/--minimize", default=None, help="Whether more is better; default: as the metric's name says.")
@click.option("--sampler", type=click.Choice(("grid", "random", "tpe")), help="Default: grid up to 50, else tpe.")
@click.option("--trials", type=int, metavar="N", help="The most trials; default: all of a grid, else 50.")
@click.option("--seed", type=int, metavar="N", help="Of the sampler; with tpe and several jobs trials differ.")
@click.option("--prune", type=click.Choice(("median",)), help="Give up trials that are worse on their way than others.")
@click.option("--jobs", type=int, metavar="N", help="How many trials run at once; default: one a core.")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long a trial may take.")
@click.option("--resume", metavar="RUN", type=RUN, help="Go on with a sweep instead; failed trials are tried again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def sweep(
    notebook: TrackedNotebook,
    /,
    metric: str | None,
    params: Sequence[str],
    resume: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run this notebook's slice for a metric with many values of its params, each in a fresh kernel.

    NAME is a literal that flows into the run: C of C = 0.1, or of LogisticRegression(C=0.1), or one that this leaves to
    its default. VALUES are 0.01,0.1,1 (choices), 2..8, 2..8:2 (a step), 0.1..0.9 or 1e-4..1e-1:log.
    """
    from trackbook.display.payload import dumps
    from trackbook.sweep_view import go_on

    line = SweepLine()
    watch = None if as_json else line.tell
    if resume is not None:
        run = notebook.run(resume).run.run_id
        given = {"trials": options["trials"], "jobs": options["jobs"]}
        found = go_on(run, progress=watch, project=notebook.project, **given)
    else:
        found = _started(notebook, metric, params, {**options, "progress": watch})
    if as_json:
        print(dumps(found.to_dict()))
    else:
        line.give_way(found.show(look()))


def _started(
    notebook: TrackedNotebook, metric: str | None, params: Sequence[str], options: dict[str, Any]
) -> SweepView:
    from trackbook.errors import InvalidValueError
    from trackbook.pipelines.sweeps.words import pairs_of
    from trackbook.sweep_view import sweep_run
    from trackbook.tracking.why import newest_with

    if metric is None or not params:
        raise InvalidValueError("Name the metric and what to try, such as: %track sweep accuracy C=0.01,0.1,1.")
    reference = options.pop("run")
    if reference is not None:
        run = notebook.run(reference)
    else:
        first = notebook.run(None)
        run = newest_with(notebook.project.store, metric, first=first, session_id=notebook.session_id)
    pairs = pairs_of(unquoted(each) for each in params)
    return sweep_run(run.run.run_id, pairs, metric=metric, project=notebook.project, **options)


class SweepLine(CellLine):
    """What a cell shows while a sweep runs."""

    def tell(self, progress: Progress) -> None:
        """Show how far it is."""
        from trackbook.display.sweep import progress_lines

        self.say("\n".join(progress_lines(progress)))
