"""Keeping a large mixed frame by content: how long it takes, what its next versions cost, and how it is read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from peer import Peer, absent
from timing import Bench, Figure, by_turns, seconds
from trackbook.capture.fingerprint import fingerprint
from trackbook.store.objects import FolderObjects, MemoryObjects
from trackbook.store.tables import read, restore_key, write

from subjects.frames import mixed


def figures(bench: Bench) -> list[Figure]:
    """Return the figures of snapshots."""
    frame = mixed(bench.sizes.rows)
    return [*_written(bench, frame), *_stored_again(frame), *_read(bench, frame)]


def _written(bench: Bench, frame: pd.DataFrame) -> Iterator[Figure]:
    """Measure the first snapshot beside plain Parquet and ``dvc add``, and the same table again."""
    shape = f"{len(frame):,} x {frame.shape[1]} mixed values"
    first, again = f"a snapshot of {shape}", f"the same again: {shape}"
    known = "`dvc add` of the unchanged file"
    path = bench.folder / "plain.parquet"
    folders = (bench.folder / f"objects{number}" for number in itertools.count())

    def snapshot() -> float:
        objects = FolderObjects(next(folders))
        return seconds(lambda: write(objects, frame))

    def plain() -> float:
        return seconds(lambda: frame.to_parquet(path, compression="zstd"))

    def recognised() -> float:
        return seconds(lambda: (fingerprint(frame), restore_key(frame)))

    if "dvc" not in bench.peers:
        ours, peer = by_turns(bench.sizes.turns, snapshot, plain)
        yield Figure(name=first, peer_name="plain Parquet (zstd)", goal=2, ours=ours, peer=peer)
        yield absent(bench, "dvc", first, "plain Parquet and `dvc add`", 1, ours)
        yield absent(bench, "dvc", again, known, 0.1, by_turns(bench.sizes.turns, recognised)[0])
        return
    with Peer(bench, "dvc", "dvc_add") as dvc:

        def added() -> float:
            return float(dvc.ask(do="first", path=str(path)))

        ours, peer, beside = by_turns(bench.sizes.turns, snapshot, plain, added)
        mine, theirs = by_turns(bench.sizes.turns, recognised, lambda: float(dvc.ask(do="again")))
    both = [one + other for one, other in zip(peer, beside, strict=True)]
    yield Figure(name=first, peer_name="plain Parquet (zstd)", goal=2, ours=ours, peer=peer)
    yield Figure(name=first, peer_name="plain Parquet and `dvc add`", goal=1, ours=ours, peer=both)
    yield Figure(name=again, peer_name=known, goal=0.1, ours=mine, peer=theirs)


def _stored_again(frame: pd.DataFrame) -> Iterator[Figure]:
    """Measure the bytes that the next version costs beside those of the first, which DVC would store again."""
    whole = _new_bytes(MemoryObjects(), frame)
    column = "float3"
    share = _new_bytes(MemoryObjects(), frame[[column]]) / whole
    goals = {"1 % of rows appended": 0.025, "1,000 rows inserted in the middle": 0.04}
    for name, change in _CHANGES.items():
        objects = MemoryObjects()
        write(objects, frame)
        goal = share + 0.01 if name == "one column replaced" else goals.get(name, 0.05)
        yield Figure(
            name=f"stored again: {name}",
            peer_name="the first version",
            goal=goal,
            ours=[_new_bytes(objects, change(frame))],
            peer=[whole],
            unit="bytes",
        )


def _new_bytes(objects: MemoryObjects, frame: pd.DataFrame) -> float:
    return float(write(objects, frame).new_bytes)


def _read(bench: Bench, frame: pd.DataFrame) -> Iterator[Figure]:
    objects = FolderObjects(Path(bench.folder) / "read")
    snapshot_id = write(objects, frame).snapshot_id
    few = ["float0", "text0"]
    ours, peer = by_turns(
        bench.sizes.turns,
        lambda: seconds(lambda: read(objects, snapshot_id, columns=few)),
        lambda: seconds(lambda: read(objects, snapshot_id)),
    )
    yield Figure(name="2 of 20 columns of a snapshot", peer_name="all of them", goal=0.2, ours=ours, peer=peer)


def _appended(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, _others(frame, len(frame) // 100)], ignore_index=True)


def _inserted(frame: pd.DataFrame) -> pd.DataFrame:
    half = len(frame) // 2
    return pd.concat([frame.iloc[:half], _others(frame, 1000), frame.iloc[half:]], ignore_index=True)


def _edited(frame: pd.DataFrame) -> pd.DataFrame:
    start, count = len(frame) // 3, len(frame) // 100
    others = _others(frame, count)
    return pd.concat([frame.iloc[:start], others, frame.iloc[start + count :]], ignore_index=True)


def _deleted(frame: pd.DataFrame) -> pd.DataFrame:
    start, count = len(frame) // 3, len(frame) // 100
    return pd.concat([frame.iloc[:start], frame.iloc[start + count :]], ignore_index=True)


def _others(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return rows that the frame does not have, of its dtypes."""
    return mixed(count, seed=8).astype(dict(frame.dtypes))


_CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "1 % of rows appended": _appended,
    "1 % of rows edited in one place": _edited,
    "1 % of rows deleted in one place": _deleted,
    "1,000 rows inserted in the middle": _inserted,
    "one column replaced": lambda df: df.assign(float3=np.random.default_rng(9).normal(size=len(df))),
}
