"""Captures cells: from the moment one is about to run to the moment it has ended, whatever happens in between."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from trackbook import clock
from trackbook.capture.aliases import with_aliases
from trackbook.capture.arrivals import Upstream
from trackbook.capture.code import Code, cell_code
from trackbook.capture.definitions import Definitions, is_class
from trackbook.capture.environment import packages_stamp
from trackbook.capture.events import Event
from trackbook.capture.flow import Flow
from trackbook.capture.guard import Guard
from trackbook.capture.hooks import Hooks, Integration
from trackbook.capture.imports import ImportWatch
from trackbook.capture.instrument import Instruments
from trackbook.capture.integrations.begins import BeginsIntegration
from trackbook.capture.marks import set_code_lookup
from trackbook.capture.namespace import Change, Namespace
from trackbook.capture.observer import Observer
from trackbook.capture.resources import ResourceMeter
from trackbook.capture.sources import Sources
from trackbook.records import Failure, JsonValue, Outcome, Resources, json_value

_PLAIN = frozenset({str, int, float, bool, list, tuple, dict, type(None)})
_NO_CHANGE = Change()
_NO_FLOW = Flow([], {})
INTEGRATIONS = "trackbook.integrations"  # the entry point group


@dataclass(slots=True, kw_only=True, eq=False)
class CapturedCell:
    """What is known of a cell when it has ended. `flow` holds only changes that happened."""

    source: str
    started_at: datetime
    seconds: float
    outcome: Outcome
    failure: Failure | None
    failed_line: int | None
    change: Change
    flow: Flow
    events: list[Event]
    resources: Resources
    names: frozenset[str]
    """The names of the namespace after the cell, of those that it wrote."""
    present: Mapping[str, JsonValue]
    """The values after the cell of names that get one literal here and another there."""


class CellCapture:
    """Watches one namespace and the libraries that its cells use.

    Parameters
    ----------
    variables
        The notebook's namespace (IPython's ``user_ns``), never altered.
    hidden
        Gives the names in it that are not the person's.
    upstream
        Gives, for names, the statements of earlier cells that flowed into them, nearest first.
    guard
        Takes our own faults.
    """

    def __init__(
        self,
        variables: dict[str, object],
        hidden: Callable[[], Collection[str]],
        upstream: Upstream,
        guard: Guard,
    ) -> None:
        self._variables = variables
        self._guard = guard
        self._namespace = Namespace(variables, hidden=hidden)
        self._sources = Sources(self._namespace.reached_from)
        self.observer = Observer(variables, self._sources, upstream)
        self._instruments = Instruments()
        self._imports = ImportWatch()
        self._hooks = Hooks(self.observer, self._instruments, guard)
        self._definitions = Definitions(variables, self._class_found)
        self._meter = ResourceMeter()
        self._source = ""
        self._flow = _NO_FLOW
        self._started = (clock.now(), clock.monotonic())

    def watch_modules(self, before_execution: Callable[[ModuleType], None]) -> None:
        """Call a function with each module that is about to be executed, when it is imported or reloaded."""

        def guarded(module: ModuleType) -> None:
            with self._guard:
                before_execution(module)

        self._imports.before_execution = guarded

    def attach(self, integrations: Iterable[Integration] | None = None) -> None:
        """Begin to watch: each integration is told of its library's modules when they are imported."""
        set_code_lookup(self._instruments.original_code)
        self._imports.watch_patches()
        found = find_integrations(self._guard) if integrations is None else integrations
        watching: list[Integration] = [BeginsIntegration(), *found]
        for integration in watching:
            for name in integration.modules:
                self._imports.when_imported(name, self._attacher(integration))

    def detach(self) -> None:
        """Leave everything as it was before `attach`."""
        self._imports.remove()
        self._instruments.remove_all()
        self._namespace.forget()
        set_code_lookup(None)
        self.observer.is_listening = False

    def _attacher(self, integration: Integration) -> Callable[..., None]:
        def attach(module: object) -> None:
            with self._guard:
                integration.attach(module, self._hooks)  # type: ignore[arg-type]  # the import watch gives modules

        return attach

    def begin(self, source: str, transformed: str) -> None:
        """A cell is about to run.

        Parameters
        ----------
        source, transformed
            The cell as typed, and as IPython rewrote it.
        """
        self._source, self._flow = source, _NO_FLOW
        code = None
        with self._guard:
            code = _read(source)
        with self._guard:
            self._namespace.before(code)
        with self._guard:
            self._flow = self._sources.begin_cell(source, transformed, code)
        with self._guard:
            self.observer.begin(
                self._flow,
                may_draw=code is not None and code.may_draw,
                may_follow_hashes=code is not None and code.may_follow_hashes,
            )
        self._meter.start()
        self._started = (clock.now(), clock.monotonic())
        if code is not None:
            self._definitions.begin(code)  # last: it sees every call that is made from here on

    def _class_found(self, kind: type) -> None:
        with self._guard:
            self._hooks.estimators.watch_own(kind)

    def marks_before(self) -> Mapping[str, bytes | None]:
        """Return the change marks, from before the cell that runs, of the names that it might change."""
        return self._namespace.marks_before

    def mark(self, name: str) -> bytes | None:
        """Return the change mark of a name's present value, None if it has none."""
        return self._namespace.mark(name)

    def read_names(self) -> set[str]:
        """Return the names that the cell which runs may read."""
        names: set[str] = set()
        for node in self._flow.nodes:
            names.update(node.reads)
        return names

    def look(self) -> None:
        """Take note of the memory that the cell which runs holds now."""
        self._meter.look()

    def end(self, execution_id: str, error: BaseException | None, *, did_run: bool = True) -> CapturedCell:
        """The cell has ended.

        Parameters
        ----------
        execution_id
            The id that the execution has, or will have, in the store.
        error
            What it raised.
        did_run
            False if nothing of it ran (it did not compile).
        """
        seconds = clock.monotonic() - self._started[1]
        self._definitions.end()
        resources = self._meter.stop()
        change, events, flow = _NO_CHANGE, self.observer.events, _NO_FLOW
        line: int | None = 0
        with self._guard:
            events = self.observer.end(execution_id)
        with self._guard:
            line = self._failed_line(error) if did_run else 0
            change = self._namespace.after(is_complete=error is None, failed_line=line)
            changed = frozenset(change.writes + change.maybe)
            if self._flow.touched:
                changed = changed.difference(self._as_written(self._flow), self._unchangeable(self._flow))
            flow = self._flow.settled(changed)
            if error is not None and line is not None:
                flow = flow.until(line)
            if flow.touched:
                flow = with_aliases(flow, self._namespace.sharing(changed, flow.touched))
        with self._guard:
            self._find_classes(change)
        return CapturedCell(
            source=self._source,
            started_at=self._started[0],
            seconds=seconds,
            outcome=outcome_of(error),
            failure=failure_of(error),
            failed_line=line if error is not None else None,
            change=change,
            flow=flow,
            events=events,
            resources=resources,
            names=frozenset(filter(self._variables.__contains__, change.writes)),
            present=dict(self._present(flow)) if flow.unsure_literals else {},
        )

    def _find_classes(self, change: Change) -> None:
        for name in change.writes:
            value = self._variables.get(name)
            if is_class(value):
                self._class_found(value)  # imported, or defined where nobody could tell before

    def _present(self, flow: Flow) -> Iterator[tuple[str, JsonValue]]:
        for name in flow.unsure_literals:
            value = self._variables.get(name)
            if type(value) in _PLAIN:
                with self._guard:
                    yield name, json_value(value)

    def _as_written(self, flow: Flow) -> Iterator[str]:
        """Yield the names that still hold the constant that the cell assigned, whatever was called with them since."""
        for name, literal in flow.touched_literals:
            value = self._variables.get(name)
            if (
                not isinstance(value, list | tuple | dict) or type(value) not in _PLAIN
            ):  # no code of the person's is run
                continue
            if isinstance(literal, list | dict) and len(value) == len(literal):
                with self._guard:
                    if json_value(value) == literal:
                        yield name

    def _unchangeable(self, flow: Flow) -> Iterator[str]:
        """Yield the names that the cell gave a value which no call can have changed since."""
        if "global" in self._source:  # functions of the cell itself may bind them
            return iter(())
        return (name for name in flow.touched_once_made if self._namespace.is_unchangeable(name))

    def _failed_line(self, error: BaseException | None) -> int | None:
        """Return the line of the cell at which an error left it."""
        trace = error.__traceback__ if error is not None else None
        line = None
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_globals is self._variables and self._sources.is_cell(frame.f_code):
                line = trace.tb_lineno + self._sources.cut_lines
            trace = trace.tb_next
        return line


def _read(source: str) -> Code | None:
    try:
        return cell_code(source)
    except SyntaxError:
        return None


def outcome_of(error: BaseException | None) -> Outcome:
    """Return how a cell ended, by what it raised. An exit that was asked for is no error."""
    if error is None:
        return Outcome.OK
    return Outcome.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Outcome.ERROR


def failure_of(error: BaseException | None) -> Failure | None:
    """Return an exception as a record, without its traceback (the notebook shows that)."""
    if error is None:
        return None
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  the person's exception may fail to say what it is, in any way
        message = ""
    return Failure(type=type(error).__name__, message=message)


def integration_points() -> tuple[EntryPoint, ...]:
    """Return where installed integrations are found; a forked process knows what its parent has looked up."""
    return _integration_points(tuple(filter(None, sys.path)), packages_stamp())


@lru_cache(maxsize=4)
def _integration_points(_path: tuple[str, ...], _stamp: object) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=INTEGRATIONS))


def find_integrations(guard: Guard) -> list[Integration]:
    """Return the integrations of all installed distributions; one that can't be loaded is noted and left out."""
    found: list[Integration] = []
    for entry_point in integration_points():
        with guard:
            found.append(entry_point.load()())
    return found
