"""Who publishes or checks a table now: the session of this notebook or script, its run, its cell."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType

from trackbook.records import FileRead
from trackbook.store.contract import Store
from trackbook.tracking.datasets import Maker
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.here import recorder_here, runs_here
from trackbook.tracking.scope import StartedRun

_PATIENCE_SECONDS = 10.0
_MOST_SECONDS = 600.0


def maker_here() -> tuple[Store, Maker]:
    """Return the store that this notebook or script writes to, and who writes; in a script a session begins with it.

    Raises
    ------
    StoreError
        If the store can't be opened.
    """
    runs, recorder = runs_here(), recorder_here()
    started = runs.innermost or _around(runs)
    execution_id = recorder.running_id if recorder is not None and recorder.is_on else None
    runs.keeper.deliver()  # what is queued comes before: the run itself, for one
    maker = Maker(
        session_id=runs.keeper.session.session_id,
        run_id=started.run_id if started is not None else None,
        execution_id=execution_id,
    )
    return runs.keeper.store, maker


def note_read(read: FileRead, table: object, frame: FrameType | None) -> None:
    """Let the notebook's lineage know that a table came from a dataset, read by the code that a frame runs."""
    recorder = recorder_here()
    if recorder is not None and recorder.is_on and recorder.is_in_cell:
        with recorder.guard:
            observer = recorder.capture.observer
            observer.tables.add_dataset(observer.trace(frame, "load"), read, table)


def finish_keeping(seconds: float = _PATIENCE_SECONDS) -> bool:
    """Wait, at most so long, until what this notebook gave to be kept is there to be read; return whether it is."""
    recorder = recorder_here()
    return recorder is None or recorder.snapshots is None or recorder.snapshots.wait(seconds)


def wait_until_kept(is_lacking: Callable[[], bool], tell: Callable[[str], None]) -> bool:
    """Wait until all is kept that this notebook gave to be kept, where something lacks long and not without a word.

    Returns
    -------
    bool
        Whether all is kept.
    """
    is_kept = finish_keeping(_PATIENCE_SECONDS)
    if is_kept or not is_lacking():
        return is_kept
    tell("What this notebook made is still being kept: waiting for it.")
    return finish_keeping(_MOST_SECONDS)


def is_unattended() -> bool:
    """Return whether a program executes this notebook, as papermill does: nobody looks at what a cell shows."""
    recorder = recorder_here()
    return recorder is not None and (recorder.explicit.around is not None or not recorder.is_attended())


def _around(runs: ExplicitRuns) -> StartedRun | None:
    """Return the run of the notebook that papermill executes, or the one of the parent process."""
    parent = runs.keeper.session.parent_run_id
    return runs.around or (runs.of_parent(parent) if parent is not None else None)
