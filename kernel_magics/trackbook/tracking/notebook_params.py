"""The params that a notebook has by its own word: in cells tagged so, and those that papermill gives it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from trackbook import clock
from trackbook.capture.flow import Flow
from trackbook.capture.literals import assigned_literals
from trackbook.capture.notebook import cell_tags
from trackbook.capture.symbols import parse_cell
from trackbook.records import Failure, JsonValue, Outcome, Run
from trackbook.store.contract import Batch, RunChange
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.opened_attempts import STATUS_AFTER
from trackbook.tracking.session import SessionKeeper

PAPERMILL_PARAMETERS = "# Parameters\n"
"""What papermill writes above the values that it injects."""
_INJECTED = "injected-parameters"
_PARAMETER_TAGS = frozenset({"parameters", _INJECTED})


class NotebookParams:
    """The params of a notebook, and under papermill the run that the notebook's execution is.

    Parameters
    ----------
    keeper
        The session's hold on the store.
    attempts, explicit
        The session's runs: those in a notebook that papermill executes are beneath the notebook's own.
    """

    def __init__(self, keeper: SessionKeeper, attempts: Attempts, explicit: ExplicitRuns) -> None:
        self.values: dict[str, JsonValue] = {}
        """The params so far: they flow into every run."""
        self._keeper = keeper
        self._attempts = attempts
        self._explicit = explicit
        self._run: Run | None = None
        self._given: frozenset[str] = frozenset()

    def begin(self, name: str | None, tags: Mapping[str, str], given: Collection[str]) -> str:
        """Begin the notebook's own run before its first cell, and return its id.

        Parameters
        ----------
        given
            The names of the params that an injected cell will give.
        """
        self._given = frozenset(given)
        return self._open_run({}, name, tags)

    def tags_of(self, source: str, cell_id: str | None, metadata: Mapping[str, object]) -> frozenset[str]:
        """Return the tags of a cell that is about to run: as the request says, else as the notebook's file does."""
        about = metadata.get("trackbook")
        tags = about.get("tags") if isinstance(about, dict) else None
        if isinstance(tags, list):
            return frozenset(map(str, tags))
        if source.startswith(PAPERMILL_PARAMETERS):
            return frozenset({_INJECTED})
        notebook = self._keeper.session.notebook
        return frozenset(cell_tags(Path(notebook), cell_id)) if notebook and cell_id else frozenset()

    def take(self, source: str) -> None:
        """Take a cell of papermill's that ran before there was a recorder."""
        literals = {
            name: value for statement in parse_cell(source).body for name, value in assigned_literals(statement).items()
        }
        self.values.update(literals)
        self._open_run(literals)

    def note(self, tags: frozenset[str], flow: Flow) -> None:
        """Take what a cell that has ended gives, if it is tagged so."""
        if not tags & _PARAMETER_TAGS:
            return
        literals = {name: value for node in flow.nodes for name, value in node.literals.items()}
        self.values.update(literals)
        if self._run is not None:
            self._log(literals, is_injected=_INJECTED in tags)
        elif _INJECTED in tags and self._attempts.parent_id == self._keeper.session.parent_run_id:
            self._open_run(literals)

    def close(self, outcome: Outcome, failure: Failure | None) -> None:
        """End the notebook's own run, if it is one, as its last cell did: papermill stops at the first that fails."""
        if self._run is not None:
            environment = self._keeper.environment()
            ended = replace(
                self._run,
                status=STATUS_AFTER[outcome],
                failure=failure,
                finished_at=clock.now(),
                environment_id=environment.environment_id if environment is not None else None,
            )
            self._keeper.write(Batch(runs=(RunChange(run_id=ended.run_id, run=ended),)))

    def _log(self, literals: Mapping[str, JsonValue], *, is_injected: bool) -> None:
        """Log params to the notebook's own run: the notebook's where no other is given, and each name once."""
        started = self._explicit.around
        if started is not None:
            taken = {*started.params, *(() if is_injected else self._given)}
            fresh = {name: value for name, value in literals.items() if name not in taken}
            self._explicit.log(started, params=fresh)

    def _open_run(
        self, params: Mapping[str, JsonValue], name: str | None = None, tags: Mapping[str, str] | None = None
    ) -> str:
        """Under papermill the notebook's execution is a run, the parent of those inside it; return its id."""
        notebook = self._keeper.session.notebook
        named = name or (Path(notebook).stem if notebook else None)
        started = self._explicit.start(named, tags={"papermill": "true"} | dict(tags or {}))
        self._explicit.put_around(started)
        if params:
            self._explicit.log(started, params=params)
        self._run = started.run
        self._attempts.parent_id = started.run_id
        return started.run_id
