"""Numpy arrays of any shape, masked and structured ones too, and the sparse matrices of scipy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.numbers import dtype_json, dtype_of, numbers_arrow, numbers_meta, numbers_of
from trackbook.store.tables.shelf import Shelf, Source

_CLASSES: dict[str, type] = {"ndarray": np.ndarray, "recarray": np.recarray, "matrix": np.matrix}


def ndarray_meta(array: Any, shelf: Shelf) -> Meta:
    """Put an array on the shelf, its values one after another as C orders them."""
    if type(array) is np.ma.MaskedArray:
        return _masked_meta(array, shelf)
    if type(array) is np.memmap:
        array = np.asarray(array)
    if type(array) not in _CLASSES.values():
        raise UnfitError(f"it is an array of the class {type(array).__module__}.{type(array).__qualname__}")
    plain = np.asarray(array)
    record = {"record": True} if type(array) is np.recarray and array.dtype.type is np.record else {}
    return {
        "class": type(array).__name__,
        "shape": list(array.shape),
        "order": "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C",
        "values": _flat_meta(plain, shelf if array.ndim else shelf.beside),
        **record,
    }


def ndarray_of(meta: Meta, source: Source) -> Any:
    """Return the array that `ndarray_meta` was given, or some of its rows."""
    if meta["class"] == "MaskedArray":
        return _masked_of(meta, source)
    shape = _shape(meta, source)
    array = numbers_of(_each(meta), source).reshape(shape)
    if meta["order"] == "F":
        array = np.asfortranarray(array)
    if meta.get("record"):
        array = array.view(np.dtype((np.record, array.dtype)))
    cls: Any = _CLASSES[meta["class"]]
    return array if cls is np.ndarray else array.view(cls)


def ndarray_names(meta: Meta) -> list[str]:
    """Return the names of an array's columns: its fields, or their numbers."""
    inner = meta["data"] if meta["class"] == "MaskedArray" else meta
    dtype = dtype_of(inner["values"]["dtype"]) if "dtype" in inner["values"] else np.dtype(object)
    if dtype.names is not None:
        return list(dtype.names)
    return ["values"] if len(inner["shape"]) < 2 else [str(number) for number in range(math.prod(inner["shape"][1:]))]


def ndarray_columns(meta: Meta, source: Source, columns: Sequence[int]) -> list[Any]:
    """Return columns by number as Arrow shows them."""
    if meta["class"] != "MaskedArray" and len(meta["shape"]) == 1 and not _has_fields(meta):
        return [numbers_arrow(meta["values"], source)]
    array = ndarray_of(meta, source)
    if array.dtype.names is not None:
        return [_column(array[array.dtype.names[number]]) for number in columns]
    table = array.reshape(len(array) if array.ndim else 1, math.prod(array.shape[1:]))
    return [_column(table[:, number]) for number in columns]


def sparse_meta(matrix: Any, shelf: Shelf) -> Meta:
    """Put a sparse matrix on the shelf, in its own format where that is made of arrays."""
    cls = type(matrix)
    if cls.__module__.partition(".")[0] != "scipy":
        raise UnfitError(f"it is a sparse matrix of the class {cls.__module__}.{cls.__qualname__}")
    form = matrix.format
    kept = matrix.tocoo() if form in ("lil", "dok") else matrix
    parts = {name: _flat_meta(np.asarray(getattr(kept, name)), shelf.beside) for name in _SPARSE[kept.format]}
    shapes = {name: list(getattr(kept, name).shape) for name in _SPARSE[kept.format]}
    if kept.format == "coo":
        parts |= {f"axis {i}": _flat_meta(axis, shelf.beside) for i, axis in enumerate(kept.coords)}
    return {
        "class": cls.__name__,
        "format": form,
        "shape": [int(n) for n in matrix.shape],
        "parts": parts,
        "shapes": shapes,
    }


