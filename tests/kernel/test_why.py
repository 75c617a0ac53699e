"""``%track why`` on notebooks as people write them: what a person would say is the truth, line by line."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import trackbook
from trackbook.display.format import shape
from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.lineage.why import NodeKind
from trackbook.records import RunDetail

from tests.forks import forks

from .session import DATA, Notebook

FILES = """
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
"""
ROWS = "a,b,y\n" + "\n".join(f"{i % 7},{i * 3 % 5},{int(i % 7 > 3)}" for i in range(60))
_GUIDES = re.compile(r"^[│├└─ ]+")
_ASIDE = re.compile(r"  .*$")


def tree(run: RunDetail | None, subject: str | None = None) -> list[str]:
    """Return the lines beneath the title, without guides and what is said beside them."""
    shown = trackbook.why(subject, run.run.run_id if run is not None else None).show().text
    return [_ASIDE.sub("", _GUIDES.sub("", line)) for line in shown.splitlines()[1:]]


def whole(run: RunDetail, subject: str | None = None) -> str:
    return trackbook.why(subject, run.run.run_id).show().text


@pytest.fixture
def table(nb: Notebook, folder: Path) -> Notebook:
    """A notebook beside a file, with the usual imports."""
    (folder / "data.csv").write_text(ROWS)
    nb.run(FILES)
    return nb


def test_metric_leads_to_literals_data_and_the_fit(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.01\nmodel = LogisticRegression(C=C)\nmodel.fit(X_train, y_train)")
    nb.run("accuracy = accuracy_score(y_test, model.predict(X_test))")

    assert tree(nb.only_run(), "accuracy") == [
        "[4] line 1: accuracy = accuracy_score(y_test, model.predict(X_test))",
        "[3] line 3: model.fit(X_train, y_train)",
        "[3] line 2: model = LogisticRegression(C=C)",
        "[3] line 1: C = 0.01",
        "[2] line 14: X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)",
        "[2] line 13: X, y = make()",
        "[2] line 9: def make(): …",
        "[2] line 14, see above",
    ]


def test_tables_are_told_with_shape_and_fingerprint_where_they_were_used(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\naccuracy_score(y_test, model.predict(X_test))")
    run = nb.only_run()

    shown = whole(run)

    for use in run.datasets:
        assert f"{use.name} {shape(use.shape)} #{str(use.fingerprint)[:8]}" in shown


def test_pandas_work_over_cells_leads_back_to_the_file(table: Notebook) -> None:
    table.run("df = pd.read_csv('data.csv')")
    table.run("df = df.dropna()\ndf['c'] = df.a * 2")
    table.run("df.head()")
    table.run("df['d'] = df.b.clip(0, 3)")
    table.run("X, y = df.drop(columns='y'), df['y']\nXa, Xb, ya, yb = train_test_split(X, y)")
    table.run("n = 20\nrf = RandomForestClassifier(n_estimators=n, max_depth=3).fit(Xa, ya)")
    table.run("guess = rf.predict(Xb)\naccuracy_score(yb, guess)")

    lines = tree(table.only_run())

    assert [line for line in lines if "df" in line] == [
        "[7] line 1: X, y = df.drop(columns='y'), df['y']",
        "[6] line 1: df['d'] = df.b.clip(0, 3)",
        "[4] line 2: df['c'] = df.a * 2",
        "[4] line 1: df = df.dropna()",
        "[3] line 1: df = pd.read_csv('data.csv')",
    ]
    assert "⚠ train_test_split(random_state=None) draws without a seed" in lines
    assert f"file {Path.cwd() / 'data.csv'}" in lines
    assert {"max_depth = 3", "[8] line 1: n = 20"} <= set(lines)
    assert not any("head" in line for line in lines)


def test_function_is_told_with_the_line_that_measured(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("def judge(model, cutoff=0.5):\n    share = model.predict_proba(X_test)[:, 1]\n    guess = share > cutoff\n"
           "    return accuracy_score(y_test, guess)")  # fmt: skip
    nb.run("model = LogisticRegression(C=0.3)\nmodel.fit(X_train, y_train)")
    nb.run("acc = judge(model, cutoff=0.4)")
    run = nb.only_run()

    lines = tree(run)

    assert lines[:3] == [
        "[3] line 4 in judge(): return accuracy_score(y_test, guess)",
        "[5] line 1: acc = judge(model, cutoff=0.4)",
        "cutoff = 0.4",
    ]
    assert "[3] line 1: def judge(model, cutoff=0.5): …" in lines
    assert tree(run, "cutoff") == ["[5] line 1: acc = judge(model, cutoff=0.4)"]


def test_fit_inside_a_function_names_its_line_and_settings_their_field(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("class CFG:\n    C = 0.3\n    seed = 1\n    unused = 9")
    nb.run(
        "def train(C, seed):\n    m = LogisticRegression(C=C, random_state=seed)\n    m.fit(X_train, y_train)\n"
        "    return m"
    )
    nb.run("model = train(CFG.C, CFG.seed)\nmodel.score(X_test, y_test)")
    run = nb.only_run()

    lines = tree(run)

    assert {"[3] line 2: C = 0.3", "[3] line 3: seed = 1"} <= set(lines)
    assert not any("unused" in line for line in lines)
    assert "at [4] line 3: m.fit(X_train, y_train)" in whole(run)
    assert tree(run, "C") == ["[3] line 2: C = 0.3"]


def test_run_of_a_loop_says_what_the_loop_was_at(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("scores = {}\nfor C in [0.01, 1.0]:\n    clf = LogisticRegression(C=C)\n    clf.fit(X_train, y_train)\n"
           "    scores[C] = accuracy_score(y_test, clf.predict(X_test))")  # fmt: skip
    group = nb.tops()[0]
    first, second = nb.children(group)

    assert "for C in [0.01, 1.0]:  C=0.01 here" in whole(first)
    assert "for C in [0.01, 1.0]:  C=1.0 here" in whole(second)
    with pytest.raises(NotFoundError, match=f"Ask one of them: {first.run.name}, {second.run.name}"):
        trackbook.why("accuracy", group.run.run_id)


def test_number_of_a_run_again_is_told_from_the_cell_that_made_it(nb: Notebook) -> None:
    nb.run(DATA)
    fit = "m = LogisticRegression(C=C).fit(X_train, y_train)\nprint(accuracy_score(y_test, m.predict(X_test)))"
    for value in (0.1, 10):
        nb.run(f"C = {value}", cell="setting")
        nb.run(fit, cell="fit")
    old, new = nb.runs()

    assert "[3] line 1: C = 0.1" in tree(old)
    assert "[5] line 1: C = 10" in tree(new)
    assert not any("C = 10" in line or "[6]" in line for line in tree(old))


def test_order_in_which_cells_ran_counts_not_the_last_value(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 1.0")
    nb.run("m = LogisticRegression(C=C).fit(X_train, y_train)")
    nb.run("C = 5.0")
    nb.run("accuracy_score(y_test, m.predict(X_test))")

    assert "[3] line 1: C = 1.0" in tree(nb.only_run())
    assert not any("5.0" in line for line in tree(nb.only_run()))


def test_only_the_branch_that_ran_is_told(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("fast = True\nif fast:\n    C = 0.1\nelse:\n    C = 10\nm = LogisticRegression(C=C).fit(X_train, y_train)\n"
           "m.score(X_test, y_test)")  # fmt: skip

    lines = tree(nb.only_run())

    assert {"[3] line 3: C = 0.1", "[3] line 1: fast = True"} <= set(lines)
    assert not any("C = 10" in line for line in lines)


def test_function_that_changes_a_table_in_its_own_cell_is_on_the_way(table: Notebook) -> None:
    table.run("df = pd.read_csv('data.csv')")
    table.run("def mend(frame, by=2):\n    frame['a'] = frame['a'] + by")
    table.run("mend(df)")
    table.run("X, y = df[['a', 'b']], df.y\nm = LogisticRegression().fit(X, y)\nm.score(X, y)")

    shown = whole(table.only_run())

    assert "[5] line 1: mend(df)\n" in shown
    assert "may have changed" not in shown


def test_function_beside_the_making_of_a_table_may_have_changed_it(table: Notebook) -> None:
    table.run("def mend(frame):\n    frame['a'] = frame['a'] + 1\n\ndf = pd.read_csv('data.csv')\nmend(df)")
    table.run("X, y = df[['a', 'b']], df.y\nm = LogisticRegression().fit(X, y)\nm.score(X, y)")

    assert "[3] line 5: mend(df)  may have changed df" in whole(table.only_run())


def test_search_and_its_candidates_lead_to_the_grid(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.model_selection import GridSearchCV\nfrom sklearn.svm import SVC\ngrid = {'C': [0.1, 1]}\n"
           "search = GridSearchCV(SVC(), grid, cv=3)\nsearch.fit(X_train, y_train)")  # fmt: skip
    parent = nb.tops()[0]
    child = nb.children(parent)[0]

    assert "[3] line 3: grid = {'C': [0.1, 1]}" in tree(parent, "best_score")
    assert tree(child)[:2] == ["[3] line 5: search.fit(X_train, y_train)", "C = 0.1"]


def test_cross_validation_leads_to_its_data_and_params(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.model_selection import cross_val_score\nC = 2.0\n"
           "scores = cross_val_score(LogisticRegression(C=C), X, y, cv=4)")  # fmt: skip

    lines = tree(nb.only_run(), "score")

    assert lines[0] == "[3] line 3: scores = cross_val_score(LogisticRegression(C=C), X, y, cv=4)"
    assert {"cv = 4", "[3] line 2: C = 2.0", "[2] line 13: X, y = make()"} <= set(lines)
    assert not any("train_test_split" in line or "max_iter" in line for line in lines)


@pytest.mark.parametrize("line", ["%track metric hits=hits", "%track metric hits={hits}"])
def test_number_logged_by_a_magic_leads_to_the_name_in_it(nb: Notebook, line: str) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nguess = model.predict(X_test)")
    nb.run("hits = (guess == y_test).mean()")
    nb.run(line)

    assert tree(nb.only_run(), "hits")[:4] == [
        f"[5] line 1: {line}",
        "[4] line 1: hits = (guess == y_test).mean()",
        "[3] line 2: guess = model.predict(X_test)",
        "[3] line 1: model = LogisticRegression().fit(X_train, y_train)",
    ]


def test_series_of_a_started_run_leads_to_what_its_loop_computes(nb: Notebook) -> None:
    nb.run("import trackbook\nlr = 0.1")
    nb.run("with trackbook.start_run('mine'):\n    w = 1.0\n    for epoch in range(5):\n        w -= lr * w\n"
           "        trackbook.log_metric('loss', w, step=epoch)")  # fmt: skip

    lines = tree(nb.only_run(), "loss")

    assert lines[:4] == [
        "[3] line 5: trackbook.log_metric('loss', w, step=epoch)",
        "[3] line 4: w -= lr * w",
        "[3] line 2: w = 1.0",
        "[2] line 2: lr = 0.1",
    ]
    assert "the last of 5 points" in whole(nb.only_run(), "loss")


def test_generator_without_a_seed_is_named_at_the_statement_that_drew(table: Notebook) -> None:
    table.run("X = np.random.randn(100, 3)\ny = (X[:, 0] > 0).astype(int)")
    table.run("m = LogisticRegression().fit(X[:80], y[:80])\naccuracy_score(y[80:], m.predict(X[80:]))")

    lines = tree(table.only_run())

    assert (
        lines[lines.index("[3] line 1: X = np.random.randn(100, 3)") + 1] == "⚠ numpy.random without a seed in cell 3"
    )


def test_global_seed_is_on_the_way_to_what_drew(table: Notebook) -> None:
    table.run("SEED = 3\ndef set_seed(s):\n    np.random.seed(s)\nset_seed(SEED)")
    table.run("df = pd.read_csv('data.csv')\nXa, Xb, ya, yb = train_test_split(df[['a', 'b']], df.y)")
    table.run("m = LogisticRegression().fit(Xa, ya)\nm.score(Xb, yb)")

    lines = tree(table.only_run())

    assert lines[lines.index("[3] line 4: set_seed(SEED)") + 1] == "[3] line 1: SEED = 3"
    assert not any("draws without a seed" in line for line in lines)


def test_value_that_the_notebook_no_longer_gives_is_marked(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.1", cell="setting")
    nb.run("model = LogisticRegression(C=C)", cell="model")
    nb.run("C = 0.2", cell="setting")
    nb.run("model.fit(X_train, y_train)\nmodel.score(X_test, y_test)")

    assert "[3] line 1: C = 0.1  ⚠ this cell was run again since" in whole(nb.only_run())
    assert [edge.name for edge in trackbook.why().edges if edge.hidden] == ["C"]


def test_object_changed_in_a_loop_leads_to_where_it_was_made(nb: Notebook) -> None:
    nb.run("class Net:\n    w = 0.0\n    def step(self, lr):\n        self.w += lr\nnet = Net()\nlr = 0.1")
    nb.run("import trackbook\nfor epoch in range(3):\n    net.step(lr)\n    loss = float(1 - net.w)\n"
           "    trackbook.log_metric('loss', loss, step=epoch)")  # fmt: skip

    lines = tree(None, "loss")

    assert lines[:3] == [
        "[3] line 5: trackbook.log_metric('loss', loss, step=epoch)",
        "[3] line 4: loss = float(1 - net.w)",
        "[3] line 3: net.step(lr)",
    ]
    assert {"[2] line 5: net = Net()", "[2] line 6: lr = 0.1"} <= set(lines)


def test_param_from_a_file_leads_to_the_file(table: Notebook, folder: Path) -> None:
    (folder / "cfg.json").write_text('{"C": 0.4}')
    table.run("import json\nwith open('cfg.json') as f:\n    cfg = json.load(f)\ndf = pd.read_csv('data.csv')")
    table.run("m = LogisticRegression(C=cfg['C']).fit(df[['a', 'b']], df.y)\nm.score(df[['a', 'b']], df.y)")

    assert tree(table.only_run(), "C") == [
        "[4] line 1: m = LogisticRegression(C=cfg['C']).fit(df[['a', 'b']], df.y)",
        "[3] line 3: cfg = json.load(f)",
        "[3] line 2: with open('cfg.json') as f:",
        f"file {folder / 'cfg.json'}",
    ]


def test_param_that_nobody_chose_says_so_and_one_logged_by_hand_too(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\n%track param team=red")
    run = nb.only_run()

    assert tree(run, "max_iter") == ["Nobody chose it: it is the default."]
    assert tree(run, "team")[0].startswith("No statement is on record for it")


def test_table_and_model_can_be_asked_about(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    run = nb.only_run()

    assert tree(run, "X_train")[0].startswith("[2] line 14: X_train, X_test")
    assert tree(run, "model")[0] == "[3] line 1: model = LogisticRegression().fit(X_train, y_train)"


def test_own_module_is_told_by_name(nb: Notebook, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "own_measures.py").write_text(
        "def judge(model, X, y):\n    return float((model.predict(X) == y).mean())\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    nb.run(DATA)
    nb.run("from own_measures import judge")
    nb.run("m = LogisticRegression().fit(X_train, y_train)\nhits = judge(m, X_test, y_test)\n%track metric hits=hits")

    found = trackbook.why("hits")

    assert "m = LogisticRegression().fit(X_train, y_train)" in str(found)
    assert any(node.kind is NodeKind.IMPORT and node.code == "from own_measures import judge" for node in found.nodes)


def test_what_was_made_before_tracking_is_said(folder: Path, open_notebook) -> None:  # type: ignore[no-untyped-def]
    notebook = open_notebook(load=False)
    notebook.run(DATA)
    notebook.run("%load_ext trackbook")
    notebook.run("model = LogisticRegression().fit(X_train, y_train)\naccuracy_score(y_test, model.predict(X_test))")

    lines = tree(notebook.only_run())

    assert {"X_train: made before tracking began", "y_test: made before tracking began"} <= set(lines)


def test_secret_does_not_come_back_in_the_tree(nb: Notebook) -> None:
    token = "sk-proj-" + "a1B2c3D4e5F6" * 3
    nb.run(DATA)
    nb.run(f"api_key = '{token}'\ndef load(key):\n    return X_train")
    nb.run("m = LogisticRegression().fit(load(api_key), y_train)\nm.score(X_test, y_test)")

    found = trackbook.why()

    assert "api_key = '[secret]'" in str(found)
    assert token not in str(found) + found._repr_html_() + json.dumps(found.to_dict())


def test_long_and_wide_trees_are_cut_and_all_shows_the_rest(nb: Notebook) -> None:
    nb.run("from sklearn.metrics import mean_squared_error\n" + "\n".join(f"w{i} = {i}.5" for i in range(30)))
    nb.run("total = " + " + ".join(f"w{i}" for i in range(30)))
    nb.run("mean_squared_error([1, 2], [total, total])")
    found = trackbook.why()

    shown, everything = found.show().text, found.show(is_whole=True).text

    assert f"… 18 more: trackbook why {nb.only_run().run.run_id[:8]} mean_squared_error --all" in shown
    assert all(f"w{i} = {i}.5" in everything for i in range(30))


# How it is asked


def test_name_may_be_short_and_a_wrong_one_gets_the_nearest(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression().fit(X_train, y_train)\naccuracy_score(y_test, m.predict(X_test))")

    assert trackbook.why("accuracy").explanation.subject.key == "test.accuracy"
    assert trackbook.why("metrics.test.accuracy").explanation.subject.key == "test.accuracy"
    with pytest.raises(
        NotFoundError, match=r"No metric, param, table or model 'acuracy'.*Did you mean 'test.accuracy'\?"
    ):
        trackbook.why("acuracy")


@pytest.mark.parametrize(
    ("stores", "name", "meant"),
    [
        ("results['hits'] = accuracy_score(y_test, pred)", "hits", "test.accuracy"),
        ("table.loc['lr', 'hits'] = accuracy_score(y_test, pred)", "hits", "test.accuracy"),
        ("out = {'hits': accuracy_score(y_test, pred), 'f': f1_score(y_test, pred)}", "hits", "test.accuracy"),
        ("out = {'hits': accuracy_score(y_test, pred), 'f': f1_score(y_test, pred)}", "f", "test.f1"),
        ("rows.append(dict(hits=accuracy_score(y_test, pred), kind='lr'))", "hits", "test.accuracy"),
        (
            "d = {'before': accuracy_score(y_train, m.predict(X_train)), 'after': accuracy_score(y_test, pred)}",
            "after",
            "test.accuracy",
        ),
        (
            "def judge(t, p):\n    return {'a': accuracy_score(t, p), 'f': f1_score(t, p)}\nout = judge(y_test, pred)",
            "f",
            "test.f1",
        ),
    ],
)
def test_metric_is_found_by_the_key_it_was_stored_under(nb: Notebook, stores: str, name: str, meant: str) -> None:
    nb.run(DATA)
    nb.run("results, rows, table = {}, [], pd.DataFrame(index=['lr'])")
    nb.run("m = LogisticRegression().fit(X_train, y_train)\npred = m.predict(X_test)")
    nb.run(stores)

    assert trackbook.why(name).explanation.subject.key == meant


def test_key_that_something_else_was_stored_under_is_no_metric(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression().fit(X_train, y_train)\npred = m.predict(X_test)")
    nb.run("out = {'hits': accuracy_score(y_test, pred), 'rows': len(y_test)}")

    with pytest.raises(NotFoundError, match="No metric, param, table or model 'rows'"):
        trackbook.why("rows")


def test_run_explains_itself(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression(C=1.0).fit(X_train, y_train)\naccuracy_score(y_test, m.predict(X_test))")

    found = trackbook.get_run("latest").why("C")

    assert str(found).startswith("C = 1.0  ")
    assert "LogisticRegression(C=1.0)" in str(found)


def test_name_that_two_metrics_end_with_is_refused_with_both(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression().fit(X_train, y_train)\nm.score(X_test, y_test)\nm.score(X_train, y_train)")

    with pytest.raises(AmbiguousError, match=r"test\.score or train\.score"):
        trackbook.why("score")


def test_magic_asks_the_newest_run_of_the_session_that_has_it(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression(C=0.5).fit(X_train, y_train)\naccuracy_score(y_test, m.predict(X_test))")
    nb.run("m = LogisticRegression(C=0.6).fit(X_train, y_train)\nf1_score(y_test, m.predict(X_test))")
    capsys.readouterr()

    nb.run("%track why accuracy")

    shown = capsys.readouterr().out
    assert "LogisticRegression(C=0.5)" in shown
    assert "LogisticRegression(C=0.6)" not in shown


def test_command_line_explains_a_finished_run_from_another_process(nb: Notebook, folder: Path) -> None:
    nb.run(DATA)
    nb.run("C = 0.5\nm = LogisticRegression(C=C).fit(X_train, y_train)\naccuracy_score(y_test, m.predict(X_test))")
    nb.close()

    done = forks.run("-m", "trackbook", "why", "latest", "accuracy", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    nodes = {node["id"]: node for node in found["nodes"]}
    assert found["metric"] == "test.accuracy"
    assert nodes[found["root"]]["value"] == found["value"]
    literal = next(node for node in found["nodes"] if node["kind"] == "literal" and node["label"] == "C")
    assert (literal["cell"], literal["line"], literal["code"], literal["value"]) == (3, 1, "C = 0.5", 0.5)
    fit = next(node for node in found["nodes"] if node["kind"] == "fit")
    assert {"from": literal["id"], "to": fit["id"], "name": "C", "sure": True, "hidden": None} in found["edges"]
    assert all(edge["from"] in nodes and edge["to"] in nodes for edge in found["edges"])


class _Page(HTMLParser):
    """Collects the tags of a page; each that is opened must be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_page_folds_and_is_escaped(nb: Notebook) -> None:
    nb.run("from sklearn.metrics import mean_squared_error\nname = '<script>alert(1)</script>'")
    nb.run("mean_squared_error([1, 2], [len(name)] * 2)")
    page = _Page()

    page.feed(trackbook.why()._repr_html_())

    assert not page.opened
    assert "script" not in page.tags
    assert {"details", "summary"} <= set(page.tags)


