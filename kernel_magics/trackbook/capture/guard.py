"""The one guard between Trackbook and the person's work: our faults are noted, said once, and never break a cell."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

_MOST_KEPT = 20


class Guard:
    """A context manager that swallows our own faults (never an interrupt) and tells `warn` of the first.

    Parameters
    ----------
    warn
        Called with one sentence at the first fault of a session.
    """

    def __init__(self, warn: Callable[[str], None] = lambda sentence: None) -> None:
        self._warn = warn
        self.faults: list[str] = []
        self.count = 0
        self.last = ""
        """The last fault, in a line."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if isinstance(error, RecursionError):
            return True  # the person's stack is nearly full: no fault of ours, and no room to tell
        self.count += 1
        self.last = "".join(traceback.format_exception_only(error)).strip()
        if len(self.faults) < _MOST_KEPT:
            self.faults.append("".join(traceback.format_exception(error)))
        if self.count == 1:
            with suppress(Exception):  # whatever is wrong with the stream, it is not the cell's affair
                self._warn(
                    f"Trackbook could not record something ({self.last}). Your notebook is not affected. "
                    "Details: %track --faults"
                )
        return True
