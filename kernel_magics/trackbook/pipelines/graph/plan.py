"""What a pipeline has to do now: which steps run, which are skipped, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trackbook.pipelines.graph.spec import Pipeline, Step


class Action(StrEnum):
    """What is done with a step."""

    RUN = "run"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step with what is done with it and the reason, and the steps that it needs, also those found by data.

    `earlier` is the run whose results stand for a step that is skipped, where they are not its latest: `Planner.decide`
    brings them back.
    """

    step: Step
    needs: tuple[str, ...]
    action: Action
    reason: str
    earlier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A pipeline's steps in an order in which they can run."""

    pipeline: Pipeline
    steps: tuple[PlannedStep, ...]
