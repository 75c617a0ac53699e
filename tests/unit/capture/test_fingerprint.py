from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import json
import os
import pickle
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from trackbook.capture.canonical.arrays import range_digest
from trackbook.capture.fingerprint import fingerprint

DTYPES = st.one_of(
    hnp.integer_dtypes(endianness="="),
    hnp.unsigned_integer_dtypes(endianness="="),
    hnp.floating_dtypes(endianness="=", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="=", sizes=(64, 128)),
    hnp.boolean_dtypes(),
    hnp.datetime64_dtypes(endianness="=", max_period="D", min_period="ns"),
    hnp.byte_string_dtypes(endianness="=", min_len=1),
    hnp.unicode_string_dtypes(endianness="=", min_len=1),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(max_dims=3, max_side=6))
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=4),
    st.dates(),
    st.decimals(allow_nan=False),
    st.lists(st.integers(), max_size=3),
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Mystery:
    pass


def mixed_frame() -> pd.DataFrame:
    times = pd.to_datetime(["2024-01-01", None, "2024-03-01 12:00:00.123456"], format="mixed")
    return pd.DataFrame(
        {
            "float": [1.5, np.nan, -0.0],
            "float32": np.array([1, 2, 3], "f4"),
            "int": [1, 2, 3],
            "int8": np.array([1, 2, 3], "i1"),
            "bool": [True, False, True],
            "text": pd.array(["a", None, "naïve ☃"], dtype="str"),
            "string": pd.array(["a", None, ""], dtype="string"),
            "object": np.array(["a", 1, None], dtype=object),
            "time": times,
            "zoned": times.tz_localize("Europe/Berlin"),
            "seconds": times.astype("datetime64[s]"),
            "delta": pd.to_timedelta([1, None, 3], unit="h"),
            "category": pd.Categorical(["x", None, "y"], categories=["x", "y", "z"]),
            "ordered": pd.Categorical(["x", "y", "x"], ordered=True),
            "period": pd.PeriodIndex(["2024-01", "NaT", "2024-03"], freq="M"),
            "interval": pd.IntervalIndex.from_breaks([0, 1, 2, 3]),
            "Int64": pd.array([1, None, 3], dtype="Int64"),
            "Float64": pd.array([1.0, None, 3.0], dtype="Float64"),
            "boolean": pd.array([True, None, False], dtype="boolean"),
            "sparse": pd.arrays.SparseArray([0.0, 1.0, 0.0]),
            "arrow": pd.array([1, None, 3], dtype=pd.ArrowDtype(pa.int32())),
            "arrow list": pd.array([[1], None, [2, 3]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
            "arrow decimal": pd.array([decimal.Decimal("1.50"), None, None], dtype=pd.ArrowDtype(pa.decimal128(9, 2))),
        },
        index=pd.Index(["r1", "r2", "r3"], name="row"),
    )


# --- layouts: equal content has one fingerprint


@settings(deadline=None)
@given(ARRAYS)
def test_layout_of_an_array_does_not_count(array: np.ndarray) -> None:
    doubled = np.repeat(array, 2, axis=-1)[..., ::2]
    reversed_twice = array[::-1].copy()[::-1]

    found = {fingerprint(same) for same in (array, np.asfortranarray(array), doubled, reversed_twice, array.copy())}

    assert len(found) == 1
    assert found != {None}


@settings(deadline=None)
@given(ARRAYS, st.data())
def test_any_changed_value_of_an_array_counts(array: np.ndarray, data: st.DataObject) -> None:
    changed = array.copy()
    position = data.draw(st.tuples(*(st.integers(0, side - 1) for side in array.shape)))
    changed[position] = data.draw(hnp.from_dtype(array.dtype))
    same = array[position].tobytes() == changed[position].tobytes()
    both_nan = array[position] != array[position] and changed[position] != changed[position]

    if same:
        assert fingerprint(array) == fingerprint(changed)
    elif not both_nan:
        assert fingerprint(array) != fingerprint(changed)


@settings(deadline=None)
@given(st.lists(CELLS, max_size=12), st.lists(CELLS, max_size=12))
def test_object_columns_are_equal_exactly_when_their_values_are(left: list[Any], right: list[Any]) -> None:
    def text(values: list[Any]) -> str:
        return repr([(type(value).__name__, value) for value in values])

    one, other = (fingerprint(pd.Series(values, dtype=object)) for values in (left, right))

    assert one is not None
    assert (one == other) is (text(left) == text(right))
    assert (fingerprint(left) == fingerprint(right)) is (text(left) == text(right))


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=20), st.integers(0, 20))
def test_strings_are_the_same_from_arrow_and_from_python(values: list[str | None], cut: int) -> None:
    python, arrow = (pd.Series(values, dtype=pd.StringDtype(storage, np.nan)) for storage in ("python", "pyarrow"))
    chunked = pd.concat([arrow.iloc[:cut], arrow.iloc[cut:]])

    assert fingerprint(python) == fingerprint(arrow) == fingerprint(chunked)


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1, max_size=20),
    st.sampled_from([pa.int64(), pa.float32(), pa.string(), pa.large_string(), pa.bool_(), pa.binary()]),
    st.integers(0, 20),
)
def test_chunks_and_offsets_of_arrow_do_not_count(values: list[int | None], kind: pa.DataType, cut: int) -> None:
    convert: Callable[[int], Any] = {
        pa.string(): str,
        pa.large_string(): str,
        pa.bool_(): bool,
        pa.binary(): bytes,
    }.get(kind, lambda value: value)
    array = pa.array([None if v is None else convert(abs(v)) for v in values], kind)
    padded = pa.concat_arrays([array, array, array])

    found = {
        fingerprint(pa.table({"a": same}))
        for same in (
            array,
            pa.chunked_array([array[:cut], array[cut:]], kind),
            padded[len(array) : 2 * len(array)],
        )
    }

    assert len(found) == 1


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int64()),
        pa.large_list(pa.string()),
        pa.list_(pa.int64(), 2),
        pa.struct([("a", pa.int64()), ("b", pa.string())]),
        pa.map_(pa.string(), pa.int64()),
        pa.dictionary(pa.int8(), pa.string()),
        pa.timestamp("us", "UTC"),
        pa.date32(),
        pa.time64("ns"),
        pa.duration("ms"),
        pa.decimal128(9, 2),
        pa.string_view(),
        pa.null(),
        pa.float16(),
    ],
    ids=str,
)
def test_each_arrow_type_is_hashed_by_value(kind: pa.DataType) -> None:
    rows: dict[str, list[Any]] = {
        "list": [[1, 2], None, [3, 4]],
        "large_list": [["x"], None, []],
        "fixed_size_list": [[1, 2], None, [3, 4]],
        "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        "map": [[("k", 1)], None, []],
        "dictionary": ["x", None, "y"],
        "timestamp": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None, dt.datetime(2025, 1, 1, tzinfo=dt.UTC)],
        "date32": [dt.date(2024, 1, 1), None, dt.date(2025, 1, 1)],
        "time64": [dt.time(1), None, dt.time(2)],
        "duration": [dt.timedelta(1), None, dt.timedelta(2)],
        "decimal128": [decimal.Decimal("1.5"), None, decimal.Decimal("2.5")],
        "string_view": ["x", None, "a string that is longer than twelve bytes"],
        "null": [None, None, None],
        "halffloat": [np.float16(1), None, np.float16(2)],
    }
    values = next(rows[name] for name in sorted(rows, key=len, reverse=True) if str(kind).startswith(name))
    array = pa.array(values, kind)
    sliced = pa.concat_arrays([array, array])[3:]

    assert fingerprint(array) is not None
    assert fingerprint(array) == fingerprint(sliced) == fingerprint(pa.chunked_array([array[:1], array[1:]]))
    if kind != pa.null():
        assert fingerprint(array) != fingerprint(pa.array([*values[:2], values[0]], kind))


