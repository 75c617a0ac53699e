from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.tables import describe, is_table, read_file
from trackbook.records import Column, FileRead, Role


class Lookalike:
    ndim = 2
    shape = (2, 2)


class Patients(pd.DataFrame):
    pass


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": [1]}),
        pd.Series([1]),
        np.array([1]),
        sp.csr_matrix(np.eye(2)),
        sp.coo_array(np.eye(2)),
        pa.table({"a": [1]}),
        pa.array([1]),
        pl.DataFrame({"a": [1]}),
        pl.Series([1]),
    ],
    ids=lambda value: f"{type(value).__module__}.{type(value).__name__}",
)
def test_table_of_each_library_is_a_table(value: object) -> None:
    assert is_table(value)


NO_TABLES = [np.array(1), np.float64(1), [1], "a", None, {}, pd.DataFrame, Lookalike()]


@pytest.mark.parametrize("value", NO_TABLES, ids=lambda value: type(value).__name__)
def test_anything_else_is_no_table(value: object) -> None:
    assert not is_table(value)


def test_asking_imports_no_library() -> None:
    program = (
        "import sys; from trackbook.capture.tables import is_table; is_table([1]); is_table(object());"
        "print([m for m in ('numpy', 'pandas', 'scipy', 'pyarrow', 'polars', 'xxhash') if m in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_frame_is_described_by_its_rows_columns_and_fingerprint() -> None:
    frame = pd.DataFrame({"age": [1.5, 2.5], "city": pd.Series(["x", "y"], dtype=object), 3: [True, False]})
    files = (FileRead(path="/data/x.csv"),)

    use = describe(frame, "people", role=Role.TRAIN, files=files)

    assert (use.name, use.kind, use.role, use.files) == ("people", "pandas.DataFrame", Role.TRAIN, files)
    assert (use.rows, use.shape) == (2, (2, 3))
    assert use.columns == (
        Column(name="age", dtype="float64"),
        Column(name="city", dtype="object"),
        Column(name="3", dtype="bool"),
    )
    assert use.fingerprint == fingerprint(frame)


@pytest.mark.parametrize(
    ("value", "kind", "shape", "columns"),
    [
        (pd.Series([1, 2], name="y"), "pandas.Series", (2,), (Column(name="y", dtype="int64"),)),
        (np.zeros((3, 2)), "numpy.ndarray", (3, 2), ()),
        (np.zeros(3, dtype=[("a", "i4")]), "numpy.ndarray", (3,), (Column(name="a", dtype="int32"),)),
        (sp.csr_matrix(np.eye(2)), "scipy.sparse.csr_matrix", (2, 2), ()),
        (pa.table({"a": [1, 2]}), "pyarrow.Table", (2, 1), (Column(name="a", dtype="int64"),)),
        (pa.array([1, 2]), "pyarrow.Int64Array", (2,), ()),
        (pl.DataFrame({"a": [1, 2]}), "polars.DataFrame", (2, 1), (Column(name="a", dtype="Int64"),)),
        (pl.Series("a", [1]), "polars.Series", (1,), (Column(name="a", dtype="Int64"),)),
        ([1, 2, 3], "list", (3,), ()),
        ([[1, 2], [3, 4], [5, 6]], "list", (3, 2), ()),
        ([[1], [2, 3]], "list", (2,), ()),
        (((1, 2), (3, 4)), "tuple", (2, 2), ()),
        ([], "list", (0,), ()),
    ],
)
def test_other_tables_are_described_by_kind_shape_and_columns(
    value: object, kind: str, shape: tuple[int, ...], columns: tuple[Column, ...]
) -> None:
    use = describe(value, "x")

    assert (use.kind, use.shape, use.rows, use.columns) == (kind, shape, shape[0], columns)
    assert use.fingerprint is not None


def test_subclass_from_elsewhere_keeps_its_own_name() -> None:
    assert describe(Patients({"a": [1]}), "p").kind.endswith(".Patients")


def test_repeated_column_names_are_all_described() -> None:
    frame = pd.DataFrame([[1, 2.0]], columns=["a", "a"])

    assert describe(frame, "x").columns == (Column(name="a", dtype="int64"), Column(name="a", dtype="float64"))


def test_file_is_known_by_its_absolute_path_size_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_bytes(b"a\n1\n")

    found = read_file("x.csv")

    assert found == FileRead(path=str(tmp_path / "x.csv"), size=4, digest=hashlib.sha256(b"a\n1\n").hexdigest())
    assert read_file(tmp_path / "x.csv") == read_file(b"x.csv") == read_file((tmp_path / "x.csv").as_uri()) == found


def test_changed_file_has_another_digest(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n1\n")
    before = read_file(path)
    (tmp_path / "new.csv").write_bytes(b"a\n2\n")
    (tmp_path / "new.csv").replace(path)

    assert read_file(path).digest != before.digest


def test_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n1\n")
    found = read_file(path)
    state = path.stat()
    path.write_bytes(b"a\n2\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert read_file(path) == found


def test_missing_file_and_folder_have_no_digest(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none.csv") == FileRead(path=str(tmp_path / "none.csv"))
    assert read_file(tmp_path) == FileRead(path=str(tmp_path))
    assert read_file("a\0b").digest is None


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://me:pw@example.com/x.csv?token=abcdefgh1&v=1", "https://example.com/x.csv?token=[secret]&v=1"),
        ("s3://bucket/key.parquet", "s3://bucket/key.parquet"),
        (
            "https://b.s3.amazonaws.com/x?X-Amz-Signature=0123456789abcdef0123&X-Amz-Expires=60",
            "https://b.s3.amazonaws.com/x?X-Amz-Signature=[secret]&X-Amz-Expires=60",
        ),
    ],
)
def test_url_is_kept_without_what_gives_access(url: str, path: str) -> None:
    assert read_file(url) == FileRead(path=path)
