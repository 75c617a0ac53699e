"""How a pipeline's steps stand, as its run keeps them: what was planned at the beginning, what came of it at the end.

What happens in between is told by the steps' own runs (see `history`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trackbook.capture.secrets import redact, redact_shown, redact_value
from trackbook.errors import NotFoundError
from trackbook.pipelines.graph.plan import Action, Plan
from trackbook.pipelines.running.progress import Phase, StepFailure, StepProgress
from trackbook.records import JsonValue, RunDetail
from trackbook.store.contract import Store

STEPS_FILE = "steps.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStep:
    """One step. `is_to_run` is what the plan says; the rest is as in `StepProgress`, as far as it is known."""

    name: str
    notebook: str
    needs: tuple[str, ...] = ()
    phase: Phase = Phase.WAITING
    reason: str = ""
    is_to_run: bool = True
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    attempt: int = 0
    attempts: int = 1
    started_at: datetime | None = None
    seconds: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    run_id: str | None = None
    failure: StepFailure | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSteps:
    """The steps in an order in which they can run. `is_final`: it is how they came out, not how they were planned."""

    steps: tuple[KeptStep, ...]
    is_final: bool


def planned_content(plan: Plan, begun: Iterable[StepProgress]) -> bytes:
    """Return how the steps of a plan stand before anything runs, as it is kept."""
    runs = {each.step.name for each in plan.steps if each.action is Action.RUN}
    return _content([_step(each, is_to_run=each.name in runs) for each in begun], is_final=False)


def ended_content(steps: Iterable[StepProgress]) -> bytes:
    """Return how steps came out, as it is kept."""
    return _content([_step(each, is_to_run=each.attempt > 0) for each in steps], is_final=True)


def read_steps(store: Store, detail: RunDetail) -> KeptSteps | None:
    """Return what a pipeline's run keeps of its steps; None where it keeps nothing, as those of earlier versions do."""
    kept = next((each for each in detail.artifacts if each.name == STEPS_FILE), None)
    if kept is None:
        return None
    try:
        found = json.loads(store.get_object(kept.digest))
    except (NotFoundError, ValueError):  # lost or damaged: then its steps' runs are all that is known
        return None
    if found.get("format") != _FORMAT:
        return None
    return KeptSteps(steps=tuple(map(_read, found["steps"])), is_final=found["is_final"])


def _content(steps: list[dict[str, JsonValue]], *, is_final: bool) -> bytes:
    return json.dumps({"format": _FORMAT, "is_final": is_final, "steps": steps}, sort_keys=True).encode()


def _step(step: StepProgress, *, is_to_run: bool) -> dict[str, JsonValue]:
    params = {name: redact_value(name, value) for name, value in step.step.params.items()}
    is_failed = step.failure is not None and step.phase is not Phase.FINISHED
    return {
        "name": step.name,
        "notebook": step.step.notebook.as_posix(),
        "needs": list(step.needs),
        "phase": step.phase.value,
        "reason": redact(step.reason),
        "is_to_run": is_to_run,
        "params": params,
        "attempt": step.attempt,
        "attempts": step.attempts,
        "started_at": step.started_at.isoformat() if step.started_at is not None else None,
        "seconds": step.seconds,
        "metrics": dict(step.metrics),
        "reads": list(step.reads),
        "publishes": list(step.publishes),
        "run_id": step.run_id,
        "failure": _failure(step.failure) if step.failure is not None and is_failed else None,
        "warnings": [redact_shown(each) for each in step.warnings],
    }


def _failure(failure: StepFailure) -> JsonValue:
    return {
        "error": failure.error,
        "message": redact_shown(failure.message),
        "cell": failure.cell,
        "line": failure.line,
        "code": failure.code,
    }


def _read(found: dict[str, Any]) -> KeptStep:
    for key in ("needs", "reads", "publishes", "warnings"):
        found[key] = tuple(found[key])
    found["phase"] = Phase(found["phase"])
    found["started_at"] = datetime.fromisoformat(found["started_at"]) if found["started_at"] else None
    found["failure"] = StepFailure(**found["failure"]) if found["failure"] else None
    return KeptStep(**found)
