"""A sweep while it runs: a table that changes on a terminal, a line for each trial that has ended elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trackbook import clock
from trackbook.display import format as fmt
from trackbook.display.sweep import best_text, counts_text, line_of
from trackbook.display.sweep_words import pairs
from trackbook.pipelines.sweeps.outcome import Progress, Watch
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

_REFRESHES = 4.0
_LINES_AROUND = 4
_FEWEST_ENDED = 2  # before these nobody knows how long it takes


class EndedTrials:
    """Gives each trial once, when it has ended; those that had ended before the sweep went on are not given."""

    def __init__(self) -> None:
        self._told: set[tuple[int, str | None]] | None = None

    def take(self, progress: Progress) -> list[Trial]:
        """Return the trials that have ended since this was last asked."""
        ended = [each for each in progress.trials if each.status is not TrialStatus.RUNNING]
        if self._told is None:
            self._told = {(each.number, each.run_id) for each in ended}
            return []
        new = [each for each in ended if (each.number, each.run_id) not in self._told]
        self._told |= {(each.number, each.run_id) for each in new}
        return new


def line_watch(write: Callable[[str], None]) -> Watch:
    """Return what writes a line for each trial that has ended."""
    ended = EndedTrials()
    remarks: set[str] = {""}

    def watch(progress: Progress) -> None:
        if progress.remark not in remarks:
            remarks.add(progress.remark)
            write(progress.remark)
        for trial in ended.take(progress):
            write(line_of(trial, progress))

    return watch


@contextmanager
def live_watch(console: Console) -> Iterator[Watch]:
    """Give what keeps a table on a terminal up to date; trials that have ended, and remarks, are lines above it."""
    from rich.live import Live
    from rich.text import Text

    table = LiveTable(console)
    with Live(console=console, refresh_per_second=_REFRESHES, transient=True, get_renderable=table.drawn) as live:
        lines = line_watch(lambda line: live.console.print(Text(line), soft_wrap=True, highlight=False))

        def watch(progress: Progress) -> None:
            lines(progress)
            table(progress)

        yield watch


class LiveTable:
    """What is best so far, how long it takes, and where the running trials are; it fits the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = self._last_end = clock.monotonic()
        self._trials_began: dict[int, float] = {}
        self._ended_before = 0
        self._progress: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Take how far it is."""
        if self._progress is None:
            self._ended_before = _ended(progress)
        elif _ended(progress) > _ended(self._progress):
            self._last_end = clock.monotonic()
        for trial in progress.trials:
            if trial.status is TrialStatus.RUNNING:
                self._trials_began.setdefault(trial.number, clock.monotonic())
        self._progress = progress

    def drawn(self) -> Group:
        """Return it as it is now."""
        from rich.console import Group
        from rich.text import Text

        progress = self._progress
        if progress is None:
            return Group(Text("The sweep starts …", style="dim"))
        head = Text.assemble((counts_text(progress), "bold"), (f"  {self._time(progress)}", "dim"), no_wrap=True)
        best = Text(best_text(progress), style="green", no_wrap=True, overflow="ellipsis")
        return Group(head, *([best] if best.plain else []), self._running(progress))

    def _time(self, progress: Progress) -> str:
        """Return how long it has taken, and about how long it will, once a few trials have ended."""
        now, ended, left = clock.monotonic(), _ended(progress) - self._ended_before, progress.planned - _ended(progress)
        took = fmt.duration(now - self._began)
        if ended < _FEWEST_ENDED or left <= 0:
            return took
        seconds = (self._last_end - self._began) / ended * left - (now - self._last_end)
        return f"{took}, about {fmt.duration(max(1.0, seconds))} left"

    def _running(self, progress: Progress) -> Table:
        from rich.table import Table

        running = [each for each in progress.trials if each.status is TrialStatus.RUNNING]
        most = max(1, self._console.height - _LINES_AROUND)
        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(4):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for trial in running[:most]:
            table.add_row(*self._cells(trial, progress))
        if len(running) > most:
            table.add_row("…", f"and {len(running) - most} more")
        return table

    def _cells(self, trial: Trial, progress: Progress) -> tuple[str, ...]:
        at, latest = progress.cells.get(trial.number), progress.latest.get(trial.number)
        return (
            f"▸ trial {trial.number}",
            f"cell {at[0]} of {at[1]}" if at is not None else "starting",
            fmt.duration(clock.monotonic() - self._trials_began[trial.number]),
            "" if latest is None else fmt.number(latest),
            pairs(trial.params),
        )


def _ended(progress: Progress) -> int:
    return sum(each.status is not TrialStatus.RUNNING for each in progress.trials)
