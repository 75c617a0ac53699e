"""The rules of a gate, asked about runs in a store that lives in memory: they pass only for what is known to be so."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from rich.cells import cell_len
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from trackbook.display.gate import gate_markdown, gate_payload
from trackbook.errors import NotFoundError
from trackbook.pipelines.gates.evidence import ChecksPassed, Finished, IsClean, MaxSeconds
from trackbook.pipelines.gates.judging import GateReport, judge
from trackbook.pipelines.gates.measure import Measure
from trackbook.pipelines.gates.metrics import Wanted, Which
from trackbook.pipelines.gates.not_worse import NotWorse
from trackbook.pipelines.gates.paired import Rows, paired_bootstrap
from trackbook.pipelines.gates.reproduced import Reproduced
from trackbook.pipelines.gates.rule import Answer, Rule, Ruling
from trackbook.pipelines.gates.subject import find_subject
from trackbook.pipelines.gates.thresholds import Threshold, read_bounds
from trackbook.records import (
    Check,
    Column,
    DatasetUse,
    Failure,
    Model,
    Reproduction,
    ReproductionVerdict,
    Role,
    RunDetail,
    RunStatus,
    Verdict,
)
from trackbook.store import Batch

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN
Make = Callable[..., RunDetail]


@pytest.fixture
def ask(notebook: Any) -> Callable[..., Ruling]:
    """Ask a rule about a run, or a pipeline, that is on record."""

    def ask_one(rule: Rule, reference: str = "brave-otter") -> Ruling:
        (found,) = rule.judge(find_subject(notebook.store, reference))
        return found

    return ask_one


def threshold(metric: str, bounds: str, step: str | None = None, which: Which = Which.ALL) -> Threshold:
    return Threshold(wanted=Wanted(metric=metric, step=step, which=which), bounds=read_bounds(bounds))


# Thresholds


@pytest.mark.parametrize(
    ("metric", "bounds", "answer"),
    [
        ("test.accuracy", ">= 0.9", PASS),
        ("accuracy", ">= 0.9", PASS),
        ("metrics.accuracy", "> 0.9", FAIL),
        ("accuracy", ">= 0.5 and <= 0.8", FAIL),
        ("accuracy", "<= 0.9", PASS),
        ("broken", ">= 0", FAIL),
        ("broken", "<= 0", FAIL),
        ("acuracy", ">= 0", UNKNOWN),
        ("loss", "<= 1", UNKNOWN),
        ("test.loss", "<= 1", UNKNOWN),
        ("train.loss", "<= 1", PASS),
    ],
)
def test_threshold_passes_only_for_a_metric_that_meets_it(
    notebook: Any, make_run: Make, ask: Any, metric: str, bounds: str, answer: Answer
) -> None:
    values = {"test.accuracy": 0.9, "broken": float("nan"), "train.loss": 0.1, "holdout.loss": 0.2}
    notebook.add(make_run(1, name="brave-otter", metrics=values))

    assert ask(threshold(metric, bounds)).answer is answer


def test_metric_that_is_not_there_is_answered_with_the_nearest_or_all_that_are_meant(
    notebook: Any, make_run: Make, ask: Any
) -> None:
    notebook.add(make_run(1, name="brave-otter", metrics={"test.accuracy": 0.9, "a.loss": 0.1, "b.loss": 0.2}))

    assert ask(threshold("acuracy", "> 0")).found == "not measured; did you mean test.accuracy?"
    assert ask(threshold("loss", "> 0")).found == "'loss' could be a.loss or b.loss; give the whole key"


def test_value_beside_its_limit_is_written_with_all_digits(notebook: Any, make_run: Make, ask: Any) -> None:
    notebook.add(make_run(1, name="brave-otter", metrics={"accuracy": 0.8999999999}))

    assert ask(threshold("accuracy", ">= 0.9")).found == "0.8999999999"


def test_of_several_runs_beneath_all_count_unless_the_best_or_last_is_meant(
    notebook: Any, make_run: Make, ask: Any
) -> None:
    parent = notebook.add(make_run(1, name="brave-otter"))
    for number, value in ((2, 0.7), (3, 0.95), (4, 0.8)):
        child = make_run(number, metrics={"test.accuracy": value}, run={"parent_id": parent.run.run_id})
        notebook.add(child)
        notebook.add(make_run(number + 10, metrics={"test.accuracy": 0.1}, run={"parent_id": child.run.run_id}))

    every = ask(threshold("accuracy", ">= 0.75"))
    best = ask(threshold("accuracy", ">= 0.9", which=Which.BEST))
    last = ask(threshold("accuracy", ">= 0.9", which=Which.LAST))

    assert (every.answer, every.found) == (FAIL, "0.7 in calm-owl-2 (1 of 3 runs)")
    assert (best.answer, last.answer) == (PASS, FAIL)
    assert [each["value"] for each in every.details["values"]] == [0.7, 0.95, 0.8]  # type: ignore[attr-defined]


def test_runs_that_have_a_short_metric_under_several_keys_count_by_the_one_on_test_data(
    notebook: Any, make_run: Make, ask: Any
) -> None:
    parent = notebook.add(make_run(1, name="brave-otter"))
    for number, key, value in ((2, "validation.score", 0.8), (3, "test.score", 0.9), (4, "test.score", 0.95)):
        notebook.add(make_run(number, metrics={key: value, f"{key[:3]}.a": 1}, run={"parent_id": parent.run.run_id}))

    found, unclear = ask(threshold("score", ">= 0.9")), ask(threshold("a", ">= 1"))

    assert (found.answer, [each["value"] for each in found.details["values"]]) == (PASS, [0.9, 0.95])  # type: ignore[attr-defined]
    assert (unclear.answer, unclear.found) == (UNKNOWN, "'a' could be val.a or tes.a; give the whole key")


# What is on record


@pytest.mark.parametrize(
    ("status", "answer"),
    [(RunStatus.FINISHED, PASS), (RunStatus.FAILED, FAIL), (RunStatus.KILLED, FAIL), (RunStatus.RUNNING, UNKNOWN)],
)
def test_only_a_finished_run_passes(notebook: Any, make_run: Make, ask: Any, status: RunStatus, answer: Answer) -> None:
    notebook.add(make_run(1, name="brave-otter", run={"status": status}))

    assert ask(Finished()).answer is answer


@pytest.mark.parametrize(
    ("verdict", "answer"), [(Verdict.CLEAN, PASS), (Verdict.STALE, FAIL), (Verdict.UNORDERED, FAIL), (None, UNKNOWN)]
)
def test_only_a_clean_run_is_clean(
    notebook: Any, make_run: Make, ask: Any, verdict: Verdict | None, answer: Answer
) -> None:
    notebook.add(make_run(1, name="brave-otter", metrics={"a": 1}, run={"verdict": verdict, "verdict_reason": "x"}))

    assert ask(IsClean()).answer is answer


def test_run_beneath_that_is_stale_is_found(notebook: Any, make_run: Make, ask: Any) -> None:
    parent = notebook.add(make_run(1, name="brave-otter", run={"verdict": Verdict.CLEAN}))
    rest = {"parent_id": parent.run.run_id, "verdict": Verdict.STALE, "verdict_reason": "Cell [2] was edited."}
    notebook.add(make_run(2, metrics={"a": 1}, run=rest))

    assert ask(IsClean()).found == "stale: Cell [2] was edited."


@pytest.mark.parametrize(("seconds", "answer"), [(89, FAIL), (90, PASS), (1e9, PASS)])
def test_time_is_that_from_start_to_end(
    notebook: Any, make_run: Make, ask: Any, seconds: float, answer: Answer
) -> None:
    notebook.add(make_run(1, name="brave-otter"))

    assert ask(MaxSeconds(seconds=seconds)).answer is answer


def test_time_of_a_run_that_has_not_ended_is_unknown(notebook: Any, make_run: Make, ask: Any) -> None:
    notebook.add(make_run(1, name="brave-otter", run={"status": RunStatus.RUNNING}))

    assert ask(MaxSeconds(seconds=1e9)).answer is UNKNOWN


def test_checks_pass_only_if_there_are_some_and_none_failed(notebook: Any, make_run: Make, ask: Any) -> None:
    run = notebook.add(make_run(1, name="brave-otter")).run

    def check(number: int, name: str, failures: int) -> Check:
        return Check(
            check_id=f"check{number}",
            name=name,
            table="df",
            at=run.started_at + timedelta(seconds=number),
            is_passed=not failures,
            failures=failures,
            session_id=run.session_id,
            run_id=run.run_id,
        )

    without = ask(ChecksPassed())
    notebook.store.write(Batch(checks=[check(1, "columns", 0)]))
    passed, missing = ask(ChecksPassed()), ask(ChecksPassed(names=("ranges",)))
    notebook.store.write(Batch(checks=[check(2, "ranges", 3)]))
    failed, named = ask(ChecksPassed()), ask(ChecksPassed(names=("columns",)))

    assert (without.answer, passed.answer, missing.answer) == (UNKNOWN, PASS, UNKNOWN)
    assert (failed.answer, failed.found) == (FAIL, "ranges of df: 3 failures")
    assert named.answer is PASS


@pytest.mark.parametrize(
    ("found", "wanted", "answer"),
    [
        ("exact", "exact", PASS),
        ("within tolerance", "exact", FAIL),
        ("exact", "within tolerance", PASS),
        ("within tolerance", "within tolerance", PASS),
        ("different", "within tolerance", FAIL),
        ("nondeterministic", "exact", FAIL),
        (None, "exact", UNKNOWN),
    ],
)
def test_reproduced_is_what_the_newest_reproduction_says(
    notebook: Any, make_run: Make, ask: Any, found: str | None, wanted: str, answer: Answer
) -> None:
    run = notebook.add(make_run(1, name="brave-otter", metrics={"a": 1})).run
    for number, verdict in enumerate(["failed", found] if found is not None else []):
        record = Reproduction(
            reproduction_id=f"r{number}",
            run_id=run.run_id,
            at=run.started_at + timedelta(hours=number + 1),
            verdict=ReproductionVerdict(verdict),
            reason="So it is.",
            tolerance=1e-9,
        )
        notebook.store.write(Batch(reproductions=[record]))

    assert ask(Reproduced(verdict=ReproductionVerdict(wanted))).answer is answer


def test_reproduction_with_a_wider_tolerance_tells_nothing(notebook: Any, make_run: Make, ask: Any) -> None:
    run = notebook.add(make_run(1, name="brave-otter", metrics={"a": 1})).run
    verdict = ReproductionVerdict.WITHIN_TOLERANCE
    record = Reproduction(
        reproduction_id="r", run_id=run.run_id, at=run.started_at, verdict=verdict, reason="So.", tolerance=0.1
    )
    notebook.store.write(Batch(reproductions=[record]))

    assert ask(Reproduced(verdict=verdict)).answer is UNKNOWN
    assert ask(Reproduced(verdict=verdict, tolerance=0.2)).answer is PASS


# Pipelines


def test_pipeline_is_its_newest_finished_run_with_the_runs_of_skipped_steps(
    notebook: Any, make_run: Make, ask: Any
) -> None:
    def step(number: int, parent: RunDetail, name: str, **rest: Any) -> RunDetail:
        tags = {"pipeline": "churn", "step": name}
        run = {"parent_id": parent.run.run_id, **rest.pop("run", {})}
        return notebook.add(make_run(number, tags=tags, run=run, **rest))

    first = notebook.add(make_run(1, tags={"pipeline": "churn"}))
    step(2, first, "train", metrics={"test.accuracy": 0.7})
    step(3, first, "evaluate", metrics={"lift": 1.0})
    second = notebook.add(make_run(5, tags={"pipeline": "churn"}, run={"status": RunStatus.FINISHED}))
    step(6, second, "evaluate", metrics={"lift": 2.0})
    third = notebook.add(make_run(9, tags={"pipeline": "churn"}, run={"status": RunStatus.FAILED}))
    step(10, third, "train", metrics={"test.accuracy": 0.1}, run={"status": RunStatus.FAILED})

    subject = find_subject(notebook.store, "churn")

    assert subject.run.run.run_id == second.run.run_id
    assert sorted(subject.steps()) == ["evaluate", "train"]
    assert ask(threshold("accuracy", ">= 0.7"), "churn").found == "0.7 in train"
    assert ask(threshold("lift", "> 1", step="evaluate"), "churn").answer is PASS
    assert ask(threshold("lift", "> 1", step="train"), "churn").answer is UNKNOWN
    assert "there is no step 'tran'" in ask(threshold("lift", "> 1", step="tran"), "churn").found
    assert ask(Finished(), "churn").answer is PASS


def test_a_mistyped_pipeline_is_guessed_once(notebook: Any, make_run: Make) -> None:
    notebook.add(make_run(1, name="churn", tags={"pipeline": "churn"}))

    with pytest.raises(NotFoundError) as refused:
        find_subject(notebook.store, "chrun")

    assert str(refused.value).count("Did you mean") == 1


def test_pipeline_that_never_finished_is_refused_with_how_to_go_on(notebook: Any, make_run: Make) -> None:
    notebook.add(make_run(1, tags={"pipeline": "churn"}, run={"status": RunStatus.FAILED}))

    with pytest.raises(NotFoundError, match=r"no finished run yet.* is failed.*trackbook pipeline resume"):
        find_subject(notebook.store, "churn")
    with pytest.raises(NotFoundError, match=r"Did you mean the pipeline 'churn'"):
        find_subject(notebook.store, "chrun")


def test_step_that_failed_is_named_with_its_error(notebook: Any, make_run: Make, ask: Any) -> None:
    parent = notebook.add(make_run(1, name="brave-otter", tags={"pipeline": "churn"}))
    failed = {
        "parent_id": parent.run.run_id,
        "status": RunStatus.FAILED,
        "failure": Failure(type="KeyError", message=""),
    }
    notebook.add(make_run(2, tags={"pipeline": "churn", "step": "train"}, run=failed))

    assert ask(Finished()).found == "failed in train (KeyError)"


# Another run


@pytest.fixture
def fit(notebook: Any, make_run: Make) -> Callable[..., RunDetail]:
    """Put a run on record that fitted a model on the first rows of a table and was measured on the rest."""
    random = np.random.default_rng(0)
    values = pd.DataFrame(random.normal(size=(500, 3)), columns=["a", "b", "c"])
    labels = pd.Series((values["a"] + values["b"] + random.normal(size=500) > 0).astype(int), name="won")

    def keep(table: Any, name: str) -> DatasetUse:
        snapshot = notebook.store.put_table(table)
        notebook.store.write(Batch(snapshots=[snapshot]))
        columns = tuple(Column(name=str(each), dtype="x") for each in getattr(table, "columns", ()))
        return DatasetUse(
            name=name,
            kind=snapshot.kind,
            role=Role.TEST,
            rows=len(table),
            shape=table.shape,
            columns=columns,
            snapshot_id=snapshot.snapshot_id,
        )

    def fit_one(
        number: int, name: str, columns: list[str], model: Any = None, start: int = 250, **metrics: float
    ) -> RunDetail:
        model = LogisticRegression() if model is None else model
        model.fit(values[columns][:250], labels[:250])
        rows, truth = values[columns][start:], labels[start:]
        found = {"test.accuracy": accuracy_score(truth, model.predict(rows).round().clip(0, 1))}
        if hasattr(model, "predict_proba"):
            found["test.roc_auc"] = roc_auc_score(truth, model.predict_proba(rows)[:, 1])
            found["test.f1"] = f1_score(truth, model.predict(rows), average="macro")
        else:
            found["test.mean_absolute_error"] = mean_absolute_error(truth, model.predict(rows))
        content = io.BytesIO()
        skops.io.dump(model, content)
        digest = notebook.store.put_object(content.getvalue())
        kept = Model(model_id=f"m{number}", name="model", class_name=type(model).__name__, object_digest=digest)
        detail = make_run(number, name=name, metrics={**found, **metrics}, models=(kept,))
        return notebook.add(replace(detail, datasets=(keep(truth, "y_test"), keep(rows, "X_test"))))

    return fit_one


def not_worse(metric: str, **options: Any) -> NotWorse:
    return NotWorse(reference="calm-owl", wanted=Wanted(metric=metric), **{"resamples": 300, **options})


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "f1"])
def test_worse_run_fails_and_better_one_passes_on_the_same_rows(fit: Any, ask: Any, metric: str) -> None:
    fit(1, "calm-owl", ["a", "b"])
    fit(2, "brave-otter", ["a"])
    fit(3, "shy-yak", ["a", "b", "c"])

    worse, alike = ask(not_worse(metric)), ask(not_worse(metric), "shy-yak")

    assert (worse.answer, alike.answer) == (FAIL, PASS)
    assert worse.details["high"] < 0  # type: ignore[operator]
    assert worse.details["low"] < worse.details["difference"] < worse.details["high"]  # type: ignore[operator]
    assert (worse.details["n"], worse.details["paired"]) == (250, True)
    assert "250 rows of y_test" in worse.found


def test_less_is_better_for_an_error(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a", "b"], Ridge())
    fit(2, "brave-otter", ["c"], Ridge())

    found = ask(not_worse("mean_absolute_error"))
    turned = ask(not_worse("mean_absolute_error", is_higher_better=True))

    assert (found.answer, turned.answer) == (FAIL, PASS)
    assert found.details["low"] > 0  # type: ignore[operator]


def test_margin_asks_for_certainty_that_it_is_no_worse_than_that(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a", "b"])
    fit(2, "brave-otter", ["a", "b"], LogisticRegression(C=0.02))

    assert ask(not_worse("roc_auc", margin=0.2)).answer is PASS
    assert ask(not_worse("accuracy", margin=1e-9)).answer is FAIL


def test_other_model_is_asked_about_the_rows_where_it_was_measured_on_others(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a", "b"], start=300)
    fit(2, "brave-otter", ["a", "b"])

    found = ask(not_worse("accuracy"))

    assert (found.answer, found.details["difference"], found.details["predicted_anew"]) == (PASS, 0.0, True)


def test_what_cannot_be_paired_is_unknown_unless_values_may_be_compared(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a"], start=300)
    fit(2, "brave-otter", ["a", "b"])

    found, allowed = ask(not_worse("accuracy")), ask(not_worse("accuracy", allow_unpaired=True))

    assert (found.answer, allowed.answer) == (UNKNOWN, PASS)
    assert "the model of calm-owl takes other columns, and was measured on other rows" in found.found
    assert "unpaired" in allowed.found


def test_value_that_what_is_kept_does_not_give_again_is_not_believed(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a"])
    fit(2, "brave-otter", ["a", "b"], **{"test.accuracy": 0.99})

    found = ask(not_worse("accuracy"))

    assert found.answer is UNKNOWN
    assert "what is kept of brave-otter does not give its test.accuracy again" in found.found


def test_few_rows_and_missing_runs_are_unknown(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a"])
    fit(2, "brave-otter", ["a", "b"])

    few = ask(not_worse("accuracy", fewest_rows=251))
    none = ask(NotWorse(reference="nobody", wanted=Wanted(metric="accuracy")))

    assert (few.answer, none.answer) == (UNKNOWN, UNKNOWN)
    assert "250 rows are too few to tell, 251 would do" in few.found
    assert "No run 'nobody'" in none.found


def test_what_was_found_says_what_it_means(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a", "b"])
    fit(2, "brave-otter", ["c"])
    fit(3, "wise-lynx", ["a", "b"])

    chance, worse = ask(not_worse("accuracy"), "wise-lynx"), ask(not_worse("accuracy"))
    near, within = ask(not_worse("accuracy", margin=0.01)), ask(not_worse("accuracy", margin=0.9))

    assert (chance.answer, worse.answer, near.answer, within.answer) == (PASS, FAIL, FAIL, PASS)
    assert chance.found.endswith("), no more than chance")
    assert worse.found.endswith("), worse by more than chance")
    assert ", may be worse by up to 0." in near.found
    assert ", worse by no more than 0." in within.found


def test_run_is_not_held_against_itself(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a"])

    found = ask(not_worse("accuracy"), "calm-owl")

    assert (found.answer, found.found) == (UNKNOWN, "calm-owl is the very run that is judged; name another one")


def test_pipeline_is_held_against_its_run_before(notebook: Any, make_run: Make, ask: Any) -> None:
    rule = NotWorse(reference="churn", wanted=Wanted(metric="accuracy", step="train"), allow_unpaired=True)
    for number, value in ((1, 0.9), (3, 0.8)):
        parent = notebook.add(make_run(number, tags={"pipeline": "churn"}))
        run = {"parent_id": parent.run.run_id}
        tags = {"pipeline": "churn", "step": "train"}
        notebook.add(make_run(number + 1, metrics={"accuracy": value}, tags=tags, run=run))

    found, first = ask(rule, "churn"), ask(rule, "00000001")

    assert (found.answer, first.answer) == (FAIL, UNKNOWN)
    assert found.found.startswith("0.8 against 0.9, unpaired")
    assert first.found == "Pipeline 'churn' has no earlier run"


def test_models_of_types_that_are_not_trusted_are_unknown_until_they_are_with_the_line_that_says_so(
    fit: Any, ask: Any
) -> None:
    fit(1, "calm-owl", ["a", "b"], RandomForestClassifier(5, random_state=0))
    fit(2, "brave-otter", ["c"], HistGradientBoostingClassifier(max_iter=2))
    types = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "sklearn.tree._tree.Tree")

    unknown, failed = ask(not_worse("accuracy")), ask(not_worse("accuracy", trust=types))

    assert (unknown.answer, failed.answer) == (UNKNOWN, FAIL)
    assert unknown.found.endswith(
        "the model of brave-otter is loaded only if you trust it; "
        "the model of calm-owl is loaded only if you trust it. "
        f"If you do, write into not_worse_than: `trust: {', '.join(types)}`"
    )
    assert failed.details["paired"] is True


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        SGDClassifier(),
        GaussianNB(),
        LinearDiscriminantAnalysis(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_common_models_without_trees_are_compared_out_of_the_box(fit: Any, ask: Any, model: Any) -> None:
    fit(1, "calm-owl", ["a", "b"], model)
    fit(2, "brave-otter", ["a", "b"], GaussianNB())

    assert ask(not_worse("accuracy")).details.get("paired") is True


def test_a_cell_of_the_report_begins_no_tag_and_shows_bounds_as_they_are_read(notebook: Any, make_run: Make) -> None:
    notebook.add(make_run(1, name="brave-otter", metrics={"<img src=x>": 1.0}))

    report = table_of(judge(find_subject(notebook.store, "brave-otter"), [threshold("loss", "<= 0.1")]))

    assert "| thresholds | loss <= 0.1 | not measured; there are &lt;img src=x> | ❔ unknown |" in report


def test_metric_of_ones_own_is_unknown(fit: Any, ask: Any) -> None:
    fit(1, "calm-owl", ["a"], lift=1.0)
    fit(2, "brave-otter", ["a"], lift=2.0)

    rule = not_worse("lift", is_higher_better=True)

    assert "'lift' is no metric of scikit-learn's" in ask(rule).found
    assert ask(rule).answer is UNKNOWN
    assert ask(replace(rule, allow_unpaired=True)).answer is PASS


# The bootstrap


def measured(name: str, **options: Any) -> tuple[Rows, Measure]:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 150)
    scores = labels + random.normal(size=150)
    guesses = [np.where(random.random(150) < share, labels, random.integers(0, 3, 150)) for share in (0.8, 0.6)]
    if name in ("r2_score", "root_mean_squared_error", "median_absolute_error"):
        return Rows(truth=scores, one=scores + 0.1 * guesses[0], other=scores - 0.2 * guesses[1]), Measure(
            name, options
        )
    if name == "roc_auc_score":
        return Rows(truth=labels > 1, one=scores.round(1), other=-scores), Measure(name, options)
    return Rows(truth=labels, one=guesses[0], other=guesses[1]), Measure(name, options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("accuracy_score", {}),
        ("balanced_accuracy_score", {}),
        ("f1_score", {"average": "macro"}),
        ("precision_score", {"average": "weighted"}),
        ("jaccard_score", {"average": "micro"}),
        ("roc_auc_score", {}),
        ("r2_score", {}),
        ("root_mean_squared_error", {}),
        ("median_absolute_error", {}),
    ],
)
def test_interval_is_that_of_scikit_learn_on_rows_that_were_drawn(name: str, options: dict[str, Any]) -> None:
    rows, measure = measured(name, **options)
    random = np.random.default_rng(3)
    drawn = (random.integers(0, 150, 150) for _ in range(100))
    differences = [measure(rows.truth[at], rows.one[at]) - measure(rows.truth[at], rows.other[at]) for at in drawn]  # type: ignore[operator]

    found = paired_bootstrap(rows, measure, resamples=300)

    assert found is not None
    width = found.high - found.low
    assert np.quantile(differences, [0.025, 0.975]) == pytest.approx([found.low, found.high], abs=0.35 * width)
    assert found.low < found.difference < found.high


def test_same_predictions_differ_by_nothing() -> None:
    rows, measure = measured("accuracy_score")

    found = paired_bootstrap(replace(rows, other=rows.one), measure)

    assert found is not None
    assert (found.low, found.difference, found.high, found.resamples) == (0.0, 0.0, 0.0, 2000)


def test_same_question_has_the_same_answer() -> None:
    rows, measure = measured("accuracy_score")

    found = [paired_bootstrap(rows, measure, seed=seed) for seed in (4, 4, 5)]

    assert found[0] == found[1] != found[2]


def test_metric_that_has_no_value_on_many_resamples_has_no_interval() -> None:
    truth = np.array([0] * 59 + [1])
    rows = Rows(truth=truth, one=np.linspace(0, 1, 60), other=np.linspace(1, 0, 60))

    assert paired_bootstrap(rows, Measure("roc_auc_score"), resamples=200) is None


# The report


def table_of(report: GateReport) -> list[str]:
    """Return the lines of a report without what only makes columns of them on a terminal."""
    return [re.sub(" +", " ", line) for line in gate_markdown(report).splitlines()]


def test_report_passes_only_if_every_rule_does(notebook: Any, make_run: Make) -> None:
    notebook.add(make_run(1, name="brave-otter", metrics={"a|b": 1.0}))
    subject = find_subject(notebook.store, "brave-otter")

    passed = judge(subject, [Finished(), threshold("a|b", ">= 1")])
    unknown = judge(subject, [Finished(), threshold("c", "< 1")])

    assert (passed.is_passed, unknown.is_passed, judge(subject, []).is_passed) == (True, False, False)
    lines = gate_markdown(passed).splitlines()
    ends = [[at for at, sign in enumerate(line) if sign == "|" and line[at - 1] != "\\"][:4] for line in lines[2:]]
    assert lines[0].startswith("## ✅ Gate passed: brave-otter (00000001)")
    assert all(each == ends[0] for each in ends)
    assert len({cell_len(line) for line in lines[2:]}) == 1
    assert len({cell_len(line) for line in gate_markdown(unknown).splitlines()[2:]}) == 1
    assert "| thresholds | a\\|b >= 1 | 1 | ✅ pass |" in table_of(passed)
    assert "| thresholds | c < 1 | not measured; there are a\\|b | ❔ unknown |" in table_of(unknown)
    payload = json.loads(json.dumps(gate_payload(unknown)))
    assert (payload["passed"], [each["result"] for each in payload["rules"]]) == (False, ["pass", "unknown"])
