"""Which of several started runs something logged belongs to: threads and tasks that start their own don't mix them up.

A run is seen by the code that its start leads to (the same context, and the tasks that are made there), and, where that
is the main thread's, by threads that have none of their own.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from trackbook.records import JsonValue, LoggedPoint, Run


def _current_task() -> weakref.ref[Any] | None:
    current_task = getattr(sys.modules.get("asyncio"), "current_task", None)  # another thread may be importing it
    if current_task is None:
        return None
    try:
        task = current_task()
    except RuntimeError:  # no loop is running in this thread
        return None
    return weakref.ref(task) if task is not None else None


@dataclass(slots=True, eq=False)
class StartedRun:
    """A run that a person has started, and what has been logged but not written yet.

    `outer` is the started run around it. `thread` and `task` are where it was started.
    """

    run: Run
    outer: StartedRun | None = None
    points: list[LoggedPoint] = field(default_factory=list)
    next_steps: dict[str, int] = field(default_factory=dict)
    params: dict[str, JsonValue] = field(default_factory=dict)
    thread: threading.Thread = field(default_factory=threading.current_thread)
    task: weakref.ref[Any] | None = field(default_factory=_current_task)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id

    def is_inside(self, other: StartedRun) -> bool:
        """Return whether another run is this one, or around it."""
        around: StartedRun | None = self
        while around is not None and around is not other:
            around = around.outer
        return around is other


_own: ContextVar[tuple[StartedRun, ...]] = ContextVar("trackbook_started", default=())


def enter(started: StartedRun, alive: Sequence[StartedRun]) -> None:
    """Make a run the innermost of this context."""
    _own.set((*(each for each in _own.get() if each in alive), started))


def innermost_here(alive: Sequence[StartedRun]) -> StartedRun | None:
    """Return the run that what is logged here belongs to, of those that are alive in the order of their start."""
    if not alive:
        return None
    entered = _own.get()
    if entered and entered[-1] is alive[-1]:  # nearly always, and asked for with each number that is logged
        return entered[-1]
    own = [each for each in entered if each in alive]
    seen = [each for each in alive if each in own or _is_seen(each)]
    return shared([each for each in seen if not own or each.is_inside(own[-1])])


def shared(alive: Sequence[StartedRun]) -> StartedRun | None:
    """Return the innermost run that every other is inside of or around; None if they have nothing in common."""
    for each in reversed(alive):
        if all(each.is_inside(other) or other.is_inside(each) for other in alive):
            return each
    return None


def _is_seen(started: StartedRun) -> bool:
    if started.thread is not threading.current_thread():
        return started.thread is threading.main_thread()
    task = started.task() if started.task is not None else None
    if task is None or task.done():  # a cell with await is a task of its own: what it starts lasts
        return True
    here = _current_task()
    return here is not None and here() is task
