"""What a session has to write, as text and back: a batch outlives its process in a file while the store is away.

JSON with the names of records in it; what is read can make records and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from trackbook import records
from trackbook.errors import InvalidValueError
from trackbook.records import LoggedPoints
from trackbook.store.contract import Batch, RunChange

Parcel: TypeAlias = Batch | bytes
"""A batch, or the bytes of an object."""

_KIND = "!"  # the key that says what a JSON object stands for
_CLASSES = {
    each.__name__: each
    for each in (*(getattr(records, name) for name in records.__all__), Batch, RunChange)
    if isinstance(each, type)
}


def dumped(batch: Batch) -> str:
    """Return a batch as JSON."""
    return json.dumps(_plain(batch), separators=(",", ":"))


def loaded(text: str) -> Batch:
    """Return the batch of a text.

    Raises
    ------
    InvalidValueError
        If it holds none that this version knows.
    """
    try:
        batch = json.loads(text, object_hook=_read)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidValueError(f"What waited for the store can't be read by this version: {error}.") from error
    if not isinstance(batch, Batch):
        raise InvalidValueError("What waited for the store is no batch.")
    return batch


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return {_KIND: type(value).__name__, "is": value.value}
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return {_KIND: "datetime", "is": value.isoformat()}
    if isinstance(value, LoggedPoints):
        return {_KIND: "LoggedPoints", "is": value.rows}
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    return _several(value)


def _record(value: Any) -> dict[str, Any]:
    """Return a record by its fields, without those that are as they are by default."""
    told = {_KIND: type(value).__name__}
    for field in fields(value):
        given = getattr(value, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if type(given) is not type(default) or given != default:
            told[field.name] = _plain(given)
    return told


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    if _KIND in value:
        return {_KIND: "dict", "is": [[key, _plain(each)] for key, each in value.items()]}
    return {key: _plain(each) for key, each in value.items()}


def _several(value: Iterable[Any]) -> Any:
    listed = [_plain(each) for each in value]
    return {_KIND: "tuple", "is": listed} if isinstance(value, tuple) else listed


def _read(told: dict[str, Any]) -> Any:
    kind = told.pop(_KIND, None)
    if kind is None:
        return told
    if kind == "tuple":
        return tuple(told["is"])
    if kind == "dict":
        return dict(told["is"])
    if kind == "datetime":
        return datetime.fromisoformat(told["is"])
    if kind == "LoggedPoints":
        return LoggedPoints([tuple(row) for row in told["is"]])
    found: type[Any] = _CLASSES[kind]
    return found(told["is"]) if issubclass(found, Enum) else found(**told)
