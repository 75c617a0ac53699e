"""Params: the literals that flow into a run, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest

from .session import DATA, Notebook

FIT = "model = LogisticRegression(C=C).fit(X_train, y_train)"


@pytest.mark.parametrize(
    "code",
    [
        f"C = 0.5\n{FIT}",
        f"C: float = 0.5\n{FIT}",
        f"C, unused = 0.5, 7\n{FIT}",
        f"(C, [unused]) = (0.5, [7])\n{FIT}",
        f"a = C = 0.5\n{FIT}",
        "model = LogisticRegression(C=(C := 0.5)).fit(X_train, y_train)",
        f"if (C := 0.5) > 0:\n    {FIT}",
        f"C = 99\nC = 0.5\n{FIT}",
        f"C = 99\nif True:\n    C = 0.5\n{FIT}",
        f"for C in [0.5]:\n    {FIT}",
        f"for _, C in enumerate([0.5]):\n    {FIT}",
        f"for C, label in zip([0.5], ['a']):\n    {FIT}",
        f"def train():\n    C = 0.5\n    {FIT}\n    return model\ntrain()",
        f"def train(C):\n    {FIT}\n    return model\ntrain(0.5)",
        f"def train(C):\n    {FIT}\n    return model\ntrain(C=0.5)",
        f"def train(C=0.5):\n    {FIT}\n    return model\ntrain()",
        f"def train(*, C=0.5):\n    {FIT}\n    return model\ntrain()",
        f"def outer(C):\n    return train(C)\ndef train(C):\n    {FIT}\n    return model\nouter(0.5)",
        "models = [LogisticRegression(C=C).fit(X_train, y_train) for C in (0.5,)]",
        "class Trainer:\n    def __init__(self, C):\n        self.C = C\n"
        f"    def go(self):\n        C = self.C\n        {FIT}\nTrainer(0.5).go()",
        f"with open('x.txt', 'w'):\n    C = 0.5\n    {FIT}",
        f"try:\n    C = 0.5\n    {FIT}\nfinally:\n    pass",
        f"C = 1 / 2\n{FIT}",
    ],
)
def test_constant_that_flows_in_is_a_param(nb: Notebook, code: str) -> None:
    nb.run(DATA)

    nb.run(code)

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert "unused" not in run.params
    assert 99 not in run.params.values()


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("config = {'C': 0.5, 'x': ['a', None, True]}\nC = config['C']", "config", {"C": 0.5, "x": ["a", None, True]}),
        ("options = dict(C=0.5)\nC = options['C']\ngrid = [0.5, 1]\nC = grid[0]", "grid", [0.5, 1]),
        ("columns = ('a', 'b')\nX_train = X_train[list(columns)]\nC = 1.0", "columns", ["a", "b"]),
        ("big = 2**63\nC = 1.0 if big else 2.0", "big", 2**63),
        ("kind = 'größe 漢字 😀'\nC = 1.0 if kind else 2.0", "kind", "größe 漢字 😀"),
        ("flag = False\nC = 2.0 if flag else 1.0", "flag", False),
        ("limit = None\nC = 2.0 if limit else 1.0", "limit", None),
        ("scale = 1e-3\nX_train = X_train * scale\nC = 1.0", "scale", 1e-3),
    ],
    ids=["dict", "list", "tuple", "big", "unicode", "false", "none", "through data"],
)  # fmt: skip
def test_container_and_odd_constants_are_params(nb: Notebook, code: str, name: str, value: object) -> None:
    nb.run(DATA)

    nb.run(f"{code}\n{FIT}")

    assert nb.only_run().params[name] == value
    assert type(nb.only_run().params[name]) is type(value)


def test_constants_of_dict_call_are_params(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run("options = dict(C=0.5, max_iter=333)\nmodel = LogisticRegression(**options).fit(X_train, y_train)")

    run = nb.only_run()
    assert (run.params["C"], run.params["max_iter"]) == (0.5, 333)


def test_constant_in_the_branch_not_taken_is_no_param(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run(f"if len(X_train) > 10_000:\n    C = 99.0\nelse:\n    C = 0.5\n{FIT}")

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert 99.0 not in run.params.values()


def test_parameter_that_comes_from_two_cells_before(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("strength = 0.25")
    nb.run("C = strength * 2")
    nb.run("unrelated = 5")
    nb.run(FIT)

    run = nb.only_run()
    assert run.params["strength"] == 0.25
    assert "unrelated" not in run.params


def test_value_that_flowed_counts_not_the_one_of_now(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.5")
    nb.run("estimator = LogisticRegression(C=C)")
    nb.run("C = 7.0")

    nb.run("estimator.fit(X_train, y_train)")

    assert nb.only_run().params["C"] == 0.5


def test_seed_of_the_split_is_a_param(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("seed = 11\ntest_size = 0.25")
    nb.run("A_train, A_test, b_train, b_test = train_test_split(X, y, test_size=test_size, random_state=seed)")
    nb.run("model = LogisticRegression().fit(A_train, b_train)")

    run = nb.only_run()
    assert (run.params["seed"], run.params["test_size"]) == (11, 0.25)


def test_hyper_parameters_are_params_with_a_prefix_where_they_clash(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run("C = 3\nmodel = LogisticRegression(C=C / 6, max_iter=444).fit(X_train, y_train)")

    run = nb.only_run()
    assert (run.params["C"], run.params["LogisticRegression.C"]) == (3, 0.5)
    assert run.params["max_iter"] == 444


def test_two_loop_variables_have_their_values_of_that_turn(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "for C in [0.1, 1.0]:\n"
        "    for solver in ['lbfgs', 'newton-cg']:\n"
        "        LogisticRegression(C=C, solver=solver).fit(X_train, y_train)"
    )

    fits = [run for run in nb.runs() if run.models]
    assert [(run.params["C"], run.params["solver"]) for run in fits] == [
        (0.1, "lbfgs"), (0.1, "newton-cg"), (1.0, "lbfgs"), (1.0, "newton-cg")
    ]  # fmt: skip


def test_literal_dict_items_of_a_loop_are_params_of_their_turn(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "for name, strength in {'weak': 0.1, 'strong': 5.0}.items():\n"
        "    LogisticRegression(C=strength).fit(X_train, y_train)"
    )

    fits = [run for run in nb.runs() if run.models]
    assert [run.params["strength"] for run in fits] == [0.1, 5.0]


def test_logged_param_waits_for_the_next_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("import trackbook\ntrackbook.log_param('team', 'red')\n%track param depth=3 mode=fast")

    nb.run("model = LogisticRegression().fit(X_train, y_train)")

    run = nb.only_run()
    assert (run.params["team"], run.params["depth"], run.params["mode"]) == ("red", 3, "fast")


# Secrets


SECRET = "sk-live-9hF3kQz7Lw2XvB8nTcR5mJ1pD6sG4aY0"


@pytest.mark.parametrize(
    "code",
    [
        f"api_key = '{SECRET}'\nC = 1.0 if api_key else 2.0\n{FIT}",
        f"config = {{'C': 1.0, 'password': '{SECRET}'}}\nC = config['C']\n{FIT}",
        f"def train(token='{SECRET}', C=1.0):\n    {FIT}\n    return model if token else None\ntrain()",
        f"import os\nos.environ['SERVICE_TOKEN'] = '{SECRET}'\nC = 1.0\n{FIT}",
        f"C = 1.0\n{FIT}\nprint('{SECRET}')",
        f"C = 1.0\n%track param api_key={SECRET}\n{FIT}",
        f"C = 1.0\nimport trackbook\n{FIT}\ntrackbook.set_tag('api_key', '{SECRET}')",
        f"C = 1.0\n{FIT}\n%track note my key is {SECRET}",
    ],
    ids=["name", "dict", "default", "environment", "printed", "logged", "tag", "note"],
)
def test_secret_is_nowhere_in_the_store(nb: Notebook, code: str, folder: Path) -> None:
    nb.run(DATA)

    nb.run(code)
    nb.run("model2 = LogisticRegression(C=0.1).fit(X_train, y_train)")

    assert nb.runs()
    nb.run("%unload_ext trackbook")
    assert [path for path in _files(folder / "store") if SECRET.encode() in path.read_bytes()] == []


def test_secret_in_an_error_is_nowhere_in_the_store(nb: Notebook, folder: Path) -> None:
    nb.fails(f"raise ValueError('login failed with password={SECRET}')")

    nb.run("%unload_ext trackbook")
    assert nb.executions()
    assert [path for path in _files(folder / "store") if SECRET.encode() in path.read_bytes()] == []


def test_harmless_text_is_kept(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("token_pattern = r'\\b\\w+\\b'\nC = 1.0 if token_pattern else 2.0")
    nb.run(FIT)

    assert nb.only_run().params["token_pattern"] == r"\b\w+\b"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_constant_of_the_branch_that_ran_is_the_param_also_in_a_later_cell(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("big = True\nif big:\n    strength = 5.0\nelse:\n    strength = 1.0")

    nb.run("model = LogisticRegression(C=strength).fit(X_train, y_train)")

    assert nb.only_run().params["strength"] == 5.0


def test_constant_of_a_branch_that_did_not_run_is_no_param(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("strength = 0.5\nbig = False")

    nb.run("if big:\n    strength = 5.0\nmodel = LogisticRegression(C=strength).fit(X_train, y_train)")

    assert nb.only_run().params["strength"] == 0.5


@pytest.mark.parametrize(
    ("cells", "name", "value"),
    [
        (
            ["feats = [0]", "feats.append(1)", "m = LogisticRegression().fit(X_train.iloc[:, feats], y_train)"],
            "feats",
            [0, 1],
        ),
        (["alpha = 1", "alpha = alpha * 50", "m = LogisticRegression(C=alpha).fit(X_train, y_train)"], "alpha", 50),
        (["alpha = 1\nalpha = alpha * 50\nm = LogisticRegression(C=alpha).fit(X_train, y_train)"], "alpha", 50),
        (
            ["count = 1", "count += 1", "count += 1", "m = LogisticRegression(C=count).fit(X_train, y_train)"],
            "count",
            3,
        ),
        (["count = 1", "count += 1\nm = LogisticRegression(C=count).fit(X_train, y_train)"], "count", 2),
        (["t = [0.1, 0.2]", "t[0] = 0.7", "m = LogisticRegression(C=t[0]).fit(X_train, y_train)"], "t", [0.7, 0.2]),
        (
            [
                "fs = [0]\nfor i in (1,):\n    fs.append(i)",
                "m = LogisticRegression().fit(X_train.iloc[:, fs], y_train)",
            ],
            "fs",
            [0, 1],
        ),
        (
            [
                "feats = [0]",
                "X2 = X_train.iloc[:, feats]",
                "feats.append(1)",
                "m = LogisticRegression().fit(X2, y_train)",
            ],
            "feats",
            [0],
        ),
        (
            ["class CFG:\n    rate = 1.0", "CFG.rate *= 3", "m = LogisticRegression(C=CFG.rate).fit(X_train, y_train)"],
            "CFG.rate",
            3.0,
        ),
    ],
)
def test_param_is_the_value_that_flowed_in(nb: Notebook, cells: list[str], name: str, value: object) -> None:
    nb.run(DATA)

    for cell in cells:
        nb.run(cell)

    assert nb.last_run().params[name] == value


@pytest.mark.parametrize(
    "cells",
    [
        ["a = 1", "a = a * 50", "m = LogisticRegression(C=a)", "a = a + 7", "m.fit(X_train, y_train)"],
        ["a = 1", "a = a * 50\nm = LogisticRegression(C=a)\na = a + 7\nm.fit(X_train, y_train)"],
        ["a = 1\na = a * 50\nm = LogisticRegression(C=a).fit(X_train, y_train)\na = a + 7"],
        ["a = 1\nfor _ in range(3):\n    m = LogisticRegression(C=a).fit(X_train, y_train)\n    a = a * 2"],
        ["a = 1", "a = np.full(3, a * 5)", "m = LogisticRegression(C=a[0]).fit(X_train, y_train)"],
        ["def train():\n    a = 1\n    a = a * 5\n    return LogisticRegression(C=a).fit(X_train, y_train)", "train()"],
        [
            "def train():\n    a = [1]\n    a[0] = 5\n    return LogisticRegression(C=a[0]).fit(X_train, y_train)",
            "train()",
        ],
    ],
)
def test_constant_that_became_something_unknown_is_no_param(nb: Notebook, cells: list[str]) -> None:
    nb.run(DATA)
    nb.run("import numpy as np")

    for cell in cells:
        nb.run(cell)

    assert all("a" not in run.params for run in nb.runs())


def test_secret_that_was_changed_before_it_flowed_in_stays_out(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("password = 'abcd'")
    nb.run("password = password + 'horse77staple'")

    nb.run("m = LogisticRegression(C=len(password)).fit(X_train, y_train)")

    assert "horse77staple" not in str(nb.only_run().params)


CONFIG = """
CFG = {'seed': 3, 'model': {'C': 0.5}}
def run(cfg):
    m = LogisticRegression(**cfg['model'])
    return m.fit(X_train, y_train).score(X_test, y_test)
"""


def test_config_that_is_changed_in_place_is_a_param_as_the_fit_found_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(CONFIG)
    nb.run("first = run(CFG)")
    nb.run("CFG['model']['C'] = 0.01\nsecond = run(CFG)")
    nb.run("for C in [0.001, 10]:\n    CFG['model']['C'] = C\n    run(CFG)")
    nb.run("CFG['model']['C'] = 7\nlast = run(CFG)\nCFG['model']['C'] = 8")

    found = [run.params.get("CFG", {}).get("model") for run in nb.runs() if run.models]

    assert found == [{"C": 0.5}, {"C": 0.01}, {"C": 0.001}, {"C": 10}, {"C": 7}]


def test_config_that_is_changed_after_it_was_read_is_not_given_with_the_later_value(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("CFG = {'C': 0.5, 'seed': 3}")
    nb.run("C = CFG['C']\nCFG['C'] = 9\nm = LogisticRegression(C=C).fit(X_train, y_train)\nm.score(X_test, y_test)")

    assert nb.only_run().params["CFG"] == {"C": 0.5, "seed": 3}
