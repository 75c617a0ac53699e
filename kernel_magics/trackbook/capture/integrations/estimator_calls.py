"""Watches the methods of estimators, whatever library they are of: what is fitted, what predicts, what scores."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from types import FunctionType
from typing import Any
from weakref import WeakSet

from trackbook import clock
from trackbook.capture.events import Evaluation, FitEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.boosting import best_round, evaluation_history, history_points, labels
from trackbook.capture.integrations.estimators import (
    class_name,
    describe_model,
    final_estimator,
    hyper_params,
    is_predictor,
    params_of,
    parts,
    unseeded,
)
from trackbook.capture.integrations.results import Points, folds, number
from trackbook.capture.ownership import class_dict, class_mro
from trackbook.records import Role

_FITTING = ("fit", "partial_fit", "fit_predict", "fit_transform")
_PREDICTING = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")


class EstimatorCalls:
    """The calls of estimators' methods, whatever library they are of."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._observer = hooks.observer
        self._known: WeakSet[type] = WeakSet()

    def watch_own(self, kind: type) -> None:
        """Watch a class that follows no library, if it fits and then predicts or scores."""
        bases = class_mro(kind)  # without running any code of the class, or of its metaclass
        names = {name for base in bases for name in class_dict(base)}
        if "fit" in names and names & {*_PREDICTING, "score"}:
            for base in bases:
                self.watch_fitting(base)
            self.watch_using(kind)

    def watch_fitting(self, kind: type) -> None:
        """Watch the methods of a class that fit it."""
        for name in _FITTING:
            method = _function(class_dict(kind).get(name))
            if method is not None:
                self._hooks.watch(method, on_call=self._fit_begins, on_return=self._fit_ends)

    def watch_using(self, kind: type) -> None:
        """Watch the methods of a class that use what was fitted."""
        if kind in self._known:
            return
        self._known.add(kind)
        for name in _PREDICTING:
            self._hooks.watch(_method(kind, name), on_return=self._prediction)
        self._hooks.watch(_method(kind, "score"), on_return=self._score)
        self.watch_transforming(_method(kind, "transform"))
        self.watch_transforming(_method(kind, "inverse_transform"))

    def watch_transforming(self, method: object) -> None:
        """Watch a method that makes a table of another."""
        if getattr(method, "__name__", None) == "fit_transform":
            self._hooks.watch(method, on_call=self._fit_begins, on_return=self._fit_ends)
        else:
            self._hooks.watch(method, on_return=self._transform)

    # Fits

    def _fit_begins(self, call: Call) -> None:
        if not call.is_outermost:
            return
        estimator, inputs, target = _first_three(call)
        self.watch_using(type(estimator))
        if not is_predictor(estimator):
            return
        earlier = self._observer.models.fit_of(estimator)
        if call.name == "partial_fit" and earlier is not None and earlier in self._observer.events:
            call.notes["event"] = earlier
            return
        tables = [(inputs, 0, Role.TRAIN), (target, 1, Role.TRAIN), *_weights(call)]
        data = self._observer.tables.uses(call, tables)
        event = self.new_fit(call, estimator, data, inputs)
        known = self._observer.tables.role_of
        self._observer.tables.add_roles((table, Role.TRAIN) for table in (inputs, target) if known(table) is None)
        self._observer.add_fit(call, event, estimator)

    def new_fit(self, call: Call, estimator: object, data: list[Any], inputs: object) -> FitEvent:
        """Return the event of a fit on some inputs that begins, and note it with the call."""
        drawing = unseeded(estimator, inputs)
        event = FitEvent(
            at=clock.now(),
            inputs=call.trace.flowing(),
            call_site=(*call.trace.call_site, "fit"),
            data=data,
            run_id=clock.new_id(),
            run_name=clock.new_name(),
            estimator=class_name(estimator),
            hyper=hyper_params(estimator),
            unseeded=list(drawing),
        )
        call.notes["event"] = event
        call.notes["drawing"] = drawing
        return event

    def _fit_ends(self, call: Call, result: Any) -> None:
        event: FitEvent | None = call.notes.get("event")
        estimator, inputs, target = _first_three(call)
        if call.name == "fit_transform" and result is not None:
            self._observer.tables.add_derived(result, inputs)
        if event is None:
            self._add_drawn(call, estimator, inputs)
            return
        receiver = _receiver(call)
        said = None if isinstance(receiver, ast.Name) else call.trace.assigned_name()
        name = said or self._observer.name_of(call, estimator, receiver) or type(estimator).__name__
        found = list(parts(estimator))
        for part in found:
            self.watch_using(type(part))
        self._observer.end_fit(event, found)
        if drawing := call.notes.get("drawing"):
            quiet = set(drawing).difference(unseeded(estimator, inputs))  # as the fit has shown
            event.unseeded = [each for each in event.unseeded if each not in quiet]
            for what in (each for each in drawing if each not in quiet):
                self._observer.add_unseeded(call, what)  # what is made with the model is made by chance, too
        event.model = describe_model(estimator, name, inputs, target)
        self._observer.keep_model(call, event, estimator, inputs)
        results = vars(estimator).get("cv_results_") if hasattr(estimator, "__dict__") else None
        if isinstance(results, Mapping) and "params" in results:
            self._search(event, estimator)
        self._add_rounds(call, event, estimator, inputs)
        if call.name == "fit_predict":
            self._observer.add_prediction(call, estimator, inputs, result)

    def _add_drawn(self, call: Call, estimator: object, inputs: object) -> None:
        """Say what a transformer drew without a seed when it was fitted; a run's own fit says it itself."""
        if call.is_outermost and not is_predictor(estimator):
            for what in unseeded(estimator, inputs):
                self._observer.add_unseeded(call, what)

    def _add_rounds(self, call: Call, event: FitEvent, estimator: object, inputs: object) -> None:
        """Add what a booster measured after each round, under the role of the table that it was measured on."""
        final = final_estimator(estimator)
        history = evaluation_history(final)
        if not history:
            return
        pairs, place = _evaluated(call)
        roles = [self._observer.tables.role_of_evaluated(pair[0], inputs) for pair in pairs]
        event.metrics += history_points(history, labels(zip(history, _by_table(call, history, roles), strict=True)))
        event.metrics += [(key, value, 0) for key, value in best_round(final).items()]
        for (table, target), role in zip(pairs, roles, strict=True):
            if role is not Role.TRAIN:
                tables = [(each, place, role or Role.VALIDATION) for each in (table, target)]
                event.data += self._observer.tables.uses(call, tables)

    def _search(self, event: FitEvent, search: Any) -> None:
        results = search.cv_results_
        scoring = search.scoring if isinstance(search.scoring, str) else "score"
        names = {key.removeprefix("mean_test_"): scoring for key in results if key == "mean_test_score"}
        names |= {name: name for key in results if (name := key.removeprefix("mean_test_")) != key and name != "score"}
        best = getattr(search, "best_index_", None)
        for index, params in enumerate(results["params"]):
            points: Points = []
            for name, shown in names.items():
                points += folds(f"validation.{shown}", _row(results, name, index))
            event.candidates.append(
                Evaluation(
                    params=params_of(params),
                    metrics=points,
                    is_best=index == best,
                    seconds=_seconds(results, index),
                )
            )
        score = getattr(search, "best_score_", None)
        if score is not None:
            event.metrics.append(("best_score", float(score), 0))

    # Use of models

    def _prediction(self, call: Call, result: Any) -> None:
        if not is_asked_for(call):
            return
        estimator, inputs, _ = _first_three(call)
        self._find_fit(estimator)
        self._observer.add_prediction(call, estimator, inputs, result)

    def _score(self, call: Call, result: Any) -> None:
        value = number(result)
        if value is None or not is_asked_for(call):
            return
        estimator, inputs, target = _first_three(call)
        self._find_fit(estimator)
        self._observer.add_metric(
            call, "score", {"": value}, truth=target, predicted=inputs, estimator=estimator, places=(1, 0)
        )

    def _transform(self, call: Call, result: Any) -> None:
        _, inputs, _ = _first_three(call)
        self._observer.tables.add_derived(result, inputs)

    def _find_fit(self, estimator: Any) -> None:
        """Link a model that was copied or loaded from a file to the fit that made it."""
        if self._observer.models.fit_of(estimator) is None:
            self._observer.models.find_equal(estimator)


