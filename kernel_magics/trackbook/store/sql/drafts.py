"""A batch as rows, made before its transaction begins, so that others wait for nothing but the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from trackbook.records import Execution
from trackbook.store.contract import Batch, RunChange
from trackbook.store.sql import data_writing, rows, statements
from trackbook.store.sql.compiled import Change
from trackbook.store.sql.rows import PointRow, Row
from trackbook.store.sql.texts import Texts

Values: TypeAlias = tuple[Any, ...]
R = TypeVar("R")


@dataclass(slots=True)
class ChangeRows:
    """What is added to one run: rows without numbers and places, their texts as they are stored."""

    run_id: str
    run: Row | None = None
    params: list[tuple[str, str, float | None]] = field(default_factory=list)
    tags: list[tuple[str, str | None]] = field(default_factory=list)
    points: dict[str, list[PointRow]] = field(default_factory=dict)
    described: dict[str, list[Row]] = field(default_factory=dict)
    """Rows of datasets, models, artifacts, modules and origins, by table."""
    execution_ids: list[str] = field(default_factory=list)
    note: str | None = None


@dataclass(slots=True)
class BatchRows:
    """The rows of a batch."""

    sessions: list[Values]
    environments: list[Values]
    executions: list[Values]
    changes: list[ChangeRows]
    data: data_writing.DataRows | None = None


def drafted(batch: Batch, texts: Texts) -> BatchRows:
    """Return the rows of a batch; their long texts are kept as objects when this returns."""
    changes = [_change_rows(change, texts) for change in batch.runs]
    for execution in batch.executions:
        kept = (run_id for run_id in execution.run_ids if run_id not in batch.withdrawn)
        changes += (ChangeRows(run_id, execution_ids=[texts.stored(execution.execution_id)]) for run_id in kept)
    return BatchRows(
        sessions=_packed(statements.PUT_SESSION, rows.session_row, batch.sessions, texts),
        environments=_packed(statements.ADD_ENVIRONMENT, rows.environment_row, batch.environments, texts),
        executions=[packed_execution(execution, texts) for execution in batch.executions],
        changes=changes,
        data=data_writing.drafted(batch, texts) if batch.has_data else None,
    )


def packed_execution(execution: Execution, texts: Texts) -> Values:
    """Return the row of an execution; its long texts are kept as objects when this returns."""
    return texts.packed(statements.ADD_EXECUTION.values_of(rows.execution_row(execution)))


def _packed(change: Change, row_of: Callable[[R], Row], records: Sequence[R], texts: Texts) -> list[Values]:
    return [texts.packed(change.values_of(row_of(record))) for record in records] if records else []


def _change_rows(change: RunChange, texts: Texts) -> ChangeRows:
    described: dict[str, Iterable[Row]] = {
        "datasets": map(rows.dataset_row, change.datasets),
        "models": map(rows.model_row, change.models),
        "artifacts": map(rows.artifact_row, change.artifacts),
        "modules": map(rows.module_row, change.modules),
        "origins": map(rows.origin_row, change.origins),
    }
    return ChangeRows(
        run_id=change.run_id,
        run=None if change.run is None else packed_row(rows.run_row(change.run), texts),
        params=[
            (texts.stored(key), *_packed_param(rows.param_row(value), texts)) for key, value in change.params.items()
        ],
        tags=[
            (texts.stored(key), None if value is None else texts.packed((value,))[0])
            for key, value in change.tags.items()
        ],
        points={texts.stored(key): listed for key, listed in rows.point_rows(change.metrics).items()},
        described={table: [packed_row(row, texts) for row in listed] for table, listed in described.items()},
        execution_ids=[texts.stored(execution_id) for execution_id in change.execution_ids],
        note=None if change.note is None else texts.stored(change.note),
    )


def packed_row(row: Row, texts: Texts) -> Row:
    """Return a row with its texts as they are stored."""
    return dict(zip(row, texts.packed(tuple(row.values())), strict=True))


def _packed_param(values: tuple[str, float | None], texts: Texts) -> tuple[str, float | None]:
    text, number = values
    return texts.stored(text), number
