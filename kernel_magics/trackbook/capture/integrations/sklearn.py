"""scikit-learn: fits, predictions, metrics, scores, searches and cross-validation.

Estimators are watched where they are made: ``BaseEstimator.__init_subclass__`` tells of every class, whoever defines it
(scikit-learn, a third library, a cell), so nothing has to be imported early and no class is missed. A class's methods
that use a fitted model are watched from its first fit on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from trackbook import clock
from trackbook.capture.events import Evaluation, FitEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.estimators import (
    class_name,
    describe_model,
    hyper_params,
    is_predictor,
    parts,
    unseeded,
)
from trackbook.records import JsonValue, Role

_FITTING = ("fit", "partial_fit", "fit_predict", "fit_transform")
_PREDICTING = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")
_NO_METRICS = ("get_scorer", "get_scorer_names", "make_scorer", "check_scoring")
_PARTS_OF_RESULT = {"precision_recall_fscore_support": ("precision", "recall", "fscore", "support")}
_MOST_NUMBERS = 64  # of one result that become metrics; a larger one is kept as a JSON artifact

Points = list[tuple[str, float | int, int]]


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
                hooks.watch_maker(module._wrap_method_output, lambda _, made: self._watch_transform(made))

    def _attach_base(self, module: ModuleType) -> None:
        self._known: set[int] = set()
        base: type = module.BaseEstimator
        maker = getattr(base.__init_subclass__, "__func__", None)
        self._hooks.watch_maker(maker, lambda made, _: self.watch_fitting(made) if isinstance(made, type) else None)
        self._hooks.watch_maker(
            base.__dict__.get("__setstate__"),
            lambda loaded, _: self.watch_using(type(loaded)) if loaded is not None else None,
        )
        for mixin in ("ClusterMixin", "OutlierMixin", "TransformerMixin"):
            self.watch_fitting(getattr(module, mixin))
        for kind in _subclasses(base):
            self.watch_fitting(kind)
            self.watch_using(kind) if self._observer.has_instance_of(kind) else None

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

    # Classes

    def watch_fitting(self, kind: type) -> None:
        """Watch the methods of a class that fit it."""
        for name in _FITTING:
            method = _function(kind.__dict__.get(name))
            if method is not None:
                self._hooks.watch(method, on_call=self._fit_begins, on_return=self._fit_ends)

    def watch_using(self, kind: type) -> None:
        """Watch the methods of a class that use what was fitted."""
        if id(kind) in self._known:
            return
        self._known.add(id(kind))
        for name in _PREDICTING:
            self._hooks.watch(_method(kind, name), on_return=self._prediction)
        self._hooks.watch(_method(kind, "score"), on_return=self._score)
        self._watch_transform(_method(kind, "transform"))
        self._watch_transform(_method(kind, "inverse_transform"))

    def _watch_transform(self, method: object) -> None:
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
        earlier = self._observer.fit_of(estimator)
        if call.function.__name__ == "partial_fit" and earlier is not None and earlier in self._observer.events:
            call.notes["event"] = earlier
            return
        data = self._observer.data(call, [(inputs, 0, Role.TRAIN), (target, 1, Role.TRAIN)])
        event = self._new_fit(call, estimator, data)
        known = self._observer.role_of
        self._observer.add_roles((table, Role.TRAIN) for table in (inputs, target) if known(table) is None)
        self._observer.add_fit(call, event, estimator)

    def _new_fit(self, call: Call, estimator: object, data: list[Any]) -> FitEvent:
        event = FitEvent(
            at=clock.now(),
            inputs=call.trace.flowing(),
            call_site=(*call.trace.call_site, "fit"),
            data=data,
            run_id=clock.new_id(),
            run_name=clock.new_name(),
            estimator=class_name(estimator),
            hyper=hyper_params(estimator),
            unseeded=unseeded(estimator),
        )
        call.notes["event"] = event
        return event

    def _fit_ends(self, call: Call, result: Any) -> None:
        event: FitEvent | None = call.notes.get("event")
        estimator, inputs, target = _first_three(call)
        if call.function.__name__ == "fit_transform" and result is not None:
            self._observer.add_derived(result, inputs)
        if event is None:
            return
        name = self._observer.name_of(call, estimator, _receiver(call)) or type(estimator).__name__
        event.model = describe_model(estimator, name, inputs, target)
        found = list(parts(estimator))
        for part in found:
            self.watch_using(type(part))
        if isinstance(vars(estimator).get("cv_results_") if hasattr(estimator, "__dict__") else None, Mapping):
            self._search(event, estimator)
        self._observer.end_fit(event, found)
        if call.function.__name__ == "fit_predict":
            self._observer.add_prediction(call, estimator, inputs, result)

    def _search(self, event: FitEvent, search: Any) -> None:
        results = search.cv_results_
        scoring = search.scoring if isinstance(search.scoring, str) else "score"
        names = {key.removeprefix("mean_test_"): scoring for key in results if key == "mean_test_score"}
        names |= {name: name for key in results if (name := key.removeprefix("mean_test_")) != key and name != "score"}
        best = getattr(search, "best_index_", None)
        for index, params in enumerate(results["params"]):
            points: Points = []
            for name, shown in names.items():
                points += _folds(f"validation.{shown}", _row(results, name, index))
            event.candidates.append(
                Evaluation(
                    params=hyper_params_of(params),
                    metrics=points,
                    is_best=index == best,
                )
            )
        score = getattr(search, "best_score_", None)
        if score is not None:
            event.metrics.append(("best_score", float(score), 0))

    # Use of models

    def _prediction(self, call: Call, result: Any) -> None:
        if not _is_asked_for(call):
            return
        estimator, inputs, _ = _first_three(call)
        self._find_fit(estimator)
        self._observer.add_prediction(call, estimator, inputs, result)

    def _score(self, call: Call, result: Any) -> None:
        value = _number(result)
        if value is None or not _is_asked_for(call):
            return
        estimator, inputs, target = _first_three(call)
        self._find_fit(estimator)
        self._observer.add_metric(
            call, "score", {"": value}, truth=target, predicted=inputs, estimator=estimator, places=(1, 0)
        )

    def _transform(self, call: Call, result: Any) -> None:
        _, inputs, _ = _first_three(call)
        self._observer.add_derived(result, inputs)

    def _find_fit(self, estimator: Any) -> None:
        """Link a model that was copied or loaded from a file to the fit that made it."""
        if self._observer.fit_of(estimator) is None:
            self._observer.find_equal(estimator)

    # Data

    def _split(self, call: Call, result: Any) -> None:
        if call.arguments.get("random_state") is None and call.arguments.get("shuffle", True):
            self._observer.add_unseeded(call, "train_test_split(random_state=None)")
        tables = [value for name, value in call.arguments.items() if name == "arrays"]
        arrays = tables[0] if tables else ()
        for origin, first, second in zip(arrays, result[::2], result[1::2], strict=False):
            for part in (first, second):
                self._observer.add_derived(part, origin)
            held_out = {None: Role.TEST, Role.TRAIN: Role.VALIDATION, Role.TEST: Role.TEST, Role.VALIDATION: Role.TEST}
            origin_role = self._observer.role_of(origin)
            kept = Role.VALIDATION if origin_role in (Role.TEST, Role.VALIDATION) else Role.TRAIN
            self._observer.add_roles([(first, kept), (second, held_out[origin_role])])

    # Metrics

    def _metric(self, call: Call, result: Any) -> None:
        if not _is_asked_for(call):
            return
        name = call.function.__name__.removesuffix("_score") or call.function.__name__
        first, second = [*call.arguments, None, None][:2]
        values, report = _numbers(name, result)
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
        roles = [self._observer.role_of(table) for table in (inputs, target)]
        data = self._observer.data(call, [(inputs, "X", roles[0]), (target, "y", roles[1])])
        event = self._new_fit(call, estimator, data)
        options = {
            key: value for key, value in call.arguments.items() if key in ("cv", "scoring", "param_name", "method")
        }
        event.hyper = {**event.hyper, **hyper_params_of(options)}
        self._observer.add_fit(call, event)

    def _validation_ends(self, call: Call, result: Any) -> None:
        event: FitEvent | None = call.notes.get("event")
        if event is None:
            return
        scoring = call.arguments.get("scoring")
        name = scoring if isinstance(scoring, str) else "score"
        linked: list[object] = []
        match call.function.__name__:
            case "cross_val_score":
                event.metrics += _folds(f"validation.{name}", result)
            case "cross_validate":
                event.metrics += _validation_points(result, name)
                linked = list(result.get("estimator", ()))
            case "cross_val_predict":
                self._observer.add_cross_prediction(event, result)
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
            self.watch_using(type(estimator))
        self._observer.end_fit(event, linked)


def hyper_params_of(params: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return params that are given as a mapping, such as a search's candidate, as JSON values."""
    return hyper_params(_Holder(params))


