"""What never changes any more: the parts of a run that has ended, once its kernel has ended, too."""

from __future__ import annotations

from trackbook import __version__, clock
from trackbook.records import RunStatus
from trackbook.store.contract import Store
from trackbook.store.rules import is_gone
from trackbook.tracking.find import find_run

from trackbook_server.route import Asked


def mark_of_run(asked: Asked) -> str | None:
    """Return what tells the run from all others if nothing of it will change any more, else None.

    As long as its kernel lives, a run that has ended can still be measured, and shown by another cell.
    """
    return _mark(asked.project.store, [asked.path["run"]])


def mark_of_two(asked: Asked) -> str | None:
    """Return the same of the two runs of a difference."""
    if not asked.query.after:
        return None  # the run before may be another one soon
    return _mark(asked.project.store, [asked.query.before, asked.query.after])


def _mark(store: Store, references: list[str]) -> str | None:
    runs = [find_run(store, each).run for each in references]
    sessions = store.sessions(ids=[run.session_id for run in runs])
    has_ended = all(run.status is not RunStatus.RUNNING for run in runs)
    if not has_ended or not all(is_gone(session, clock.now()) for session in sessions):
        return None
    return " ".join([__version__, store.location, *(run.run_id for run in runs)])
