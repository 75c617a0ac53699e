"""Turns what integrations see into events: who predicted this, on which data, at which place in the code.

A metric finds its model through the data flow, by the first of these that tells: the prediction is the very object that
a model returned (or a view of it); the statements that made it hold a prediction or a fit; its values are those of a
prediction. What none of them tells is a metric without a model.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Generic, TypeVar

from trackbook import clock
from trackbook.capture.events import Event, FitEvent, LogEvent, MetricEvent
from trackbook.capture.flow import Flow
from trackbook.capture.hash_order import hash_ordered
from trackbook.capture.hooks import Call
from trackbook.capture.integrations.model_content import model_content
from trackbook.capture.keeping import Keeping
from trackbook.capture.known import Known
from trackbook.capture.loops import StepByStep, step_by_step, values_at
from trackbook.capture.randomness import unseeded_calls
from trackbook.capture.sources import Library, Sources
from trackbook.capture.tables import describe, is_table, read_file
from trackbook.capture.trace import CELL, Activation, Flowing, Level, Place, Trace
from trackbook.records import DatasetUse, FileRead, Role, Source

_ROLE_WORDS = {
    "train": Role.TRAIN, "training": Role.TRAIN, "tr": Role.TRAIN, "trn": Role.TRAIN,
    "test": Role.TEST, "te": Role.TEST, "tst": Role.TEST, "holdout": Role.TEST,
    "val": Role.VALIDATION, "valid": Role.VALIDATION, "validation": Role.VALIDATION, "dev": Role.VALIDATION,
}  # fmt: skip
T = TypeVar("T")
Upstream = Callable[[Iterable[str], Collection[Source]], Iterable[Source]]
"""Gives the statements of earlier cells that flowed into names; beyond those of the second argument nothing."""


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
class _Prediction:
    """What a prediction was made by and on."""

    fit: FitEvent | None
    role: Role | None
    data: list[DatasetUse]


class _Arrivals(Generic[T]):
    """What came in at statements (a file, randomness), to be found again by what those statements flow into."""

    def __init__(self) -> None:
        self._here: list[tuple[list[Place], T]] = []
        self._earlier: dict[Source, list[T]] = {}

    def add(self, here: list[Place], what: T) -> None:
        """Something came in at the statements that are running."""
        self._here.append((here, what))

    def settle(self, execution_id: str) -> dict[int, list[T]]:
        """The cell has ended: its statements are known by their source from now on; return what came in at each."""
        arrived: dict[int, list[T]] = {}
        for here, what in self._here:
            if here:
                activation, statement = here[-1]
                source = Source(execution_id=execution_id, statement=statement)
                self._earlier.setdefault(source, []).append(what)
                if activation == CELL:
                    arrived.setdefault(statement, []).append(what)
        self._here = []
        return arrived

    def reaching(self, flowing: Flowing, upstream: Upstream) -> list[T]:
        """Return what came in at the statements that flowed into something, each once."""
        found = [what for here, what in self._here if not flowing.places.isdisjoint(here)]
        for source in upstream(flowing.outside, ()):
            found += self._earlier.get(source, [])
        return list(dict.fromkeys(found))


class Observer:
    """The events of the cell that runs, and what is known of the objects of the session.

    Parameters
    ----------
    variables
        The notebook's namespace, never altered.
    sources
        The code of the cell that runs.
    upstream
        Gives, for names of the namespace as they were before the cell, the statements that flowed into them, nearest
        first.
    """

    def __init__(self, variables: Mapping[str, object], sources: Sources, upstream: Upstream) -> None:
        self.is_listening = False
        self._thread = 0
        self._logged: set[object] = set()
        self.events: list[Event] = []
        self.explicit: Callable[[], str | None] = lambda: None
        self.keeping: Keeping | None = None
        """What takes contents to be kept; None: only their fingerprints are."""
        self._variables = variables
        self._sources = sources
        self._upstream = upstream
        self._library = Library()
        self._fits: Known[FitEvent] = Known()
        self._predictions: Known[_Prediction] = Known()
        self._roles: Known[Role] = Known()
        self._files: Known[tuple[FileRead, ...]] = Known()
        self._held: Known[tuple[DatasetUse, ...]] = Known()
        self._open: list[tuple[Activation, FitEvent]] = []
        self._made: dict[tuple[object, ...], _Made] = {}
        self._made_earlier: dict[Source, list[_Made]] = {}
        self._read: _Arrivals[FileRead] = _Arrivals()
        self._unseeded: _Arrivals[str] = _Arrivals()
        self.files_read: dict[int, list[FileRead]] = {}
        """The files that the cell which ended last has read, by its statements."""
        self.unseeded_drawn: dict[int, list[str]] = {}
        """What drew random numbers without a seed in it, likewise."""

    # The cell

    def begin(self, flow: Flow, *, may_draw: bool = True, may_follow_hashes: bool = False) -> None:
        """Listen: a cell begins.

        Parameters
        ----------
        may_draw
            False where no call in it can draw without a seed.
        may_follow_hashes
            Whether the order of a set may get into data in it.
        """
        self._thread = threading.get_ident()
        for node in flow.nodes if may_draw else ():
            for what in unseeded_calls(node.statement):
                self._unseeded.add([(CELL, node.index)], what)
        if may_follow_hashes:
            for at, what in hash_ordered([node.statement for node in flow.nodes], self._variables):
                self._unseeded.add([(CELL, flow.nodes[at].index)], what)
        self.events, self._made, self._open, self._logged = [], {}, [], set()
        self.is_listening = True

    def end(self, execution_id: str) -> list[Event]:
        """Stop listening; return what happened, and remember at which statements models and files came in."""
        self.is_listening = False
        for event in self.events:
            if isinstance(event, FitEvent) and event.finish is not None:
                if not event.has_ended:
                    event.finish()
                event.finish = None  # it holds what was fitted; the event is kept for the whole session
            if isinstance(event, FitEvent) and event.keep is not None:
                event.keep()
                event.keep = None
        for made in self._made.values():
            if made.here and made.here[-1][0] == CELL:
                source = Source(execution_id=execution_id, statement=made.here[-1][1])
                self._made_earlier.setdefault(source, []).append(made)
        self.files_read = self._read.settle(execution_id)
        self.unseeded_drawn = self._unseeded.settle(execution_id)
        events, self.events = self.events, []
        return events

    def _add(self, event: Event) -> None:
        event.explicit = self.explicit()
        event.code = event.code or str(hash(event.call_site))
        self.events.append(event)

    # The place

    def is_notebook_code(self, frame: FrameType | None) -> bool:
        """Return whether a frame runs code of the notebook or of the person's own files."""
        if frame is None:
            return False
        return frame.f_globals is self._variables or not self._library.has(frame.f_code.co_filename)

    def trace(self, frame: FrameType | None, called: str = "") -> Trace:
        """Return the person's frames from this one, which called a function of that name, out to the cell."""
        trace = Trace.of(frame, self._sources, self._library, self._variables, called)
        if threading.get_ident() == self._thread or (trace.levels and trace.levels[-1].is_cell):
            return trace
        waiting = sys._current_frames().get(self._thread)  # a thread of the person's works for what the cell is at
        return Trace([*trace.levels, *Trace.of(waiting, self._sources, self._library, self._variables).levels])

    def step_by_step(self, call: Call, frame: FrameType | None, objects: Collection[object]) -> StepByStep:
        """Return what takes part in a training of some objects that a person's loop does, at its first step."""
        return step_by_step(call.trace, frame, self._variables, objects)

    def values_at(self, call: Call, frame: FrameType) -> list[tuple[Level, Mapping[str, object]]]:
        """Return the person's frames that led to a call, innermost first, each with the values of its names."""
        return list(values_at(call.trace, frame.f_back, self._variables))

    # Models

    def has_instance_of(self, kind: type) -> bool:
        """Return whether a name of the notebook is bound to an object of exactly this class."""
        return any(type(value) is kind for value in list(self._variables.values()))

    def add_fit(self, call: Call, event: FitEvent, estimator: object = None) -> None:
        """A fit begins; `estimator` is the object that is fitted, if it is one that stays."""
        event.unseeded += self._unseeded.reaching(call.trace.flowing(), self._upstream)
        self._add(event)
        self._open.append((call.activation, event))
        self._make(call, _Made(event, call.trace.here))
        if estimator is not None:
            self._fits.put(estimator, event)

    def end_fit(self, event: FitEvent, estimators: Iterable[object]) -> None:
        """A fit has ended; these objects are the model and its parts."""
        event.has_ended = True
        event.seconds = (clock.now() - event.at).total_seconds()
        self._open = [(activation, other) for activation, other in self._open if other is not event]
        for estimator in estimators:
            self._fits.put(estimator, event)

    def add_training(self, call: Call, event: FitEvent, models: Iterable[object], loop: StepByStep) -> None:
        """A person's loop has begun to train models in place.

        What is computed from a model later is found by the statements that made it. What the loop has logged before its
        first step is of this fit as well.
        """
        event.unseeded += self._unseeded.reaching(loop.inputs, self._upstream)
        self._add(event)
        self._claim(event, loop)
        for key, made in list(self._made.items()):
            if made.is_training and made.here[-1:] == call.trace.here[-1:]:
                del self._made[key]  # of what one statement trains in a loop the newest counts
        self._make(call, _Made(event, call.trace.here, trained=loop.names, is_training=True))
        for place in loop.made_at:
            self._made.pop((place,), None)
            self._made[(place,)] = _Made(event, [place])
        for model in models:
            self._fits.put(model, event)

    def _claim(self, event: FitEvent, loop: StepByStep) -> None:
        """Give a training what its loop has logged before: that comes after it, as if it had begun with the loop."""
        claimed = [
            other
            for other in self.events
            if isinstance(other, MetricEvent)
            and not any(fit in self.events for fit in other.fits)
            and not other.inputs.places.isdisjoint(loop.loops)
        ]
        for other in claimed:
            other.fits = (event,)
        if claimed:
            self.events.insert(self.events.index(claimed[0]), self.events.pop())

    def keep_model(self, call: Call, event: FitEvent, estimator: object, inputs: object) -> None:
        """Have a fitted model kept as it is now; one that goes on learning as it is when the cell ends."""
        keeping = self.keeping
        if keeping is None:
            return

        def keep() -> None:
            if event.model is not None:
                keeping.keep_model(event.model, estimator, inputs)

        if call.name == "partial_fit":
            event.keep = keep
        else:
            keep()

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

    def add_prediction(self, call: Call, estimator: object, inputs: object, output: object) -> None:
        """A model has predicted `output` from `inputs`."""
        fit = self.fit_of(estimator)
        role = self.role(call, inputs, _argument(call, 0))
        data = self.data(call, [(inputs, 0, role)])
        self._predictions.put(output, _Prediction(fit, role, data), by_owner=True, by_content=True)
        if fit is not None:
            self._make(call, _Made(fit, call.trace.here, data))

    def _make(self, call: Call, made: _Made) -> None:
        """Note what was made by the statements that are running; of what one call makes in a loop the newest."""
        made.columns = _columns(call.trace.statement(), ast.Store)
        key = (*made.here, id(call.trace.call))
        self._made.pop(key, None)
        self._made[key] = made

    def add_cross_prediction(self, event: FitEvent, output: object) -> None:
        """Cross-validation has predicted each row by a model that had not seen it."""
        prediction = _Prediction(event, Role.VALIDATION, event.data)
        self._predictions.put(output, prediction, by_owner=True, by_content=True)

    # Data

    def add_unseeded(self, call: Call, what: str) -> None:
        """Randomness came in without a seed."""
        self._unseeded.add(call.trace.here, what)

    def add_roles(self, values: Iterable[tuple[object, Role | None]]) -> None:
        """Note what tables are for."""
        for value, role in values:
            if role is not None:
                self._roles.put(value, role)

    def add_derived(self, output: object, origin: object) -> None:
        """Note that a table was made from another: its role and files are handed on."""
        role = self._roles.get(origin)
        if role is not None:
            self._roles.put(output, role)
        files = self._files.get(origin)
        if files is not None:
            self._files.put(output, files)

    def add_held(self, holder: object, uses: Iterable[DatasetUse]) -> None:
        """Note the tables that an object was made to hold for a library (a DMatrix, a DataLoader)."""
        self._held.put(holder, tuple(uses))

    def held(self, holder: object) -> tuple[DatasetUse, ...]:
        """Return the tables that an object is known to hold."""
        return self._held.get(holder) or ()

    def add_read(self, call: Call, path: object, result: object) -> None:
        """A file was read; `result` is what came of it (None if that is not known)."""
        file = read_file(path)
        if self.keeping is not None:
            self.keeping.keep_file(file)
        self._read.add(call.trace.here, file)
        if result is not None:
            self._files.put(result, (*(self._files.get(result) or ()), file))

    def add_dataset(self, frame: FrameType | None, read: FileRead, result: object) -> None:
        """A dataset was read by name, by the code that a frame runs: like a file, it is what `result` comes from."""
        self._read.add(self.trace(frame, "load").here, read)
        self._files.put(result, (read,))

    def role_of(self, value: object) -> Role | None:
        """Return what a table is known to be for."""
        return self._roles.get(value)

    def role(self, call: Call, value: object, expression: ast.expr | None) -> Role | None:
        """Return what a table is for, by the flow; else by what the person called it; None if neither tells."""
        known = self._roles.get(value)
        if known is not None or expression is None:
            return known
        names = call.trace.flowing([expression]).names
        by_flow = {self._roles.get(self._variables.get(name)) for name in names} - {None}
        if len(by_flow) == 1:
            return by_flow.pop()
        return role_by_name(ast.unparse(expression))

    def role_of_argument(self, call: Call, value: object, place: int | str | ast.expr) -> Role | None:
        """Return what a table is for that a call was given at a place."""
        return self.role(call, value, _argument(call, place))

    def data(self, call: Call, tables: Iterable[tuple[object, int | str | ast.expr, Role | None]]) -> list[DatasetUse]:
        """Describe the tables that a call was given, and those held by what it was given.

        Parameters
        ----------
        tables
            For each: the value, its place among the call's arguments (position, name, or what was written there), and
            what it is for.
        """
        described: list[DatasetUse] = []
        for value, place, role in tables:
            held = self._held.get(value)
            if held is not None:
                described += [replace(use, role=role or use.role) for use in held]
                continue
            if value is None or not (is_table(value) or isinstance(value, list | tuple)):
                continue
            expression = _argument(call, place)
            name = self.name_of(call, value, expression) or f"({place if isinstance(place, str) else 'data'})"
            use = describe(value, name, role=role, files=self._files_of(call, value, expression))
            if self.keeping is not None:
                use = replace(use, snapshot_id=self.keeping.keep_table(value, use.fingerprint))
            described.append(use)
        return described

    def name_of(self, call: Call, value: object, expression: ast.expr | None) -> str | None:
        """Return what the notebook calls an object: the name in the call, else a name that is bound to it."""
        at_cell = bool(call.trace.levels) and call.trace.levels[0].is_cell
        if at_cell and isinstance(expression, ast.Name):
            return expression.id
        for name, other in list(self._variables.items()):
            if other is value and not name.startswith("_"):
                return name
        if expression is None:
            return None
        return expression.id if isinstance(expression, ast.Name) else ast.unparse(expression)[:80]

    def _files_of(self, call: Call, value: object, expression: ast.expr | None) -> tuple[FileRead, ...]:
        known = self._files.get(value)
        if known is not None or expression is None:
            return known or ()
        return tuple(self._read.reaching(call.trace.flowing([expression]), self._upstream))

    # Metrics

    def add_metric(
        self,
        call: Call,
        name: str,
        values: Mapping[str, float | int],
        *,
        truth: object = None,
        predicted: object = None,
        estimator: object = None,
        places: tuple[int | str, int | str] = (0, 1),
        report: tuple[str, bytes, str] | None = None,
        outputs: Iterable[object] = (),
    ) -> None:
        """A metric was computed.

        Parameters
        ----------
        name
            What was measured, such as ``accuracy``.
        values
            The numbers, by sub-key (the empty one for a plain number).
        truth, predicted
            The tables that it was computed from, `places` their places among the arguments.
        estimator
            The model, where the metric was asked of the model itself.
        report
            File name, content and media type of a result that is more than some numbers.
        outputs
            Arrays among the results: what is computed from them further (an area under a curve) is of the same model.
        """
        expressions = [_argument(call, place) for place in places]
        prediction = self._prediction(predicted)
        fits, made_on = self._origin(call, estimator, predicted, prediction, expressions)
        judged = (predicted, expressions[1]) if truth is None else (truth, expressions[0])
        role = self.role(call, *judged)
        if role is None and prediction is not None:
            role = prediction.role
        data = self.data(call, [(truth, places[0], role)])
        if estimator is not None:
            data += self.data(call, [(predicted, places[1], role)])
        else:
            data += made_on
        self._add(
            MetricEvent(
                at=clock.now(),
                inputs=call.trace.flowing(),
                call_site=(*call.trace.call_site, name),
                data=data,
                name=name,
                role=role,
                values=values,
                fits=fits,
                assigned=call.trace.assigned_name(),
                report=report,
            )
        )
        for output in outputs if len(fits) == 1 else ():
            self._predictions.put(output, _Prediction(fits[0], role, []))

    def add_logged_metrics(
        self, frame: FrameType | None, values: Mapping[str, float | int], step: int | None, expression: str | None
    ) -> None:
        """A person logged numbers by hand; where they flow from one model, they are of its run.

        Parameters
        ----------
        expression
            The code of the value, where the frame's own code does not show it.
        """
        parts = [ast.parse(expression, mode="eval").body] if expression is not None else None
        self._add_logged(self.trace(frame), values, step, parts)

    def add_metrics_logged_by(
        self, call: Call, values: Mapping[str, float | int], step: int | None, place: int | str
    ) -> None:
        """A person logged numbers by another library's logger, which got them as an argument."""
        expression = _argument(call, place)
        self._add_logged(call.trace, values, step, [expression] if expression is not None else None)

    def _add_logged(
        self, trace: Trace, values: Mapping[str, float | int], step: int | None, parts: list[ast.expr] | None
    ) -> None:
        fits = tuple(dict.fromkeys(made.fit for made in self._made_by_flow(trace, parts)))
        for key, value in values.items():
            self._add(
                MetricEvent(
                    at=clock.now(),
                    inputs=trace.flowing(parts),
                    call_site=(*trace.call_site, key),
                    name=key,
                    role=None,
                    values={"": value},
                    fits=fits if len(fits) == 1 else (),
                    step=step,
                    is_logged=True,
                )
            )

    def add_logged_inputs(self, frame: FrameType | None, expression: str | None, keys: Collection[str] = ()) -> None:
        """A person logged numbers to a run that is started: note what flowed into them, once a place in the code."""
        place = (id(frame.f_code), frame.f_lasti, self.explicit(), *keys) if frame is not None else None
        if place in self._logged:
            return
        self._logged.add(place)
        parts = [ast.parse(expression, mode="eval").body] if expression is not None else None
        self._add(LogEvent(at=clock.now(), inputs=self.trace(frame).flowing(parts), measured=tuple(keys)))

    def _prediction(self, value: object) -> _Prediction | None:
        known = self._predictions.get(value)
        if known is None:
            equal = self._predictions.equal_to(value)
            known = equal[-1] if equal else None
        return known

    def _origin(
        self,
        call: Call,
        estimator: object,
        predicted: object,
        prediction: _Prediction | None,
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


def _argument(call: Call, place: int | str | ast.expr) -> ast.expr | None:
    """Return the expression that the caller wrote for an argument, by position or by parameter name."""
    if isinstance(place, ast.expr):
        return place
    expression = call.trace.call
    if not isinstance(expression, ast.Call) or not call.is_direct:
        return None
    names = list(call.arguments)
    if isinstance(place, str):
        named = next((keyword.value for keyword in expression.keywords if keyword.arg == place), None)
        if named is not None or place not in names:
            return named
        place = names.index(place) - (1 if names[:1] == ["self"] else 0)
    if place < len(expression.args):
        argument = expression.args[place]
        return None if isinstance(argument, ast.Starred) else argument
    return None


def _columns(node: ast.AST | None, context: type[ast.expr_context]) -> frozenset[str]:
    """Return the names of columns that code stores or loads: ``table["p"]``, ``table.p``."""
    found = set()
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, context):
            found.add(inner.attr)
        elif isinstance(inner, ast.Subscript) and isinstance(inner.ctx, context):
            found.update(str(each.value) for each in ast.walk(inner.slice) if isinstance(each, ast.Constant))
    return frozenset(found)


def role_by_name(text: str) -> Role | None:
    """Return the role that the words in an expression's names speak of, if they speak of one only."""
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower())
    roles = {_ROLE_WORDS[word] for word in words if word in _ROLE_WORDS}
    return roles.pop() if len(roles) == 1 else None
