from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest
from scipy.stats import ttest_ind
from trackbook.display.groups import show_groups
from trackbook.display.shown import Look
from trackbook.errors import InvalidValueError
from trackbook.records import DatasetUse, Execution, Model, Outcome, Process, RunStatus, Session
from trackbook.store import Batch, MemoryStore
from trackbook.tracking.groups import group_runs, runs_to_group

FOREST = [0.91, 0.93, 0.95, 0.92]
LINEAR = [0.81, 0.83, 0.80, 0.84]


@pytest.fixture
def store():
    found = MemoryStore()
    session = Session(
        session_id="session",
        experiment="churn",
        started_at=datetime(2026, 5, 1, tzinfo=UTC),
        lease_expires_at=datetime(2026, 5, 1, tzinfo=UTC),
        process=Process(host="here", boot="now", pid=1, started=1.0),
        user="ada",
    )
    found.write(Batch(sessions=[session]))
    return found


def seeded(make_run, first, values, **params):
    return [
        make_run(first + seed, params={"seed": seed, **params}, metrics={"test.accuracy": value})
        for seed, value in enumerate(values)
    ]


@pytest.fixture
def forest_and_linear(make_run):
    return [
        *seeded(make_run, 1, FOREST, model="forest", depth=3),
        *seeded(make_run, 11, LINEAR, model="linear"),
    ]


def test_groups_have_mean_deviation_and_a_t_interval(store, forest_and_linear):
    grouping = group_runs(store, forest_and_linear, ["params.model"])

    forest = grouping.groups[0].statistics["test.accuracy"]
    assert grouping.groups[0].labels == {"params.model": "forest"}
    assert (forest.n, forest.mean) == (4, pytest.approx(0.9275))
    assert forest.deviation == pytest.approx(0.017078, abs=1e-6)
    assert (forest.low, forest.high) == (pytest.approx(0.900325, abs=1e-6), pytest.approx(0.954675, abs=1e-6))


def test_two_groups_are_told_apart_by_welch(store, forest_and_linear):
    (difference,) = group_runs(store, forest_and_linear, ["model"]).differences

    assert difference.p == pytest.approx(ttest_ind(FOREST, LINEAR, equal_var=False).pvalue)
    assert difference.corrected == difference.p
    assert difference.is_told_apart
    assert difference.difference == pytest.approx(0.82 - 0.9275)


def test_three_groups_are_corrected_for_three_comparisons(store, make_run, forest_and_linear):
    boosted = seeded(make_run, 21, [0.90, 0.92, 0.94, 0.93], model="boosted")

    found = group_runs(store, [*forest_and_linear, *boosted], ["params.model"]).differences

    ordered = sorted(found, key=lambda each: each.p)
    assert [each.corrected for each in ordered] == [
        pytest.approx(3 * ordered[0].p),
        pytest.approx(max(3 * ordered[0].p, 2 * ordered[1].p)),
        pytest.approx(ordered[2].p),
    ]
    assert [each.is_told_apart for each in ordered] == [True, True, False]


def test_two_runs_are_never_judged(store, make_run, forest_and_linear):
    few = seeded(make_run, 21, [0.5, 0.5001], model="guess")

    grouping = group_runs(store, [*forest_and_linear[:4], *few], ["params.model"])

    (difference,) = grouping.differences
    assert (difference.p, difference.is_told_apart) == (None, None)
    guess = grouping.groups[1].statistics["test.accuracy"]
    assert (guess.n, guess.low, guess.high) == (2, None, None)


def test_runs_that_differ_in_more_than_the_seed_are_groups_of_their_own(store, make_run, forest_and_linear):
    deeper = seeded(make_run, 21, FOREST, model="forest", depth=9)

    grouping = group_runs(store, [*forest_and_linear, *deeper], ["params.model"])

    assert grouping.also == ("params.depth",)
    assert [(group.labels["params.model"], group.labels["params.depth"]) for group in grouping.groups] == [
        ("forest", 3),
        ("forest", 9),
        ("linear", None),
    ]


@pytest.mark.parametrize(
    "key", ["random_state", "SEED", "np_seed", "clf__random_state", "cfg.seed", "split.random_state"]
)
def test_seeds_are_known_by_their_names(store, make_run, key):
    runs = [make_run(at, params={key: at, "C": 1}, metrics={"loss": at / 7}) for at in range(4)]

    (group,) = group_runs(store, runs, ["C"]).groups

    assert group.statistics["loss"].n == 4


