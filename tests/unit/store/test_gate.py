"""Ctrl-C waits until a transaction is over, and nobody is inside the gate while the process forks."""

from __future__ import annotations

import signal
import threading

import pytest
from trackbook.store.sql.gate import Gate, without_interrupts


def test_interrupt_comes_when_the_outermost_hold_ends() -> None:
    reached = []

    def hold() -> None:
        with without_interrupts():
            with without_interrupts():
                signal.raise_signal(signal.SIGINT)
            reached.append("after the inner one")
        reached.append("after the outer one")

    with pytest.raises(KeyboardInterrupt):
        hold()

    assert reached == ["after the inner one"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_hold_nothing() -> None:
    handlers = []

    def hold() -> None:
        with without_interrupts():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()

    assert handlers == [signal.default_int_handler]


def test_person_who_ignores_interrupts_is_left_alone() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with without_interrupts():
            signal.raise_signal(signal.SIGINT)
            inside = signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

    assert inside is signal.SIG_IGN


def test_shut_gate_waits_for_those_inside_and_lets_in_when_it_opens() -> None:
    gate = Gate()
    entered = threading.Event()

    with gate:
        is_empty = gate.shut(0.01)
    thread = threading.Thread(target=lambda: (gate.__enter__(), entered.set(), gate.__exit__(None, None, None)))
    thread.start()
    was_shut_out = not entered.wait(0.05)
    gate.open()
    thread.join()

    assert (is_empty, was_shut_out, entered.is_set(), gate.is_empty) == (False, True, True, True)
