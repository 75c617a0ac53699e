"""Work in threads of ours that leaves the process's warnings alone.

`warnings.catch_warnings` is one state for all threads (Python issue 128384; 3.14 can do it otherwise): a library that
uses it in a thread of ours, while the person's code does so too, leaves filters behind that are neither's. So in our
threads it does nothing, no filter is added, and what would be shown is kept back.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trackbook.capture.quiet import quiet

_lock = threading.Lock()
_threads: set[int] = set()
_enter: Any = warnings.catch_warnings.__enter__
_exit: Any = warnings.catch_warnings.__exit__
_add_filter: Any = getattr(warnings, "_add_filter", None)


@contextmanager
def aside() -> Iterator[None]:
    """Do work in this thread, which is ours, without the person's warnings knowing of it.

    Where warnings are errors it is done as it would be without us: what a library means to ignore would be raised.
    """
    if any(action == "error" for action, *_ in list(warnings.filters)):
        with quiet():
            yield
        return
    thread = threading.get_ident()
    with _lock:
        if not _threads:
            _put(_entering, _exiting, _adding)
        _threads.add(thread)
    try:
        with quiet():
            yield
    finally:
        with _lock:
            _threads.discard(thread)
            if not _threads:
                _put(_enter, _exit, _add_filter)


def _put(enter: Any, leave: Any, add: Any) -> None:
    if sys.version_info < (3, 14) and _add_filter is not None:
        setattr(warnings.catch_warnings, "__enter__", enter)  # noqa: B010  mypy knows that methods are not assigned
        setattr(warnings.catch_warnings, "__exit__", leave)  # noqa: B010  likewise
        setattr(warnings, "_add_filter", add)  # noqa: B010  there is no public door


def _entering(caught: Any) -> Any:
    if threading.get_ident() in _threads:
        return [] if caught._record else None
    return _enter(caught)


def _exiting(caught: Any, *error: Any) -> None:
    if threading.get_ident() not in _threads:
        _exit(caught, *error)


def _adding(*item: Any, append: bool) -> None:
    if threading.get_ident() not in _threads:
        _add_filter(*item, append=append)
