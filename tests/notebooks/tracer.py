"""The independent judge: lists what a notebook's own code fitted and measured, without Trackbook.

Executed with `exec` in a silent request before the first cell, in a namespace of its own that holds the kernel's
`shell`. It sees every Python call by `sys.setprofile` and keeps those that the notebook made: the caller's frame must
run in the notebook's namespace, or in that of a script under `%run`. Decorator wrappers of scikit-learn between the
two are looked through. A call made while another call of the list is under way (a scorer inside a search, the inner
fit of a person's own ensemble) is listed with `inside` set.
"""

from __future__ import annotations

import dis
import hashlib
import math
import numbers
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

_FITS = frozenset({"fit", "fit_predict", "partial_fit"})
_RETURN = dis.opmap["RETURN_VALUE"]
Note = dict[str, Any]
Describe = Callable[[FrameType], "Note | None"]


class Tracer:
    """Keeps the calls of one kernel. Everything it holds is text and numbers: no object of the person is kept alive."""

    def __init__(self, shell: Any) -> None:
        self.calls: list[Note] = []
        self._shell = shell
        self._folder = os.getcwd() + os.sep
        self._cell: str | None = None
        self._describers: dict[CodeType, Describe | None] = {}
        self._open = threading.local()
        self._serials: dict[int, tuple[weakref.ref[Any], int]] = {}

    def start(self) -> None:
        """Trace from the next cell on. A profiler that a cell starts and stops ends with that cell."""
        self._shell.events.register("pre_run_cell", self._begin_cell)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _begin_cell(self, info: Any) -> None:
        self._cell = info.cell_id or self._cell
        sys.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, value: Any) -> None:
        if event == "call":
            describe = self._describer(frame)
            if describe is not None:
                self._enter(frame, describe)
        elif event == "return" and self._describers.get(frame.f_code) is not None:
            self._leave(frame, value)

    def _describer(self, frame: FrameType) -> Describe | None:
        try:
            return self._describers[frame.f_code]
        except KeyError:
            describe = self._classify(frame)
            if describe is not None or not _is_importing(frame):
                self._describers[frame.f_code] = describe
            return describe

    def _classify(self, frame: FrameType) -> Describe | None:
        code = frame.f_code
        path = code.co_filename.replace(os.sep, "/")
        if code.co_name in _FITS and code.co_argcount:
            return self._describe_fit
        if code.co_name == "score" and code.co_argcount:
            return self._describe_score
        if code.co_name == "__call__" and path.endswith("sklearn/metrics/_scorer.py"):
            return self._describe_scorer
        if "/sklearn/" in path and _is_public_metric(frame):
            return _describe_metric
        if "/sklearn/model_selection/" in path and code.co_name in ("cross_val_score", "cross_validate"):
            return _describe_validation
        return None

    def _enter(self, frame: FrameType, describe: Describe) -> None:
        caller = self._notebook_caller(frame)
        note = describe(frame) if caller is not None else None
        if caller is None or note is None:
            return
        stack = self._stack()
        note |= {"cell": self._cell, "inside": stack[-1][1]["name"] if stack else None, **_place(caller)}
        stack.append((id(frame), note))

    def _leave(self, frame: FrameType, value: Any) -> None:
        stack = self._stack()
        if not stack or stack[-1][0] != id(frame):
            return
        _, note = stack.pop()
        if frame.f_code.co_code[frame.f_lasti] == _RETURN:
            note["values"] = _values(note["kind"], value, frame)
            self.calls.append(note)

    def _stack(self) -> list[tuple[int, Note]]:
        if not hasattr(self._open, "stack"):
            self._open.stack = []
        return self._open.stack  # type: ignore[no-any-return]  # threading.local has no declared attributes

    def _notebook_caller(self, frame: FrameType) -> FrameType | None:
        called, caller = frame, frame.f_back
        while caller is not None and _is_wrapper(caller, called.f_code):
            called, caller = caller, caller.f_back
        if caller is None:
            return None
        if caller.f_globals is self._shell.user_ns:
            return caller
        is_script = caller.f_globals.get("__name__") == "__main__" and caller.f_code.co_filename.startswith(
            self._folder
        )
        return caller if is_script else None

    def _describe_fit(self, frame: FrameType) -> Note | None:
        model = _receiver(frame)
        if not _is_predictor(model):
            return None
        given = [value for name, value in _arguments(frame).items() if name != "self"]
        key = None if frame.f_code.co_name == "partial_fit" else _digest(_state(model), *given)
        return {
            "kind": "fit",
            "name": type(model).__name__,
            "method": frame.f_code.co_name,
            "key": key or f"partial_fit of model {self._serial(model)}",
        }

    def _describe_score(self, frame: FrameType) -> Note | None:
        model = _receiver(frame)
        return {"kind": "score", "name": f"{type(model).__name__}.score"} if _is_estimator(model) else None

    def _describe_scorer(self, frame: FrameType) -> Note | None:
        scorer = _receiver(frame)
        function = getattr(scorer, "_score_func", None)
        return {"kind": "metric", "name": f"scorer of {getattr(function, '__name__', 'estimator.score')}"}

    def _serial(self, model: Any) -> int:
        known = self._serials.get(id(model))
        if known is None or known[0]() is not model:
            known = self._serials[id(model)] = weakref.ref(model), len(self._serials) + 1
        return known[1]


