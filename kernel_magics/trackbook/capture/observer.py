"""Turns what integrations see into events: what was fitted, measured and logged, at which place in the code.

What the events are about is known by `ObservedModels` and `ObservedTables`. A metric that no model is found for is a
metric without one.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import FrameType

from trackbook import clock
from trackbook.capture import call_syntax
from trackbook.capture.arrivals import Arrivals, Upstream
from trackbook.capture.begun import Begun
from trackbook.capture.call_syntax import argument_of
from trackbook.capture.events import Event, FitEvent, LogEvent, MetricEvent
from trackbook.capture.flow import Flow
from trackbook.capture.hash_order import hash_ordered
from trackbook.capture.hooks import Call
from trackbook.capture.keeping import Keeping
from trackbook.capture.loops import StepByStep, step_by_step, values_at
from trackbook.capture.observed_models import ObservedModels, Prediction
from trackbook.capture.observed_tables import ObservedTables
from trackbook.capture.plain_values import plain_value
from trackbook.capture.randomness import unseeded_calls
from trackbook.capture.sources import Library, Sources
from trackbook.capture.trace import CELL, Level, Trace
from trackbook.records import FileRead, JsonValue, Role


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
        self.events: list[Event] = []
        self.explicit: Callable[[], str | None] = lambda: None
        """Gives the id of the run that a person has started, None if there is none."""
        self.tables = ObservedTables(variables, upstream)
        self.models = ObservedModels(upstream)
        self._keeping: Keeping | None = None
        self._thread = 0
        self._logged: set[object] = set()
        self._containers: set[str] = set()
        self._variables = variables
        self._sources = sources
        self._upstream = upstream
        self._library = Library()
        self.begun = Begun(sources)
        self._unseeded: Arrivals[str] = Arrivals()
        self.files_read: dict[int, list[FileRead]] = {}
        """The files that the cell which ended last has read, by its statements."""
        self.unseeded_drawn: dict[int, list[str]] = {}
        """What drew random numbers without a seed in it, likewise."""

    def keep_contents(self, keeping: Keeping) -> None:
        """Have the contents of tables, files and models kept; without this only their fingerprints are."""
        self._keeping = self.tables.keeping = keeping

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
        self.begun.begin_cell()
        for node in flow.nodes if may_draw else ():
            for what in unseeded_calls(node.statement):
                self._unseeded.add([(CELL, node.index)], what)
        if may_follow_hashes:
            for at, what in hash_ordered([node.statement for node in flow.nodes], self._variables):
                self._unseeded.add([(CELL, flow.nodes[at].index)], what)
        for node in flow.nodes:
            for name, value in node.literals.items():
                if type(value) in (list, dict):
                    self._containers.add(name)
        self.models.begin()
        self.events, self._logged = [], set()
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
        self.models.settle(execution_id)
        self.files_read = self.tables.settle(execution_id)
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
        return self._whole(self._trace(frame, called))

    def _whole(self, trace: Trace) -> Trace:
        """Return a trace out to the cell, also one that ends in another thread."""
        if threading.get_ident() == self._thread or (trace.levels and trace.levels[-1].is_cell):
            return trace
        # a thread of the person's works for what the cell is at
        outer = self._trace(sys._current_frames().get(self._thread)).levels
        if not outer or not outer[-1].is_cell:
            outer = self._trace(self.begun.waiting()).levels
        return Trace([*trace.levels, *outer])

    def _trace(self, frame: FrameType | None, called: str = "") -> Trace:
        return Trace.of(frame, self._sources, self._library, self._variables, called, self.begun)

    def add_begun(self, frame: FrameType, thing: object) -> None:
        """A task or a call for another thread is begun by the code that called a frame."""
        if not self.is_listening or thing is None:
            return
        trace = self._trace(frame.f_back, frame.f_code.co_name)
        if trace.levels:  # else it is not the person's: a library's thread, or one of ours
            self.begun.add(thing, self._whole(trace).levels)

    def step_by_step(self, call: Call, frame: FrameType | None, objects: Collection[object]) -> StepByStep:
        """Return what takes part in a training of some objects that a person's loop does, at its first step."""
        return step_by_step(call.trace, frame, self._variables, objects)

    def values_at(self, call: Call, frame: FrameType) -> list[tuple[Level, Mapping[str, object]]]:
        """Return the person's frames that led to a call, innermost first, each with the values of its names."""
        return list(values_at(call.trace, frame.f_back, self._variables))

    def has_instance_of(self, kind: type) -> bool:
        """Return whether a name of the notebook is bound to an object of exactly this class."""
        return any(type(value) is kind for value in list(self._variables.values()))

    def name_of(self, call: Call, value: object, expression: ast.expr | None) -> str | None:
        """Return what the notebook calls an object: the name in the call, else a name that is bound to it."""
        return call_syntax.name_of(call, value, expression, self._variables)

    # Models

    def add_unseeded(self, call: Call, what: str) -> None:
        """Randomness came in without a seed."""
        self._unseeded.add(call.trace.here, what)

    def add_fit(self, call: Call, event: FitEvent, estimator: object = None) -> None:
        """A fit begins; `estimator` is the object that is fitted, if it is one that stays."""
        event.unseeded += self._unseeded.reaching(call.trace.flowing(), self._upstream)
        event.held = dict(self._held())
        self._add(event)
        self.models.begin_fit(call, event, estimator)

    def end_fit(self, event: FitEvent, estimators: Iterable[object]) -> None:
        """A fit has ended; these objects are the model and its parts."""
        event.has_ended = True
        event.seconds = (clock.now() - event.at).total_seconds()
        self.models.end_fit(event, estimators)

    def add_training(self, call: Call, event: FitEvent, models: Iterable[object], loop: StepByStep) -> None:
        """A person's loop has begun to train models in place.

        What the loop has logged before its first step is of this fit as well.
        """
        event.unseeded += self._unseeded.reaching(loop.inputs, self._upstream)
        self._add(event)
        self._claim(event, loop)
        self.models.add_training(call, event, models, loop)

    def _held(self) -> Iterator[tuple[str, JsonValue]]:
        """Yield what the lists and dicts hold now that some cell wrote as constants: they may be changed in place."""
        for name in self._containers:
            found = plain_value(self._variables.get(name)) if type(self._variables.get(name)) in (list, dict) else None
            if found is not None:
                yield name, found[0]

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
        keeping = self._keeping
        if keeping is None:
            return

        def keep() -> None:
            if event.model is not None:
                keeping.keep_model(event.model, estimator, inputs)

        if call.name == "partial_fit":
            event.keep = keep
        else:
            keep()

    def add_prediction(self, call: Call, estimator: object, inputs: object, output: object) -> None:
        """A model has predicted `output` from `inputs`."""
        role = self.tables.role_of_argument(call, inputs, 0)
        data = self.tables.uses(call, [(inputs, 0, role)])
        self.models.add_prediction(call, estimator, output, role, data)

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
        prediction = self.models.prediction_of(predicted)
        if prediction is None and self.models.has_predicted(truth):  # the prediction was given first, by mistake
            truth, predicted, places = predicted, truth, (places[1], places[0])
            prediction = self.models.prediction_of(predicted)
        expressions = [argument_of(call, place) for place in places]
        fits, made_on = self.models.origin(call, estimator, predicted, prediction, expressions)
        judged = (predicted, expressions[1]) if truth is None else (truth, expressions[0])
        role = _role_of_metric(self.tables.role(call, *judged), prediction, fits)
        data = self.tables.uses(call, [(truth, places[0], role)])
        if estimator is not None:
            data += self.tables.uses(call, [(predicted, places[1], role)])
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
        if len(fits) == 1:
            self.models.add_computed(fits[0], role, outputs)

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
        expression = argument_of(call, place)
        self._add_logged(call.trace, values, step, [expression] if expression is not None else None)

    def _add_logged(
        self, trace: Trace, values: Mapping[str, float | int], step: int | None, parts: list[ast.expr] | None
    ) -> None:
        fits = self.models.fits_by_flow(trace, parts)
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


def _role_of_metric(role: Role | None, prediction: Prediction | None, fits: Collection[FitEvent]) -> Role | None:
    """Return what a metric was measured on, by the role of the table that was judged and by who predicted it."""
    if role is None and prediction is not None:
        role = prediction.role
    is_held_out = bool(fits) and all(fit.is_held_out for fit in fits)
    return Role.VALIDATION if role is Role.TRAIN and is_held_out else role
