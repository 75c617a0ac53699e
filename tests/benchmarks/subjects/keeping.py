"""What a cell waits for a table to be kept by content: all that happens before the prompt comes back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
from timing import Bench, Figure, by_turns, seconds
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.capture.tables import describe
from trackbook.config import Settings
from trackbook.store.location import open_store
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.snapshots import Limits, Snapshots

from subjects.frames import mixed

_PATIENCE = 600.0


def figures(bench: Bench) -> list[Figure]:
    """Return the wait for a new table, and for one that is known, beside making an Arrow table of it."""
    frame = mixed(bench.sizes.rows)
    guard = Guard()
    keeper = SessionKeeper(
        lambda: open_store(bench.folder / "store"),
        Notebook(path=None, frontend="script", kernel_id=None),
        Path.cwd(),
        Settings(),
        guard,
        lambda sentence: None,
    )
    snapshots = Snapshots(keeper, Limits(), guard, lambda sentence: None)
    name = f"{bench.sizes.rows:,} x {frame.shape[1]} mixed values to keep"
    numbers = iter(range(1000))

    def new_table() -> float:
        table = frame.assign(float0=frame["float0"] + next(numbers))
        waited = seconds(lambda: _keep(snapshots, table))
        assert snapshots.wait(_PATIENCE)
        return waited

    def known_table() -> float:
        return seconds(lambda: _keep(snapshots, frame))

    def to_arrow() -> float:
        return seconds(lambda: pa.Table.from_pandas(frame))

    _keep(snapshots, frame)
    assert snapshots.wait(_PATIENCE)
    new, beside_new = by_turns(bench.sizes.turns, new_table, to_arrow)
    known, beside_known = by_turns(bench.sizes.turns, known_table, to_arrow)
    keeper.close()
    assert not guard.faults, guard.faults
    peer = "pa.Table.from_pandas"
    return [
        Figure(name=f"wait for {name}", peer_name=peer, goal=3, ours=new, peer=beside_new),
        Figure(name=f"wait for {name}, known", peer_name=peer, goal=3, ours=known, peer=beside_known),
    ]


def _keep(snapshots: Snapshots, table: pd.DataFrame) -> None:
    use = describe(table, "table")
    assert snapshots.keep_table(table, use.fingerprint) is not None