def is_asked_for(call: Call) -> bool:
    """Return whether the notebook asked for a number: itself, or by a scorer or display of ``sklearn.metrics``."""
    asked = ("sklearn.metrics", "sklearn.utils._response", "threading", "concurrent.futures.thread")
    return call.is_direct or all(module.startswith(asked) or module == "" for module in call.through)


def _first_three(call: Call) -> tuple[Any, Any, Any]:
    """Return the estimator, the inputs and the target of a method's call, whatever the parameters are called."""
    values = list(call.arguments.values())
    named = call.arguments
    estimator = values[0] if values else None
    inputs = named["X"] if "X" in named else (values[1] if len(values) > 1 else None)
    target = named["y"] if "y" in named else (values[2] if len(values) > 2 and "X" not in named else None)
    return estimator, inputs, target


def _evaluated(call: Call) -> tuple[list[tuple[Any, Any]], str]:
    """Return the tables with targets that a booster's fit was to measure on, and the argument that they came by."""
    given = {name.rpartition("__")[2]: value for name, value in call.arguments.items()}
    if given.get("eval_X") is not None:
        both = (given["eval_X"], given.get("eval_y"))
        inputs, targets = (each if isinstance(each, tuple) else (each,) for each in both)
        return list(zip_longest(inputs, targets)), "eval_X"
    pairs = [pair for pair in given.get("eval_set") or () if isinstance(pair, tuple | list) and len(pair) == 2]
    return [(pair[0], pair[1]) for pair in pairs], "eval_set"