def test_repetition_keeps_the_place_where_the_number_was_first_measured(nb: Notebook) -> None:
    nb.run(DATA)
    for _ in range(2):
        nb.run("m = LogisticRegression(C=0.3).fit(X_train, y_train)\nacc = m.score(X_test, y_test)", cell="fit")

    assert tree(nb.only_run())[0] == "[3] line 2: acc = m.score(X_test, y_test)"


def test_run_without_a_metric_says_what_else_it_has(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)")

    with pytest.raises(NotFoundError, match=r"has no metric yet\. Ask about one of: .*X_train"):
        trackbook.why()


def test_number_is_not_changed_by_a_call_that_gets_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("def train(c):\n    return LogisticRegression(C=c).fit(X_train, y_train)")
    nb.run("C = 0.5\nm = train(C)\naccuracy_score(y_test, m.predict(X_test))")

    assert "may have changed C" not in whole(nb.only_run())


def test_name_that_a_metric_was_given_in_the_notebook_leads_to_it(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.metrics import log_loss")
    nb.run("model = LogisticRegression(max_iter=300).fit(X_train, y_train)")
    nb.run("share = accuracy_score(y_test, model.predict(X_test))")
    nb.run("root = log_loss(y_test, model.predict_proba(X_test)) ** 0.5")

    assert whole(nb.only_run(), "share").startswith("test.accuracy = ")
    assert whole(nb.only_run(), "root").startswith("test.log_loss = ")
    with pytest.raises(NotFoundError, match="No metric"):
        trackbook.why("shore", nb.only_run().run.run_id)


def test_statements_on_one_line_are_told_apart(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "model = LogisticRegression(C=3.0).fit(X_train, y_train); p = model.predict(X_test); accuracy_score(y_test, p)"
    )

    lines = tree(nb.only_run(), "accuracy")

    assert lines[:3] == [
        "[3] line 1: accuracy_score(y_test, p)",
        "[3] line 1: p = model.predict(X_test)",
        "[3] line 1: model = LogisticRegression(C=3.0).fit(X_train, y_train)",
    ]


@pytest.mark.parametrize(
    ("model", "is_said"),
    [
        ("LogisticRegression()", False),
        ("LogisticRegression(solver='saga', max_iter=500)", True),
        ("make_pipeline(PCA(n_components=2), LogisticRegression())", False),
    ],
)
def test_only_an_estimator_that_draws_is_said_to(nb: Notebook, model: str, is_said: bool) -> None:
    nb.run(DATA)
    nb.run("from sklearn.decomposition import PCA\nfrom sklearn.pipeline import make_pipeline")
    nb.run(f"accuracy = accuracy_score(y_test, {model}.fit(X_train, y_train).predict(X_test))")

    assert ("may draw without a seed" in whole(nb.only_run(), "accuracy")) is is_said


def test_seeded_generator_of_its_own_is_no_draw_from_the_global_one(table: Notebook) -> None:
    table.run("df = pd.read_csv('data.csv')")
    table.run("rng = np.random.default_rng(0)\nSGDClassifier(tol=None, max_iter=5).fit(df[['a', 'b']], df.y)")
    table.run("X = df[['a', 'b']] + rng.normal(size=(60, 2))\nm = LogisticRegression().fit(X, df.y)\nm.score(X, df.y)")

    shown = trackbook.why("score").show().text

    assert "default_rng(0)" in shown
    assert "without a seed" not in shown


def test_container_that_collects_numbers_flows_into_none_of_them(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("found = {}\nm = LogisticRegression(C=0.1).fit(X_train, y_train)")
    nb.run(
        "found['accuracy'] = accuracy_score(y_test, m.predict(X_test))\n"
        "found.setdefault('f1', []).append(f1_score(y_test, m.predict(X_test)))\n"
    )

    run = nb.only_run()

    assert not any("found = {}" in line or "found['accuracy']" in line for line in tree(run, "f1"))
    assert not any("found = {}" in line or "setdefault" in line for line in tree(run, "accuracy"))


def test_container_is_on_the_way_to_a_number_that_is_made_of_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("m = LogisticRegression(C=0.1).fit(X_train, y_train)\npredictions = {}")
    nb.run("predictions['test'] = m.predict(X_test)")
    nb.run("accuracy = accuracy_score(y_test, predictions['test'])")

    lines = tree(nb.only_run(), "accuracy")

    assert lines[:2] == [
        "[5] line 1: accuracy = accuracy_score(y_test, predictions['test'])",
        "[4] line 1: predictions['test'] = m.predict(X_test)",
    ]


def test_tables_of_a_booster_stand_where_its_matrix_was_made(nb: Notebook) -> None:
    pytest.importorskip("xgboost")
    nb.run(DATA + "import xgboost as xgb")
    nb.run(
        "train = xgb.DMatrix(X_train, label=y_train)\n"
        "history = {}\n"
        "booster = xgb.train({'eta': 0.3}, train, 2, evals=[(train, 'train')], evals_result=history)"
    )

    shown = whole(nb.only_run(), "train.rmse")

    assert re.search(r"train = xgb.DMatrix.*\n[│├└─ ]+\[2\] line 14: .*  X_train 90 . 4 #\w+, y_train 90 #\w+", shown)
    assert "fits booster, a Booster" in shown
    assert "history = {}" not in shown
    assert "table X_train" not in shown


def test_article_of_a_model_is_the_one_that_is_said(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.svm import SVC\nm = SVC().fit(X, y)\nm.score(X, y)")

    assert "fits m, an SVC" in whole(nb.only_run(), "score")


def test_numbers_bound_together_each_lead_to_their_own_model(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "one = LogisticRegression(C=0.01).fit(X_train, y_train)\ntwo = LogisticRegression(C=9.0).fit(X_train, y_train)"
    )
    nb.run("a, b = accuracy_score(y_test, one.predict(X_test)), accuracy_score(y_test, two.predict(X_test))")

    first, second = trackbook.why("a"), trackbook.why("b")

    assert [edge.name for edge in first.edges if edge.name in ("one", "two")] == ["one"]
    assert [edge.name for edge in second.edges if edge.name in ("one", "two")] == ["two"]


def test_draw_leads_to_the_seed_of_its_own_generator(table: Notebook) -> None:
    table.run("import random\nrandom.seed(1)\nnp.random.seed(2)")
    table.run("df = pd.read_csv('data.csv')\nrows = list(range(60))\nrandom.shuffle(rows)\ndf = df.iloc[rows]")
    table.run("m = LogisticRegression().fit(df[['a', 'b']], df.y)\nscore = m.score(df[['a', 'b']], df.y)")

    lines = tree(table.only_run())

    assert "[3] line 2: random.seed(1)" in lines
    assert not any("np.random.seed" in line for line in lines)


def test_rows_that_were_picked_for_a_prediction_stand_where_it_was_made(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("train, test = X.index[:100], X.index[100:]\nm = LogisticRegression().fit(X.loc[train], y.loc[train])")
    nb.run("p = m.predict(X.loc[test])\naccuracy = accuracy_score(y.loc[test], p)")

    shown = whole(nb.only_run(), "accuracy")

    assert "table X.loc[test]" not in shown
    assert re.search(r"X, y = make\(\)  .*X.loc\[train\] 100|see above  .*X.loc\[test\] 50", shown)
    assert not re.search(r"train, test = .*  .*X.loc", shown)


def test_table_of_a_function_without_a_name_stands_at_the_metric_that_says_it(table: Notebook) -> None:
    table.run("df = pd.read_csv('data.csv')\ntrain, valid = df[:40], df[40:]")
    table.run("m = LogisticRegression().fit(train[['a', 'b']], train.y)\np = m.predict(valid[['a', 'b']])")
    table.run("accuracy = accuracy_score(valid.y, p)")
    table.run("of_a = valid.assign(p=p).groupby('a')[['y', 'p']].apply(lambda g: f1_score(g.y, g.p, zero_division=0))")

    run = table.only_run()

    assert any(use.name == "g.y" for use in run.datasets)
    assert "g.y" not in whole(run, "accuracy")
    assert tree(run, "accuracy")[1].startswith("[4] line 2: p = m.predict")


TRAINER = """
class Settings:
    pass

class Trainer:
    def __init__(self, settings):
        self.settings = settings
    def run(self):
        return LogisticRegression(C=self.settings.C).fit(X_train, y_train).score(X_test, y_test)
"""


def test_setting_changed_in_the_cell_that_uses_its_holder_is_told(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(TRAINER)
    nb.run("settings = Settings()\nsettings.C = 0.5")
    nb.run("trainer = Trainer(settings)\nfirst = trainer.run()")
    nb.run("settings.C = 0.25\nprint(settings)\nsecond = trainer.run()")
    nb.run("settings.C = 0.125")
    nb.run("third = trainer.run()")
    runs = nb.runs()

    seconds, thirds = tree(runs[-2]), tree(runs[-1])

    assert [run.params["settings.C"] for run in runs] == [0.5, 0.25, 0.125]
    assert "[6] line 1: settings.C = 0.25" in seconds
    assert not any("print" in line for line in seconds)
    assert "[5] line 1: trainer = Trainer(settings)" in seconds
    assert "[7] line 1: settings.C = 0.125" in thirds
    assert "[5] line 1: trainer = Trainer(settings)" in thirds


def test_setting_changed_after_all_was_made_in_one_cell_is_told(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(TRAINER)
    nb.run("settings = Settings()\ntrainer = Trainer(settings)\nsettings.C = 0.25\nshare = trainer.run()")

    assert nb.only_run().params["settings.C"] == 0.25
    assert "[4] line 3: settings.C = 0.25" in tree(nb.only_run())


@pytest.mark.parametrize("seed", ["7", "int('7')", "max([3, 7])"])
def test_seed_is_not_changed_by_whom_it_is_handed_to(nb: Notebook, seed: str) -> None:
    nb.run(DATA)
    nb.run(f"import random\nSEED = {seed}\nrandom.seed(SEED)\nrandom.Random(SEED)")
    nb.run("random.seed(SEED)\nrandom.Random(SEED)\nLogisticRegression(random_state=SEED).fit(X_train, y_train)")

    shown = whole(nb.only_run(), "random_state")

    assert f"SEED = {seed}" in shown or "SEED = 7" in shown
    assert "may have changed" not in shown


def test_function_that_binds_a_number_anew_made_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("strength = 0.1\ndef double():\n    global strength\n    strength = strength * 2")
    nb.run("strength = 0.5\nprint(strength)\ndouble()\nmodel = LogisticRegression(C=strength).fit(X_train, y_train)")

    assert "[4] line 3: double()" in tree(nb.only_run(), "model")
