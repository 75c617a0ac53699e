"""The rule that notebooks, run again, show what they show: nbval runs them, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from trackbook.pipelines.gates.rule import Answer, Ruling, Subject
from trackbook.pipelines.gates.wording import counted

_MISSING = "nbval isn't installed here: pip install 'trackbook[gates]'"
_OWN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST", "COVERAGE_PROCESS_START")
_CELL = re.compile(r"(?:Cell|cell)\s*(\d+)")
_NO_TESTS = 5
_MOST_LISTED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsStay:
    """Notebooks whose outputs stay the same when they are run again in a fresh kernel.

    Attributes
    ----------
    notebooks
        Their files.
    is_lax
        Compare only cells that ask for it (``# NBVAL_CHECK_OUTPUT``, or the tag ``nbval-check-output``); the others
        must only run.
    sanitize
        A file of nbval's with patterns of what may differ.
    cell_timeout, timeout
        Seconds that a cell, and a whole notebook, may take.
    """

    notebooks: tuple[Path, ...]
    is_lax: bool = False
    sanitize: Path | None = None
    cell_timeout: float = 600.0
    timeout: float = 3600.0
    name: str = "nbval"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return, for each notebook, whether they did."""
        return [self._judged(notebook) for notebook in self.notebooks]

    def _judged(self, notebook: Path) -> Ruling:
        wanted = f"{notebook.name} {'runs' if self.is_lax else 'shows the same'}"
        if find_spec("nbval") is None or find_spec("pytest") is None:
            return Ruling(rule=self.name, wanted=wanted, found=_MISSING, answer=Answer.UNKNOWN)
        if not notebook.is_file():
            return Ruling(rule=self.name, wanted=wanted, found=f"there is no {notebook}", answer=Answer.UNKNOWN)
        with tempfile.TemporaryDirectory(prefix="trackbook-gate-") as folder:
            code, printed = self._run(notebook, Path(folder))
            cells = _cells(Path(folder) / "report.xml")
        found, answer = _told(code, cells, printed, "ran" if self.is_lax else "as before")
        details = {"notebook": str(notebook), "differing": [name for name, message in cells.items() if message]}
        return Ruling(rule=self.name, wanted=wanted, found=found, answer=answer, details=details)

    def _run(self, notebook: Path, folder: Path) -> tuple[int | None, str]:
        """Run nbval and return its exit code, None if it took too long, with what it printed."""
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # the person's own options are for tests
        command = [
            *(sys.executable, "-m", "pytest", "-p", "nbval.plugin", "-p", "no:cacheprovider", "--noconftest", "-q"),
            *("-c", str(folder / "pytest.ini"), "--rootdir", str(notebook.parent)),
            *("--nbval-lax" if self.is_lax else "--nbval", f"--nbval-cell-timeout={self.cell_timeout:g}"),
            *(["--nbval-current-env"] if _is_python(notebook) else []),
            *(["--nbval-sanitize-with", str(self.sanitize)] if self.sanitize is not None else []),
            f"--junitxml={folder / 'report.xml'}",
            str(notebook),
        ]
        variables = {name: value for name, value in os.environ.items() if name not in _OWN}
        process = subprocess.Popen(
            command,
            cwd=notebook.parent,
            env=variables | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return None, f"it took longer than {self.timeout:g} s"
        finally:
            _end(process)
        return process.returncode, printed


def _end(process: subprocess.Popen[str]) -> None:
    """End what still runs: its kernel ends by itself once its parent is gone."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _is_python(notebook: Path) -> bool:
    """Return whether the kernel of this environment can run it, whatever its kernel is called where it was written."""
    try:
        metadata = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    except (OSError, ValueError, AttributeError):
        return False
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return language in (None, "python")


def _cells(report: Path) -> dict[str, str]:
    """Return the cells that ran, each with why it failed, empty if it did not."""
    if not report.is_file():
        return {}
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        failed = next((each for each in case if each.tag in ("failure", "error")), None)
        if next((each for each in case if each.tag == "skipped"), None) is None:
            found[_cell_name(case.get("name", ""))] = "" if failed is None else failed.get("message") or "failed"
    return found


def _cell_name(name: str) -> str:
    """Return a cell as people count: the code cells, from 1."""
    found = _CELL.search(name)
    return f"cell {int(found[1]) + 1}" if found is not None else name.rpartition("::")[2]


def _told(code: int | None, cells: Mapping[str, str], printed: str, good: str) -> tuple[str, Answer]:
    differing = [name for name, message in cells.items() if message]
    if code is None:
        return printed, Answer.UNKNOWN
    if differing:
        listed = ", ".join(differing[:_MOST_LISTED]) + (" ..." if len(differing) > _MOST_LISTED else "")
        return f"{len(differing)} of {counted(len(cells), 'cell')} differ or fail: {listed}", Answer.FAIL
    if code == _NO_TESTS or (code == 0 and not cells):
        return "it has no cell to run", Answer.UNKNOWN
    if code != 0:
        lines = [line for line in printed.splitlines() if line.strip()]
        return f"nbval could not run it: {lines[-1][:200] if lines else f'exit code {code}'}", Answer.UNKNOWN
    return f"{counted(len(cells), 'cell')} {good}", Answer.PASS
