"""JSON values: how a param, a tag or a description is written, so that what comes back is what was given.

The store keeps Python's JSON (which knows ``NaN`` and ``Infinity``); what leaves Trackbook is strict JSON, with the
three special numbers as the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set
from json.encoder import encode_basestring
from numbers import Integral, Real
from typing import TypeAlias

from trackbook.errors import InvalidValueError

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # `json.dumps` makes one a call

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
_SMALL = 2**63  # far below where Python refuses to write an int
_SCALARS = frozenset({bool, int, float, str, type(None)})


def json_value(value: object) -> JsonValue:
    """Return `value` as a JSON value: tuples become lists, sets sorted lists, keys strings, numpy scalars numbers.

    Raises
    ------
    InvalidValueError
        If something in it has no JSON form, or it is nested deeper than Python can walk.
    """
    try:
        return _json_value(value)
    except RecursionError:
        raise InvalidValueError(
            "The value is nested too deeply (or contains itself) to be kept. Log its parts instead."
        ) from None


def _json_value(value: object) -> JsonValue:
    if type(value) in _SCALARS:
        return value  # type: ignore[return-value]  # one of the types of JsonValue
    if isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return {_key(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted((_json_value(item) for item in value), key=encode)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_json_value(item) for item in value]
    item = getattr(value, "item", None)  # a numpy scalar: bool_ is none of the above
    if callable(item) and getattr(value, "shape", None) == ():
        return _json_value(item())
    raise InvalidValueError(
        f"A {type(value).__name__} has no JSON form. Give a number, string, boolean, None, or a list or dict of them."
    )


def _key(key: object) -> str:
    return key if isinstance(key, str) else encode(_json_value(key))


def encode(value: JsonValue) -> str:
    """Return the text that the store keeps; `decode` gives an equal value back."""
    kind = type(value)
    if kind is str:  # most values are texts or small integers: those need no encoder
        return encode_basestring(value)  # type: ignore[arg-type]  # a text, as was just asked
    if kind is int and -_SMALL < value < _SMALL:  # type: ignore[operator]  # an int, as was just asked
        return repr(value)
    try:
        return _encode(value)
    except RecursionError:
        raise InvalidValueError("The value is nested too deeply to be kept. Log its parts instead.") from None


def decode(text: str) -> JsonValue:
    """Return the value that `encode` was given."""
    value: JsonValue = json.loads(text)
    return value


def strict(value: object) -> JsonValue:
    """Return a JSON value as strict JSON can hold it: special numbers as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return _json_value(value)
