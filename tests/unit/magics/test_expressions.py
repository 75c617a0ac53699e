"""Expressions on a line are worth what they are in the notebook, and their errors are one line."""

from __future__ import annotations

import pytest
from trackbook.errors import InvalidValueError
from trackbook.magics.expressions import evaluate, names_at, source_of

NAMES = {"x": 3, "scores": {"f1": 0.5}, "limit": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25),
        ("-1", -1),
        ("x + 1", 4),
        (" x", 3),
        ("scores['f1']", 0.5),
        ("[each for each in range(5) if each > limit]", [3, 4]),
        ("True", True),
        ("'x'", "x"),
    ],
)
def test_expression_is_worth_its_value(text: str, value: object) -> None:
    assert evaluate(text, dict(NAMES)) == value


@pytest.mark.parametrize("text", ["resnet-50", "data/train.csv", "v1.2-rc", "adam", "two words", "2024-01-01x"])
def test_word_that_is_no_name_stands_for_itself_where_words_are_taken(text: str) -> None:
    assert evaluate(text, dict(NAMES), takes_words=True) == text


@pytest.mark.parametrize("text", ["missing", "missing + 1", "len(missing)"])
def test_unknown_name_is_an_error_where_numbers_are_wanted(text: str) -> None:
    with pytest.raises(NameError, match="missing"):
        evaluate(text, dict(NAMES))


def test_unknown_name_within_an_expression_is_no_word() -> None:
    with pytest.raises(NameError, match="missing"):
        evaluate("len(missing)", dict(NAMES), takes_words=True)


def test_error_of_the_expression_is_shown_in_one_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        evaluate("1/0", dict(NAMES))

    shown = caught.value._render_traceback_()  # type: ignore[attr-defined]  # IPython's protocol
    assert shown == ["ZeroDivisionError: division by zero (in 1/0)"]


@pytest.mark.parametrize("text", ["x ==", "f(", "a b", "'it"])
def test_what_is_no_python_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="can't be read as Python"):
        evaluate(text, dict(NAMES))


@pytest.mark.parametrize("text", ["f('a' b)", "[1 2]"])
def test_broken_expression_is_no_word(text: str) -> None:
    with pytest.raises(InvalidValueError, match="can't be read as Python"):
        evaluate(text, dict(NAMES), takes_words=True)


def test_names_of_the_calling_function_come_before_the_notebooks() -> None:
    assert names_at(NAMES, {"x": 4})["x"] == 4
    assert names_at(NAMES, {"x": 4})["limit"] == 2
    assert NAMES["x"] == 3


@pytest.mark.parametrize(("text", "source"), [("x + 1", "x + 1"), ("two words", None)])
def test_source_is_what_can_be_parsed(text: str, source: str | None) -> None:
    assert source_of(text) == source
