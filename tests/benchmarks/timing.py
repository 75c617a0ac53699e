"""How everything is timed: by turns, without the garbage collector, and what becomes of the times."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TypeAlias

Timer: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured. A turn is one sample of ours and one of the peer's."""

    turns: int = 7
    cells: int = 40
    far_cell: int = 2000
    points: int = 10_000
    slow_points: int = 1_000
    created: int = 20
    runs: int = 10_000
    many_runs: int = 100_000
    rows: int = 1_000_000
    busy: int = 3_000_000
    notebooks: int = 50
    stages: int = 10
    steps: int = 1_000


QUICK = Sizes(
    turns=2,
    cells=2,
    far_cell=110,
    points=50,
    slow_points=5,
    created=2,
    runs=120,
    many_runs=240,
    rows=1_000,
    busy=1_000,
    notebooks=2,
    stages=2,
    steps=20,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a subject is given: a folder of its own, sizes, and the Pythons of the peers that could be installed."""

    folder: Path
    sizes: Sizes
    peers: dict[str, str]
    failures: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a subject gives back: samples of ours and of the peer's in turn, and the greatest ratio that is good enough.

    `unit` is ``s`` or ``bytes``. A peer that could not be asked leaves no samples and its `failure`.
    """

    name: str
    peer_name: str
    goal: float
    ours: list[float]
    peer: list[float]
    unit: str = "s"
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A result. `ratio` is ours divided by the peer's, by medians, and `goal` the greatest that is good enough.

    So 0.01 means a hundred times faster. `spread` is the distance between the quartiles of our samples, divided by
    their median. Times are in seconds, sizes in bytes.
    """

    name: str
    ours: float | None
    peer: float | None
    peer_name: str
    ratio: float | None
    goal: float
    holds: bool
    spread: float | None
    unit: str = "s"
    failure: str | None = None


def benchmark_of(figure: Figure) -> Benchmark:
    """Return the result of some samples; none without samples holds, nor a cost below zero, which is noise."""
    ours = median(figure.ours) if figure.ours else None
    peer = median(figure.peer) if figure.peer else None
    ratio = ours / peer if ours is not None and peer else None
    return Benchmark(
        name=figure.name,
        ours=ours,
        peer=peer,
        peer_name=figure.peer_name,
        ratio=None if ratio is None else round(ratio, 4),
        goal=figure.goal,
        holds=ratio is not None and (ours or 0) > 0 and 0 < ratio <= figure.goal,  # below nothing: not measured
        spread=_spread(figure.ours),
        unit=figure.unit,
        failure=figure.failure,
    )


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes, with the garbage collector waiting."""
    gc.collect(0)
    gc.disable()
    try:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started
    finally:
        gc.enable()


def by_turns(count: int, *timers: Timer) -> list[list[float]]:
    """Return the samples of each timer, taken by turns after a turn that warms up."""
    turns = [[timer() for timer in timers] for _ in range(count + 1)][1:]
    return [list(samples) for samples in zip(*turns, strict=True)]


def _spread(samples: list[float]) -> float | None:
    if len(samples) < 2 or not median(samples):
        return None
    first, middle, third = quantiles(samples, n=4)
    return round(abs((third - first) / middle), 3)
