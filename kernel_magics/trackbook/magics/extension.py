"""``%load_ext trackbook``: hooks into IPython's cells, and leaves nothing behind when it is unloaded."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import find_notebook
from trackbook.config import load_settings
from trackbook.errors import StoreError
from trackbook.leaving import leave_in_order
from trackbook.magics.registration import Registration

if TYPE_CHECKING:
    from trackbook.magics.execution import Execution
    from trackbook.magics.recording import Recording
    from trackbook.tracking.recorder import Recorder
    from trackbook.tracking.session import SessionKeeper

_ATTRIBUTE = "_trackbook"
_ONLY_LOADS = re.compile(r"(?:[ \t]*(?:#.*|%(?:re)?load_ext[ \t]+trackbook[ \t]*)?\n)*")
"""A cell that does nothing else than to load us: what follows it may wait, nothing in it has to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadingCell:
    """A cell that did nothing else than to load the extension; `began` is on the monotonic clock."""

    source: str
    cell_id: str | None
    started_at: datetime
    began: float
    count: int | None = None
    seconds: float = 0.0


def load(shell: Any, execution: Execution | None = None) -> None:
    """Begin to record a shell's cells; a second time is nothing."""
    extension = loaded(shell)
    if extension is None:
        extension = Extension(shell, execution)
        setattr(shell, _ATTRIBUTE, extension)
        extension.attach()
    elif extension.is_of_engine:
        extension.switch(True)


def loaded(shell: Any) -> Extension | None:
    """Return what records a shell's cells, None where nothing does."""
    found: Extension | None = getattr(shell, _ATTRIBUTE, None)
    return found


def unload(shell: Any) -> None:
    """Stop recording and leave nothing behind; where an engine executes the notebook, its run stays until the end."""
    extension = loaded(shell)
    if extension is not None and extension.is_of_engine:
        extension.switch(False)
    elif extension is not None:
        with extension.guard:
            _finish_keeping()
        remove(shell)


def _finish_keeping() -> None:
    """Wait for what is still being kept: a kernel that goes on has time, one that ends has little."""
    from trackbook.run_view import tell_aside  # late, for both load much
    from trackbook.tracking.making import wait_until_kept

    wait_until_kept(lambda: True, tell_aside)


def remove(shell: Any) -> None:
    """Stop recording and leave nothing behind."""
    extension = loaded(shell)
    if extension is not None:
        delattr(shell, _ATTRIBUTE)
        extension.detach()


