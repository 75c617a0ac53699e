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
        self.shell._trackbook.keeper.environment()  # looked for in the background

    def again(self) -> None:
        """End the session and begin another."""
        self.shell.run_cell("%unload_ext trackbook", store_history=True)
        self.load()

    def settle(self) -> None:
        """Wait until all that cells have left to the background is done: it would slow down the next."""
        snapshots = self.shell._trackbook.recorder.snapshots
        if snapshots is not None:
            snapshots.wait(60)

    def run(self, source: str) -> float:
        """Run a cell; return the seconds from prompt to prompt."""
        return seconds(lambda: self.shell.run_cell(source, store_history=True))

    def run_bare(self, source: str) -> float:
        """Run a cell without our hooks."""
        return self._run_with(self._bare, source)

    def added(self, sources: Callable[[], Iterable[str]], by: Callable[[], object] | None = None) -> float:
        """Return the seconds that tracking adds to a cell, or another hook `by` that is called after each cell.

        Cells run in a row, as in a notebook, and then as many without: the difference of the two medians. By turns,
        each would find in the processor's caches what the other had left there.
        """
        hooks = self._tracked if by is None else {**self._bare, "post_run_cell": [lambda result: by()]}
        self.settle()
        hooked = median(self._run_with(hooks, source) for source in sources())
        self.settle()
        return hooked - median(self.run_bare(source) for source in sources())

    def _run_with(self, hooks: dict[str, list[Any]], source: str) -> float:
        self.shell.events.callbacks.update(hooks)
        try:
            return self.run(source)
        finally:
            self.shell.events.callbacks.update(self._tracked)
