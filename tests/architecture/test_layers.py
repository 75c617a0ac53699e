"""The layers of the house, as import-linter sees them, and that its contracts would notice a wrong import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint(folder: Path, library: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the contracts of a folder's pyproject.toml over a copy of the library."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_imports_downwards_only():
    result = lint(ROOT, ROOT / "kernel_magics")

    assert result.returncode == 0, result.stdout
    assert " 0 broken" in result.stdout


def test_an_import_upwards_is_noticed(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "kernel_magics" / "trackbook", tmp_path / "trackbook")
    with open(tmp_path / "trackbook" / "records" / "values.py", "a", encoding="utf-8") as module:
        module.write("\nimport trackbook.store\n")

    result = lint(tmp_path, tmp_path)

    assert result.returncode == 1
    assert "trackbook.records is not allowed to import trackbook.store" in result.stdout


def test_every_package_of_the_library_has_its_place_in_the_layers():
    with open(ROOT / "pyproject.toml", "rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    placed = {word.strip("()").removeprefix("trackbook.") for layer in layers for word in layer.split()}

    parts = {path.stem for path in (ROOT / "kernel_magics" / "trackbook").iterdir() if path.suffix in ("", ".py")}

    assert {part for part in parts if not part.startswith("_")} <= placed
