"""A sweep while it runs: a picture that changes on a terminal, a line for each trial that has ended elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trackbook.display.sweep import best_line, line_of, running_lines
from trackbook.pipelines.sweeps.outcome import Progress, Watch
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

if TYPE_CHECKING:
    from rich.console import Console


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

    def watch(progress: Progress) -> None:
        for trial in ended.take(progress):
            write(line_of(trial, progress))

    return watch


@contextmanager
def live_watch(console: Console) -> Iterator[Watch]:
    """Give what keeps a picture on a terminal up to date: what is best so far, and where the running trials are."""
    from rich.live import Live
    from rich.text import Text

    ended = EndedTrials()
    with Live(console=console, refresh_per_second=8, transient=True) as live:

        def watch(progress: Progress) -> None:
            for trial in ended.take(progress):
                live.console.print(Text(line_of(trial, progress)), highlight=False)
            lines = [best_line(progress), *(f"  {line}" for line in running_lines(progress))]
            live.update(Text("\n".join(lines), overflow="ellipsis", no_wrap=True))

        yield watch
