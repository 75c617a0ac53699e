"""Measures what tracking costs, each time beside what it should be compared with, in the same minute, by turns.

``make bench`` runs it, prints a table and writes ``benchmarks.json`` beside this file. Each measure has a process of
its own. All times are in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

RESULTS = Path(__file__).with_name("benchmarks.json")
INSERT = "INSERT INTO executions VALUES (NULL, 'x = 1', 0.1)"
CELLS, FITS, IMPORTS = 200, 40, 15
Samples = tuple[list[float], list[float]]  # ours, the peer's


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A result. `ratio` is ours to the peer's, by medians; `spread` the distance of our quartiles, by our median."""

    name: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: float
    holds: bool
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something to measure: `goal` is the greatest ratio that is good enough."""

    name: str
    peer_name: str
    goal: float
    samples: Callable[[Path], Samples]


def hook(folder: Path) -> Samples:
    """Measure what tracking adds to a trivial cell; the peer is one row committed with the store's own settings."""
    shell = _shell()
    shell.run_cell("%load_ext trackbook")
    ours, peer = [], []
    with sqlite3.connect(folder / "peer.db", isolation_level=None) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE executions (id INTEGER PRIMARY KEY, source TEXT, seconds REAL)")
        for _ in range(CELLS // 20):
            shell.run_cell("%track off")
            bare = median(_cells(shell, "x = 1", 20))
            shell.run_cell("%track on")
            ours += [seconds - bare for seconds in _cells(shell, "x = 1", 20)]
            peer += [_seconds(lambda: database.execute(INSERT)) for _ in range(20)]
    return ours, peer


def fit(folder: Path) -> Samples:
    """Measure a fit of a small model in a cell, with its run recorded; the peer is the same cell untracked."""
    shell = _shell()
    shell.run_cell(
        "from sklearn.datasets import load_iris\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "X, y = load_iris(return_X_y=True)\nC = 1.0"
    )
    cell = "model = LogisticRegression(C=C, max_iter=500).fit(X, y)"
    ours, peer = [], []
    for _ in range(4):
        peer += _cells(shell, cell, FITS // 4)
        shell.run_cell("%load_ext trackbook")
        ours += _cells(shell, cell, FITS // 4)
        shell.run_cell("%unload_ext trackbook")
    return ours, peer


def imports(folder: Path) -> Samples:
    """Measure a Python that imports Trackbook; the peer is one that imports nothing."""
    pairs = [(_python("import trackbook"), _python("pass")) for _ in range(IMPORTS + 1)][1:]
    return [ours for ours, _ in pairs], [peer for _, peer in pairs]


MEASURES = {
    "hook": Measure(
        name="a trivial cell: what hooks add", peer_name="one raw SQLite commit (WAL)", goal=50, samples=hook
    ),
    "fit": Measure(
        name="a cell that fits LogisticRegression", peer_name="the same cell untracked", goal=2, samples=fit
    ),
    "imports": Measure(name="import trackbook", peer_name="bare Python", goal=2, samples=imports),
}


def main() -> None:
    """Run all measures, or with an argument print the samples of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", nargs="?", choices=MEASURES)
    chosen = parser.parse_args().measure
    if chosen:
        print(json.dumps(MEASURES[chosen].samples(Path.cwd())))
        return
    results = [_measured(key) for key in MEASURES]
    RESULTS.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n", encoding="utf-8")
    print(_table(results))


def _measured(key: str) -> Benchmark:
    measure = MEASURES[key]
    print(f"Measuring {measure.name} ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = json.loads(
            _output([sys.executable, str(Path(__file__).resolve()), key], Path(folder)).splitlines()[-1]
        )
    first, middle, third = quantiles(ours, n=4)
    ratio = middle / median(peer)
    return Benchmark(
        name=measure.name,
        ours=middle,
        peer=median(peer),
        peer_name=measure.peer_name,
        ratio=round(ratio, 3),
        goal=measure.goal,
        holds=ratio <= measure.goal,
        spread=round((third - first) / middle, 3),
    )


def _output(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "TRACKBOOK_STORE": str(folder / "store"), "IPYTHONDIR": str(folder / "ipython")}
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _table(results: list[Benchmark]) -> str:
    row = "{:37} {:>9} {:>9}  {:28} {:>6} {:>5}  {:5} {:>6}".format
    lines = [row("what", "ours", "peer", "peer is", "ratio", "goal", "holds", "spread")]
    for each in results:
        times = f"{each.ours * 1000:.2f} ms", f"{each.peer * 1000:.2f} ms"
        holds = "yes" if each.holds else "no"
        ratio, spread = f"{each.ratio:.2f}", f"{each.spread:.0%}"
        lines.append(row(each.name, *times, each.peer_name, ratio, f"{each.goal:g}", holds, spread))
    return "\n".join(lines)


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    return InteractiveShell.instance(history_manager=None, colors="nocolor")


def _cells(shell: Any, source: str, count: int) -> list[float]:
    """Return the seconds of running a cell so many times, after one that warms up."""
    seconds = [_seconds(lambda: shell.run_cell(source, store_history=True)) for _ in range(count + 1)]
    return seconds[1:]


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _python(code: str) -> float:
    return _seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))


if __name__ == "__main__":
    main()
