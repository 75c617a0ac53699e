"""The place in a notebook where it failed, read from the executed notebook: what a person wants to see first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trackbook.capture.secrets import redact_shown
from trackbook.pipelines.running.progress import StepFailure
from trackbook.pipelines.steps.job import StepResult
from trackbook.pipelines.steps.numbering import numbers_of

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(
    r"(?:Cell In|Input In )\s?\[(?P<count>\d+)\](?:, line (?P<line>\d+)|, in <cell line: (?P<old>\d+)>)"
)
_PLACE_IN_PLAIN = re.compile(r'File "[^"]*ipykernel_\d+[/\\]\d+\.py", line (?P<line>\d+), in <module>')
_PLACE_BELOW_MAGIC = re.compile(r"File <[\w ]+>:(?P<line>\d+)")  # of a cell that begins with %%time
_CHAINED = re.compile(r"\n(?:During handling of the above exception|The above exception was the direct cause)[^\n]*\n")


def failure_of(result: StepResult, executed: Path) -> StepFailure:
    """Return why a step failed, with the line of its notebook where that can be told.

    Parameters
    ----------
    executed
        The executed notebook; it need not be there.
    """
    failure = StepFailure(
        error=result.error or "Failed",
        message=_plain(result.message or ""),
        cell=result.failed_cell,
    )
    cell = _failed_cell(executed, result.failed_cell) if result.failed_cell is not None else None
    if cell is None:
        return failure
    traceback = _traceback(cell)
    lines = _lines(cell)
    line = _line(traceback, cell.get("execution_count"), has_magic=lines[0].startswith("%%"))
    return replace(
        failure,
        line=line,
        code=redact_shown(lines[line - 1].strip()) if line is not None and 0 < line <= len(lines) else None,
        traceback=traceback or None,
    )


def _failed_cell(executed: Path, number: int) -> Mapping[str, Any] | None:
    """Return the last cell that shows an error, for papermill stops there; else the one of that number."""
    try:
        cells: list[Mapping[str, Any]] = json.loads(executed.read_text(encoding="utf-8"))["cells"]
        found = [cell for cell in cells if _shown(cell, "error")]
        return found[-1] if found else next(cells[at] for at, each in numbers_of(cells, None).items() if each == number)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None  # it was not written, or is no notebook: the error itself is known all the same


def _shown(cell: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [each for each in cell.get("outputs", ()) if each.get("output_type") == kind]


def _traceback(cell: Mapping[str, Any]) -> str:
    """Return what the cell shows of its error; a group of exceptions is only printed."""
    errors = _shown(cell, "error")
    if errors:
        return _plain("\n".join(map(str, errors[-1].get("traceback", ()))))
    printed = (each.get("text", "") for each in _shown(cell, "stream") if each.get("name") == "stderr")
    return _plain("".join(_joined(text) for text in printed))


def _line(traceback: str, count: object, *, has_magic: bool) -> int | None:
    """Return the line of the cell at which the exception went through it, that of the last exception of a chain."""
    last = _CHAINED.split(traceback)[-1]
    below = _PLACE_BELOW_MAGIC.search(last) if has_magic else None
    if below is not None:
        return int(below["line"]) + 1
    found = next((match for match in _PLACE.finditer(last) if match["count"] == str(count)), None)
    if found is not None:
        return int(found["line"] or found["old"])
    plain = _PLACE_IN_PLAIN.search(last)
    return int(plain["line"]) if plain is not None else None


def _lines(cell: Mapping[str, Any]) -> list[str]:
    return _joined(cell.get("source", "")).split("\n")


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _plain(text: str) -> str:
    """Return a text without colours and credentials: it goes into the store and onto pages."""
    return redact_shown(_COLOURS.sub("", text))
