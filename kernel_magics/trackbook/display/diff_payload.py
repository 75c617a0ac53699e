"""The difference of two runs as strict JSON."""

from __future__ import annotations

from trackbook.display.payload import Payload
from trackbook.records import Artifact, DatasetUse, Execution, JsonValue, ModuleUse, RunDetail, strict
from trackbook.tracking.compare import Absent, Row, Section
from trackbook.tracking.diff import CellDiff, DataDiff, ModuleDiff, RunDiff
from trackbook.tracking.diff_outputs import OutputDiff
from trackbook.tracking.lines import Line


def diff_payload(diff: RunDiff) -> Payload:
    """Return what sets two runs apart.

    Returns
    -------
    ``before`` and ``after``, the runs; ``same``, whether nothing differs; ``tolerance`` of numbers in outputs.
    ``metrics``, ``params``, ``model`` and ``environment``: what differs, each with ``key``, ``before``, ``after`` (null
    and false in ``present`` where a run has none) and ``difference``. ``cells``: all of them, each with ``change``
    (``same``, ``edited``, ``added``, ``removed``), ``is_moved``, the executions ``before`` and ``after``, the ``lines``
    of an edited source and the ``outputs`` with their ``change``. ``data``, ``modules`` and ``artifacts``.
    """
    return {
        "before": _run(diff.before),
        "after": _run(diff.after),
        "same": diff.is_same,
        "tolerance": {"relative": diff.tolerance.relative, "absolute": diff.tolerance.absolute},
        **{section.value: [_row(row) for row in diff.rows(section)] for section in _SECTIONS},
        "cells": [_cell(cell) for cell in diff.cells],
        "data": [_data(each) for each in diff.data],
        "modules": [_module(module) for module in diff.modules],
        "artifacts": [{"before": _artifact(one), "after": _artifact(other)} for one, other in diff.artifacts],
    }


_SECTIONS = (Section.METRICS, Section.PARAMS, Section.MODEL, Section.ENVIRONMENT)


def _run(detail: RunDetail) -> Payload:
    run = detail.run
    return {"run_id": run.run_id, "name": run.name, "experiment": run.experiment, "status": run.status.value}


def _row(row: Row) -> Payload:
    before, after = (None if isinstance(value, Absent) else strict(value) for value in row.values)
    return {
        "key": row.key,
        "before": before,
        "after": after,
        "present": [not isinstance(value, Absent) for value in row.values],
        "difference": strict(row.differences[1]) if len(row.differences) > 1 else None,
    }


def _cell(cell: CellDiff) -> Payload:
    change = "added" if cell.before is None else "removed" if cell.after is None else "edited"
    return {
        "change": change if cell.is_edited or change != "edited" else "same",
        "is_moved": cell.is_moved,
        "before": _execution(cell.before),
        "after": _execution(cell.after),
        "lines": [_line(line) for line in cell.lines],
        "outputs": [_output(output) for output in cell.outputs],
    }


def _execution(execution: Execution | None) -> Payload | None:
    if execution is None:
        return None
    failure = execution.failure
    return {
        "execution_id": execution.execution_id,
        "cell_id": execution.cell_id,
        "index": execution.index,
        "outcome": execution.outcome.value,
        "failure": None if failure is None else f"{failure.type}: {failure.message}",
    }


def _output(output: OutputDiff) -> Payload:
    shown = output.after or output.before
    return {
        "change": output.change.value,
        "kind": shown.kind.value if shown is not None else None,
        "name": shown.name if shown is not None else None,
        "media_type": output.media_type,
        "lines": [_line(line) for line in output.lines],
    }


def _line(line: Line) -> Payload:
    return {"sign": line.sign.value, "before": line.before, "after": line.after, "text": line.text}


def _data(diff: DataDiff) -> Payload:
    return {
        "name": diff.name,
        "same": diff.is_same,
        "before": _table(diff.before),
        "after": _table(diff.after),
        "added": list(diff.added),
        "removed": list(diff.removed),
        "retyped": [list(each) for each in diff.retyped],
    }


def _table(use: DatasetUse | None) -> Payload | None:
    if use is None:
        return None
    return {"name": use.name, "rows": use.rows, "shape": list(use.shape), "fingerprint": use.fingerprint}


def _module(module: ModuleDiff) -> Payload:
    return {
        "name": module.name,
        "before": _digest(module.before),
        "after": _digest(module.after),
        "lines": [_line(line) for line in module.lines],
    }


def _digest(use: ModuleUse | None) -> JsonValue:
    return use.digest if use is not None else None


def _artifact(artifact: Artifact | None) -> Payload | None:
    return None if artifact is None else {"name": artifact.name, "digest": artifact.digest, "size": artifact.size}
