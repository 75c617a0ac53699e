"""What a step's process and whoever started it write to one another: one JSON document a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus

STOP = b"stop\n"
_PATHS = ("notebook", "output", "folder")


def job_line(job: StepJob) -> bytes:
    """Return a job as a line."""
    content = {name: str(value) if name in _PATHS else value for name, value in _fields(job).items()}
    return _line({key: dict(value) if isinstance(value, Mapping) else value for key, value in content.items()})


def read_job(line: bytes) -> StepJob:
    """Return the job of a line."""
    content: dict[str, Any] = json.loads(line)
    content.update({name: Path(content[name]) for name in _PATHS})
    return StepJob(**content)


def told_line(told: StepEvent | StepResult) -> bytes:
    """Return an event, or the result, as a line."""
    return _line({type(told).__name__: {key: value for key, value in asdict(told).items() if value is not None}})


def read_told(line: bytes) -> StepEvent | StepResult | None:
    """Return the event or result of a line, None for something else that was printed there."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    if "StepEvent" in content:
        return StepEvent(**content["StepEvent"])
    if "StepResult" in content:
        result = content["StepResult"]
        return StepResult(**result | {"status": StepStatus(result["status"])})
    return None


def _fields(job: StepJob) -> dict[str, Any]:
    return {each.name: getattr(job, each.name) for each in fields(job)}


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"
