"""Looks at a kernel from inside at the end of a notebook, and prints what it saw as one JSON line.

Executed with `exec` in a silent request, in a namespace of its own that holds the kernel's `shell`. What must not
depend on tracking: the variables, the random state, the pickles of estimators and metrics, signatures, warning filters.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import io
import json
import pickle
import random
import sys
import warnings
from typing import Any

# Measured times, which no two fits share.
_CLOCKS = ("refit_time_", "fit_time_", "mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")


def look(shell: Any) -> dict[str, Any]:
    """Return what the kernel holds, as JSON."""
    drawn = _random_state()
    return {
        **drawn,
        "who": shell.run_line_magic("who_ls", ""),
        "names": sorted(shell.user_ns),
        "types": {name: _type_name(value) for name, value in sorted(shell.user_ns.items()) if not name.startswith("_")},
        "filters": [str(item) for item in warnings.filters],
        "options": _options(),
        "trace": repr(sys.gettrace()),
        "estimators": {name: _pickle_digest(value) for name, value in _estimators(shell.user_ns)},
        "library": _library(),
    }


def _random_state() -> dict[str, str]:
    numpy = sys.modules.get("numpy")
    return {
        "random": _digest(repr(random.getstate()).encode()),
        "numpy": _digest(pickle.dumps(numpy.random.get_state())) if numpy else "",
    }


def _options() -> dict[str, str]:
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    return {
        "numpy": repr(numpy.get_printoptions()) if numpy else "",
        "errors": repr(numpy.geterr()) if numpy else "",
        "pandas": repr(pandas.options.display.max_rows) if pandas else "",
        "recursion": repr(sys.getrecursionlimit()),
    }


def _estimators(variables: dict[str, Any]) -> list[tuple[str, Any]]:
    if "sklearn.base" not in sys.modules:
        return []
    base = sys.modules["sklearn.base"].BaseEstimator
    public = [(name, value) for name, value in sorted(variables.items()) if not name.startswith("_")]
    return [(path, item) for name, value in public for path, item in _items(name, value) if isinstance(item, base)]


def _items(name: str, value: Any) -> list[tuple[str, Any]]:
    """The value itself, or what a list, tuple or dict of models holds."""
    if type(value) is dict:
        return [(f"{name}[{key!r}]", item) for key, item in value.items()]
    if type(value) in (list, tuple):
        return [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    return [(name, value)]


def _library() -> dict[str, str]:
    """How public names of the library look from outside: pickled, inspected, described."""
    metrics = sys.modules.get("sklearn.metrics")
    if metrics is None:
        return {}
    functions = [getattr(metrics, name) for name in sorted(metrics.__all__)]
    seen = {item.__name__: _looks(item) for item in functions if inspect.isfunction(item)}
    from sklearn.linear_model import LogisticRegression

    seen["LogisticRegression"] = _looks(LogisticRegression)
    for name in ("fit", "score", "predict"):
        seen[f"LogisticRegression.{name}"] = _looks(getattr(LogisticRegression, name))
    return seen


def _looks(item: Any) -> str:
    looks = (item.__name__, item.__qualname__, item.__module__, str(inspect.signature(item)), repr(item.__doc__))
    extra = (sorted(vars(item)) if inspect.isfunction(item) else (), repr(getattr(item, "__defaults__", None)))
    return _digest(repr((looks, extra, pickle.dumps(item))).encode())


def _pickle_digest(value: Any) -> str:
    try:
        return _digest(_pickled(_without_clocks(value)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


class _Pickler(pickle.Pickler):
    """Leaves out the padding between the fields of a record array (the nodes of a tree), which is never set."""

    def reducer_override(self, value: Any) -> Any:
        if getattr(getattr(value, "dtype", None), "names", None) is None:
            return NotImplemented
        return tuple, ([value[name].tobytes() for name in value.dtype.names],)


def _pickled(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream).dump(value)
    return stream.getvalue()


def _without_clocks(estimator: Any) -> Any:
    if not any(hasattr(estimator, name) for name in ("cv_results_", *_CLOCKS)):
        return estimator
    plain = copy.copy(estimator)
    for name in _CLOCKS:
        vars(plain).pop(name, None)
    if hasattr(plain, "cv_results_"):
        plain.cv_results_ = {key: value for key, value in plain.cv_results_.items() if key not in _CLOCKS}
    return plain


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


if "shell" in globals():
    print(json.dumps(look(globals()["shell"])))
