from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from trackbook.capture.state import State


@pytest.fixture(autouse=True)
def _settled_generator() -> None:
    np.random.seed(0)


@pytest.mark.parametrize(
    ("work", "is_changed"),
    [
        (lambda: None, False),
        (lambda: np.random.default_rng(1).random(), False),
        (lambda: np.random.RandomState(1).rand(), False),
        (lambda: np.random.rand(), True),
        (lambda: np.random.shuffle([1, 2, 3]), True),
        (lambda: np.random.binomial(10, 0.3), True),
        (lambda: np.random.seed(0), False),
        (lambda: np.random.seed(1), True),
        (lambda: np.random.seed(), True),
    ],
)
def test_draws_from_numpys_generator_show(work: Callable[[], object], is_changed: bool) -> None:
    before = State()

    work()

    assert ("numpy.random" in State().changed_since(before)) is is_changed


def test_the_second_of_two_normal_numbers_shows_though_it_draws_nothing() -> None:
    State()
    np.random.randn()
    before = State()

    np.random.randn()

    assert State().changed_since(before) == ("numpy.random",)


def test_a_state_that_was_put_back_is_no_change() -> None:
    before, kept = State(), np.random.get_state()

    np.random.randn(7)
    np.random.set_state(kept)

    assert State().changed_since(before) == ()


def test_another_kind_of_generator_in_its_place_is_read_too() -> None:
    own = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.MT19937(3))
        before = State()
        np.random.rand()
        assert State().changed_since(before) == ("numpy.random",)
    finally:
        np.random.set_bit_generator(own)
