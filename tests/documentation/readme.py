"""Reads the README's fenced blocks, and runs code as a reader would."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from tests.forks import forks

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

_SHELL = """
import contextlib, io, json, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance(history_manager=None, colors="nocolor")
printed = []
for cell in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as stream, contextlib.redirect_stderr(stream):
        result = shell.run_cell(cell, store_history=True)
    printed.append([result.success, stream.getvalue()])
print(json.dumps(printed))
"""


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    """Return a section's text, without its heading."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def run_cells(cells: list[str], folder: Path, *paths: Path) -> list[str]:
    """Run cells in a shell of its own, with a store in a folder; return what each printed. All must succeed."""
    environment = {
        "IPYTHONDIR": str(folder / "ipython"),
        "TRACKBOOK_STORE": str(folder / "store"),
        "TRACKBOOK_NOTEBOOK": str(folder / "iris.ipynb"),
        "PYTHONPATH": os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")]),
    }
    result = forks.run("-c", _SHELL, folder=folder, environment={**os.environ, **environment}, typed=json.dumps(cells))
    assert result.returncode == 0, result.stderr
    printed = json.loads(result.stdout.splitlines()[-1])
    assert [output for is_ok, output in printed if not is_ok] == []
    return [output for _, output in printed]
