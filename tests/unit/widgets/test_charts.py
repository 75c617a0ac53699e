"""Figures: what they show of numbers, and that texts in them are texts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from trackbook.records import MetricPoint
from trackbook.records.profile import ColumnProfile, Histogram, TopValue
from trackbook.widgets import charts

HOSTILE = "<img src=x onerror=alert(1)>"


def points(*values: float) -> list[MetricPoint]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [MetricPoint(key="loss", value=value, step=step, time=at) for step, value in enumerate(values)]


def column(**known: object) -> ColumnProfile:
    return ColumnProfile(**{"name": HOSTILE, "dtype": "object", "rows": 9, "missing": 0, **known})  # type: ignore[arg-type]  # facts of any kind


def test_what_is_not_finite_is_a_gap() -> None:
    figure = charts.curves([("a", points(1.0, float("nan"), float("inf"), 4.0))], title="loss")

    assert figure["data"][0]["y"] == [1.0, None, None, 4.0]
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure


def test_lines_differ_in_more_than_their_colour() -> None:
    figure = charts.curves([(str(at), points(1.0)) for at in range(8)], title="loss")

    looks = {(line["line"]["dash"], line["marker"]["symbol"]) for line in figure["data"][:5]}
    assert len(looks) == 5


def test_texts_are_never_markup() -> None:
    figures = [
        charts.curves([(HOSTILE, points(1.0, 2.0))], title=HOSTILE),
        charts.scatter([(HOSTILE, HOSTILE, 1.0)], x=HOSTILE, y=HOSTILE),
        charts.parallel([HOSTILE], {HOSTILE: [HOSTILE]}),
        charts.weights({HOSTILE: 1.0}, title=HOSTILE),
        charts.histogram(column(top=(TopValue(value=HOSTILE, count=3),))),
        charts.histogram(column(histogram=Histogram(edges=(0.0, 1.0, 2.0), counts=(4, 5)))),
    ]

    told = [json.dumps(figure) for figure in figures]
    assert not any("<img" in each for each in told)
    assert all("&lt;img" in each for each in told)


def test_histogram_of_numbers_lies_on_their_scale() -> None:
    figure = charts.histogram(column(histogram=Histogram(edges=(0.0, 1.0, 3.0), counts=(4, 5))))

    assert figure is not None
    assert (figure["data"][0]["x"], figure["data"][0]["width"], figure["data"][0]["y"]) == (
        [0.5, 2.0],
        [1.0, 2.0],
        [4, 5],
    )


def test_column_of_which_nothing_is_known_has_no_chart() -> None:
    assert charts.histogram(column()) is None
