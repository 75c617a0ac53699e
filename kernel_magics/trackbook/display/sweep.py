"""A sweep: its best trial, all trials, those that failed and why; as a page, as lines while it runs, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Picture, Sentence, Table, Title, Tone, Verbatim
from trackbook.display.shown import Look, Shown, shown
from trackbook.display.sweep_figure import picture_of
from trackbook.display.sweep_words import counts_of, error_of, how_chosen, pairs, text_of
from trackbook.pipelines.sweeps.outcome import Outcome, Progress
from trackbook.pipelines.sweeps.space import Choices, Values
from trackbook.pipelines.sweeps.table import trial_payload
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, counted, ranked
from trackbook.records import JsonValue, strict
from trackbook.tracking.find import short_id

_TONES = {
    TrialStatus.FINISHED: (Tone.PLAIN, ""),
    TrialStatus.RUNNING: (Tone.BUSY, "…"),
    TrialStatus.PRUNED: (Tone.QUIET, "✂"),
    TrialStatus.FAILED: (Tone.BAD, "✗"),
    TrialStatus.STOPPED: (Tone.QUIET, "■"),
}
_MOST_ROWS = 30
_MOST_FAILURES = 20
_MOST_NUMBERS = 8


def show_sweep(
    outcome: Outcome, look: Look | None = None, *, again: str | None = None, figure: Path | None = None
) -> Shown:
    """Show what a sweep came to.

    Parameters
    ----------
    again
        The command that makes the best trial again.
    figure
        The page with the parallel coordinates and all trials.
    """
    look = look or Look()
    return shown(list(_blocks(outcome, look, again, figure)), look)


def _blocks(outcome: Outcome, look: Look, again: str | None, figure: Path | None) -> Iterator[Block]:
    is_whole = not outcome.is_interrupted
    symbol, tone = ("✓", Tone.GOOD) if is_whole and outcome.best else ("✗", Tone.BAD) if is_whole else ("■", Tone.BUSY)
    state = "finished" if is_whole and outcome.best else "no trial finished" if is_whole else "stopped"
    yield Title(
        cells=(
            Cell(text=outcome.run_name, aside=short_id(outcome.run_id), is_strong=True),
            Cell(text=state, symbol=symbol, tone=tone, is_strong=True),
            Cell(text=counts_of(outcome.trials), tone=Tone.QUIET),
        )
    )
    if outcome.best is not None and outcome.best.value is not None:
        yield Sentence(
            text=f"Best {outcome.metric}: {fmt.number(outcome.best.value)} with {pairs(outcome.best.params)} "
            f"({outcome.best.run_name})."
        )
    if outcome.remark:
        yield Sentence(text=outcome.remark)
    yield Sentence(text=how_chosen(outcome), tone=Tone.QUIET)
    yield _table(outcome)
    failed = [each for each in outcome.trials if each.status is TrialStatus.FAILED]
    if failed:
        yield _failures(failed)
    if again is not None:
        yield Sentence(text="Make the best again:")
        yield Verbatim(text=again)
    if figure is not None:
        yield Sentence(text=f"Parallel coordinates and all trials: {figure}")
    yield from _picture(outcome)
    if outcome.is_interrupted or failed or len(outcome.trials) < outcome.planned:
        yield Sentence(text=f"Go on, failed trials once more: {look.command} sweep --resume {outcome.run_name}")


def _picture(outcome: Outcome) -> Iterator[Block]:
    """Yield the parallel coordinates, for a page; one trial alone has nothing to be seen beside."""
    content = picture_of(outcome) if len(outcome.trials) > 1 else None
    if content is not None:
        yield Picture(media_type="image/svg+xml", content=content, caption=f"Trials by {outcome.metric}", is_wide=True)


def _table(outcome: Outcome) -> Table:
    names = list(outcome.space)
    order = ranked(outcome.trials, is_maximized=outcome.sweep.is_maximized)
    columns = (
        Column(title="trial", is_number=True, is_kept=True),
        *(Column(title=name, is_number=_is_number(outcome.space[name]), is_kept=True) for name in names),
        Column(title=outcome.metric, is_number=True, is_kept=True),
        Column(title="", is_kept=True),
        Column(title="time", is_number=True, rank=2),
        Column(title="run", rank=1),
    )
    rows = tuple(_row(each, names, outcome.best) for each in order[:_MOST_ROWS])
    left = len(order) - len(rows)
    return Table(columns=columns, rows=rows, more=f"and {left} more, see --json" if left > 0 else "")


def _is_number(values: Values) -> bool:
    return not isinstance(values, Choices) or not any(isinstance(each, str | list | dict) for each in values.values)


def _row(trial: Trial, names: Sequence[str], best: Trial | None) -> tuple[Cell, ...]:
    is_best = best is not None and trial.number == best.number
    tone, symbol = (Tone.GOOD, "★") if is_best else _TONES[trial.status]
    word = "best" if is_best else "" if trial.status is TrialStatus.FINISHED else trial.status.value
    value = "" if trial.value is None else fmt.number(trial.value)
    return (
        Cell(text=str(trial.number), tone=Tone.QUIET),
        *(Cell(text=text_of(trial.params[name]) if name in trial.params else "") for name in names),
        Cell(text=value, is_strong=is_best),
        Cell(text=word, symbol=symbol if word else "", tone=tone),
        Cell(text=fmt.duration(trial.seconds), tone=Tone.QUIET),
        Cell(text=short_id(trial.run_id or ""), title=trial.run_name, tone=Tone.QUIET),
    )


def _failures(failed: Sequence[Trial]) -> Table:
    columns = (
        Column(title="trial", is_kept=True),
        Column(title="params", is_kept=True),
        Column(title="error", is_kept=True, folds=True),
    )
    alike: dict[str, list[Trial]] = {}
    for trial in failed:
        alike.setdefault(error_of(trial), []).append(trial)
    rows = tuple(_failure(error, trials) for error, trials in alike.items())[:_MOST_FAILURES]
    left = len(alike) - len(rows)
    more = f"and {fmt.plural(left, 'other error')}, see --json" if left > 0 else ""
    return Table(columns=columns, rows=rows, heading=f"{fmt.plural(len(failed), 'trial')} failed", more=more)


def _failure(error: str, trials: Sequence[Trial]) -> tuple[Cell, ...]:
    """Return a row for the trials that failed with an error, with the params that they have in common."""
    first, *others = (each.params for each in trials)
    shared = {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}
    numbers = ", ".join(str(each.number) for each in trials[:_MOST_NUMBERS])
    left = len(trials) - _MOST_NUMBERS
    return (
        Cell(text=f"{numbers} and {left} more" if left > 0 else numbers, symbol="✗", tone=Tone.BAD),
        Cell(text=pairs(shared) or "no value in common"),
        Cell(text=error),
    )


# While it runs


def line_of(trial: Trial, progress: Progress) -> str:
    """Return one line for a trial that has ended."""
    of = f" of {progress.planned}" if trial.number <= progress.planned else ""  # tried again it has another number
    head = f"trial {trial.number}{of}"
    if trial.status is TrialStatus.FAILED:
        return f"{head} failed: {error_of(trial)}  {pairs(trial.params)}"
    value = "" if trial.value is None else f" {progress.metric} {fmt.number(trial.value)}"
    best = progress.best
    is_best = best is not None and best.number == trial.number
    word = "" if trial.status is TrialStatus.FINISHED else f" {trial.status.value}"
    return f"{head}{word}:{value}{' (best so far)' if is_best else ''}  {pairs(trial.params)}"


def counts_text(progress: Progress) -> str:
    """Return how far a sweep is: ``12 of 50 trials, 2 failed``."""
    ended = [each for each in progress.trials if each.status is not TrialStatus.RUNNING]
    others = counts_of(ended).partition(", ")[2]
    return f"{len(ended)} of {progress.planned} trials{f', {others}' if others else ''}"


def best_text(progress: Progress) -> str:
    """Return what is best so far, nothing if no trial has finished."""
    best = progress.best
    if best is None or best.value is None:
        return ""
    return f"best {progress.metric} {fmt.number(best.value)}: {pairs(best.params)} (trial {best.number})"


def progress_lines(progress: Progress) -> list[str]:
    """Return how far a sweep is, what is best so far, and the cells that its trials are at, in a line each."""
    return [each for each in (progress.remark, counts_text(progress), best_text(progress)) if each] + [
        f"  {line}" for line in running_lines(progress)
    ]


def running_lines(progress: Progress) -> list[str]:
    """Return a line for each trial that runs: which cell it is at."""
    found = []
    for trial in progress.trials:
        if trial.status is TrialStatus.RUNNING:
            at = progress.cells.get(trial.number)
            cell = f"cell {at[0]} of {at[1]}" if at is not None else "starting"
            found.append(f"trial {trial.number}: {cell}  {pairs(trial.params)}")
    return found


# As JSON


def sweep_payload(outcome: Outcome, *, again: str | None = None, figure: Path | None = None) -> dict[str, JsonValue]:
    """Return what a sweep came to as strict JSON.

    Returns
    -------
    ``run_id``, ``name``, ``metric``, ``direction``, ``sampler``, ``seed``, ``planned``, ``counts`` (by status),
    ``best`` and ``trials`` (each with ``number``, ``status``, ``params``, ``value``, ``run_id``, ``error`` ...),
    ``is_interrupted``, ``remark`` (a sentence), ``again`` (a command) and ``figure`` (a file).
    """
    counts: dict[str, JsonValue] = {status.value: number for status, number in counted(outcome.trials).items()}
    return {
        "run_id": outcome.run_id,
        "name": outcome.run_name,
        "metric": outcome.metric,
        "direction": outcome.sweep.direction,
        "sampler": outcome.sampler.value,
        "seed": outcome.sweep.seed,
        "planned": outcome.planned,
        "params": strict({name: str(values) for name, values in outcome.space.items()}),
        "counts": counts,
        "best": trial_payload(outcome.best) if outcome.best is not None else None,
        "trials": [trial_payload(each) for each in outcome.trials],
        "is_interrupted": outcome.is_interrupted,
        "remark": outcome.remark or None,
        "again": again,
        "figure": None if figure is None else str(figure),
    }
