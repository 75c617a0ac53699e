"""What tracking adds to a cell, from prompt to prompt, its row durable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from notebook import Notebook
from raw import LastCell
from timing import Bench, Figure, by_turns

COMMIT = "a hook that commits its row (raw SQLite, WAL)"
UNTRACKED = "the same cell untracked"
PRINTING = "for i in range(20):\n    print('a line of output', i)"
_numbers = count()


def figures(bench: Bench) -> list[Figure]:
    """Return what cells cost: trivial ones, far down the notebook, among many names, long ones, ones that print."""
    notebook, cells, turns = Notebook(), bench.sizes.cells, bench.sizes.turns
    notebook.added(lambda: _next(max(cells, 10)))
    raw = LastCell(_database(bench), bench.folder / "raw.db")
    raw_added = partial(notebook.added, lambda: _next(cells), raw.commit)
    ours, peer = by_turns(turns, lambda: notebook.added(lambda: _next(cells)), raw_added)
    again, beside = by_turns(turns, lambda: notebook.added(lambda: ["x = 1"] * cells), raw_added)
    return [
        Figure(name="a trivial cell, the next one: added", peer_name=COMMIT, goal=5, ours=ours, peer=peer),
        Figure(name="a trivial cell, again: added", peer_name=COMMIT, goal=5, ours=again, peer=beside),
        _names(notebook, bench),
        _far(notebook, bench),
        _against_bare(notebook, bench, "a cell that computes (resources sampled)", _busy(bench), 1.02),
        _against_bare(notebook, bench, "a cell that prints 20 lines (output kept)", PRINTING, 5),
    ]


def _next(cells: int) -> Iterator[str]:
    return (f"x = {next(_numbers)}" for _ in range(cells))


def _busy(bench: Bench) -> str:
    return f"total = 0\nfor number in range({bench.sizes.busy}):\n    total += number"


def _names(notebook: Notebook, bench: Bench) -> Figure:
    def among(names: int) -> float:
        others = {f"other_{number}": [number] for number in range(names)}
        notebook.shell.user_ns.update(others)
        notebook.added(lambda: _next(5))
        found = notebook.added(lambda: _next(bench.sizes.cells))
        for name in others:
            del notebook.shell.user_ns[name]
        return found

    many, few = by_turns(bench.sizes.turns, lambda: among(1_000), lambda: among(10))
    name = "a trivial cell among 1,000 other names: added"
    return Figure(name=name, peer_name="among 10 other names", goal=1.2, ours=many, peer=few)


def _far(notebook: Notebook, bench: Bench) -> Figure:
    late: list[float] = []
    early: list[float] = []
    half = bench.sizes.cells // 2
    for _ in range(min(bench.sizes.turns, 5)):
        notebook.again()

        _pass(notebook, 100 - half)
        early.append(notebook.added(lambda: _next(2 * half)))
        _pass(notebook, bench.sizes.far_cell - 100 - 2 * half)
        late.append(notebook.added(lambda: _next(2 * half)))
    name = f"a trivial cell, number {bench.sizes.far_cell:,}: added"
    return Figure(name=name, peer_name="cell number 100 of that session", goal=1.2, ours=late, peer=early)


def _pass(notebook: Notebook, cells: int) -> None:
    for source in _next(cells):
        notebook.shell.run_cell(source, store_history=True)


def _against_bare(notebook: Notebook, bench: Bench, name: str, source: str, goal: float) -> Figure:
    several = 1 if source != PRINTING else bench.sizes.cells
    ours, peer = by_turns(
        bench.sizes.turns,
        lambda: median(notebook.run(source) for _ in range(several)),
        lambda: median(notebook.run_bare(source) for _ in range(several)),
    )
    return Figure(name=name, peer_name=UNTRACKED, goal=goal, ours=ours, peer=peer)


def _database(bench: Bench) -> Path:
    return next((bench.folder / "store").glob("*.db"))
