"""Peers: other tools, each in an environment of its own, that answer by turns on a pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from timing import Bench, Figure

HOME = Path(__file__).resolve().parent
ENVIRONMENTS = HOME.parents[1] / ".venv" / "peers"
REQUIREMENTS = {
    "dvc": ["dvc==3.*"],
    "mlflow": ["mlflow==3.17.*", "scikit-learn", "pandas"],
    "trackio": ["trackio==0.43.*"],
}


def install(name: str) -> tuple[str | None, str | None]:
    """Make a peer's environment with uv, once. Return its Python, or None and why there is none."""
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _wanted(name):
        return str(python), None
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        return None, f"{name} was not installed: there is no uv. Install it with `pip install uv`."
    environment = {"UV_SYSTEM_CERTS": "1", "UV_LINK_MODE": "hardlink", **os.environ}
    for command in (
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *REQUIREMENTS[name]],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode:
            return None, f"{name} was not installed: {done.stderr.strip()[-300:]}"
    stamp.write_text(_wanted(name), encoding="utf-8")
    return str(python), None


def _wanted(name: str) -> str:
    return " ".join(REQUIREMENTS[name])


class Peer:
    """A script of the folder ``peers`` in the Python of a peer.

    For each line of JSON that it is sent it answers with one; ``ask`` waits for that.
    """

    def __init__(self, bench: Bench, name: str, script: str) -> None:
        folder = bench.folder / script
        folder.mkdir()
        with (folder / "errors").open("w") as errors:
            self._process = subprocess.Popen(
                [bench.peers[name], str(HOME / "peers" / f"{script}.py"), str(folder)],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._errors = folder / "errors"

    def ask(self, **question: object) -> Any:
        """Send a question and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        for line in self._process.stdout:  # what else the tool prints is passed over
            if line.startswith("ANSWER "):
                return json.loads(line.removeprefix("ANSWER "))
        raise RuntimeError(f"The peer ended: {self._errors.read_text()[-500:]}")

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def absent(bench: Bench, peer: str, name: str, peer_name: str, goal: float, ours: list[float]) -> Figure:
    """Return the figure of a peer that is not there: it does not hold, and says why."""
    why = bench.failures.get(peer, f"{peer} was left out")
    return Figure(name=name, peer_name=peer_name, goal=goal, ours=ours, peer=[], failure=why)
