"""A store that can be out of order, and sessions that write to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.config import Settings
from trackbook.errors import StoreError
from trackbook.store import Batch, MemoryStore
from trackbook.tracking.session import SessionKeeper


class FlakyStore(MemoryStore):
    """A store in memory that can be made to refuse everything, as a full or unmounted disk does."""

    def __init__(self) -> None:
        super().__init__("memory://flaky")
        self.is_down = False
        self.batches: list[Batch] = []

    def write(self, batch: Batch) -> None:
        self._check()
        super().write(batch)
        self.batches.append(batch)

    def put_object(self, content: bytes) -> str:
        self._check()
        return super().put_object(content)

    def _check(self) -> None:
        if self.is_down:
            raise StoreError("The disk is full. Make room and go on.")


@dataclass
class Desk:
    """Sessions on a flaky store, and everything that was said to the person."""

    folder: Path
    store: FlakyStore = field(default_factory=FlakyStore)
    said: list[str] = field(default_factory=list)
    can_open: bool = True
    opened: int = 0
    opening_error: Exception = field(default_factory=lambda: StoreError("There is no such folder. Make it and go on."))
    keepers: list[SessionKeeper] = field(default_factory=list)
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self.guard = Guard(self.said.append)

    def open_store(self) -> FlakyStore:
        self.opened += 1
        if not self.can_open:
            raise self.opening_error
        return self.store

    def keeper(self, **settings: Any) -> SessionKeeper:
        chosen = Settings(**{"heartbeat_seconds": 3600.0, **settings})
        notebook = Notebook(path=self.folder / "churn.ipynb", frontend="jupyter", kernel_id=None)
        found = SessionKeeper(self.open_store, notebook, self.folder, chosen, self.guard, self.said.append)
        self.keepers.append(found)
        return found


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("TRACKBOOK_RUN_ID", "TRACKBOOK_STORE", "TRACKBOOK_EXPERIMENT"):
        monkeypatch.setenv(name, "")  # so that at the end it is again what it was, whatever a test has announced
        monkeypatch.delenv(name)
    found = Desk(tmp_path)
    yield found
    found.can_open, found.store.is_down = True, False
    for keeper in found.keepers:
        keeper.close(forget=True)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds, for ten seconds at most."""

    def wait(holds: Callable[[], object]) -> None:
        tick = threading.Event()
        for _ in range(1000):
            if holds():
                return
            tick.wait(0.01)
        raise AssertionError("it did not come to hold")

    return wait
