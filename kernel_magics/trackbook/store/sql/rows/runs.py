"""Rows of runs and of what belongs to them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from trackbook.clock import microseconds, moment
from trackbook.records import (
    Artifact,
    Column,
    DatasetUse,
    Inside,
    JsonValue,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Role,
    Run,
    RunStatus,
    Source,
    Verdict,
    decode,
    encode,
)
from trackbook.store.sql.rows.parts import (
    Row,
    Stored,
    failure_of,
    failure_text,
    files_of,
    files_text,
    microseconds_of,
    moment_of,
    sources_of,
)
from trackbook.store.sql.values import json_dict, json_mapping, json_names, json_text, names_of, real_of_json

_STATUS = {status.value: status for status in RunStatus}  # an enum looks its values up at five times the price
_SHORT = 32
_scalar = lru_cache(4096)(decode)


def run_row(run: Run) -> Row:
    """Return the row of a run."""
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "session_id": run.session_id,
        "parent_id": run.parent_id,
        "started_at": microseconds(run.started_at),
        "finished_at": microseconds_of(run.finished_at),
        "status": run.status.value,
        "verdict": run.verdict and run.verdict.value,
        "verdict_reason": run.verdict_reason,
        "failure": failure_text(run.failure),
        "environment_id": run.environment_id,
        "note": run.note,
    }


def run_of(row: Stored) -> Run:
    """Return the run of a row."""
    return Run(
        run_id=row.run_id,
        name=row.name,
        experiment=row.experiment,
        session_id=row.session_id,
        parent_id=row.parent_id,
        started_at=moment(row.started_at),
        finished_at=moment_of(row.finished_at),
        status=_STATUS[row.status],
        verdict=Verdict(row.verdict) if row.verdict else None,
        verdict_reason=row.verdict_reason,
        failure=failure_of(row.failure),
        environment_id=row.environment_id,
        note=row.note,
    )


def param_row(value: JsonValue) -> tuple[str, float | None]:
    """Return the value and number of a param."""
    return json_text(value), real_of_json(value)


def param_of(text: str) -> JsonValue:
    """Return the value of a param; what few texts stand for in many runs is read once."""
    return decode(text) if text[0] in "[{" or len(text) > _SHORT else _scalar(text)


def dataset_row(use: DatasetUse) -> Row:
    """Return the row of a dataset's use."""
    return {
        "name": use.name,
        "role": use.role.value if use.role else "",
        "kind": use.kind,
        "rows": use.rows,
        "shape": encode(list[JsonValue](use.shape)),
        "columns": encode([[column.name, column.dtype] for column in use.columns]),
        "fingerprint": use.fingerprint,
        "files": files_text(use.files),
        "snapshot_id": use.snapshot_id,
    }


def dataset_of(row: Stored) -> DatasetUse:
    """Return the dataset's use of a row."""
    shape: Any = decode(row.shape)
    columns: Any = decode(row.columns)
    files: Any = decode(row.files)
    return DatasetUse(
        name=row.name,
        kind=row.kind,
        role=Role(row.role) if row.role else None,
        rows=row.rows,
        shape=tuple(shape),
        columns=tuple(Column(name=name, dtype=dtype) for name, dtype in columns),
        fingerprint=row.fingerprint,
        files=files_of(files),
        snapshot_id=row.snapshot_id,
    )


def model_row(model: Model) -> Row:
    """Return the row of a model."""
    return {
        "model_id": model.model_id,
        "name": model.name,
        "class_name": model.class_name,
        "signature": json_mapping(model.signature),
        "features": json_names(model.features),
        "importances": json_mapping(model.importances),
        "coefficients": json_mapping(model.coefficients),
        "details": json_mapping(model.details),
        "object_digest": model.object_digest,
        "example_snapshot": model.example_snapshot,
    }


def model_of(row: Stored) -> Model:
    """Return the model of a row."""
    importances: Any = decode(row.importances)
    return Model(
        model_id=row.model_id,
        name=row.name,
        class_name=row.class_name,
        signature=json_dict(row.signature),
        features=names_of(row.features),
        importances=importances,
        coefficients=json_dict(row.coefficients),
        details=json_dict(row.details),
        object_digest=row.object_digest,
        example_snapshot=row.example_snapshot,
    )


def artifact_row(artifact: Artifact) -> Row:
    """Return the row of an artifact."""
    return {
        "name": artifact.name,
        "digest": artifact.digest,
        "size": artifact.size,
        "media_type": artifact.media_type,
    }


def artifact_of(row: Stored) -> Artifact:
    """Return the artifact of a row."""
    return Artifact(name=row.name, digest=row.digest, size=row.size, media_type=row.media_type)


def module_row(module: ModuleUse) -> Row:
    """Return the row of a module's use."""
    return {
        "name": module.name,
        "path": module.path,
        "digest": module.digest,
        "size": module.size,
    }


def module_of(row: Stored) -> ModuleUse:
    """Return the module's use of a row."""
    return ModuleUse(name=row.name, path=row.path, digest=row.digest, size=row.size)


def origin_row(origin: Origin) -> Row:
    """Return the row of an origin."""
    inside: list[JsonValue] = [[each.function, each.line] for each in origin.inside]
    fits: list[JsonValue] = [[source.execution_id, source.statement] for source in origin.fits]
    return {
        "kind": origin.kind.value,
        "key": origin.key,
        "execution_id": origin.source.execution_id,
        "statement": origin.source.statement,
        "about": json_text([list(origin.names), dict(origin.literals), inside, fits, list(origin.unseeded)]),
    }


def origin_of(row: Stored) -> Origin:
    """Return the origin of a row."""
    about: Any = decode(row.about)
    names, literals, inside, fits, unseeded = about
    return Origin(
        kind=OriginKind(row.kind),
        key=row.key,
        source=Source(execution_id=row.execution_id, statement=row.statement),
        names=tuple(names),
        literals=literals,
        inside=tuple(Inside(function=function, line=line) for function, line in inside),
        fits=tuple(sources_of(fits)),
        unseeded=tuple(unseeded),
    )
