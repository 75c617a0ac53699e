"""What whoever executes a notebook is given, what it tells while it does, and what it returns. All of it can travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from trackbook.records import JsonValue

LATE, VANISHED = "TimeoutError", "ProcessEnded"
"""The errors of results whose step took too long, or whose process ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJob:
    """A notebook to be executed once.

    Attributes
    ----------
    name
        The step's name, as progress and the run show it.
    notebook, output
        The notebook, which is never altered, and the file for the executed one.
    params
        Values for the ``parameters`` cell, checked already.
    folder
        The working folder of its kernel.
    kernel
        The name of the kernel to use; None is the one that the notebook names.
    timeout
        Seconds that the whole may take.
    threads
        How many threads its numerical libraries may use; None leaves that to them.
    store
        The location of the store that its kernel writes to; None is the one that the notebook would find by itself.
    experiment
        The experiment of its run; None is the notebook's name.
    parent_run_id
        The run that its own run is a child of.
    tags
        Of its own run.
    hides_secrets
        Whether the executed notebook is written without credentials, because it lies with what is kept.
    """

    name: str
    notebook: Path
    output: Path
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    folder: Path = Path()
    kernel: str | None = None
    timeout: float | None = None
    threads: int | None = None
    store: str | None = None
    experiment: str | None = None
    parent_run_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    hides_secrets: bool = False


class StepStatus(StrEnum):
    """How a step ended."""

    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    """Because it was asked to, or took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """Something that a step tells while it runs.

    Cell `cell` of `cells` is about to run, or a metric has a value (at a `step` of its series), or its run `run_id` has
    begun, or there is a `warning`, a sentence for the person.
    """

    name: str
    cell: int | None = None
    cells: int | None = None
    metric: str | None = None
    value: float | None = None
    step: int | None = None
    run_id: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step has done.

    Attributes
    ----------
    run_id
        Its own run; None if it ended before there was one.
    failed_cell
        The number of the cell that raised, from 1.
    error, message
        The name of the exception (or of what else went wrong) and what it said.
    line, source_line
        The line of that cell that raised, from 1, and its text; None where that is not known.
    seconds
        From its start to its end.
    """

    name: str
    status: StepStatus
    run_id: str | None = None
    failed_cell: int | None = None
    error: str | None = None
    message: str | None = None
    line: int | None = None
    source_line: str | None = None
    seconds: float = 0.0

    @property
    def is_late(self) -> bool:
        """Whether it was stopped because it took too long."""
        return self.status is StepStatus.STOPPED and self.error == LATE

    @property
    def is_vanished(self) -> bool:
        """Whether its process ended without a word."""
        return self.status is StepStatus.FAILED and self.error == VANISHED


Tell: TypeAlias = Callable[[StepEvent], None]
