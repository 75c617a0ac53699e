"""Arrays of Python objects: of one type as Arrow's own, of any others as a text each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.shelf import Shelf, Source
from trackbook.store.tables.values import value_of, value_of_text, value_text

_MISSING: dict[type, Any] = {type(None): None, type(pd.NA): {"NA": 0}, type(pd.NaT): {"NaT": 0}}
_TYPES = {str: pa.large_string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64(), bytes: pa.large_binary()}


def objects_meta(values: NDArray[Any], shelf: Shelf) -> Meta:
    """Put an array of objects on the shelf.

    Raises
    ------
    UnfitError
        If it holds an object of no known type; the message says which, and where.
    """
    found = _uniform(values)
    if found is not None:
        kept, missing = found
        return {"as": "objects", "missing": missing, "values": shelf.put(kept)}
    return {"as": "texts", "values": shelf.put(pa.array(_texts(values), pa.large_string()))}


def objects_of(meta: Meta, source: Source) -> NDArray[Any]:
    """Return the array that `objects_meta` was given."""
    chunked = source.array(meta["values"])
    found = np.empty(len(chunked), dtype=object)
    if meta["as"] == "texts":
        found[:] = _each([value_of_text(text) for text in chunked.to_pylist()])
        return found
    values = chunked.to_pylist()
    missing = value_of(meta["missing"])
    if missing is not None:
        values = [missing if value is None else value for value in values]
    found[:] = _each(values)
    return found


def _each(values: list[Any]) -> NDArray[Any]:
    """Return a list as an array of its items, whatever they are: numpy would look into lists."""
    found = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):
        found[number] = value
    return found


def _uniform(values: NDArray[Any]) -> tuple[Any, Any] | None:
    """Return an Arrow array and the value that its nulls stand for, where one type and one missing value are all."""
    listed = values.tolist()
    kinds = set(map(type, listed))
    gaps = kinds & _MISSING.keys()
    rest = kinds - gaps
    if rest == {str, float} and not gaps and all(value != value for value in listed if type(value) is float):
        missing: Any = float("nan")
        listed = [value if type(value) is str else None for value in listed]
        rest = {str}
    elif len(gaps) > 1 or len(rest) > 1 or not rest <= _TYPES.keys():
        return None
    else:
        missing = _MISSING[gaps.pop()] if gaps else None
        if missing is not None:
            listed = [None if type(value) in _MISSING else value for value in listed]
    try:
        return pa.array(listed, _TYPES[rest.pop()] if rest else pa.null(), from_pandas=False), missing
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):  # an int of more than 64 bits, half of a character
        return None


def _texts(values: NDArray[Any]) -> list[str]:
    texts = []
    for number, value in enumerate(values.tolist()):
        try:
            texts.append(value_text(value))
        except UnfitError as error:
            raise UnfitError(f"{error} in row {number}") from None
        except RecursionError:
            raise UnfitError(f"a value nested too deeply in row {number}") from None
    return texts
