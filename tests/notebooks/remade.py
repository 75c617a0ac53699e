"""Makes runs of corpus notebooks again by their slices alone, and says which numbers did not come out."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from trackbook.records import RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store
from trackbook.tracking.slice import slice_run

from .notebook import CORPUS

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """What became of a run's slice: what is not sure about it, the numbers that it did not give, its error, if any."""

    notes: tuple[str, ...]
    missing: tuple[str, ...]
    said: str


@dataclass(slots=True)
class Slicer:
    """Where slices run: `root` keeps their folders; the interpreter that they are forked from starts with the first."""

    root: Path
    _process: subprocess.Popen[str] | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)

    def remake(self, store: Store, run: RunDetail) -> Remade:
        """Run a run's slice in a folder as the notebook found it, and look for the run's numbers."""
        self._count += 1
        folder = self.root / f"slice-{self._count}"
        shutil.copytree(CORPUS / "files", folder / "work")
        found = slice_run(store, run)
        found.save(folder / "slice.ipynb")
        said = self._ask(folder)
        missing = () if said else tuple(_missing([run, *found.sliced.children], folder / "store"))
        shutil.rmtree(folder)
        return Remade(notes=found.notes, missing=missing, said=said)

    def close(self) -> None:
        """Let the process go."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, folder: Path) -> str:
        """Have a slice run and return the error that it ended with, empty if there was none."""
        request = {
            "notebook": str(folder / "slice.ipynb"),
            "folder": str(folder / "work"),
            "environment": {"TRACKBOOK_STORE": str(folder / "store"), "IPYTHONDIR": str(folder / "ipython")},
            "log": str(folder / "log"),
        }
        if self._process is None:
            variables = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [sys.executable, str(_HERE / "slicer.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=variables | {"LOKY_MAX_CPU_COUNT": "1"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that slices are forked from has died.")
        return answer.strip()


def last_run(store: Store) -> RunDetail | None:
    """Return the newest run that stands at the top and measured something, itself or by one beneath it, if any did."""
    runs = store.runs(RunFilter())
    holding = {run.run.parent_id for run in runs if run.metrics} | {run.run.run_id for run in runs if run.metrics}
    return next((run for run in runs if run.run.parent_id is None and run.run.run_id in holding), None)


def _missing(runs: Iterable[RunDetail], made: Path) -> Iterator[str]:
    """Yield the numbers of runs that no run of a store has under the same key, whatever the data's role is there."""
    found: dict[str, set[str]] = {}
    with closing(open_store(made, create=True)) as again:
        for each in again.runs(RunFilter()):
            for key in each.metrics:
                points = again.metric_history(each.run.run_id, key)
                found.setdefault(_name(key), set()).update(_text(point.value) for point in points)
    for run in runs:
        for key, point in run.metrics.items():
            if _text(point.value) not in found.get(_name(key), ()):
                yield f"{key} was {point.value}, made {', '.join(sorted(found.get(_name(key), ()))[:3]) or 'nothing'}"


def _name(key: str) -> str:
    return key.rpartition(".")[2]


def _text(value: float | int) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return repr(float(value) if abs(value) < 2**53 else value)
