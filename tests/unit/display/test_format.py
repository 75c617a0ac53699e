from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.clock import now
from trackbook.display import format as fmt


def test_numbers_line_up_and_different_ones_look_different():
    assert fmt.aligned([0.5, 0.93333, 0.9]) == ["0.5000", "0.9333", "0.9000"]
    assert fmt.aligned([0.93333, 0.93334]) == ["0.93333", "0.93334"]
    assert fmt.aligned([12.5, 1000.25]) == ["12.50", "1000.25"]
    assert fmt.aligned([0.0, 0.25]) == ["0.0000", "0.2500"]
    assert fmt.aligned([1e-9, 2.0]) == ["1e-09", "2"]
    assert fmt.aligned([3, 0.5, math.nan]) == ["3", "0.5000", "NaN"]


@given(st.lists(st.floats() | st.integers(), max_size=6))
def test_every_list_of_numbers_can_be_aligned(values):
    assert len(fmt.aligned(values)) == len(values)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (10**30, "1" + "0" * 30),
        (2 / 3, "0.666667"),
    ],
)
def test_special_and_big_numbers_are_written_whole(value, written):
    assert fmt.number(value) == written


def test_integers_that_python_refuses_to_print_are_printed():
    assert fmt.number(10**5000).startswith("0x")


@given(st.text())
def test_a_line_never_breaks_and_never_holds_a_control_character(text):
    assert fmt.one_line(text).isprintable()


def test_terminal_escapes_are_made_visible():
    assert fmt.one_line("\x1b[31mred\n") == "\\x1b[31mred⏎"


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits_and_shows_that_it_is_shortened(text, width):
    short = fmt.shortened(text, width)

    assert len(short) <= max(width, 1)
    assert short == text or short.endswith("…")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "—"),
        (0.004, "4 ms"),
        (0.0996, "0.1 s"),
        (9.94, "9.9 s"),
        (59.6, "1 min 0 s"),
        (90, "1 min 30 s"),
        (3661, "1 h 1 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_have_their_two_largest_units(seconds, written):
    assert fmt.duration(seconds) == written


def test_moments_are_told_from_now():
    at = now()

    told = [fmt.ago(at - timedelta(seconds=seconds), at) for seconds in (-5, 3, 180, 7200, 3 * 86400)]

    assert told == ["just now", "just now", "3 min ago", "2 h ago", "3 d ago"]
    assert fmt.ago(at - timedelta(days=90), at) == f"{at - timedelta(days=90):%Y-%m-%d}"


@pytest.mark.parametrize(
    "said",
    [
        "an OLS", "an SVC", "an MLPClassifier", "an XGBClassifier", "an LGBMRegressor", "an NMF",
        "an AdaBoostRegressor", "an IsolationForest", "an RFE", "a Ridge", "a LogisticRegression", "a WLS", "a PCA",
        "a KMeans", "a UMAP",
        "a RANSACRegressor", "a OneVsRestClassifier", "a NuSVC", "a Booster", "an estimator", "a _Own",
    ],
)  # fmt: skip
def test_article_is_the_one_that_is_said(said):
    assert fmt.with_article(said.partition(" ")[2]) == said