@pytest.mark.parametrize("key", ["seeding_rate", "n_seedlings", "range", "C"])
def test_other_params_are_no_seeds(store, make_run, key):
    runs = [make_run(at, params={key: at, "solver": "a"}, metrics={"loss": at / 7}) for at in range(3)]

    assert len(group_runs(store, runs, ["solver"]).groups) == 3


def test_a_seed_of_another_name_can_be_named(store, make_run):
    runs = [make_run(at, params={"trial": at, "C": 1}, metrics={"loss": at / 7}) for at in range(3)]

    (group,) = group_runs(store, runs, ["C"], seeds=["trial"]).groups

    assert group.statistics["loss"].n == 3


def test_the_same_seed_with_the_same_result_counts_once(store, make_run, forest_and_linear):
    again = [replace(each, run=replace(each.run, run_id=f"again{at}")) for at, each in enumerate(forest_and_linear[:4])]

    forest = group_runs(store, [*forest_and_linear, *again], ["params.model"]).groups[0]

    assert (forest.statistics["test.accuracy"].n, forest.repetitions) == (4, 4)


def test_runs_on_other_files_are_kept_apart(store, make_run):
    january, june = (DatasetUse(name="df", kind="DataFrame", shape=(rows, 2), rows=rows) for rows in (10, 20))
    runs = [
        replace(each, datasets=(january if at < 3 else june,))
        for at, each in enumerate(seeded(make_run, 1, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], C=1))
    ]

    grouping = group_runs(store, runs, ["C"])

    assert grouping.also == ("data",)
    assert [group.statistics["test.accuracy"].n for group in grouping.groups] == [3, 3]


@pytest.mark.parametrize(
    ("other", "groups"),
    [("seed = 7  # the same\nmodel.fit( X )", 1), ("seed = 1\nmodel.fit(scale(X))", 2)],
)
def test_code_is_compared_without_layout_and_constants(store, make_run, other, groups):
    for number, source in enumerate(["seed = 1\nmodel.fit(X)", other]):
        execution = Execution(
            execution_id=f"e{number}",
            session_id="session",
            index=number + 1,
            source=source,
            started_at=datetime(2026, 5, 1, tzinfo=UTC),
            seconds=1.0,
            outcome=Outcome.OK,
        )
        store.write(Batch(executions=[execution]))
    runs = [replace(each, execution_ids=(f"e{at % 2}",)) for at, each in enumerate(seeded(make_run, 1, FOREST, C=1))]

    assert len(group_runs(store, runs, ["C"]).groups) == groups


def test_failed_runs_and_runs_without_numbers_are_left_out_and_counted(store, make_run, forest_and_linear):
    failed = replace(forest_and_linear[0], run=replace(forest_and_linear[0].run, run_id="bad", status=RunStatus.FAILED))
    broken = make_run(31, params={"model": "forest"}, metrics={"test.accuracy": math.nan})

    grouping = group_runs(store, [*forest_and_linear, failed, broken], ["params.model"])

    assert grouping.left_out == 2
    assert grouping.groups[0].statistics["test.accuracy"].n == 4


def test_groups_without_any_spread_are_compared_without_dividing_by_it(store, make_run):
    same = [*seeded(make_run, 1, [0.5] * 3, C=1), *seeded(make_run, 11, [0.5] * 3, C=2)]
    apart = seeded(make_run, 21, [0.6] * 3, C=3)

    found = group_runs(store, [*same, *apart], ["C"]).differences

    assert [each.p for each in found] == [1.0, 0.0, 0.0]


def test_params_model_is_the_class_of_the_model_where_no_param_is_called_so(store, make_run):
    made = [make_run(number, params={"seed": number}, metrics={"test.accuracy": 0.9}) for number in range(1, 5)]
    models = [Model(model_id=f"m{place}", name="m", class_name=f"sklearn.{name}") for place, name in enumerate("AABB")]
    runs = [replace(run, models=(model,)) for run, model in zip(made, models, strict=True)]

    grouping = group_runs(store, runs, ["params.model"])

    assert [group.labels for group in grouping.groups] == [{"model": "A"}, {"model": "B"}]


def test_unknown_field_is_answered_with_the_nearest(store, forest_and_linear):
    with pytest.raises(InvalidValueError, match=r"Did you mean 'params.model'\?"):
        group_runs(store, forest_and_linear, ["params.modle"])
    with pytest.raises(InvalidValueError, match=r"Did you mean 'test.accuracy'\?"):
        group_runs(store, forest_and_linear, ["model"], metrics=["acuracy"])
    with pytest.raises(InvalidValueError, match=r"Did you mean 'test.accuracy'\?"):
        group_runs(store, forest_and_linear, ["model"], metrics=["accuracy_score"])


