from __future__ import annotations

import pytest
from trackbook.lineage.code_shape import (
    Surroundings,
    counters_in,
    functions_in,
    seeds_in,
    shape_of,
    tree_of,
    values_by_name,
)

PARAMS = {"C": 0.1, "n": 20, "config": {"C": 0.1, "seed": 3}, "clf__max_iter": 50}
AROUND = Surroundings(values=values_by_name(PARAMS), functions={"go": ("seed", "n")}, seeds=("i",))


def shape(text: str, calls: tuple[str, ...] = ()) -> str:
    tree = tree_of(text, calls)
    return shape_of(tree, AROUND) if tree is not None else ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("split(X, random_state=1)", "split( X , random_state = seed )  # again"),
        ("split(X, random_state=1)", "split(X)"),
        ("np.random.seed(3)", "np.random.seed(4)"),
        ("LogisticRegression(C=0.1)", "LogisticRegression(C=C)"),
        ("LogisticRegression(C=0.1)", 'LogisticRegression(C=config["C"])'),
        ("go(1, 20)", "go(seed=5, n=n)"),
        ("def f(x, n=5):\n    return x", 'def f(x: int, n=9):\n    """Say."""\n    print(x)\n    return x'),
        ("for x in tqdm(xs):", "for x in xs:"),
    ],
)
def test_layout_seeds_and_params_have_no_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other) != ""


@pytest.mark.parametrize(
    "text",
    [
        "C = 0.1",
        "seed = 4",
        "i = 4",
        'config = {"C": 0.1, "seed": 3}',
        'config["seed"] = 9',
        "for i in range(4):",
        "for C in grid:",
    ],
)
def test_statement_that_only_gives_params_and_seeds_is_nothing(text: str) -> None:
    assert shape(text) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pred = p > 0.3", "pred = p > 0.5"),
        ("X = X.head(5)", "X = X.head(9)"),
        ("C = 0.1", "C = 0.2"),
        ("model.fit(X)", "model.fit(X ** 2)"),
        ("for epoch in range(3):", "for epoch in range(4):"),
        ("Forest(criterion='gini')", "Forest(criterion='entropy')"),
        ('config = {"C": 0.1, "drop": 1}', 'config = {"C": 0.1, "drop": 2}'),
    ],
)
def test_what_no_param_tells_has_a_shape(one: str, other: str) -> None:
    assert shape(one) != shape(other)


def test_of_a_statement_that_measures_only_the_call_counts() -> None:
    printed = shape("print('at', i, round(accuracy_score(y, p), 2))", ("accuracy_score",))

    assert printed == shape("scores.append(accuracy_score(y, p))", ("accuracy_score",))
    assert printed != shape("accuracy_score(y, q)", ("accuracy_score",))


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("split(X, random_state=i)", {"i"}),
        ("split(X, random_state=42 + i)", {"i"}),
        ("np.random.default_rng(i)", {"i"}),
        ("go(i)", {"i"}),
        ("seed = i", {"i"}),
        ("split(X[:i], random_state=i)", set()),
        ("Forest(i)", set()),
    ],
)
def test_name_that_only_seeds_is_a_seed(text: str, seeds: set[str]) -> None:
    definition = tree_of("def go(seed, n=3):\n    return n")
    tree = tree_of(text)

    assert definition is not None
    assert tree is not None
    assert seeds_in([tree], dict(functions_in(definition))) == seeds


def test_only_a_loop_over_a_range_counts() -> None:
    assert counters_in(["for k in range(3):", "for C in [1, 2]:", "for a, b in pairs:", "k = 3"]) == {"k"}


def test_what_is_no_python_has_no_tree() -> None:
    assert tree_of("%matplotlib inline") is None
