"""Work that nobody waits for is done in order, within bounds, and its faults are nobody's."""

from __future__ import annotations

import threading

import pytest
from trackbook.capture.guard import Guard
from trackbook.tracking.background import Background

_PATIENCE = 30.0


def test_work_is_done_in_the_order_in_which_it_came() -> None:
    done: list[int] = []
    background = Background(Guard(), 100)

    for number in range(20):
        assert background.add(lambda number=number: done.append(number))  # type: ignore[misc]  # bound at once

    assert background.wait(_PATIENCE)
    assert done == list(range(20))


def test_more_than_fits_is_not_taken_but_one_thing_always_is() -> None:
    go = threading.Event()
    background = Background(Guard(), 100)

    assert background.add(lambda: assert_set(go), 500)
    assert not background.add(lambda: None, 1)

    go.set()
    assert background.wait(_PATIENCE)
    assert background.add(lambda: None, 90)


def test_fault_is_noted_and_the_next_work_is_done() -> None:
    guard, done = Guard(), threading.Event()
    background = Background(guard, 100)

    background.add(lambda: 1 / 0, 60)  # type: ignore[arg-type, return-value]  # it never returns
    background.add(done.set, 30)

    assert background.wait(_PATIENCE)
    assert done.is_set()
    assert "ZeroDivisionError" in guard.faults[0]


def test_what_has_time_is_put_off_while_a_cell_runs_and_what_has_none_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_the_clock(monkeypatch)
    kept, both = threading.Event(), threading.Event()
    background = Background(Guard(), 1000)
    background.cell_begins()
    done: list[str] = []

    background.add(lambda: (done.append("model"), both.set())[0], has_time=True)
    background.add(lambda: (done.append("table"), kept.set())[0])

    assert kept.wait(_PATIENCE)
    assert not both.wait(0.3)
    assert done == ["table"]
    background.cell_has_ended()
    _let_pass(0.06)
    assert both.wait(_PATIENCE)


def test_a_long_cell_does_not_put_off_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_the_clock(monkeypatch)
    done = threading.Event()
    background = Background(Guard(), 1000)
    background.cell_begins()

    background.add(done.set, has_time=True)
    assert not done.wait(0.2)
    _let_pass(3)

    assert done.wait(_PATIENCE)


@pytest.mark.parametrize(("count", "size"), [(70, 0), (2, 40 << 20)])
def test_not_much_is_put_off(monkeypatch: pytest.MonkeyPatch, count: int, size: int) -> None:
    _stop_the_clock(monkeypatch)
    done = threading.Event()
    background = Background(Guard(), 1 << 30)
    background.cell_begins()

    for _ in range(count):
        background.add(done.set, size, has_time=True)

    assert done.wait(_PATIENCE)


def test_who_waits_has_it_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_the_clock(monkeypatch)
    done: list[int] = []
    background = Background(Guard(), 1000)
    background.cell_begins()

    for number in range(5):
        background.add(lambda number=number: done.append(number), has_time=True)  # type: ignore[misc]  # bound at once

    assert background.wait(_PATIENCE)
    assert done == list(range(5))


def test_closing_says_how_much_was_not_done() -> None:
    go = threading.Event()
    background = Background(Guard(), 100)
    background.add(lambda: assert_set(go))
    background.add(lambda: None)

    assert background.close(0.01) == 2
    assert not background.add(lambda: None)
    go.set()
    assert background.wait(_PATIENCE)


_now = [0.0]


def _stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time that putting off counts in pass when a test says so."""
    _now[0] = 1000.0
    monkeypatch.setattr(Background, "_now", staticmethod(lambda: _now[0]))


def _let_pass(seconds: float) -> None:
    _now[0] += seconds


def assert_set(event: threading.Event) -> None:
    """Wait until an event is set."""
    assert event.wait(_PATIENCE)
