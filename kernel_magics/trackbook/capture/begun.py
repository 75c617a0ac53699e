"""Code that was begun at one place and runs at another: tasks of an event loop, calls that a pool's threads make.

Its call stack ends at the loop or the thread. What led to it is where it was begun, and that is noted then. What an
earlier cell began is for the cell that runs only if that waits for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from inspect import CO_VARARGS
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
        whole = level.site.call
        fitting = [(call, given) for call, given in _calls(whole, coroutine) if all(map(_may_hold, given))]
        if whole is None or len(fitting) != 1:
            return level
        call, given = fitting[0]
        around = comprehensions_around(whole, call)
        targets = {name for each in around for part in each.generators for name in target_names(part.target)}
        bound = {written.id: held for written, held in given if isinstance(written, ast.Name) and written.id in targets}
        return replace(level, site=self._sources.narrowed(level.site, call), values={**level.values, **bound})


_Given = tuple[ast.expr, object]  # what was written for an argument, and what the parameter holds


def _calls(whole: ast.expr | None, coroutine: CoroutineType[Any, Any, Any]) -> Iterator[tuple[ast.Call, list[_Given]]]:
    """Yield the calls in an expression that may have made a coroutine which has not run yet."""
    frame, code = coroutine.cr_frame, coroutine.cr_code
    if whole is None or frame is None:
        return
    for node in ast.walk(whole):
        if isinstance(node, ast.Call) and called_name(node) == code.co_name:
            has_arguments = node.args or node.keywords
            yield node, list(_given(node, code, frame.f_locals)) if has_arguments else []


def _given(call: ast.Call, code: CodeType, values: Mapping[str, Any]) -> Iterator[_Given]:
    """Yield the arguments that are plainly written in a call, with what a function of some code got for them."""
    names = code.co_varnames[: code.co_argcount]
    if isinstance(call.func, ast.Attribute) and names[:1] in (("self",), ("cls",)):
        names = names[1:]
    held = [values[name] for name in names if name in values]
    if code.co_flags & CO_VARARGS:
        held += values.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], ())
    for written, value in zip(call.args, held, strict=False):
        if isinstance(written, ast.Starred):
            return
        yield written, value
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg in values:
            yield keyword.value, values[keyword.arg]


def _may_hold(given: _Given) -> bool:
    """Return whether a parameter holds what was written for it, as far as that is a literal."""
    written, held = literal_value(given[0]), given[1]
    is_plain = held is None or isinstance(held, bool | int | float | str)
    return isinstance(written, Missing) or not is_plain or held == written


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
    loop = asyncio._get_running_loop() if asyncio is not None else None  # the others raise where none runs
    return asyncio.current_task(loop) if asyncio is not None and loop is not None else None


def _frames_of(task: object) -> Iterator[FrameType]:
    """Yield the frames of a task that waits, outermost first."""
    get_coroutine = getattr(task, "get_coro", None)
    at = get_coroutine() if get_coroutine is not None else None
    while isinstance(at, CoroutineType) and at.cr_frame is not None:
        yield at.cr_frame
        at = at.cr_await
