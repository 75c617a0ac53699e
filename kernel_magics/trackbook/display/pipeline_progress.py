"""A pipeline while it runs: a table that is drawn anew on a terminal, elsewhere a line for each change."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from trackbook import clock
from trackbook.display import format as fmt
from trackbook.pipelines.running.progress import Phase, StepProgress
from trackbook.tracking.direction import is_detail

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

STATES = {
    Phase.WAITING: ("·", "dim"),
    Phase.RUNNING: ("▸", "cyan"),
    Phase.RETRYING: ("↻", "yellow"),
    Phase.FINISHED: ("✓", "green"),
    Phase.SKIPPED: ("»", "dim"),
    Phase.FAILED: ("✗", "red"),
    Phase.BLOCKED: ("⊘", "yellow"),
    Phase.STOPPED: ("■", "yellow"),
}
_SAID_BY_REASON = (Phase.BLOCKED, Phase.STOPPED)
_URGENT = (Phase.RUNNING, Phase.RETRYING, Phase.FAILED)
_CELL_SECONDS = 5.0  # a line for a cell of a step that said nothing for so long
_MOST_METRICS = 2
_LONGEST_REASON = 60
_LINES_AROUND = 4
_REFRESHES = 4.0


class Shows(Protocol):
    """Shows how steps stand, and sentences beside that."""

    def __call__(self, step: StepProgress) -> None:
        """Take a change of a step."""

    def say(self, sentence: str) -> None:
        """Show a sentence. From any thread, and from signal handlers."""


@contextmanager
def watched(stream: TextIO, names: list[str]) -> Iterator[Shows]:
    """Give what shows the steps' progress on a stream: a live table if that is a terminal, else lines."""
    if not stream.isatty():
        yield Lines(stream)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    table = LiveTable(console, names)
    with Live(console=console, refresh_per_second=_REFRESHES, get_renderable=table.drawn) as live:
        yield table
        table.is_over = True
        live.refresh()


class Lines:
    """Writes one line for each change of a step, and for a cell now and then."""

    def __init__(self, stream: TextIO, seconds: Callable[[], float] = clock.monotonic) -> None:
        self._stream = stream
        self._seconds = seconds
        self._states: dict[str, tuple[Phase, int]] = {}
        self._told_at: dict[str, float] = {}

    def __call__(self, step: StepProgress) -> None:
        if not step.is_asked:
            return
        key = (step.phase, step.attempt)
        is_new = self._states.get(step.name) != key
        self._states[step.name] = key
        is_silent = self._seconds() - self._told_at.get(step.name, 0.0) >= _CELL_SECONDS
        if step.phase is Phase.WAITING or not (is_new or (step.cell is not None and is_silent)):
            return
        self._told_at[step.name] = self._seconds()
        self._stream.write(f"{step.name}: {line_of(step) if is_new else cell_of(step)}\n")
        self._stream.flush()

    def say(self, sentence: str) -> None:
        """Write a sentence, past what others are just writing: a signal's handler may be in the midst of that."""
        os.write(sys.stderr.fileno(), f"{sentence}\n".encode())


