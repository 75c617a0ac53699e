"""What is known of the models of a session: the fit that made each, and which of them made a prediction.

A prediction's model is found through the data flow, by the first of these that tells: the prediction is the very object
that a model returned (or a view of it); the statements that made it hold a prediction or a fit; its values are those of
a prediction.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from trackbook.capture.arrivals import Upstream
from trackbook.capture.events import FitEvent
from trackbook.capture.hooks import Call
from trackbook.capture.integrations.model_content import model_content
from trackbook.capture.known import Known
from trackbook.capture.loops import StepByStep
from trackbook.capture.trace import CELL, Activation, Place, Trace
from trackbook.records import DatasetUse, Role, Source


@dataclass(slots=True)
class _Made:
    """A fit or a prediction, and the statements that were running then, by the life of the function they are in."""

    fit: FitEvent
    here: list[Place]
    data: list[DatasetUse] = field(default_factory=list)
    """What a prediction was made on."""
    columns: frozenset[str] = frozenset()
    """The columns that the statement assigns to: ``table["p"] = model.predict(X)``."""
    trained: frozenset[str] = frozenset()
    """The notebook's names of what was trained in place, by code that does not name it."""
    is_training: bool = False


@dataclass(slots=True)
class Prediction:
    """What a prediction was made by and on."""

    fit: FitEvent | None
    role: Role | None
    data: list[DatasetUse]


