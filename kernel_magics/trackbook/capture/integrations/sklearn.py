"""scikit-learn: fits, predictions, metrics, scores, searches and cross-validation.

Estimators are watched where they are made: ``BaseEstimator.__init_subclass__`` tells of every class, whoever defines it
(scikit-learn, a third library, a cell), so nothing has to be imported early and no class is missed. A class's methods
that use a fitted model are watched from its first fit on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from trackbook.capture.events import Evaluation, FitEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.estimator_calls import is_asked_for
from trackbook.capture.integrations.estimators import params_of
from trackbook.capture.integrations.results import Points, folds, numbers
from trackbook.records import Role

_NO_METRICS = ("get_scorer", "get_scorer_names", "make_scorer", "check_scoring")


class SklearnIntegration:
    """Support for scikit-learn, and for whatever follows its interface."""

    modules = (
        "sklearn.base",
        "sklearn.metrics",
        "sklearn.model_selection",
        "sklearn.inspection",
        "sklearn.utils._set_output",
    )

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of one of scikit-learn's modules."""
        self._hooks = hooks
        self._observer = hooks.observer
        self._calls = hooks.estimators
        match module.__name__:
            case "sklearn.base":
                self._attach_base(module)
            case "sklearn.metrics":
                self._attach_metrics(module)
            case "sklearn.model_selection":
                self._attach_model_selection(module)
            case "sklearn.inspection":
                hooks.watch(module.permutation_importance)  # its inner scores are its own affair
            case "sklearn.utils._set_output":
                hooks.watch_maker(module._wrap_method_output, lambda _, made: self._calls.watch_transforming(made))

    def _attach_base(self, module: ModuleType) -> None:
        base: type = module.BaseEstimator
        maker = getattr(base.__init_subclass__, "__func__", None)
        self._hooks.watch_maker(maker, self._class_made)
        self._hooks.watch_maker(base.__dict__.get("__setstate__"), self._estimator_loaded)
        for mixin in ("ClusterMixin", "OutlierMixin", "TransformerMixin"):
            self._calls.watch_fitting(getattr(module, mixin))
        for kind in _subclasses(base):
            self._calls.watch_fitting(kind)
            if self._observer.has_instance_of(kind):
                self._calls.watch_using(kind)

    def _class_made(self, kind: object, _: object) -> None:
        if isinstance(kind, type):
            self._calls.watch_fitting(kind)

    def _estimator_loaded(self, estimator: object, _: object) -> None:
        self._calls.watch_using(type(estimator))

    def _attach_metrics(self, module: ModuleType) -> None:
        for name in module.__all__:
            function = getattr(module, name)
            if isinstance(function, FunctionType) and name not in _NO_METRICS:
                is_pairwise = function.__module__.endswith(".pairwise")
                self._hooks.watch(function, on_return=None if is_pairwise else self._metric)

    def _attach_model_selection(self, module: ModuleType) -> None:
        self._hooks.watch(module.train_test_split, on_return=self._split)
        for name in ("cross_val_score", "cross_validate", "cross_val_predict", "learning_curve", "validation_curve",
                     "permutation_test_score"):  # fmt: skip
            self._hooks.watch(getattr(module, name), on_call=self._validation_begins, on_return=self._validation_ends)

    # Data

    def _split(self, call: Call, result: Any) -> None:
        if call.arguments.get("random_state") is None and call.arguments.get("shuffle", True):
            self._observer.add_unseeded(call, "train_test_split(random_state=None)")
        tables = [value for name, value in call.arguments.items() if name == "arrays"]
        arrays = tables[0] if tables else ()
        for origin, first, second in zip(arrays, result[::2], result[1::2], strict=False):
            for part in (first, second):
                self._observer.tables.add_derived(part, origin)
            held_out = {None: Role.TEST, Role.TRAIN: Role.VALIDATION, Role.TEST: Role.TEST, Role.VALIDATION: Role.TEST}
            origin_role = self._observer.tables.role_of(origin)
            kept = Role.VALIDATION if origin_role in (Role.TEST, Role.VALIDATION) else Role.TRAIN
            self._observer.tables.add_roles([(first, kept), (second, held_out[origin_role])])

    # Metrics

    def _metric(self, call: Call, result: Any) -> None:
        if not is_asked_for(call):
            return
        name = call.name.removesuffix("_score") or call.name
        first, second = [*call.arguments, None, None][:2]
        values, report = numbers(name, result)
        self._observer.add_metric(
            call,
            name,
            values,
            truth=call.arguments.get(first or ""),
            predicted=call.arguments.get(second or ""),
            places=(first or 0, second or 1),
            report=report,
            outputs=[part for part in (result if isinstance(result, tuple) else (result,)) if hasattr(part, "shape")],
        )

    # Cross-validation

    def _validation_begins(self, call: Call) -> None:
        if not call.is_outermost:
            return
        estimator = call.arguments.get("estimator")
        inputs, target = call.arguments.get("X"), call.arguments.get("y")
        roles = [self._observer.tables.role_of(table) for table in (inputs, target)]
        data = self._observer.tables.uses(call, [(inputs, "X", roles[0]), (target, "y", roles[1])])
        event = self._calls.new_fit(call, estimator, data, inputs)
        options = {
            key: value for key, value in call.arguments.items() if key in ("cv", "scoring", "param_name", "method")
        }
        event.hyper = {"estimator": type(estimator).__name__, **event.hyper, **params_of(options)}
        self._observer.add_fit(call, event)

    def _validation_ends(self, call: Call, result: Any) -> None:
        event: FitEvent | None = call.notes.get("event")
        if event is None:
            return
        scoring = call.arguments.get("scoring")
        name = scoring if isinstance(scoring, str) else "score"
        linked: list[object] = []
        match call.name:
            case "cross_val_score":
                event.metrics += folds(f"validation.{name}", result)
            case "cross_validate":
                event.metrics += _validation_points(result, name)
                linked = list(result.get("estimator", ()))
            case "cross_val_predict":
                self._observer.models.add_cross_prediction(event, result)
            case "learning_curve":
                event.metrics += _curve(f"train.{name}", result[1], result[0])
                event.metrics += _curve(f"validation.{name}", result[2], result[0])
            case "validation_curve":
                event.metrics += _curve(f"train.{name}", result[0], None) + _curve(
                    f"validation.{name}", result[1], None
                )
                event.candidates += _curve_candidates(call, name, result)
            case "permutation_test_score":
                event.metrics += [(f"validation.{name}", float(result[0]), 0), ("p_value", float(result[2]), 0)]
        for estimator in linked:
            self._calls.watch_using(type(estimator))
        self._observer.end_fit(event, linked)


def _subclasses(kind: type) -> Iterator[type]:
    seen: set[type] = set()
    pending = [kind]
    while pending:
        children: list[type] = type.__subclasses__(pending.pop())
        for child in children:
            if child not in seen:
                seen.add(child)
                pending.append(child)
                yield child


def _validation_points(result: Mapping[str, Any], name: str) -> Points:
    points: Points = []
    for key, values in result.items():
        prefix, _, metric = key.partition("_")
        role = {"test": "validation", "train": "train"}.get(prefix)
        if role is not None and metric:
            points += folds(f"{role}.{name if metric == 'score' else metric}", values)
    return points


def _curve(key: str, scores: Any, sizes: Any) -> Points:
    means = scores.mean(axis=1)
    steps = range(len(means)) if sizes is None else [int(size) for size in sizes]
    return [(key, float(mean), step) for step, mean in zip(steps, means, strict=True)]


def _curve_candidates(call: Call, name: str, result: Any) -> list[Evaluation]:
    param, values = call.arguments.get("param_name"), call.arguments.get("param_range")
    return [
        Evaluation(params=params_of({str(param): value}), metrics=folds(f"validation.{name}", scores))
        for value, scores in zip(values if values is not None else (), result[1], strict=False)
    ]
