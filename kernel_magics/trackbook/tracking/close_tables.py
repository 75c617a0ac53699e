"""Whether two tables differ in nothing but the last digits of their numbers."""

from __future__ import annotations

from typing import Any

from trackbook.tracking.numbers import Tolerance


def tables_are_close(one: Any, other: Any, tolerance: Tolerance) -> bool:
    """Return whether two tables have the same shape, names and types, and numbers that count as the same.

    Tables of other kinds than pandas', numpy's and scipy's are never close: they are equal, or not.
    """
    if type(one) is not type(other):
        return False
    if hasattr(one, "columns") and hasattr(one, "iloc"):
        is_alike = one.columns.equals(other.columns) and one.index.equals(other.index)
        return is_alike and all(
            _are_close(one.iloc[:, place], other.iloc[:, place], tolerance) for place in range(one.shape[1])
        )
    if hasattr(one, "iloc"):
        return bool(one.index.equals(other.index)) and _are_close(one, other, tolerance)
    if hasattr(one, "tocoo"):
        mine, yours = one.tocoo(), other.tocoo()
        places = all((getattr(mine, name) == getattr(yours, name)).all() for name in ("row", "col"))
        return (
            one.shape == other.shape
            and mine.nnz == yours.nnz
            and places
            and _are_close(mine.data, yours.data, tolerance)
        )
    return hasattr(one, "dtype") and _are_close(one, other, tolerance)


def _are_close(one: Any, other: Any, tolerance: Tolerance) -> bool:
    import numpy as np

    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if getattr(one.dtype, "kind", "O") not in "fc" or not isinstance(one.dtype, np.dtype):
        return bool(one.equals(other)) if hasattr(one, "equals") else bool(np.array_equal(one, other))
    mine, yours = np.asarray(one), np.asarray(other)
    return bool(np.allclose(mine, yours, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True))
