"""What the rows of several tables have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from trackbook.clock import microseconds, moment
from trackbook.records import Failure, FileRead, JsonValue, Source, encode
from trackbook.store.sql.values import json_list

Row: TypeAlias = dict[str, Any]
Stored: TypeAlias = Any  # a row of a result: values by name


def microseconds_of(value: datetime | None) -> int | None:
    """Return a time as microseconds since 1970, None for none."""
    return None if value is None else microseconds(value)


def moment_of(number: int | None) -> datetime | None:
    """Return the time of such a number."""
    return None if number is None else moment(number)


def failure_text(failure: Failure | None) -> str | None:
    """Return a failure as text."""
    return None if failure is None else encode([failure.type, failure.message, failure.traceback])


def failure_of(text: str | None) -> Failure | None:
    """Return the failure of a text."""
    if text is None:
        return None
    kind, message, traceback = json_list(text)
    return Failure(type=str(kind), message=str(message), traceback=None if traceback is None else str(traceback))


def sources_of(items: list[tuple[str, int]]) -> list[Source]:
    """Return statements from their executions and numbers."""
    return [Source(execution_id=execution_id, statement=statement) for execution_id, statement in items]


def files_text(files: Iterable[FileRead]) -> str:
    """Return files as text; where a file's content is kept, and that it was the latest, stand last, if so."""
    listed: list[JsonValue] = [[file.path, file.size, file.digest, *_more(file)] for file in files]
    return encode(listed)


def _more(file: FileRead) -> list[JsonValue]:
    if file.is_latest:
        return [file.object_digest, True]
    return [file.object_digest] if file.object_digest else []


def files_of(items: Iterable[Any]) -> tuple[FileRead, ...]:
    """Return files from what was decoded of such a text."""
    return tuple(
        FileRead(path=path, size=size, digest=digest, object_digest=more[0] if more else None, is_latest=len(more) > 1)
        for path, size, digest, *more in items
    )