class ObservedModels:
    """The models that a session has seen being fitted, and what they have predicted.

    Parameters
    ----------
    upstream
        As for `Observer`.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._fits: Known[FitEvent] = Known()
        self._predictions: Known[Prediction] = Known()
        self._open: list[tuple[Activation, FitEvent]] = []
        self._made: dict[tuple[object, ...], _Made] = {}
        self._made_earlier: dict[Source, list[_Made]] = {}

    # The cell

    def begin(self) -> None:
        """A cell begins: nothing was made in it yet."""
        self._open, self._made = [], {}

    def settle(self, execution_id: str) -> None:
        """The cell has ended: what was made in it is known by its statements from now on."""
        for made in self._made.values():
            if made.here and made.here[-1][0] == CELL:
                source = Source(execution_id=execution_id, statement=made.here[-1][1])
                self._made_earlier.setdefault(source, []).append(made)

    # Fits

    def begin_fit(self, call: Call, event: FitEvent, estimator: object) -> None:
        """A fit begins; `estimator` is the object that is fitted, None if it is one that does not stay."""
        self._open.append((call.activation, event))
        self._make(call, _Made(event, call.trace.here))
        if estimator is not None:
            self._fits.put(estimator, event)

    def end_fit(self, event: FitEvent, estimators: Iterable[object]) -> None:
        """A fit has ended; these objects are the model and its parts."""
        self._open = [(activation, other) for activation, other in self._open if other is not event]
        for estimator in estimators:
            self._fits.put(estimator, event)

    def add_training(self, call: Call, event: FitEvent, models: Iterable[object], loop: StepByStep) -> None:
        """A person's loop has begun to train models in place: what is computed from them is found by its statements."""
        for key, made in list(self._made.items()):
            if made.is_training and made.here[-1:] == call.trace.here[-1:]:
                del self._made[key]  # of what one statement trains in a loop the newest counts
        self._make(call, _Made(event, call.trace.here, trained=loop.names, is_training=True))
        for place in loop.made_at:
            self._made.pop((place,), None)
            self._made[(place,)] = _Made(event, [place])
        for model in models:
            self._fits.put(model, event)

    def fit_of(self, estimator: object) -> FitEvent | None:
        """Return the fit that made a model, None if it was not seen."""
        return self._fits.get(estimator)

    def find_equal(self, estimator: object) -> None:
        """Link a model that was not seen being fitted (a copy, or loaded from a file) to an equal one that was."""
        alike = [(model, fit) for model, fit in self._fits.alive() if type(model) is type(estimator)]
        wanted = model_content(estimator) if alike else None
        for model, fit in reversed(alike):
            if model_content(model) == wanted:
                self._fits.put(estimator, fit)
                return

    def enclosing_fit(self, call: Call) -> FitEvent | None:
        """Return the fit (or search) inside of which a call is made."""
        return next((event for activation, event in self._open if activation in call.enclosing), None)

    # Predictions

    def add_prediction(
        self, call: Call, estimator: object, output: object, role: Role | None, data: list[DatasetUse]
    ) -> None:
        """A model has predicted `output` from tables with some role."""
        fit = self.fit_of(estimator)
        self._predictions.put(output, Prediction(fit, role, data), by_owner=True, by_content=True)
        if fit is not None:
            self._make(call, _Made(fit, call.trace.here, data))

    def add_cross_prediction(self, event: FitEvent, output: object) -> None:
        """Cross-validation has predicted each row by a model that had not seen it."""
        event.is_held_out = True
        prediction = Prediction(event, Role.VALIDATION, event.data)
        self._predictions.put(output, prediction, by_owner=True, by_content=True)

    def add_computed(self, fit: FitEvent, role: Role | None, outputs: Iterable[object]) -> None:
        """Arrays were computed from a model's prediction: what is computed from them further is of that model."""
        for output in outputs:
            self._predictions.put(output, Prediction(fit, role, []))

    def has_predicted(self, value: object) -> bool:
        """Return whether an object is the very one that a model returned, or a view of it."""
        return self._predictions.get(value) is not None

    def prediction_of(self, value: object) -> Prediction | None:
        """Return what an object is known to be a prediction of, by itself or by its values."""
        known = self._predictions.get(value)
        if known is None:
            equal = self._predictions.equal_to(value)
            known = equal[-1] if equal else None
        return known

    def origin(
        self,
        call: Call,
        estimator: object,
        predicted: object,
        prediction: Prediction | None,
        expressions: list[ast.expr | None],
    ) -> tuple[tuple[FitEvent, ...], list[DatasetUse]]:
        """Return the fits whose models a metric judges, and the data that they predicted from."""
        enclosing = self.enclosing_fit(call)
        if enclosing is not None:
            return (enclosing,), []
        if estimator is not None:
            fit = self.fit_of(estimator)
            return ((fit,) if fit is not None else ()), []
        known = self._predictions.get(predicted)
        if known is not None:
            return ((known.fit,) if known.fit is not None else ()), known.data
        parts = [e for e in expressions[1:] if e is not None] or [e for e in expressions if e is not None]
        made = self._made_by_flow(call.trace, parts)
        columns = frozenset().union(*(_columns(part, ast.Load) for part in parts))
        made = [each for each in made if each.columns & columns] or made
        by_flow = tuple(dict.fromkeys(each.fit for each in made))
        if len(by_flow) == 1 or (by_flow and prediction is None):
            return by_flow, made[-1].data if len(by_flow) == 1 else []
        equal = [each for each in self._predictions.equal_to(predicted) if each.fit is not None]
        among = [each for each in equal if each.fit in by_flow] or equal
        if among and among[-1].fit is not None:
            return (among[-1].fit,), among[-1].data
        return by_flow, []

    def fits_by_flow(self, trace: Trace, parts: Collection[ast.expr] | None) -> tuple[FitEvent, ...]:
        """Return the fits that take part in making some expressions, each once."""
        return tuple(dict.fromkeys(made.fit for made in self._made_by_flow(trace, parts)))

    def _made_by_flow(self, trace: Trace, parts: Collection[ast.expr] | None) -> list[_Made]:
        """Return the fits and predictions that take part in making some expressions, the nearest on each way."""
        flowing = trace.flowing(parts, {place for made in self._made.values() for place in made.here})
        ranks = {level.activation: rank for rank, level in reversed(list(enumerate(trace.levels)))}
        found = [
            (min(ranks[place[0]] for place in made.here if place in flowing.places and place[0] in ranks), made)
            for made in self._made.values()
            if any(place in flowing.places and place[0] in ranks for place in made.here)
        ]
        if found and min(rank for rank, _ in found) < ranks.get(CELL, 0):
            # inside the function that asks: nearer than what the cell's statements may have to do with each other
            nearest = min(rank for rank, _ in found)
            return [made for rank, made in found if rank == nearest]
        makers = [made for _, made in found]
        trained = [made for made in self._made.values() if made.trained & (flowing.outside | flowing.names)]
        if trained and not makers:
            return trained[-1:]
        for source in self._upstream(flowing.outside, self._made_earlier):
            makers += self._made_earlier.get(source, [])
        return makers

    def _make(self, call: Call, made: _Made) -> None:
        """Note what was made by the statements that are running; of what one call makes in a loop the newest."""
        made.columns = _columns(call.trace.statement(), ast.Store)
        key = (*made.here, id(call.trace.call))
        self._made.pop(key, None)
        self._made[key] = made


def _columns(node: ast.AST | None, context: type[ast.expr_context]) -> frozenset[str]:
    """Return the names of columns that code stores or loads: ``table["p"]``, ``table.p``."""
    found = set()
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, context):
            found.add(inner.attr)
        elif isinstance(inner, ast.Subscript) and isinstance(inner.ctx, context):
            found.update(str(each.value) for each in ast.walk(inner.slice) if isinstance(each, ast.Constant))
    return frozenset(found)
