"""How the steps of a pipeline stand, while it runs and when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from trackbook.pipelines.graph.plan import Plan
from trackbook.pipelines.graph.planning import NOT_ASKED
from trackbook.pipelines.graph.spec import Step


class Phase(StrEnum):
    """How a step stands. RETRYING: it failed, and waits to be tried again. BLOCKED: what it needs did not succeed."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"
    BLOCKED = "blocked"
    STOPPED = "stopped"


IN_THE_END = frozenset({Phase.FINISHED, Phase.SKIPPED, Phase.FAILED, Phase.BLOCKED, Phase.STOPPED})
SUCCEEDED = frozenset({Phase.FINISHED, Phase.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """Why a step failed.

    `cell` is the number of the cell that raised, from 1, `line` the line in it and `code` that line, where they are
    known. `traceback` is what the notebook shows, without colours.
    """

    error: str
    message: str = ""
    cell: int | None = None
    line: int | None = None
    code: str | None = None
    traceback: str | None = None

    @property
    def summary(self) -> str:
        """The error with what it said."""
        return f"{self.error}: {self.message}" if self.message else self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """How one step stands.

    Attributes
    ----------
    needs
        The steps that come before it.
    reason
        Why it runs, is skipped, waits or was not run, in a few words.
    cell, cells
        The number of the cell that runs, from 1, and how many there are.
    attempt, attempts
        Which try this is, from 1, and how many there may be.
    started_at, seconds
        Of the last try.
    metrics
        The latest value of each, of its run and of those inside it.
    reads, publishes
        The versions of datasets that it read and made: ``train@3``.
    run_id
        Its own run; of a step that was skipped the one that stands for it, where that is known.
    output
        The executed notebook.
    warnings
        Sentences for the person.
    """

    step: Step
    needs: tuple[str, ...] = ()
    phase: Phase = Phase.WAITING
    reason: str = ""
    cell: int | None = None
    cells: int | None = None
    attempt: int = 0
    attempts: int = 1
    started_at: datetime | None = None
    seconds: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    run_id: str | None = None
    output: Path | None = None
    failure: StepFailure | None = None
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    @property
    def is_asked(self) -> bool:
        """Whether it is among the steps that a person wants."""
        return self.reason != NOT_ASKED

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.phase in IN_THE_END


def skipped_steps(plan: Plan) -> tuple[StepProgress, ...]:
    """Return the steps of a plan by which none has to run."""
    return tuple(
        StepProgress(step=each.step, needs=each.needs, phase=Phase.SKIPPED, reason=each.reason) for each in plan.steps
    )


Watch: TypeAlias = Callable[[StepProgress], None]
"""Is told of each change, always from the thread that drives the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOutcome:
    """How a pipeline came out.

    `run_id` is its own run; None if nothing had to be run. `folder` has the executed notebooks. `fault` is why it could
    not go on, where that was no step's doing.
    """

    name: str
    steps: tuple[StepProgress, ...]
    started_at: datetime
    seconds: float
    run_id: str | None = None
    folder: Path | None = None
    is_stopped: bool = False
    fault: str | None = None

    @property
    def is_successful(self) -> bool:
        """Whether every step has succeeded, now or before."""
        return not self.is_stopped and all(step.phase in SUCCEEDED for step in self.steps)

    @property
    def failed(self) -> tuple[StepProgress, ...]:
        """The steps that failed."""
        return tuple(step for step in self.steps if step.phase is Phase.FAILED)

    @property
    def word(self) -> str:
        """How it came out, in one word."""
        if self.is_stopped:
            return "stopped"
        return "finished" if self.is_successful else "failed"