def _by_table(call: Call, history: Iterable[str], roles: Sequence[Role | None]) -> list[Role | None]:
    """Return the role of each table of a history; LightGBM puts the training table first, wherever it was given."""
    names = list(call.arguments.get("eval_names") or ())
    places = [names.index(name) if name in names else _number_of(name, at) for at, name in enumerate(history)]
    return [roles[place] if place < len(roles) else None for place in places]


def _number_of(name: str, place: int) -> int:
    """Return which of the evaluated tables the library's own name says (``validation_1``), else its place."""
    number = name.rpartition("_")[2]
    return int(number) if number.isdecimal() else place


def _weights(call: Call) -> list[tuple[Any, int | str, Role]]:
    """Return the weights of the rows that a fit was given, also for a step of a pipeline."""
    named = call.arguments.items()
    return [(value, name, Role.TRAIN) for name, value in named if name.rpartition("__")[2] == "sample_weight"]


def _receiver(call: Call) -> Any:
    function = getattr(call.trace.call, "func", None)
    return getattr(function, "value", None)


def _seconds(results: Mapping[str, Any], index: int) -> float | None:
    """Return how long the fits and scores of a candidate took, over all folds."""
    folds = sum(1 for key in results if key.startswith("split") and key.endswith("_test_score")) or 1
    times = [results[key][index] for key in ("mean_fit_time", "mean_score_time") if key in results]
    return float(sum(times)) * folds if times else None


def _row(results: Mapping[str, Any], name: str, index: int) -> list[Any]:
    scores: list[Any] = []
    while (key := f"split{len(scores)}_test_{name}") in results:
        scores.append(results[key][index])
    return scores


def _function(value: object) -> FunctionType | None:
    """Return the plain function behind a class attribute, also behind scikit-learn's ``available_if``."""
    value = getattr(value, "fn", value)
    return value if isinstance(value, FunctionType) else None


def _method(kind: type, name: str) -> FunctionType | None:
    found = next((class_dict(base)[name] for base in class_mro(kind) if name in class_dict(base)), None)
    return _function(found)
