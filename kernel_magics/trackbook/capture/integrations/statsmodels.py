"""statsmodels: a model is made of data (``OLS(y, X)``, ``ols("y ~ x", data)``), its ``fit`` gives results that predict.

All its models pass through ``Model.__init__``, which tells of each class when it is first used. A fit that statsmodels
makes for itself (inside a test for unit roots, say) is its own affair: only the person's own ``.fit()`` is a run.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from trackbook import clock
from trackbook.capture.events import FitEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.estimators import class_name, params_of
from trackbook.capture.integrations.model_content import set_content
from trackbook.capture.integrations.results import number
from trackbook.capture.library_marks import set_state
from trackbook.capture.ownership import class_dict, class_mro
from trackbook.capture.quiet import quiet
from trackbook.capture.trace import Trace
from trackbook.records import DatasetUse, JsonValue, Model, Role

_FITTING = ("fit", "fit_regularized", "fit_constrained")
_PREDICTING = ("predict", "forecast", "get_prediction", "get_forecast")
_METRICS = (
    "rsquared", "rsquared_adj", "prsquared", "fvalue", "f_pvalue", "llr", "llr_pvalue", "llf", "aic", "aicc", "bic",
    "hqic", "fpe", "mse_resid", "ssr", "sse", "mse", "mae", "deviance", "pearson_chi2", "scale",
)  # fmt: skip
_DETAILS = ("nobs", "df_model", "df_resid", "k_ar", "cov_type", "use_t", "converged", "method")
_DATA = frozenset({"self", "endog", "exog", "data", "missing_idx", "model_spec", "subset", "dates", "kwargs", "args"})
_SHOWN_ONLY = frozenset({"self", "disp", "full_output", "callback", "retall", "skip_hessian", "start_params", "kwargs"})
_ESTIMATED = frozenset({"initial_level", "initial_trend", "initial_seasonal", "bounds", "use_sqrt"})
_OBJECTS = frozenset({"family", "cov_struct", "distr"})
_SLOW_ERRORS = "statsmodels.tsa.exponential_smoothing"  # works out standard errors numerically when asked for them


class StatsmodelsIntegration:
    """Support for statsmodels."""

    modules = ("statsmodels.base.model", "statsmodels.tools.eval_measures")

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[object, tuple[Trace, object, object]] = WeakKeyDictionary()
        self._known: WeakSet[type] = WeakSet()

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch how models are made, and the measures of errors."""
        self._hooks = hooks
        self._observer = hooks.observer
        if module.__name__ == "statsmodels.tools.eval_measures":
            for name in ("rmse", "mse", "rmspe", "meanabs", "medianabs", "maxabs", "bias", "medianbias"):
                hooks.watch(getattr(module, name, None), on_return=self._measured)
            return
        hooks.watch(module.Model.__init__, on_call=self._model_made)
        for kind in _subclasses(module.Model):
            if self._observer.has_instance_of(kind):
                self._watch_fitting(kind)

    # Models and fits

    def _model_made(self, call: Call) -> None:
        model = call.arguments.get("self")
        self._watch_fitting(type(model))
        self._made[model] = (call.trace, call.arguments.get("endog"), call.arguments.get("exog"))

    def _watch_fitting(self, kind: type) -> None:
        if kind not in self._known:
            self._known.add(kind)
            for name in _FITTING:
                self._hooks.watch(_method(kind, name), on_call=self._fit_begins, on_return=self._fit_ends)

    def _fit_begins(self, call: Call) -> None:
        if not call.is_direct or not call.is_outermost:
            return
        model: Any = call.arguments.get("self")
        event = FitEvent(
            at=clock.now(),
            inputs=call.trace.flowing(),
            call_site=(*call.trace.call_site, "fit"),
            data=self._data(call, model),
            run_id=clock.new_id(),
            run_name=clock.new_name(),
            estimator=class_name(model),
            hyper=params_of({**_model_params(model), **_fit_params(call, model)}),
        )
        call.notes["event"] = event
        frame, made = getattr(model.data, "frame", None), self._made.get(model, (None, None, None))
        known = self._observer.tables.role_of
        self._observer.tables.add_roles((each, Role.TRAIN) for each in (frame, *made[1:]) if known(each) is None)
        self._observer.add_fit(call, event, model)

    def _data(self, call: Call, model: Any) -> list[DatasetUse]:
        """Describe what a model was made of, by the names of the statement that made it."""
        trace, endog, exog = self._made.get(model, (call.trace, model.endog, model.exog))
        made = Call(
            name="__init__", arguments={}, activation=call.activation, is_direct=True, is_outermost=True, trace=trace
        )
        frame = getattr(model.data, "frame", None)
        if frame is not None:
            return self._observer.tables.uses(made, [(frame, _written(trace, 1, "data"), Role.TRAIN)])
        tables = [(endog, _written(trace, 0, "endog"), Role.TRAIN), (exog, _written(trace, 1, "exog"), Role.TRAIN)]
        return self._observer.tables.uses(made, tables)

    def _fit_ends(self, call: Call, results: Any) -> None:
        event: FitEvent | None = call.notes.get("event")
        if event is None:
            return
        model: Any = call.arguments.get("self")
        inner = getattr(results, "_results", results)
        self._watch_results(type(inner))
        name = call.trace.assigned_name() or self._observer.name_of(call, results, None) or type(model).__name__
        with quiet():
            event.model = _describe(model, results, name)
            event.metrics = [(key, value, 0) for key, value in _metrics(inner)]
        self._observer.end_fit(event, [results, inner, model])

    def _watch_results(self, kind: type) -> None:
        if kind in self._known:
            return
        self._known.add(kind)
        for name in _PREDICTING:
            self._hooks.watch(_method(kind, name), on_return=self._predicted)
        set_state(kind, _state_of_results)
        set_content(kind, _content)

    # Use

    def _predicted(self, call: Call, result: Any) -> None:
        is_asked_for = call.is_direct or all(module.startswith("statsmodels.") for module in call.through)
        if not is_asked_for or not call.is_outermost:
            return
        results = call.arguments.get("self")
        if self._observer.models.fit_of(results) is None:
            self._observer.models.find_equal(results)
        predicted = getattr(result, "predicted_mean", result)
        self._observer.add_prediction(call, results, call.arguments.get("exog"), predicted)

    def _measured(self, call: Call, result: Any) -> None:
        value = number(result)
        if call.is_direct and value is not None:
            first, second = call.arguments.get("x1"), call.arguments.get("x2")
            self._observer.add_metric(call, call.name, {"": value}, truth=first, predicted=second, places=("x1", "x2"))