class LiveTable:
    """The steps as a table that fits the terminal; what is left out is counted."""

    def __init__(self, console: Console, names: list[str]) -> None:
        self._console = console
        self._steps: dict[str, StepProgress | None] = dict.fromkeys(names)
        self._began = clock.monotonic()
        self._said: list[str] = []
        self.is_over = False
        """Whether all is shown, however long that is: nothing is drawn over any more."""

    def __call__(self, step: StepProgress) -> None:
        """Take a change of a step."""
        if step.is_asked:
            self._steps[step.name] = step

    def say(self, sentence: str) -> None:
        """Show a sentence beneath the table from now on."""
        self._said.append(sentence)

    def drawn(self) -> Group:
        """Return the table as it is now."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        steps = [step for step in list(self._steps.values()) if step is not None]
        shown = steps if self.is_over else _most_telling(steps, max(1, self._console.height - _LINES_AROUND))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=self._console.width // 2)
        table.add_column()  # this and the last give way where the terminal is narrow
        table.add_column(no_wrap=True)
        table.add_column()
        for step in shown:
            table.add_row(*_row(step))
        total = _total(steps, clock.monotonic() - self._began, len(steps) - len(shown))
        return Group(table, total, *(Text(sentence, style="yellow") for sentence in self._said))


def _row(step: StepProgress) -> tuple[Text, ...]:
    from rich.text import Text

    symbol, style = STATES[step.phase]
    seconds = seconds_of(step)
    doing, metrics = _doing(step), metrics_text(step.metrics)
    return (
        Text.assemble((f"{symbol} ", style), step.name),
        Text(doing, style=style if step.phase is not Phase.FINISHED else "", no_wrap=True, overflow="ellipsis"),
        Text(fmt.duration(seconds) if seconds is not None else "", style="dim"),
        Text(metrics, no_wrap=True, overflow="ellipsis"),
    )


def _doing(step: StepProgress) -> str:
    """Return what a step does, or did, in a few words."""
    if step.phase is Phase.RUNNING:
        return cell_of(step) + again_of(step)
    if step.phase is Phase.FAILED and step.failure is not None:
        return fmt.shortened(failure_line(step), _LONGEST_REASON)
    if step.phase in (Phase.WAITING, Phase.FINISHED):
        return step.phase.value
    said = step.reason if step.phase in _SAID_BY_REASON else f"{step.phase.value}: {step.reason}"
    return fmt.shortened(fmt.one_line(said), _LONGEST_REASON)


def _total(steps: list[StepProgress], seconds: float, left_out: int) -> Text:
    from rich.text import Text

    counts = Counter(step.phase for step in steps)
    parts = [f"{counts[state]} {state.value}" for state in STATES if counts[state]]
    more = f"; {left_out} more not shown" if left_out else ""
    return Text(f"{', '.join(parts)}, {fmt.duration(seconds)}{more}", style="dim")


def _most_telling(steps: list[StepProgress], most: int) -> list[StepProgress]:
    """Return as many steps as there is room for, in their order: first what runs or failed, then what is next to it."""
    if len(steps) <= most:
        return steps
    urgent = [at for at, step in enumerate(steps) if step.phase in _URGENT]
    middle = urgent[0] if urgent else sum(step.has_ended for step in steps)
    others = sorted((at for at in range(len(steps)) if at not in urgent), key=lambda at: abs(at - middle))
    return [steps[at] for at in sorted([*urgent, *others][:most])]


def line_of(step: StepProgress) -> str:
    """Return how a step stands, as one line."""
    match step.phase:
        case Phase.RUNNING:
            return f"runs{again_of(step)} ({fmt.one_line(step.reason)})"
        case Phase.FINISHED:
            told = metrics_text(step.metrics)
            return f"finished in {fmt.duration(step.seconds)}" + (f", {told}" if told else "")
        case Phase.FAILED:
            return f"failed: {failure_line(step)}"
        case Phase.BLOCKED | Phase.STOPPED:
            return fmt.one_line(step.reason)
        case _:
            return f"{step.phase.value} ({fmt.one_line(step.reason)})" if step.reason else step.phase.value


def cell_of(step: StepProgress) -> str:
    """Return which cell of a step runs."""
    return f"cell {step.cell} of {step.cells}" if step.cell is not None else "starting"


def again_of(step: StepProgress) -> str:
    """Return which try it is, if it is not the first."""
    return f", try {step.attempt} of {step.attempts}" if step.attempt > 1 else ""


def failure_line(step: StepProgress) -> str:
    """Return why a step failed, as one line: ``cell 3, line 2: ValueError: no data``."""
    failure = step.failure
    if failure is None:
        return fmt.one_line(step.reason)
    where = f"cell {failure.cell}" if failure.cell is not None else ""
    where += f", line {failure.line}" if failure.line is not None else ""
    return fmt.one_line(f"{where}: {failure.summary}" if where else failure.summary)


def seconds_of(step: StepProgress) -> float | None:
    """Return how long a step has been running, or took."""
    if step.phase is Phase.RUNNING and step.started_at is not None:
        return (clock.now() - step.started_at).total_seconds()
    return step.seconds


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Return the metrics that say most: ``test.accuracy 0.91``."""
    told = telling(metrics)[:_MOST_METRICS]
    return ", ".join(f"{fmt.one_line(name)} {fmt.number(metrics[name])}" for name in told)


def telling(metrics: Mapping[str, float]) -> list[str]:
    """Return the names of metrics, those on test data first, without the spread and the parts of others."""
    whole = [name for name in metrics if not is_detail(name, metrics) and name.rpartition(".")[0] not in metrics]
    plain = [name for name in whole if "[" not in name] or whole
    return sorted(plain, key=lambda name: not name.startswith("test."))
