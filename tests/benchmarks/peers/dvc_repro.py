"""``dvc repro``, as it is typed, of stages that each copy the file of the one before: nothing has changed."""

import os
import subprocess
import sys
from pathlib import Path

from answering import answer, seconds

FOLDER = Path(sys.argv[1])
ENVIRONMENT = {**os.environ, "DVC_NO_ANALYTICS": "1", "HOME": str(FOLDER)}


def _run(*command):
    subprocess.run(command, cwd=FOLDER, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def _repro():
    _run(sys.executable, "-m", "dvc", "repro", "-q")


def make(stages):
    """Make the stages and run them."""
    (FOLDER / "f0").write_text("0")
    lines = ["stages:"]
    for number in range(stages):
        lines += [f"  s{number}:", f"    cmd: cp f{number} f{number + 1}"]
        lines += [f"    deps: [f{number}]", f"    outs: [f{number + 1}]"]
    (FOLDER / "dvc.yaml").write_text("\n".join(lines) + "\n")
    return seconds(_repro)


def nothing():
    """Return the seconds of running them again."""
    return seconds(_repro)


_run("git", "init", "-q")
_run(sys.executable, "-m", "dvc", "init", "-q")
answer({"make": make, "nothing": nothing})