class Extension:
    """The hooks of one shell.

    IPython calls the hooks in pairs, which nest (``%%capture`` and ``run_cell`` run cells inside a cell), and which
    other threads may run at the same time; only the outermost of the shell's own thread is an execution.

    Parameters
    ----------
    shell
        IPython's shell.
    execution
        What an engine says that executes the whole notebook; None where a person does.
    """

    def __init__(self, shell: Any, execution: Execution | None = None) -> None:
        self.shell = shell
        self.guard = Guard(self._warn)
        self.start = Path.cwd()
        self._execution = execution
        self.settings = load_settings(self.start, **(execution.settings if execution is not None else {}))
        self.notebook = (
            find_notebook(shell.user_ns, os.environ, sys.argv) if execution is None else execution.notebook()
        )
        if self.notebook.path is not None and self.notebook.path.parent.is_dir():
            self.start = self.notebook.path.parent
        self._registration = Registration(shell, self)
        self._recording: Recording | None = None
        self._loading: threading.Thread | None = None
        self._loader: LoadingCell | None = None
        """The cell that only loads us, as long as it runs."""
        self._stack = threading.local()
        self._pid = os.getpid()

    # Life

    def attach(self) -> None:
        """Hook in. The cell that is running (with ``%load_ext`` in it) is recorded from here on.

        What is heavy is loaded in the background, unless that cell does more than to load the extension; the next cell
        waits for it.
        """
        self.shell.events.register("pre_run_cell", self._before_cell)
        self.shell.events.register("post_run_cell", self._after_cell)
        self._registration.add()
        leave_in_order(getattr(self.shell, "kernel", None))
        atexit.register(self._at_exit)
        source = self._running_source()
        if source is None:
            self._load_in_background(None)
        elif _ONLY_LOADS.fullmatch(f"{source}\n"):
            self._depth(1)
            self._loader = LoadingCell(
                source=source, cell_id=self._cell_id(), started_at=clock.now(), began=clock.monotonic()
            )
        else:
            self._load(self._earlier_inputs(), None)
            with self.guard:
                self._depth(1)
                self.recorder.begin_cell(source, self.shell.transform_cell(source), self._cell_id(), {})

    def detach(self) -> None:
        """Unhook and end the session."""
        self.shell.events.unregister("pre_run_cell", self._before_cell)
        self.shell.events.unregister("post_run_cell", self._after_cell)
        self._registration.remove()
        atexit.unregister(self._at_exit)
        recording = self._loaded()
        if recording is not None:
            recording.close()

    @property
    def recorder(self) -> Recorder:
        """What records the cells; waits until it is loaded."""
        return self._ready().recorder

    @property
    def keeper(self) -> SessionKeeper:
        """The session's hold on the store; waits until it is loaded."""
        return self._ready().keeper

    @property
    def is_of_engine(self) -> bool:
        """Whether an engine executes the notebook, which ends what it began."""
        return self._execution is not None

    @property
    def is_on(self) -> bool:
        """Whether cells are recorded."""
        recording = self._loaded()
        return recording is not None and recording.recorder.is_on

    def switch(self, on: bool) -> None:
        """Record the cells from the next one on, or don't."""
        self.recorder.is_on = on

    def _at_exit(self) -> None:
        if os.getpid() == self._pid:
            remove(self.shell)

    # Loading

    def _load_in_background(self, cell: LoadingCell | None) -> None:
        arguments = (self._earlier_inputs(), cell)
        self._loading = threading.Thread(target=self._load_guarded, args=arguments, name="trackbook-load", daemon=True)
        self._loading.start()

    def _load_guarded(self, sources: list[str], cell: LoadingCell | None) -> None:
        with self.guard:
            self._load(sources, cell)
            if self._execution is None:  # nobody types there; a notebook that says %track loads what it needs
                self._registration.load()

    def _load(self, sources: list[str], cell: LoadingCell | None) -> None:
        from trackbook.magics.recording import Recording

        recording = Recording(self.shell, self.settings, self.notebook, self.start, self.guard, self._warn)
        recording.look_back(sources, cell)
        if self._execution is not None:
            recording.begin_notebook(self._execution)
        self._recording = recording

    def _loaded(self) -> Recording | None:
        """Return the recording when it is loaded; None if that failed."""
        if self._loader is not None:  # asked for by the cell that loads us: a magic in a hook of somebody else's
            self._end_loader(None)
        loading = self._loading
        if loading is not None and loading is not threading.current_thread():
            loading.join()
            self._loading = None
        return self._recording

    def _ready(self) -> Recording:
        recording = self._loaded()
        if recording is None:
            causes = [fault.strip().splitlines()[-1] for fault in self.guard.faults[:1]]
            raise StoreError(f"Trackbook could not be loaded, so nothing is recorded: {''.join(causes)}")
        return recording

    def _end_loader(self, count: int | None) -> None:
        """The cell that only loads us has ended: begin with what is heavy."""
        cell, self._loader = self._loader, None
        if cell is not None:
            self._load_in_background(replace(cell, count=count, seconds=clock.monotonic() - cell.began))

    # Cells

    def _before_cell(self, info: Any) -> None:
        depth = self._depth(1)
        if depth > 1 or os.getpid() != self._pid or not _is_of_person(info):
            return
        recording = self._loaded()
        if recording is None or not recording.recorder.is_on:
            return
        with self.guard:
            metadata = getattr(info, "cell_meta", None)
            recording.recorder.begin_cell(
                info.raw_cell,
                getattr(info, "transformed_cell", None) or self.shell.transform_cell(info.raw_cell),
                getattr(info, "cell_id", None),
                metadata if isinstance(metadata, dict) else {},
            )

    def _after_cell(self, result: Any) -> None:
        depth = self._depth(-1)
        if depth > 0 or os.getpid() != self._pid:
            return
        if self._loader is not None:
            self._end_loader(None if result is None else result.execution_count)
            return
        recording = self._recording
        if recording is None or not recording.recorder.is_in_cell:
            return
        with self.guard:
            error = None if result is None else (result.error_before_exec or result.error_in_exec)
            did_run = result is None or result.error_before_exec is None
            cancelled = KeyboardInterrupt("the cell was cancelled") if result is None else None
            count = None if result is None else result.execution_count
            recording.recorder.end_cell(cancelled or error, did_run=did_run, count=count)

    def _depth(self, change: int) -> int:
        """Go one cell deeper in (or out of) this thread's cells; return the depth. Ends without a begin don't count."""
        self._stack.depth = max(getattr(self._stack, "depth", 0) + change, 0)
        return int(self._stack.depth)

    def _running_source(self) -> str | None:
        """Return the cell that is running now; None if the configuration or a script loads us, not a cell."""
        inputs = self.shell.user_ns.get("In") or []
        source = inputs[-1] if inputs else ""
        raw = self.shell.history_manager.input_hist_raw[-1] if self.shell.history_manager is not None else source
        return str(raw) if "trackbook" in raw else None

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

    def _warn(self, sentence: str) -> None:
        """Say something on the error stream, where it is no output of a cell's code; else to the engine."""
        if self._execution is not None:
            self._execution.warnings.append(sentence)
        else:
            print(sentence, file=sys.stderr)


def _is_of_person(info: Any) -> bool:
    """Return whether a cell is a person's, and not empty: what programs send is silent or not for the history."""
    return info.store_history and not info.silent and bool(info.raw_cell.strip())
