"""Asks every rule of a gate about a run or a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trackbook.pipelines.gates.rule import Answer, Rule, Ruling, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What the rules of a gate said of a subject; it passes if every one of them did."""

    subject: Subject
    rulings: tuple[Ruling, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every rule passed: there is one at least, and none that isn't known."""
        return bool(self.rulings) and all(each.answer is Answer.PASS for each in self.rulings)

    def count(self, answer: Answer) -> int:
        """Return how many rules answered so."""
        return sum(each.answer is answer for each in self.rulings)


def judge(subject: Subject, rules: Sequence[Rule]) -> GateReport:
    """Ask every rule, also after one has failed: whoever reads it wants to know all that is wrong."""
    rulings = [ruling for rule in rules for ruling in rule.judge(subject)]
    return GateReport(subject=subject, rulings=tuple(rulings))
