"""What controls offer, and what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from trackbook.errors import InvalidValueError
from trackbook.widgets import Params
from trackbook.widgets.controls import Control, Kind, controls_of


def control(offer: object) -> Control:
    (made,) = controls_of({"rate": offer})
    return made


@pytest.mark.parametrize(
    ("offer", "kind", "first"),
    [
        ((0.0, 1.0), Kind.RANGE, 0.5),
        ((1, 9), Kind.RANGE, 5),
        ((100, 500, 50), Kind.RANGE, 300),
        ((0.01, 10, "log"), Kind.LOG, 0.3162),
        ((1, 100, "log"), Kind.LOG, 10),
        (["svc", "rf"], Kind.CHOICE, "svc"),
        ([1, 2.5, "auto"], Kind.CHOICE, 1),
        (True, Kind.SWITCH, True),
        (3, Kind.NUMBER, 3),
        ("text", Kind.TEXT, "text"),
    ],
)
def test_offer_says_which_control_it_is_and_where_it_begins(offer: object, kind: Kind, first: object) -> None:
    made = control(offer)

    assert (made.kind, made.first, type(made.first)) == (kind, first, type(first))


@pytest.mark.parametrize(
    "offer",
    [(), (1,), (2, 1), (0, 10, "log"), (0, 1, 0), (0, 1, 5), (0, 1, 2, 3), [], {"a": 1}, None, float("nan"), [[1]]],
)
def test_offer_that_is_none_is_refused_in_a_sentence(offer: object) -> None:
    with pytest.raises(InvalidValueError, match="rate"):
        control(offer)


@pytest.mark.parametrize("name", ["_hidden", "class", "no name", "keys"])
def test_name_that_code_could_not_read_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError, match="plain name"):
        controls_of({name: True})


@pytest.mark.parametrize(
    ("offer", "shown", "value"),
    [
        ((0.01, 10.0, "log"), 0.123456789, 0.1235),
        ((0.01, 10.0, "log"), 10.0000000001, 10.0),
        ((1, 100, "log"), 31.6, 32),
        ((0.0, 1.0), 0.30000000000000004, 0.3),
        ((1, 9), 8, 8),
    ],
)
def test_slider_gives_no_more_digits_than_it_can_mean(offer: object, shown: Any, value: object) -> None:
    assert control(offer).from_view(shown) == value


@pytest.mark.parametrize(
    ("offer", "value"),
    [
        ((0.0, 1.0), 1.1),
        ((1, 9), 2.5),
        (["a", "b"], "c"),
        (["a"], 1),
        (True, 1),
        ("text", 3),
        (1.5, "x"),
        ([1, 2], True),
    ],
)
def test_value_that_a_control_cant_stand_at_is_refused(offer: object, value: object) -> None:
    made = Params(rate=offer)

    with pytest.raises(InvalidValueError, match="rate can't be"):
        made.rate = value


def test_params_are_read_as_attributes_items_and_arguments() -> None:
    made = Params(rate=(0.0, 1.0), kind=["svc", "rf"])

    made.rate = 0.25

    assert (made.rate, made["kind"], dict(made), dict(**made)) == (
        0.25,
        "svc",
        {"rate": 0.25, "kind": "svc"},
        {"rate": 0.25, "kind": "svc"},
    )
    assert repr(made) == "Params(rate=0.25, kind='svc')"


def test_name_that_no_control_has_is_told_with_those_that_there_are() -> None:
    made = Params(rate=(0.0, 1.0))

    with pytest.raises(AttributeError, match=r"no control 'rat'. There are: rate\."):
        _ = made.rat
    with pytest.raises(AttributeError, match="There are: rate"):
        made.rat = 1


def test_copies_and_pickles_hold_the_values() -> None:
    made = Params(rate=(0.0, 1.0))
    made.rate = 0.75

    again: Params = pickle.loads(pickle.dumps(made))
    copied = copy.deepcopy(made)
    made.rate = 0.1

    assert (again.rate, copied.rate) == (0.75, 0.75)
