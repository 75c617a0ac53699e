"""What the own interfaces of boosting libraries have in common: tables held in an object of theirs, rounds, histories.

``train(params, data, evals)`` is a fit; what it measures after each round is a series, under the role of the table that
it was measured on. A loop of ``booster.update()`` is a fit as well, which ends with its cell.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

from trackbook import clock
from trackbook.capture.events import FitEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.estimators import class_name, params_of
from trackbook.capture.integrations.results import Points, number
from trackbook.capture.tables import read_file
from trackbook.records import DatasetUse, JsonValue, Model, Role

History = Mapping[str, Mapping[str, Sequence[Any]]]
"""What was measured on each table: values by round, by metric, by the library's name of the table."""

_UNNAMED = re.compile(r"(?:eval|valid|validation|watch|dval|dvalid|deval)?(?:_?set)?_?\d*", re.IGNORECASE)
_COLUMN = re.compile(r"(?:(?P<table>train|test|valid)[- ])?(?P<metric>.+)-(?P<what>mean|stdv?)")
_ROLES = {
    "train": Role.TRAIN, "training": Role.TRAIN, "dtrain": Role.TRAIN, "learn": Role.TRAIN,
    "test": Role.TEST, "dtest": Role.TEST, "holdout": Role.TEST,
    "valid": Role.VALIDATION, "val": Role.VALIDATION, "validation": Role.VALIDATION, "dev": Role.VALIDATION,
}  # fmt: skip


def labels(tables: Iterable[tuple[str, Role | None]]) -> dict[str, str]:
    """Return what goes before the metrics of each evaluated table: its role, or the name that a person gave it.

    Parameters
    ----------
    tables
        For each the library's name of it (``validation_0``) and its role, where that is known. No two get the same.
    """
    found: dict[str, str] = {}
    for name, role in tables:
        label = _label(name, role)
        found[name] = name if label in found.values() else label
    return found


