"""``dvc add`` of a Parquet file, as it is typed: into an empty cache, and again of the same file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from answering import answer, seconds

FOLDER = Path(sys.argv[1])
ENVIRONMENT = {**os.environ, "DVC_NO_ANALYTICS": "1", "HOME": str(FOLDER)}


def _run(*command):
    subprocess.run(command, cwd=FOLDER, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def _add():
    _run(sys.executable, "-m", "dvc", "add", "-q", "data.parquet")


def first(path):
    """Return the seconds of adding a file that DVC has never seen."""
    for name in ("cache", "tmp"):
        shutil.rmtree(FOLDER / ".dvc" / name, ignore_errors=True)
    for name in ("data.parquet", "data.parquet.dvc"):
        (FOLDER / name).unlink(missing_ok=True)
    shutil.copy(path, FOLDER / "data.parquet")
    return seconds(_add)


def again():
    """Return the seconds of adding it again, unchanged."""
    return seconds(_add)


_run("git", "init", "-q")
_run(sys.executable, "-m", "dvc", "init", "-q")
answer({"first": first, "again": again})
