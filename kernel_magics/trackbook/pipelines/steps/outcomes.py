"""How the execution of a notebook came out, read off the executed notebook; and what a dead kernel died of."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import Any

from trackbook.records import Failure, Outcome

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PLACE = re.compile(r"(?:Cell In|Input In|In) ?\[\d+\],?(?:[^\n]*?(?:line |<cell line: )(?P<line>\d+))")
_NOBODY_THERE = "The notebook asks a question by input(), and nobody is there to answer. Make a param of the answer."
_GOOD_EXITS = ("", "0", "None")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """The error of a cell: the cell's place among all cells from 0, what was raised, and the line of the cell."""

    index: int
    name: str
    message: str
    line: int | None = None
    source_line: str | None = None


def cell_error(notebook: Any) -> CellError | None:
    """Return the error that papermill raises for an executed notebook, None if it raises none."""
    found = None
    for index, cell in enumerate(notebook.cells):
        errors = [each for each in cell.get("outputs", []) if each.output_type == "error"]
        bad = [each for each in errors if not (each.ename == "SystemExit" and each.evalue in _GOOD_EXITS)]
        if bad:
            found = read_error(index, cell.source, bad[0].ename, bad[0].evalue, bad[0].get("traceback", []))
        elif found is None and not errors and cell.metadata.get("papermill", {}).get("exception") is True:
            found = CellError(index=index, name="CellExecutionError", message="It failed without a word.")
    return found


def read_error(index: int, source: str, name: str, message: str, traceback: list[str]) -> CellError:
    """Return the error of a cell, with the line of the cell that its traceback names first."""
    place = _PLACE.search(_COLOURS.sub("", "\n".join(traceback)))
    line = int(place["line"]) if place is not None else None
    lines = source.splitlines()
    text = lines[line - 1].strip() if line is not None and 0 < line <= len(lines) else None
    return CellError(
        index=index,
        name=name,
        message=_NOBODY_THERE if name == "StdinNotImplementedError" else _COLOURS.sub("", message),
        line=line if text is not None else None,
        source_line=text,
    )


def outcome_of(notebook: Any) -> tuple[Outcome, Failure | None]:
    """Return how an execution ended that came to its end or to a cell that failed."""
    error = cell_error(notebook)
    if error is None:
        return Outcome.OK, None
    return Outcome.ERROR, Failure(type=error.name, message=error.message)


def failure_shown(error: BaseException) -> str:
    """Return what an exception of the execution itself says, in its first line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip() if lines else ""


def describe_death(manager: Any, *, is_stopped: bool) -> str:
    """Return what a kernel died of, as far as its exit code tells."""
    code = getattr(getattr(getattr(manager, "provisioner", None), "process", None), "returncode", None)
    if is_stopped:
        return "The kernel was killed, for it did not stop when asked to."
    return "The kernel died." if code is None else _ended("The kernel", code)


def describe_end(code: int, printed: str) -> str:
    """Return what a step's own process ended by, and the last that it printed and that is no warning of a library."""
    lines = [line for line in printed.strip().splitlines() if line.strip() and " WARNING " not in line]
    said = f" Its last words: {lines[-1].strip()}" if lines else ""
    return _ended("The step's process", code) + said


def _ended(who: str, code: int) -> str:
    if code >= 0:
        return f"{who} ended by itself, with exit code {code}."
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if name == "SIGKILL":
        return f"{who} was killed (SIGKILL): most often because the machine ran out of memory."
    return f"{who} crashed ({name})."
