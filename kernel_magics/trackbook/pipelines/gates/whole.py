"""A rule as it is to be written: told of one that lacks something, so that one try more is enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import yaml

from trackbook.pipelines.graph.located import Located
from trackbook.records import JsonValue
from trackbook.tracking.direction import higher_is_better

EXAMPLES: Mapping[str, str] = {
    "thresholds": "thresholds: [test.accuracy >= 0.9]",
    "not_worse_than": "not_worse_than: {run: RUN, metric: accuracy}",
    "checks": "checks: passed",
    "verdict": "verdict: clean",
    "reproduced": "reproduced: exact",
    "max_seconds": "max_seconds: 600",
    "nbval": "nbval: {notebooks: '*.ipynb'}",
}
"""Each rule of a file, complete."""


def whole(given: Mapping[str, Located], **lacking: JsonValue) -> str:
    """Return a rule's mapping in one line: what the file gives of it, and examples of what it may lack.

    Parameters
    ----------
    lacking
        By key, in the order in which they are to stand; what is given comes before an example.
    """
    known = {key: place.plain for key, place in given.items() if place.plain not in (None, [], {})}
    line: str = yaml.safe_dump(
        {**lacking, **known}, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return line.strip()


def whole_comparison(given: Mapping[str, Located], metrics: Sequence[str]) -> str:
    """Return a comparison with another run by some metrics; none: an example of one is lacking.

    It says what is better where the name of a metric does not.
    """
    lacking: dict[str, JsonValue] = {"run": "RUN"}
    for key in ("metric", "metrics"):
        if key in given:
            lacking[key] = None  # for its place
    if not metrics:
        lacking["metric"] = "accuracy"
    if any(higher_is_better(each) is None for each in metrics):
        lacking["better"] = "higher"
    return f"not_worse_than: {whole(given, **lacking)}"
