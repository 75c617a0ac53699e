"""For `pytest --nbval example_notebooks`: folders that go away afterwards, and cells that Trackbook records."""

from __future__ import annotations

import os
import tempfile

import pytest
from nbval.kernel import RunningKernel

FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
VARIABLES = ("TRACKBOOK_STORE", "IPYTHONDIR")

# Its notebooks need what others publish: tests/notebooks/test_example_pipeline.py runs them as a pipeline.
collect_ignore = ["05_pipeline"]


def execute(self: RunningKernel, source: str, allow_stdin: bool | None = None) -> str:
    """Execute a cell as a notebook does: into the history. Nbval keeps it out, and Trackbook records no such cell."""
    message_id: str = self.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)
    return message_id


def pytest_configure(config: pytest.Config) -> None:
    """Give the kernels a store and settings of their own."""
    folder = tempfile.TemporaryDirectory(prefix="trackbook-examples-")
    config.stash[FOLDER] = folder
    for name in VARIABLES:
        os.environ[name] = os.path.join(folder.name, name.lower())
    RunningKernel.execute_cell_input = execute


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw them away."""
    for name in VARIABLES:
        del os.environ[name]
    config.stash[FOLDER].cleanup()
