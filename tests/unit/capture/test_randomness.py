"""Calls that draw without a seed are told by their code."""

from __future__ import annotations

import ast

import pytest
from trackbook.capture.randomness import may_draw, unseeded_calls


def told(code: str) -> list[str]:
    found = [what for statement in ast.parse(code).body for what in unseeded_calls(statement)]
    assert may_draw(code) or not found
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("rng = np.random.default_rng()", "default_rng()"),
        ("rng = np.random.default_rng(None)", "default_rng(None)"),
        ("rng = default_rng(seed=None)", "default_rng()"),
        ("rng = np.random.default_rng(int(time.time()))", "default_rng(int(time.time()))"),
        ("rng = np.random.Generator(np.random.PCG64())", "PCG64()"),
        ("rs = np.random.RandomState()", "RandomState()"),
        ("r = random.Random()", "Random()"),
        ("r = random.SystemRandom()", "SystemRandom()"),
        ("np.random.seed()", "seed()"),
        ("random.seed(None)", "seed(None)"),
        ("np.random.seed(time.time_ns() % 9)", "seed(time.time_ns() % 9)"),
        ("k = secrets.randbelow(9)", "randbelow(9)"),
        ("k = os.urandom(4)", "urandom(4)"),
        ("k = uuid.uuid4().int", "uuid4()"),
        ("d = df.sample(frac=1)", "sample(random_state=None)"),
        ("cv = KFold(3, shuffle=True)", "KFold(random_state=None)"),
    ],
)
def test_call_without_a_seed_is_named(code: str, expected: str) -> None:
    assert told(code) == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "rng = np.random.default_rng(0)",
        "rng = np.random.default_rng(seed=SEED)",
        "rng = np.random.default_rng(*seeds)",
        "rng = np.random.default_rng(**options)",
        "rng = np.random.default_rng([1, 2])",
        "rng = np.random.Generator(np.random.PCG64(7))",
        "np.random.seed(0)",
        "random.seed(SEED)",
        "seed()",
        "plant.seed()",
        "d = df.sample(frac=1, random_state=0)",
        "cv = KFold(3)",
        "k = random.sample(words, 3)",
    ],
)
def test_call_with_a_seed_is_not_named(code: str) -> None:
    assert told(code) == []
