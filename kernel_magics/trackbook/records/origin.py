"""Where something of a run was made: the statement that measured a metric, or fitted a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trackbook.records.execution import Source
from trackbook.records.values import JsonValue


class OriginKind(StrEnum):
    """What was made."""

    METRIC = "metric"
    FIT = "fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A function of the person's that was running: its name, and how many lines below its ``def`` it was."""

    function: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What made a metric (`key` is the metric's) or a model (`key` is its name in the notebook) of a run.

    `source` is the statement of the cell. `names` are the notebook's names that flowed in, as that statement read them;
    `literals` the constants that were written further inside. `inside` are the functions that led from the statement to
    the place, outermost first. `fits` are the statements that fitted what a metric judges, `unseeded` names where
    randomness came in without a seed.
    """

    kind: OriginKind
    key: str
    source: Source
    names: tuple[str, ...] = ()
    literals: Mapping[str, JsonValue] = field(default_factory=dict)
    inside: tuple[Inside, ...] = ()
    fits: tuple[Source, ...] = ()
    unseeded: tuple[str, ...] = ()
