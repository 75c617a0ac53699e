"""A session: one kernel life of one notebook, one script, or one papermill execution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Where a session lives, precise enough to tell from the same machine whether it still does.

    `boot` identifies the machine's boot and process-id namespace; `started` is the process's start in seconds since
    1970 (process ids are used again, pairs of id and start are not).
    """

    host: str
    boot: str
    pid: int
    started: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One kernel life. Until `lease_expires_at` it is held to be alive; heartbeats move that forward.

    `folder` is where it worked when it began: relative paths in its code start there.
    """

    session_id: str
    experiment: str
    started_at: datetime
    lease_expires_at: datetime
    process: Process
    user: str
    notebook: str | None = None
    kernel_id: str | None = None
    environment_id: str | None = None
    parent_run_id: str | None = None
    ended_at: datetime | None = None
    folder: str | None = None
