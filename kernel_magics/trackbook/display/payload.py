"""Records as strict JSON: the one shape that the command line, the server and other programs see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from trackbook.display.checks import check_payload
from trackbook.lineage.why import Edge, Node
from trackbook.records import (
    Check,
    DatasetUse,
    Environment,
    Execution,
    FileRead,
    Git,
    JsonValue,
    Model,
    Output,
    Reproduction,
    RunDetail,
    strict,
)
from trackbook.tracking.compare import Absent, Comparison, Row
from trackbook.tracking.environment import EnvironmentDifference
from trackbook.tracking.group_statistics import Difference
from trackbook.tracking.groups import Group, Grouping
from trackbook.tracking.overview import Overview
from trackbook.tracking.why import Explanation

Payload = dict[str, JsonValue]


def dumps(value: object) -> str:
    """Return a value as one strict JSON document, in ASCII, so that any terminal and any pipe can carry it."""
    return json.dumps(strict(value), indent=2, allow_nan=False)


def run_payload(
    detail: RunDetail,
    *,
    environment: Environment | None = None,
    differing: Sequence[EnvironmentDifference] | None = None,
    unseeded: Sequence[str] | None = None,
    reproductions: Sequence[Reproduction] | None = None,
    checks: Sequence[Check] | None = None,
) -> Payload:
    """Return a run and what hangs on it. `metrics` has the latest value of each key; times are ISO 8601 in UTC.

    `differing` is what of its environment is another one here (``differences``), `unseeded` what drew without a seed,
    `reproductions` how it came out when it was made again, `checks` what was found of its tables; each is null where
    nobody looked.
    """
    run = detail.run
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "session_id": run.session_id,
        "status": run.status.value,
        "verdict": run.verdict,
        "verdict_reason": run.verdict_reason,
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "parent_id": run.parent_id,
        "params": strict(detail.params),
        "metrics": {key: strict(point.value) for key, point in detail.metrics.items()},
        "tags": dict(detail.tags),
        "datasets": [_dataset(dataset) for dataset in detail.datasets],
        "models": [_model(model) for model in detail.models],
        "modules": [
            {"name": each.name, "path": each.path, "digest": each.digest, "size": each.size} for each in detail.modules
        ],
        "executions": list(detail.execution_ids),
        "environment": None if environment is None else environment_payload(environment),
        "differences": None if differing is None else [_differing(each) for each in differing],
        "unseeded": None if unseeded is None else [*unseeded],
        "reproductions": None if reproductions is None else [_reproduction(each) for each in reproductions],
        "checks": None if checks is None else [check_payload(each) for each in checks],
    }


def _reproduction(found: Reproduction) -> Payload:
    return {
        "reproduction_id": found.reproduction_id,
        "at": _time(found.at),
        "verdict": found.verdict.value,
        "reason": found.reason,
        "tolerance": found.tolerance,
        "environment": found.environment,
        "seconds": found.seconds,
    }


def execution_payload(execution: Execution) -> Payload:
    """Return one execution of a cell."""
    return {
        "execution_id": execution.execution_id,
        "session_id": execution.session_id,
        "cell_id": execution.cell_id,
        "index": execution.index,
        "source": execution.source,
        "started_at": _time(execution.started_at),
        "seconds": execution.seconds,
        "outcome": execution.outcome.value,
        "reads": list(execution.reads),
        "writes": list(execution.writes),
        "hidden": [
            {"name": each.name, "reason": each.reason.value, "execution_id": each.source.execution_id}
            for each in execution.hidden
        ],
        "run_ids": list(execution.run_ids),
        "outputs": [_output(output) for output in execution.outputs],
        "resources": asdict(execution.resources),
    }


def _output(output: Output) -> Payload:
    return {
        "kind": output.kind.value,
        "name": output.name,
        "parts": [
            {
                "media_type": part.media_type,
                "size": part.size,
                "digest": part.digest,
                "text": part.text,
                "is_cut": part.is_cut,
            }
            for part in output.parts
        ],
    }


def environment_payload(environment: Environment) -> Payload:
    """Return the environment of a session."""
    return {
        "environment_id": environment.environment_id,
        "python": environment.python,
        "implementation": environment.implementation,
        "platform": environment.platform,
        "machine": environment.machine,
        "packages": dict(environment.packages),
        "origins": dict(environment.origins),
        "hardware": strict(environment.hardware),
        "git": None if environment.git is None else _git(environment.git),
    }


def _differing(each: EnvironmentDifference) -> Payload:
    return {"name": each.name, "then": each.then, "here": each.here, "weight": each.weight.name.lower()}


def comparison_payload(comparison: Comparison, rows: Sequence[Row]) -> Payload:
    """Return runs side by side. A value that a run doesn't have is null, and false in its row's ``present``."""
    return {
        "baseline": comparison.runs[comparison.baseline].run.run_id,
        "runs": [
            {"run_id": each.run.run_id, "name": each.run.name, "experiment": each.run.experiment}
            for each in comparison.runs
        ],
        "rows": [_row(row) for row in rows],
    }


def overview_payload(overview: Overview) -> Payload:
    """Return a store at a glance."""
    return {
        "location": overview.location,
        "runs": overview.runs,
        "sessions": overview.sessions,
        "live_sessions": [session.session_id for session in overview.live],
        "latest_run_id": overview.latest.run.run_id if overview.latest else None,
        "snapshots": overview.usage.snapshots,
        "snapshot_bytes": overview.usage.snapshot_bytes,
        "budget_bytes": overview.budget_bytes,
        "experiments": [
            {
                "experiment": each.experiment,
                "runs": each.runs,
                "latest_run_id": each.latest.run.run_id if each.latest else None,
            }
            for each in overview.experiments
        ],
    }


def why_payload(explanation: Explanation) -> Payload:
    """Return why something of a run is what it is, as a graph.

    Returns
    -------
    ``run_id``; ``kind`` and ``metric``, what is explained (its kind is a metric, a param, a table or a model) and its
    ``value``; ``root``, the id of its node. ``nodes``, each with ``id``, ``kind``, ``label``, ``execution_id``,
    ``cell`` (the prompt's number), ``line`` to ``end_line`` in the cell, ``code``, ``value`` and ``details``; what a
    node doesn't have is null. ``edges``, each ``from`` what was made ``to`` what used it, with the ``name`` that it
    went by, ``sure``, false where it only may have been so, and ``hidden``, why the notebook would not have given it
    any more (``rerun``, ``edited``, ``deleted``, ``order``, ``skipped``), null where it would.
    """
    graph = explanation.graph
    return {
        "run_id": explanation.run.run.run_id,
        "kind": explanation.subject.kind.value,
        "metric": explanation.subject.key,
        "value": strict(graph.nodes[graph.root].value),
        "root": graph.root,
        "nodes": [_node(node) for node in graph.nodes.values()],
        "edges": [_edge(edge) for edge in graph.edges],
    }


def _edge(edge: Edge) -> Payload:
    hidden = edge.hidden.value if edge.hidden is not None else None
    return {"from": edge.start, "to": edge.end, "name": edge.name, "sure": edge.is_sure, "hidden": hidden}


def _node(node: Node) -> Payload:
    return {
        "id": node.node_id,
        "kind": node.kind.value,
        "label": node.label,
        "execution_id": node.execution_id,
        "cell": node.cell,
        "line": node.line,
        "end_line": node.end_line,
        "code": node.code,
        "value": strict(node.value),
        "details": strict(node.details),
    }


def _row(row: Row) -> Payload:
    return {
        "section": row.section.value,
        "key": row.key,
        "values": [None if isinstance(value, Absent) else strict(value) for value in row.values],
        "present": [not isinstance(value, Absent) for value in row.values],
        "differs": row.differs,
        "differences": list(row.differences),
        "higher_is_better": row.higher_is_better,
        "best": list(row.best),
    }


def _dataset(dataset: DatasetUse) -> Payload:
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "role": dataset.role.value if dataset.role else None,
        "rows": dataset.rows,
        "shape": list(dataset.shape),
        "columns": [{"name": column.name, "dtype": column.dtype} for column in dataset.columns],
        "fingerprint": dataset.fingerprint,
        "snapshot_id": dataset.snapshot_id,
        "files": [_file(file) for file in dataset.files],
    }


def _file(file: FileRead) -> Payload:
    return {"path": file.path, "size": file.size, "digest": file.digest}


def _model(model: Model) -> Payload:
    return {
        "model_id": model.model_id,
        "name": model.name,
        "class": model.class_name,
        "signature": strict(model.signature),
        "features": list(model.features),
        "importances": strict(model.importances),
        "coefficients": strict(model.coefficients),
        "details": strict(model.details),
    }


def _git(git: Git) -> Payload:
    return {
        "commit": git.commit,
        "branch": git.branch,
        "is_dirty": git.is_dirty,
        "patch": git.patch,
        "remote": git.remote,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def grouping_payload(grouping: Grouping) -> Payload:
    """Return groups of runs with the statistics of each metric, and the differences between groups by position."""
    return {
        "by": list(grouping.by),
        "also": list(grouping.also),
        "metrics": list(grouping.metrics),
        "groups": [_group(group) for group in grouping.groups],
        "differences": [_group_difference(each) for each in grouping.differences],
        "unpaired": grouping.unpaired,
        "left_out": grouping.left_out,
        "candidates": grouping.candidates,
        "other_metrics": list(grouping.others),
    }


def _group(group: Group) -> JsonValue:
    statistics: dict[str, JsonValue] = {
        key: {"n": each.n, "mean": each.mean, "deviation": each.deviation, "low": each.low, "high": each.high}
        for key, each in group.statistics.items()
    }
    return {
        "labels": strict(group.labels),
        "run_ids": [detail.run.run_id for detail in group.runs],
        "statistics": statistics,
        "repetitions": group.repetitions,
    }


def _group_difference(each: Difference) -> JsonValue:
    return {
        "metric": each.metric,
        "groups": [each.one, each.other],
        "difference": each.difference,
        "p": each.p,
        "corrected_p": each.corrected,
        "told_apart": each.is_told_apart,
    }
