"""Work that nobody waits for is done in order, within bounds, and its faults are nobody's."""

from __future__ import annotations

import threading

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


def test_closing_says_how_much_was_not_done() -> None:
    go = threading.Event()
    background = Background(Guard(), 100)
    background.add(lambda: assert_set(go))
    background.add(lambda: None)

    assert background.close(0.01) == 2
    assert not background.add(lambda: None)
    go.set()
    assert background.wait(_PATIENCE)


def assert_set(event: threading.Event) -> None:
    """Wait until an event is set."""
    assert event.wait(_PATIENCE)
