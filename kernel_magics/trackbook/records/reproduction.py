"""A reproduction: a run made again in a fresh kernel, and how what came out compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trackbook.records.values import JsonValue


class ReproductionVerdict(StrEnum):
    """What a reproduction says of its run.

    EXACT: everything is equal to the last bit. WITHIN_TOLERANCE: the numbers differ by no more than was allowed.
    NONDETERMINISTIC: two fresh runs differ from each other. DIFFERENT: they agree, and differ from the run. FAILED:
    it could not be run to its end.
    """

    EXACT = "exact"
    WITHIN_TOLERANCE = "within tolerance"
    NONDETERMINISTIC = "nondeterministic"
    DIFFERENT = "different"
    FAILED = "failed"


class ComparedKind(StrEnum):
    """What is compared."""

    METRIC = "metric"
    SNAPSHOT = "snapshot"
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One thing of the run beside the same of its reproduction.

    `key` is the metric's key, the dataset's name or the model's. `is_exact`: both are equal to the last bit; `is_same`:
    they differ by no more than the tolerance. None as `found` is what is missing.
    """

    kind: ComparedKind
    key: str
    expected: JsonValue
    found: JsonValue
    is_same: bool
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A run made again.

    `reason` says the verdict in one sentence. `tolerance` is relative, `environment` the policy that the packages were
    held to (``check``, ``strict``, ``ignore``). `slice_digest` names the object with the notebook that ran, as it came
    out, `log_digest` the one with what it printed. `first_difference` is where its lineage parts from the run's: an
    execution, a statement, a value, a dataset. `details` is what else was found: packages that differ, unseeded calls.
    """

    reproduction_id: str
    run_id: str
    at: datetime
    verdict: ReproductionVerdict
    reason: str
    tolerance: float = 0.0
    environment: str = "check"
    comparisons: tuple[Comparison, ...] = field(default=(), repr=False)
    seconds: float | None = None
    slice_digest: str | None = field(default=None, repr=False)
    log_digest: str | None = field(default=None, repr=False)
    first_difference: Mapping[str, JsonValue] | None = field(default=None, repr=False)
    details: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)

    @property
    def is_reproduced(self) -> bool:
        """Whether it came out the same: exactly, or within the tolerance."""
        return self.verdict in (ReproductionVerdict.EXACT, ReproductionVerdict.WITHIN_TOLERANCE)
