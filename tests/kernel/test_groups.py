"""Groups of runs of notebooks as people write them: what a person would call the same but for the seed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from trackbook.display.groups import show_groups
from trackbook.display.shown import Look
from trackbook.tracking.groups import Grouping, group_runs, runs_to_group

from .session import DATA, Notebook

FOREST = "from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.model_selection import GridSearchCV\n"
SPLIT = "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=seed)"
FIT = "model = RandomForestClassifier(3, random_state=seed).fit(X_train, y_train)"
SCORE = "pred = model.predict(X_test)\naccuracy_score(y_test, pred)"


@pytest.fixture
def data(nb: Notebook) -> Notebook:
    nb.run(DATA + FOREST)
    return nb


def grouped(nb: Notebook, by: str = "model", names: Sequence[str] = (), metrics: Sequence[str] = ()) -> Grouping:
    return group_runs(nb.store, runs_to_group(nb.store, names), [by], metrics=metrics)


def sizes(grouping: Grouping, key: str = "test.accuracy") -> list[int]:
    return [group.statistics[key].n for group in grouping.groups if key in group.statistics]


def attempt(nb: Notebook, seed: int, fit: str = FIT, score: str = SCORE) -> None:
    """Run the cells of a notebook again with another seed."""
    nb.edit("seed", f"seed = {seed}")
    nb.edit("split", SPLIT)
    nb.edit("fit", fit)
    nb.edit("score", score)


def test_cell_that_only_evaluates_more_does_not_set_its_run_apart(data: Notebook) -> None:
    for seed in range(3):
        attempt(data, seed)
    data.run("f1_score(y_test, pred)")
    data.run("print(accuracy_score(y_train, model.predict(X_train)))")
    data.run("from sklearn.metrics import confusion_matrix\nconfusion_matrix(y_test, pred)")
    data.run("print(len(X_test), model)\nX_test.describe().T.sort_values('mean')")

    grouping = grouped(data)

    assert (grouping.also, grouping.metrics, sizes(grouping)) == ((), ("test.accuracy",), [3])


def test_printing_a_metric_differently_does_not_set_runs_apart(data: Notebook) -> None:
    predict = "pred = model.predict(X_test)"
    attempt(data, 0)
    attempt(data, 1, score=f"{predict}\nprint('accuracy', accuracy_score(y_test, pred))")
    attempt(data, 2, score=f"{predict}\nacc = accuracy_score(y_test, pred)\nprint(acc, f1_score(y_test, pred))")
    attempt(data, 3, score=f"{predict}  # unseen\nout = {{}}\nout['a'] = accuracy_score( y_test, pred )")

    assert sizes(grouped(data)) == [4]


@pytest.mark.parametrize(
    ("fit", "score", "also"),
    [
        (FIT.replace("fit(X_train", "fit(X_train ** 2"), SCORE, "code"),
        (FIT, SCORE.replace("y_test, pred", "y_test[:50], pred[:50]"), "code"),
        (FIT.replace("(3", "(5"), SCORE, "params.n_estimators"),
        ("X_train, X_test = X_train[['a', 'b']], X_test[['a', 'b']]\n" + FIT, SCORE, "data"),
    ],
)
def test_what_decides_a_metric_sets_runs_apart(data: Notebook, fit: str, score: str, also: str) -> None:
    attempt(data, 0)
    attempt(data, 1)
    attempt(data, 2, fit, score)

    grouping = grouped(data)

    assert also in grouping.also
    assert sorted(sizes(grouping)) == [1, 2]


def test_seeds_of_a_loop_and_of_cells_run_again_are_one_group(data: Notebook) -> None:
    attempt(data, 7)
    data.run(
        "for seed in [1, 2]:\n"
        f"    {SPLIT}\n    {FIT}\n    pred = model.predict(X_test)\n    print(seed, accuracy_score(y_test, pred))"
    )

    assert sizes(grouped(data)) == [3]


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(3):\n    a, b, c, d = train_test_split(X, y, random_state=i)\n"
        "    accuracy_score(d, LogisticRegression().fit(a, c).predict(b))",
        "def go(seed):\n    a, b, c, d = train_test_split(X, y, random_state=seed)\n"
        "    return accuracy_score(d, LogisticRegression().fit(a, c).predict(b))\n"
        "print([go(s) for s in range(2)])\ngo(9)",
        "for k in range(3):\n    a, b, c, d = train_test_split(X, y)\n"
        "    accuracy_score(d, LogisticRegression().fit(a, c).predict(b))",
        "config = {'seed': 0, 'C': 1.0}\nfor n in range(3):\n    config['seed'] = n\n"
        "    a, b, c, d = train_test_split(X, y, random_state=config['seed'])\n"
        "    accuracy_score(d, LogisticRegression(C=config['C']).fit(a, c).predict(b))",
    ],
)
def test_seed_is_known_by_what_the_code_does_with_it(data: Notebook, loop: str) -> None:
    data.run(loop)

    grouping = grouped(data)

    assert (grouping.also, sizes(grouping)) == ((), [3])


def test_loop_over_something_else_is_no_seed(data: Notebook) -> None:
    data.run(
        "for n in range(20, 80, 20):\n    m = LogisticRegression().fit(X_train[:n], y_train[:n])\n"
        "    accuracy_score(y_test, m.predict(X_test))"
    )

    assert sizes(grouped(data)) == [1, 1, 1]


def test_equal_results_of_draws_without_a_seed_all_count(data: Notebook) -> None:
    data.run(
        "for k in range(4):\n    a, b, c, d = train_test_split(X, y)\n"
        "    m = LogisticRegression().fit(a, c)\n    accuracy_score(d, m.predict(b) * 0 + d)"
    )

    grouping = grouped(data)

    assert (sum(group.repetitions for group in grouping.groups), max(sizes(grouping))) == (0, 4)


@pytest.fixture
def searched(data: Notebook) -> Notebook:
    for seed in range(2):
        attempt(data, seed)
    data.run(
        "search = GridSearchCV(LogisticRegression(), {'C': [0.1, 1.0]}, cv=3).fit(X_train, y_train)\n"
        "accuracy_score(y_test, search.predict(X_test))\nf1_score(y_test, search.predict(X_test))"
    )
    return data


def test_candidates_stand_behind_their_search(searched: Notebook) -> None:
    grouping = grouped(searched)

    assert [group.labels["model"] for group in grouping.groups] == [
        "GridSearchCV(LogisticRegression)",
        "RandomForestClassifier",
    ]
    assert (grouping.metrics, grouping.candidates) == (("test.accuracy",), 2)
    text = show_groups(grouping, Look(width=200)).text
    assert "2 candidates stand behind their search" in text
    assert f"compare {grouping.searches[0]} --group-by PARAM" in text
    assert "Not compared: test.f1, best_score. Ask for one with --metric test.f1" in text


def test_candidates_are_compared_when_their_search_is_named_or_only_they_have_it(searched: Notebook) -> None:
    (search,) = grouped(searched).searches

    named = grouped(searched, "C", [search])
    by_metric = grouped(searched, "C", metrics=["validation.score"])

    assert [group.labels["params.C"] for group in named.groups] == [0.1, 1.0]
    assert [group.labels["params.C"] for group in by_metric.groups] == [0.1, 1.0]


def test_search_named_beside_other_runs_stands_for_itself(searched: Notebook) -> None:
    names = [run.run.name for run in searched.tops()]

    assert [len(group.runs) for group in grouped(searched, names=names).groups] == [1, 2]


def test_runs_of_a_query_are_compared(searched: Notebook) -> None:
    found = grouped(searched, names=['model = "RandomForestClassifier"'])

    assert [group.labels["model"] for group in found.groups] == ["RandomForestClassifier"]
