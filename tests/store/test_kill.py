"""Killed at any moment, a notebook leaves a whole store with every cell whose prompt had returned."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from trackbook.records import RunStatus
from trackbook.store import RunFilter, open_store

from tests.kernel.kernel import Kernel
from tests.store.shell import source_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, because a new notebook takes seconds")
STORES, LIVES = 20, 10  # 200 killed shells; the killed kernels are below
KERNELS = 4
MOST_CELLS = 5
SECONDS = 30


class Nursery:
    """Forks notebooks and kills them."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("shell.py")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script), "nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def live_and_die(self, folder: Path, life: str, chance: Random) -> list[int]:
        """Let a notebook run some cells, kill it inside one of the next, and return those whose prompt was back."""
        assert self._process.stdin is not None
        print(folder, life, file=self._process.stdin, flush=True)
        pid = int(self._line())
        enough = chance.randrange(MOST_CELLS)
        deadline = time.monotonic() + SECONDS
        while len(noted(folder, life)) < enough and time.monotonic() < deadline:
            time.sleep(0.004)
        time.sleep(chance.random() * (0.02 if enough else 0.2))  # without a cell: somewhere while it loads
        os.kill(pid, signal.SIGKILL)
        while is_alive(pid):
            time.sleep(0.002)
        return noted(folder, life)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    started = Nursery()
    yield started
    started.close()


def noted(folder: Path, life: str) -> list[int]:
    notes = folder / f"{life}.notes"
    return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def assert_whole(folder: Path, sources: set[str]) -> None:
    """Assert that a store opens, is whole by SQLite's and by our own rules, and holds the sources."""
    store = open_store(folder / "store")
    with closing(sqlite3.connect(folder / "store" / "trackbook.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert store.verify() == []
    assert sources <= {execution.source for execution in store.executions()}
    assert RunStatus.RUNNING not in {detail.run.status for detail in store.runs(RunFilter())}
    store.close()


@pytest.mark.parametrize("seed", range(STORES))
def test_notebook_that_is_killed_at_any_moment_keeps_finished_cells(
    nursery: Nursery, tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    kept: set[str] = set()

    for number in range(LIVES):
        life = f"life{number}"
        kept |= {source_of(life, cell) for cell in nursery.live_and_die(tmp_path, life, chance)}

        assert_whole(tmp_path, kept)

    assert len(kept) > LIVES


def test_kernel_that_is_killed_at_any_moment_keeps_finished_cells(tmp_path: Path) -> None:
    lives = [live_and_die_in_a_kernel(tmp_path, number) for number in range(KERNELS)]

    assert_whole(tmp_path, {source for life in lives for source in life})


def live_and_die_in_a_kernel(folder: Path, number: int) -> list[str]:
    """Run some cells in a kernel, kill it inside another, and return those whose prompt was back."""
    chance = Random(number)
    sources = [f"x{cell} = {number}\nprint('a long output ' * 2000)" for cell in range(chance.randrange(1, 5))]
    with Kernel(folder, {"TRACKBOOK_STORE": str(folder / "store")}) as kernel:
        for source in ["%load_ext trackbook", *sources]:
            assert kernel.run(source)["status"] == "ok"
        kernel.begin("for number in range(10**9): total = number")
        time.sleep(chance.random() / 10)
        kernel.kill()
    return sources
