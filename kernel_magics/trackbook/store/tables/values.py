"""Single Python values as JSON, so that exactly what was given comes back: of the same class, equal, and no code run.

What JSON has no word for is an object of one entry, ``{"decimal": "1.20"}``. Only exact types are known; an instance of
a subclass, or of one's own class, is not kept.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from trackbook.errors import StoreError
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.zones import zone_json, zone_of

_DEEPEST = 32
_PLAIN = frozenset({str, int, float, bool, type(None)})
_dumps = json.JSONEncoder(separators=(",", ":")).encode  # characters beyond ASCII escaped: lone surrogates survive


def value_text(value: object) -> str:
    """Return a value as JSON text.

    Raises
    ------
    UnfitError
        If it, or something in it, is of no known type.
    """
    if type(value) in (str, bool, type(None)):
        return _dumps(value)
    return _dumps(value_json(value))


def value_of_text(text: str) -> Any:
    """Return the value that `value_text` was given."""
    return value_of(json.loads(text))


def value_json(value: Any, depth: int = 0) -> Any:
    """Return a value as what `json` can write."""
    kind = type(value)
    if kind is int:  # Python refuses to read very long ones
        return value if value.bit_length() < 4096 else {"int": format(value, "x")}
    if kind in _PLAIN:
        return value
    if depth > _DEEPEST:
        raise UnfitError(f"a value nested more than {_DEEPEST} levels deep")
    if kind is list:
        return [value_json(each, depth + 1) for each in value]
    if kind in _NESTED:
        return _nested(value, kind, depth)
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    known = _KNOWN.get(kind)
    if known is None:
        raise UnfitError(f"a value of the class {kind.__module__}.{kind.__qualname__}")
    name, write, read = known
    written = {name: write(value)}
    if not _is_same(read(written[name]), value):
        raise UnfitError(f"{kind.__name__} {str(value)[:40]!r}, which would come back as another one")
    return written


def value_of(found: Any) -> Any:
    """Return the value that `value_json` was given."""
    if isinstance(found, list):
        return [value_of(each) for each in found]
    if not isinstance(found, dict):
        return found
    ((name, content),) = found.items()
    return _reader(name)(content)


def _nested(value: Any, kind: type, depth: int) -> Any:
    if kind is dict:
        return {"dict": [[value_json(key, depth + 1), value_json(each, depth + 1)] for key, each in value.items()]}
    items = [value_json(each, depth + 1) for each in value]
    return {kind.__name__: items if kind is tuple else sorted(items, key=_dumps)}


def _array(value: Any) -> Any:
    if type(value) is not np.ndarray and not isinstance(value, np.generic):
        raise UnfitError(f"an array of the class {type(value).__name__}")
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.kind in "VT":
        raise UnfitError(f"an array of {array.dtype} inside a cell")
    content = base64.b64encode(array.tobytes()).decode("ascii")
    if isinstance(value, np.generic):
        return {"scalar": [array.dtype.str, content]}
    return {"array": [array.dtype.str, list(array.shape), content]}


def _scalar_of(content: Any) -> Any:
    dtype, data = content
    return np.frombuffer(base64.b64decode(data), np.dtype(dtype))[0] if data else np.zeros(1, dtype)[0]


def _array_of(content: Any) -> Any:
    dtype, shape, data = content
    return np.frombuffer(bytearray(base64.b64decode(data)), np.dtype(dtype)).reshape(shape)


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether a value came back as it was; NaN and its like, which equal nothing, are told by their type."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):  # 1.20 equals 1.2, and a signalling NaN can't be asked
        return one.as_tuple() == other.as_tuple()
    return type(one) is type(other) and (bool(one is other or one == other) or one != one)


def _datetime_json(value: datetime) -> Any:
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, zone_json(value.tzinfo)]


def _datetime_of(content: Any) -> datetime:
    text, fold, zone = content
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=zone_of(zone))


def _time_json(value: time) -> Any:
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, zone_json(value.tzinfo)]


def _time_of(content: Any) -> time:
    text, fold, zone = content
    return time.fromisoformat(text).replace(fold=fold, tzinfo=zone_of(zone))


def _timestamp_json(value: Any) -> Any:
    naive = value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)
    return [int(naive.asm8.view("i8")), value.unit, zone_json(value.tzinfo)]


def _timestamp_of(content: Any) -> Any:
    number, unit, zone = content
    naive = pd.Timestamp(np.datetime64(number, unit))
    return naive if zone is None else naive.tz_localize("UTC").tz_convert(zone_of(zone))


def _timedelta_of(content: Any) -> Any:
    number, unit = content
    return pd.Timedelta(np.timedelta64(number, unit))


def _interval_json(value: Any) -> Any:
    return [value_json(value.left), value_json(value.right), value.closed]


def _interval_of(content: Any) -> Any:
    left, right, closed = content
    return pd.Interval(value_of(left), value_of(right), closed)


def _bytes_json(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode("ascii")


def _delta_json(value: timedelta) -> Any:
    return [value.days, value.seconds, value.microseconds]


_NESTED = frozenset({dict, tuple, set, frozenset})
_KNOWN: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: ("bytes", _bytes_json, base64.b64decode),
    bytearray: ("bytearray", _bytes_json, lambda text: bytearray(base64.b64decode(text))),
    complex: ("complex", lambda value: [value.real, value.imag], lambda pair: complex(*pair)),
    Decimal: ("decimal", str, Decimal),
    Fraction: ("fraction", str, Fraction),
    datetime: ("datetime", _datetime_json, _datetime_of),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", _time_json, _time_of),
    timedelta: ("timedelta", _delta_json, lambda parts: timedelta(*parts)),
    range: ("range", lambda value: [value.start, value.stop, value.step], lambda parts: range(*parts)),
    UUID: ("uuid", str, UUID),
    PurePosixPath: ("posix path", str, PurePosixPath),
    PureWindowsPath: ("windows path", str, PureWindowsPath),
    type(pd.NA): ("NA", lambda _: 0, lambda _: pd.NA),
    type(pd.NaT): ("NaT", lambda _: 0, lambda _: pd.NaT),
    pd.Timestamp: ("timestamp", _timestamp_json, _timestamp_of),
    pd.Timedelta: ("pandas timedelta", lambda value: [int(value.asm8.view("i8")), value.unit], _timedelta_of),
    pd.Period: (
        "period",
        lambda value: [value.ordinal, value.freqstr],
        lambda pair: pd.Period(ordinal=pair[0], freq=pair[1]),
    ),
    pd.Interval: ("interval", _interval_json, _interval_of),
}
if sys.platform != "win32":
    _KNOWN[PosixPath] = ("path", str, PosixPath)
_READERS: dict[str, Callable[[Any], Any]] = {
    **{name: read for name, _, read in _KNOWN.values()},
    "int": lambda text: int(text, 16),
    "dict": lambda pairs: {value_of(key): value_of(each) for key, each in pairs},
    "tuple": lambda items: tuple(value_of(each) for each in items),
    "set": lambda items: {value_of(each) for each in items},
    "frozenset": lambda items: frozenset(value_of(each) for each in items),
    "scalar": _scalar_of,
    "array": _array_of,
}


def _reader(name: str) -> Callable[[Any], Any]:
    try:
        return _READERS[name]
    except KeyError:
        raise StoreError(
            f"A snapshot holds a value of the kind {name!r}, which is not known here. "
            "Read it where it was written, or upgrade: pip install -U trackbook."
        ) from None
