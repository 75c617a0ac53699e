"""Lines of a difference, noise and numbers in what cells print."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError
from trackbook.tracking.forms import are_alike, draws, html_lines, plain_svg, without_ids
from trackbook.tracking.lines import Sign, diff_lines
from trackbook.tracking.noise import Span, without_noise
from trackbook.tracking.numbers import Tolerance, are_close, tolerance_of

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
SPAN = Span(NOON, NOON + timedelta(seconds=10))
LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "", "print(a, b)", "c = a + b", "x" * 300]), max_size=12)


@given(LINES, LINES)
def test_lines_give_both_texts_back(before, after):
    lines = diff_lines(before, after)

    assert [line.text for line in lines if line.sign is not Sign.NEW] == before
    assert [line.text for line in lines if line.sign is not Sign.GONE] == after
    assert [line.before for line in lines if line.before] == list(range(1, len(before) + 1))
    assert [line.after for line in lines if line.after] == list(range(1, len(after) + 1))


@given(st.text(alphabet="ab =1.\n", max_size=40), st.text(alphabet="ab =1.\n", max_size=40))
def test_marks_lie_within_their_lines_in_order(before, after):
    for line in diff_lines(before.split("\n"), after.split("\n")):
        ends = [end for mark in line.marks for end in mark]
        assert ends == sorted(ends)
        assert all(0 <= end <= len(line.text) for end in ends)


def test_changed_words_are_marked():
    gone, new = diff_lines(["model = Ridge(alpha=0.1)"], ["model = Ridge(alpha=10)"])

    assert [gone.text[slice(*mark)] for mark in gone.marks] == ["0.1"]
    assert [new.text[slice(*mark)] for mark in new.marks] == ["10"]


def test_words_are_marked_against_the_line_most_like_it():
    before = ["model = Ridge(1).fit(X, y)"]
    after = ["from sklearn.svm import SVR", "model = Ridge(2).fit(X, y)"]

    _, imported, changed = diff_lines(before, after)

    assert imported.marks == ()
    assert [changed.text[slice(*mark)] for mark in changed.marks] == ["2"]


def test_long_texts_are_compared_in_a_moment():
    before = [f"line {number % 7}" for number in range(20_000)]
    after = [f"line {number % 5}" for number in range(20_000)]

    assert len(diff_lines(before, after)) >= 20_000


NOISE = [
    ("<__main__.A object at 0x7fc131f2b210>", "<__main__.A object at 0x7f0000002b10>"),
    (
        "882 ns ± 12 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)",
        "1.1 µs ± 3 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)",
    ),
    ("CPU times: user 12 ms, sys: 3.1 ms, total: 15.1 ms", "CPU times: user 1.2 s, sys: 0 ns, total: 1.2 s"),
    ("Wall time: 1min 14s", "Wall time: 59.1 s"),
    ("100%|██████████| 50/50 [00:01<00:00, 31.4it/s]", "100%|██████████| 50/50 [00:02<00:00, 1.2s/it]"),
    ("32/32 [=====>....] - 0s 2ms/step - loss: 0.5", "32/32 [=========] - 1s 31ms/step - loss: 0.5"),
    ("/tmp/ipykernel_22/394.py:3: UserWarning: careful", "/tmp/ipykernel_9/11.py:3: UserWarning: careful"),
    ("[CV] END ..C=1; total time=   0.1s", "[CV] END ..C=1; total time=   0.0s"),
    ("training took 3.4 seconds", "training took 13 seconds"),
    ("elapsed: 0.53", "elapsed: 12.9"),
    ("runtime 3h 5m", "runtime 2h 59m"),
    ("2026-10-20 12:00:03,123 INFO done", "2026-10-20 12:00:05,900 INFO done"),
    ("2026-10-20T17:45:03+05:45", "2026-10-20T17:45:08+05:45"),
    ("started 1792497601.25", "started 1792497606.75"),
    ("process pid=413", "process pid=99121"),
    ("run 5f0c9c4e-36cb-4d6c-9b1f-2a52a3c1d111", "run 0d1cd0de-7ac1-4e3a-8f10-7f6a2e9bb002"),
    ("\x1b[31mred\x1b[0m", "\x1b[32mred\x1b[0m"),
]


@pytest.mark.parametrize(("before", "after"), NOISE)
def test_noise_is_put_aside(before, after):
    assert without_noise(before, SPAN) == without_noise(after, SPAN)


DATA = [
    ("the mean delay is 12 ms", "the mean delay is 15 ms"),
    ("2024-01-01 12:00:03", "2024-01-02 12:00:03"),
    ("0   2024-05-05", "0   2024-05-06"),
    ("opens at 14:30", "opens at 15:30"),
    ("accuracy 0.91", "accuracy 0.92"),
    ("epoch 1/5", "epoch 2/5"),
    ("loss: 0.5 - 0s 2ms/step", "loss: 0.4 - 0s 2ms/step"),
    ("time series of 12 points", "time series of 13 points"),
    ("40/50 [00:01<00:00, 31.4it/s]", "50/50 [00:01<00:00, 31.4it/s]"),
    ("phone 1500000000", "phone 1500000001"),
    ("commit 0x12", "commit 0x13"),
]


@pytest.mark.parametrize(("before", "after"), DATA)
def test_data_is_no_noise(before, after):
    assert without_noise(before, SPAN) != without_noise(after, SPAN)


@pytest.mark.parametrize(
    ("before", "after", "is_close"),
    [
        ("score 0.30000000000000004", "score 0.3", True),
        ("[0.1, 1e-12]", "[0.1000000001, 0]", True),
        ("   a      b\n0  1.0  2.0", "   a    b\n0  1.0  2.0000000001", True),
        ("score 0.30", "score 0.31", False),
        ("score 0.3", "result 0.3", False),
        ("1 2", "1 2 3", False),
        ("v1.2.3", "v1.2.4", False),
        ("nan 1", "nan 1.0", True),
    ],
)
def test_numbers_are_close_within_the_tolerance(before, after, is_close):
    assert are_close(before, after, Tolerance()) is is_close


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(min_value=0, max_value=0.5))
def test_a_number_is_close_to_itself(number, relative):
    assert are_close(f"x {number}", f"x {number}", tolerance_of(relative))


@pytest.mark.parametrize("wrong", [-0.1, 1.0, float("nan")])
def test_tolerance_that_is_none_is_refused(wrong):
    with pytest.raises(InvalidValueError, match="is no tolerance"):
        tolerance_of(wrong)


def test_page_is_read_row_by_row_without_styles_and_scripts():
    html = (
        "<style>td {color: red}</style><script>x()</script><p>Two   rows</p><table><thead><tr><th></th><th>a</th></tr>"
        "</thead><tr><td>0</td><td>1.5</td></tr></table>"
    )

    assert html_lines(html) == ["Two rows", " | a", "0 | 1.5"]


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ('{"y": [1, 2.0]}', '{"y": [1.0000000001, 2]}', True),
        ('{"y": [1, 2]}', '{"y": [1, 3]}', False),
        ('{"y": [1]}', '{"y": [1, 1]}', False),
        ('{"a": true}', '{"a": 1}', False),
        ("{broken", "{broken", True),
    ],
)
def test_figures_of_json_are_compared_by_their_values(before, after, alike):
    assert are_alike(before, after, Tolerance()) is alike


def test_svg_is_the_same_but_for_its_date_and_ids():
    drawing = '<svg><dc:date>{}</dc:date><clipPath id="{}"/><path d="M 1 2"/></svg>'

    assert plain_svg(drawing.format("2026-01-01", "p0123456789")) == plain_svg(drawing.format("now", "pabcdef0123"))


def test_chart_that_a_script_draws_is_told_by_its_code():
    chart = '<div id="altair-viz-{}"></div><script>embed("#altair-viz-{}", {{"y": [{}]}})</script>'
    one, same, other = (
        chart.format("f8fa751", "f8fa751", 1),
        chart.format("0c1d2e3", "0c1d2e3", 1),
        chart.format("a" * 7, "a" * 7, 2),
    )

    assert draws(one)
    assert not draws("<p>words</p><script>x()</script>")
    assert without_ids(one) == without_ids(same) != without_ids(other)
