"""What a person logs by hand: it goes where its value comes from, and nobody's run gets another's numbers."""

from __future__ import annotations

import pytest

from .session import DATA, Notebook, values

OWN_MODEL = """
weights = np.linalg.solve(X_train.T @ X_train + alpha * np.eye(4), X_train.T @ y_train)
mse = float(((X_test @ weights - y_test) ** 2).mean())
"""


def test_own_metric_of_an_own_model_is_a_run_with_its_params(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("alpha = 0.5\nunrelated = 3")
    nb.run(OWN_MODEL)
    nb.run("%track metric mse=mse")

    run = nb.only_run()
    assert values(run) == {"mse": nb.variables["mse"]}
    assert run.params["alpha"] == 0.5
    assert "unrelated" not in run.params


def test_own_metric_with_a_changed_param_is_the_next_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("alpha = 0.5", "alpha")
    nb.run(OWN_MODEL, "model")
    nb.run("%track metric mse=mse", "log")

    nb.edit("alpha", "alpha = 50.0")
    nb.rerun("model")
    nb.rerun("log")

    first, second = nb.runs()
    assert (first.params["alpha"], second.params["alpha"]) == (0.5, 50.0)
    assert values(first) != values(second)


def test_own_metric_again_is_a_repetition(nb: Notebook) -> None:
    nb.run(DATA + "alpha = 0.5")
    nb.run(OWN_MODEL, "model")
    nb.run("%track metric mse=mse", "log")

    nb.rerun("model")
    nb.rerun("log")

    run = nb.only_run()
    assert run.tags["repeated"] == "1"
    assert len(nb.history(run, "mse")) == 1


TRAINING = """
import trackbook
loss = 1.0
for epoch in range(4):
    loss *= rate
    trackbook.log_metric('loss', loss)
"""


def test_losses_of_epochs_are_a_series_and_again_a_repetition(nb: Notebook) -> None:
    nb.run("rate = 0.5")
    nb.run(TRAINING, "train")

    nb.rerun("train")

    run = nb.only_run()
    assert [(point.step, point.value) for point in nb.history(run, "loss")] == [
        (0, 0.5), (1, 0.25), (2, 0.125), (3, 0.0625)
    ]  # fmt: skip
    assert run.params["rate"] == 0.5
    assert run.tags["repeated"] == "1"


def test_training_with_another_rate_is_the_next_run(nb: Notebook) -> None:
    nb.run("rate = 0.5", "rate")
    nb.run(TRAINING, "train")

    nb.edit("rate", "rate = 0.1")
    nb.rerun("train")

    first, second = nb.runs()
    assert (first.params["rate"], second.params["rate"]) == (0.5, 0.1)
    assert len(nb.history(first, "loss")) == len(nb.history(second, "loss")) == 4


def test_training_with_other_losses_of_the_same_is_nondeterministic(nb: Notebook) -> None:
    nb.run("import numpy as np, trackbook")
    nb.run("loss = float(np.random.rand())\ntrackbook.log_metric('loss', loss)", "train")

    nb.rerun("train")

    first, second = nb.runs()
    assert "numpy.random" in second.tags["nondeterministic"]
    assert values(first) != values(second)


def test_logged_metric_goes_to_the_model_that_it_flows_from(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run("one = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("two = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("trackbook.log_metric('right', float((one.predict(X_test) == y_test).mean()))")

    first, second = nb.runs()
    assert values(first).keys() == {"right"}
    assert not second.metrics


def test_logged_metric_that_flows_from_nothing_goes_to_the_current_run(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run("one = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("two = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("trackbook.log_metric('seconds', 1.5)")

    first, second = nb.runs()
    assert not first.metrics
    assert values(second) == {"seconds": 1.5}


def test_metric_in_a_function_that_gets_the_model(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run(
        "def report(model, name):\n"
        "    right = float((model.predict(X_test) == y_test).mean())\n"
        "    trackbook.log_metric(name, right)\n"
    )
    nb.run("one = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("two = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("report(one, 'first')\nreport(two, 'second')")

    first, second = nb.runs()
    assert (values(first).keys(), values(second).keys()) == ({"first"}, {"second"})


def test_metric_of_two_models_is_of_neither_alone(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("one = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("two = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run(
        "both = (one.predict_proba(X_test)[:, 1] + two.predict_proba(X_test)[:, 1]) / 2 > 0.5\n"
        "score = accuracy_score(y_test, both)"
    )

    first, second, blend = nb.runs()
    assert not first.metrics
    assert not second.metrics
    assert list(values(blend).values()) == [nb.variables["score"]]


# At the same time


def test_runs_started_in_threads_keep_their_own_numbers(nb: Notebook) -> None:
    nb.run("import trackbook, threading\nfrom concurrent.futures import ThreadPoolExecutor")
    nb.run(
        "gate = threading.Barrier(3)\n"
        "def work(number):\n"
        "    with trackbook.start_run(f'run-{number}'):\n"
        "        gate.wait(30)\n"
        "        trackbook.log_metric('number', number)\n"
        "        trackbook.log_param('given', number)\n"
        "        gate.wait(30)\n"
        "with ThreadPoolExecutor(3) as pool:\n"
        "    list(pool.map(work, range(3)))"
    )

    found = {run.run.name: (values(run), run.params.get("given")) for run in nb.runs()}
    assert found == {f"run-{number}": ({"number": number}, number) for number in range(3)}
    assert {run.run.status for run in nb.runs()} == {"FINISHED"}
    assert {run.run.parent_id for run in nb.runs()} == {None}


def test_runs_started_in_tasks_keep_their_own_numbers(nb: Notebook) -> None:
    nb.run("import trackbook, asyncio")
    nb.run(
        "async def work(number):\n"
        "    with trackbook.start_run(f'run-{number}'):\n"
        "        await asyncio.sleep(0)\n"
        "        trackbook.log_metric('number', number)\n"
        "        await asyncio.sleep(0)\n"
        "await asyncio.gather(*map(work, range(3)))"
    )

    assert {run.run.name: values(run) for run in nb.runs()} == {f"run-{n}": {"number": n} for n in range(3)}


def test_threads_of_a_started_run_log_to_it(nb: Notebook) -> None:
    nb.run("import trackbook\nfrom concurrent.futures import ThreadPoolExecutor\n%track start mine")
    nb.run("with ThreadPoolExecutor(4) as pool:\n    list(pool.map(lambda n: trackbook.log_metric('n', n), range(40)))")
    nb.run("%track stop")

    points = nb.history(nb.only_run(), "n")
    assert sorted(point.value for point in points) == list(range(40))
    assert [point.step for point in points] == list(range(40))


def test_thread_that_logs_after_its_cell_has_ended(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook, threading\ngo = threading.Event()")
    nb.run(
        "model = LogisticRegression().fit(X_train, y_train)\n"
        "def later():\n"
        "    go.wait(30)\n"
        "    for value in (3, 2, 1):\n        trackbook.log_metric('late', value)\n"
        "thread = threading.Thread(target=later)\nthread.start()"
    )

    nb.variables["go"].set()
    nb.variables["thread"].join(30)

    assert [(p.step, p.value) for p in nb.history(nb.only_run(), "late")] == [(0, 3), (1, 2), (2, 1)]


# While tracking is off


def test_logging_while_off_is_no_error_and_leaves_no_trace(nb: Notebook) -> None:
    nb.run("import trackbook")
    nb.run("%track off")

    nb.run("trackbook.log_metric('a', 1)\ntrackbook.log_param('b', 2)\ntrackbook.set_tag('c', 'd')")

    nb.run("%track on")
    assert nb.runs() == []


def test_logging_while_off_does_not_go_to_the_last_run(nb: Notebook) -> None:
    nb.run(DATA + "import trackbook")
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    nb.run("%track off")

    nb.run("trackbook.log_metric('a', 1)")

    nb.run("%track on")
    assert not nb.only_run().metrics


# Other processes


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_workers_record_nothing_of_their_own_and_hang_nothing(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from multiprocessing import get_context\n"
        "def work(C):\n"
        "    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    return accuracy_score(y_test, model.predict(X_test))\n"
        "with get_context('fork').Pool(2) as pool:\n"
        "    scores = pool.map(work, [0.1, 1.0])\n"
        "model = LogisticRegression(C=5.0).fit(X_train, y_train)"
    )

    assert [run.params.get("LogisticRegression.C", run.params.get("C")) for run in nb.runs() if run.models] == [5.0]
    assert nb.store.verify() == []


def test_search_in_worker_processes_with_an_estimator_of_a_cell(nb: Notebook) -> None:
    nb.run(
        DATA
        + "from sklearn.model_selection import GridSearchCV\nfrom sklearn.base import BaseEstimator, ClassifierMixin"
    )
    nb.run(
        "class Cut(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, at=0.0):\n        self.at = at\n"
        "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n        return self\n"
        "    def predict(self, X):\n        return (X['a'] > self.at).astype(int).to_numpy()\n"
    )

    nb.run("search = GridSearchCV(Cut(), {'at': [0.0, 1.0]}, cv=2, n_jobs=2).fit(X_train, y_train)")

    (run,) = nb.tops()
    assert [child.params for child in nb.children(run)] == [{"at": 0.0}, {"at": 1.0}]
