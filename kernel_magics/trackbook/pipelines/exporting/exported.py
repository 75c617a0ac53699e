"""What every engine is told of a pipeline: its steps in order, what each needs, and the command that runs it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.plan import Plan
from trackbook.pipelines.graph.spec import Pipeline, Step

SLACK_SECONDS = 120
"""What starting a kernel and keeping what came out may take beside the notebook itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedStep:
    """A step for another engine.

    `key` is its name there: letters, digits and hyphens, unlike any other's. `needs` are keys, `command` the words that
    run it with its tries, from the pipeline's folder.
    """

    key: str
    step: Step
    needs: tuple[str, ...]
    command: tuple[str, ...]

    @property
    def tried_once(self) -> tuple[str, ...]:
        """The command for an engine that tries again by itself."""
        *words, file = self.command
        return (*words, "--retries", "0", file)

    @property
    def try_seconds(self) -> int | None:
        """What one try may take; None: as long as it likes."""
        return None if self.step.timeout is None else math.ceil(self.step.timeout) + SLACK_SECONDS

    @property
    def seconds(self) -> int | None:
        """What all tries may take, one after the other."""
        step = self.step
        if step.timeout is None:
            return None
        waits = step.retry_seconds * float(2**step.retries - 1)
        return math.ceil(step.timeout * (step.retries + 1) + waits) + SLACK_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPipeline:
    """A pipeline for another engine: its `key` there, and its steps in an order in which they can run."""

    key: str
    pipeline: Pipeline
    steps: tuple[ExportedStep, ...]

    @property
    def file_name(self) -> str:
        """The pipeline's file, from its folder."""
        return _file_of(self.pipeline).name


def exported(plan: Plan) -> ExportedPipeline:
    """Return the steps of a plan for another engine, whatever there is to do for them now.

    Raises
    ------
    InvalidValueError
        If the pipeline has no file: the steps are run by what it says.
    """
    file = _file_of(plan.pipeline)
    keys = dict(_keys([each.step.name for each in plan.steps]))
    steps = [
        ExportedStep(
            key=keys[each.step.name],
            step=each.step,
            needs=tuple(keys[name] for name in each.needs),
            command=("trackbook", "pipeline", "run", "--step", each.step.name, file.name),
        )
        for each in plan.steps
    ]
    return ExportedPipeline(key=_key(plan.pipeline.name) or "pipeline", pipeline=plan.pipeline, steps=tuple(steps))


def folder_in_repository(pipeline: Pipeline) -> str:
    """Return a pipeline's folder as seen from the root of its git repository; ``.`` where it is in none."""
    folder = pipeline.folder.absolute()
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
    return str(PurePosixPath(folder.relative_to(root)))


def _file_of(pipeline: Pipeline) -> Path:
    if pipeline.file is None:
        raise InvalidValueError("Only a pipeline with a file can be exported. Write down its steps in pipeline.yaml.")
    return pipeline.file


def _keys(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for name in names:
        base = key = _key(name) or "step"
        number = 1
        while key in taken:
            number += 1
            key = f"{base}-{number}"
        taken.add(key)
        yield name, key


def _key(name: str) -> str:
    """Return a name as all engines take it: short, of small letters, digits and hyphens, a letter first."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (words if words[:1].isalpha() else f"step-{words}" if words else "")[:50].strip("-")
