"""The fingerprint of a large mixed frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
from timing import Bench, Figure, by_turns, seconds
from trackbook.capture.fingerprint import fingerprint


def figures(bench: Bench) -> list[Figure]:
    """Return the fingerprint beside pandas' hash of the rows and beside a copy of the memory."""
    frame = mixed(bench.sizes.rows)
    name = f"fingerprint of {bench.sizes.rows:,} x {frame.shape[1]} mixed values"
    ours, hashed = by_turns(
        bench.sizes.turns,
        lambda: seconds(lambda: fingerprint(frame)),
        lambda: seconds(lambda: pd.util.hash_pandas_object(frame)),
    )
    beside, copied = by_turns(
        2 * bench.sizes.turns, lambda: seconds(lambda: fingerprint(frame)), lambda: seconds(lambda: _copied(frame))
    )
    return [
        Figure(name=name, peer_name="pd.util.hash_pandas_object", goal=1 / 12, ours=ours, peer=hashed),
        Figure(name=name, peer_name="a copy of its memory", goal=3, ours=beside, peer=copied),
    ]


def mixed(rows: int, seed: int = 7) -> pd.DataFrame:
    """Return a frame of 20 columns of the types that people have."""
    chance = np.random.default_rng(seed)
    columns: dict[str, object] = {f"float{i}": chance.normal(size=rows) for i in range(8)}
    columns |= {f"int{i}": chance.integers(0, 1_000_000, rows) for i in range(5)}
    columns |= {f"bool{i}": chance.random(rows) > 0.5 for i in range(2)}
    start = np.datetime64("2026-01-01", "ns")
    columns |= {f"time{i}": start + chance.integers(0, 10**15, rows).astype("m8[ns]") for i in range(2)}
    columns["category"] = pd.Categorical(chance.choice(["red", "green", "blue"], rows))
    words = np.array([f"word {number}" for number in range(1000)], dtype=object)
    columns |= {f"text{i}": pd.array(words[chance.integers(0, 1000, rows)], dtype="string[pyarrow]") for i in range(2)}
    return pd.DataFrame(columns)


def _copied(frame: pd.DataFrame) -> list[object]:
    """Copy all that a frame holds, Arrow's buffers too, which ``frame.copy()`` would share."""
    texts = [name for name in frame if str(name).startswith("text")]
    chunks = [chunk for name in texts for chunk in frame[name].array.__arrow_array__().chunks]
    buffers = [np.frombuffer(buffer, np.uint8).copy() for chunk in chunks for buffer in chunk.buffers() if buffer]
    return [frame.drop(columns=texts).copy(deep=True), *buffers]