def test_dictionaries_of_chunks_do_not_count() -> None:
    whole = pa.array(["x", "y", "x"]).dictionary_encode()
    parts = pa.chunked_array([pa.array(["x"]).dictionary_encode(), pa.array(["y", "x"]).dictionary_encode()])

    assert fingerprint(whole) == fingerprint(parts)


def test_what_lies_under_a_null_does_not_count() -> None:
    validity = pa.py_buffer(bytes([0b101]))
    values = [pa.py_buffer(np.array([1, hidden, 3]).tobytes()) for hidden in (7, 8)]
    numbers = [pa.Array.from_buffers(pa.int64(), 3, [validity, buffer]) for buffer in values]
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], "i4").tobytes())
    texts = [pa.Array.from_buffers(pa.string(), 3, [validity, offsets, pa.py_buffer(b)]) for b in (b"axxb", b"ayyb")]
    nullable = [pd.arrays.IntegerArray(np.array([1, n, 3]), np.array([False, True, False])) for n in (7, 8)]
    masked = [np.ma.MaskedArray([1, n, 3], [False, True, False]) for n in (7, 8)]

    for pair in (numbers, texts, [pd.Series(array) for array in nullable], masked):
        assert fingerprint(pair[0]) == fingerprint(pair[1])
    assert fingerprint(texts[0]) == fingerprint(pa.array(["a", None, "b"]))