def _label(name: str, role: Role | None) -> str:
    if _UNNAMED.fullmatch(name):
        return str(role or Role.VALIDATION)
    roles = {_ROLES[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _ROLES}
    return str(roles.pop()) if len(roles) == 1 else name


def history_points(history: History, by_table: Mapping[str, str]) -> Points:
    """Return an evaluation history as series, the rounds as steps."""
    return [
        (f"{by_table.get(table) or _label(table, None)}.{metric}", value, step)
        for table, metrics in history.items()
        for metric, values in metrics.items()
        for step, each in enumerate(values)
        if (value := number(each)) is not None
    ]


def evaluation_history(estimator: object) -> History:
    """Return what an estimator of a boosting library measured after each round while it was fitted; none if nothing."""
    attributes = getattr(estimator, "__dict__", {})
    history = attributes.get("evals_result_") or attributes.get("_evals_result")
    return history if isinstance(history, Mapping) else {}


def best_round(estimator: Any) -> dict[str, float | int]:
    """Return the round that early stopping chose and its score; nothing where it was not asked for."""
    attributes = getattr(estimator, "__dict__", {})
    if "_best_iteration" in attributes:  # LightGBM counts rounds from one, and has zero where nothing stopped early
        found = number(attributes["_best_iteration"])
        scores = [score for metrics in (attributes.get("_best_score") or {}).values() for score in metrics.values()]
        best = {"best_iteration": found, "best_score": number(scores[0]) if len(scores) == 1 else None} if found else {}
    else:
        try:
            best = {"best_iteration": number(estimator.best_iteration), "best_score": number(estimator.best_score)}
        except AttributeError:  # XGBoost's properties, where nothing stops early; other libraries
            best = {}
    return {key: value for key, value in best.items() if value is not None}


class Boosting:
    """Follows the training of boosters for an integration.

    Parameters
    ----------
    describe
        Gives features, importances and details of a trained booster.
    """

    def __init__(
        self, hooks: Hooks, describe: Callable[[Any], tuple[list[str], Mapping[str, float], dict[str, Any]]]
    ) -> None:
        self._hooks = hooks
        self._observer = hooks.observer
        self._describe = describe

    # Tables

    def hold(self, call: Call, result: object = None) -> None:
        """Note what a DMatrix or Dataset was made of (a handler of returns)."""
        holder, data = call.arguments.get("self"), call.arguments.get("data")
        if not call.is_outermost:
            return
        if isinstance(data, str) or hasattr(data, "__fspath__"):
            files = (read_file(data),)
            name = self._observer.name_of(call, holder, None) or str(data)
            self._observer.tables.add_held(holder, [DatasetUse(name=name, kind=class_name(holder), files=files)])
            return
        role = self._observer.tables.role_of_argument(call, data, "data")
        parts = [("data", data), ("label", call.arguments.get("label")), ("weight", call.arguments.get("weight"))]
        self._observer.tables.add_held(
            holder, self._observer.tables.uses(call, [(value, name, role) for name, value in parts])
        )
        self._observer.tables.add_roles([(holder, role)])

    # Training

    def begin(
        self,
        call: Call,
        train: tuple[object, str],
        evaluated: Sequence[tuple[str, object]] = (),
        *,
        hyper: Mapping[str, Any],
        estimator: str,
    ) -> FitEvent:
        """A training begins.

        Parameters
        ----------
        train
            What is trained on, and the name of the argument.
        evaluated
            Name and table of each that is measured on after each round.
        """
        others = [(name, table, self._observer.tables.role_of_evaluated(table, train[0])) for name, table in evaluated]
        call.notes["labels"] = labels((name, role) for name, _, role in others)
        tables: list[tuple[object, str, Role | None]] = [(train[0], train[1], Role.TRAIN)]
        for name, table, role in others:
            if not self._observer.tables.is_same(table, train[0]):
                known = next((each for each in Role if str(each) == call.notes["labels"][name]), Role.VALIDATION)
                tables.append((table, train[1], role or known))
        event = FitEvent(
            at=clock.now(),
            inputs=call.trace.flowing(),
            call_site=(*call.trace.call_site, "fit"),
            data=self._observer.tables.uses(call, tables),
            run_id=clock.new_id(),
            run_name=clock.new_name(),
            estimator=estimator,
            hyper=params_of({name: value for name, value in hyper.items() if value is not None}),
        )
        event.finish = self._hooks.guarded(lambda: self._measure(call, event))
        call.notes["event"] = event
        self._observer.tables.add_roles(
            [(train[0], Role.TRAIN)] if self._observer.tables.role_of(train[0]) is None else []
        )
        self._observer.add_fit(call, event)
        return event

    def _measure(self, call: Call, event: FitEvent) -> None:
        event.metrics = history_points(call.notes.get("history") or {}, call.notes["labels"])

    def end(self, call: Call, booster: object) -> None:
        """A training has ended; what was noted as its ``history`` are its series."""
        event: FitEvent | None = call.notes.get("event")
        if event is None:
            return
        self._measure(call, event)
        name = call.trace.assigned_name() or self._observer.name_of(call, booster, None) or type(booster).__name__
        event.model = self.model(booster, name, event.data)
        for key in ("best_iteration", "best_score"):
            best = number(event.model.details.get(key))
            if best is not None:
                event.metrics.append((key, best, 0))
        self._observer.end_fit(event, [booster])

    def end_validation(self, call: Call, result: Any) -> None:
        """A cross-validation has ended: means and deviations over the folds, by round.

        Parameters
        ----------
        result
            Columns by name: ``test-logloss-mean`` (XGBoost), ``valid binary_logloss-mean`` (LightGBM).
        """
        event: FitEvent | None = call.notes.get("event")
        if event is None:
            return
        event.metrics = []
        for column in result:
            parts = _COLUMN.fullmatch(column)
            if parts is not None:
                role = Role.TRAIN if parts["table"] == "train" else Role.VALIDATION
                key = f"{role}.{parts['metric']}{'' if parts['what'] == 'mean' else '.std'}"
                event.metrics += [(key, float(value), step) for step, value in enumerate(result[column])]
        self._observer.end_fit(event, [])

    def go_on(self, call: Call, booster: object, hyper: Mapping[str, Any], train: tuple[object, str]) -> None:
        """A round of a loop that a person wrote begins; the first one is where its fit begins."""
        if not call.is_direct or not call.is_outermost:
            return
        known = self._observer.models.fit_of(booster)
        if known is not None and known in self._observer.events and not known.has_ended:
            return
        loop = self._observer.step_by_step(call, sys._getframe(), [booster])
        event = self.begin(call, train, hyper={**hyper, **loop.turns}, estimator=class_name(booster))
        event.inputs = loop.inputs
        self._observer.end_fit(event, [booster])
        event.has_ended = False
        event.finish = self._hooks.guarded(lambda: self._finish_loop(call, event, booster))

    def _finish_loop(self, call: Call, event: FitEvent, booster: object) -> None:
        name = self._observer.name_of(call, booster, None) or type(booster).__name__
        event.model = self.model(booster, name, event.data)
        self._observer.end_fit(event, [booster])

    # Use

    def model(self, booster: Any, name: str, data: Sequence[DatasetUse]) -> Model:
        """Describe a trained booster."""
        features, importances, details = self._describe(booster)
        train = [use for use in data if use.role is Role.TRAIN]
        dtypes = {column.name: column.dtype for column in train[0].columns} if train else {}
        target = train[1] if len(train) > 1 else None
        column = target.columns[0] if target is not None and target.columns else None
        signature: dict[str, JsonValue] = {
            "inputs": [{"name": feature, "dtype": dtypes.get(feature)} for feature in features],
            "n_features": len(features) or None,
            "target": {"name": column.name if column else None, "dtype": column.dtype if column else None},
        }
        return Model(
            model_id=clock.new_id(),
            name=name,
            class_name=class_name(booster),
            signature=signature,
            features=tuple(features),
            importances=importances,
            details=params_of({key: value for key, value in details.items() if value is not None}),
        )

    def predicted(self, call: Call, result: Any) -> None:
        """Note what a booster predicted, and by which fit it was made (a handler of returns)."""
        if not call.is_direct or any(call.arguments.get(what) for what in _NO_PREDICTION):
            return
        booster = call.arguments.get("self")
        if self._observer.models.fit_of(booster) is None:
            self._observer.models.find_equal(booster)
        self._observer.add_prediction(call, booster, call.arguments.get("data"), result)


_NO_PREDICTION = ("pred_leaf", "pred_contribs", "pred_contrib", "approx_contribs", "pred_interactions")


def is_running(call: Call) -> bool:
    """Return whether a call is one of those that led to this place (it may have been left by an error)."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (id(frame), id(frame.f_code)) != call.activation:
        frame = frame.f_back
    return frame is not None


def early_stopping(callbacks: object) -> dict[str, object]:
    """Return the patience of a callback that stops early, as the param it would be."""
    for callback in callbacks if isinstance(callbacks, list | tuple | set) else ():
        if type(callback).__name__ in ("EarlyStopping", "_EarlyStoppingCallback"):
            rounds = getattr(callback, "rounds", None) or getattr(callback, "stopping_rounds", None)
            return {"early_stopping_rounds": rounds}
    return {}
