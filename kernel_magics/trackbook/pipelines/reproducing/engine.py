"""How papermill runs a slice: in a confined kernel, with cell ids for its recorder and a word before each cell."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

Tell = Callable[..., None]
_NAME = "trackbook-slice"
_ARGV = ("-Xfrozen_modules=off", "-m", "trackbook.pipelines.reproducing.kernel", "-f", "{connection_file}")
_SHUTDOWN_SECONDS = 65.0  # its recorder may still keep tables and models, for a minute at most
_NO_HISTORY = "--HistoryManager.hist_file=:memory:"


class SliceKernel(AsyncKernelManager):
    """Starts the kernel that is confined, by the Python that runs here whatever kernels are installed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kernel_spec = KernelSpec(argv=[sys.executable, *_ARGV], display_name="slice", language="python")
        self.shutdown_wait_time = _SHUTDOWN_SECONDS
        _started.append(self)


class SliceEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """An engine of papermill's that takes `tell`, which is called before each cell with what is about to happen."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, tell: Tell, **_: Any) -> Any:
        """Run the cells of a notebook, one after the other."""
        code = [number for number, cell in enumerate(nb_man.nb.cells) if cell.cell_type == "code"]

        def about_to_run(cell: Any, cell_index: int) -> None:
            client.kc.session.metadata = {"cellId": cell.get("id")}
            if cell_index in code:
                tell(event="cell", at=code.index(cell_index) + 1, of=len(code))

        client = PapermillNotebookClient(
            nb_man,
            kernel_manager_class=SliceKernel,
            kernel_name=kernel_name,
            timeout=None,
            extra_arguments=[_NO_HISTORY],
            on_cell_execute=about_to_run,
        )
        return client.execute()


_started: list[SliceKernel] = []


def run(source: Path, target: Path, folder: Path, tell: Tell) -> None:
    """Run a notebook and tell how it goes: ``cell`` before each, then ``done``, or ``error`` with what it was."""
    papermill_engines.register(_NAME, SliceEngine)
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            engine_name=_NAME,
            kernel_name="python3",
            progress_bar=False,
            cwd=str(folder),
            tell=tell,
        )
    except PapermillExecutionError as error:
        tell(event="error", cell=error.cell_index, name=error.ename, message=str(error.evalue))
    except Exception as error:  # noqa: BLE001  # whatever it is: the kernel died, or did not start
        tell(event="error", cell=None, name=type(error).__name__, message=str(error))
    else:
        tell(event="done")


def kill_kernels() -> None:
    """Kill the kernels that run here and what they started, at once."""
    for kernel in _started:
        process = getattr(kernel.provisioner, "process", None)
        if process is not None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
