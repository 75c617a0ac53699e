"""A run: one attempt inside a session, with its params, metrics, datasets, models and artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trackbook.records.dataset import DatasetUse
from trackbook.records.execution import Failure
from trackbook.records.model import Model
from trackbook.records.values import JsonValue

_STOPS = frozenset({"KeyboardInterrupt", "CancelledError", "StoppedError"})


class RunStatus(StrEnum):
    """What became of a run. KILLED: it was stopped, or its process vanished; `Run.word` tells which."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class Verdict(StrEnum):
    """Whether the notebook, run from its top, would make a run again.

    CLEAN: nothing speaks against it. UNORDERED: it read values of cells that stand below. STALE: it read a value of a
    cell that was edited, deleted or run again since.
    """

    CLEAN = "clean"
    UNORDERED = "unordered"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run itself, without what hangs on it (see `RunDetail`).

    `params` and metric points on the record never change; as long as its session lives, a finished run can still be
    evaluated, which adds metrics. `verdict` is None where nothing is known of the run's cells; `verdict_reason` says in
    one sentence why it isn't CLEAN.
    """

    run_id: str
    name: str
    experiment: str
    session_id: str
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    parent_id: str | None = None
    verdict: Verdict | None = None
    verdict_reason: str | None = None
    finished_at: datetime | None = None
    failure: Failure | None = None
    environment_id: str | None = None
    note: str | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether it ended early because it was asked to: by Ctrl-C, or by what ran it."""
        return self.status is RunStatus.KILLED and self.failure is not None and self.failure.type in _STOPS

    @property
    def word(self) -> str:
        """What became of it, in the one word that people read."""
        return "stopped" if self.is_stopped else self.status.value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """An observed number. NaN and the infinities are values; the latest of a key has the greatest step, then time."""

    key: str
    value: float | int
    step: int = 0
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file made by a run, kept by content hash. `digest` names its object, `size` is in bytes."""

    name: str
    digest: str
    size: int
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleUse:
    """A module of the project's own that flowed into a run, kept by content.

    `name` is its dotted name, `path` its file beneath the project's root, `digest` names the object with its source.
    """

    name: str
    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run and what hangs on it. `metrics` holds the latest point of each key."""

    run: Run
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    metrics: Mapping[str, MetricPoint] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: tuple[DatasetUse, ...] = ()
    models: tuple[Model, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    modules: tuple[ModuleUse, ...] = ()
    execution_ids: tuple[str, ...] = ()