def _method(kind: type, name: str) -> object:
    found = next((class_dict(base)[name] for base in class_mro(kind) if name in class_dict(base)), None)
    return found if isinstance(found, FunctionType) else None


def _subclasses(kind: type) -> Iterator[type]:
    children: list[type] = type.__subclasses__(kind)
    for child in children:
        yield child
        yield from _subclasses(child)


def _written(trace: Trace, place: int, name: str) -> ast.expr | str:
    """Return the expression that the statement which made a model has for an argument, or the argument's name."""
    call = trace.call
    if isinstance(call, ast.Call):
        named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
        given = named or (call.args[place] if place < len(call.args) else None)
        if given is not None and not isinstance(given, ast.Starred):
            return given
    return name


# Params


def _model_params(model: Any) -> dict[str, object]:
    """Return what a model was made with, data apart: the formula, and the arguments that it keeps as attributes."""
    found: dict[str, object] = {}
    formula = getattr(model, "formula", None)
    if isinstance(formula, str):
        found["formula"] = formula
    names = dict.fromkeys([*_parameters(type(model)), *getattr(model, "_init_keys", ())])
    for name in names:
        value = getattr(model, name, None)
        if name not in _DATA | _ESTIMATED and value is not None and (name in _OBJECTS or _is_choice(value)):
            found[name] = value
    family = found.get("family")
    link = getattr(family, "link", None)
    if link is not None:
        found["link"] = type(link).__name__
    return found


def _defaults(model: object) -> list[str]:
    known = _parameters(type(model))
    return [
        name for name, value in _model_params(model).items() if name in known and _is_same(value, known[name].default)
    ]


