"""A batch as rows, and the transaction that writes them: checks first, then one statement a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select

from trackbook.records import Run, RunStatus, decode
from trackbook.store import rules
from trackbook.store.contract import Batch, RunChange
from trackbook.store.sql import rows, statements
from trackbook.store.sql.rows import Row
from trackbook.store.sql.statements import ids
from trackbook.store.sql.texts import Texts, stored

Rows = dict[str, list[Row]]


def rows_of(batch: Batch, texts: Texts) -> Rows:
    """Return the rows of a batch by table; their long texts are kept as objects when this returns."""
    tables: Rows = defaultdict(list)
    tables["sessions"] = [rows.session_row(session) for session in batch.sessions]
    tables["environments"] = [rows.environment_row(environment) for environment in batch.environments]
    tables["executions"] = [rows.execution_row(execution) for execution in batch.executions]
    for change in batch.runs:
        _add_change(tables, change)
    for execution in batch.executions:
        kept = (run_id for run_id in execution.run_ids if run_id not in batch.withdrawn)
        tables["run_executions"] += (rows.link_row(run_id, execution.execution_id) for run_id in kept)
    return {table: [texts.packed(row) for row in listed] for table, listed in tables.items() if listed}


def _add_change(tables: Rows, change: RunChange) -> None:
    run_id = change.run_id
    if change.run is not None:
        tables["runs"].append(rows.run_row(change.run))
    tables["params"] += (rows.param_row(run_id, key, value) for key, value in change.params.items())
    tables["tags"] += (rows.tag_row(run_id, key, value) for key, value in change.tags.items() if value is not None)
    tables["metric_points"] += (rows.point_row(run_id, point) for point in change.metrics)
    latest = rules.latest(change.metrics).values()
    tables["latest_metrics"] += (rows.point_row(run_id, point) for point in latest)
    tables["datasets"] += (rows.dataset_row(run_id, use) for use in change.datasets)
    tables["models"] += (rows.model_row(run_id, model) for model in change.models)
    tables["artifacts"] += (rows.artifact_row(run_id, artifact) for artifact in change.artifacts)
    tables["modules"] += (rows.module_row(run_id, module) for module in change.modules)
    tables["origins"] += (rows.origin_row(run_id, origin) for origin in change.origins)
    tables["run_executions"] += (rows.link_row(run_id, execution_id) for execution_id in change.execution_ids)


def write(connection: Connection, batch: Batch, tables: Rows, texts: Texts) -> None:
    """Write the rows of a batch inside a write transaction, unless something on the record would change."""
    _check_executions(connection, batch, texts)
    if batch.runs or batch.withdrawn:
        _check_runs(connection, batch, texts)
    for table, statement in statements.WRITE.items():
        if table in tables:
            connection.execute(statement, tables[table])
    notes = [(change.run_id, change.note) for change in batch.runs if change.note is not None]
    if notes:
        connection.execute(
            statements.SET_NOTE, [texts.packed({"run": run, "text": note or None}) for run, note in notes]
        )
    removed = [(change.run_id, key) for change in batch.runs for key, value in change.tags.items() if value is None]
    if removed:
        connection.execute(statements.REMOVE_TAG, [{"run": stored(run), "tag": stored(tag)} for run, tag in removed])
    if batch.withdrawn:
        connection.execute(statements.WITHDRAW, {"ids": ids(batch.withdrawn)})


def _check_executions(connection: Connection, batch: Batch, texts: Texts) -> None:
    if not batch.executions:
        return
    wanted = {"ids": ids(execution.execution_id for execution in batch.executions)}
    known = {row.execution_id: row for row in texts.rows(connection.execute(statements.EXECUTIONS_BY_ID, wanted))}
    for execution in batch.executions:
        if execution.execution_id in known:
            rules.check_execution(rows.execution_of(known[execution.execution_id]), execution)


def _check_runs(connection: Connection, batch: Batch, texts: Texts) -> None:
    wanted = {"ids": ids({*(change.run_id for change in batch.runs), *batch.withdrawn})}
    on_record = texts.rows(connection.execute(statements.RUNS_BY_ID, wanted))
    known = {row.run_id: rows.run_of(row) for row in on_record}
    ended = {run_id: run for run_id, run in known.items() if run.status is not RunStatus.RUNNING}
    for run_id in batch.withdrawn:
        if run_id in known:
            rules.check_withdrawal(known[run_id])
    _check_params(connection, batch.runs, known, texts)
    _check_descriptions(connection, [change for change in batch.runs if change.run_id in ended], ended, texts)
    for change in batch.runs:
        rules.check_run(known.get(change.run_id), change)
        if change.run is not None:
            known[change.run_id] = change.run


def _check_params(connection: Connection, changes: Sequence[RunChange], known: dict[str, Run], texts: Texts) -> None:
    given = [(change.run_id, key, value) for change in changes for key, value in change.params.items()]
    if not given:
        return
    wanted = {"ids": ids({run_id for run_id, _, _ in given})}
    on_record = texts.rows(connection.execute(statements.PARAMS, wanted))
    values = {(row.run_id, row.key): decode(row.value) for row in on_record}
    for run_id, key, value in given:
        run = known.get(run_id)
        rules.check_param(run.name if run else run_id, key, values.setdefault((run_id, key), value), value)


_Described = tuple[Select[Any], Callable[[Any], rules.Described], Callable[[RunChange], Iterable[rules.Described]]]
_DESCRIBED: tuple[_Described, ...] = (
    (statements.DATASETS, rows.dataset_of, lambda change: change.datasets),
    (statements.MODELS, rows.model_of, lambda change: change.models),
    (statements.ARTIFACTS, rows.artifact_of, lambda change: change.artifacts),
    (statements.MODULES, rows.module_of, lambda change: change.modules),
)


def _check_descriptions(
    connection: Connection, changes: Sequence[RunChange], ended: dict[str, Run], texts: Texts
) -> None:
    wanted = {"ids": ids(change.run_id for change in changes)}
    for statement, record_of, given_in in _DESCRIBED:
        if not any(given_in(change) for change in changes):
            continue
        on_record = texts.rows(connection.execute(statement, wanted))
        known = {(row.run_id, rules.identity(record)): record for row in on_record for record in [record_of(row)]}
        for change in changes:
            for record in given_in(change):
                before = known.get((change.run_id, rules.identity(record)))
                if before is not None:
                    rules.check_description(ended[change.run_id], before, record)
