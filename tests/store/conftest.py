"""Nothing of the machine's own settings, and a place of the test's own for what waits for a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy is imported: the problems are tiny, and threads would spin


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which files for stores that are away are kept."""
    for name in [*os.environ]:
        if name.startswith(("TRACKBOOK_", "JPY_", "PAPERMILL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "state"
