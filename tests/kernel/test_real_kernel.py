"""What only a kernel of its own shows: interrupts, sudden death, several at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from trackbook.records import RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from tests.forks.speaking import SPEAKS_LATE

from .kernel import Kernel, wait_for
from .session import values

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LOAD = "%load_ext trackbook"
DATA = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
X_train, y_train = [[0.0], [1.0], [2.0], [3.0]] * 5, [0, 0, 1, 1] * 5
X_test, y_test = [[0.5], [1.4], [1.6]], [0, 1, 1]
"""
FIT = "model = LogisticRegression(C=0.5).fit(X_train, y_train)"
TEST = "score = accuracy_score(y_test, model.predict(X_test))"
WAIT = "open('ready', 'w').close()\nimport time\nwhile True: time.sleep(0.01)"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with Trackbook and the data, which several tests use one after the other."""
    folder = tmp_path_factory.mktemp("shared")
    with Kernel(folder, {"TRACKBOOK_STORE": str(folder / "store")}) as started:
        assert started.run(LOAD)["status"] == "ok"
        assert started.run(DATA)["status"] == "ok"
        yield started


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel with Trackbook that the test may kill."""
    with Kernel(folder) as started:
        assert started.run(LOAD)["status"] == "ok"
        yield started


class Watched:
    """What a test adds to a store, seen from another process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._before = {run.run.run_id for run in store.runs(RunFilter())}

    def runs(self) -> list[RunDetail]:
        """Return the new runs, oldest first."""
        return [run for run in self.store.runs(RunFilter(oldest_first=True)) if run.run.run_id not in self._before]

    def statuses(self) -> list[str]:
        """Return the statuses of the new runs, oldest first."""
        return [run.run.status for run in self.runs()]

    def last_outcome(self) -> str:
        """Return how the last execution ended."""
        return self.store.executions()[-1].outcome


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Watched]:
    """What the test's kernel adds to its store."""
    name = "shared" if "shared" in request.fixturenames else "kernel"
    store = open_store(request.getfixturevalue(name).folder / "store")
    yield Watched(store)
    store.close()


def test_interrupt_kills_the_run_and_the_kernel_goes_on(shared: Kernel, seen: Watched) -> None:
    request = shared.begin(f"{FIT}\n{TEST}\n{WAIT}")
    wait_for((shared.folder / "ready").exists)
    running = wait_for(seen.statuses)

    shared.manager.interrupt_kernel()
    reply = shared.reply_to(request)

    (run,) = seen.runs()
    assert running == ["RUNNING"]
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    assert (run.run.status, seen.last_outcome()) == ("KILLED", "interrupted")
    assert values(run).keys() == {"test.accuracy"}
    assert shared.run("LogisticRegression(C=0.1).fit(X_train, y_train)")["status"] == "ok"
    assert seen.statuses() == ["KILLED", "FINISHED"]


def test_outputs_and_errors_are_the_cells_own(shared: Kernel) -> None:
    shared.printed.clear()
    shared.run("print('hello')")
    shown = shared.text()

    error = shared.run("accuracy_score([1], [1, 2])")

    assert shown == "hello\n"
    assert error["ename"] == "ValueError"
    assert "trackbook" not in "\n".join(error["traceback"])


def test_async_cells_are_recorded(shared: Kernel, seen: Watched) -> None:
    shared.run(
        "import asyncio\n"
        "async def train(strength):\n"
        "    await asyncio.sleep(0)\n"
        "    model = LogisticRegression(C=strength).fit(X_train, y_train)\n"
        "    return accuracy_score(y_test, model.predict(X_test))\n"
        "scores = await asyncio.gather(train(0.0005), train(9.0))"
    )

    fits = [run for run in seen.runs() if run.models]
    assert [run.params["C"] for run in fits] == [0.0005, 9.0]
    assert all(values(run).keys() == {"test.accuracy"} for run in fits)
    assert seen.last_outcome() == "ok"


def test_kernel_killed_in_mid_cell(kernel: Kernel, seen: Watched, folder: Path) -> None:
    kernel.run("%track start mine\n%track metric before=1\n%track stop")
    kernel.run("%track start open\n%track metric kept=2")
    kernel.begin(f"import trackbook\ntrackbook.log_metric('late', 3)\n{WAIT}")
    wait_for((folder / "ready").exists)
    before = wait_for(seen.statuses, lambda statuses: "RUNNING" in statuses)
    cell_before = wait_for(seen.last_outcome, lambda outcome: outcome == "running")

    kernel.kill()
    after = wait_for(seen.statuses, lambda statuses: "RUNNING" not in statuses)

    assert (before, cell_before) == (["FINISHED", "RUNNING"], "running")
    assert (after, seen.last_outcome()) == (["FINISHED", "KILLED"], "interrupted")
    assert [run.metrics.keys() for run in seen.runs()] == [{"before"}, {"kept", "late"}]
    assert seen.store.verify() == []


def test_fit_that_runs_long_is_running_and_then_killed_with_its_kernel(
    kernel: Kernel, seen: Watched, folder: Path
) -> None:
    kernel.run(
        "from sklearn.base import BaseEstimator, ClassifierMixin\nimport time\n"
        "class Slow(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, size=3):\n        self.size = size\n"
        "    def fit(self, X, y):\n        open('ready', 'w').close()\n        while True: time.sleep(0.01)\n"
    )
    kernel.begin("model = Slow(size=5).fit([[0.0], [1.0]], [0, 1])")
    wait_for((folder / "ready").exists)
    before = wait_for(seen.runs)

    kernel.kill()
    after = wait_for(seen.statuses, lambda statuses: statuses == ["KILLED"])

    assert [(run.run.status, run.params.get("size")) for run in before] == [("RUNNING", 5)]
    assert after == ["KILLED"]


def test_shutdown_ends_the_session(kernel: Kernel, seen: Watched) -> None:
    kernel.run("%track metric kept=2")

    kernel.manager.shutdown_kernel()

    (session,) = seen.store.sessions()
    assert session.ended_at is not None
    assert seen.statuses() == ["FINISHED"]


def test_fresh_kernel_that_has_still_something_to_say_when_it_ends_ends_by_itself(folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in (LOAD, SPEAKS_LATE)]
    client = NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3")

    client.execute(cwd=str(folder))

    assert (folder / "left.txt").read_text() == "all of it"
