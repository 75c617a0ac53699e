"""Work on the person's objects and sources without a warning reaching them.

`warnings.catch_warnings` is no way to do that: entering and leaving it makes Python forget which once-only warnings
were already shown, so that the next cell shows them again.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class _Message(Protocol):
    message: Warning | str
    category: type[Warning]
    filename: str
    lineno: int


Kept = list[Warning | str]
_lock = threading.Lock()
_keeping: dict[int, list[Kept]] = {}  # of each thread that is in such a block: what its blocks kept, outermost first
_show: Callable[[_Message], None] | None = None
"""What shows warnings when nobody is in such a block; None: nobody is."""


class Quiet:
    """A block that keeps back, and collects, the warnings that its thread would show."""

    __slots__ = ("_thread",)

    def __enter__(self) -> Kept:
        global _show
        self._thread = threading.get_ident()
        kept: Kept = []
        with _lock:
            if _show is None:
                _show = warnings._showwarnmsg  # type: ignore[attr-defined]  # where the C code of `warn` calls out
                warnings._showwarnmsg = _keep_back  # type: ignore[attr-defined]  # there is no public door
            _keeping.setdefault(self._thread, []).append(kept)
        return kept

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _show
        with _lock:
            _keeping[self._thread].pop()
            if not _keeping[self._thread]:
                del _keeping[self._thread]
            if not _keeping:  # the last thread puts back what the first one found
                warnings._showwarnmsg, _show = _show, None  # type: ignore[attr-defined]  # see above


def quiet() -> Quiet:
    """Keep back the warnings that this thread would show, and collect them; filters and registries stay as they are.

    A filter that turns the warning into an error still does: the block then raises it. Other threads may do the same at
    the same time.
    """
    return Quiet()


def _keep_back(message: _Message) -> None:
    blocks = _keeping.get(threading.get_ident())
    if blocks:
        blocks[-1].append(message.message)
        _unregister(message)
        return
    show = _show or warnings._showwarnmsg  # type: ignore[attr-defined]  # the last block may just have ended
    show(message)


def _forget_other_threads() -> None:
    """Give a forked child a lock that no thread of its parent holds; of the threads only this one is there."""
    global _lock
    _lock = threading.Lock()
    here = threading.get_ident()
    for thread in [thread for thread in _keeping if thread != here]:
        del _keeping[thread]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


def _unregister(message: _Message) -> None:
    """Forget that the warning was shown, so that the person sees it when their own code causes it."""
    key = (str(message.message), message.category, message.lineno)
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == message.filename:
            registry = module.__dict__.get("__warningregistry__", {})
            registry.pop(key, None)
            registry.pop((*key[:2], 0), None)  # the key of a filter "module"
