"""Which of many metrics groups of runs are compared in where nobody says so: those that most runs have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from trackbook.records import RunDetail
from trackbook.tracking.direction import higher_is_better
from trackbook.tracking.group_facts import value_of
from trackbook.tracking.group_statistics import FEWEST

_MOST = 4
_ROLES = ("test.", "validation.")
_PART = re.compile(r"\[|(?:^|\.)classification_report(?:\.|$)")  # one number of a report
_AGAIN = re.compile(r"\.\d+$")  # the second value of a key


def main_metrics(sets: Sequence[Sequence[RunDetail]], keys: Iterable[str]) -> list[str]:
    """Return the few metrics that say most of sets of runs, the most telling one first.

    A metric that only one set has compares nothing: it counts only where there is no other one. Numbers of a report
    (a confusion matrix has four) count least.
    """
    counts = {key: [sum(value_of(each, key) is not None for each in members) for members in sets] for key in keys}
    whole = {key: found for key, found in counts.items() if not _is_part(key, counts)} or counts
    shared = {key: found for key, found in whole.items() if sum(map(bool, found)) > 1} or whole
    most = max(map(sum, shared.values()))
    telling = [key for key, found in shared.items() if 2 * sum(found) >= most or max(found) >= FEWEST]
    if len(sets) == 1:
        telling = [key for key in telling if sum(shared[key]) == most]
    return sorted(telling, key=lambda key: (-sum(shared[key]), _rank(key)))[:_MOST]


def by_telling(keys: Sequence[str]) -> list[str]:
    """Return metrics with those on test data first, and the numbers of reports last."""
    return sorted(keys, key=lambda key: (_is_part(key, keys), _rank(key)))


def _is_part(key: str, keys: Iterable[str]) -> bool:
    base = _AGAIN.sub("", key)
    return _PART.search(key) is not None or (base != key and base in keys)


def _rank(key: str) -> tuple[bool, int]:
    """Return what puts a metric behind others: that nobody knows what is better, and what it was measured on."""
    role = next((rank for rank, each in enumerate(_ROLES) if key.startswith(each)), 2 + key.startswith("train."))
    return higher_is_better(key) is None, role
