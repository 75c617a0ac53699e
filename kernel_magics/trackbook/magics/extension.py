"""``%load_ext trackbook``: hooks into IPython's cells, and leaves nothing behind when it is unloaded."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from trackbook.capture.guard import Guard
from trackbook.capture.notebook import find_notebook
from trackbook.capture.output_sources import OutputWatch
from trackbook.capture.outputs import Limits
from trackbook.config import Settings, load_settings
from trackbook.project import Project, set_current
from trackbook.tracking.log import set_recorder
from trackbook.tracking.recorder import PAPERMILL_PARAMETERS, Recorder
from trackbook.tracking.session import SessionKeeper

_ATTRIBUTE = "_trackbook"


def load(shell: Any) -> None:
    """Begin to record a shell's cells; a second time is nothing."""
    if getattr(shell, _ATTRIBUTE, None) is None:
        extension = Extension(shell)
        setattr(shell, _ATTRIBUTE, extension)
        extension.attach()


def unload(shell: Any) -> None:
    """Stop recording and leave nothing behind."""
    extension = getattr(shell, _ATTRIBUTE, None)
    if extension is not None:
        delattr(shell, _ATTRIBUTE)
        extension.detach()


class Extension:
    """The hooks of one shell.

    IPython calls the hooks in pairs, which nest (``%%capture`` and ``run_cell`` run cells inside a cell), and which
    other threads may run at the same time; only the outermost of the shell's own thread is an execution.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.guard = Guard(self._warn)
        start = Path.cwd()
        self.settings = load_settings(start)
        notebook = find_notebook(shell.user_ns, os.environ, sys.argv)
        if notebook.path is not None and notebook.path.parent.is_dir():
            start = notebook.path.parent
        self.notebook = notebook
        self.keeper = SessionKeeper(
            lambda: self._open_store(start), notebook, start, self.settings, self.guard, self._warn
        )
        self.recorder = Recorder(
            self.keeper, shell.user_ns, self._hidden, self.guard, live_seconds=self.settings.live_seconds
        )
        self.recorder.outputs = OutputWatch(shell, _limits(self.settings), self.guard)
        self._stack = threading.local()
        self._pid = os.getpid()

    # Life

    def attach(self) -> None:
        """Hook in. The cell that is running (with ``%load_ext`` in it) is recorded from here on."""
        from trackbook.magics.track import register

        set_recorder(self.recorder)
        with self.guard:
            self.recorder.capture.attach()
        self.shell.events.register("pre_run_cell", self._before_cell)
        self.shell.events.register("post_run_cell", self._after_cell)
        register(self.shell, self)
        atexit.register(self._at_exit)
        with self.guard:
            for source in self._earlier_inputs():
                if source.startswith(PAPERMILL_PARAMETERS):
                    self.recorder.take_parameters(source)
        with self.guard:
            self._join_running_cell()

    def detach(self) -> None:
        """Unhook and end the session."""
        from trackbook.magics.track import unregister

        self.shell.events.unregister("pre_run_cell", self._before_cell)
        self.shell.events.unregister("post_run_cell", self._after_cell)
        unregister(self.shell)
        atexit.unregister(self._at_exit)
        with self.guard:
            self.recorder.end_cell(None)
        set_recorder(None)
        set_current(None)
        self.recorder.close()

    @property
    def is_on(self) -> bool:
        """Whether cells are recorded."""
        return self.recorder.is_on

    def switch(self, on: bool) -> None:
        """Record the cells from the next one on, or don't."""
        self.recorder.is_on = on

    def _open_store(self, start: Path) -> Any:
        from trackbook.store.location import open_store

        store = open_store(self.settings.store or None, start=start)
        set_current(Project(store))
        return store

    def _at_exit(self) -> None:
        if os.getpid() == self._pid:
            unload(self.shell)

    # Cells

    def _before_cell(self, info: Any) -> None:
        depth = self._depth(1)
        if depth > 1 or os.getpid() != self._pid or not self._is_recorded(info):
            return
        with self.guard:
            metadata = getattr(info, "cell_meta", None)
            self.recorder.begin_cell(
                info.raw_cell,
                getattr(info, "transformed_cell", None) or self.shell.transform_cell(info.raw_cell),
                getattr(info, "cell_id", None),
                metadata if isinstance(metadata, dict) else {},
            )

    def _after_cell(self, result: Any) -> None:
        depth = self._depth(-1)
        if depth > 0 or os.getpid() != self._pid or not self.recorder.is_in_cell:
            return
        with self.guard:
            error = None if result is None else (result.error_before_exec or result.error_in_exec)
            did_run = result is None or result.error_before_exec is None
            cancelled = KeyboardInterrupt("the cell was cancelled") if result is None else None
            count = None if result is None else result.execution_count
            self.recorder.end_cell(cancelled or error, did_run=did_run, count=count)

    def _is_recorded(self, info: Any) -> bool:
        return self.is_on and info.store_history and not info.silent and bool(info.raw_cell.strip())

    def _depth(self, change: int) -> int:
        """Go one cell deeper in (or out of) this thread's cells; return the depth. Ends without a begin don't count."""
        self._stack.depth = max(getattr(self._stack, "depth", 0) + change, 0)
        return int(self._stack.depth)

    def _join_running_cell(self) -> None:
        """Take the cell that is running now for one that begins here: it may do more than load the extension."""
        inputs = self.shell.user_ns.get("In") or []
        source = inputs[-1] if inputs else ""
        raw = self.shell.history_manager.input_hist_raw[-1] if self.shell.history_manager is not None else source
        if "trackbook" not in raw:  # loaded by the configuration or by a script, not by a cell
            return
        self._depth(1)
        self.recorder.begin_cell(raw, self.shell.transform_cell(raw), self._cell_id(), {})

    def _earlier_inputs(self) -> list[str]:
        """Return the cells that ran before the present one."""
        return [str(source) for source in list(self.shell.user_ns.get("In") or [])[:-1]]

    def _cell_id(self) -> str | None:
        kernel = getattr(self.shell, "kernel", None)
        with self.guard:
            parent = kernel.get_parent("shell") if kernel is not None else {}
            cell_id = parent.get("metadata", {}).get("cellId")
            return cell_id if isinstance(cell_id, str) else None
        return None

    def _hidden(self) -> Collection[str]:
        """Return the names of the namespace that are IPython's."""
        hidden: Collection[str] = self.shell.user_ns_hidden
        return hidden

    def _warn(self, sentence: str) -> None:
        """Say something on the error stream, where it is no output of a cell's code."""
        print(sentence, file=sys.stderr)


def _limits(settings: Settings) -> Limits:
    return Limits(text=settings.output_bytes, figure=settings.figure_bytes, cell=settings.cell_output_bytes)
