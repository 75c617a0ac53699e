"""The harness and the judge themselves, without Trackbook: they must see, and must not change what they look at."""

from __future__ import annotations

from typing import Any

import pytest

from .comparison import differences
from .harness import Recording, Workshop, normalized
from .notebook import Notebook, parse_notebook, read_corpus

TRAINING = """# A notebook for the judge
# %%
import functools
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score as acc, confusion_matrix, get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline
X, y = load_iris(return_X_y=True)
# %%
X = StandardScaler().fit(X).transform(X)
pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
# %%
list(map(functools.partial(pipe.score, X), [y]))
confusion_matrix(y, [acc(y, pipe.predict(X)) > 2 for _ in y])
# %%
LogisticRegression(C=-1).fit(X, y)
# %%
def own(true, predicted):
    return acc(true, predicted)
search = GridSearchCV(LogisticRegression(), {"C": [1]}, scoring=lambda m, X, y: own(y, m.predict(X)), cv=2).fit(X, y)
# %%
class Wrapped(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        return self
    def predict(self, X):
        return self.inner_.predict(X)
Wrapped().fit(X, y)
# %%
get_scorer("accuracy")(search, X, y), cross_val_score(pipe, X, y, cv=2).shape
"""


def test_markers_say_what_is_executed_again() -> None:
    text = "# Title\n# %%\na = 1\n# %% [markdown]\n# prose\n# %%\nb = a\n"
    text += "# %% rerun: 2\n# %% edit: 1\na = 2\n# %% rerun: 1\n"

    notebook = parse_notebook("small", text)

    assert [(step.number, step.source) for step in notebook.steps] == [
        (1, "a = 1"),
        (2, "b = a"),
        (2, "b = a"),
        (1, "a = 2"),
        (1, "a = 2"),
    ]


def test_marker_for_an_unwritten_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="small: 'rerun: 3' names cell 3"):
        parse_notebook("small", "# %%\na = 1\n# %% rerun: 3\n")


def test_corpus_is_large() -> None:
    corpus = read_corpus()

    assert len(corpus) >= 40
    assert all(notebook.title and len(notebook.steps) >= 3 for notebook in corpus)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("<A at 0x7f12ab34cd56>", "<A at 0x7f99ab34cd00>"),
        ("Wall time: 3.2 ms", "Wall time: 1min 2s"),
        ("CPU times: user 1 s, sys: 3 ms, total: 1 s", "CPU times: total: 10 ms"),
        ("1.2 ms ± 3 µs per loop (mean ± std. dev.)", "3 s ± 4 ns per loop (mean ± std. dev.)"),
        ("/tmp/ipykernel_12/345.py:2: UserWarning", "/tmp/ipykernel_99/1.py:2: UserWarning"),
    ],
)
def test_noise_of_kernels_is_taken_out(one: str, two: str) -> None:
    assert normalized(one) == normalized(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("took 3.2 ms", "took 3.3 ms"), ("accuracy 0.9", "accuracy 0.8"), ("File /tmp/a.py:2", "/tmp/b.py:2")],
)
def test_nothing_else_is_taken_out(one: str, two: str) -> None:
    assert normalized(one) != normalized(two)


def test_everything_a_cell_shows_is_kept(workshop: Workshop) -> None:
    text = "# %%\nimport sys\nprint('out')\nprint('err', file=sys.stderr)\ndisplay({'a': 1})\n6 * 7\n# %%\n1 / 0\n"

    first, second = _record(workshop, "shows", text).cells

    assert (first.stdout, first.stderr, first.result) == ("out\n", "err\n", {"text/plain": "42"})
    assert [kind for kind, _ in first.displays] == ["display_data"]
    assert second.error is not None
    assert (second.error.name, second.error.message) == ("ZeroDivisionError", "division by zero")
    assert "----> 1 1 / 0" in second.error.traceback


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        ("print(1)", "print(2)", "differs in stdout"),
        ("1 / 0", "[][0]", "differs in error"),
        ("7", "8", "differs in result"),
        ("a = 1", "a = 1; b = 2", "names differs: without [], with ['b']"),
        ("import random; random.random()\nNone", "import random\nNone", "random differs"),
        ("import warnings", "import warnings; warnings.simplefilter('ignore')", "filters differs"),
        (
            "import sklearn.metrics as m",
            "import sklearn.metrics as m; m.f1_score.__doc__ = None",
            "library differs: f1_score",
        ),
        (
            "from sklearn.dummy import DummyClassifier as D; d = D()",
            "from sklearn.dummy import DummyClassifier as D; d = D(); d.seen = 1",
            "estimators differs: d",
        ),
    ],
)
def test_what_tracking_might_change_is_noticed(workshop: Workshop, one: str, two: str, said: str) -> None:
    first, second = (_record(workshop, "change", f"# %%\n{source}\n") for source in (one, two))

    found = differences(parse_notebook("change", f"# %%\n{one}\n"), first, second)

    assert any(said in sentence for sentence in found)


