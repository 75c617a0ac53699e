"""Thrift's compact protocol, as far as Parquet's page headers and footers use it.

A structure is a dict: field number -> (type, value); a list is a pair of its elements' type and its elements. So what
is read can be changed in place and written again, fields that nobody here knows included.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any, TypeAlias

from trackbook.errors import StoreError

Struct: TypeAlias = dict[int, tuple[int, Any]]

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
_INTEGERS = (I16, I32, I64)


def read_struct(data: bytes | memoryview, at: int = 0) -> tuple[Struct, int]:
    """Return the structure that begins at a position, and the position after it."""
    found: Struct = {}
    number = 0
    while head := data[at]:
        at += 1
        kind, step = head & 15, head >> 4
        if step:
            number += step
        else:
            number, at = _signed(data, at)
        if kind in (TRUE, FALSE):  # a field's type is its value
            found[number] = (TRUE, kind == TRUE)
        else:
            value, at = _value(data, at, kind)
            found[number] = (kind, value)
    return found, at + 1


def write_struct(struct: Struct) -> bytes:
    """Return a structure's bytes, `read_struct` turned round."""
    parts = []
    last = 0
    for number, (kind, value) in sorted(struct.items()):
        marked = (TRUE if value else FALSE) if kind == TRUE else kind
        step = number - last
        parts.append(bytes([step << 4 | marked]) if 0 < step < 16 else bytes([marked]) + _signed_bytes(number))
        if kind != TRUE:
            parts.append(_bytes(kind, value))
        last = number
    return b"".join(parts) + b"\0"


def _value(data: bytes | memoryview, at: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _signed(data, at)
    if kind == STRUCT:
        return read_struct(data, at)
    if kind == BINARY:
        size, at = _unsigned(data, at)
        return bytes(data[at : at + size]), at + size
    if kind in (LIST, SET):
        return _elements(data, at)
    if kind == DOUBLE:
        return bytes(data[at : at + 8]), at + 8
    if kind in (TRUE, FALSE, BYTE):  # as elements of a list, booleans are a byte each
        return data[at], at + 1
    raise StoreError(f"A Parquet header holds something of the unknown type {kind}. Check the store: trackbook verify.")


def _elements(data: bytes | memoryview, at: int) -> tuple[tuple[int, list[Any]], int]:
    head = data[at]
    at += 1
    count, kind = head >> 4, head & 15
    if count == 15:
        count, at = _unsigned(data, at)
    elements = []
    for _ in range(count):
        element, at = _value(data, at, kind)
        elements.append(element)
    return (kind, elements), at


def _bytes(kind: int, value: Any) -> bytes:
    if kind in _INTEGERS:
        return _signed_bytes(value)
    if kind == STRUCT:
        return write_struct(value)
    if kind == BINARY:
        return _unsigned_bytes(len(value)) + bytes(value)
    if kind in (LIST, SET):
        element, elements = value
        count = len(elements)
        head = bytes([count << 4 | element]) if count < 15 else bytes([0xF0 | element]) + _unsigned_bytes(count)
        return head + b"".join(_bytes(element, each) for each in elements)
    return bytes(value) if kind == DOUBLE else bytes([value])


def _unsigned(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _signed(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at


def _unsigned_bytes(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _signed_bytes(value: int) -> bytes:
    return _unsigned_bytes(value << 1 if value >= 0 else (-value << 1) - 1)
