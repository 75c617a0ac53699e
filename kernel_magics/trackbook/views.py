"""Runs as Python objects and data frames: ``trackbook.runs``, ``trackbook.get_run`` and what else is asked of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from trackbook.errors import InvalidValueError
from trackbook.explained import DiffView, WhyView
from trackbook.frames import runs_frame
from trackbook.project import Project, current_project
from trackbook.run_view import RunView
from trackbook.store.contract import RunFilter
from trackbook.tracking.diff import diff_runs
from trackbook.tracking.find import find_run, find_session
from trackbook.tracking.numbers import tolerance_of
from trackbook.tracking.query import query_of
from trackbook.tracking.slice import Slice, slice_run
from trackbook.tracking.why import explain, newest_with

if TYPE_CHECKING:
    import pandas as pd


RunReference: TypeAlias = "str | RunView"


def get_run(run: RunReference, *, project: Project | None = None) -> RunView:
    """Return a run by id, by the beginning of one (four characters or more), by readable name, or ``"latest"``.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    """
    if isinstance(run, RunView):
        return run
    identifier = getattr(run, "run_id", run)  # an active run, as start_run gives
    if not isinstance(identifier, str):
        raise InvalidValueError(f"A {type(run).__name__} names no run. Give an id, a name or 'latest'.")
    project = project or current_project()
    token = project.store.change_token()
    return RunView(project, find_run(project.store, identifier), token)


def runs(
    query: str | None = None,
    limit: int | None = None,
    *,
    experiment: str | None = None,
    session: str | None = None,
    project: Project | None = None,
) -> pd.DataFrame:
    """Return runs as a data frame, newest first, one row a run.

    Columns: ``run_id name experiment status verdict started_at finished_at seconds model dataset parent_id note``, then
    ``params.*``, ``metrics.*`` (latest values) and ``tags.*``. What a run doesn't have is NaN or None. A column of
    numbers that no numeric dtype holds exactly keeps Python's own.

    Parameters
    ----------
    query
        Which runs, in which order, at most how many:
        ``"metrics.accuracy > 0.9 and params.C = 0.1 order by metrics.accuracy desc"``.
    limit
        At most so many.
    experiment
        Only runs of this experiment.
    session
        Only runs of this session: its id, the beginning of it, or ``"latest"``.

    Raises
    ------
    QueryError
        If the query can't be read; it shows the place.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidValueError(f"limit={limit!r} is no number of runs. Give 0 or more, or None for all.")
    store = (project or current_project()).store
    session_id = find_session(store, session).session_id if session else None
    asked = query_of(store, query or "")
    where = RunFilter(experiment=experiment, session_id=session_id, query=asked, limit=limit)
    return runs_frame(store.runs(where))


def why(subject: str | None = None, run: RunReference | None = None, *, project: Project | None = None) -> WhyView:
    """Return why something of a run is what it is: which statements, literals, files and randomness led to it.

    Parameters
    ----------
    subject
        A metric of the run; its role may be left out where that is clear (``accuracy`` for ``test.accuracy``). A param,
        a table or a model by its name. None: the run's first metric.
    run
        As for `get_run`. None: the newest run that has it.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run or nothing of that name, or more than one.
    """
    project = project or current_project()
    store = project.store
    found = newest_with(store, subject) if run is None else get_run(run, project=project).detail
    return WhyView(explain(store, found, subject))


def diff(
    before: RunReference,
    after: RunReference | None = None,
    *,
    tolerance: float | None = None,
    project: Project | None = None,
) -> DiffView:
    """Return what sets one run apart from another: code cell by cell, outputs, params, metrics, data, environment.

    Cells are paired by cell id, then by what they say. In outputs, addresses, timings and the like are put aside.

    Parameters
    ----------
    before, after
        The runs, as for `get_run`. Without `after`, the one given is compared with the run before it of its experiment.
    tolerance
        How far two numbers in outputs may be apart, relative to the larger, and count as the same; None: a millionth.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    InvalidValueError
        If both are the same run, there is none to compare with, or the tolerance is none.
    """
    project = project or current_project()
    named = [get_run(run, project=project).run_id if run is not None else None for run in (before, after)]
    return DiffView(project, diff_runs(project.store, named[0] or "", named[1], tolerance_of(tolerance)))


def slice(run: RunReference, *, data: str = "original", project: Project | None = None) -> Slice:  # noqa: A001
    """Return the smallest notebook that makes a run's metrics.

    It holds the code that flowed into them, as it was when it ran and in that order, with the run's params in a cell
    tagged ``parameters``, and runs by papermill with other values: ``trackbook.slice("latest").save("train.ipynb")``.

    Parameters
    ----------
    run
        As for `get_run`.
    data
        Where it takes the files from that the run read: ``"original"`` is where they lay (it says so when one holds
        something else by then), ``"snapshot"`` what the store kept of them.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one; if nothing of it can be made again, or a file was not kept.
    """
    project = project or current_project()
    return slice_run(project.store, get_run(run, project=project).detail, data)


def metric_history(run: RunReference, key: str) -> pd.DataFrame:
    """Return every point of a run's metric: ``step``, ``value``, ``time``, by step, then time.

    `key` may leave out its role where that is clear (``accuracy`` for ``test.accuracy``).

    Raises
    ------
    KeyError
        If the run has no such metric, or several.
    """
    return get_run(run).history(key)
