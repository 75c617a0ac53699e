"""Which params the next trial has, and whether one is given up on its way: Optuna's answers, from our own trials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trackbook.errors import InvalidValueError
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Space, Values, combinations, count
from trackbook.pipelines.sweeps.spec import DEFAULT_TRIALS, Pruner, Sampler, Sweep
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus
from trackbook.records import JsonValue, encode

if TYPE_CHECKING:
    import optuna

_MOST_REPEATED = 200  # suggestions of a sampler, one after another, that were tried before


def sampler_of(sweep: Sweep, space: Space) -> Sampler:
    """Return the sampler of a sweep, or the one that fits where it names none."""
    if sweep.sampler is not None:
        return sweep.sampler
    total = count(space)
    fits = total is not None and total <= (sweep.trials or DEFAULT_TRIALS)
    return Sampler.GRID if fits else Sampler.TPE


def planned(sweep: Sweep, space: Space) -> int:
    """Return how many trials there are to be: no more than there are combinations.

    Raises
    ------
    InvalidValueError
        If a grid has no end.
    """
    total = count(space)
    if sampler_of(sweep, space) is Sampler.GRID:
        if total is None:
            next(combinations(space))  # says which param it is
        return min(sweep.trials or total or 0, total or 0)
    wanted = sweep.trials or DEFAULT_TRIALS
    return wanted if total is None else min(wanted, total)


class Study:
    """A sweep's dialogue with Optuna, which keeps nothing itself: `remember` gives it what the store has.

    Parameters
    ----------
    sweep, space
        What is tried.
    earlier
        The trials that have ended.
    """

    def __init__(self, sweep: Sweep, space: Space, earlier: Iterable[Trial] = ()) -> None:
        self._optuna = _optuna()
        self._space = space
        self._distributions = {name: self._distribution(values) for name, values in space.items()}
        known = [each for each in earlier if each.status in (TrialStatus.FINISHED, TrialStatus.PRUNED)]
        self._values = {_key(each.params): each.value for each in known}
        sampler = sampler_of(sweep, space)
        self._grid: Iterator[dict[str, JsonValue]] | None = combinations(space) if sampler is Sampler.GRID else None
        self._asked: dict[int, optuna.Trial] = {}
        self._reported: dict[int, int] = {}
        self._study = self._optuna.create_study(
            direction=sweep.direction,
            sampler=self._sampler(sampler, sweep, len(known)),
            pruner=self._pruner(sweep),
        )
        for trial in known:
            self._remember(trial)

    def ask(self, number: int) -> dict[str, JsonValue] | None:
        """Return the params of the trial with that number, none that was tried before; None if there are no others."""
        for _ in range(_MOST_REPEATED if self._grid is None else 1):
            if self._grid is not None and not self._put_next():
                return None
            asked = self._study.ask(self._distributions)
            params = {name: self._decoded(name, asked.params[name]) for name in self._space}
            if _key(params) not in self._values:
                self._values[_key(params)] = None
                self._asked[number] = asked
                return params
            self._answer_again(asked, self._values[_key(params)])
        return None

    def is_hopeless(self, number: int, series: Sequence[float]) -> bool:
        """Return whether a trial can be given up after what it has measured on its way, from the first value on.

        The answer may be another one when more trials have ended, though nothing more was measured.
        """
        asked = self._asked.get(number)
        if asked is None or not series:
            return False
        for step in range(self._reported.get(number, 0), len(series)):
            asked.report(series[step], step)
        self._reported[number] = len(series)
        return bool(asked.should_prune())

    def tell(self, trial: Trial) -> None:
        """Say how a trial has ended."""
        asked = self._asked.pop(trial.number)
        if trial.status is TrialStatus.FINISHED:
            self._values[_key(trial.params)] = trial.value
            self._study.tell(asked, trial.value)
        else:
            is_pruned = trial.status is TrialStatus.PRUNED and trial.series
            state = self._optuna.trial.TrialState
            self._study.tell(asked, state=state.PRUNED if is_pruned else state.FAIL)

    # Optuna's words

    def _distribution(self, values: Values) -> Any:
        kinds = self._optuna.distributions
        if isinstance(values, Choices):  # of any type: Optuna knows them by their JSON
            return kinds.CategoricalDistribution([json.dumps(each) for each in values.values])
        if isinstance(values, Integers):
            top = values.low + (values.high - values.low) // values.step * values.step
            return kinds.IntDistribution(values.low, top, log=values.is_log, step=values.step)
        assert isinstance(values, Floats)
        steps = None if values.step is None else round((values.high - values.low) // values.step)
        top_of_steps = values.high if steps is None or values.step is None else values.low + steps * values.step
        return kinds.FloatDistribution(values.low, top_of_steps, log=values.is_log, step=values.step)

    def _decoded(self, name: str, value: Any) -> JsonValue:
        found: JsonValue = json.loads(value) if isinstance(self._space[name], Choices) else value
        return found

    def _encoded(self, params: Mapping[str, JsonValue]) -> dict[str, Any]:
        return {
            name: json.dumps(params[name]) if isinstance(values, Choices) else params[name]
            for name, values in self._space.items()
        }

    def _sampler(self, sampler: Sampler, sweep: Sweep, done: int) -> Any:
        seed = None if sweep.seed is None else sweep.seed + done  # else it would suggest the same again when it goes on
        if sampler is Sampler.TPE:
            return self._optuna.samplers.TPESampler(seed=seed, constant_liar=sweep.jobs > 1)
        return self._optuna.samplers.RandomSampler(seed=seed)

    def _pruner(self, sweep: Sweep) -> Any:
        if sweep.prune is Pruner.MEDIAN:
            return self._optuna.pruners.MedianPruner(n_startup_trials=3)
        return self._optuna.pruners.NopPruner()

    def _put_next(self) -> bool:
        """Let the next combination that was not tried be the next that is asked for; False if there is none."""
        assert self._grid is not None
        for params in self._grid:
            if _key(params) not in self._values:
                self._study.enqueue_trial(self._encoded(params))
                return True
        return False

    def _remember(self, trial: Trial) -> None:
        state = self._optuna.trial.TrialState
        is_done = trial.status is TrialStatus.FINISHED
        if not all(name in trial.params for name in self._space) or (not is_done and not trial.series):
            return
        try:
            created = self._optuna.create_trial(
                state=state.COMPLETE if is_done else state.PRUNED,
                value=trial.value if is_done else trial.series[-1],
                params=self._encoded(trial.params),
                distributions=self._distributions,
                intermediate_values=dict(enumerate(trial.series)),
            )
        except ValueError as error:
            raise InvalidValueError(
                f"Trial {trial.number} had params that are none of this sweep's: {error}. Start another sweep."
            ) from None
        self._study.add_trial(created)

    def _answer_again(self, asked: optuna.Trial, value: float | None) -> None:
        """Tell the sampler what is known of params that it suggests once more."""
        if value is None:
            self._study.tell(asked, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(asked, value)


def _key(params: Mapping[str, JsonValue]) -> str:
    return encode(dict(sorted(params.items())))


def _optuna() -> Any:
    """Return the library, quiet."""
    try:
        import optuna
    except ImportError:
        raise InvalidValueError("Sweeps need Optuna. Install it: pip install 'trackbook[sweeps]'.") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
