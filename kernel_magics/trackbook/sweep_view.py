"""Sweeps as Python objects: what ``trackbook.sweep`` gives."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trackbook.display.shown import Look, Shown
from trackbook.display.sweep import show_sweep, sweep_payload
from trackbook.display.sweep_page import sweep_page
from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.stepping import cores
from trackbook.pipelines.sweeps.literals import with_params
from trackbook.pipelines.sweeps.outcome import Outcome, Watch
from trackbook.pipelines.sweeps.spec import Pruner, Sampler, Sweep
from trackbook.pipelines.sweeps.starting import NewExecutor, resume_sweep, run_sweep
from trackbook.pipelines.sweeps.trials import Trial
from trackbook.project import Project, current_project
from trackbook.records import JsonValue
from trackbook.tracking.direction import higher_is_better
from trackbook.tracking.slice import slice_run
from trackbook.views import RunReference, get_run

__all__ = ["SweepView", "go_on", "sweep", "sweep_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepView:
    """What a sweep came to: a page to look at in a notebook, text elsewhere.

    `again` is the command that makes the best trial again, `figure` the file with the parallel coordinates.
    """

    outcome: Outcome
    again: str | None = None
    figure: Path | None = None

    @property
    def best(self) -> Trial | None:
        """The best trial, None if none has finished."""
        return self.outcome.best

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials, by number."""
        return self.outcome.trials

    @property
    def run_id(self) -> str:
        """The id of the sweep's run, the parent of the trials'."""
        return self.outcome.run_id

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook sweep --json`` prints it."""
        return sweep_payload(self.outcome, again=self.again, figure=self.figure)

    def show(self, look: Look | None = None) -> Shown:
        """Return it, to look at."""
        return show_sweep(self.outcome, look, again=self.again, figure=self.figure)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


def sweep(
    notebook: str | Path,
    params: Mapping[str, str | Sequence[Any]],
    *,
    metric: str,
    maximize: bool | None = None,
    sampler: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    prune: str | None = None,
    jobs: int | None = None,
    timeout: float | None = None,
    folder: str | Path | None = None,
    figure: str | Path | None = None,
    progress: Watch | None = None,
    project: Project | None = None,
    is_lasting: bool = True,
    address: str | None = None,
) -> SweepView:
    """Run a notebook with many values of its params.

    Parameters
    ----------
    notebook
        Its ``parameters`` cell types the values.
    params
        What to try for each param: a list, or a text such as ``"0.1,1,10"``, ``"2..8"``, ``"1e-4..1e-1:log"``.
    metric
        The metric that decides: its name, or the last part of it.
    maximize
        Whether more of it is better; None: as its name says.
    sampler
        ``"grid"``, ``"random"`` or ``"tpe"``; None: a grid where that is 50 trials or fewer, else ``tpe``.
    trials
        The most that are run; None: all of a grid, else 50.
    seed
        Of the sampler: the same trials again; of ``tpe``, which learns from whichever ends first, only with one job.
    prune
        ``"median"`` gives up trials that are worse on their way than half of those before.
    jobs
        How many run at once; None: one a core.
    timeout
        Seconds that a trial may take.
    folder
        Where the trials work; None: in the notebook's folder.
    figure
        Where the page with the parallel coordinates is written; None: into the store's folder.
    progress
        Called with a `Progress` whenever something has changed.
    is_lasting
        Whether the notebook's file stays.
    address
        Of the scheduler of a Dask cluster that runs the trials (``tcp://host:8786``); None: this machine.

    Raises
    ------
    InvalidValueError
        If an option is none, the notebook has no such params, or a value can't be of a param's type.
    NotFoundError, AmbiguousError
        If the first trial that finishes doesn't have the metric, or several that may be meant.
    """
    described = Sweep(
        notebook=Path(notebook),
        params={name: _text(values) for name, values in params.items()},
        metric=metric,
        is_maximized=_is_maximized(metric, maximize),
        sampler=_one_of(Sampler, sampler, "sampler"),
        trials=trials,
        seed=seed,
        prune=_one_of(Pruner, prune, "prune"),
        jobs=1 if jobs is None else jobs,
        timeout=timeout,
        folder=Path(folder) if folder is not None else None,
        is_lasting=is_lasting,
    )
    project = project or current_project()
    with _executing(address) as (slots, executor):
        asked = described if jobs is not None else replace(described, jobs=slots)
        outcome = run_sweep(project.store, asked, progress or _silent, executor, draw=sweep_page)
    return _view(outcome, project, figure)


def sweep_run(
    run: RunReference,
    params: Mapping[str, str | Sequence[Any]],
    *,
    metric: str,
    project: Project | None = None,
    **options: Any,
) -> SweepView:
    """Run a run's slice with many values of its params: no notebook has to be prepared.

    Parameters
    ----------
    run
        As for `get_run`.
    params
        What to try, as for `sweep`, for names of literals that flow into the run: ``C`` of a ``C = 0.1``, of a
        ``LogisticRegression(C=0.1)``, or one that this leaves to its default; ``LogisticRegression.C`` tells several
        apart.
    metric
        As for `sweep`, which also describes the other options.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such literal, or several.
    """
    import nbformat

    project = project or current_project()
    detail = get_run(run, project=project).detail
    sliced = slice_run(project.store, detail)
    notebook, names = with_params(sliced, params)
    with tempfile.TemporaryDirectory(prefix="trackbook-sweep-") as folder:
        path = Path(folder) / f"{_file_name(detail.run.experiment)}.ipynb"
        path.write_text(nbformat.writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]
        tried = {names[name]: values for name, values in params.items()}
        return sweep(path, tried, metric=metric, folder=sliced.folder, project=project, is_lasting=False, **options)


def go_on(
    run: RunReference,
    *,
    trials: int | None = None,
    jobs: int | None = None,
    figure: str | Path | None = None,
    progress: Watch | None = None,
    project: Project | None = None,
    address: str | None = None,
) -> SweepView:
    """Go on with a sweep that was interrupted, or add `trials`; what failed is tried again, `address` as for `sweep`.

    Raises
    ------
    InvalidValueError
        If the run is no sweep's, or still runs.
    """
    project = project or current_project()
    detail = get_run(run, project=project).detail
    with _executing(address) as (_, executor):
        parts = (project.store, detail, progress or _silent, executor)
        outcome = resume_sweep(*parts, draw=sweep_page, trials=trials, jobs=jobs)
    return _view(outcome, project, figure)


@contextmanager
def _executing(address: str | None) -> Iterator[tuple[int, NewExecutor | None]]:
    """Give how many trials run at once, and what runs them: None for this machine."""
    if address is None:
        yield cores(), None
        return
    from trackbook.pipelines.executors.dask import DaskExecutor

    with closing(DaskExecutor(address)) as executor:
        yield executor.slots, lambda _: executor


def _view(outcome: Outcome, project: Project, figure: str | Path | None) -> SweepView:
    return SweepView(outcome=outcome, again=_again(outcome), figure=_written(outcome, project, figure))


def _file_name(experiment: str) -> str:
    return re.sub(r"[^\w. -]", "_", experiment)


def _again(outcome: Outcome) -> str | None:
    """Return the command that makes the best trial again: its notebook with its params, or its run's slice."""
    best, notebook = outcome.best, outcome.sweep.notebook
    if best is None:
        return None
    if not outcome.sweep.is_lasting:
        return f"trackbook slice {best.run_name} -o best.ipynb"
    words = ["trackbook", "step", _from_here(notebook)]
    for name, value in best.params.items():
        words += ["-p", name, value if isinstance(value, str) else json.dumps(value)]
    return shlex.join(words)


def _from_here(path: Path) -> str:
    """Return a path as a person types it here, however it was given: relative if it is beneath the working folder."""
    whole = Path(os.path.abspath(path))  # without "..", and without following links as resolve does
    return str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole)


