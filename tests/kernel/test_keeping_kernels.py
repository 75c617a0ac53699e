"""Keeping contents in kernels that are killed, that work at once, that end, and whose store can't be written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from trackbook.records import DatasetUse, RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store
from trackbook.tracking.promises import NOT_KEPT

from .kernel import Kernel, wait_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LOAD = "%load_ext trackbook"
IMPORTS = "import numpy as np\nfrom sklearn.dummy import DummyClassifier"
ROWS = 200_000
DATA = f"{IMPORTS}\nX = np.random.default_rng(5).normal(size=({ROWS}, 20))\ny = (X[:, 0] > 0).astype(int)"
FIT = "model = DummyClassifier(strategy='prior').fit(X, y)"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The store of the test's kernels, seen from another process."""
    opened = open_store(folder / "store")
    yield opened
    opened.close()


def started(folder: Path, **environ: str) -> Kernel:
    """Return a kernel with Trackbook and the data."""
    kernel = Kernel(folder, environ)
    assert kernel.run(LOAD)["status"] == "ok"
    assert kernel.run(DATA)["status"] == "ok"
    return kernel


def runs(store: Store) -> list[RunDetail]:
    """Return the runs, oldest first."""
    return store.runs(RunFilter(oldest_first=True))


def uses(store: Store) -> list[DatasetUse]:
    """Return how the table X was used by each run."""
    return [use for run in runs(store) for use in run.datasets if use.name == "X"]


def test_what_a_killed_kernel_did_not_keep_is_kept_once_by_the_next_two(folder: Path, store: Store) -> None:
    with started(folder) as kernel:
        kernel.run(FIT)
        kernel.kill()

    (killed,) = uses(store)
    assert killed.fingerprint is not None
    assert store.verify() == []
    if killed.snapshot_id is not None:  # it was quicker
        assert store.get_table(killed.snapshot_id).shape == (ROWS, 20)

    with started(folder) as one, started(folder) as other:
        requests = [(each, each.begin(FIT)) for each in (one, other)]
        for each, request in requests:
            assert each.reply_to(request)["status"] == "ok"
        kept = wait_for(lambda: [use.snapshot_id for use in uses(store)[1:]], lambda ids: len(ids) == 2 and all(ids))

    assert len(set(kept)) == 1
    expected = np.random.default_rng(5).normal(size=(ROWS, 20))
    assert np.array_equal(store.get_table(kept[0] or ""), expected)
    assert store.verify() == []


def test_kernel_that_is_shut_down_finishes_what_it_keeps(folder: Path, store: Store) -> None:
    with started(folder, TRACKBOOK_EXIT_SECONDS="60") as kernel:
        kernel.run(FIT)
        kernel.manager.shutdown_wait_time = 90.0
        kernel.manager.shutdown_kernel()

        (use,) = uses(store)
        assert use.snapshot_id is not None
        assert store.get_table(use.snapshot_id).shape == (ROWS, 20)


def test_kernel_that_has_no_time_at_its_end_says_so(folder: Path, store: Store) -> None:
    with started(folder, TRACKBOOK_EXIT_SECONDS="0.001") as kernel:
        kernel.run(f"{FIT}\nfrom trackbook.magics.extension import remove\nremove(get_ipython())")  # as its end does

        assert "had no time to keep" in kernel.text()
        assert "exit_seconds" in kernel.text()
    assert store.verify() == []


def test_store_that_can_not_be_written_keeps_nothing_and_cells_go_on(folder: Path, store: Store) -> None:
    objects = Path(store.objects.location)
    with started(folder) as kernel:
        shutil.rmtree(objects, ignore_errors=True)
        objects.write_text("no folder")  # also root can't write into it
        assert kernel.run(FIT)["status"] == "ok"
        run = wait_for(lambda: runs(store)[-1], lambda run: "y: " in run.tags.get(NOT_KEPT, ""))
        objects.unlink()

    assert "X: the store could not be written" in run.tags[NOT_KEPT]
    assert uses(store)[-1].snapshot_id is None
    assert store.verify() == []
