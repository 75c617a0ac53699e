"""The parallel coordinates of a sweep: where lines pass, what is written there, and what becomes of failed trials."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from trackbook.display.sweep_axes import number_axis, param_axis
from trackbook.display.sweep_figure import figure_of, picture_of
from trackbook.pipelines.sweeps.outcome import Outcome
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Space
from trackbook.pipelines.sweeps.spec import Sampler, Sweep
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

SVG = "{http://www.w3.org/2000/svg}"
AT = datetime(2026, 11, 22, 4, 12, tzinfo=UTC)
SPACE: Space = {
    "C": Choices(values=("</script>", "b", None)),
    "rate": Floats(low=1e-4, high=1.0, is_log=True),
    "fixed": Choices(values=(3,)),
}


def trial(number: int, value: float | None, status: TrialStatus | None = None, **params) -> Trial:
    known = TrialStatus.FAILED if value is None else TrialStatus.FINISHED
    error = "ValueError" if value is None else None
    return Trial(number=number, params=params, status=status or known, value=value, error=error)


FINISHED = [trial(1, 0.5, C="</script>", rate=1e-4, fixed=3), trial(2, 0.7, C="b", rate=1e-2, fixed=3)]
OTHERS = [
    trial(3, None, C="b", rate=1e-1, fixed=3),
    trial(4, float("-inf"), C="b", rate=1.0, fixed=3),
    trial(5, 0.6, TrialStatus.PRUNED, C=None, rate=1e-2, fixed=3),
    trial(6, None, TrialStatus.STOPPED, C=None, rate=1.0, fixed=3),
]


def outcome(trials, *, is_maximized=True, space=SPACE) -> Outcome:
    sweep = Sweep(notebook=Path("train.ipynb"), metric="accuracy", is_maximized=is_maximized, params={"C": "a,b"})
    parts = {"run_id": "0trn4a6b", "run_name": "sweep-calm-owl", "metric": "accuracy", "sampler": Sampler.GRID}
    moments = {"started_at": AT, "finished_at": AT}
    return Outcome(sweep=sweep, space=space, trials=tuple(trials), planned=len(trials), **parts, **moments)


def drawn(trials, **values) -> ElementTree.Element:
    picture = picture_of(outcome(trials, **values))
    assert picture is not None
    return ElementTree.fromstring(picture)


def lines_of(picture: ElementTree.Element) -> list[ElementTree.Element]:
    return [each for each in picture.iter(f"{SVG}path") if "data-places" in each.attrib]


def places(line: ElementTree.Element) -> list[float]:
    return [float(each) for each in line.attrib["data-places"].split()]


def texts_of(picture: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


def test_there_is_an_axis_for_each_param_that_varies_and_the_metric_and_a_line_for_each_trial():
    picture = drawn(FINISHED)

    labels = [each.text for each in picture.iter(f"{SVG}text") if each.get("class") == "label"]
    assert labels == ["C", "rate (log)", "accuracy"]
    assert [places(each) for each in lines_of(picture)] == [[0, 0, 0], [0.5, 0.5, 1]]
    assert [each.findtext(f"{SVG}title") for each in lines_of(picture)] == [
        "trial 1: 0.5 with C=</script> rate=0.0001 fixed=3",
        "trial 2: 0.7 with C=b rate=0.01 fixed=3",
    ]


@pytest.mark.parametrize(("is_maximized", "best"), [(True, "2"), (False, "1")])
def test_the_best_trial_is_thick_drawn_last_and_has_the_colour_of_the_best(is_maximized, best):
    lines = lines_of(drawn([*FINISHED, *OTHERS[:1]], is_maximized=is_maximized))

    assert [each.get("class") for each in lines] == ["trial failed", "trial finished", "trial finished best"]
    assert [each.get("stroke") for each in lines[1:]] == ["#8299bd", "#f08000"]
    assert lines[-1].get("data-trial") == best


def test_trials_without_a_place_on_the_scale_end_beneath_it_at_what_became_of_them():
    picture = drawn([*FINISHED, *OTHERS])

    found = {each.get("data-trial"): (each.get("class"), places(each)[-1]) for each in lines_of(picture)}
    slots = {name: found[name][1] for name in ("3", "4", "6")}
    assert found.keys() == {"1", "2", "3", "4", "5", "6"}
    assert {name: found[name][0] for name in ("3", "5", "6")} == {
        "3": "trial failed",
        "5": "trial pruned",
        "6": "trial stopped",
    }
    assert len(set(slots.values())) == 3
    assert max(slots.values()) < 0
    assert 0 < found["5"][1] < 1
    assert {"failed", "stopped", "-Infinity"} < set(texts_of(picture))


def test_the_legend_has_the_scale_of_the_metric_and_counts_each_kind_of_line():
    texts = texts_of(drawn([*FINISHED, *OTHERS], is_maximized=True))

    assert texts[-8:] == [
        *("Colour: accuracy (more is better)", "0.5", "0.7"),
        *("best: trial 2", "3 finished", "1 pruned, to the last value", "1 failed", "1 stopped"),
    ]
    assert "Colour: accuracy (less is better)" in texts_of(drawn(FINISHED, is_maximized=False))


def test_where_all_trials_failed_they_are_drawn_and_there_is_no_scale():
    picture = drawn(OTHERS[:1])

    assert [each.get("class") for each in lines_of(picture)] == ["trial failed"]
    assert lines_of(picture)[0].findtext(f"{SVG}title") == "trial 3: ValueError with C=b rate=0.1 fixed=3"
    assert not [each for each in texts_of(picture) if each.startswith("Colour")]


def test_there_is_no_figure_where_no_param_varies_or_no_trial_has_all_params():
    assert figure_of(outcome([trial(1, 0.5, fixed=3)], space={"fixed": SPACE["fixed"]})) is None
    assert figure_of(outcome([trial(1, 0.5, C="b")])) is None
    assert figure_of(outcome([])) is None


@pytest.mark.parametrize("label", ["x", "a_very_long_name_of_a_param"])
def test_nothing_is_written_where_lines_pass(label):
    names = [f"{label}{at}" for at in range(7)]
    space: Space = {name: Choices(values=("LogisticRegression", "svm")) for name in names}
    values = [dict.fromkeys(names, "svm"), dict.fromkeys(names, "LogisticRegression")]
    picture = drawn([trial(at + 1, at / 2, **each) for at, each in enumerate(values)], space=space)

    segments = [
        (float(begin), float(end))
        for line in lines_of(picture)
        for begin, end in re.findall(r"M([\d.]+),[\d.]+L([\d.]+),", line.attrib["d"])
    ]
    ticks = [each for each in picture.iter(f"{SVG}text") if each.text in ("LogisticRegression", "svm")]
    assert len(ticks) == 14
    for tick in ticks:
        x, width = float(tick.attrib["x"]), 6 * len(tick.text or "")
        left = x - {"start": 0, "middle": width / 2, "end": width}[tick.attrib["text-anchor"]]
        assert all(left + width < begin or left > end for begin, end in segments)
    heads = [each for each in picture.iter(f"{SVG}text") if each.get("class") == "label"]
    ends = [(float(each.attrib["x"]), 7 * len(each.text or "") / 2) for each in heads]
    assert all(x + half < other - other_half for (x, half), (other, other_half) in itertools.pairwise(ends))


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
