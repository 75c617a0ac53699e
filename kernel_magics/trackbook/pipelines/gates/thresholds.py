"""The rule that a metric is high, or low, enough."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trackbook.errors import InvalidValueError
from trackbook.pipelines.gates.metrics import Measured, Wanted, Which, find_metric
from trackbook.pipelines.gates.rule import Answer, Ruling, Subject
from trackbook.pipelines.gates.wording import number, of_run

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_BOUND = re.compile(r"\s*(>=|<=|==|=|>|<|≥|≤)\s*(\S+)\s*")
_SIGNS = {"==": "=", "≥": ">=", "≤": "<="}
_MOST_LISTED = 4


@dataclass(frozen=True, slots=True)
class Bound:
    """How a value is to stand to a number: ``>= 0.9``."""

    sign: str
    limit: float

    def holds(self, value: float | int) -> bool:
        """Return whether a value meets it; NaN meets none."""
        return _COMPARE[self.sign](value, self.limit)

    def __str__(self) -> str:
        return f"{self.sign} {number(self.limit)}"


def read_bounds(text: str) -> tuple[Bound, ...]:
    """Return the bounds that a text gives: ``>= 0.9``, or two joined by ``and``.

    Raises
    ------
    InvalidValueError
        If it is none.
    """
    found = [_bound(part) for part in text.split(" and ")]
    bounds = tuple(each for each in found if each is not None)
    if len(bounds) < len(found):
        raise InvalidValueError(f"'{text.strip()}' is no bound. Write one such as '>= 0.9' or '<= 12.5'.")
    return bounds


def _bound(text: str) -> Bound | None:
    found = _BOUND.fullmatch(text)
    try:
        limit = float(found[2]) if found is not None else math.nan
    except ValueError:
        return None
    return None if found is None or math.isnan(limit) else Bound(_SIGNS.get(found[1], found[1]), limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A metric meets its bounds, in every run that has it, or in the best or last of them."""

    wanted: Wanted
    bounds: tuple[Bound, ...]
    name: str = "thresholds"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether it does."""
        search = find_metric(subject, self.wanted)
        if not search.measured:
            return [self._ruling(search.reason, Answer.UNKNOWN, ())]
        passing = [each for each in search.measured if self._holds(each)]
        enough = 1 if self.wanted.which is Which.BEST else len(search.measured)
        answer = Answer.PASS if len(passing) >= enough else Answer.FAIL
        told = passing if answer is Answer.PASS else [each for each in search.measured if not self._holds(each)]
        return [self._ruling(self._values_text(subject, told, len(search.measured)), answer, search.measured)]

    def _holds(self, measured: Measured) -> bool:
        return all(bound.holds(measured.value) for bound in self.bounds)

    def _ruling(self, found: str, answer: Answer, measured: Sequence[Measured]) -> Ruling:
        wanted = f"{self.wanted} {' and '.join(map(str, self.bounds))}"
        values = [{"run_id": each.run.run.run_id, "metric": each.key, "value": each.value} for each in measured]
        return Ruling(rule=self.name, wanted=wanted, found=found, answer=answer, details={"values": values})

    def _values_text(self, subject: Subject, told: Sequence[Measured], total: int) -> str:
        listed = [f"{self._value_text(each)}{of_run(subject, each.run)}" for each in told[:_MOST_LISTED]]
        more = f" and {len(told) - _MOST_LISTED} more" if len(told) > _MOST_LISTED else ""
        among = f" ({len(told)} of {total} runs)" if total > 1 else ""
        return f"{', '.join(listed)}{more}{among}"

    def _value_text(self, measured: Measured) -> str:
        """Return a value with as many digits as show on which side of the limits it is."""
        text = number(measured.value)
        is_close = any(text == number(bound.limit) and measured.value != bound.limit for bound in self.bounds)
        return repr(measured.value) if is_close else text
