"""What an integration of a library works with: it names functions to watch, and is told of their calls.

An integration is a class found by the entry point group ``trackbook.integrations``::

    class SomeLibrary:
        modules = ("somelibrary",)                     # attach() is called when one of these has been imported

        def attach(self, module, hooks):
            hooks.watch(module.Model.fit, on_call=self.fit_begins, on_return=self.fit_ends)

It never imports its library: the module comes with the call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol
from weakref import finalize, ref

from trackbook.capture.guard import Guard
from trackbook.capture.instrument import Instruments
from trackbook.capture.trace import Activation, Trace

if TYPE_CHECKING:
    from trackbook.capture.integrations.estimator_calls import EstimatorCalls
    from trackbook.capture.observer import Observer


class Integration(Protocol):
    """Support for one library. `modules` are the names of the modules that `attach` wants to see."""

    modules: tuple[str, ...]

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of a module that has just been imported."""


@dataclass(slots=True, eq=False)
class Call:
    """A watched call that is running or has ended.

    `arguments` are its arguments by name, as they were when it began. `is_direct`: the notebook's own code made the
    call; `is_outermost`: no other watched call is around it. `notes` is the integration's own, from begin to end.
    """

    name: str
    arguments: Mapping[str, Any]
    activation: Activation
    is_direct: bool
    is_outermost: bool
    trace: Trace
    enclosing: tuple[Activation, ...] = ()
    through: tuple[str, ...] = ()
    """The library modules between the notebook's code and this call, innermost first; empty for a direct call."""
    notes: dict[str, Any] = field(default_factory=dict)

    def argument(self, name: str) -> object:
        """Return an argument, None if it was not given."""
        return self.arguments.get(name)


THREADS = frozenset({"threading", "concurrent.futures.thread", "asyncio.threads", ""})
"""The modules that a call goes through which a thread makes by itself; "" is where a thread begins."""

CallHandler = Callable[[Call], None]
ReturnHandler = Callable[[Call, Any], None]


class Hooks:
    """Watches functions for the integrations, and tells them of the calls that matter.

    A call matters if it is made while a cell runs, by the notebook's code or with no other watched call around it: what
    a library does inside of its own ``fit`` or ``score`` is its own affair.
    """

    def __init__(self, observer: Observer, instruments: Instruments, guard: Guard) -> None:
        self.observer = observer
        self._instruments = instruments
        self._guard = guard

    @cached_property
    def estimators(self) -> EstimatorCalls:
        """What watches classes with ``fit`` and ``predict``, for every integration whose library has such."""
        from trackbook.capture.integrations.estimator_calls import EstimatorCalls

        return EstimatorCalls(self)

    def watch(
        self,
        function: object,
        *,
        on_call: CallHandler | None = None,
        on_return: ReturnHandler | None = None,
        parameters: object = None,
    ) -> None:
        """Have handlers called when `function` begins and when it returns.

        Parameters
        ----------
        function
            A plain Python function, also one that others imported before. Anything else is left alone.
        on_call, on_return
            Called with the `Call`, the second also with the result. A fault in them never reaches the caller.
        parameters
            The callable whose signature names the arguments, where the function itself takes ``*args, **kwargs``.
        """
        if isinstance(function, FunctionType):
            self._instruments.watch(function, _Watch(self, function, parameters or function, (on_call, on_return)))

    def guarded(self, action: Callable[..., None]) -> Callable[..., None]:
        """Return the same action, with its faults taken as ours."""

        def act(*arguments: object) -> None:
            with self._guard:
                action(*arguments)

        return act

    def watch_maker(self, function: object, on_made: Callable[[object, object], None]) -> None:
        """Have `on_made` called with the first argument and the result of each call of `function`, whoever makes it.

        For what makes classes and functions that are to be watched themselves, such as ``__init_subclass__``.
        """
        if isinstance(function, FunctionType):
            self._instruments.watch(function, _MakerWatch(self._guard, on_made))

    def watch_often(self, function: object, on_call: Callable[[FrameType], None], attribute: str | None = None) -> None:
        """Have `on_call` called with the frame of each call of `function`, and nothing worked out before.

        For what is called in a tight loop. It must be quick, must not keep the frame, and guards itself (`guarded`).

        Parameters
        ----------
        attribute
            The name of an attribute that the function has (as True) for as long as it is watched.
        """
        if isinstance(function, FunctionType):
            watch = _OftenWatch(on_call)
            if self._instruments.watch(function, watch) and attribute is not None:
                function.__dict__[attribute] = True
                finalize(watch, function.__dict__.pop, attribute, None)  # the watch goes when the code is put back

    def call_at(self, frame: FrameType, name: str) -> Call | None:
        """Return the call of a function of this name that a frame is, None if no cell runs or a watched call is around.

        For handlers of `watch_often`, when a call turns out to matter.
        """
        if not self.observer.is_listening or self._enclosing(frame):
            return None
        trace = self.observer.trace(frame.f_back, name)
        activation = (id(frame), id(frame.f_code))
        return Call(name=name, arguments={}, activation=activation, is_direct=True, is_outermost=True, trace=trace)

    def begin(self, watch: _Watch, frame: FrameType) -> Call | None:
        """Return the call that a frame is, if it matters."""
        if not self.observer.is_listening:
            return None
        caller = frame.f_back
        is_direct = self.observer.is_notebook_code(caller)
        enclosing = self._enclosing(frame)
        if enclosing and not is_direct:
            return None
        through = () if is_direct else self._through(caller)
        if not is_direct and not self._is_for_notebook(through):
            return None
        trace = self.observer.trace(caller, watch.name)
        return Call(
            name=watch.name,
            arguments=watch.bind(frame),
            activation=(id(frame), id(frame.f_code)),
            is_direct=is_direct,
            is_outermost=not enclosing,
            trace=trace,
            enclosing=enclosing,
            through=through,
        )

    def _through(self, frame: FrameType | None) -> tuple[str, ...]:
        """Return the library modules between the notebook's code and a frame; they end with "" where there is none."""
        modules: list[str] = []
        while frame is not None and not self.observer.is_notebook_code(frame):
            modules.append(str(frame.f_globals.get("__name__")))
            frame = frame.f_back
        return (*modules, "") if frame is None else tuple(modules)

    @staticmethod
    def _is_for_notebook(through: tuple[str, ...]) -> bool:
        """Return whether a call by a library is made for the notebook's code: not one of a library's own threads."""
        return through[-1] != "" or set(through) <= THREADS

    def _enclosing(self, frame: FrameType) -> tuple[Activation, ...]:
        found = []
        outer = frame.f_back
        while outer is not None:
            if self._instruments.is_watched(outer.f_code):
                found.append((id(outer), id(outer.f_code)))
            outer = outer.f_back
        return tuple(found)


