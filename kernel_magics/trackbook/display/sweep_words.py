"""What is said of a sweep and its trials in words: how they were chosen, what became of them, why one failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trackbook.display import format as fmt
from trackbook.pipelines.sweeps.outcome import Outcome
from trackbook.pipelines.sweeps.space import count
from trackbook.pipelines.sweeps.spec import Sampler
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, counted
from trackbook.records import JsonValue

_LONGEST = 200
_TRACEBACK = "Traceback (most recent call last)"
_RAISED = re.compile(r"(?:\w+\.)*(\w*(?:Error|Exception|Interrupt)\w*: .*)")


def how_chosen(outcome: Outcome) -> str:
    """Return in a sentence how the trials were chosen, and of how many."""
    total, sweep = count(outcome.space), outcome.sweep
    seed = f", seed {sweep.seed}" if sweep.seed is not None and outcome.sampler != "grid" else ""
    goal = "More" if sweep.is_maximized else "Less"
    sentence = f"Sampler {outcome.sampler.value}{seed}. {goal} of {outcome.metric} is better."
    if seed and outcome.sampler is Sampler.TPE and sweep.jobs > 1:
        sentence += " tpe learns from whichever trial ends first: only with --jobs 1 does a seed give the same trials."
    if total is None or total <= outcome.planned:
        return sentence
    return f"{sentence} {outcome.planned} of {total:,} combinations, as --trials says."


def counts_of(trials: Sequence[Trial]) -> str:
    """Return how many trials there are, and what became of them: ``12 trials, 2 failed, 1 pruned``."""
    others = [f"{n} {status.value}" for status, n in counted(trials).items() if status is not TrialStatus.FINISHED]
    return ", ".join([fmt.plural(len(trials), "trial"), *others])


def pairs(params: Mapping[str, JsonValue]) -> str:
    """Return params as ``C=0.1 depth=3``."""
    return " ".join(f"{name}={text_of(value)}" for name, value in params.items())


def text_of(value: JsonValue) -> str:
    """Return the value of a param on one line, floats in six digits."""
    if isinstance(value, float):
        return fmt.number(value)
    return fmt.one_line(value if isinstance(value, str) else fmt.value(value))


def error_of(trial: Trial) -> str:
    """Return why a trial failed in one line."""
    message = fmt.shortened(fmt.one_line(_reason(trial.message or "")), _LONGEST)
    where = f" (cell {trial.failed_cell})" if trial.failed_cell is not None else ""
    return f"{trial.error or 'failed'}{f': {message}' if message else ''}{where}"


def _reason(message: str) -> str:
    """Return the first line of a message, and where others follow that tell the cause, the one that does.

    scikit-learn's "All the 5 fits failed." has the traceback of the fits behind it; a line that ends with a colon has
    what it announces on the next.
    """
    first, *others = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    if any(_TRACEBACK in line for line in others):
        raised = [found[1] for line in others if (found := _RAISED.fullmatch(line))]
        return f"{first} {raised[-1] if raised else others[-1]}"
    return f"{first} {others[0]}" if first.endswith(":") and others else first