def test_two_kernels_without_tracking_do_not_differ(workshop: Workshop) -> None:
    notebook = _corpus_notebook("unseeded_forest")

    first, second = (workshop.record(notebook, is_tracked=False) for _ in range(2))

    assert differences(notebook, first, second) == []


@pytest.mark.parametrize("name", ["mistakes_then_fixed", "warnings_and_stderr", "library_introspection"])
def test_judge_changes_nothing(workshop: Workshop, name: str) -> None:
    notebook = _corpus_notebook(name)

    alone = workshop.record(notebook, is_tracked=False)
    judged = workshop.record(notebook, is_tracked=False, is_judged=True)

    assert differences(notebook, alone, judged) == []


def test_judge_lists_what_the_notebook_itself_calls(workshop: Workshop) -> None:
    recording = _record(workshop, "training", TRAINING, is_judged=True)

    calls = [(call["kind"], call["name"], call["cell"], len(call["values"])) for call in _outer(recording)]
    assert calls == [
        ("fit", "Pipeline", "cell-2", 0),
        ("score", "Pipeline.score", "cell-3", 1),
        *[("metric", "accuracy_score", "cell-3", 1)] * 150,
        ("metric", "confusion_matrix", "cell-3", 0),
        ("fit", "GridSearchCV", "cell-5", 1),
        ("fit", "Wrapped", "cell-6", 0),
        ("metric", "get_scorer", "cell-7", 0),
        ("metric", "scorer of accuracy_score", "cell-7", 1),
        ("validation", "cross_val_score", "cell-7", 2),
    ]


def test_judge_marks_calls_made_inside_another(workshop: Workshop) -> None:
    recording = _record(workshop, "training", TRAINING, is_judged=True)

    inner = [(call["name"], call["inside"]) for call in recording.calls if call["inside"]]
    assert inner == [("accuracy_score", "GridSearchCV")] * 2 + [("LogisticRegression", "Wrapped")]


def test_judge_sees_scripts_and_threads(workshop: Workshop) -> None:
    text = "# %%\n%run evaluate_wine.py\n# %%\nimport threading\nt = threading.Thread(target=knn.fit, args=(X, y))\n"
    text += "def train(): knn.fit(X_tr, y_tr)\nw = threading.Thread(target=train)\nw.start(); w.join()\n"

    recording = _record(workshop, "scripts", text, is_judged=True)

    assert [(call["name"], call["cell"]) for call in recording.calls] == [
        ("KNeighborsClassifier", "cell-1"),
        ("accuracy_score", "cell-1"),
        ("f1_score", "cell-1"),
        ("KNeighborsClassifier", "cell-2"),
    ]


def test_same_fit_again_has_the_same_key(workshop: Workshop) -> None:
    text = "# %%\nfrom sklearn.datasets import load_iris\nfrom sklearn.tree import DecisionTreeClassifier as T\n"
    text += "X, y = load_iris(return_X_y=True)\nT().fit(X, y); T().fit(X, y)\n"
    text += "T(max_depth=1).fit(X, y); T().fit(X[1:], y[1:])"

    recording = _record(workshop, "again", text, is_judged=True)

    first, again, other_param, other_data = (call["key"] for call in recording.calls)
    assert first == again
    assert len({first, other_param, other_data}) == 3


def _record(workshop: Workshop, name: str, text: str, *, is_judged: bool = False) -> Recording:
    return workshop.record(parse_notebook(name, text), is_tracked=False, is_judged=is_judged)


def _corpus_notebook(name: str) -> Notebook:
    return next(notebook for notebook in read_corpus() if notebook.name == name)


def _outer(recording: Recording) -> list[dict[str, Any]]:
    return [call for call in recording.calls if not call["inside"]]