class _Holder:
    """Something with params, for `hyper_params`."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def get_params(self, deep: bool = True) -> Mapping[str, Any]:
        return self._params


def _is_asked_for(call: Call) -> bool:
    """Return whether the notebook asked for a number: itself, or by a scorer or display of ``sklearn.metrics``."""
    return call.is_direct or all(
        module.startswith("sklearn.metrics") or module == "sklearn.utils._response" for module in call.through
    )


def _first_three(call: Call) -> tuple[Any, Any, Any]:
    """Return the estimator, the inputs and the target of a method's call, whatever the parameters are called."""
    values = list(call.arguments.values())
    named = call.arguments
    estimator = values[0] if values else None
    inputs = named["X"] if "X" in named else (values[1] if len(values) > 1 else None)
    target = named["y"] if "y" in named else (values[2] if len(values) > 2 and "X" not in named else None)
    return estimator, inputs, target


def _receiver(call: Call) -> Any:
    function = getattr(call.trace.call, "func", None)
    return getattr(function, "value", None)


def _function(value: object) -> FunctionType | None:
    """Return the plain function behind a class attribute, also behind scikit-learn's ``available_if``."""
    value = getattr(value, "fn", value)
    return value if isinstance(value, FunctionType) else None


def _method(kind: type, name: str) -> FunctionType | None:
    found = next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)
    return _function(found)


