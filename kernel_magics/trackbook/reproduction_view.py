"""Making runs again as Python objects: what ``trackbook.reproduce`` gives."""

from __future__ import annotations

from trackbook.display.reproduction import reproduction_payload, show_reproduction
from trackbook.display.shown import Look, Shown
from trackbook.pipelines.reproducing.fresh_run import Progress
from trackbook.pipelines.reproducing.reproduce import DEFAULT_TOLERANCE, Report, Wish
from trackbook.pipelines.reproducing.reproduce import reproduce as make_again
from trackbook.project import Project, current_project
from trackbook.records import Comparison, JsonValue, Reproduction, ReproductionVerdict, RunDetail
from trackbook.tracking.making import finish_keeping
from trackbook.views import RunReference, get_run

__all__ = ["Progress", "ReproductionView", "reproduce"]


class ReproductionView:
    """How a run came out when it was made again: a page to look at in a notebook, text elsewhere."""

    def __init__(self, reproduction: Reproduction, run: RunDetail) -> None:
        self.reproduction = reproduction
        self._run = run

    @property
    def verdict(self) -> ReproductionVerdict:
        """``exact``, ``within tolerance``, ``nondeterministic``, ``different`` or ``failed``; equal to these texts."""
        return self.reproduction.verdict

    @property
    def is_reproduced(self) -> bool:
        """Whether the run came out the same: exactly, or within the tolerance."""
        return self.verdict in (ReproductionVerdict.EXACT, ReproductionVerdict.WITHIN_TOLERANCE)

    @property
    def reason(self) -> str:
        """The verdict in a sentence or two."""
        return self.reproduction.reason

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What was compared: metrics, tables, what models learned and predicted."""
        return self.reproduction.comparisons

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook reproduce --json`` prints it."""
        return reproduction_payload(self.reproduction)

    def show(self, look: Look | None = None) -> Shown:
        """Return it, to look at."""
        return show_reproduction(self.reproduction, self._run, look)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


def reproduce(
    run: RunReference,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    env: str = "check",
    data: str = "original",
    progress: Report | None = None,
    project: Project | None = None,
) -> ReproductionView:
    """Make a run again: its slice, in a fresh kernel, and what comes out beside what was.

    Every metric with all its points is compared, every table by its fingerprint, and what the models learned and
    predict. If something differs it is made once more, to tell chance from change. Nothing outside of a scratch folder
    is written. The verdict is put on the record.

    Parameters
    ----------
    run
        As for `get_run`.
    tolerance
        How far numbers may be apart, relative to the larger one, and count as the same.
    env
        ``check`` says which packages differ from the run's, ``strict`` refuses then, ``ignore`` does neither.
    data
        ``original`` reads the files that the run read, checked by hash, and what is kept of those that changed since;
        ``snapshot`` only what is kept.
    progress
        Called before each cell with a `Progress`: ``attempt``, ``cell`` and ``cells``.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    InvalidValueError
        If an option is none, or the run is still being made.
    """
    wish = Wish(tolerance=tolerance, environment=env, data=data)
    finish_keeping()  # what a model says of its example is known when it is kept, and compared
    project = project or current_project()
    detail = get_run(run, project=project).detail
    return ReproductionView(make_again(project.store, detail, wish, progress), detail)
