"""Sees calls of library functions without putting anything in their place.

A wrapper around ``accuracy_score`` would be another object: it would miss the name that a person imported before, and
it would show in tracebacks. So the function stays the object that it is, and only its ``__code__`` is exchanged for one
that does the same and also calls a hook when it begins and before it returns. Identity, name, signature, docstring,
defaults, closure and pickling are those of the function itself; the traceback of an error has the frames that it would
have had, because no frame of ours stands between the caller and the library. Restoring is putting the code back.

What a call began with is kept at the bottom of its own frame's value stack, so it lives exactly as long as the call
does, also when the call raises, and no ``locals()`` shows it.
"""

from __future__ import annotations

import sys
from operator import is_, itemgetter
from types import CodeType, FrameType, FunctionType
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

_SKIPPED_FLAGS = 0x20 | 0x80 | 0x200  # generators, coroutines, async generators: their frames come and go


_templates: dict[tuple[str, CodeType], CodeType] = {}  # of libraries' functions, for every session of this process


class Watch(Protocol):
    """What is told of the calls of a function.

    Neither method may raise, or keep the frame. A watch must not hold its function: the function's code holds the
    watch, and code takes no part in garbage collection.
    """

    def called(self, frame: FrameType) -> object:
        """Take note of a call that begins; what it returns is given back to `returned`."""

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        """Take note of a call that ends with a result (calls that raise don't come here)."""


class _Begin:
    """The constant in the exchanged code that tells a watch of a call."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __call__(self) -> object:
        try:
            return self.watch.called(sys._getframe(1))
        except RecursionError:  # there is no room left for us on the person's stack
            return None

    def __reduce__(self) -> tuple[object, ...]:
        # A class of the notebook can travel to a worker process by value, code and all; there, nothing is to happen.
        return itemgetter(0), ((dict,),)


class _End:
    """The constant in the exchanged code that tells a watch of a result."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __call__(self, token: object, result: object) -> None:
        try:
            self.watch.returned(token, result, sys._getframe(1))
        except RecursionError:
            return

    def __reduce__(self) -> tuple[object, ...]:
        return itemgetter(0), ((is_,),)


def _unfilled() -> None:
    """Stand for a hook in the template that the codes of several functions are made from."""


_DROP_AND_RETURN: tuple[tuple[Any, ...], ...] = (("POP_TOP",), ("SWAP", 2), ("POP_TOP",), ("RETURN_VALUE",))
_BEGIN = FunctionType(_unfilled.__code__, {}, "begin")
_END = FunctionType(_unfilled.__code__, {}, "end")


class Instruments:
    """The functions that are watched. One watch a function; `remove_all` leaves every function as it was."""

    def __init__(self) -> None:
        self._originals: WeakKeyDictionary[FunctionType, CodeType] = WeakKeyDictionary()
        self._watched: WeakValueDictionary[int, CodeType] = WeakValueDictionary()

    def watch(self, function: object, watch: Watch) -> bool:
        """Tell `watch` of each call of `function`; True if that can be done (a plain function, not a generator)."""
        if not isinstance(function, FunctionType) or function in self._originals:
            return False
        code = function.__code__
        if code.co_flags & _SKIPPED_FLAGS:
            return False
        self._originals[function] = code
        function.__code__ = _filled(self._template(code), _Begin(watch), _End(watch))
        self._watched[id(function.__code__)] = function.__code__
        return True

    def is_watched(self, code: CodeType) -> bool:
        """Return whether a frame of this code is a call that is watched."""
        return self._watched.get(id(code)) is code

    @staticmethod
    def _template(code: CodeType) -> CodeType:
        """Return code with places for hooks; one made for many functions (decorators' wrappers) is made once."""
        if "site-packages" not in code.co_filename:
            return _with_hooks(code)  # the person's own: it comes and goes
        key = (code.co_filename, code)  # equal code of two files is not the same: tracebacks name the file
        if key not in _templates:
            _templates[key] = _with_hooks(code)
        return _templates[key]

    def original_code(self, function: FunctionType) -> CodeType:
        """Return the code that the function has without us."""
        return self._originals.get(function, function.__code__)

    def remove_all(self) -> None:
        """Put every function's code back."""
        for function, code in list(self._originals.items()):
            function.__code__ = code
        self._originals.clear()
        self._watched.clear()


def _filled(template: CodeType, begin: _Begin, end: _End) -> CodeType:
    """Return the code with hooks in the places that `_with_hooks` left for them."""
    places = {id(_BEGIN): begin, id(_END): end}
    return template.replace(co_consts=tuple(places.get(id(constant), constant) for constant in template.co_consts))


def _with_hooks(code: CodeType) -> CodeType:
    """Return code that also calls ``_BEGIN()`` once it runs and ``_END(token, result)`` before each return."""
    from bytecode import Bytecode, Instr

    source = Bytecode.from_code(code)
    hooked: list[Any] = []
    has_begun = False
    for instruction in source:
        if not isinstance(instruction, Instr):
            hooked.append(instruction)
            continue
        place = instruction.location
        if instruction.name == "RETURN_CONST":  # Python 3.12 and 3.13
            hooked.append(Instr("LOAD_CONST", instruction.arg, location=place))
        if instruction.name in ("RETURN_VALUE", "RETURN_CONST"):
            # On the stack: the token, the result. Called with copies of both, then the token is dropped.
            hooked += _call(_END, 2, place)
            hooked += [Instr(name, *argument, location=place) for name, *argument in _DROP_AND_RETURN]
            continue
        hooked.append(instruction)
        if instruction.name == "RESUME" and not has_begun:
            has_begun = True
            hooked += _call(_BEGIN, 0, place)  # leaves the token at the bottom of the stack
    source[:] = hooked
    return source.to_code()  # which computes anew how deep the stack is where an error is caught


def _call(function: FunctionType, copies: int, place: Any) -> list[Any]:
    """Return the instructions that call a constant with copies of the topmost values of the stack."""
    from bytecode import Instr

    push = [Instr("PUSH_NULL", location=place), Instr("LOAD_CONST", function, location=place)]
    if sys.version_info >= (3, 13):  # the callable comes before the NULL
        push.reverse()
    loads = [Instr("COPY", copies + 2, location=place) for _ in range(copies)]
    precall = [Instr("PRECALL", copies, location=place)] if sys.version_info < (3, 12) else []
    return [*push, *loads, *precall, Instr("CALL", copies, location=place)]
