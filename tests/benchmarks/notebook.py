"""A notebook in this process whose tracking can be put aside for a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from timing import seconds
from traitlets.config import Config

_EVENTS = ("pre_run_cell", "post_run_cell")


class Notebook:
    """An IPython shell with Trackbook loaded."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        config = Config()
        config.HistoryManager.enabled = False  # its thread commits too, whenever ours lets go of the interpreter
        self.shell: Any = InteractiveShell.instance(config=config, colors="nocolor")
        self._bare = {event: list(self.shell.events.callbacks[event]) for event in _EVENTS}
        self.load()

    def load(self) -> None:
        """Begin a session, and wait until all is loaded."""
        self.shell.run_cell("%load_ext trackbook", store_history=True)
        self.shell.run_cell("0", store_history=True)
        self._tracked = {event: list(self.shell.events.callbacks[event]) for event in _EVENTS}

    def again(self) -> None:
        """End the session and begin another."""
        self.shell.run_cell("%unload_ext trackbook", store_history=True)
        self.load()

    def run(self, source: str) -> float:
        """Run a cell; return the seconds from prompt to prompt."""
        return seconds(lambda: self.shell.run_cell(source, store_history=True))

    def run_bare(self, source: str) -> float:
        """Run a cell without our hooks."""
        self.shell.events.callbacks.update(self._bare)
        try:
            return self.run(source)
        finally:
            self.shell.events.callbacks.update(self._tracked)

    def added(self, sources: Callable[[], Iterable[str]]) -> float:
        """Return the seconds that tracking adds to a cell: the difference of two medians, cells by turns."""
        pairs = [(self.run(source), self.run_bare(source)) for source in sources()]
        return median(tracked for tracked, _ in pairs) - median(bare for _, bare in pairs)
