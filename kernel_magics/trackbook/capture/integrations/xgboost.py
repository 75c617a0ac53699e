"""XGBoost's own interface: ``DMatrix``, ``train``, ``cv``, and loops of ``Booster.update``.

Its estimators follow scikit-learn's interface and are watched as such.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations.boosting import Boosting, early_stopping, history_points, is_running, labels
from trackbook.capture.integrations.model_content import set_content
from trackbook.capture.library_marks import set_state

_RESULT = re.compile(r"\t([^\t]+?)-([^\t:]+):(\S+)")
_MATRICES = ("DMatrix", "QuantileDMatrix", "ExtMemQuantileDMatrix")
_NO_CHOICE = (
    "params", "dtrain", "evals", "evals_result", "verbose_eval", "xgb_model", "callbacks", "folds", "fpreproc",
    "as_pandas", "show_stdv",
)  # fmt: skip


class XgboostIntegration:
    """Support for XGBoost."""

    modules = ("xgboost.core", "xgboost.callback", "xgboost.training", "xgboost.sklearn")

    def __init__(self) -> None:
        self._open: dict[int, Call] = {}  # the training of each thread
        self._params: WeakKeyDictionary[object, Mapping[str, Any]] = WeakKeyDictionary()

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of one of XGBoost's modules."""
        self._observer = hooks.observer
        self._boosting = Boosting(hooks, _describe)
        match module.__name__:
            case "xgboost.core":
                self._attach_core(module, hooks)
            case "xgboost.callback":
                hooks.watch_maker(module.CallbackContainer.before_training, self._rounds_begin)
            case "xgboost.training":
                hooks.watch(module.train, on_call=self._train_begins, on_return=self._train_ends)
                hooks.watch(module.cv, on_call=self._train_begins, on_return=self._boosting.end_validation)
            case "xgboost.sklearn":
                for name in module.__all__ if hasattr(module, "__all__") else dir(module):
                    kind = getattr(module, name)
                    if isinstance(kind, type) and issubclass(kind, module.XGBModel):
                        set_content(kind, lambda estimator: bytes(estimator.get_booster().save_raw()))

    def _attach_core(self, module: ModuleType, hooks: Hooks) -> None:
        for name in _MATRICES:
            matrix = getattr(module, name, None)
            if isinstance(matrix, type):
                hooks.watch(matrix.__dict__.get("__init__"), on_return=self._boosting.hold)
                set_state(matrix, _state_of_matrix)
        booster = module.Booster
        set_content(booster, lambda each: bytes(each.save_raw()))
        set_state(booster, _state_of_booster)
        hooks.watch(booster.__init__, on_return=self._booster_made)
        hooks.watch(booster.update, on_call=self._round)
        hooks.watch(booster.boost, on_call=self._round)
        hooks.watch(booster.eval_set, on_return=self._evaluated)
        hooks.watch(booster.predict, on_return=self._boosting.predicted)
        hooks.watch(booster.inplace_predict, on_return=self._boosting.predicted)

    # train and cv

    def _train_begins(self, call: Call) -> None:
        if not call.is_outermost:
            return
        given = call.arguments
        evaluated = [(str(name), table) for table, name in given.get("evals") or ()]
        hyper = {
            **dict(given.get("params") or {}),
            "num_boost_round": 10,
            **{name: value for name, value in given.items() if name not in _NO_CHOICE},
            **early_stopping(given.get("callbacks")),
        }
        estimator = "xgboost.core.Booster" if call.name == "train" else "xgboost.training.cv"
        self._boosting.begin(call, (given.get("dtrain"), "dtrain"), evaluated, hyper=hyper, estimator=estimator)
        self._open[threading.get_ident()] = call

    def _rounds_begin(self, container: Any, _: object) -> None:
        """The training that was begun in this thread gets its history, which grows with each round."""
        call = self._open.pop(threading.get_ident(), None)
        if call is not None and is_running(call):
            call.notes["history"] = container.history

    def _train_ends(self, call: Call, booster: Any) -> None:
        self._boosting.end(call, booster)

    # Loops by hand

    def _booster_made(self, call: Call, _: object) -> None:
        params = call.arguments.get("params")
        if call.is_direct and params:
            self._params[call.arguments["self"]] = dict(params)

    def _round(self, call: Call) -> None:
        booster = call.arguments.get("self")
        self._boosting.go_on(call, booster, self._params.get(booster, {}), ((call.arguments.get("dtrain"), "dtrain")))

    def _evaluated(self, call: Call, result: str) -> None:
        """A person's loop measures after a round: ``[3]	train-rmse:0.5	eval-rmse:0.6``."""
        event = self._observer.models.fit_of(call.arguments.get("self"))
        if event is None or event.has_ended or not call.is_direct:
            return
        step = int(call.arguments.get("iteration") or 0)
        tables = labels(
            (str(name), self._observer.tables.role_of(table)) for table, name in call.arguments.get("evals") or ()
        )
        for table, metric, value in _RESULT.findall(str(result)):
            points = history_points({table: {metric: [float(value)]}}, tables)
            event.metrics += [(key, number, step) for key, number, _ in points]


def _describe(booster: Any) -> tuple[list[str], Mapping[str, float], dict[str, Any]]:
    """Return features, their gain as shares of the whole (as the estimators' importances are), and details."""
    features = list(booster.feature_names or map(str, range(booster.num_features())))
    attributes = booster.attributes()
    details: dict[str, Any] = {"n_rounds": booster.num_boosted_rounds()}
    if "best_iteration" in attributes:
        details["best_iteration"] = int(attributes["best_iteration"])
        details["best_score"] = float(attributes["best_score"])
    return features, _importances(booster, features), details


def _importances(booster: Any, features: list[str]) -> dict[str, float]:
    try:
        gains = booster.get_score(importance_type="gain")
    except ValueError:  # a linear booster has weights, no gains
        gains = booster.get_score(importance_type="weight")
    sizes = {name: value for name, value in gains.items() if isinstance(value, int | float)}
    total = sum(sizes.values())
    named = {f"f{place}": feature for place, feature in enumerate(features)} if not booster.feature_names else {}
    known = {named.get(name, name): value / total for name, value in sizes.items()} if total else {}
    return {feature: known.get(feature, 0.0) for feature in features} if known else {}


def _state_of_matrix(matrix: Any) -> object:
    """A matrix's values never change; what belongs to its rows can be set."""
    numbers = [matrix.get_float_info(what) for what in ("label", "weight", "base_margin")]
    return id(matrix), matrix.feature_names, numbers


def _state_of_booster(booster: Any) -> object:
    """Rounds are added, attributes set; that changes nothing else, so that the trees need not be read."""
    return booster.handle.value, booster.num_boosted_rounds(), booster.attributes(), booster.feature_names
