"""Records to rows and back. A row leaves here as a dict or a tuple for one table, without the numbers of its run
and key; texts are made to fit elsewhere (`texts.py`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any, TypeAlias

from trackbook.clock import microseconds, moment
from trackbook.records import (
    Artifact,
    Column,
    DatasetUse,
    Environment,
    Execution,
    Failure,
    FileRead,
    Git,
    HiddenRead,
    HiddenReason,
    Inside,
    JsonValue,
    LoggedPoint,
    LoggedPoints,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Process,
    Resources,
    Role,
    Run,
    RunStatus,
    Session,
    Source,
    Statement,
    Verdict,
    decode,
    encode,
)
from trackbook.store.sql.values import (
    exact,
    json_dict,
    json_list,
    json_mapping,
    json_names,
    json_text,
    names_of,
    number_of,
    quoted,
    real,
    real_of_json,
)

Row: TypeAlias = dict[str, Any]
Stored: TypeAlias = Any  # a row of a result: values by name
PointRow: TypeAlias = tuple[int, int, float | None, str | None]


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else microseconds(value)


def _moment(number: int | None) -> datetime | None:
    return None if number is None else moment(number)


def session_row(session: Session) -> Row:
    """Return the row of a session."""
    process = session.process
    return {
        "session_id": session.session_id,
        "experiment": session.experiment,
        "started_at": microseconds(session.started_at),
        "lease_expires_at": microseconds(session.lease_expires_at),
        "ended_at": _microseconds(session.ended_at),
        "host": process.host,
        "boot": process.boot,
        "pid": process.pid,
        "process_started": process.started,
        "user": session.user,
        "notebook": session.notebook,
        "kernel_id": session.kernel_id,
        "environment_id": session.environment_id,
        "parent_run_id": session.parent_run_id,
    }


def session_of(row: Stored) -> Session:
    """Return the session of a row."""
    return Session(
        session_id=row.session_id,
        experiment=row.experiment,
        started_at=moment(row.started_at),
        lease_expires_at=moment(row.lease_expires_at),
        ended_at=_moment(row.ended_at),
        process=Process(host=row.host, boot=row.boot, pid=row.pid, started=row.process_started),
        user=row.user,
        notebook=row.notebook,
        kernel_id=row.kernel_id,
        environment_id=row.environment_id,
        parent_run_id=row.parent_run_id,
    )


def environment_row(environment: Environment) -> Row:
    """Return the row of an environment."""
    git = environment.git
    return {
        "environment_id": environment.environment_id,
        "python": environment.python,
        "implementation": environment.implementation,
        "platform": environment.platform,
        "machine": environment.machine,
        "packages": json_mapping(environment.packages),
        "hardware": json_mapping(environment.hardware),
        "git_commit": git and git.commit,
        "git_branch": git and git.branch,
        "git_is_dirty": git and git.is_dirty,
        "git_patch": git and git.patch,
        "git_remote": git and git.remote,
    }


def environment_of(row: Stored) -> Environment:
    """Return the environment of a row."""
    git = None
    if row.git_commit is not None:
        git = Git(
            commit=row.git_commit,
            branch=row.git_branch,
            is_dirty=bool(row.git_is_dirty),
            patch=row.git_patch,
            remote=row.git_remote,
        )
    return Environment(
        environment_id=row.environment_id,
        python=row.python,
        implementation=row.implementation,
        platform=row.platform,
        machine=row.machine,
        packages={name: str(version) for name, version in json_dict(row.packages).items()},
        hardware=json_dict(row.hardware),
        git=git,
    )


def execution_row(execution: Execution) -> Row:
    """Return the row of an execution, without its runs."""
    return {
        "execution_id": execution.execution_id,
        "session_id": execution.session_id,
        "nth": execution.index,
        "prompt": execution.count,
        "cell_id": execution.cell_id,
        "source": execution.source,
        "started_at": microseconds(execution.started_at),
        "seconds": execution.seconds,
        "outcome": execution.outcome.value,
        "failure": _failure_text(execution.failure),
        "reads": json_names(execution.reads),
        "writes": json_names(execution.writes),
        "maybe": json_names(execution.maybe),
        "state": json_names(execution.state),
        "hidden": _hidden_text(execution.hidden),
        "outputs": _outputs_text(execution.outputs),
        "statements": _statements_text(execution.statements),
        "cpu_seconds": execution.resources.cpu_seconds,
        "peak_memory_bytes": execution.resources.peak_memory_bytes,
        "gpu_peak_memory_bytes": execution.resources.gpu_peak_memory_bytes,
        "gpu_percent": execution.resources.gpu_percent,
    }


def execution_of(row: Stored, run_ids: tuple[str, ...] = ()) -> Execution:
    """Return the execution of a row."""
    return Execution(
        execution_id=row.execution_id,
        session_id=row.session_id,
        index=row.nth,
        count=row.prompt,
        cell_id=row.cell_id,
        source=row.source,
        started_at=moment(row.started_at),
        seconds=row.seconds,
        outcome=Outcome(row.outcome),
        failure=_failure_of(row.failure),
        reads=names_of(row.reads),
        writes=names_of(row.writes),
        maybe=names_of(row.maybe),
        state=names_of(row.state),
        hidden=_hidden_of(row.hidden),
        outputs=outputs_of(row.outputs),
        statements=_statements_of(row.statements),
        resources=Resources(
            cpu_seconds=row.cpu_seconds,
            peak_memory_bytes=row.peak_memory_bytes,
            gpu_peak_memory_bytes=row.gpu_peak_memory_bytes,
            gpu_percent=row.gpu_percent,
        ),
        run_ids=run_ids,
    )


def _hidden_text(hidden: tuple[HiddenRead, ...]) -> str:
    if not hidden:
        return "[]"
    return encode([[each.name, each.source.execution_id, each.source.statement, each.reason.value] for each in hidden])


def _hidden_of(text: str) -> tuple[HiddenRead, ...]:
    items: Any = decode(text)
    return tuple(
        HiddenRead(
            name=name, source=Source(execution_id=execution_id, statement=statement), reason=HiddenReason(reason)
        )
        for name, execution_id, statement, reason in items
    )


def _outputs_text(outputs: tuple[Output, ...]) -> str:
    return json_text([_output_json(output) for output in outputs]) if outputs else "[]"


def _output_json(output: Output) -> JsonValue:
    parts: list[JsonValue] = [
        [part.media_type, part.size, part.digest, part.text, part.is_cut] for part in output.parts
    ]
    return [output.kind.value, output.name, parts]


def outputs_of(text: str) -> tuple[Output, ...]:
    """Return the outputs that a column holds."""
    items: Any = decode(text)
    return tuple(
        Output(kind=OutputKind(kind), name=name, parts=tuple(_part_of(part) for part in parts))
        for kind, name, parts in items
    )


def _part_of(item: Any) -> OutputPart:
    media_type, size, digest, text, is_cut = item
    return OutputPart(media_type=media_type, size=size, digest=digest, text=text, is_cut=is_cut)


def _statements_text(statements: tuple[Statement, ...]) -> str:
    """Return statements as `encode` would write them, put together by hand: each cell that runs waits for it."""
    return f"[{','.join([_statement_text(statement) for statement in statements])}]" if statements else "[]"


def _statement_text(statement: Statement) -> str:
    reads = ",".join([f"{quoted(name)}:{_sources_text(sources)}" for name, sources in statement.reads.items()])
    more = ""
    if statement.files:
        more = f',"files":{json_text([[file.path, file.size, file.digest] for file in statement.files])}'
    if statement.unseeded:
        more += f',"unseeded":{json_text(list(statement.unseeded))}'
    return (
        f'{{"line":{statement.line},"end_line":{statement.end_line},"reads":{{{reads}}},'
        f'"writes":{json_names(statement.writes)},"literals":{json_mapping(statement.literals)}{more}}}'
    )


def _sources_text(sources: tuple[Source, ...]) -> str:
    return f"[{','.join([f'[{quoted(each.execution_id)},{each.statement}]' for each in sources])}]"


def _statements_of(text: str) -> tuple[Statement, ...]:
    items: Any = decode(text)
    return tuple(
        Statement(
            line=item["line"],
            end_line=item["end_line"],
            reads={name: tuple(_sources_of(sources)) for name, sources in item["reads"].items()},
            writes=tuple(item["writes"]),
            literals=item["literals"],
            files=tuple(FileRead(path=path, size=size, digest=digest) for path, size, digest in item.get("files", ())),
            unseeded=tuple(item.get("unseeded", ())),
        )
        for item in items
    )


def _sources_of(items: list[tuple[str, int]]) -> list[Source]:
    return [Source(execution_id=execution_id, statement=statement) for execution_id, statement in items]


def run_row(run: Run) -> Row:
    """Return the row of a run."""
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "session_id": run.session_id,
        "parent_id": run.parent_id,
        "started_at": microseconds(run.started_at),
        "finished_at": _microseconds(run.finished_at),
        "status": run.status.value,
        "verdict": run.verdict and run.verdict.value,
        "verdict_reason": run.verdict_reason,
        "failure": _failure_text(run.failure),
        "environment_id": run.environment_id,
        "note": run.note,
    }


_STATUS = {status.value: status for status in RunStatus}  # an enum looks its values up at five times the price


def run_of(row: Stored) -> Run:
    """Return the run of a row."""
    return Run(
        run_id=row.run_id,
        name=row.name,
        experiment=row.experiment,
        session_id=row.session_id,
        parent_id=row.parent_id,
        started_at=moment(row.started_at),
        finished_at=_moment(row.finished_at),
        status=_STATUS[row.status],
        verdict=Verdict(row.verdict) if row.verdict else None,
        verdict_reason=row.verdict_reason,
        failure=_failure_of(row.failure),
        environment_id=row.environment_id,
        note=row.note,
    )


def _failure_text(failure: Failure | None) -> str | None:
    return None if failure is None else encode([failure.type, failure.message, failure.traceback])


def _failure_of(text: str | None) -> Failure | None:
    if text is None:
        return None
    kind, message, traceback = json_list(text)
    return Failure(type=str(kind), message=str(message), traceback=None if traceback is None else str(traceback))


def param_row(value: JsonValue) -> tuple[str, float | None]:
    """Return the value and number of a param."""
    return json_text(value), real_of_json(value)


def param_of(text: str) -> JsonValue:
    """Return the value of a param; what few texts stand for in many runs is read once."""
    return decode(text) if text[0] in "[{" or len(text) > _SHORT else _scalar(text)


_SHORT = 32
_scalar = lru_cache(4096)(decode)


def point_row(point: MetricPoint) -> PointRow:
    """Return the step, time, value and exact text of a metric point."""
    value = point.value
    if type(value) is float and value and value == value:  # nearly all: nothing about them is special
        return point.step, microseconds(point.time), value, None
    return point.step, microseconds(point.time), real(value), exact(value)


def point_rows(points: Sequence[MetricPoint]) -> dict[str, list[PointRow]]:
    """Return the rows of points by key, the keys in the order in which they first came."""
    found: dict[str, list[PointRow]] = defaultdict(list)
    if not isinstance(points, LoggedPoints):
        for point in points:
            found[point.key].append(point_row(point))
        return found
    if len(set(map(itemgetter(0), points.rows))) == 1:
        return {points.rows[0][0]: _logged_rows(points.rows)}
    logged: dict[str, list[LoggedPoint]] = defaultdict(list)
    for row in points.rows:
        logged[row[0]].append(row)
    return {key: _logged_rows(listed) for key, listed in logged.items()}


def _logged_rows(points: list[LoggedPoint]) -> list[PointRow]:
    _, values, steps, times = zip(*points, strict=True)
    if set(map(type, values)) == {float} and all(values) and not any(map(math.isnan, values)):
        return list(zip(steps, times, values, repeat(None), strict=False))
    return [(step, time, real(value), exact(value)) for _, value, step, time in points]


def point_of(key: str, step: int, time: int, value: float | None, text: str | None) -> MetricPoint:
    """Return the metric point of a key and a row."""
    return MetricPoint(key=key, value=number_of(value, text), step=step, time=moment(time))


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
        "files": encode([[file.path, file.size, file.digest] for file in use.files]),
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
        files=tuple(FileRead(path=path, size=size, digest=digest) for path, size, digest in files),
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
        fits=tuple(_sources_of(fits)),
        unseeded=tuple(unseeded),
    )
