"""Trackbook installed as a person installs it: its wheel, in an environment with nothing else of this repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY = "TRACKBOOK_BROWSER_ENVIRONMENT"


def install(folder: Path) -> Path:
    """Build the wheel, install it with JupyterLab into a new environment, and return the folder of its commands.

    Who develops the panel may name an environment that is there already with ``$TRACKBOOK_BROWSER_ENVIRONMENT``.
    """
    if READY in os.environ:
        return Path(os.environ[READY], "bin")
    _uv("build", "--wheel", "--quiet", "--out-dir", str(folder / "wheels"), str(ROOT))
    (wheel,) = (folder / "wheels").glob("*.whl")
    environment = folder / "environment"
    _uv("venv", "--quiet", "--python", sys.executable, str(environment))
    packages = [f"{wheel}[widgets]", "jupyterlab>=4.4", "matplotlib", "scikit-learn"]
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(environment / "bin" / "python"), *packages)
    return environment / "bin"


def _uv(*words: str) -> None:
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found is not None, "uv is needed: make env installs it"
    subprocess.run([found, *words], check=True, cwd=ROOT)