def _subclasses(kind: type) -> Iterator[type]:
    seen: set[type] = set()
    pending = [kind]
    while pending:
        for child in type.__subclasses__(pending.pop()):
            if child not in seen:
                seen.add(child)
                pending.append(child)
                yield child


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool | str | bytes) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if getattr(value, "shape", None) == () and getattr(getattr(value, "dtype", None), "kind", "") in "iuf":
        number: float | int = value.item()
        return number
    return None


def _numbers(name: str, result: Any) -> tuple[dict[str, float | int], tuple[str, bytes, str] | None]:
    """Return the numbers of a metric's result by sub-key, and a file of it where it is more than some numbers."""
    number = _number(result)
    if number is not None:
        return {"": number}, None
    if isinstance(result, str):
        return _report_numbers(result), (f"{name}.txt", result.encode(), "text/plain")
    labels = _PARTS_OF_RESULT.get(name)
    plain = _plain(dict(zip(labels, result, strict=False)) if labels and isinstance(result, tuple) else result)
    values = dict(_flat("", plain))
    report = (f"{name}.json", json.dumps(plain).encode(), "application/json")
    if name.endswith("_curve") or len(values) > _MOST_NUMBERS:
        return {}, report
    return values, None


def _report_numbers(text: str) -> dict[str, float | int]:
    """Return the numbers of a classification report as it prints them: ``setosa.precision``, ``macro avg.f1-score``."""
    lines = [line for line in text.splitlines() if line.strip()]
    heads = lines[0].split() if lines else []
    found: dict[str, float | int] = {}
    for line in lines[1:]:
        cells = line.rsplit(None, len(heads))
        words = line.split()
        if len(words) >= 3 and words[0] == "accuracy" and len(words) == 3:
            found["accuracy"] = float(words[1])
        elif len(cells) == len(heads) + 1:
            found.update(
                {f"{cells[0].strip()}.{head}": _parsed(cell) for head, cell in zip(heads, cells[1:], strict=True)}
            )
    return found


def _parsed(text: str) -> float | int:
    return int(text) if text.isdigit() else float(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if isinstance(value, int | float | str | bool) or value is None else str(value)


def _flat(key: str, value: Any) -> Iterator[tuple[str, float | int]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flat(f"{key[:-1]},{place}]" if key.endswith("]") else f"{key}[{place}]", item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value


def _folds(key: str, scores: Iterable[Any]) -> Points:
    """Return the points of a score per fold: the fold as step, and mean and standard deviation over the folds."""
    import numpy

    values = numpy.asarray(list(scores), dtype=float)
    if values.size == 0:
        return []
    points: Points = [(key, float(value), fold) for fold, value in enumerate(values)]
    return [*points, (f"{key}.mean", float(values.mean()), 0), (f"{key}.std", float(values.std()), 0)]


def _row(results: Mapping[str, Any], name: str, index: int) -> list[Any]:
    folds = []
    while (key := f"split{len(folds)}_test_{name}") in results:
        folds.append(results[key][index])
    return folds


def _validation_points(result: Mapping[str, Any], name: str) -> Points:
    points: Points = []
    for key, values in result.items():
        prefix, _, metric = key.partition("_")
        role = {"test": "validation", "train": "train"}.get(prefix)
        if role is not None and metric:
            points += _folds(f"{role}.{name if metric == 'score' else metric}", values)
    return points


def _curve(key: str, scores: Any, sizes: Any) -> Points:
    means = scores.mean(axis=1)
    steps = range(len(means)) if sizes is None else [int(size) for size in sizes]
    return [(f"{key}.mean", float(mean), step) for step, mean in zip(steps, means, strict=True)]


def _curve_candidates(call: Call, name: str, result: Any) -> list[Evaluation]:
    param, values = call.arguments.get("param_name"), call.arguments.get("param_range")
    return [
        Evaluation(params=hyper_params_of({str(param): value}), metrics=_folds(f"validation.{name}", scores))
        for value, scores in zip(values if values is not None else (), result[1], strict=False)
    ]
