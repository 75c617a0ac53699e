"""Code that was begun at one place and runs at another: tasks of an event loop, calls that a pool's threads make.

Its call stack ends at the loop or the thread. What led to it is where it was begun, and that is noted then. What an
earlier cell began is for the cell that runs only if that waits for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import CodeType, CoroutineType, FrameType
from typing import TYPE_CHECKING, Any
from weakref import ref

from trackbook.capture.literals import Missing, literal_value, target_names
from trackbook.capture.sources import Sources, called_name, comprehensions_around

if TYPE_CHECKING:
    from trackbook.capture.trace import Level


@dataclass(slots=True, frozen=True)
class _Begin:
    """Where something was begun: the person's frames then, innermost first, and the cell's turn."""

    life: ref[object]
    levels: tuple[Level, ...]
    turn: int


class Begun:
    """The tasks and calls that cells have begun and that have not come to their end."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[int, _Begin] = {}
        self._run: CodeType | None = None
        self._task: object = None

    def watch_run(self, run: CodeType) -> None:
        """Take the code of the method by which a pool's thread runs a call that was handed to it."""
        self._run = run

    def begin_cell(self) -> None:
        """A cell begins: what runs it now will wait for what it awaits."""
        self._task = _current_task()

    def add(self, thing: object, levels: list[Level]) -> None:
        """Something was begun: a coroutine as a task, or an item of work for a thread.

        Parameters
        ----------
        levels
            The person's frames that led there, innermost first, out to the cell.
        """
        if not levels or not levels[-1].is_cell:
            return
        key = thing
        if isinstance(thing, CoroutineType):
            key = thing.cr_frame
            levels = [self._at_call(levels[0], thing), *levels[1:]]
        number, known = id(key), self._known

        def forget(_: object) -> None:
            known.pop(number, None)

        known[number] = _Begin(ref(thing, forget), tuple(levels), self._sources.turn)

    def is_outermost(self, frame: FrameType) -> bool:
        """Return whether a frame is the outermost one of something that a cell has begun."""
        return bool(self._known) and self._begin(frame) is not None

    def beyond(self, frame: FrameType) -> tuple[tuple[Level, ...], FrameType | None]:
        """Return what led to the outermost frame of something: the levels where it was begun, or a frame to go on from.

        Neither, where an earlier cell began it and the one that runs does not wait for it.
        """
        begin = self._begin(frame)
        if begin is not None and begin.turn == self._sources.turn:
            return begin.levels, None
        return (), self.waiting() if _awaits(self._task, _current_task()) else None

    def waiting(self) -> FrameType | None:
        """Return the frame of the cell where it waits for something, None if it doesn't."""
        return next((frame for frame in _frames_of(self._task) if self._sources.is_cell(frame.f_code)), None)

    def _begin(self, frame: FrameType) -> _Begin | None:
        return self._known.get(id(frame.f_locals.get("self") if frame.f_code is self._run else frame))

    def _at_call(self, level: Level, coroutine: CoroutineType[Any, Any, Any]) -> Level:
        """Return the level at the call that made a coroutine, where the expression there has just one that can be it.

        ``gather(fit(0.1), fit(9.0))`` begins two of one function: their arguments tell them apart.
        """
        whole, values = level.site.call, _values_of(coroutine)
        fitting = [
            (call, arguments) for call, arguments in _calls(whole, coroutine.cr_code) if _may_hold(arguments, values)
        ]
        if whole is None or len(fitting) != 1:
            return level
        call, arguments = fitting[0]
        around = comprehensions_around(whole, call)
        targets = {name for each in around for part in each.generators for name in target_names(part.target)}
        bound = {
            expression.id: values[name]
            for name, expression in arguments.items()
            if isinstance(expression, ast.Name) and expression.id in targets and name in values
        }
        return replace(level, site=self._sources.narrowed(level.site, call), values={**level.values, **bound})


def _values_of(coroutine: CoroutineType[Any, Any, Any]) -> Mapping[str, object]:
    """Return the values of a coroutine's parameters before it runs."""
    frame, code = coroutine.cr_frame, coroutine.cr_code
    return frame.f_locals if frame is not None and code.co_argcount + code.co_kwonlyargcount else {}


def _calls(whole: ast.expr | None, code: CodeType) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
    """Yield the calls of a function in an expression, each with the parameters that it plainly gives."""
    for node in ast.walk(whole) if whole is not None else ():
        if isinstance(node, ast.Call) and called_name(node) == code.co_name:
            yield node, dict(_arguments(node, code))


def _arguments(call: ast.Call, code: CodeType) -> Iterator[tuple[str, ast.expr]]:
    names = code.co_varnames[: code.co_argcount]
    if isinstance(call.func, ast.Attribute) and names[:1] in (("self",), ("cls",)):
        names = names[1:]
    for name, argument in zip(names, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            return
        yield name, argument
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg is not None)


def _may_hold(arguments: Mapping[str, ast.expr], values: Mapping[str, object]) -> bool:
    """Return whether parameters have the values of the literals that were written for them."""
    for name, expression in arguments.items():
        written, held = literal_value(expression), values.get(name)
        if not isinstance(written, Missing) and type(held) in (bool, int, float, str, type(None)) and held != written:
            return False
    return True


def _awaits(task: object, begun: object) -> bool:
    """Return whether a task waits for another to end, by itself or by what it waits for."""
    pending = [getattr(task, "_fut_waiter", None)]
    seen: set[int] = set()
    while pending and begun is not None:
        waited = pending.pop()
        if waited is begun:
            return True
        if waited is not None and id(waited) not in seen:
            seen.add(id(waited))
            pending += [getattr(waited, "_fut_waiter", None), *getattr(waited, "_children", ())]
    return False


def _current_task() -> object:
    """Return the task of asyncio that runs in this thread, None if none does."""
    asyncio = sys.modules.get("asyncio")
    try:
        return asyncio.current_task() if asyncio is not None else None
    except RuntimeError:  # no loop runs
        return None


def _frames_of(task: object) -> Iterator[FrameType]:
    """Yield the frames of a task that waits, outermost first."""
    get_coroutine = getattr(task, "get_coro", None)
    at = get_coroutine() if get_coroutine is not None else None
    while isinstance(at, CoroutineType) and at.cr_frame is not None:
        yield at.cr_frame
        at = at.cr_await
