"""Where a session is at: what its recorder, its log by hand and the writing of running cells have in common."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, eq=False)
class RunningCell:
    """A cell that runs and is recorded."""

    execution_id: str
    index: int
    source: str
    cell_id: str | None
    tags: frozenset[str]
    started_at: datetime
    started: frozenset[str] = frozenset()
    """The runs that a person had started before."""
    known: frozenset[str] = frozenset()
    """Every run that a person had started before, those that have ended included."""
    is_written: bool = False
    """Whether the store has it as one that runs."""
    provisional: tuple[str, ...] = ()
    """The runs that the store has of it; what truly came of the cell takes their place when it has ended."""


@dataclass(slots=True, eq=False)
class SessionState:
    """The cell that runs, whether cells are recorded, and the lock that keeps a cell's end apart from all else."""

    running: RunningCell | None = None
    is_on: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def is_in_cell(self) -> bool:
        """Whether a cell is running that is recorded."""
        return self.running is not None
