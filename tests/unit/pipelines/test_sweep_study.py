from __future__ import annotations

import math
from pathlib import Path

import pytest
from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError
from trackbook.pipelines.sweeps.measuring import resolve_metric
from trackbook.pipelines.sweeps.outcome import left
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Space
from trackbook.pipelines.sweeps.spec import Pruner, Sampler, Sweep, sweep_of
from trackbook.pipelines.sweeps.study import Study, planned, sampler_of
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, as_asked, best_of, last_tries, ranked

SPACE: Space = {"C": Choices(values=(0.1, 1.0)), "depth": Integers(low=2, high=4)}


def described(**options) -> Sweep:
    options = {"metric": "score", "is_maximized": True, "params": {"C": "0.1,1"}} | options
    return Sweep(notebook=Path("train.ipynb"), **options)


def finished(number: int, value: float | None = None, status=TrialStatus.FINISHED, **params) -> Trial:
    return Trial(number=number, params=params, status=status, value=value)


def run_all(study: Study, measure, most: int = 100) -> list[Trial]:
    trials: list[Trial] = []
    while len(trials) < most and (params := study.ask(len(trials) + 1)) is not None:
        trials.append(finished(len(trials) + 1, measure(params), **params))
        study.tell(trials[-1])
    return trials


def test_a_grid_tries_each_combination_once():
    trials = run_all(Study(described(), SPACE), lambda params: params["C"])

    assert len(trials) == 6
    assert len({repr(each.params) for each in trials}) == 6


@pytest.mark.parametrize("sampler", [Sampler.RANDOM, Sampler.TPE])
def test_a_sampler_repeats_nothing_and_ends_when_all_is_tried(sampler):
    trials = run_all(Study(described(sampler=sampler, seed=1), SPACE), lambda params: params["depth"])

    assert len(trials) == 6
    assert len({repr(each.params) for each in trials}) == 6


@pytest.mark.parametrize("sampler", [Sampler.RANDOM, Sampler.TPE])
def test_the_same_seed_gives_the_same_trials(sampler):
    space: Space = {"x": Floats(low=-5.0, high=5.0), "kind": Choices(values=("a", None, [1]))}
    sweep = described(sampler=sampler, seed=7)

    first, second = (run_all(Study(sweep, space), lambda params: -(params["x"] ** 2), 15) for _ in range(2))
    other = run_all(Study(described(sampler=sampler, seed=8), space), lambda params: -(params["x"] ** 2), 15)

    assert first == second != other


def test_tpe_comes_nearer_to_the_best_than_chance():
    space: Space = {"x": Floats(low=-10.0, high=10.0), "y": Floats(low=1e-4, high=1.0, is_log=True)}

    def measure(params):
        return (params["x"] - 3) ** 2 + (math.log10(params["y"]) + 2) ** 2

    late = {}
    for sampler in (Sampler.RANDOM, Sampler.TPE):
        sweep = described(sampler=sampler, seed=3, is_maximized=False)
        values = [each.value for each in run_all(Study(sweep, space), measure, 60)]
        late[sampler] = sorted(values[30:])[15]

    assert late[Sampler.TPE] < late[Sampler.RANDOM] / 3


def test_what_earlier_trials_found_is_not_tried_again_and_teaches_the_sampler():
    earlier = [finished(1, 0.5, C=0.1, depth=2), finished(2, None, TrialStatus.FAILED, C=1.0, depth=2)]

    trials = run_all(Study(described(), SPACE, earlier), lambda params: 0.0)

    assert {"C": 0.1, "depth": 2} not in [each.params for each in trials]
    assert {"C": 1.0, "depth": 2} in [each.params for each in trials]
    assert len(trials) == 5


def test_a_resumed_sampler_does_not_suggest_its_first_values_again():
    space: Space = {"x": Floats(low=0.0, high=1.0)}
    sweep = described(sampler=Sampler.RANDOM, seed=1)
    first = run_all(Study(sweep, space), lambda params: params["x"], 5)

    more = run_all(Study(sweep, space, first), lambda params: params["x"], 5)

    assert not {each.params["x"] for each in first} & {each.params["x"] for each in more}


def test_a_trial_worse_than_the_median_is_hopeless_also_when_that_is_known_only_later():
    study = Study(described(prune=Pruner.MEDIAN, is_maximized=False), {"C": Choices(values=(1, 2, 3, 4, 5))})
    study.ask(4)
    study.ask(5)
    at_first = study.is_hopeless(4, [9.0])
    for number, level in enumerate((1.0, 2.0, 3.0), start=1):
        params = study.ask(number)
        assert not study.is_hopeless(number, [level, level - 0.1, level - 0.2])
        study.tell(Trial(number=number, params=params, status=TrialStatus.FINISHED, value=level))

    found = study.is_hopeless(4, [9.0]), study.is_hopeless(4, [9.0, 9.0]), study.is_hopeless(5, [0.5])

    assert not at_first
    assert found == (True, True, False)


