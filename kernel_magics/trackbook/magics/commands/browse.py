"""See what happened: lists of runs and cells, one run, several side by side."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trackbook.errors import InvalidValueError
from trackbook.magics.commands.base import (
    QUERY,
    RUN,
    SETTINGS,
    THIS_SESSION,
    WORD,
    ExperimentName,
    SessionReference,
    look,
    pass_notebook,
    show_in_cell,
    track,
)
from trackbook.magics.line import unquoted
from trackbook.magics.notebook import TrackedNotebook
from trackbook.records.query import Query, Scope, fields_of
from trackbook.store.contract import RunFilter
from trackbook.tracking.find import find_run, find_session, list_runs

_PLACES = frozenset({"experiment", "notebook", "session"})


@track.command(
    epilog="Example: %track runs metrics.accuracy > 0.9 order by metrics.accuracy desc",
    context_settings=SETTINGS | {"ignore_unknown_options": True},  # the -0.5 in a query is none
)
@click.argument("query", nargs=-1, type=QUERY)
@click.option("--experiment", metavar="NAME", type=ExperimentName(), help="Of this experiment; default: this one's.")
@click.option("--everywhere", is_flag=True, help="Of every experiment in the store.")
@click.option(
    "--session",
    metavar="[ID]",
    type=SessionReference(),
    is_flag=False,
    flag_value=THIS_SESSION,
    help="Of this session alone, or of the one that ID names.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs.")
@click.option("--all", "is_all", is_flag=True, help="As many as a cell can show: 1,000; without it the newest 50.")
@pass_notebook
def runs(
    notebook: TrackedNotebook,
    query: Sequence[str],
    experiment: str | None,
    everywhere: bool,
    session: str | None,
    limit: int | None,
    is_all: bool,
) -> None:
    """List runs. The newest come first, children beneath their parents.

    QUERY says which, in which order, how many: metrics.KEY, params.KEY, tags.KEY, model, dataset, status, verdict,
    started_at and the like, compared by = != < > in like ~, joined by and, or, not; order by FIELD desc; limit N.
    """
    from trackbook.display.runs import MOST_IN_CELL, MOST_ROWS, show_runs
    from trackbook.tracking.query import query_of

    if (is_all and limit) or (everywhere and experiment):
        raise InvalidValueError("Give one of --all and --limit, and one of --everywhere and --experiment.")
    asked = query_of(notebook.project.store, unquoted(" ".join(query)))
    is_anywhere = everywhere or session or (asked is not None and _names_its_place(asked))
    wanted = experiment or (None if is_anywhere else notebook.experiment)
    where = RunFilter(experiment=wanted, session_id=_session_id(notebook, session), query=asked)
    has_limit = asked is not None and asked.limit is not None
    most = min(limit or MOST_IN_CELL, MOST_IN_CELL) if limit or is_all or has_limit else MOST_ROWS
    tree = list_runs(notebook.project.store, where, limit=most)
    show_in_cell(show_runs(tree, look(), experiment=wanted, query=asked))


def _names_its_place(query: Query) -> bool:
    """Return whether a query says itself where to look."""
    return any(field.scope is Scope.RUN and field.key in _PLACES for field in fields_of(query))


def _session_id(notebook: TrackedNotebook, reference: str | None) -> str | None:
    if reference is None or reference == THIS_SESSION:
        return None if reference is None else notebook.session_id
    return find_session(notebook.project.store, reference).session_id


@track.command(epilog="Example: %track show brave-otter", context_settings=SETTINGS)
@click.argument("run", required=False, type=RUN)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def show(notebook: TrackedNotebook, run: str | None, as_json: bool) -> None:
    """Show one run whole; without RUN the current one."""
    from trackbook.display.payload import dumps
    from trackbook.views import get_run

    found = get_run(notebook.run(run).run.run_id, project=notebook.project)
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look()))


@track.command(epilog="Example: %track compare latest brave-otter", context_settings=SETTINGS)
@click.argument("runs", nargs=-1, type=RUN, metavar="[A B]...")
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in all runs.")
@click.option("--group-by", "by", multiple=True, metavar="FIELD", type=WORD, help="Compare groups: by params.model.")
@click.option("--metric", "metrics", multiple=True, metavar="KEY", type=WORD, help="Of groups: one, test.* or all.")
@click.option("--seed-param", "seeds", multiple=True, metavar="PARAM", type=WORD, help="Of groups: one that is a seed.")
@pass_notebook
def compare(
    notebook: TrackedNotebook,
    runs: Sequence[str],
    is_all: bool,
    by: Sequence[str],
    metrics: Sequence[str],
    seeds: Sequence[str],
) -> None:
    """Put runs side by side, by default this session's two newest, or those of the loop that came last.

    Shown is what differs: params, metrics, data, models, environment. A single run stands beside its children.
    With --group-by, this notebook's runs that differ only in their seed are taken together, and groups compared.
    """
    if by:
        _compare_groups(notebook, runs, by, metrics, seeds)
        return
    if metrics or seeds:
        raise InvalidValueError("--metric and --seed-param are of groups. Say which: --group-by params.model.")
    from trackbook.display.comparison import show_comparison
    from trackbook.magics.commands.panel import can_show_widgets, show_widget
    from trackbook.tracking.compare import compare_runs

    wanted = runs or notebook.to_compare()
    if can_show_widgets(notebook):
        from trackbook.widgets import Compare

        show_widget(Compare(*wanted, is_whole=is_all, project=notebook.project))
        return
    compared = compare_runs(notebook.project.store, wanted)
    show_in_cell(show_comparison(compared, look(), is_whole=is_all))


def _compare_groups(
    notebook: TrackedNotebook, runs: Sequence[str], by: Sequence[str], metrics: Sequence[str], seeds: Sequence[str]
) -> None:
    from trackbook.display.groups import show_groups
    from trackbook.tracking.groups import group_runs, runs_to_group

    store = notebook.project.store
    details = runs_to_group(store, runs, experiment=notebook.experiment)
    show_in_cell(show_groups(group_runs(store, details, by, metrics=metrics, seeds=seeds), look()))


@track.command(epilog="Example: %track log --run latest --source", context_settings=SETTINGS)
@click.option("--session", metavar="ID", type=SessionReference(), help="Of another session; default: this one.")
@click.option("--run", metavar="RUN", type=RUN, help="Only the cells that this run is made of.")
@click.option("--source", "is_source", is_flag=True, help="Whole cells, with the tracebacks of failed ones.")
@click.option("--all", "is_all", is_flag=True, help="All cells; without it the last 50.")
@pass_notebook
def log(notebook: TrackedNotebook, session: str | None, run: str | None, is_all: bool, is_source: bool) -> None:
    """List the cells that ran, in their order."""
    from trackbook.display.log import MOST_ROWS, show_log, show_sources

    run_id = find_run(notebook.project.store, run).run.run_id if run else None
    session_id = _session_id(notebook, session or (None if run else THIS_SESSION))
    executions = notebook.project.store.executions(session_id=session_id, run_id=run_id)
    if is_source:
        show_in_cell(show_sources(executions, look(), read=notebook.project.store.get_object))
    else:
        show_in_cell(show_log(executions, look(), limit=None if is_all else MOST_ROWS))
