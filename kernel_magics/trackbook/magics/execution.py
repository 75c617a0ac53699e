"""What an engine asks of the kernel that it executes a notebook in: to begin the notebook's run, and to end it.

It asks by requests that show nothing and leave nothing behind. What it says stands in their metadata, and what it is
told while cells run comes as messages of a kind of their own, which only it listens to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from IPython.core.getipython import get_ipython

from trackbook.capture.notebook import Notebook, find_notebook
from trackbook.errors import NoRunError
from trackbook.magics.extension import load, loaded, remove
from trackbook.records import Failure, Outcome
from trackbook.store.contract import Batch
from trackbook.tracking.executed_notebook import executed_notebook

METRICS_MESSAGE = "trackbook_metrics"
_KEY = "trackbook"
_RUN_VARIABLE = "TRACKBOOK_RUN_ID"
_EXIT_SECONDS = 60.0
_running: dict[int, Execution] = {}
"""The execution of each shell, by its id."""


@dataclass(slots=True, kw_only=True, eq=False)
class Execution:
    """One execution of a notebook, as the engine says it.

    `name` and `tags` are its run's, `given` the names of the params that are given, `settings` go before all others.
    `run_id`, `location` and `warnings` are for the engine. `send` is given metrics as they are written.
    """

    path: str | None
    name: str | None
    tags: Mapping[str, str]
    given: frozenset[str]
    settings: Mapping[str, Any]
    send: Callable[[Mapping[str, object]], None]
    run_id: str | None = None
    location: str | None = None
    warnings: list[str] = field(default_factory=list)

    def notebook(self) -> Notebook:
        """Return what this session is of."""
        environ = {} if self.path else os.environ
        return find_notebook({"PAPERMILL_INPUT_PATH": self.path}, environ, sys.argv)

    def tell(self, batch: Batch) -> None:
        """Tell the engine the latest value of each metric that is about to be written."""
        latest = {point.key: (point.value, point.step) for change in batch.runs for point in change.metrics}
        if latest:
            self.send({"metrics": [[key, value, step] for key, (value, step) in latest.items()]})


def begin() -> str:
    """Begin to record, with a run that the whole notebook is; return what the engine needs to know, as JSON.

    Raises
    ------
    NoRunError
        If there can't be one.
    """
    shell = get_ipython()
    said = _said(shell)
    remove(shell)  # the person's own configuration may have loaded it, for a notebook that it could not know
    if said.get("parent_run_id"):
        os.environ[_RUN_VARIABLE] = str(said["parent_run_id"])
    execution = _running[id(shell)] = Execution(
        path=said.get("path"),
        name=said.get("name"),
        tags=dict(said.get("tags") or {}),
        given=frozenset(said.get("given") or ()),
        settings={"exit_seconds": _EXIT_SECONDS, "store": said.get("store"), "experiment": said.get("experiment")},
        send=_sender(shell) if said.get("wants_metrics") else lambda content: None,
    )
    load(shell, execution)
    extension = loaded(shell)
    if extension is None or not extension.is_on or execution.run_id is None:
        remove(shell)
        raise NoRunError("".join(execution.warnings[-1:]) or "Trackbook could not be loaded.")
    execution.location = extension.keeper.location
    return _answer(execution)


def end() -> str:
    """End the notebook's run as the engine says it ended, with the executed notebook; return what `begin` does."""
    shell = get_ipython()
    said = _said(shell)
    execution = _running.pop(id(shell))
    extension = loaded(shell)
    if extension is not None:
        failure = said.get("failure")
        extension.recorder.end_notebook(
            Outcome(said["outcome"]),
            Failure(type=failure["type"], message=failure["message"]) if failure else None,
            list(_files(said)),
        )
        execution.location = extension.keeper.location
        remove(shell)
    return _answer(execution)


def _said(shell: Any) -> dict[str, Any]:
    """Return what the request says whose turn it is."""
    said: dict[str, Any] = shell.kernel.get_parent("shell")["metadata"][_KEY]
    return said


def _answer(execution: Execution) -> str:
    said, execution.warnings[:] = list(execution.warnings), []
    return json.dumps({"run_id": execution.run_id, "location": execution.location, "warnings": said})


def _sender(shell: Any) -> Callable[[Mapping[str, object]], None]:
    kernel = shell.kernel

    def send(content: Mapping[str, object]) -> None:
        parent = kernel.get_parent("shell")
        kernel.session.send(kernel.iopub_socket, METRICS_MESSAGE, content=content, parent=parent)

    return send


def _files(said: Mapping[str, Any]) -> Iterator[tuple[str, bytes, str]]:
    notebook = said.get("notebook")
    if notebook is not None:
        yield executed_notebook(said["file"], notebook)
