"""A fault of ours ends at the guard; an interrupt does not."""

from __future__ import annotations

import pytest
from trackbook.capture.guard import Guard


def test_fault_is_swallowed_noted_and_said() -> None:
    said: list[str] = []
    guard = Guard(said.append)

    with guard:
        raise KeyError("inner")

    assert guard.count == 1
    assert "KeyError: 'inner'" in guard.faults[0]
    assert "test_guard.py" in guard.faults[0]
    assert len(said) == 1
    assert "%track --faults" in said[0]


def test_only_the_first_fault_is_said() -> None:
    said: list[str] = []
    guard = Guard(said.append)

    for number in range(100):
        with guard:
            raise ValueError(number)

    assert (guard.count, len(said)) == (100, 1)
    assert 0 < len(guard.faults) < 100


def test_what_goes_well_is_no_fault() -> None:
    guard = Guard()

    with guard:
        result = 1

    assert (result, guard.count, guard.faults) == (1, 0, [])


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interrupts_go_through(interrupt: type[BaseException]) -> None:
    guard = Guard()

    with pytest.raises(interrupt), guard:
        raise interrupt

    assert guard.count == 0


def test_guards_nest_and_are_used_again() -> None:
    guard = Guard()

    with guard:
        with guard:
            raise ValueError
        raise KeyError

    assert guard.count == 2


def test_a_warning_that_can_not_be_given_is_no_fault_of_the_cell() -> None:
    def closed(sentence: str) -> None:
        raise ValueError("I/O operation on closed file")

    guard = Guard(closed)

    with guard:
        raise KeyError

    assert guard.count >= 1


def test_error_that_can_not_say_what_it_is() -> None:
    class Mute(Exception):  # noqa: N818  the person's
        def __str__(self) -> str:
            raise RuntimeError("mute")

    said: list[str] = []
    guard = Guard(said.append)

    with guard:
        raise Mute

    assert guard.count >= 1
    assert len(said) == 1


def test_fault_keeps_no_frame_alive() -> None:
    class Thing:
        pass

    import gc
    import weakref

    guard = Guard()
    thing = Thing()
    watched = weakref.ref(thing)

    def fail(held: Thing) -> None:
        raise ValueError

    with guard:
        fail(thing)
    del thing
    gc.collect()

    assert watched() is None
