"""What a rule of a gate is: it looks at a run, or at a pipeline's steps, and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from trackbook.pipelines.graph.state import STEP_TAG
from trackbook.records import RunDetail
from trackbook.store.contract import Store


class Answer(StrEnum):
    """What a rule says. UNKNOWN: what is on record does not tell, and that never passes."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one rule found: what was `wanted` and what was `found`, as people read it; `details` for machines."""

    rule: str
    wanted: str
    found: str
    answer: Answer
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged.

    Attributes
    ----------
    run
        The run that was named, or the parent of a pipeline's steps.
    members
        That run and all beneath it, parents first; of a pipeline also the runs that stand for the steps it skipped.
    pipeline
        The pipeline's name, if one was named.
    """

    store: Store
    run: RunDetail
    members: tuple[RunDetail, ...]
    pipeline: str | None = None

    def beneath(self, run_id: str) -> list[RunDetail]:
        """Return the members whose parent is a run."""
        return [each for each in self.members if each.run.parent_id == run_id]

    def tops(self) -> list[RunDetail]:
        """Return the members that are beneath no other one."""
        ids = {each.run.run_id for each in self.members}
        return [each for each in self.members if each.run.parent_id not in ids]

    def steps(self) -> list[str]:
        """Return the names of the steps, in the order in which they ran."""
        return list(dict.fromkeys(each.tags[STEP_TAG] for each in self.members if STEP_TAG in each.tags))

    def step_of(self, run: RunDetail) -> str | None:
        """Return the step that a run is of, or beneath."""
        by_id = {each.run.run_id: each for each in self.members}
        at: RunDetail | None = run
        while at is not None and STEP_TAG not in at.tags:
            at = by_id.get(at.run.parent_id or "")
        return at.tags[STEP_TAG] if at is not None else None

    def of_step(self, name: str) -> list[RunDetail]:
        """Return the runs of a step; ``train`` also means all that ``foreach`` made of it (``train[C=1]``)."""
        found = [each for each in self.members if each.tags.get(STEP_TAG) == name]
        return found or [each for each in self.members if each.tags.get(STEP_TAG, "").startswith(f"{name}[")]


class Rule(Protocol):
    """Something that must hold.

    It only reads the store, except where it was asked to make a run again, and raises only what says that the rule
    itself can't be used (`InvalidValueError`).
    """

    @property
    def name(self) -> str:
        """What the file calls it."""

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return what is found: one ruling, or one for each part of the rule."""
