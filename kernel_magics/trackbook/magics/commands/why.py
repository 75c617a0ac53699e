"""Explain: why a number is what it is."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from trackbook.magics.commands.base import RUN, SETTINGS, Word, look, pass_notebook, show_in_cell, track
from trackbook.magics.notebook import TrackedNotebook
from trackbook.records import RunDetail
from trackbook.tracking.why import newest_with


class SubjectName(Word):
    """A metric, param, table or model of the run that is named, or of the current one."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = ctx.ensure_object(TrackedNotebook).current()
        keys = [*found.metrics, *found.params] if found is not None else []
        names = dict.fromkeys([*(key.rpartition(".")[2] for key in keys), *keys])
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@track.command(epilog="Example: %track why accuracy", context_settings=SETTINGS)
@click.argument("metric", required=False, type=SubjectName())
@click.argument("run", required=False, type=RUN)
@click.option("--all", "is_all", is_flag=True, help="All of it; without it what is very deep or wide is only counted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: nodes and edges.")
@pass_notebook
def why(notebook: TrackedNotebook, metric: str | None, run: str | None, is_all: bool, as_json: bool) -> None:
    """Show why a metric is what it is: the statements, literals, files and randomness that led to it.

    METRIC may also be a param, a table or a model. Without RUN it is the current run's, or else that of the newest run
    of this session that has it.
    """
    from trackbook.display.payload import dumps
    from trackbook.views import why as explained

    found = explained(metric, _meant(notebook, metric, run).run.run_id, project=notebook.project)
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look(), is_whole=is_all))


def _meant(notebook: TrackedNotebook, metric: str | None, run: str | None) -> RunDetail:
    if run is not None:
        return notebook.run(run)
    current = notebook.run(None)
    return newest_with(notebook.project.store, metric, first=current, session_id=notebook.session_id)
