"""How rules write numbers and runs."""

from __future__ import annotations

from trackbook.pipelines.gates.rule import Subject
from trackbook.records import RunDetail


def number(value: float | int) -> str:
    """Return a number in six significant digits, integers whole."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def of_run(subject: Subject, run: RunDetail) -> str:
    """Return whose a value is: nothing of the judged run itself, else its step, or its name where it is of none."""
    if run.run.run_id == subject.run.run.run_id:
        return ""
    return f" in {subject.step_of(run) or run.run.name}"


def counted(count: int, noun: str) -> str:
    """Return a number of things: ``1 cell``, ``2 cells``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
