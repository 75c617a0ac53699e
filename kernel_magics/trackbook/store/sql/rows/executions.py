"""Rows of executions."""

from __future__ import annotations

from typing import Any

from trackbook.clock import microseconds, moment
from trackbook.records import (
    Execution,
    HiddenRead,
    HiddenReason,
    JsonValue,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Resources,
    Source,
    Statement,
    decode,
    encode,
)
from trackbook.store.sql.rows.parts import Row, Stored, failure_of, failure_text, files_of, files_text, sources_of
from trackbook.store.sql.values import json_mapping, json_names, json_text, names_of, quoted


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
        "outcome": str(execution.outcome),
        "failure": failure_text(execution.failure),
        "reads": json_names(execution.reads),
        "writes": json_names(execution.writes),
        "maybe": json_names(execution.maybe),
        "state": json_names(execution.state),
        "hidden": _hidden_text(execution.hidden),
        "outputs": _outputs_text(execution.outputs),
        "statements": statements_text(execution.statements),
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
        failure=failure_of(row.failure),
        reads=names_of(row.reads),
        writes=names_of(row.writes),
        maybe=names_of(row.maybe),
        state=names_of(row.state),
        hidden=_hidden_of(row.hidden),
        outputs=outputs_of(row.outputs),
        statements=statements_of(row.statements),
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


def statements_text(statements: tuple[Statement, ...]) -> str:
    """Return statements as `encode` would write them, put together by hand: each cell that runs waits for it."""
    return f"[{','.join([_statement_text(statement) for statement in statements])}]" if statements else "[]"


def _statement_text(statement: Statement) -> str:
    reads = more = ""
    if statement.reads:
        reads = ",".join([f"{quoted(name)}:{_sources_text(sources)}" for name, sources in statement.reads.items()])
    if statement.files:
        more = f',"files":{files_text(statement.files)}'
    if statement.unseeded:
        more += f',"unseeded":{json_text(list(statement.unseeded))}'
    return (
        f'{{"line":{statement.line},"end_line":{statement.end_line},"reads":{{{reads}}},'
        f'"writes":{json_names(statement.writes)},"literals":{json_mapping(statement.literals)}{more}}}'
    )


def _sources_text(sources: tuple[Source, ...]) -> str:
    return f"[{','.join([f'[{quoted(each.execution_id)},{each.statement}]' for each in sources])}]"


def statements_of(text: str) -> tuple[Statement, ...]:
    """Return the statements that a column holds."""
    items: Any = decode(text)
    return tuple(
        Statement(
            line=item["line"],
            end_line=item["end_line"],
            reads={name: tuple(sources_of(sources)) for name, sources in item["reads"].items()},
            writes=tuple(item["writes"]),
            literals=item["literals"],
            files=files_of(item.get("files", ())),
            unseeded=tuple(item.get("unseeded", ())),
        )
        for item in items
    )
