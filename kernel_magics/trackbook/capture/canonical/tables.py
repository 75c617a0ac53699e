"""Digests of whatever a person calls a table: pandas, polars, Arrow, numpy, scipy, and lists of numbers or rows."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from trackbook.capture.canonical.arrays import array_digest, is_strided, range_digest, sparse_digest, strided_digests
from trackbook.capture.canonical.arrow import arrow_digest, chunks_digest, python_text_digest
from trackbook.capture.canonical.binary import Array, UnfitError, bytes_digest, combine, filled, pieces_digest, spans
from trackbook.capture.canonical.objects import objects_digest


def digest(value: Any) -> bytes:
    """Return the digest of a table, an array or a list.

    Raises
    ------
    UnfitError
        If it is none, or holds something that has no canonical form.
    """
    if isinstance(value, np.ndarray):
        return combine("numpy", array_digest(value))
    if isinstance(value, list | tuple):
        return combine("python", objects_digest([value]))
    if _is_of("scipy.sparse", ("sparray", "spmatrix"), value):
        return sparse_digest(value)
    if _is_of("pandas", ("DataFrame", "Series", "Index"), value):
        return _pandas_digest(value)
    if _is_of("pyarrow", ("Array", "ChunkedArray", "RecordBatch", "Table"), value):
        return arrow_digest(value)
    if _is_of("polars", ("DataFrame", "Series"), value):
        return _polars_digest(value)
    raise UnfitError(f"a {type(value).__name__} has no canonical form")


def _is_of(package: str, classes: tuple[str, ...], value: object) -> bool:
    module = sys.modules.get(package)
    return module is not None and isinstance(value, tuple(getattr(module, name) for name in classes))


def _pandas_digest(value: Any) -> bytes:
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.Index):
        return _index_digest(value)
    if isinstance(value, pandas.Series):
        return combine("series", objects_digest([value.name]), _index_digest(value.index), _values_digest(value.array))
    labels, index = _labels_digest(value.columns), _index_digest(value.index)
    return combine("frame", *value.shape, labels, index, *_digests(_columns(value)))


def _labels_digest(labels: Any) -> bytes:
    """Hash column labels by value: the dtype that pandas gives to an index of names differs from version to version."""
    return combine(labels.nlevels, objects_digest(list(labels.names)), objects_digest(labels.tolist()))


def _index_digest(index: Any) -> bytes:
    names = objects_digest(list(index.names))
    if index.nlevels > 1:
        return combine("index", names, *(_values_digest(index.get_level_values(i).array) for i in range(index.nlevels)))
    if isinstance(index, sys.modules["pandas"].RangeIndex):  # its own values would be kept in it
        return combine("index", names, range_digest(range(index.start, index.stop, index.step)))
    return combine("index", names, _values_digest(index.array))


def _columns(frame: Any) -> list[Any]:
    """Return the columns as arrays of pandas or numpy."""
    try:
        columns = frame._iter_column_arrays()
        # A view of an extension's array: what that keeps of what it is asked for would be pickled with the frame.
        return [column if isinstance(column, np.ndarray) else column.view() for column in columns]
    except AttributeError:  # no part of what pandas promises: 30 times as fast as making a Series of each
        at = frame.iloc
        return [at[:, i].array for i in range(frame.shape[1])]


def _digests(columns: list[Any]) -> list[bytes]:
    """Hash the columns of a frame: those of a row-major block together, the others each for itself."""
    plain = {i: np.asarray(column) for i, column in enumerate(columns) if _is_plain(column)}
    strided = {i: column for i, column in plain.items() if is_strided(column)}
    found = dict(zip(strided, strided_digests(list(strided.values())), strict=True))
    return [found[i] if i in found else _values_digest(column) for i, column in enumerate(columns)]


def _is_plain(values: Any) -> bool:
    """Tell whether pandas' array is only a wrapper of numpy's; its strings are one with a dtype of its own."""
    return isinstance(values.dtype, np.dtype) or type(values) is sys.modules["pandas"].arrays.NumpyExtensionArray


def _values_digest(values: Any) -> bytes:
    """Hash the values of a column or an index, given as pandas' array of them."""
    if _is_plain(values):
        return array_digest(np.asarray(values))
    return combine("extension", str(values.dtype), len(values), _extension_digest(values))


def _extension_digest(values: Any) -> bytes:
    pandas, dtype = sys.modules["pandas"], values.dtype
    if isinstance(dtype, pandas.DatetimeTZDtype | pandas.PeriodDtype):
        return bytes_digest(values.asi8)
    if isinstance(dtype, pandas.CategoricalDtype):
        categories = _values_digest(dtype.categories.array)
        codes = values.codes
        content = pieces_digest(codes[span].astype(np.int32) for span in spans(len(codes)))
        return combine(int(bool(dtype.ordered)), categories, content)
    if isinstance(dtype, pandas.IntervalDtype):
        return combine(_values_digest(values.left.array), _values_digest(values.right.array))
    if isinstance(dtype, pandas.SparseDtype):
        return _sparse_values_digest(values)
    if isinstance(dtype, pandas.StringDtype) and dtype.storage == "python":
        return python_text_digest(np.asarray(values, dtype=object), values.isna())
    if isinstance(dtype, pandas.StringDtype | pandas.ArrowDtype):
        chunked = values.__arrow_array__()
        return chunks_digest(chunked.chunks, chunked.type)
    if hasattr(dtype, "numpy_dtype"):
        return _nullable_digest(values, values.isna())
    return objects_digest(np.asarray(values, dtype=object).tolist())


def _nullable_digest(values: Any, missing: Array) -> bytes:
    plain = values.to_numpy(dtype=values.dtype.numpy_dtype, na_value=0)
    return combine(bytes_digest(missing), bytes_digest(filled(plain, missing) if missing.any() else plain))


def _sparse_values_digest(values: Any) -> bytes:
    kept, positions = np.asarray(values.sp_values), values.sp_index.indices
    fill = np.asarray([values.fill_value], kept.dtype)
    differs = ~((kept == fill) | ((kept != kept) & (fill != fill)))  # NaN differs from itself
    return combine(array_digest(fill), array_digest(kept[differs]), bytes_digest(positions[differs].astype(np.int64)))


def _polars_digest(value: Any) -> bytes:
    if hasattr(value, "columns"):
        columns = (_polars_column_digest(column) for column in value.get_columns())
        return combine("polars frame", *value.shape, objects_digest(value.columns), *columns)
    return combine("polars series", len(value), value.name, _polars_column_digest(value))


def _polars_column_digest(series: Any) -> bytes:
    if str(series.dtype) == "Object":
        return combine("Object", objects_digest(series.to_list()))
    try:
        array = series.clone().to_arrow()  # of a clone: it joins the chunks of the one it is asked of
    except ImportError:
        raise UnfitError("polars data is read through pyarrow") from None
    except ValueError as error:  # a type of polars' own, such as Int128
        raise UnfitError(f"Arrow does not know values of {series.dtype}") from error
    return combine(str(series.dtype), chunks_digest([array], array.type))
