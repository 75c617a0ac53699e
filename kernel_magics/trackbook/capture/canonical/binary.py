"""Fixed-width values as canonical bytes, and how digests are put together.

Values are hashed as little-endian bytes in C order, a piece at a time, so that what has to be made canonical (NaN, byte
order, strides) stays in the processor's cache.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

Array: TypeAlias = NDArray[Any]

_VERSION = 1  # of the canonical form: the first byte of whatever is hashed
_PIECE = 1 << 15  # elements made canonical at a time: 256 kB of float64
_SIDE_BY_SIDE = 1 << 12  # rows of strided columns walked together, so that a row-major block is read from memory once


class UnfitError(TypeError):
    """Something in the value has no canonical form."""


def combine(*parts: bytes | str | int) -> bytes:
    """Return the digest of parts, each with its kind and length before it, so that no two lists of parts collide."""
    state = xxh3_128(bytes((_VERSION,)))
    for part in parts:
        kind, content = _framed(part)
        state.update(kind + len(content).to_bytes(8, "little"))
        state.update(content)
    return state.digest()


def bytes_digest(array: Array) -> bytes:
    """Return the digest of the values of a fixed-width array, in C order."""
    state = xxh3_128()
    feed(state, array)
    return state.digest()


def side_by_side_digests(columns: Sequence[Array]) -> list[bytes]:
    """Return `bytes_digest` of fixed-width columns of one length, walking all of them together a few rows at a time."""
    states = [xxh3_128() for _ in columns]
    for start in range(0, len(columns[0]) if columns else 0, _SIDE_BY_SIDE):
        for state, column in zip(states, columns, strict=True):
            feed(state, np.ascontiguousarray(column[start : start + _SIDE_BY_SIDE]))
    return [state.digest() for state in states]


def feed(state: xxh3_128, array: Array) -> None:
    """Add the canonical bytes of a fixed-width array in C order; the same in one call or in several."""
    if array.dtype.kind not in "fc" and array.flags.c_contiguous and _is_little(array.dtype):
        state.update(_raw(array))
        return
    for piece in _pieces(array):
        state.update(_raw(_canonical(piece)))


def filled(array: Array, mask: Array) -> Array:
    """Return a copy with zeros under the mask, so that what lies hidden there does not count."""
    copy = np.array(array)
    copy[mask] = np.zeros((), array.dtype)
    return copy


def _framed(part: bytes | str | int) -> tuple[bytes, bytes]:
    if isinstance(part, int):
        return b"i", str(part).encode()
    if isinstance(part, str):
        return b"s", part.encode("utf-8", "surrogatepass")
    return b"b", part


def _pieces(array: Array) -> Iterator[Array]:
    """Give out the values in C order as contiguous, little-endian arrays of one dimension."""
    if array.flags.c_contiguous:
        flat = array.reshape(-1)
        for start in range(0, flat.size, _PIECE):
            yield _little(flat[start : start + _PIECE])
    elif array.ndim == 1 or array[0].size <= _PIECE:
        rows = max(1, _PIECE // array[0].size)
        for start in range(0, len(array), rows):
            yield _little(np.ascontiguousarray(array[start : start + rows]).reshape(-1))
    else:
        for row in array:
            yield from _pieces(row)


def _is_little(dtype: np.dtype[Any]) -> bool:
    return dtype.byteorder in "|<" or (dtype.byteorder == "=" and sys.byteorder == "little")


def _little(piece: Array) -> Array:
    return piece if _is_little(piece.dtype) else piece.astype(piece.dtype.newbyteorder("<"))


def _canonical(piece: Array) -> Array:
    if piece.dtype.kind == "c":
        piece = piece.view(f"<f{piece.itemsize // 2}")
    if piece.dtype.kind != "f":
        return piece
    return _split(piece) if piece.itemsize > 8 else _with_one_nan(piece)


def _with_one_nan(piece: Array) -> Array:
    """Give every NaN the same bits; -0.0 and 0.0 stay apart."""
    missing = np.isnan(piece)
    if missing.any():
        piece = piece.copy()
        np.copyto(piece, np.nan, where=missing)
    return piece


def _split(piece: Array) -> Array:
    """Return long doubles, whose bytes are part padding, as two doubles that add up to the mantissa, and exponent."""
    finite = np.isfinite(piece)
    mantissa, exponent = np.frexp(np.where(finite, piece, 0))
    high = mantissa.astype(np.float64)
    low = (mantissa - high).astype(np.float64)
    special = np.where(finite, 0, piece).astype(np.float64)
    return np.stack([high, low, exponent.astype(np.float64), _with_one_nan(special)], axis=1)


def _raw(array: Array) -> memoryview:
    """Return the bytes: numpy lends no buffer of datetimes, and no bytes of what has none."""
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")
