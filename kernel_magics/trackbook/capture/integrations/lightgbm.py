"""LightGBM's own interface: ``Dataset``, ``train``, ``cv``, and loops of ``Booster.update``.

Its estimators follow scikit-learn's interface and are watched as such.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.boosting import Boosting, early_stopping, is_running
from trackbook.capture.integrations.model_content import set_content
from trackbook.capture.library_marks import set_state

_ROUNDS = ("num_boost_round", "num_iterations", "num_iteration", "n_iter", "num_tree", "num_trees", "num_round",
           "num_rounds", "nrounds", "n_estimators", "max_iter")  # fmt: skip
_CHOICES = ("feval", "nfold", "stratified", "shuffle", "metrics", "seed")
_OF_ROWS = ("label", "weight", "group", "init_score")


class LightgbmIntegration:
    """Support for LightGBM."""

    modules = ("lightgbm.basic", "lightgbm.engine", "lightgbm.sklearn")

    def __init__(self) -> None:
        self._open: dict[int, Call] = {}  # the training of each thread

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of one of LightGBM's modules."""
        self._observer = hooks.observer
        self._boosting = Boosting(hooks, _describe)
        match module.__name__:
            case "lightgbm.basic":
                self._attach_basic(module, hooks)
            case "lightgbm.engine":
                hooks.watch(module.train, on_call=self._train_begins, on_return=self._train_ends)
                hooks.watch(module.cv, on_call=self._validation_begins, on_return=self._boosting.end_validation)
            case "lightgbm.sklearn":
                for name in ("LGBMModel", "LGBMClassifier", "LGBMRegressor", "LGBMRanker"):
                    set_content(getattr(module, name), lambda estimator: _content(estimator.booster_))

    def _attach_basic(self, module: ModuleType, hooks: Hooks) -> None:
        hooks.watch(module.Dataset.__init__, on_return=self._boosting.hold)
        set_state(module.Dataset, _state_of_dataset)
        booster = module.Booster
        set_content(booster, _content)
        set_state(booster, _state_of_booster)
        hooks.watch(booster.update, on_call=self._round)
        hooks.watch_maker(booster.eval_train, self._evaluated)
        hooks.watch_maker(booster.eval_valid, self._evaluated)
        hooks.watch(booster.predict, on_return=self._boosting.predicted)

    # train and cv

    def _train_begins(self, call: Call) -> None:
        if not call.is_outermost:
            return
        train, sets = call.arguments.get("train_set"), call.arguments.get("valid_sets") or ()
        tables = list(sets) if isinstance(sets, list | tuple) else [sets]
        names = call.arguments.get("valid_names") or ()
        named = [names] if isinstance(names, str) else list(names)
        evaluated = [
            (named[place] if place < len(named) else "training" if table is train else f"valid_{place}", table)
            for place, table in enumerate(tables)
        ]
        self._begin(call, train, evaluated, "lightgbm.basic.Booster")
        self._open[threading.get_ident()] = call

    def _validation_begins(self, call: Call) -> None:
        if call.is_outermost:
            self._begin(call, call.arguments.get("train_set"), [], "lightgbm.engine.cv")

    def _begin(self, call: Call, train: object, evaluated: list[tuple[str, object]], estimator: str) -> None:
        given, params = call.arguments, dict(call.arguments.get("params") or {})
        rounds = {} if set(_ROUNDS) & params.keys() else {"num_boost_round": given.get("num_boost_round")}
        choices = {name: given[name] for name in _CHOICES if name in given}
        hyper = {**params, **rounds, **choices, **early_stopping(given.get("callbacks"))}
        self._boosting.begin(call, (train, "train_set"), evaluated, hyper=hyper, estimator=estimator)

    def _evaluated(self, booster: object, result: object) -> None:
        """Add what was measured after a round to the training of this thread, or to the loop that a person wrote."""
        call = self._open.get(threading.get_ident())
        if call is not None and is_running(call):
            history = call.notes.setdefault("history", {})
            for table, metric, value in _results(result):
                history.setdefault(table, {}).setdefault(metric, []).append(value)
            return
        event = self._observer.models.fit_of(booster)
        if event is None or event.has_ended or not self._observer.is_listening:
            return
        for table, metric, value in _results(result):
            key = f"{'train' if table == 'training' else 'validation'}.{metric}"
            event.metrics.append((key, value, sum(1 for other, _, _ in event.metrics if other == key)))

    def _train_ends(self, call: Call, booster: Any) -> None:
        self._open.pop(threading.get_ident(), None)
        self._boosting.end(call, booster)

    def _round(self, call: Call) -> None:
        booster: Any = call.arguments.get("self")
        train = call.arguments.get("train_set") or getattr(booster, "train_set", None)
        self._boosting.go_on(call, booster, getattr(booster, "params", {}), (train, "train_set"))


def _results(result: object) -> Iterable[tuple[str, str, float]]:
    """Yield table, metric and value of what an evaluation gave."""
    for each in result if isinstance(result, list) else ():
        yield str(each[0]), str(each[1]), float(each[2])


def _describe(booster: Any) -> tuple[list[str], Mapping[str, float], dict[str, Any]]:
    """Return features, how often each splits (as the estimators' importances are), and details."""
    features = list(booster.feature_name())
    counts = booster.feature_importance().tolist()
    details: dict[str, Any] = {"n_rounds": booster.current_iteration()}
    best = getattr(booster, "best_iteration", -1)
    if best > 0:
        details["best_iteration"] = best
        scores = [score for metrics in booster.best_score.values() for score in metrics.values()]
        details["best_score"] = float(scores[0]) if len(scores) == 1 else None
    return features, dict(zip(features, map(float, counts), strict=True)), details


def _content(booster: Any) -> str:
    """Return the trees; the params that follow them in the text are left out when a booster is saved and loaded."""
    text: str = booster.model_to_string(num_iteration=-1)
    return text.partition("\nend of trees")[0]


def _state_of_dataset(dataset: Any) -> object:
    """Training makes a dataset ready and lets raw data go, which changes nothing; what belongs to rows can be set."""
    numpy: Any = sys.modules["numpy"]
    values = [getattr(dataset, name, None) for name in _OF_ROWS]
    return id(dataset), [None if each is None else numpy.asarray(each, dtype="float32").ravel() for each in values]


def _state_of_booster(booster: Any) -> object:
    """Rounds are added; that changes nothing else, so that the trees need not be read."""
    return id(booster), booster.current_iteration(), getattr(booster, "best_iteration", None)
