"""What the extension loads when it has hooked in, all that is heavy: the session's keeper and recorder, at work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.capture.output_sources import OutputWatch
from trackbook.capture.outputs import Limits
from trackbook.config import Settings
from trackbook.magics.builtin_names import keep_builtins_at_hand
from trackbook.project import Project, set_current
from trackbook.tracking.here import set_recorder
from trackbook.tracking.notebook_params import PAPERMILL_PARAMETERS
from trackbook.tracking.recorder import Recorder
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.snapshots import Limits as SnapshotLimits
from trackbook.tracking.snapshots import Snapshots

if TYPE_CHECKING:
    from trackbook.magics.execution import Execution
    from trackbook.magics.extension import LoadingCell


class Recording:
    """A session that records a shell's cells, from when this is made until `close`.

    Parameters
    ----------
    shell
        IPython's shell.
    settings, notebook, start
        What holds here, what the session is of, and the folder that it works in.
    guard, warn
        Take our own faults, and sentences to the person.
    """

    def __init__(
        self,
        shell: Any,
        settings: Settings,
        notebook: Notebook,
        start: Path,
        guard: Guard,
        warn: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._guard = guard
        self.keeper = SessionKeeper(
            lambda: self._open_store(start), notebook, start, settings, guard, warn, lambda: self._located(start)
        )

        def hidden() -> Collection[str]:
            names: Collection[str] = shell.user_ns_hidden
            return names

        live_seconds = settings.live_seconds
        self.recorder = Recorder(self.keeper, shell.user_ns, hidden, guard, live_seconds=live_seconds)
        self.recorder.is_attended = lambda: _is_attended(shell)
        self.recorder.outputs = OutputWatch(shell, _limits(settings), guard)
        if settings.snapshots:
            self.recorder.keep_contents(Snapshots(self.keeper, SnapshotLimits.of(settings), guard, warn))
        set_recorder(self.recorder)
        with guard:
            self.recorder.capture.attach()

    def look_back(self, sources: Iterable[str], cell: LoadingCell | None) -> None:
        """Take what ran before there was a recorder: papermill's parameters, and the cell that loaded the extension."""
        with self._guard:
            for source in sources:
                if source.startswith(PAPERMILL_PARAMETERS):
                    self.recorder.take_parameters(source)
        with self._guard:
            if cell is not None:
                self.recorder.record_past(cell.source, cell.cell_id, cell.started_at, cell.seconds, cell.count)

    def begin_notebook(self, execution: Execution) -> None:
        """Begin the run that the notebook's whole execution is; what is written of its metrics is told."""
        with self._guard:
            execution.run_id = self.recorder.begin_notebook(execution.name, execution.tags, execution.given)
        self.keeper.at_write = execution.tell

    def close(self) -> None:
        """End the cell that runs, and the session."""
        with self._guard:
            self.recorder.end_cell(None)
        set_recorder(None)
        set_current(None)
        self.recorder.close()

    def _located(self, start: Path) -> str:
        from trackbook.store.location import locate_store

        return locate_store(self._settings.store or None, start)

    def _open_store(self, start: Path) -> Any:
        from trackbook.store.location import open_store

        store = open_store(self._settings.store or None, start=start)
        set_current(Project(store))
        keep_builtins_at_hand()  # all that a cell needs is loaded by now
        return store


def _is_attended(shell: Any) -> bool:
    """Return whether the front end could answer a question: what executes notebooks (papermill, nbclient) says not."""
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", True))


def _limits(settings: Settings) -> Limits:
    return Limits(text=settings.output_bytes, figure=settings.figure_bytes, cell=settings.cell_output_bytes)
