"""Facts about estimators that need no library: anything with ``fit`` and ``predict``, scikit-learn's or one's own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from numbers import Real
from typing import Any

from trackbook import clock
from trackbook.capture.integrations import drawing
from trackbook.capture.ownership import class_dict, class_mro, is_persons
from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue, Model, json_value

_PREDICTING = ("predict", "predict_proba", "decision_function")
_SCORING = ("score", "score_samples")
_MOST_FEATURES = 100_000
_MOST_PARTS = 64


def is_predictor(estimator: object) -> bool:
    """Return whether an estimator predicts or scores; one that only transforms is lineage, not a model.

    Many transformers have a ``score`` (PCA's likelihood), so that alone does not make a predictor of them.
    """
    if estimator_type(estimator) is not None:
        return True
    if any(hasattr(estimator, name) for name in _PREDICTING):
        return True
    return any(hasattr(estimator, name) for name in _SCORING) and not hasattr(estimator, "transform")


def estimator_type(estimator: object) -> str | None:
    """Return ``classifier``, ``regressor``, ``clusterer``..., None where the estimator does not say."""
    tags = _library_method(estimator, "__sklearn_tags__")
    try:
        kind = tags().estimator_type if tags is not None else getattr(estimator, "_estimator_type", None)
    except Exception:  # noqa: BLE001  an estimator may fail to tell its tags, in any way: then it does not say
        kind = getattr(estimator, "_estimator_type", None)
    return kind if isinstance(kind, str) else None


def class_name(estimator: object) -> str:
    """Return the full name of an estimator's class."""
    kind = type(estimator)
    return f"{kind.__module__}.{kind.__qualname__}"


def hyper_params(estimator: object) -> dict[str, JsonValue]:
    """Return an estimator's own params: by its ``get_params``, else the plain values that it was made with."""
    get_params = _library_method(estimator, "get_params")
    if get_params is not None:
        return params_of(get_params(deep=True))
    plain = {}
    for name, value in _attributes(estimator).items():
        if not name.startswith("_") and not name.endswith("_") and _is_plain(value):
            plain[name] = _param(value)
    return plain


def params_of(values: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return params that are given as a mapping, such as a search's candidate, as JSON values."""
    return {str(name): _param(value) for name, value in values.items()}


def default_params(estimator: object) -> list[str]:
    """Return the names of params that are what the estimator's class (or a part's) takes when nobody says otherwise."""
    get_params = _library_method(estimator, "get_params")
    if get_params is None:
        return []
    params = get_params(deep=True)
    found = []
    for name, value in params.items():
        owner, _, leaf = name.rpartition("__")
        kind: Any = type(params.get(owner) if owner else estimator)
        parameter = _parameters(kind).get(leaf)
        if parameter is not None and (value is parameter.default or _is_same_plain(value, parameter.default)):
            found.append(name)
    return found


@lru_cache(maxsize=512)
def _parameters(kind: type[object]) -> Mapping[str, inspect.Parameter]:
    """Return what a class can be made with; a class that hands ``**kwargs`` on takes what the next one takes."""
    found: dict[str, inspect.Parameter] = {}
    try:
        for base in class_mro(kind):
            if "__init__" in class_dict(base):
                own = inspect.signature(base).parameters
                found = {**own, **found}
                if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in own.values()):
                    break
    except (TypeError, ValueError):
        return found
    return found


def _is_same_plain(one: object, other: object) -> bool:
    return type(one) is type(other) and isinstance(one, str | bool | int | float) and one == other


def unseeded(estimator: object, inputs: object = None) -> list[str]:
    """Return which parts of an estimator may draw random numbers without a seed, when it is fitted on some inputs."""
    get_params = _library_method(estimator, "get_params")
    if get_params is None:
        return []
    shape = (len(inputs),) if type(inputs) is list else _shape(inputs)
    return drawing.unseeded(get_params(deep=True), estimator, shape[0] if shape else None)


def parts(estimator: object, depth: int = 2) -> Iterator[object]:
    """Yield an estimator and the fitted estimators inside of it (steps, the best one of a search, members)."""
    yield estimator
    if depth == 0:
        return
    for value in list(_attributes(estimator).values()):
        for item in _items(value):
            if item is not estimator and hasattr(item, "fit") and not isinstance(item, type):
                yield from parts(item, depth - 1)


def describe_model(estimator: Any, name: str, inputs: object, target: object) -> Model:
    """Describe a fitted model: class, signature, features, importances and coefficients where it has them."""
    final = final_estimator(estimator)
    features = _features(estimator, inputs)
    names = _features(final, None) or _features_out(estimator) or features
    details: dict[str, JsonValue] = {}
    kind = estimator_type(estimator)
    if kind:
        details["type"] = kind
    defaults = default_params(estimator)
    if defaults:
        details["default_params"] = json_value(defaults)
    for attribute in ("best_params_", "best_score_", "n_iter_", "n_features_in_"):
        value = _attributes(estimator).get(attribute)
        if value is not None:
            details[attribute] = _param(value)
    return Model(
        model_id=clock.new_id(),
        name=name,
        class_name=class_name(estimator),
        signature=_signature(estimator, inputs, target, features),
        features=tuple(features[:_MOST_FEATURES]),
        importances=_by_feature(_fitted(final, "feature_importances_"), names),
        coefficients=_coefficients(final, names),
        details=details,
    )


def _signature(estimator: object, inputs: object, target: object, features: list[str]) -> dict[str, JsonValue]:
    dtypes: Any = getattr(inputs, "dtypes", None)
    kinds = [str(dtype) for dtype in dtypes] if hasattr(dtypes, "__iter__") else []
    shape = _shape(inputs)
    width = len(features) or (shape[1] if len(shape) > 1 else None)
    one = str(getattr(inputs, "dtype", "")) or None
    signature: dict[str, JsonValue] = {
        "inputs": [
            {"name": feature, "dtype": kinds[place] if place < len(kinds) else one}
            for place, feature in enumerate(features[:_MOST_FEATURES])
        ],
        "n_features": width,
        "target": {"name": _name_of_target(target), "dtype": str(getattr(target, "dtype", "")) or None},
    }
    classes = _fitted(estimator, "classes_")
    if classes is not None and hasattr(classes, "tolist"):
        signature["classes"] = _param(classes)
    return signature


def _name_of_target(target: object) -> str | None:
    name = getattr(target, "name", None)
    return str(name) if isinstance(name, str | int) else None


def _features(estimator: object, inputs: object) -> list[str]:
    names = _fitted(estimator, "feature_names_in_")
    if names is None:
        names = getattr(inputs, "columns", None)
    if names is None or not hasattr(names, "__iter__"):
        return []
    return [str(name) for name in names]


def _features_out(estimator: Any) -> list[str]:
    """Return the names of what a pipeline's last step is given, where the steps before it know them."""
    steps = _attributes(estimator).get("best_estimator_", estimator)
    if not isinstance(_attributes(steps).get("steps"), list) or len(steps.steps) < 2:
        return []
    try:
        return [str(name) for name in steps[:-1].get_feature_names_out()]
    except Exception:  # noqa: BLE001  a step that can't tell may say so in any way
        return []


def final_estimator(estimator: Any) -> Any:
    """Return the estimator that decides in the end: a search's best, a pipeline's last step."""
    for _ in range(4):
        best = _attributes(estimator).get("best_estimator_")
        steps = _attributes(estimator).get("steps")
        if best is not None:
            estimator = best
        elif isinstance(steps, list) and steps and isinstance(steps[-1], tuple):
            estimator = steps[-1][1]
        else:
            break
    return estimator


def _fitted(estimator: object, name: str) -> Any:
    try:
        return getattr(estimator, name, None)
    except Exception:  # noqa: BLE001  a property of somebody's model may fail in any way: then it has none
        return None


def _by_feature(values: Any, names: list[str]) -> dict[str, float]:
    shape = _shape(values)
    if len(shape) != 1 or shape[0] > _MOST_FEATURES:
        return {}
    labels = names if len(names) == shape[0] else [str(place) for place in range(shape[0])]
    return {label: float(value) for label, value in zip(labels, values.tolist(), strict=True)}


def _coefficients(estimator: object, names: list[str]) -> dict[str, JsonValue]:
    values = _fitted(estimator, "coef_")
    if hasattr(values, "toarray"):
        values = values.toarray()
    shape = _shape(values)
    if len(shape) not in (1, 2) or shape[-1] > _MOST_FEATURES:
        return {}
    columns = values.tolist() if len(shape) == 1 else values.T.tolist()
    if len(shape) == 2 and shape[0] == 1:
        columns = [column[0] for column in columns]
    labels = names if len(names) == shape[-1] else [str(place) for place in range(shape[-1])]
    found: dict[str, JsonValue] = {label: _param(value) for label, value in zip(labels, columns, strict=True)}
    intercept = _fitted(estimator, "intercept_")
    if intercept is not None:
        found["(intercept)"] = _param(intercept)
    return found


def _shape(value: object) -> tuple[int, ...]:
    shape = getattr(value, "shape", ())
    return shape if isinstance(shape, tuple) else ()


def _library_method(estimator: object, name: str) -> Callable[..., Any] | None:
    """Return a method if a library defines it; one of the person's own is theirs to call, not ours."""
    for base in class_mro(type(estimator)):
        if name in class_dict(base):
            function = class_dict(base)[name]
            return None if is_persons(getattr(function, "__module__", None)) else getattr(estimator, name)
    return None


def _attributes(value: object) -> Mapping[str, Any]:
    """Return an object's own attributes without running any code of its class."""
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}


def _items(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple) and len(value) <= _MOST_PARTS:
        for item in value:
            yield from item if isinstance(item, tuple) else (item,)
    elif isinstance(value, dict) and len(value) <= _MOST_PARTS:
        yield from value.values()
    else:
        yield value


def _is_plain(value: object) -> bool:
    return (
        value is None
        or isinstance(value, str | bool | Real)
        or (isinstance(value, list | tuple) and 0 < len(value) < 50)
    )


def _param(value: Any) -> JsonValue:
    """Return a param as JSON: estimators and functions by name, arrays as lists, what has no JSON form as its type."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return json_value(value.tolist()) if value.size <= 1000 else f"array{list(value.shape)}"
    if isinstance(value, dict):
        return {str(key): _param(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_param(item) for item in value]
    try:
        return json_value(value)
    except InvalidValueError:
        if hasattr(value, "fit") and not isinstance(value, type):
            return type(value).__name__
        named = getattr(value, "__qualname__", None)
        return f"{value.__module__}.{named}" if isinstance(named, str) else type(value).__name__
