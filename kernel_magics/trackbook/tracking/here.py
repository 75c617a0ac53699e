"""Who records in this process: the notebook's recorder, else the session of the script, begun when first asked for.

A forked child is a process like any other child: it has a session of its own.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.capture.cell import failure_of
from trackbook.errors import NoRunError
from trackbook.records import RunStatus
from trackbook.tracking.explicit import ExplicitRuns, status_after

if TYPE_CHECKING:
    from trackbook.tracking.recorder import Recorder
    from trackbook.tracking.session import SessionKeeper

_FORK_SECONDS = 5.0
_lock = threading.Lock()
_recorder: Recorder | None = None
_script: ExplicitRuns | None = None
_has_ended = False
_is_forked = False


def set_recorder(recorder: Recorder | None) -> None:
    """Make a notebook's recorder the one that takes what is logged in this process; None takes it away."""
    global _recorder
    _recorder = recorder


def recorder_here() -> Recorder | None:
    """Return the recorder of this notebook, None in a script."""
    return _recorder


def runs_here() -> ExplicitRuns:
    """Return the runs of this notebook, or of this script, whose session is begun when first asked for.

    Raises
    ------
    NoRunError
        If the script is at its end, and its session with it.
    """
    global _script
    if _recorder is not None:
        return _recorder.explicit
    begun = _script
    if begun is not None:
        return begun
    with _lock:
        if _has_ended:
            raise NoRunError("The session of this script has ended with it. Log before that.")
        if _script is None:
            _script = ExplicitRuns(_begin_script(_warn_script), is_hasty=_is_forked or _is_worker())
            atexit.register(_end_script)
        return _script


def flush() -> None:
    """Write what this process has logged and not written yet."""
    runs = _recorder.explicit if _recorder is not None else _script
    if runs is not None and runs.has_points:
        runs.flush()


# Sessions of scripts


def _begin_script(warn: Callable[[str], None]) -> SessionKeeper:
    from trackbook.capture.guard import Guard
    from trackbook.capture.notebook import find_notebook
    from trackbook.config import load_settings
    from trackbook.store.location import locate_store, open_store
    from trackbook.tracking.session import SessionKeeper

    start = Path.cwd()
    settings = load_settings(start)
    notebook = find_notebook({}, os.environ, sys.argv)
    where = settings.store or None
    return SessionKeeper(
        lambda: open_store(where, start=start),
        notebook,
        start,
        settings,
        Guard(warn),
        warn,
        lambda: locate_store(where, start),
    )


def _is_worker() -> bool:
    """Return whether this process is a worker of `multiprocessing`: those end without calling what is to be called."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _warn_script(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _end_script() -> None:
    global _script, _has_ended
    with _lock:
        runs, _script, _has_ended = _script, None, True
    if runs is None:
        return
    error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)  # a prompt's last error ended nothing
    if runs.started and error is None:
        _warn_script(
            f"Run '{runs.started[0].run.name}' was open when the script ended and is kept as KILLED. "
            "End runs with a with block, or with run.stop()."
        )
    with runs.keeper.guard:
        runs.close(RunStatus.KILLED if error is None else status_after(error), failure_of(error))
    runs.keeper.close()


def _before_fork() -> None:
    runs = _recorder.explicit if _recorder is not None else _script
    if runs is not None and runs.keeper.is_here:
        runs.keeper.settle(_FORK_SECONDS)


def _be_child() -> None:
    """After a fork, in the child: it is neither the notebook nor the script, and no thread holds a lock any more."""
    global _lock, _recorder, _script, _has_ended, _is_forked
    _lock = threading.Lock()
    _recorder, _script, _has_ended, _is_forked = None, None, False, True


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_child=_be_child)
