from __future__ import annotations

from datetime import UTC, datetime

from trackbook.records import Execution, Model
from trackbook.tracking.choices import chosen_params, default_params, is_group, unchosen_params
from trackbook.tracking.compare import Section, compare, compare_runs
from trackbook.tracking.direction import headline, is_detail


def fitted(*defaults, kind="sklearn.svm.SVC"):
    """Return the models of a run that has one, which tells its defaults."""
    return (Model(model_id=kind, name="m", class_name=kind, details={"default_params": list(defaults)}),)


def test_what_a_model_has_by_default_nobody_chose(make_run):
    run = make_run(1, params={"C": 2, "tol": 0.1, "seed": 0}, models=fitted("tol"))

    assert chosen_params([run]) == ["C", "seed"]


def test_what_a_cell_writes_was_chosen_though_it_is_the_default(make_run):
    run = make_run(1, params={"C": 1.0, "tol": 0.1}, models=fitted("C", "tol"))
    cell = Execution(
        execution_id="e1",
        session_id="s1",
        index=1,
        source="model = SVC(C=C)",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
    )

    assert unchosen_params(run, [cell]) == ["tol"]
    assert unchosen_params(run, []) == ["C", "tol"]


def test_param_that_is_chosen_in_one_run_is_chosen_in_the_list(make_run):
    runs = [
        make_run(1, params={"C": 1.0}, models=fitted("C")),
        make_run(2, params={"C": 2.0}, models=fitted()),
    ]

    assert chosen_params(runs) == ["C"]


def test_run_without_a_model_has_the_defaults_that_another_run_tells(make_run):
    told = make_run(1, params={"tol": 0.1, "C": 1.0}, models=fitted("tol", "C"))
    validated = make_run(2, params={"tol": 0.1, "C": 5.0, "cv": 3})

    assert default_params([told, validated])[validated.run.run_id] == {"tol"}
    assert default_params([validated])[validated.run.run_id] == set()


def test_default_value_counts_by_its_type_too(make_run):
    told = make_run(1, params={"verbose": 0}, models=fitted("verbose"))
    validated = make_run(2, params={"verbose": False})

    assert "verbose" not in default_params([told, validated])[validated.run.run_id]


def test_param_that_two_models_of_a_run_disagree_about_is_a_default_only_of_both(make_run):
    models = (*fitted("tol"), *fitted("tol", "alpha", kind="sklearn.linear_model.Ridge"))
    run = make_run(1, params={"alpha": 5, "Ridge.alpha": 1.0, "tol": 0.1, "Ridge.tol": 0.2}, models=models)

    assert default_params([run])[run.run.run_id] == {"tol", "Ridge.tol"}


def test_parts_of_a_pipeline_are_told_once(make_run):
    steps = [["scaler", "StandardScaler"], ["svc", "SVC"]]
    nested = {f"estimator__{key}": value for key, value in {"steps": steps, "scaler": "S", "svc": "SVC"}.items()}
    run = make_run(1, params={"estimator": "Pipeline", **nested}, models=fitted())

    assert chosen_params([run]) == ["estimator__steps"]


def test_comparison_tells_the_chosen_params_and_keeps_the_others(make_run):
    runs = [
        make_run(1, params={"C": 2, "dual": False}, models=fitted("dual", kind="a.Logistic")),
        make_run(2, params={"depth": 3, "oob": True}, models=fitted("oob", kind="a.Forest")),
    ]

    compared = compare(runs, {})

    assert [row.key for row in compared.telling()] == ["class", "C", "depth"]
    assert {row.key for row in compared.differing()} == {"class", "C", "dual", "depth", "oob"}


def test_comparison_asks_other_runs_of_the_experiment_what_is_a_default(notebook, make_run):
    notebook.add(make_run(1, params={"tol": 0.1}, models=fitted("tol")))
    notebook.add(make_run(2, name="validated", params={"tol": 0.1, "cv": 3}))
    notebook.add(make_run(3, name="other", params={"cv": 5}))

    compared = compare_runs(notebook.store, ["validated", "other"])

    assert [row.key for row in compared.telling()] == ["cv"]


def test_group_is_left_out_of_the_comparison_of_its_runs(notebook, make_run):
    parent = notebook.add(make_run(1, name="loop"))
    for number in (2, 3):
        notebook.add(make_run(number, params={"C": number, "seed": 0}, run={"parent_id": parent.run.run_id}))

    compared = compare_runs(notebook.store, ["loop"])

    assert is_group(parent)
    assert [detail.params["C"] for detail in compared.runs] == [2, 3]


def test_group_does_not_make_params_differ(make_run):
    runs = [make_run(1), *(make_run(at, params={"C": at, "seed": 0}) for at in (2, 3))]

    assert [row.key for row in compare(runs, {}).telling()] == ["C"]


def test_candidates_are_measured_against_each_other_and_not_against_their_search(notebook, make_run):
    search = notebook.add(make_run(1, name="search", metrics={"accuracy": 0.99}, params={"cv": 3}))
    for number, score in ((2, 0.8), (3, 0.9)):
        child = make_run(
            number, metrics={"accuracy": score}, params={"C": number}, run={"parent_id": search.run.run_id}
        )
        notebook.add(child)

    compared = compare_runs(notebook.store, ["search"])

    accuracy = next(row for row in compared.rows if row.key == "accuracy")
    assert (compared.baseline, accuracy.best) == (1, (2,))
    assert accuracy.differences[:2] == (None, 0.0)
    assert [row.key for row in compared.telling() if row.section is Section.PARAMS] == ["C"]


def test_folds_and_spreads_are_details_of_their_mean():
    keys = {"validation.accuracy", "validation.accuracy.std", "validation.accuracy.fold", "loss.std"}

    assert headline("validation.accuracy.fold") == "validation.accuracy"
    assert {key for key in keys if is_detail(key, keys)} == {"validation.accuracy.std", "validation.accuracy.fold"}
