"""The notebook that a subcommand of ``%track`` acts on: its session, its runs and its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trackbook.errors import InvalidValueError, NoRunError
from trackbook.magics.expressions import evaluate, names_at
from trackbook.project import Project
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter
from trackbook.tracking.active_run import ActiveRun
from trackbook.tracking.choices import is_group
from trackbook.tracking.find import find_run
from trackbook.tracking.log import start_run
from trackbook.tracking.scope import StartedRun

if TYPE_CHECKING:
    from trackbook.magics.extension import Extension


class TrackedNotebook:
    """One notebook, as the subcommands see it.

    Parameters
    ----------
    shell
        IPython's shell.
    extension
        Its hooks, with the session's keeper and recorder.
    """

    def __init__(self, shell: Any, extension: Extension) -> None:
        self.shell = shell
        self.extension = extension
        self.local_names: Mapping[str, Any] | None = None
        """The names of the function that calls the magic now, where one does."""
        self._started: ActiveRun | None = None

    @property
    def project(self) -> Project:
        """The project of the notebook's session."""
        return Project(self.extension.keeper.store)

    @property
    def session_id(self) -> str:
        """The id of the notebook's session."""
        return self.extension.keeper.session.session_id

    @property
    def experiment(self) -> str:
        """The experiment that the session belongs to."""
        return self.extension.keeper.session.experiment

    @property
    def is_in_recorded_cell(self) -> bool:
        """Whether what is logged now is written with the cell that runs."""
        return self.extension.recorder.is_in_cell

    # Runs

    def run(self, reference: str | None) -> RunDetail:
        """Return a run: the one that is named, else the one that is started or current.

        Raises
        ------
        NoRunError
            If none is named and there is none in this session.
        """
        if reference is not None:
            return find_run(self.project.store, reference)
        found = self.current()
        if found is None:
            raise NoRunError("There is no run in this notebook yet. Fit a model, or name a run: see %track runs.")
        return found

    def current(self) -> RunDetail | None:
        """Return the run that is started, else the one that the session is at, else its newest."""
        recorder = self.extension.recorder
        current = recorder.explicit.innermost or recorder.attempts.current
        if current is not None:
            where = RunFilter(ids=[current.run.run_id])
        else:
            where = RunFilter(session_id=self.session_id, only_roots=True, limit=1)
        return next(iter(self.project.store.runs(where)), None)

    def to_compare(self) -> list[str]:
        """Return the ids of what is compared by default: this session's two newest runs, the older one first.

        The runs of a loop stand for what holds them together. If it has several and came last, or if a run with
        children is the only one, that is returned alone.

        Raises
        ------
        InvalidValueError
            If there is nothing to compare.
        """
        tops = self.project.store.runs(RunFilter(session_id=self.session_id, only_roots=True, limit=2))
        beneath = [self._newest_children(top) if is_group(top) or len(tops) == 1 else [] for top in tops]
        if beneath and len(beneath[0]) > is_group(tops[0]):
            return [tops[0].run.run_id]
        runs = [run for top, inner in zip(tops, beneath, strict=True) for run in (inner if is_group(top) else [top])]
        if len(runs) < 2:
            count = "one run" if runs else "no run"
            raise InvalidValueError(f"This session has {count} yet. Name two: %track compare A B. See %track runs.")
        return [detail.run.run_id for detail in reversed(runs[:2])]

    def _newest_children(self, parent: RunDetail) -> list[RunDetail]:
        return self.project.store.runs(RunFilter(parent_id=parent.run.run_id, limit=2))

    def newest_two(self) -> list[str]:
        """Return the ids of two runs to tell apart: those to compare, or of a single one's children the newest two.

        Raises
        ------
        InvalidValueError
            If there is nothing to compare.
        """
        found = self.to_compare()
        if len(found) > 1:
            return found
        parent = find_run(self.project.store, found[0])
        newest = [parent, *reversed(self._newest_children(parent))][-2:]
        return [detail.run.run_id for detail in newest]

    def start(self, name: str | None, tags: Mapping[str, str]) -> tuple[ActiveRun, ActiveRun | None]:
        """Start a run, after ending the one that was started so before; return both."""
        before, self._started = self._started, None
        if before is not None and before.status is RunStatus.RUNNING:
            before.stop()
        else:
            before = None
        self._started = start_run(name, tags=tags)
        return self._started, before

    def stop(self, status: RunStatus) -> StartedRun:
        """End the run that is started, and what is started inside of it.

        Raises
        ------
        NoRunError
            If none is.
        """
        runs, started = self.extension.recorder.explicit, None
        if self._started is not None:
            started = runs.known.get(self._started.run_id)
        if started is None or started.run.status is not RunStatus.RUNNING:
            started = runs.innermost
        if started is None:
            raise NoRunError("No run is started here. Start one with %track start NAME.")
        self._started = None
        runs.stop(started, status)
        return started

    # Names

    def values(self, pairs: Mapping[str, str], *, takes_words: bool = False) -> dict[str, object]:
        """Return keys with the values of their expressions, all of them or, by an error, none; see `evaluate`."""
        names = names_at(self.shell.user_ns, self.local_names)
        return {key: evaluate(text, names, takes_words=takes_words) for key, text in pairs.items()}

    def public_names(self) -> Sequence[str]:
        """Return the names of the notebook that a person has given."""
        hidden = self.shell.user_ns_hidden
        return sorted(name for name in self.shell.user_ns if not name.startswith("_") and name not in hidden)
