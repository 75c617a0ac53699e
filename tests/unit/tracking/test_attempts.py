"""Runs without starting them: the rules on events made by hand, one by one and in any order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackbook import clock
from trackbook.capture.events import Evaluation, Event, FitEvent, LogEvent, MetricEvent
from trackbook.capture.trace import Flowing
from trackbook.records import (
    DatasetUse,
    Execution,
    Failure,
    MetricPoint,
    Model,
    Outcome,
    Process,
    Role,
    Run,
    RunDetail,
    RunStatus,
    Session,
)
from trackbook.store import Batch, MemoryStore, RunChange
from trackbook.store.contract import RunFilter
from trackbook.store.rules import latest
from trackbook.tracking.attempts import Attempts

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
ERROR = Failure(type="ValueError", message="no")


@dataclass
class Ledger:
    """Attempts whose changes are written to a real store, which refuses what must not be."""

    parent_id: str | None = None
    store: MemoryStore = field(default_factory=lambda: MemoryStore("memory://ledger"))
    count: int = 0

    def __post_init__(self) -> None:
        home = Process(host="elsewhere", boot="another", pid=1, started=0.0)
        session = Session(session_id="s", experiment="e", started_at=NOON, lease_expires_at=FAR, process=home, user="u")
        self.store.write(Batch(sessions=[session]))
        self.started: dict[str, Run] = {}
        self.attempts = Attempts(self.new_run, self.store.put_object, self.started.get, self.parent_id)

    def new_run(self, run_id: str | None, name: str | None, at: datetime) -> Run:
        return Run(
            run_id=run_id or clock.new_id(),
            name=name or clock.new_name(),
            experiment="e",
            session_id="s",
            started_at=at,
        )

    def start(self, name: str) -> str:
        run = self.started[name] = self.new_run(name, name, NOON)
        self.store.write(Batch(runs=[RunChange(run_id=name, run=run)]))
        return name

    def run(self, *events: Event, outcome: Outcome = Outcome.OK) -> list[str]:
        """Process the events of an execution and write what comes of it; return the ids of the runs it touched."""
        self.count += 1
        at = NOON + timedelta(minutes=self.count)
        failure = None if outcome is Outcome.OK else ERROR
        changes = self.attempts.process(events, f"x{self.count}", outcome, failure, at)
        written: set[str] = set()
        finished = changes.finished(f"x{self.count}")
        for change in finished:
            parent = change.run.parent_id if change.run is not None else None
            assert parent not in {later.run_id for later in finished} - written, "a child is written before its parent"
            written.add(change.run_id)
        execution = Execution(
            execution_id=f"x{self.count}", session_id="s", index=self.count, source="", started_at=at, outcome=outcome
        )
        self.store.write(Batch(executions=[execution], runs=finished))
        return list(changes.run_ids)

    def details(self) -> list[RunDetail]:
        return self.store.runs(RunFilter(oldest_first=True))

    def points(self) -> list[tuple[str, MetricPoint]]:
        return [
            (d.run.run_id, p)
            for d in self.details()
            for key in d.metrics
            for p in self.store.metric_history(d.run.run_id, key)
        ]

    def fitted(self) -> list[RunDetail]:
        return [detail for detail in self.details() if detail.models]


def table(name: str = "X", fingerprint: str | None = "f1", role: Role | None = Role.TRAIN) -> DatasetUse:
    return DatasetUse(name=name, kind="array", role=role, fingerprint=fingerprint)


def fit(code: str = "fit", *, coef: float = 1.0, data: Sequence[DatasetUse] = (table(),), **fields: Any) -> FitEvent:
    """Return a fit that went well; `params` flowed in, `coef` is what it found."""
    estimator = fields.pop("estimator", "lib.Linear")
    event = FitEvent(
        at=NOON,
        inputs=Flowing(),
        code=code,
        data=list(data),
        run_id=clock.new_id(),
        run_name=clock.new_name(),
        estimator=estimator,
        hyper=fields.pop("hyper", {"alpha": 1.0}),
        model=Model(model_id=clock.new_id(), name="m", class_name=estimator, coefficients={"a": coef}),
        seconds=0.1,
        has_ended=True,
    )
    return replace(event, **fields)


def metric(value: float, *fits: FitEvent, code: str = "metric", name: str = "accuracy", **fields: Any) -> MetricEvent:
    values = fields.pop("values", {"": value})
    event = MetricEvent(at=NOON, inputs=Flowing(), code=code, name=name, role=None, values=values, fits=fits)
    return replace(event, **fields)


def log(**fields: Any) -> LogEvent:
    return LogEvent(at=NOON, inputs=Flowing(), **fields)


def numbers(detail: RunDetail) -> dict[str, float | int]:
    return {key: point.value for key, point in detail.metrics.items()}


# Fits


def test_a_fit_is_a_run() -> None:
    ledger = Ledger()
    event = fit(params={"C": 1}, hyper={"alpha": 2})

    ledger.run(event)

    (detail,) = ledger.details()
    assert (detail.run.run_id, detail.run.name) == (event.run_id, event.run_name)
    assert detail.run.status is RunStatus.FINISHED
    assert detail.params == {"C": 1, "alpha": 2}
    assert detail.models == (event.model,)
    assert [use.name for use in detail.datasets] == ["X"]
    assert detail.execution_ids == ("x1",)


def test_another_fit_is_another_run() -> None:
    ledger = Ledger()

    ledger.run(fit(params={"C": 1}))
    ledger.run(fit(params={"C": 2}))

    assert [detail.params["C"] for detail in ledger.details()] == [1, 2]


CHANGES = [
    {"code": "other"},
    {"params": {"C": 2}},
    {"hyper": {"alpha": 9}},
    {"estimator": "lib.Other"},
    {"data": [table(fingerprint="f2")]},
    {"data": [table(), table("y")]},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_fit_that_differs_in_anything_is_no_repetition(change: dict[str, Any]) -> None:
    ledger = Ledger()
    first = {"code": "fit", "params": {"C": 1}}

    ledger.run(fit(**first))
    ledger.run(fit(**(first | change)))

    assert len(ledger.details()) == 2


def test_the_same_again_is_a_repetition() -> None:
    ledger = Ledger()
    first, again = fit(), fit()

    ledger.run(first, metric(0.9, first))
    ledger.run(again, metric(0.9, again))

    (detail,) = ledger.details()
    assert detail.tags["repeated"] == "1"
    assert len(ledger.points()) == 1
    assert detail.execution_ids == ("x1", "x2")


def test_repetitions_are_counted() -> None:
    ledger = Ledger()

    for _ in range(4):
        event = fit()
        ledger.run(event, metric(0.9, event))

    (detail,) = ledger.details()
    assert detail.tags["repeated"] == "3"


def test_the_same_with_another_number_is_nondeterministic() -> None:
    ledger = Ledger()
    first, again = fit(), fit(unseeded=["Linear(random_state=None)"])

    ledger.run(first, metric(0.9, first))
    ledger.run(again, metric(0.8, again))

    one, two = ledger.details()
    assert (numbers(one), numbers(two)) == ({"accuracy": 0.9}, {"accuracy": 0.8})
    assert "Linear(random_state=None)" in two.tags["nondeterministic"]
    assert one.run.name in two.tags["nondeterministic"]
    assert "repeated" not in one.tags


def test_another_number_in_a_later_execution_is_nondeterministic_too() -> None:
    ledger = Ledger()
    first, again = fit(), fit()

    ledger.run(first)
    ledger.run(metric(0.9, first))
    ledger.run(again)
    ledger.run(metric(0.8, again))

    assert [numbers(detail) for detail in ledger.details()] == [{"accuracy": 0.9}, {"accuracy": 0.8}]


def test_the_same_with_other_coefficients_is_nondeterministic() -> None:
    ledger = Ledger()

    ledger.run(fit(coef=1.0))
    ledger.run(fit(coef=2.0))

    assert ["nondeterministic" in detail.tags for detail in ledger.details()] == [False, True]


def test_data_without_a_fingerprint_are_never_the_same() -> None:
    ledger = Ledger()

    ledger.run(fit(data=[table(fingerprint=None)]))
    ledger.run(fit(data=[table(fingerprint=None)]))

    assert len(ledger.details()) == 2


def test_nan_again_is_the_same() -> None:
    ledger = Ledger()
    first, again = fit(), fit()

    ledger.run(first, metric(float("nan"), first))
    ledger.run(again, metric(float("nan"), again))

    assert len(ledger.details()) == 1


def test_fits_of_one_execution_are_siblings_under_one_parent() -> None:
    ledger = Ledger()
    events = [fit(params={"C": c}) for c in (1, 2, 3)]

    ledger.run(*(each for event in events for each in (event, metric(event.params["C"] / 10, event))))

    parents = {detail.run.parent_id for detail in ledger.fitted()}
    assert len(ledger.details()) == 4
    assert len(parents) == 1
    assert parents != {None}
    assert [numbers(detail)["accuracy"] for detail in ledger.fitted()] == [0.1, 0.2, 0.3]


def test_a_loop_again_makes_nothing_new() -> None:
    ledger = Ledger()

    for _ in range(2):
        events = [fit(params={"C": c}) for c in (1, 2)]
        ledger.run(*events, *(metric(event.params["C"], event) for event in events))

    assert len(ledger.details()) == 3
    assert len(ledger.points()) == 2


def test_candidates_of_a_search_are_children() -> None:
    ledger = Ledger()
    candidates = [
        Evaluation(params={"C": c}, metrics=[("validation.score", c / 10, 0)], is_best=c == 2) for c in (1, 2)
    ]

    ledger.run(fit(candidates=candidates, metrics=[("best_score", 0.2, 0)]))

    parent, *children = ledger.details()
    assert [child.run.parent_id for child in children] == [parent.run.run_id] * 2
    assert [child.params for child in children] == [{"C": 1}, {"C": 2}]
    assert ["best" in child.tags for child in children] == [False, True]
    assert all(child.run.status is RunStatus.FINISHED for child in children)


def test_two_searches_in_one_execution_keep_their_candidates() -> None:
    ledger = Ledger()
    events = [fit(code=str(n), candidates=[Evaluation(params={"C": n}, metrics=[])]) for n in (1, 2)]

    ledger.run(*events)

    parents = {detail.run.run_id: detail.run.parent_id for detail in ledger.details()}
    group = parents[events[0].run_id]
    assert parents[events[1].run_id] == group
    assert parents[group or ""] is None
    assert sorted(str(parent) for parent in parents.values()) == sorted(
        ["None", group or "", group or "", events[0].run_id, events[1].run_id]
    )


def test_all_are_under_the_sessions_parent() -> None:
    ledger = Ledger(parent_id="notebook")
    ledger.store.write(Batch(runs=[RunChange(run_id="notebook", run=ledger.new_run("notebook", None, NOON))]))

    ledger.run(fit(params={"C": 1}), fit(params={"C": 2}))

    group = next(detail for detail in ledger.details() if detail.run.parent_id == "notebook")
    assert {detail.run.parent_id for detail in ledger.fitted()} == {group.run.run_id}


# Failure


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.ERROR, RunStatus.FAILED), (Outcome.INTERRUPTED, RunStatus.KILLED)]
)
def test_the_last_run_of_a_broken_execution_shares_its_end(outcome: Outcome, status: RunStatus) -> None:
    ledger = Ledger()
    first, last = fit(params={"C": 1}), fit(params={"C": 2}, model=None, has_ended=False)

    ledger.run(first, last, outcome=outcome)

    by_id = {detail.run.run_id: detail.run for detail in ledger.details()}
    assert by_id[first.run_id].status is RunStatus.FINISHED
    assert (by_id[last.run_id].status, by_id[last.run_id].failure) == (status, ERROR)


def test_a_fit_that_failed_and_was_caught_is_failed() -> None:
    ledger = Ledger()
    broken, good = fit(params={"C": 1}, model=None, has_ended=False, failure=ERROR), fit(params={"C": 2})

    ledger.run(broken, good)

    by_id = {detail.run.run_id: detail.run.status for detail in ledger.details()}
    assert (by_id[broken.run_id], by_id[good.run_id]) == (RunStatus.FAILED, RunStatus.FINISHED)


def test_an_error_after_everything_was_done_keeps_the_metrics() -> None:
    ledger = Ledger()
    event = fit()

    ledger.run(event, metric(0.9, event), outcome=Outcome.ERROR)

    assert numbers(ledger.details()[0]) == {"accuracy": 0.9}


def test_a_failed_fit_done_again_is_tried_again() -> None:
    ledger = Ledger()
    broken, good = fit(model=None, has_ended=False), fit()

    ledger.run(broken, outcome=Outcome.ERROR)
    ledger.run(good, metric(0.9, good))

    assert {detail.run.status: numbers(detail) for detail in ledger.details()} == {
        RunStatus.FAILED: {},
        RunStatus.FINISHED: {"accuracy": 0.9},
    }


# Metrics


def test_a_metric_finds_the_run_of_its_model_not_the_newest() -> None:
    ledger = Ledger()
    old, new = fit(params={"C": 1}), fit(params={"C": 2})

    ledger.run(old)
    ledger.run(new)
    ledger.run(metric(0.5, old))

    assert {detail.run.run_id: numbers(detail) for detail in ledger.details()} == {
        old.run_id: {"accuracy": 0.5},
        new.run_id: {},
    }


def test_a_metric_without_a_model_is_a_run() -> None:
    ledger = Ledger()

    ledger.run(metric(0.5, params={"k": 3}))

    (detail,) = ledger.details()
    assert (numbers(detail), detail.params, detail.models) == ({"accuracy": 0.5}, {"k": 3}, ())


def test_metrics_without_a_model_of_one_execution_share_a_run() -> None:
    ledger = Ledger()

    ledger.run(metric(0.5), metric(0.6, code="other", name="f1"))

    (detail,) = ledger.details()
    assert numbers(detail) == {"accuracy": 0.5, "f1": 0.6}


def test_a_metric_of_several_models_is_of_none_of_them() -> None:
    ledger = Ledger()
    one, two = fit(params={"C": 1}), fit(params={"C": 2})

    ledger.run(one)
    ledger.run(two)
    ledger.run(metric(0.5, one, two))

    assert [numbers(detail) for detail in ledger.details()] == [{}, {}, {"accuracy": 0.5}]


def test_one_place_in_a_loop_is_a_series() -> None:
    ledger = Ledger()
    event = fit()

    ledger.run(event, *(metric(value, event) for value in (0.1, 0.2, 0.3)))

    assert [(point.key, point.step, point.value) for _, point in ledger.points()] == [
        ("accuracy", 0, 0.1),
        ("accuracy", 1, 0.2),
        ("accuracy", 2, 0.3),
    ]


def test_two_places_with_one_key_are_told_apart() -> None:
    ledger = Ledger()
    event = fit()

    ledger.run(
        event,
        metric(0.1, event, code="a"),
        metric(0.2, event, code="b", assigned="again"),
        metric(0.3, event, code="c"),
        metric(0.4, event, code="d"),
    )

    assert numbers(ledger.details()[0]) == {
        "accuracy": 0.1,
        "accuracy.again": 0.2,
        "accuracy.2": 0.3,
        "accuracy.3": 0.4,
    }


def test_sub_keys_and_roles_are_in_the_key() -> None:
    ledger = Ledger()
    event = fit()

    ledger.run(event, metric(0, event, name="f1", role=Role.TEST, values={"[0]": 0.1, "macro": 0.2}))

    assert numbers(ledger.details()[0]) == {"test.f1[0]": 0.1, "test.f1.macro": 0.2}


def sliced(fingerprint: str | None, rows: int = 20, *, role: Role | None = None, is_column: bool = False) -> DatasetUse:
    """Return a table, or a column, that is written out where it is used."""
    shape = (rows,) if is_column else (rows, 2)
    return replace(table(f"df[{fingerprint}]", fingerprint, role), shape=shape, rows=rows)


TRAINED = [sliced("fx", role=Role.TRAIN), sliced("fy", role=Role.TRAIN, is_column=True)]


def test_a_metric_on_what_the_model_was_fitted_on_is_one_of_training() -> None:
    ledger, model = Ledger(), fit(data=TRAINED)

    ledger.run(model, metric(0.9, model, data=[sliced("fy", is_column=True), sliced("fx")]))

    (detail,) = ledger.details()
    assert detail.metrics.keys() == {"train.accuracy"}
    assert {use.role for use in detail.datasets} == {Role.TRAIN}


@pytest.mark.parametrize(
    "data",
    [
        [sliced("fy", is_column=True), sliced("gx")],
        [sliced("gy", is_column=True), sliced("fx")],
        [sliced("fy", is_column=True)],
        [sliced("fy", is_column=True), sliced(None)],
        [sliced("fy", 5, is_column=True), sliced("fx", 5)],
        [],
    ],
    ids=["other inputs", "another truth", "only a column", "unknown", "a handful", "nothing"],
)
def test_a_metric_on_anything_else_has_no_role(data: list[DatasetUse]) -> None:
    ledger, model = Ledger(), fit(data=TRAINED)

    ledger.run(model, metric(0.9, model, data=data))

    assert ledger.details()[0].metrics.keys() == {"accuracy"}


def test_what_one_model_was_fitted_on_is_no_training_data_of_another() -> None:
    ledger, one = Ledger(), fit(data=TRAINED)
    other = fit("other", data=[sliced("gx", role=Role.TRAIN), sliced("gy", role=Role.TRAIN, is_column=True)])

    ledger.run(one, other, metric(0.9, other, data=[sliced("fy", is_column=True), sliced("fx")]))

    assert [key for detail in ledger.details() for key in detail.metrics] == ["accuracy"]


def test_what_was_a_test_table_before_is_one_where_it_is_written_out() -> None:
    ledger, model = Ledger(), fit(data=TRAINED)
    known = [sliced("gy", role=Role.TEST, is_column=True), sliced("gx", role=Role.TEST)]
    ledger.run(model, metric(0.9, model, role=Role.TEST, data=known))

    ledger.run(metric(0.8, model, code="again", name="recall", data=[sliced("gy", is_column=True), sliced("gx")]))
    ledger.run(metric(0.7, model, code="mixed", name="f1", data=[sliced("gy", is_column=True), sliced("hx")]))

    assert ledger.details()[0].metrics.keys() == {"test.accuracy", "test.recall", "f1"}


def test_what_was_logged_by_hand_keeps_the_name_that_it_was_given() -> None:
    ledger, model = Ledger(), fit(data=TRAINED)

    ledger.run(model, metric(0.9, model, is_logged=True, data=[sliced("fy", is_column=True), sliced("fx")]))

    assert ledger.details()[0].metrics.keys() == {"accuracy"}


def test_a_metric_cell_again_is_evidence_not_a_point() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event)

    ledger.run(metric(0.9, event))
    ledger.run(metric(0.9, event))

    assert len(ledger.points()) == 1
    assert ledger.details()[0].tags["repeated"] == "1"


def test_a_metric_cell_again_with_another_number_is_another_run() -> None:
    ledger = Ledger()
    event = fit(params={"C": 1})
    ledger.run(event)

    ledger.run(metric(0.9, event))
    ledger.run(metric(0.8, event))

    one, two = ledger.details()
    assert (numbers(one), numbers(two)) == ({"accuracy": 0.9}, {"accuracy": 0.8})
    assert two.params["C"] == 1
    assert "nondeterministic" in two.tags


def test_a_run_with_metrics_is_sealed_against_other_constants() -> None:
    ledger = Ledger()
    event = fit(params={"C": 1})
    ledger.run(event)

    ledger.run(metric(0.9, event, params={"C": 1, "threshold": 0.5}))
    ledger.run(metric(0.8, event, params={"C": 1, "threshold": 0.6}))

    assert [(detail.params["threshold"], numbers(detail)) for detail in ledger.details()] == [
        (0.5, {"accuracy": 0.9}),
        (0.6, {"accuracy": 0.8}),
    ]
    assert [len(detail.models) for detail in ledger.details()] == [1, 1]


def test_a_run_with_metrics_is_sealed_against_other_data() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event)

    ledger.run(metric(0.9, event, data=[table("y", "one", Role.TEST)]))
    ledger.run(metric(0.8, event, data=[table("y", "two", Role.TEST)]))

    assert [numbers(detail) for detail in ledger.details()] == [{"accuracy": 0.9}, {"accuracy": 0.8}]


def test_constants_back_and_forth_find_their_runs_again() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event)

    for threshold in (0.5, 0.6, 0.5, 0.6):
        ledger.run(metric(threshold * 2, event, params={"t": threshold}))

    assert [numbers(detail)["accuracy"] for detail in ledger.details()] == [1.0, 1.2]


def test_other_metrics_of_the_same_run_join_it() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event)

    ledger.run(metric(0.9, event))
    ledger.run(metric(0.8, event, name="f1", code="f1"))

    assert numbers(ledger.details()[0]) == {"accuracy": 0.9, "f1": 0.8}


def test_a_longer_series_of_the_same_beginning_goes_on() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event, *(metric(value, event) for value in (0.1, 0.2)))

    ledger.run(*(metric(value, event) for value in (0.1, 0.2, 0.3)))

    assert [point.value for _, point in ledger.points()] == [0.1, 0.2, 0.3]


def test_a_repetition_that_measures_more_keeps_all() -> None:
    ledger = Ledger()
    first, again = fit(), fit()
    ledger.run(first, *(metric(value, first) for value in (0.1, 0.2)))

    ledger.run(again, *(metric(value, again) for value in (0.1, 0.2, 0.3)), metric(0.7, again, code="f1", name="f1"))

    assert sorted(point.value for _, point in ledger.points()) == [0.1, 0.2, 0.3, 0.7]
    assert len(ledger.details()) == 1


def test_a_repetition_with_new_sub_keys_keeps_them() -> None:
    ledger = Ledger()
    first, again = fit(), fit()
    ledger.run(first, metric(0, first, name="report", values={"a.recall": 0.1}))

    ledger.run(again, metric(0, again, name="report", values={"a.recall": 0.1, "b.recall": 0.2}))

    assert sorted(point.value for _, point in ledger.points()) == [0.1, 0.2]


# By hand


def test_logged_metrics_join_the_run_they_flow_from_under_their_name() -> None:
    ledger = Ledger()
    one, two = fit(params={"C": 1}), fit(params={"C": 2})
    ledger.run(one)
    ledger.run(two)

    ledger.run(metric(3.5, one, name="profit", is_logged=True))

    assert numbers(ledger.details()[0]) == {"profit": 3.5}


def test_logged_metrics_of_nothing_join_the_current_run() -> None:
    ledger = Ledger()
    ledger.run(fit())

    ledger.run(metric(3.5, name="profit", is_logged=True))

    (detail,) = ledger.details()
    assert numbers(detail) == {"profit": 3.5}


def test_logged_steps_are_kept() -> None:
    ledger = Ledger()
    event = fit()

    ledger.run(
        event,
        *(
            metric(value, event, name="loss", step=step, is_logged=True, code=str(step))
            for step, value in ((5, 0.5), (9, 0.1))
        ),
    )

    assert [(point.step, point.value) for _, point in ledger.points()] == [(5, 0.5), (9, 0.1)]


def test_logged_params_wait_for_the_next_run() -> None:
    ledger = Ledger()

    ledger.run(log(logged={"lr": 0.1}))
    before = ledger.details()
    ledger.run(fit())

    assert before == [] or before[0].params == {"lr": 0.1}
    assert ledger.details()[-1].params["lr"] == 0.1


def test_logged_params_of_a_sealed_run_are_the_next_ones() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event, metric(0.9, event))

    ledger.run(log(logged={"lr": 0.1}))
    ledger.run(fit(params={"C": 2}))

    assert ["lr" in detail.params for detail in ledger.details()] == [False, True]


def test_tags_notes_and_files_are_of_the_current_run() -> None:
    ledger = Ledger()
    ledger.run(fit())

    ledger.run(log(tags={"team": "red"}, note="good", artifact=("a.txt", b"abc", "text/plain")))

    (detail,) = ledger.details()
    assert (detail.tags, detail.run.note) == ({"team": "red"}, "good")
    assert [artifact.name for artifact in detail.artifacts] == ["a.txt"]


def test_what_happens_inside_a_started_run_is_of_it() -> None:
    ledger = Ledger()
    mine = ledger.start("mine")
    one, two = fit(explicit=mine, params={"C": 1}), fit(explicit=mine, params={"C": 2}, hyper={"alpha": 5})

    ledger.run(one, metric(0.5, one, explicit=mine))
    ledger.run(two, metric(0.6, two, explicit=mine, code="other"))

    (detail,) = ledger.details()
    assert sorted(numbers(detail).values()) == [0.5, 0.6]
    assert len(detail.models) == 2
    assert detail.params["C"] == 1
    assert detail.run.status is RunStatus.RUNNING


def test_a_metric_of_an_earlier_model_inside_a_started_run_is_of_the_started_one() -> None:
    ledger = Ledger()
    event = fit()
    ledger.run(event)
    mine = ledger.start("mine")

    ledger.run(metric(0.5, event, explicit=mine))

    assert {detail.run.run_id: numbers(detail) for detail in ledger.details()} == {
        event.run_id: {},
        "mine": {"accuracy": 0.5},
    }


def test_clashing_params_are_all_kept() -> None:
    ledger = Ledger()

    ledger.run(fit(params={"alpha": 1, "C": 2}, hyper={"alpha": 5, "C": 2}))

    (detail,) = ledger.details()
    assert detail.params == {"alpha": 1, "C": 2, "Linear.alpha": 5}


def test_latest_is_by_step_then_time() -> None:
    points = [
        MetricPoint(key="a", value=1, step=2, time=NOON),
        MetricPoint(key="a", value=2, step=1, time=NOON + timedelta(1)),
        MetricPoint(key="a", value=3, step=2, time=NOON + timedelta(2)),
        MetricPoint(key="b", value=4, step=-1, time=NOON),
    ]

    assert {key: point.value for key, point in latest(points).items()} == {"a": 3, "b": 4}


# In any order


@dataclass(frozen=True)
class Step:
    """What one event of a random session is; fits are chosen by their number among those so far."""

    kind: str
    code: int
    constant: int
    chosen: tuple[int, ...] = ()
    is_explicit: bool = False


STEPS = st.builds(
    Step,
    kind=st.sampled_from(["fit", "fit", "metric", "metric", "metric", "logged", "log"]),
    code=st.integers(0, 2),
    constant=st.integers(0, 2),
    chosen=st.lists(st.integers(0, 30), max_size=2).map(tuple),
    is_explicit=st.sampled_from([False, False, False, True]),
)
SESSIONS = st.lists(
    st.tuples(
        st.lists(STEPS, max_size=5), st.sampled_from([Outcome.OK, Outcome.OK, Outcome.ERROR, Outcome.INTERRUPTED])
    ),
    max_size=8,
)


@dataclass
class Story:
    """A random session as it is told to the ledger; every number in it is another one, or depends on the code alone."""

    is_deterministic: bool
    ledger: Ledger = field(default_factory=Ledger)
    fits: list[FitEvent] = field(default_factory=list)
    given: list[float] = field(default_factory=list)
    fresh: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def value(self, step: Step) -> float:
        value = float(step.code * 10 + step.constant) if self.is_deterministic else float(next(iter(self.fresh)))
        self.given.append(value)
        return value

    def event(self, step: Step) -> Event:
        explicit = "mine" if step.is_explicit else None
        params = {"c": step.constant}
        chosen = tuple(dict.fromkeys(self.fits[number % len(self.fits)] for number in step.chosen) if self.fits else ())
        if step.kind == "fit":
            event = fit(f"fit{step.code}", params=params, explicit=explicit)
            self.fits.append(event)
            return event
        if step.kind == "log":
            return log(logged=params, tags={"t": str(step.code)}, explicit=explicit)
        return metric(
            self.value(step), *chosen, code=f"m{step.code}", name=f"n{step.code}", params=params, explicit=explicit,
            is_logged=step.kind == "logged",
        )  # fmt: skip

    def tell(self, session: list[tuple[list[Step], Outcome]]) -> None:
        self.ledger.start("mine")
        for steps, outcome in session:
            self.ledger.run(*[self.event(step) for step in steps], outcome=outcome)


@settings(max_examples=100, deadline=None)
@given(SESSIONS)
def test_no_number_is_lost_or_doubled(session: list[tuple[list[Step], Outcome]]) -> None:
    story = Story(is_deterministic=False)

    story.tell(session)

    assert sorted(point.value for _, point in story.ledger.points()) == sorted(story.given)


@settings(max_examples=100, deadline=None)
@given(SESSIONS)
def test_numbers_that_come_again_are_kept_once_at_least(session: list[tuple[list[Step], Outcome]]) -> None:
    story = Story(is_deterministic=True)

    story.tell(session)

    assert {point.value for _, point in story.ledger.points()} == set(story.given)
    assert len(story.ledger.points()) <= len(story.given)


@settings(max_examples=100, deadline=None)
@given(SESSIONS, st.booleans())
def test_every_run_is_whole(session: list[tuple[list[Step], Outcome]], is_deterministic: bool) -> None:
    story = Story(is_deterministic=is_deterministic)

    story.tell(session)

    details = story.ledger.details()
    ids = [detail.run.run_id for detail in details]
    assert len(set(ids)) == len(ids)
    assert {detail.run.parent_id for detail in details} - {None} <= set(ids)
    assert all(detail.run.status is not RunStatus.RUNNING for detail in details if detail.run.run_id != "mine")
    assert all(detail.run.finished_at for detail in details if detail.run.run_id != "mine")


@settings(max_examples=100, deadline=None)
@given(SESSIONS)
def test_every_model_is_in_one_run_or_was_there_before(session: list[tuple[list[Step], Outcome]]) -> None:
    story = Story(is_deterministic=False)

    story.tell(session)

    models = [model.model_id for detail in story.ledger.details() for model in detail.models]
    assert len(set(models)) == len(models)
    identities = {(event.code, str(event.params)) for event in story.fits}
    assert len(models) >= len(identities)
