"""Which global generators a session drew from without a seed, cell by cell."""

from __future__ import annotations

import pytest
from trackbook.tracking.seeding import Seeding

NUMPY, PYTHON = "numpy.random", "random"
DRAW = "x = np.random.normal()"


def unseeded(*cells: tuple[str, list[str]]) -> str:
    """Return what the last cell drew without a seed."""
    seeding = Seeding()
    return [seeding.unseeded_in(source, state) for source, state in cells][-1]


def test_draw_from_a_generator_that_nobody_seeded_is_named() -> None:
    assert unseeded((DRAW, [NUMPY])) == NUMPY
    assert unseeded(("x = random.random() + np.random.rand()", [NUMPY, PYTHON])) == "numpy.random, random"


def test_import_that_draws_is_no_draw_of_the_persons() -> None:
    assert unseeded(("import some_library", [NUMPY])) == ""
    assert unseeded(("import random, some_library\nrandom.seed(7)", [NUMPY, PYTHON])) == ""


@pytest.mark.parametrize(
    ("seed", "state"),
    [
        ("np.random.seed(0)", [NUMPY]),
        ("numpy.random.seed(SEED)", [NUMPY]),
        ("from numpy import random\nrandom.seed(0)", [NUMPY]),
        ("from numpy.random import seed\nseed(0)", [NUMPY]),
        ("set_seed(0)", [NUMPY, PYTHON]),
        ("pl.seed_everything(42)", [NUMPY, PYTHON]),
        ("def fix(s):\n    np.random.seed(s)", []),
        ("random.seed(0); np.random.seed(0)", [NUMPY, PYTHON]),
        ("random.seed(0), np.random.seed(time_steps(3)); t = time.time()", [NUMPY, PYTHON]),
    ],
)
def test_seeded_generator_is_not_named(seed: str, state: list[str]) -> None:
    assert unseeded((seed, state), (DRAW, [NUMPY])) == ""


@pytest.mark.parametrize(
    ("seed", "state"),
    [
        ("random.seed(0)", [PYTHON]),
        ("torch.manual_seed(0)\ny = np.random.rand()", [NUMPY]),
        ("np.random.seed()", [NUMPY]),
        ("np.random.seed(None)", [NUMPY]),
        ("np.random.seed(int(time.time()))", [NUMPY]),
    ],
)
def test_seed_of_another_generator_or_of_chance_is_none(seed: str, state: list[str]) -> None:
    assert unseeded((seed, state), (DRAW, [NUMPY])) == NUMPY