def test_bits_of_nan_do_not_count_and_the_sign_of_zero_does() -> None:
    odd = np.array([0x7FF8000000000001, 0xFFF0000000000123, 0x3FF0000000000000], "u8").view("f8")

    with np.errstate(all="raise"):
        assert fingerprint(odd) == fingerprint(np.array([np.nan, np.nan, 1.0]))
    assert fingerprint(np.array([0.0])) != fingerprint(np.array([-0.0]))


def test_padding_of_long_doubles_does_not_count() -> None:
    array = np.array([1.1, -0.0, np.inf, np.nan, 1e-4000], np.longdouble)
    other = array.copy()
    if array.itemsize == 16 and np.finfo(np.longdouble).nmant == 63:
        other.view(np.uint8).reshape(-1, 16)[:, 10:] = 255

    assert fingerprint(array) == fingerprint(other)
    assert fingerprint(array) != fingerprint(np.nextafter(array, np.longdouble(2)))


def test_frames_of_row_major_blocks_equal_those_of_columns() -> None:
    block = np.arange(60_000.0).reshape(-1, 6)
    rows = pd.DataFrame(block, columns=list("abcdef"))
    columns = pd.DataFrame({name: block[:, i].copy() for i, name in enumerate("abcdef")})

    assert fingerprint(rows) == fingerprint(columns) == fingerprint(rows.copy())
    assert fingerprint(rows) == fingerprint(pd.concat([rows.iloc[:7], rows.iloc[7:]]))


def long_frame(n: int = 1000) -> pd.DataFrame:
    words = [None if i % 7 == 0 else f"word {i % 13}" for i in range(n)]
    return pd.DataFrame(
        {
            "float": [np.nan if i % 11 == 0 else i / 3 for i in range(n)],
            "whole": np.arange(n, dtype="f4"),
            "complex": np.where(np.arange(n) % 5, np.arange(n) * 1j, np.nan),
            "string": pd.array(words, dtype="string[pyarrow]"),
            "python": pd.array(words, dtype="string[python]"),
            "category": pd.Categorical(words),
            "Float64": pd.array([None if i % 9 == 0 else i / 7 for i in range(n)], dtype="Float64"),
        }
    )


