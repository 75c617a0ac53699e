"""Runs of Python objects as canonical bytes: object columns, lists, rows, labels.

A run is written column by column: the kind of each object as one byte, then the values kind by kind, so that a million
strings or a hundred thousand rows cost a few calls and not a few a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import chain, compress
from pathlib import PurePath
from typing import Any
from uuid import UUID

import numpy as np
from xxhash import xxh3_128

from trackbook.capture.canonical.binary import Array, UnfitError, bytes_digest, combine

_MAX_DEPTH = 24
_MAX_NESTED = 50_000_000  # items of lists in lists; lists that share lists grow with the power of their depth
_MAX_NESTED_DEEP = 100_000
_DEEP = 8
_NONE, _BOOL, _INT, _FLOAT, _STR, _BYTES, _LIST, _TUPLE = range(8)
_OTHER = 255


class _Kinds(dict[type, int]):
    def __missing__(self, key: type) -> int:
        return _OTHER


_KINDS = _Kinds(
    {
        type(None): _NONE,
        bool: _BOOL,
        int: _INT,
        float: _FLOAT,
        str: _STR,
        bytes: _BYTES,
        list: _LIST,
        tuple: _TUPLE,
    }
)


def objects_digest(values: Sequence[object], depth: int = 0) -> bytes:
    """Return the digest of a run of Python objects; exact types count, so 1, 1.0 and True are three values.

    Raises
    ------
    UnfitError
        If one of them has no canonical form, or they are nested too deeply (or contain themselves).
    """
    if depth > _MAX_DEPTH:
        raise UnfitError("nested too deeply")
    kinds = bytes(map(_KINDS.__getitem__, map(type, values)))
    present = sorted(set(kinds))
    sections: list[bytes | int] = []
    for kind in present:
        chosen = values if len(present) == 1 else list(compress(values, map(kind.__eq__, kinds)))
        sections += [kind, _section(kind, chosen, depth)]
    return combine("objects", len(values), xxh3_128(kinds).digest(), *sections)


def encoded(texts: Sequence[str]) -> tuple[Array, bytes]:
    """Return the lengths of strings in UTF-8 bytes as int64, and the bytes joined."""
    joined = "".join(texts)
    if joined.isascii():
        return _lengths(texts), joined.encode()
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    return _lengths(parts), b"".join(parts)


def _section(kind: int, values: Sequence[Any], depth: int) -> bytes:
    if kind == _NONE:
        return b""
    if kind == _BOOL:
        return xxh3_128(bytes(values)).digest()
    if kind == _INT:
        return _ints_digest(values)
    if kind == _FLOAT:
        return bytes_digest(np.fromiter(values, np.float64, len(values)))
    if kind == _STR:
        lengths, content = encoded(values)
        return combine(bytes_digest(lengths), xxh3_128(content).digest())
    if kind == _BYTES:
        return combine(bytes_digest(_lengths(values)), b"".join(values))
    if kind in (_LIST, _TUPLE):
        return combine(bytes_digest(_lengths(values)), objects_digest(_flat(values, depth), depth + 1))
    return combine(*(_other_digest(value, depth) for value in values))


def _lengths(values: Sequence[Any]) -> Array:
    return np.fromiter(map(len, values), np.int64, len(values))


def _flat(values: Sequence[Sequence[object]], depth: int) -> list[object]:
    if sum(map(len, values)) > (_MAX_NESTED if depth < _DEEP else _MAX_NESTED_DEEP):
        raise UnfitError("too many nested items")
    return list(chain.from_iterable(values))


def _ints_digest(values: Sequence[int]) -> bytes:
    try:
        return bytes_digest(np.fromiter(values, np.int64, len(values)))
    except OverflowError:
        return combine(*(format(value, "x") for value in values))


def _other_digest(value: Any, depth: int) -> bytes:
    """Return the digest of one object that is of none of the plain types."""
    name = _class_name(type(value))
    if isinstance(value, np.generic):
        return combine("scalar", _nested_digest(np.asarray(value)))
    if isinstance(value, Enum):
        return combine(name, value.name)
    if isinstance(value, dict):
        return combine(name, *sorted(objects_digest(pair, depth + 1) for pair in value.items()))
    if isinstance(value, set | frozenset):
        return combine(name, *sorted(objects_digest([item], depth + 1) for item in value))
    for base in (str, int, float, bytes, list, tuple):  # of a subclass: a namedtuple, say
        if isinstance(value, base):
            return combine(name, _section(_KINDS[base], [value], depth + 1))
    text = _pandas_text(value, name) if name.startswith("pandas.") else _text(value)
    return combine(name, _nested_digest(value) if text is None else text)


def _text(value: Any) -> str | None:
    """Return the text that stands for a value of a well-known immutable type, None for any other."""
    if isinstance(value, datetime | time):
        return f"{value.isoformat()} {value.tzinfo} {value.fold}"
    if isinstance(value, date | PurePath | UUID):
        return str(value)
    if isinstance(value, complex | Decimal | Fraction | timedelta | range):
        return repr(value)
    return None


def _pandas_text(value: Any, name: str) -> str | None:
    if name in ("pandas.NAType", "pandas.NaTType"):
        return ""
    if name == "pandas.Timestamp":
        return f"{value.isoformat()} {value.tzinfo} {value.fold}"
    if name == "pandas.Timedelta":
        return str(value.isoformat())
    if name == "pandas.Period":
        return f"{value.ordinal} {value.freqstr}"
    if name == "pandas.Interval":
        return objects_digest([value.left, value.right, value.closed]).hex()
    return None


def _nested_digest(value: object) -> bytes:
    from trackbook.capture.canonical.tables import digest  # tables hold objects, and objects hold tables

    return digest(value)


def _class_name(cls: type) -> str:
    """Return package and class: the modules between them move from version to version."""
    return f"{cls.__module__.partition('.')[0]}.{cls.__qualname__}"
