"""How far a step is, on one line of the terminal that is gone when it ends."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from trackbook.pipelines.steps.job import StepEvent


class StepProgress:
    """Shows a step's cells, its time and its latest metric; warnings stay, and all that a file gets are these.

    Parameters
    ----------
    name
        The step's.
    stream
        Where to; a line that changes is only drawn on a terminal.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.cells: int | None = None
        """How many cells are executed in all."""
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[at]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[metric]}"),
            console=Console(file=stream),
            transient=True,
            disable=not stream.isatty(),
        )
        self._task = self._progress.add_task(name, total=None, at="starting its kernel", metric="")

    def __enter__(self) -> StepProgress:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def tell(self, event: StepEvent) -> None:
        """Take what a step tells."""
        if event.cell is not None:
            self.cells = event.cells
            done = event.cell - 1
            self._progress.update(
                self._task, total=event.cells, completed=done, at=f"cell {event.cell} of {event.cells}"
            )
        elif event.metric is not None and event.value is not None:
            self._progress.update(self._task, metric=f"{event.metric} {event.value:.6g}")
        elif event.warning is not None:
            self._say(event.warning)

    def stopping(self) -> None:
        """Say that it is being stopped."""
        self._say("Stopping. What it did is kept. Press Ctrl-C again to kill it.")

    def _say(self, sentence: str) -> None:
        if self._progress.disable:
            click.echo(sentence, err=True)
        else:
            self._progress.console.print(sentence, markup=False, highlight=False)
