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
from typing import Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from trackbook.capture.hooked_code import with_hooks

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
            return with_hooks(code, None, None)  # the person's own: it comes and goes
        key = (code.co_filename, code)  # equal code of two files is not the same: tracebacks name the file
        if key not in _templates:
            _templates[key] = with_hooks(code, None, None)
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
    """Return the code with hooks in the two places that `with_hooks` left for them."""
    return template.replace(co_consts=(*template.co_consts[:-2], begin, end))