@pytest.mark.parametrize("piece", [1, 7, 64, 999])
def test_size_of_the_pieces_that_are_hashed_at_a_time_does_not_count(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, rows = long_frame(), pd.DataFrame(np.where(np.eye(40) > 0, np.nan, 2.0))
    before = fingerprint(frame), fingerprint(rows), fingerprint(frame.iloc[3:-3]), fingerprint(frame["string"].array)
    range_digest.cache_clear()

    monkeypatch.setattr("trackbook.capture.canonical.binary._PIECE", piece)
    monkeypatch.setattr("trackbook.capture.canonical.binary._SIDE_BY_SIDE", piece)

    assert fingerprint(frame) == before[0] != before[2]
    assert fingerprint(rows) == before[1]
    assert fingerprint(frame.iloc[3:-3]) == before[2]
    assert fingerprint(frame["string"].array) == before[3]


@pytest.mark.parametrize("column", list(long_frame(1).columns))
@pytest.mark.parametrize("row", [0, 6, 7, 63, 500, 999])
def test_one_changed_value_counts_in_whatever_piece_it_is(
    column: str, row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, changed = long_frame(), long_frame()
    monkeypatch.setattr("trackbook.capture.canonical.binary._PIECE", 7)

    changed.loc[row, column] = changed.loc[row + 1 if row < 999 else 5, column]

    assert fingerprint(changed) != fingerprint(frame)
    assert fingerprint(changed.drop(columns=column)) == fingerprint(frame.drop(columns=column))


def test_columns_are_the_same_where_pandas_has_no_short_way_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [mixed_frame(), long_frame(), pd.DataFrame([[1, 2.5]], columns=["a", "a"]), pd.DataFrame()]
    before = [fingerprint(frame) for frame in frames]

    monkeypatch.delattr(pd.DataFrame, "_iter_column_arrays")

    assert [fingerprint(frame) for frame in frames] == before


@pytest.mark.parametrize("index", [range(0), range(5, 5), range(3, 1000, 7), range(1000, 3, -7), range(-2, 3)])
def test_ranges_are_hashed_as_the_integers_that_they_are(index: range) -> None:
    values = np.zeros(len(index))

    assert fingerprint(pd.Series(values, pd.RangeIndex(index))) == fingerprint(pd.Series(values, np.array(index, "i8")))


def test_signalling_nan_is_a_nan_without_a_word_from_numpy() -> None:
    array = np.array([0.0, 1.0, 2.0])
    array.view("u8")[1] = 0x7FF0000000000001

    with np.errstate(all="raise"):
        found = fingerprint(array)

    assert found == fingerprint(np.array([0.0, np.nan, 2.0]))


@pytest.mark.parametrize("format_", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
def test_order_of_entries_of_a_sparse_matrix_does_not_count(format_: str) -> None:
    row, column, data = np.array([0, 0, 2, 2, 1]), np.array([3, 1, 0, 2, 2]), np.array([1.0, 2, 3, 4, 5])
    shuffled = [4, 1, 3, 0, 2]
    one = sp.coo_matrix((data, (row, column)), (3, 4)).asformat(format_)
    other = sp.coo_matrix((data[shuffled], (row[shuffled], column[shuffled])), (3, 4)).asformat(format_)

    assert fingerprint(one) == fingerprint(other) is not None
    assert fingerprint(one) != fingerprint((one * 2).asformat(format_))


def test_unsorted_indices_duplicates_and_kept_zeros_of_a_sparse_matrix_do_not_count() -> None:
    tidy = sp.csr_matrix((np.array([2.0, 1.0, 3.0]), np.array([1, 3, 0]), np.array([0, 2, 3])), (2, 4))
    untidy = sp.csr_matrix(
        (np.array([1.0, 0.0, 1.0, 1.0, 3.0]), np.array([3, 2, 1, 1, 0]), np.array([0, 4, 5])), (2, 4)
    )
    before = copy.deepcopy(untidy.__dict__)

    assert fingerprint(tidy) == fingerprint(untidy)
    assert untidy.__dict__.keys() == before.keys()
    assert untidy.indices.tolist() == before["indices"].tolist()
    assert fingerprint(tidy) != fingerprint(tidy.tocsc())


# --- differences: whatever counts


@pytest.mark.parametrize("column", list(mixed_frame().columns))
def test_one_changed_value_of_each_kind_of_column_counts(column: str) -> None:
    frame, changed = mixed_frame(), mixed_frame()
    values = changed[column].tolist()
    values[1] = values[0]
    changed[column] = pd.Series(values, index=frame.index, dtype=frame[column].dtype)

    assert fingerprint(frame) is not None
    assert fingerprint(changed) != fingerprint(frame)
    assert fingerprint(changed[column]) != fingerprint(frame[column])


def test_labels_order_and_dtypes_of_a_frame_count() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [1, 2]})
    variants = [
        frame,
        frame.rename(columns={"a": "c"}),
        frame[["b", "a"]],
        frame.iloc[::-1],
        frame.reset_index(drop=True).iloc[::-1].reset_index(drop=True),
        frame.astype({"a": "int32"}),
        frame.astype({"a": "Int64"}),
        frame.astype({"a": object}),
        frame.set_axis([1, 2]),
        frame.set_axis(["0", "1"]),
        frame.rename_axis("i"),
        frame.rename_axis("i", axis=1),
        frame.set_axis(["a", "a"], axis=1),
        frame.set_axis([0, 1], axis=1),
        frame.set_axis(["0", "1"], axis=1),
        frame.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("b", 1)]), axis=1),
        frame.set_axis(pd.MultiIndex.from_tuples([("x", 1), ("x", 2)], names=["p", "q"])),
        frame.set_axis(pd.MultiIndex.from_tuples([("x", 1), ("x", 2)])),
        frame.iloc[:0],
        frame[[]],
        frame.iloc[:0, :0],
        frame["a"],
        frame["b"],
        frame["a"].rename(None),
        frame.to_numpy(),
        frame["a"].to_numpy(),
        frame["a"].tolist(),
        tuple(frame["a"]),
        pl.DataFrame({"a": [1, 2], "b": [1, 2]}),
        pa.table({"a": [1, 2], "b": [1, 2]}),
    ]

    found = [fingerprint(variant) for variant in variants]

    assert None not in found
    assert len(set(found)) == len(variants)


