"""What is imported while nobody waits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from trackbook.capture.guard import Guard
from trackbook.tracking import idle_import
from trackbook.tracking.idle_import import IdleImport

_PATIENCE = 30.0
NAMES = [f"module{number}" for number in range(5)]


class Library:
    """Modules that are imported by name, each when it is let."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.changed = threading.Condition()
        self.may_end = threading.Event()

    def load(self, name: str) -> None:
        with self.changed:
            self.begun.append(name)
            self.changed.notify_all()
        assert self.may_end.wait(_PATIENCE)

    def has_begun(self, count: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.begun) >= count, _PATIENCE)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library in place of skops."""
    made = Library()
    monkeypatch.setattr(idle_import, "_modules", lambda: iter(NAMES))
    monkeypatch.setattr(idle_import, "import_module", made.load)
    monkeypatch.setattr(idle_import, "_PAUSE", 0.05)
    return made


@pytest.fixture
def idle(library: Library) -> Iterator[IdleImport]:
    """What imports that library; everything has gone well by the end."""
    guard = Guard()
    made = IdleImport(guard)
    yield made
    library.may_end.set()
    made.finish()
    assert not guard.faults


def test_cell_waits_for_one_module_and_no_more_are_imported_while_it_runs(library: Library, idle: IdleImport) -> None:
    idle.begin(lambda: None)
    assert library.has_begun(1)
    threading.Timer(0.05, library.may_end.set).start()

    idle.cell_begins()

    assert len(library.begun) < len(NAMES)
    idle.cell_has_ended()
    assert library.has_begun(len(NAMES))


def test_nothing_is_imported_between_cells_that_follow_each_other(library: Library, idle: IdleImport) -> None:
    library.may_end.set()
    idle.cell_begins()
    idle.begin(lambda: None)

    for _ in range(20):
        idle.cell_has_ended()
        idle.cell_begins()

    assert library.begun == []


def test_cell_that_needs_it_at_once_imports_what_is_left(library: Library, idle: IdleImport) -> None:
    library.may_end.set()
    done = threading.Event()
    idle.begin(done.set)
    idle.cell_begins()

    idle.finish()

    assert library.begun == NAMES
    assert idle.is_done
    assert done.is_set()


def test_skops_is_here_once_it_is_done() -> None:
    idle, done = IdleImport(Guard()), threading.Event()
    idle.begin(done.set)

    idle.finish()

    assert done.is_set()
    assert "skops.io" in sys.modules