def _fit_params(call: Call, model: object) -> dict[str, object]:
    """Return what a person asked of the fit that is not what it does anyway."""
    function = _method(type(model), call.name)
    known = _parameters(function) if isinstance(function, FunctionType) else {}
    return {
        name: value
        for name, value in call.arguments.items()
        if name not in _SHOWN_ONLY
        and value is not None
        and _is_choice(value)
        and not (name in known and _is_same(value, known[name].default))
    }


def _parameters(function: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _is_choice(value: object) -> bool:
    """Return whether a value is one that a person writes, and not data or an object."""
    if isinstance(value, list | tuple):
        return len(value) < 50 and all(map(_is_choice, value))
    return isinstance(value, str | bool | int | float | dict) or number(value) is not None


def _is_same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and value == default)


# Results


def _metrics(results: Any) -> Iterator[tuple[str, float | int]]:
    for key in _METRICS:
        name = "bic_llf" if key == "bic" and hasattr(type(results), "bic_llf") else key
        value = number(_asked(results, name))
        if value is not None and value == value:
            yield key, value


def _asked(results: Any, name: str) -> Any:
    """Return an attribute, None where the results have none: many are worked out when asked for, and some can't be."""
    try:
        return getattr(results, name, None)
    except Exception:  # noqa: BLE001  what a model can't tell it may say in any way
        return None


def _describe(model: Any, results: Any, name: str) -> Model:
    features = [str(each) for each in _list(_asked(model, "exog_names"))]
    coefficients = _by_name(model, _asked(results, "params"))
    details: dict[str, object] = {key: _asked(results, key) for key in _DETAILS}
    returned = _asked(results, "mle_retvals")
    history = _asked(results, "fit_history")
    for source in (returned, history):
        if isinstance(source, Mapping):
            details["converged"] = source.get("converged", details.get("converged"))
            details["iterations"] = source.get("iterations", source.get("iteration"))
    if not type(model).__module__.startswith(_SLOW_ERRORS):
        details["standard_errors"] = _by_name(model, _asked(results, "bse"))
        details["p_values"] = _by_name(model, _asked(results, "pvalues"))
    known = _parameters(type(model))
    defaults = [
        key for key, value in _model_params(model).items() if key in known and _is_same(value, known[key].default)
    ]
    details["default_params"] = defaults or None
    target = _asked(model, "endog_names")
    signature: dict[str, JsonValue] = {
        "inputs": [{"name": feature, "dtype": None} for feature in features],
        "n_features": len(features) or None,
        "target": {"name": target if isinstance(target, str) else None, "dtype": None},
    }
    return Model(
        model_id=clock.new_id(),
        name=name,
        class_name=class_name(model),
        signature=signature,
        features=tuple(features),
        coefficients=coefficients,
        details=params_of({key: value for key, value in details.items() if value is not None and value != {}}),
    )


def _by_name(model: Any, values: Any) -> dict[str, JsonValue]:
    """Return coefficients (or what belongs to them) by name; those of several equations as lists."""
    if isinstance(values, Mapping):
        return {str(key): value for key, each in values.items() if (value := number(each)) is not None}
    shape: Any = getattr(values, "shape", ())
    if len(shape) not in (1, 2):
        return {}
    labels = _list(getattr(values, "index", None))
    names = labels if any(isinstance(label, str) for label in labels) else _names(model, shape[0])
    rows = getattr(values, "values", values).tolist()
    return {str(label): row for label, row in zip(names, rows, strict=False)}


def _names(model: Any, count: int) -> list[Any]:
    for attribute in ("param_names", "_internal_params_names", "exog_names"):
        names = _list(_asked(model, attribute))
        if len(names) == count:
            return names
    return list(range(count))


def _list(value: Any) -> list[Any]:
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else []


def _array(values: Any) -> Any:
    numpy: Any = sys.modules["numpy"]
    return sorted(values.items(), key=repr) if isinstance(values, Mapping) else numpy.asarray(values)


def _content(results: Any) -> object:
    kept = (
        _asked(results, "cov_type"),
        getattr(results.model, "formula", None),
        _list(_asked(results.model, "exog_names")),
    )
    return [class_name(results.model), _array(results.params), *kept]


def _state_of_results(results: Any) -> object:
    """Results never change; what they have worked out is there only once it was asked for."""
    return id(results.model), _array(results.params), getattr(results, "cov_type", None)
