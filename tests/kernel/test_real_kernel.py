"""What only a kernel of its own shows: interrupts, sudden death, several at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trackbook.records import RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from .kernel import Kernel, wait_for
from .session import DATA, values

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FIT = "model = LogisticRegression(C=0.5).fit(X_train, y_train)"
TEST = "score = accuracy_score(y_test, model.predict(X_test))"
WAIT = "open('ready', 'w').close()\nimport time\nwhile True: time.sleep(0.01)"


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel with Trackbook and the data loaded."""
    with Kernel(folder) as started:
        assert started.run("%load_ext trackbook")["status"] == "ok"
        assert started.run(DATA)["status"] == "ok"
        yield started


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The store, as another process reads it."""
    opened = open_store(start=folder)
    yield opened
    opened.close()


def runs(store: Store) -> list[RunDetail]:
    """Return all runs, oldest first."""
    return store.runs(RunFilter(oldest_first=True))


def statuses(store: Store) -> list[str]:
    """Return the statuses of all runs, oldest first."""
    return [run.run.status for run in runs(store)]


def test_interrupt_kills_the_run_and_the_kernel_goes_on(kernel: Kernel, store: Store, folder: Path) -> None:
    request = kernel.begin(f"{FIT}\n{TEST}\n{WAIT}")
    wait_for((folder / "ready").exists)
    running = wait_for(lambda: statuses(store))

    kernel.manager.interrupt_kernel()
    reply = kernel.reply_to(request)

    (run,) = runs(store)
    assert running == ["RUNNING"]
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    assert (run.run.status, store.executions()[-1].outcome) == ("KILLED", "interrupted")
    assert values(run).keys() == {"test.accuracy"}
    assert kernel.run("LogisticRegression(C=0.1).fit(X_train, y_train)")["status"] == "ok"
    assert statuses(store) == ["KILLED", "FINISHED"]


def test_kernel_killed_in_mid_cell(kernel: Kernel, store: Store, folder: Path) -> None:
    kernel.run(f"{FIT}\n{TEST}")
    kernel.run("%track start mine")
    kernel.run("%track metric before=1")
    kernel.run("%track stop")
    kernel.run("%track start open\n%track metric kept=2")
    kernel.begin(f"import trackbook\ntrackbook.log_metric('late', 3)\n{WAIT}")
    wait_for((folder / "ready").exists)
    before = wait_for(lambda: statuses(store), lambda seen: "RUNNING" in seen)
    cells = wait_for(store.executions, lambda seen: seen[-1].outcome == "running")

    kernel.kill()
    after = wait_for(lambda: statuses(store), lambda seen: "RUNNING" not in seen)

    assert before == ["FINISHED", "FINISHED", "RUNNING"]
    assert after == ["FINISHED", "FINISHED", "KILLED"]
    assert cells[-1].outcome == "running"
    assert store.executions()[-1].outcome == "interrupted"
    assert [run.metrics.keys() for run in runs(store)] == [{"test.accuracy"}, {"before"}, {"kept", "late"}]
    assert store.verify() == []


def test_fit_that_runs_long_is_running_and_then_killed_with_its_kernel(
    kernel: Kernel, store: Store, folder: Path
) -> None:
    kernel.run(
        "from sklearn.base import BaseEstimator, ClassifierMixin\nimport time\n"
        "class Slow(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, size=3):\n        self.size = size\n"
        "    def fit(self, X, y):\n        open('ready', 'w').close()\n        while True: time.sleep(0.01)\n"
    )
    kernel.begin("model = Slow(size=5).fit(X_train, y_train)")
    wait_for((folder / "ready").exists)
    before = wait_for(lambda: runs(store))

    kernel.kill()
    after = wait_for(lambda: statuses(store), lambda seen: seen == ["KILLED"])

    assert [(run.run.status, run.params.get("size")) for run in before] == [("RUNNING", 5)]
    assert after == ["KILLED"]


def test_finished_cells_outlive_a_kernel_that_is_killed_the_next_instant(
    kernel: Kernel, store: Store, folder: Path
) -> None:
    kernel.run(f"{FIT}\n{TEST}")
    kernel.kill()

    (run,) = runs(store)
    assert run.run.status == "FINISHED"
    assert store.executions()[-1].source == f"{FIT}\n{TEST}"
    assert store.executions()[-1].outcome == "ok"


def test_shutdown_ends_the_session(kernel: Kernel, store: Store) -> None:
    kernel.run(f"{FIT}\n{TEST}")

    kernel.manager.shutdown_kernel()

    (session,) = store.sessions()
    assert session.ended_at is not None
    assert statuses(store) == ["FINISHED"]


def test_outputs_and_errors_are_the_cells_own(kernel: Kernel) -> None:
    kernel.printed.clear()
    kernel.run("print('hello')")
    shown = kernel.text()

    error = kernel.run("accuracy_score([1], [1, 2])")

    assert shown == "hello\n"
    assert error["ename"] == "ValueError"
    assert "trackbook" not in "\n".join(error["traceback"])


def test_async_cells_and_timers_are_recorded(kernel: Kernel, store: Store) -> None:
    kernel.run(
        "import asyncio\n"
        "async def train(C):\n"
        "    await asyncio.sleep(0)\n"
        "    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    return accuracy_score(y_test, model.predict(X_test))\n"
        "scores = await asyncio.gather(train(0.0005), train(9.0))"
    )

    fits = [run for run in runs(store) if run.models]
    assert [run.params["LogisticRegression.C"] if "LogisticRegression.C" in run.params else run.params["C"]
            for run in fits] == [0.0005, 9.0]  # fmt: skip
    assert all(values(run).keys() == {"test.accuracy"} for run in fits)
    assert store.executions()[-1].outcome == "ok"


def test_two_kernels_at_once_share_an_experiment(kernel: Kernel, store: Store, folder: Path) -> None:
    with Kernel(folder) as other:
        other.run("%load_ext trackbook")
        other.run(DATA)
        requests = [(one, one.begin("for C in (0.1, 1.0):\n    LogisticRegression(C=C).fit(X_train, y_train)"))
                    for one in (kernel, other)]  # fmt: skip
        replies = [one.reply_to(request)["status"] for one, request in requests]
        other.kill()

        assert replies == ["ok", "ok"]
        found = runs(store)
        assert len({run.run.session_id for run in found}) == 2
        assert len({run.run.experiment for run in found}) == 1
        assert len({run.run.name for run in found}) == len(found) == 6
        assert set(statuses(store)) == {"FINISHED"}
