"""Runs each corpus notebook twice, with and without Trackbook, once for all tests and all pytest workers."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .harness import Pair, Workshop
from .notebook import Notebook


@pytest.fixture(scope="session")
def workshop_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kernels"
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session")
def workshop(workshop_root: Path) -> Iterator[Workshop]:
    """Where the kernels of this worker live."""
    shop = Workshop(workshop_root / os.environ.get("PYTEST_XDIST_WORKER", "only"))
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def recorded(workshop: Workshop, workshop_root: Path) -> Callable[[Notebook], Pair]:
    """Give both recordings of a notebook, made by the first worker that asks."""

    def record(notebook: Notebook) -> Pair:
        kept = workshop_root / f"{notebook.name}.pickle"
        with open(workshop_root / f"{notebook.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_bytes(pickle.dumps(workshop.record_pair(notebook)))
        pair = pickle.loads(kept.read_bytes())
        assert isinstance(pair, Pair)
        return pair

    return record
