"""The parallel coordinates of a sweep: where lines pass, what is written there, and a page that needs nothing else."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from trackbook.pipelines.sweeps.axes import number_axis, param_axis
from trackbook.pipelines.sweeps.figure import figure_of, picture_of
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Space
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

SVG = "{http://www.w3.org/2000/svg}"
SPACE: Space = {
    "C": Choices(values=("</script>", "b", None)),
    "rate": Floats(low=1e-4, high=1.0, is_log=True),
    "fixed": Choices(values=(3,)),
}


def trial(number: int, value: float | None, **params) -> Trial:
    status = TrialStatus.FAILED if value is None else TrialStatus.FINISHED
    return Trial(number=number, params=params, status=status, value=value)


TRIALS = [
    trial(1, 0.5, C="</script>", rate=1e-4, fixed=3),
    trial(2, 0.7, C="b", rate=1e-2, fixed=3),
    trial(3, None, C="b", rate=1e-1, fixed=3),
    trial(4, float("inf"), C="b", rate=1e-1, fixed=3),
]


def drawn(trials, *, is_maximized=True) -> ElementTree.Element:
    picture = picture_of(SPACE, trials, "accuracy", is_maximized=is_maximized)
    assert picture is not None
    return ElementTree.fromstring(picture)


def places(line: ElementTree.Element) -> list[float]:
    return [float(each) for each in line.attrib["data-places"].split()]


def test_there_is_an_axis_for_each_param_that_varies_and_the_metric_and_a_line_for_each_value():
    picture = drawn(TRIALS)

    labels = [each.text for each in picture.iter(f"{SVG}text") if each.get("class") == "label"]
    lines = list(picture.iter(f"{SVG}polyline"))
    assert labels == ["C", "rate (log)", "accuracy"]
    assert [places(each) for each in lines] == [[0, 0, 0], [0.5, 0.5, 1]]
    assert [each.findtext(f"{SVG}title") for each in lines] == [
        "trial 1: 0.5 with C=</script>, rate=0.0001, fixed=3",
        "trial 2: 0.7 with C=b, rate=0.01, fixed=3",
    ]


@pytest.mark.parametrize(("is_maximized", "best"), [(True, "trial 2"), (False, "trial 1")])
def test_the_best_trial_is_thick_drawn_last_and_has_the_colour_of_the_best(is_maximized, best):
    lines = list(drawn(TRIALS, is_maximized=is_maximized).iter(f"{SVG}polyline"))

    assert [each.get("class") for each in lines] == ["trial", "trial best"]
    assert [each.get("stroke") for each in lines] == ["#8299bd", "#f08000"]
    assert (lines[-1].findtext(f"{SVG}title") or "").startswith(best)


def test_without_a_value_there_is_no_picture_and_the_page_says_so():
    assert picture_of(SPACE, TRIALS[2:], "accuracy", is_maximized=True) is None
    assert b"2 without a value are not drawn" in figure_of(SPACE, TRIALS[2:], "accuracy", is_maximized=True)


def test_the_page_is_small_and_needs_no_network_and_no_value_ends_its_script():
    page = figure_of(SPACE, TRIALS, "accuracy", is_maximized=True).decode()

    assert len(page) < 10_000
    assert page.count("</script>") == 1
    assert re.findall(r"(?:src|href)=", page) == []
    assert "const top_ = 56" in page
    assert "${trials.length}" in page


def test_ticks_are_round_numbers_with_the_ends_where_there_is_room():
    assert [text for _, text in param_axis("n", Integers(low=10, high=500), [10]).ticks] == [
        *("10", "100", "200", "300", "400", "500"),
    ]
    assert [text for _, text in param_axis("n", Integers(low=2, high=5), [3]).ticks] == ["2", "3", "4", "5"]
    assert [text for _, text in param_axis("x", Floats(low=0.13, high=0.91), [0.5]).ticks] == [
        *("0.13", "0.91", "0.2", "0.4", "0.6", "0.8"),
    ]
    assert [text for _, text in param_axis("x", Floats(low=1e-3, high=0.3, is_log=True), [0.1]).ticks] == [
        *("0.3", "0.001", "0.01", "0.1"),
    ]


@pytest.mark.parametrize("numbers", [[0.5], [0.9, 0.9], [1e-12, 1.1e-12], [-1e9, 1e9], [0.8412, 0.8413, 0.9]])
def test_what_was_measured_lies_on_its_axis_and_has_ticks(numbers):
    axis = number_axis("loss", numbers)

    assert 1 <= len(axis.ticks) <= 9
    assert all(-1e-9 <= each <= 1 + 1e-9 for each in (*axis.places, *(place for place, _ in axis.ticks)))
    assert sorted(axis.places) == list(axis.places)