def sparse_of(meta: Meta, source: Source) -> Any:
    """Return the sparse matrix that `sparse_meta` was given; of some rows only where its format has rows."""
    import scipy.sparse

    matrix = _sparse(meta, source, getattr(scipy.sparse, meta["class"]))
    if (source.start, source.stop) == (0, meta["shape"][0]):
        return matrix
    cls = type(matrix)
    return cls(matrix.tocsr()[source.start : source.stop])


def _sparse(meta: Meta, source: Source, cls: Callable[..., Any]) -> Any:
    import scipy.sparse

    shape = tuple(meta["shape"])
    part = {name: numbers_of(each, source) for name, each in meta["parts"].items()}
    part |= {name: part[name].reshape(sizes) for name, sizes in meta["shapes"].items()}
    if meta["format"] == "dia":
        return cls((part["data"], part["offsets"]), shape=shape)
    if "indptr" in part:
        return cls((part["data"], part["indices"], part["indptr"]), shape=shape)
    axes = tuple(part[f"axis {i}"] for i in range(len(shape)))
    if meta["format"] == "coo":
        return cls((part["data"], axes), shape=shape)
    kind = scipy.sparse.coo_array if meta["class"].endswith("array") else scipy.sparse.coo_matrix
    return kind((part["data"], axes), shape=shape).asformat(meta["format"])


_SPARSE: dict[str, tuple[str, ...]] = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "dia": ("data", "offsets"),
    "coo": ("data",),
}


def _flat_meta(array: Any, shelf: Shelf) -> Meta:
    return numbers_meta(np.ascontiguousarray(array).reshape(-1) if array.ndim != 1 else array, shelf)


def _masked_meta(array: Any, shelf: Shelf) -> Meta:
    if array.dtype.names is not None:
        raise UnfitError("it is a masked array with fields")
    mask = None if array.mask is np.ma.nomask else ndarray_meta(np.ma.getmaskarray(array), shelf)
    own = getattr(array, "_fill_value", None)  # asking by its public name would set it
    return {
        "class": "MaskedArray",
        "shape": list(array.shape),
        "data": ndarray_meta(np.ma.getdata(array), shelf),
        "mask": mask,
        "fill": None if own is None else numbers_meta(np.asarray(own).reshape(1), shelf.beside),
        "hard": bool(array.hardmask),
    }


def _masked_of(meta: Meta, source: Source) -> Any:
    mask = np.ma.nomask if meta["mask"] is None else ndarray_of(meta["mask"], source)
    array: Any = np.ma.MaskedArray(ndarray_of(meta["data"], source), mask=mask, hard_mask=meta["hard"])
    if meta["fill"] is not None:
        array._fill_value = numbers_of(meta["fill"], source).reshape(())
    return array


def _each(meta: Meta) -> Meta:
    """Return how the values are found that are as many a row as the array's shape says."""
    values = meta["values"]
    width = math.prod(meta["shape"][1:]) if meta["shape"] else 1
    return values if "whole" in values["values"] else {**values, "values": {**values["values"], "each": width}}


def _shape(meta: Meta, source: Source) -> tuple[int, ...]:
    if not meta["shape"] or "whole" in meta["values"]["values"]:
        return tuple(meta["shape"])
    return (source.stop - source.start, *meta["shape"][1:])


def _has_fields(meta: Meta) -> bool:
    return isinstance(meta["values"].get("dtype"), list)


def _column(values: Any) -> Any:
    from trackbook.store.tables.shelf import Arrays

    shelf = Shelf()
    missing = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    plain = np.ma.getdata(values)
    if plain.ndim > 1:  # a field that is an array
        return pa.chunked_array([pa.array(plain.tolist())])
    meta = numbers_meta(np.ascontiguousarray(plain), shelf)
    found = numbers_arrow(meta, Arrays(shelf.arrays.__getitem__, len(values)))
    if missing is None:
        return found
    import pyarrow.compute as pc

    return pc.if_else(pa.array(~missing), found, pa.scalar(None, found.type))


__all__ = [
    "dtype_json",
    "ndarray_columns",
    "ndarray_meta",
    "ndarray_names",
    "ndarray_of",
    "sparse_meta",
    "sparse_of",
]