class _Watch:
    """The watch of one function: makes a `Call` of a frame and hands it to the integration's handlers."""

    def __init__(self, hooks: Hooks, function: FunctionType, parameters: object, handlers: tuple[Any, Any]) -> None:
        self._hooks = hooks
        self.name = function.__name__
        self._code = hooks._instruments.original_code(function)
        self._parameters = ref(parameters)  # weak: the function's own code holds this watch
        self._on_call, self._on_return = handlers
        self._signature: inspect.Signature | None = None

    def called(self, frame: FrameType) -> object:
        with self._hooks._guard:
            call = self._hooks.begin(self, frame)
            if call is not None and self._on_call is not None:
                self._on_call(call)
            return call
        return None

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        if isinstance(token, Call) and self._on_return is not None:
            with self._hooks._guard:
                self._on_return(token, result)

    def bind(self, frame: FrameType) -> Mapping[str, Any]:
        """Return the arguments of the call that a frame is, by name."""
        code, values = self._code, frame.f_locals
        count, keywords_only = code.co_argcount, code.co_kwonlyargcount
        names = code.co_varnames[: count + keywords_only]
        given = {name: values[name] for name in names if name in values}
        if not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            return given
        rest = code.co_varnames[len(names) :]
        args = values.get(rest[0], ()) if code.co_flags & inspect.CO_VARARGS else ()
        place = 1 if code.co_flags & inspect.CO_VARARGS else 0
        kwargs = values.get(rest[place], {}) if code.co_flags & inspect.CO_VARKEYWORDS else {}
        by_name = {name: given[name] for name in names[count:] if name in given}
        return self._bind_to_signature(
            [given[name] for name in names[:count] if name in given], args, {**by_name, **kwargs}
        )

    def _bind_to_signature(self, positional: list[Any], args: Any, kwargs: Any) -> Mapping[str, Any]:
        if self._signature is None:
            parameters = self._parameters()
            if parameters is None:
                return {}
            self._signature = inspect.signature(parameters)  # type: ignore[arg-type]  # a callable, by contract
        try:
            bound = self._signature.bind(*positional, *args, **kwargs)
        except TypeError:  # a wrong call: the library will say so
            return {}
        arguments = dict(bound.arguments)
        for parameter in self._signature.parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                arguments.update(arguments.pop(parameter.name, {}))
        return arguments


class _OftenWatch:
    """The watch of a function that is called in tight loops."""

    def __init__(self, on_call: Callable[[FrameType], None]) -> None:
        self.called = on_call

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        return


class _MakerWatch:
    """The watch of a function that makes something to be watched itself."""

    def __init__(self, guard: Guard, on_made: Callable[[object, object], None]) -> None:
        self._guard = guard
        self._on_made = on_made

    def called(self, frame: FrameType) -> object:
        names = frame.f_code.co_varnames
        return frame.f_locals.get(names[0]) if names else None

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        with self._guard:
            self._on_made(token, result)