def test_without_pruning_or_a_value_no_trial_is_hopeless():
    study = Study(described(), SPACE)
    study.ask(1)

    assert not study.is_hopeless(1, [-1e9])
    assert not study.is_hopeless(1, [])


@pytest.mark.parametrize(
    ("options", "space", "sampler", "number"),
    [
        ({}, SPACE, Sampler.GRID, 6),
        ({"trials": 4}, SPACE, Sampler.TPE, 4),
        ({"trials": 4, "sampler": Sampler.GRID}, SPACE, Sampler.GRID, 4),
        ({"sampler": Sampler.RANDOM}, SPACE, Sampler.RANDOM, 6),
        ({}, {"C": Floats(low=0.0, high=1.0)}, Sampler.TPE, 50),
        ({}, {"n": Integers(low=1, high=100)}, Sampler.TPE, 50),
    ],
)
def test_without_a_sampler_small_spaces_are_a_grid(options, space, sampler, number):
    sweep = described(**options)

    assert sampler_of(sweep, space) is sampler
    assert planned(sweep, space) == number


def test_a_grid_of_all_numbers_is_refused_before_anything_runs():
    with pytest.raises(InvalidValueError, match="needs values that can be counted"):
        planned(described(sampler=Sampler.GRID), {"C": Floats(low=0.0, high=1.0)})


def test_failed_and_stopped_trials_are_left_to_do():
    trials = [
        finished(1, 0.5, C=0.1, depth=2),
        finished(2, None, TrialStatus.FAILED, C=1.0, depth=2),
        finished(3, None, TrialStatus.STOPPED, C=1.0, depth=3),
        finished(4, 0.1, TrialStatus.PRUNED, C=1.0, depth=4),
    ]

    assert left(described(), SPACE, trials) == 4


def test_the_best_is_finished_and_the_first_of_equals():
    trials = [
        finished(1, 0.5, C=1),
        finished(2, 0.9, TrialStatus.PRUNED, C=2),
        finished(3, 0.7, C=3),
        finished(4, 0.7, C=4),
        finished(5, None, TrialStatus.FAILED, C=5),
    ]

    best = best_of(trials, is_maximized=True)

    assert best is not None
    assert best.number == 3
    assert [each.number for each in ranked(trials, is_maximized=True)] == [3, 4, 1, 2, 5]
    assert [each.number for each in ranked(trials, is_maximized=False)] == [1, 3, 4, 2, 5]


def test_of_params_that_were_tried_again_the_last_try_counts():
    trials = [finished(1, None, TrialStatus.FAILED, C=1), finished(2, 0.5, C=2), finished(3, 0.7, C=1)]

    assert [each.number for each in last_tries(trials)] == [2, 3]


def test_a_metric_is_found_by_its_last_part():
    names = ["train.accuracy", "test.f1", "loss"]

    assert resolve_metric("loss", names) == "loss"
    assert resolve_metric("f1", names) == "test.f1"
    assert resolve_metric("accuracy", ["accuracy", "test.accuracy"]) == "accuracy"


def test_of_several_metrics_the_one_on_data_to_choose_by_is_meant():
    assert resolve_metric("accuracy", ["train.accuracy", "test.accuracy"]) == "test.accuracy"
    assert resolve_metric("accuracy", ["test.accuracy", "train.accuracy", "validation.accuracy"]) == (
        "validation.accuracy"
    )


def test_a_metric_that_may_be_several_or_is_none_is_refused_with_the_list():
    with pytest.raises(AmbiguousError, match=r"a\.accuracy, train\.accuracy"):
        resolve_metric("accuracy", ["a.accuracy", "train.accuracy"])
    with pytest.raises(NotFoundError, match="Did you mean accuracy"):
        resolve_metric("acuracy", ["test.accuracy", "loss"])
    with pytest.raises(NotFoundError, match="measured nothing"):
        resolve_metric("accuracy", [])


def test_a_sweep_comes_back_from_its_document():
    sweep = described(sampler=Sampler.TPE, trials=9, seed=3, prune=Pruner.MEDIAN, jobs=2, timeout=5.0)

    found = sweep_of(sweep.to_json())

    assert found.params == sweep.params
    assert (found.sampler, found.prune, found.trials, found.jobs) == (Sampler.TPE, Pruner.MEDIAN, 9, 2)
    assert found.notebook == Path("train.ipynb").absolute()
    assert found.working_folder == Path.cwd()


def test_a_trial_of_the_store_has_the_params_that_were_asked_for_in_the_order_of_the_sweep():
    earlier = finished(1, 0.5, other="left as it was", depth=3, C=0.1)

    found = as_asked(earlier, ["C", "depth"])

    assert list(found.params.items()) == [("C", 0.1), ("depth", 3)]
    assert last_tries([found, finished(2, 0.6, C=0.1, depth=3)]) == (finished(2, 0.6, C=0.1, depth=3),)
