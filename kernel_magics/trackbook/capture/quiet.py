"""Work on the person's objects and sources without a warning reaching them.

`warnings.catch_warnings` is no way to do that: entering and leaving it makes Python forget which once-only warnings
were already shown, so that the next cell shows them again.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class _Message(Protocol):
    message: Warning | str
    category: type[Warning]
    filename: str
    lineno: int


@contextmanager
def quiet() -> Iterator[list[Warning | str]]:
    """Keep back the warnings that this thread would show, and collect them; filters and registries stay as they are.

    A filter that turns the warning into an error still does: the block then raises it.
    """
    kept: list[Warning | str] = []
    thread = threading.get_ident()
    show = warnings._showwarnmsg  # type: ignore[attr-defined]  # where the C code of `warn` calls out; no public door

    def keep_back(message: _Message) -> None:
        if threading.get_ident() != thread:
            show(message)
            return
        kept.append(message.message)
        _unregister(message)

    warnings._showwarnmsg = keep_back  # type: ignore[attr-defined]  # see above
    try:
        yield kept
    finally:
        warnings._showwarnmsg = show  # type: ignore[attr-defined]  # see above


def _unregister(message: _Message) -> None:
    """Forget that the warning was shown, so that the person sees it when their own code causes it."""
    key = (str(message.message), message.category, message.lineno)
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == message.filename:
            registry = module.__dict__.get("__warningregistry__", {})
            registry.pop(key, None)
            registry.pop((*key[:2], 0), None)  # the key of a filter "module"
