"""The notebook that a subcommand of ``%track`` acts on: its session, its runs and its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trackbook.errors import InvalidValueError, NoRunError
from trackbook.magics.expressions import evaluate, names_at
from trackbook.project import Project
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter
from trackbook.tracking.find import find_run
from trackbook.tracking.log import ActiveRun, start_run
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

    def newest_two(self) -> list[str]:
        """Return the ids of the session's two newest runs, the older one first; of a single one that has children, its.

        Raises
        ------
        InvalidValueError
            If there is nothing to compare.
        """
        store = self.project.store
        newest = store.runs(RunFilter(session_id=self.session_id, only_roots=True, limit=2))
        has_children = len(newest) == 1 and store.count_runs(RunFilter(parent_id=newest[0].run.run_id)) > 0
        if len(newest) < 2 and not has_children:
            count = "one run" if newest else "no run"
            raise InvalidValueError(f"This session has {count} yet. Name two: %track compare A B. See %track runs.")
        return [detail.run.run_id for detail in reversed(newest)]

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
