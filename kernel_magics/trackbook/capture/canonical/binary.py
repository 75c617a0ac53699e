"""Fixed-width values as canonical bytes, and how digests are put together.

Values are hashed as little-endian bytes in C order, a piece at a time, so that what has to be made canonical (NaN, byte
order, strides) stays in the processor's cache.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

Array: TypeAlias = NDArray[Any]

_VERSION = 1  # of the canonical form: the first byte of whatever is hashed
_PIECE = 1 << 17  # elements made canonical at a time: 1 MB of float64
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
    return pieces_digest([array])


def pieces_digest(pieces: Iterable[Array]) -> bytes:
    """Return `bytes_digest` of arrays as if they were one."""
    state = xxh3_128()
    with _looking_for_nan():
        for piece in pieces:
            state = _fed(state, piece)
    return state.digest()


def spans(length: int) -> Iterator[slice]:
    """Cut a length into slices so short that what is made of one stays in the processor's cache."""
    return (slice(start, min(start + _PIECE, length)) for start in range(0, length, _PIECE))


def side_by_side_digests(columns: Sequence[Array]) -> list[bytes]:
    """Return `bytes_digest` of fixed-width columns of one length, walking all of them together a few rows at a time."""
    states = [xxh3_128() for _ in columns]
    with _looking_for_nan():
        for start in range(0, len(columns[0]) if columns else 0, _SIDE_BY_SIDE):
            rows = slice(start, start + _SIDE_BY_SIDE)
            parts = (np.ascontiguousarray(column[rows]) for column in columns)
            states = list(map(_fed, states, parts))
    return [state.digest() for state in states]


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
        for span in spans(flat.size):
            yield _little(flat[span])
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


def _looking_for_nan() -> np.errstate:
    """Keep numpy from telling of signalling NaN, on the platforms where a look at one is an invalid operation."""
    return np.errstate(invalid="ignore")


def _fed(state: xxh3_128, array: Array) -> xxh3_128:
    """Return the state after the canonical bytes of a fixed-width array in C order; the one given may change."""
    if array.dtype.kind not in "fc" and array.flags.c_contiguous and _is_little(array.dtype):
        state.update(_raw(array))
        return state
    for piece in _pieces(array):
        part = piece.view(f"<f{piece.itemsize // 2}") if piece.dtype.kind == "c" else piece
        state = _fed_floats(state, part) if part.dtype.kind == "f" else _updated(state, part)
    return state


def _fed_floats(state: xxh3_128, floats: Array) -> xxh3_128:
    """Hash first and look for NaN then, when the values came to the cache: few pieces hold any."""
    if floats.itemsize > 8:
        return _updated(state, _split(floats))
    before = state.copy()
    _updated(state, floats)
    return _updated(before, _with_one_nan(floats)) if _has_nan(floats) else state


def _updated(state: xxh3_128, array: Array) -> xxh3_128:
    state.update(_raw(array))
    return state


def _has_nan(floats: Array) -> bool:
    """Tell whether there is a NaN: the maximum is one then, at half the price of looking at each value."""
    if not floats.size:
        return False
    most = np.maximum.reduce(floats, axis=None)
    return bool(most != most)


def _with_one_nan(floats: Array) -> Array:
    """Give every NaN the same bits; -0.0 and 0.0 stay apart."""
    return np.where(np.isnan(floats), floats.dtype.type(np.nan), floats)


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
