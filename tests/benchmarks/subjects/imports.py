"""What it costs to have Trackbook at hand."""

from __future__ import annotations

import subprocess
import sys

from peer import absent
from timing import Bench, Figure, by_turns, seconds

LIMIT = 0.050
_LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(history_manager=None)
started = time.perf_counter()
shell.run_cell("%load_ext trackbook", store_history=True)
print("SECONDS", time.perf_counter() - started)
"""
_IMPORT = """
import time
started = time.perf_counter()
import mlflow
print("SECONDS", time.perf_counter() - started)
"""


def figures(bench: Bench) -> list[Figure]:
    """Return what an import adds to bare Python, and how long ``%load_ext`` blocks beside ``import mlflow``."""
    name, peer_name = "%load_ext trackbook: until the prompt is back", "import mlflow"
    ours, bare = by_turns(2 * bench.sizes.turns, lambda: _whole("import trackbook"), lambda: _whole("pass"))
    imported = Figure(
        name="import trackbook, beyond bare Python",
        peer_name="the limit of 50 ms",
        goal=1,
        ours=[with_it - without for with_it, without in zip(ours, bare, strict=True)],
        peer=[LIMIT] * len(ours),
    )
    if "mlflow" not in bench.peers:
        (loading,) = by_turns(bench.sizes.turns, lambda: _inside(sys.executable, _LOAD))
        return [imported, absent(bench, "mlflow", name, peer_name, 0.1, loading)]
    loading, importing = by_turns(
        bench.sizes.turns,
        lambda: _inside(sys.executable, _LOAD),
        lambda: _inside(bench.peers["mlflow"], _IMPORT),
    )
    return [imported, Figure(name=name, peer_name=peer_name, goal=0.1, ours=loading, peer=importing)]


def _whole(code: str) -> float:
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def _inside(python: str, code: str) -> float:
    done = subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.rpartition("SECONDS")[2])