def _describe_metric(frame: FrameType) -> Note:
    return {"kind": "metric", "name": frame.f_code.co_name}


def _describe_validation(frame: FrameType) -> Note:
    return {"kind": "validation", "name": frame.f_code.co_name}


def _is_wrapper(caller: FrameType, code: CodeType) -> bool:
    """Whether the caller is a decorator of scikit-learn around the function: it holds the function in a closure."""
    if not str(caller.f_globals.get("__name__")).startswith("sklearn."):
        return False
    held = (caller.f_locals.get(name) for name in caller.f_code.co_freevars)
    return any(getattr(value, "__code__", None) is code for value in held)


def _is_importing(frame: FrameType) -> bool:
    """Whether scikit-learn's metrics are being imported: what is public is not known yet."""
    is_ours = str(frame.f_globals.get("__name__")).startswith("sklearn.")
    return is_ours and not hasattr(sys.modules.get("sklearn.metrics"), "__all__")


def _is_public_metric(frame: FrameType) -> bool:
    """Whether its own module knows it by the name of a public metric; the public name may have been patched."""
    code = frame.f_code
    if code.co_name not in getattr(sys.modules.get("sklearn.metrics"), "__all__", ()):
        return False
    item: Any = frame.f_globals.get(code.co_name)
    while hasattr(item, "__wrapped__"):
        item = item.__wrapped__
    return getattr(item, "__code__", None) is code


def _place(caller: FrameType) -> Note:
    """Where the notebook made the call: the line, and the columns of the expression in it."""
    spots = list(caller.f_code.co_positions())
    line, end_line, start, end = spots[caller.f_lasti // 2]
    return {"line": line, "end_line": end_line, "columns": [start, end], "function": caller.f_code.co_name}


def _arguments(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return {name: frame.f_locals[name] for name in code.co_varnames[:count] if name in frame.f_locals}


def _receiver(frame: FrameType) -> Any:
    return frame.f_locals.get(frame.f_code.co_varnames[0])


def _is_estimator(value: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    kinds = ("BaseEstimator", "ClassifierMixin", "RegressorMixin", "ClusterMixin", "OutlierMixin")
    return base is not None and isinstance(value, tuple(getattr(base, kind) for kind in kinds))


def _is_predictor(model: Any) -> bool:
    """Whether it predicts or scores; a transformer does neither."""
    if isinstance(model, type) or model is None:
        return False
    search = sys.modules.get("sklearn.model_selection._search")
    if search is not None and isinstance(model, search.BaseSearchCV):
        return True
    if _is_estimator(model) and _estimator_type(model):
        return True
    # A class of the person's is asked, not its instance, whose attributes can be anything.
    asked = model if _is_estimator(model) else type(model)
    predicts = any(_has(asked, name) for name in ("predict", "fit_predict", "score_samples", "decision_function"))
    return predicts and not _has(asked, "transform")


def _estimator_type(model: Any) -> str | None:
    from sklearn.utils import get_tags

    try:
        return get_tags(model).estimator_type  # type: ignore[no-any-return]  # scikit-learn is untyped
    except (AttributeError, TypeError):
        return None


def _has(model: Any, name: str) -> bool:
    return callable(getattr(model, name, None))


def _state(model: Any) -> str:
    """Class and params as they are before the fit."""
    params = model.get_params() if _is_estimator(model) and _has(model, "get_params") else vars(model)
    return f"{type(model).__module__}.{type(model).__qualname__} {sorted(params.items(), key=lambda pair: pair[0])!r}"


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(piece)
    return digest.hexdigest()[:16]


def _pieces(part: Any) -> Iterable[bytes]:
    """Bytes that stand for a value: a table's content, else what it prints as."""
    numpy = sys.modules.get("numpy")
    if hasattr(part, "tocsr"):
        part = part.toarray()
    if numpy is None or isinstance(part, str) or not hasattr(part, "__array__"):
        return [repr(part).encode()]
    table = numpy.asarray(part)
    return [repr(table.tolist()).encode() if table.dtype == object else table.tobytes(), repr(table.shape).encode()]


def _values(kind: str, value: Any, frame: FrameType) -> list[float]:
    """The numbers that a call gave: a scalar, the folds of a validation, a search's best score."""
    if kind == "validation":
        folds = value.items() if isinstance(value, dict) else [("test_score", value)]
        return [float(number) for key, column in folds if key.startswith("test_") for number in column]
    if kind == "fit":
        best = getattr(_receiver(frame), "best_score_", None)
        return _scalar(best) if hasattr(_receiver(frame), "cv_results_") else []
    return _scalar(value)


def _scalar(value: Any) -> list[float]:
    is_scalar = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return [float(value)] if is_scalar and not math.isinf(float(value)) else []


if "shell" in globals():
    sys.modules["notebook_tracer"] = tracer = Tracer(globals()["shell"])  # type: ignore[assignment]  # kept for the harness
    tracer.start()