def test_categories_their_order_and_orderedness_count() -> None:
    values = ["x", "y", "x"]
    variants = [
        pd.Series(pd.Categorical(values)),
        pd.Series(pd.Categorical(values, ordered=True)),
        pd.Series(pd.Categorical(values, categories=["y", "x"])),
        pd.Series(pd.Categorical(values, categories=["x", "y", "z"])),
        pd.Series(values),
    ]

    assert len({fingerprint(variant) for variant in variants}) == len(variants)


def test_unused_levels_of_a_multiindex_do_not_count() -> None:
    index = pd.MultiIndex.from_product([["a", "b"], [1, 2]])
    frame = pd.DataFrame({"v": range(4)}, index=index)

    assert fingerprint(frame.loc[["b"]]) == fingerprint(
        pd.DataFrame({"v": [2, 3]}, index=pd.MultiIndex.from_product([["b"], [1, 2]]))
    )


def test_range_index_equals_an_index_of_the_same_integers() -> None:
    assert fingerprint(pd.Series([5, 6])) == fingerprint(pd.Series([5, 6], index=pd.Index([0, 1])))


@pytest.mark.parametrize(
    "value",
    [
        np.array(3.5),
        np.array([], dtype="f4"),
        np.zeros((0, 3)),
        np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, 2.0)], dtype={"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8]}),
        np.ma.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")], mask=[(True, False)]),
        np.array(["a", None, 1, np.nan, b"x", (1, 2)], dtype=object),
        np.array(["a", "bc"]),
        np.array(["a", "naïve"], dtype=np.dtypes.StringDType()),
        np.array([b"a", b"bc"]),
        np.array(["2024-01-01", "NaT"], "M8[D]"),
        np.array([1, 2], ">i4"),
        np.array([1 + 2j, np.nan]),
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
        np.void(b"abc").reshape(1) if hasattr(np.void(b"a"), "reshape") else np.array([b"abc"], "V3"),
        np.asmatrix(np.eye(2)),
        [1, 2, 3],
        [[1.0, 2.0], [3.0, 4.0]],
        [(1, "a"), (2, "b")],
        [],
        (),
        [1, 2**70, -(2**70)],
        [np.float64(1), np.int8(2), np.str_("x"), np.bool_(True), np.datetime64("2024-01-01")],
        [np.arange(3), np.arange(2)],
        [{"b": 1, "a": [1, {2}]}, frozenset({"x", "y"})],
        [decimal.Decimal("1.10"), Fraction(1, 3), uuid.UUID(int=3), dt.date(2024, 1, 1), dt.time(3), dt.timedelta(3)],
        [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), Colour.RED, 1 + 2j, range(3)],
        [pd.Timestamp("2024-01-01", tz="UTC"), pd.NaT, pd.NA, pd.Timedelta("1h"), pd.Period("2024"), pd.Interval(0, 1)],
        ["\ud800 lone surrogate", "ok"],
        pd.DataFrame(),
        pd.Series([], dtype=object),
        pd.Index([1, 2]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pl.DataFrame({"a": [1, None], "b": ["x", None], "c": [[1], None]}),
        pl.Series("c", ["x", "y"], dtype=pl.Categorical),
        pl.DataFrame({"o": pl.Series([Colour.RED, Colour.BLUE], dtype=pl.Object)}),
        pa.record_batch({"a": [1, 2]}),
        sp.coo_array((np.array([1.0]), (np.array([2]),)), (5,)),
        sp.csr_array(np.eye(3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_value_has_a_fingerprint_and_a_copy_of_it_has_the_same(value: object) -> None:
    found = fingerprint(value)

    assert found is not None
    assert len(found) == 32
    assert fingerprint(copy.deepcopy(value)) == found


def test_byte_order_counts_as_the_dtype_does() -> None:
    assert fingerprint(np.array([1, 2], "<i4")) != fingerprint(np.array([1, 2], ">i4"))


def test_polars_chunks_do_not_count_and_stay() -> None:
    whole = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    chunked = pl.concat([whole[:1], whole[1:]], rechunk=False)

    assert fingerprint(whole) == fingerprint(chunked)
    assert chunked.n_chunks() == 2


@pytest.mark.parametrize(
    "value",
    [None, 1, "text", {"a": [1]}, {1, 2}, Mystery(), [Mystery()], pd.Series([Mystery(), 1]), [print], object, print],
    ids=lambda value: type(value).__name__,
)
def test_value_without_a_canonical_form_has_none(value: object) -> None:
    assert fingerprint(value) is None


def test_list_that_contains_itself_has_none() -> None:
    loop: list[object] = []
    loop.extend([loop, loop])
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]

    assert fingerprint(loop) is None
    assert fingerprint(deep) is None
    assert fingerprint(pd.Series([loop], dtype=object)) is None


# --- what must not happen


def test_fingerprint_leaves_the_value_and_the_warnings_filters_as_they_are() -> None:
    frame = mixed_frame()
    matrix = sp.csr_matrix((np.array([1.0, 2.0]), np.array([3, 1]), np.array([0, 2])), (1, 4))
    before = [pickle.dumps(frame), pickle.dumps(matrix)]
    filters = list(warnings.filters)
    state = np.random.get_state()[1].tolist()

    fingerprint(frame)
    fingerprint(matrix)

    assert [pickle.dumps(frame), pickle.dumps(matrix)] == before
    assert warnings.filters == filters
    assert np.random.get_state()[1].tolist() == state


PROGRAM = """
import json, sys
if "without" in sys.argv:
    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "pyarrow":
                raise ImportError(name)
    sys.meta_path.insert(0, Blocked())
import numpy as np, pandas as pd
from trackbook.capture.fingerprint import fingerprint
frame = pd.DataFrame({
    "text": pd.array(["a", None, "naïve ☃", ""], dtype="str"),
    "string": pd.array(["a", None, "b", ""], dtype="string"),
    "object": ["a", 1, None, {"x", "y", "z"}],
    "category": pd.Categorical(["u", "v", None, "u"]),
    "float": [1.5, np.nan, 0.0, 3.0],
    "time": pd.to_datetime(["2024-01-01"] * 4).astype("datetime64[ns]").tz_localize("UTC"),
}, index=pd.Index(["p", "q", "r", "s"]))
print(json.dumps([fingerprint(frame), "pyarrow" in sys.modules, frame["text"].dtype.storage]))
"""


def test_fingerprint_is_the_same_in_other_processes_with_and_without_pyarrow() -> None:
    def run(seed: str, *arguments: str) -> list[object]:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, *arguments]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        found: list[object] = json.loads(answer.stdout)
        return found

    one, bare = run("1"), run("2", "without")

    assert one[1:] == [True, "pyarrow"]
    assert bare == [one[0], False, "python"]


def test_canonical_form_has_not_changed_since_version_1() -> None:
    texts = pd.Series(["x", None], dtype=object)
    frame = pd.DataFrame({"a": np.array([1.0, np.nan]), "b": np.array([1, 2], "i8"), "c": texts})

    assert fingerprint(frame) == "962a762a10f25fd1cbe1669d0586a380"
    assert fingerprint(np.arange(3, dtype="i4")) == "d52888e43935db4e538f61c334bd840f"
    assert fingerprint([[1, 2.0, "x"], [True, None, b"y"]]) == "3983fbc8f5f7756402e7bdddf36269b3"


def test_large_mixed_frame_costs_little_more_than_copying_it() -> None:
    random, n = np.random.default_rng(0), 200_000
    columns: dict[str, object] = {f"f{i}": random.normal(size=n) for i in range(10)}
    columns |= {f"i{i}": random.integers(0, 1000, n) for i in range(6)}
    columns |= {"b": random.random(n) < 0.5, "t": np.arange(n).astype("M8[ns]")}
    columns |= {
        "s": pd.Series(random.integers(0, 9999, n)).astype("str"),
        "c": pd.Categorical(random.integers(0, 5, n)),
    }
    frame = pd.DataFrame(columns)

    def seconds(work: Callable[[], object]) -> float:
        def once() -> float:
            started = time.process_time()
            work()
            return time.process_time() - started

        return min(once() for _ in range(5))

    assert seconds(lambda: fingerprint(frame)) < seconds(lambda: pd.util.hash_pandas_object(frame)) / 4
