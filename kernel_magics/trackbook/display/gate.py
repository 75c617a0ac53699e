"""What a gate said: as a Markdown table, as CI shows it, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trackbook.records import JsonValue, strict
from trackbook.tracking.find import short_id

if TYPE_CHECKING:
    from trackbook.pipelines.gates.judging import GateReport
    from trackbook.pipelines.gates.rule import Ruling

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_TITLES = ("rule", "wanted", "found")
_RESULT = "result"
_WIDEST = 60
_MARKS = {"pass": "✅", "fail": "❌", "unknown": "❔"}


def gate_markdown(report: GateReport) -> str:
    """Return a table with a row for each rule: what was wanted, what was found, and whether it passes."""
    rows = [[_cell(each) for each in (ruling.rule, ruling.wanted, ruling.found)] for ruling in report.rulings]
    lengths = [min(max(map(len, column)), _WIDEST) for column in zip(_TITLES, *rows, strict=True)]
    results = [f"{_MARKS[ruling.answer]} {ruling.answer}" for ruling in report.rulings]
    wide = max(len(_RESULT), *(len(each) + 1 for each in results))  # a mark takes two columns of a terminal
    lines = [_line(_TITLES, lengths, _RESULT.ljust(wide)), _line(["-" * each for each in lengths], lengths, "-" * wide)]
    lines += [_line(row, lengths, result.ljust(wide - 1)) for row, result in zip(rows, results, strict=True)]
    return "\n".join([f"## {_heading(report)}", "", *lines, ""])


def gate_payload(report: GateReport) -> dict[str, JsonValue]:
    """Return what a gate said as strict JSON."""
    run = report.subject.run.run
    return {
        "passed": report.is_passed,
        "pipeline": report.subject.pipeline,
        "run": {"run_id": run.run_id, "name": run.name, "experiment": run.experiment},
        "runs": [each.run.run_id for each in report.subject.members],
        "rules": [_ruling_payload(each) for each in report.rulings],
    }


def _ruling_payload(ruling: Ruling) -> JsonValue:
    return {
        "rule": ruling.rule,
        "wanted": ruling.wanted,
        "found": ruling.found,
        "result": ruling.answer.value,
        "details": strict(ruling.details),
    }


def _heading(report: GateReport) -> str:
    run = report.subject.run.run
    name = f"{run.name} ({short_id(run.run_id)})"
    subject = f"pipeline {report.subject.pipeline}, {name}" if report.subject.pipeline is not None else name
    if report.is_passed:
        return f"✅ Gate passed: {subject}"
    passing = sum(each.answer == "pass" for each in report.rulings)
    return f"❌ Gate not passed: {subject}, {passing} of {len(report.rulings)} rules hold"


def _line(cells: Sequence[str], lengths: Sequence[int], result: str) -> str:
    """Return a row; cells are as long as the longest of their column, so that it is a table on a terminal too."""
    padded = (cell.ljust(length) for cell, length in zip(cells, lengths, strict=True))
    return f"| {' | '.join(padded)} | {result} |"


def _cell(text: str) -> str:
    """Return a text for one cell: what ends cells, begins tags or breaks lines is written so that it is only shown.

    A bound such as ``< 0.1`` begins no tag, and stays as people read it on a terminal.
    """
    return _TAG.sub("&lt;", " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|"))