def _written(outcome: Outcome, project: Project, figure: str | Path | None) -> Path | None:
    """Write the page where it is wished, else beside what the store keeps; None if there is neither."""
    home = Path(project.location)
    if figure is None and (not outcome.trials or not home.is_dir()):
        return None
    path = Path(figure) if figure is not None else home / "sweeps" / f"{outcome.run_name}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sweep_page(outcome))
    except OSError as error:
        raise InvalidValueError(f"{path} can't be written: {error.strerror}. Give another place.") from None
    return path


def _is_maximized(metric: str, said: bool | None) -> bool:
    known = said if said is not None else higher_is_better(metric)
    if known is None:
        raise InvalidValueError(f"Whether more of '{metric}' is better is not known. Say --maximize or --minimize.")
    return known


def _one_of(kind: Any, text: str | None, option: str) -> Any:
    if text is None or text in [each.value for each in kind]:
        return None if text is None else kind(text)
    raise InvalidValueError(f"{option}={text!r} is none. Give {' or '.join(repr(each.value) for each in kind)}.")


def _text(values: str | Sequence[Any]) -> str:
    if isinstance(values, str):
        return values
    if not isinstance(values, list | tuple | range):
        return json.dumps(values)
    return ",".join(_choice(each) for each in values)


def _choice(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    return f"'{value}'" if "," in value else value


def _silent(_: object) -> None:
    """Say nothing."""