def test_grouping_by_the_seed_is_refused(store, forest_and_linear):
    with pytest.raises(InvalidValueError, match="is the seed"):
        group_runs(store, forest_and_linear, ["seed"])


def test_nothing_to_group_is_said(store):
    with pytest.raises(InvalidValueError, match="no finished run"):
        group_runs(store, runs_to_group(store, []), ["model"])


def test_a_param_of_none_is_no_missing_param(store, make_run):
    limited = seeded(make_run, 1, FOREST, depth=None)
    without = seeded(make_run, 11, LINEAR)

    grouping = group_runs(store, [*limited, *without], ["depth"])

    assert len(grouping.groups) == 2
    rows = [line.split()[0] for line in show_groups(grouping).text.splitlines() if "…" in line and "±" in line]
    assert sorted(rows) == ["None", "—"]


def fitted(make_run, number, kind, defaults, **params):
    model = Model(model_id=f"m{number}", name="m", class_name=f"sklearn.{kind}", details={"default_params": defaults})
    run = make_run(number, params={"random_state": number, **params}, metrics={"test.accuracy": number / 100})
    return replace(run, models=(model,))


@pytest.fixture
def forests_and_ridges(make_run):
    def forest(number, depth):
        defaults = ["bootstrap", "ccp_alpha"]
        return fitted(make_run, number, "Forest", defaults, max_depth=depth, bootstrap=True, ccp_alpha=0.0)

    def ridge(number):
        return fitted(make_run, number, "Ridge", ["fit_intercept", "tol"], alpha=0.5, fit_intercept=True, tol=0.01)

    return [
        *(forest(number, 3) for number in range(3)),
        *(forest(number, None) for number in range(3, 6)),
        *(ridge(number) for number in range(6, 9)),
    ]


def test_fields_without_room_are_named_and_the_numbers_stay_whole(store, forests_and_ridges):
    text = show_groups(group_runs(store, forests_and_ridges, ["model"]), Look(width=64)).text

    lines = [line for line in text.splitlines() if "±" in line]
    assert all(line.split()[0] in ("Forest", "Ridge", "model") for line in lines)
    assert "95 % interval" in text
    assert "No room for:" in text
    assert "max_depth" in text.partition("No room for:")[2].partition("A wider window")[0]


def test_params_that_nobody_chose_make_no_groups(store, forests_and_ridges):
    grouping = group_runs(store, forests_and_ridges, ["model"])

    assert grouping.also == ("params.max_depth",)
    assert [len(group.runs) for group in grouping.groups] == [3, 3, 3]


def test_a_param_that_nobody_chose_groups_on_request(store, forests_and_ridges):
    grouping = group_runs(store, forests_and_ridges, ["params.bootstrap"])

    assert grouping.by == ("params.bootstrap",)
    assert {group.labels["params.bootstrap"] for group in grouping.groups} == {True, None}


def test_groups_are_named_by_what_sets_them_apart(store, forests_and_ridges):
    by_depth = show_groups(group_runs(store, forests_and_ridges, ["max_depth"])).text
    by_experiment = show_groups(group_runs(store, forests_and_ridges, ["experiment"])).text

    assert all(f"{one} → {other}" in by_depth for one, other in combinations(["3", "None", "no max_depth"], 2))
    assert "Forest, max_depth=3 → Ridge, alpha=0.5" in by_experiment
    assert "3 → None" in by_experiment
    assert "bootstrap" not in by_depth + by_experiment


def test_other_code_of_another_model_is_no_group_of_its_own(store, make_run):
    sources = {"Forest": "Forest(x)", "Ridge": "ridge = Ridge(x)"}
    at = datetime(2026, 5, 1, tzinfo=UTC)
    for kind, source in sources.items():
        cell = Execution(
            execution_id=kind, session_id="session", index=1, source=source, started_at=at, outcome=Outcome.OK
        )
        store.write(Batch(executions=[cell]))
    runs = [
        replace(fitted(make_run, 2 * number + at, kind, []), execution_ids=(kind,))
        for number in range(3)
        for at, kind in enumerate(sources)
    ]

    assert group_runs(store, runs, ["experiment"]).also == ("model",)


def test_groups_too_small_to_be_judged_are_only_counted_where_there_are_very_many(store, make_run, forest_and_linear):
    singles = [make_run(100 + n, params={"model": f"m{n}"}, metrics={"test.accuracy": 0.5}) for n in range(100)]

    found = group_runs(store, [*forest_and_linear, *singles], ["params.model"])

    assert [(each.one, each.other) for each in found.differences] == [(0, 1)]
    assert found.unpaired == 102 * 101 // 2 - 1
    assert "5150 comparisons are not judged" in show_groups(found, Look(width=200)).text
