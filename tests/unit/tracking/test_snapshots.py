"""What a session keeps, seen from the one that hands it over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.config import Settings
from trackbook.records import DatasetUse, RunDetail
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.store.location import open_store
from trackbook.tracking.promises import NOT_KEPT
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.snapshots import Limits, Snapshots

TABLE = np.random.default_rng(1).normal(size=(1000, 3))
_PATIENCE = 60.0

Opener = Callable[..., Snapshots]


@pytest.fixture
def guard() -> Iterator[Guard]:
    """The guard of everything here, which must have had nothing to take by the end."""
    made = Guard()
    yield made
    assert not made.faults, made.faults[0]


@pytest.fixture
def keeper(tmp_path: Path, guard: Guard) -> Iterator[SessionKeeper]:
    """A session whose store is in the test's folder."""
    made = SessionKeeper(
        lambda: open_store(tmp_path / "store"),
        Notebook(path=None, frontend="script", kernel_id=None),
        tmp_path,
        Settings(),
        guard,
        lambda sentence: None,
    )
    yield made
    made.close()


@pytest.fixture
def keep(keeper: SessionKeeper, guard: Guard) -> Opener:
    """Make what keeps contents within some limits."""
    return lambda **limits: Snapshots(keeper, Limits(**limits), guard, lambda sentence: None)


def written(
    keeper: SessionKeeper, snapshots: Snapshots, table: np.ndarray, token: str | None
) -> Callable[[], RunDetail]:
    """Write a run that uses a table, as the recorder does, and return what reads it again."""
    run = keeper.new_run(None, None, keeper.session.started_at)
    use = DatasetUse(name="X", kind="numpy.ndarray", fingerprint=fingerprint(table), snapshot_id=token)
    batch, wanted = snapshots.prepared(Batch(runs=(RunChange(run_id=run.run_id, run=run, datasets=(use,)),)))
    assert keeper.write(batch)
    snapshots.follow(wanted)
    return lambda: keeper.store.runs(RunFilter(ids=[run.run_id]))[0]


def test_run_that_is_written_before_its_table_is_filled_in(keeper: SessionKeeper, keep: Opener) -> None:
    snapshots = keep()
    token = snapshots.keep_table(TABLE, fingerprint(TABLE))

    read = written(keeper, snapshots, TABLE, token)
    assert snapshots.wait(_PATIENCE)

    assert np.array_equal(keeper.store.get_table(read().datasets[0].snapshot_id or ""), TABLE)


def test_run_that_is_written_after_its_table_names_it_at_once(keeper: SessionKeeper, keep: Opener) -> None:
    snapshots = keep()
    token = snapshots.keep_table(TABLE, fingerprint(TABLE))
    assert snapshots.wait(_PATIENCE)

    read = written(keeper, snapshots, TABLE, token)

    assert read().datasets[0].snapshot_id is not None


def test_token_never_reaches_the_store(keeper: SessionKeeper, keep: Opener) -> None:
    snapshots = keep(table_bytes=10)
    token = snapshots.keep_table(TABLE, fingerprint(TABLE))

    read = written(keeper, snapshots, TABLE, token)

    assert token is not None
    assert read().datasets[0].snapshot_id is None
    assert read().tags[NOT_KEPT] == "X: 24 kB is over 10 bytes"


def test_known_table_is_promised_once(keep: Opener) -> None:
    snapshots = keep()
    first = snapshots.keep_table(TABLE, fingerprint(TABLE))
    assert snapshots.wait(_PATIENCE)

    assert snapshots.keep_table(TABLE.copy(), fingerprint(TABLE)) == first
    assert snapshots.keep_table(np.asfortranarray(TABLE), fingerprint(TABLE)) != first


def test_budget_counts_what_the_same_cell_has_kept_and_no_run_names_yet(keeper: SessionKeeper, keep: Opener) -> None:
    snapshots = keep(budget_bytes=40_000)
    other = TABLE + 1
    tokens = []
    for each in (TABLE, other):
        tokens.append(snapshots.keep_table(each, fingerprint(each)))
        assert snapshots.wait(_PATIENCE)

    reads = [written(keeper, snapshots, each, token) for each, token in zip((TABLE, other), tokens, strict=True)]

    assert reads[0]().datasets[0].snapshot_id is not None
    assert "would go over the budget of 40 kB" in reads[1]().tags[NOT_KEPT]


def test_table_with_another_content_than_its_fingerprint_is_not_kept(keeper: SessionKeeper, keep: Opener) -> None:
    import pandas as pd

    snapshots, frame = keep(), pd.DataFrame(TABLE)
    token = snapshots.keep_table(frame, fingerprint(frame + 1))

    read = written(keeper, snapshots, TABLE, token)
    assert snapshots.wait(_PATIENCE)

    assert read().datasets[0].snapshot_id is None
    assert read().tags[NOT_KEPT] == "X: it was changed while it was being kept"


def test_cell_that_nobody_attends_waits_for_what_would_be_lost_with_the_kernel(
    keeper: SessionKeeper, keep: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.tracking.snapshots._MOST_AT_EXIT", 1000)
    snapshots = keep()
    token = snapshots.keep_table(TABLE, fingerprint(TABLE))
    read = written(keeper, snapshots, TABLE, token)

    snapshots.cell_has_ended(is_attended=False)

    assert read().datasets[0].snapshot_id is not None


def test_budget_counts_what_the_store_holds_by_then(keeper: SessionKeeper, keep: Opener) -> None:
    snapshots = keep(budget_bytes=40_000)
    other = TABLE + 1
    tokens = [snapshots.keep_table(each, fingerprint(each)) for each in (TABLE, other)]
    reads = [written(keeper, snapshots, each, token) for each, token in zip((TABLE, other), tokens, strict=True)]

    assert snapshots.wait(_PATIENCE)

    first, second = (read() for read in reads)
    assert first.datasets[0].snapshot_id is not None
    assert "would go over the budget of 40 kB" in second.tags[NOT_KEPT]
    assert keeper.store.usage().snapshot_bytes <= 40_000
