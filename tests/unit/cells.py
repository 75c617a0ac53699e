"""A notebook without IPython: cells are run statement by statement in one namespace, as IPython does, and captured."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from trackbook import clock
from trackbook.capture.cell import CapturedCell, CellCapture
from trackbook.capture.events import Event, FitEvent, MetricEvent
from trackbook.capture.guard import Guard
from trackbook.lineage.graph import Lineage
from trackbook.records import Execution
from trackbook.tracking.settle import fill_in, settle


def execute(source: str, variables: dict[str, Any], number: int) -> BaseException | None:
    """Run a cell like IPython: each statement a module of its own, in a file that linecache knows."""
    filename = f"/tmp/ipykernel_1/{number}.py"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    try:
        for statement in ast.parse(source).body:
            exec(compile(ast.Module([statement], []), filename, "exec"), variables)
    except BaseException as error:  # noqa: BLE001  a cell may raise anything; it is the cell's outcome
        return error
    return None


@dataclass
class Cells:
    """Runs and captures cells; every fault of ours is an error of the test."""

    variables: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    said: list[str] = field(default_factory=list)
    lineage: Lineage = field(default_factory=Lineage)
    execute: Callable[[str, dict[str, Any], int], BaseException | None] = execute
    number: int = 0
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.guard = Guard(self.said.append)
        self.capture = CellCapture(self.variables, frozenset, self.lineage.upstream, self.guard)

    def __enter__(self) -> Cells:
        self.capture.attach()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.detach()

    def run(self, source: str) -> CapturedCell:
        """Run a cell and return what was captured, its events filled in."""
        self.number += 1
        execution_id = f"execution-{self.number}"
        self.capture.begin(source, source)
        self.error = self.execute(source, self.variables, self.number)
        cell = self.capture.end(execution_id, self.error)
        settled = settle(cell, execution_id, self.lineage)
        for event in cell.events:
            fill_in(event, cell, self.lineage, {})
        execution = Execution(
            execution_id=execution_id,
            session_id="session",
            index=self.number,
            source=source,
            started_at=clock.now(),
            statements=settled.statements,
        )
        self.lineage.add(execution, settled.sources)
        assert self.guard.faults == [], self.guard.faults[0]
        return cell

    def events(self, *sources: str) -> list[Event]:
        """Run cells, which must not raise; return the events of the last."""
        cell: CapturedCell | None = None
        for source in sources:
            cell = self.run(source)
            if self.error is not None:
                raise self.error
        return cell.events if cell is not None else []


def fits(events: Iterable[Event]) -> list[FitEvent]:
    """Return the fits among events."""
    return [event for event in events if isinstance(event, FitEvent)]


def metrics(events: Iterable[Event]) -> list[MetricEvent]:
    """Return the metrics among events."""
    return [event for event in events if isinstance(event, MetricEvent)]
