"""How much of a machine the steps that run take, and whether one more has room beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trackbook.pipelines.executors.stepping import cores
from trackbook.pipelines.graph.spec import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is for steps: how many at once, on how many cores, in how many bytes (None: nobody counts)."""

    slots: int
    cpus: float
    memory: int | None = None

    def fits(self, step: Step, running: Iterable[Step]) -> bool:
        """Return whether a step has room beside others. One that wishes more than there is runs alone."""
        others = list(running)
        if not others:
            return True
        if len(others) >= self.slots or _cpus([*others, step]) > self.cpus:
            return False
        return self.memory is None or _memory([*others, step]) <= self.memory

    def threads(self, step: Step) -> int | None:
        """Return how many threads the numerical libraries of a step may use; None leaves it its share of the cores."""
        return int(step.cpus) if step.cpus >= 2 else None


def room_here(slots: int) -> Room:
    """Return the room of this machine for so many steps at once."""
    import psutil

    return Room(slots=slots, cpus=max(slots, cores()), memory=int(psutil.virtual_memory().total))


def _cpus(steps: Iterable[Step]) -> float:
    return sum(step.cpus for step in steps)


def _memory(steps: Iterable[Step]) -> int:
    return sum(step.memory or 0 for step in steps)
