"""How large contents are, copies that stay as they are, and files of which none is made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from trackbook.capture.credential_files import has_credentials, is_credential_file
from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.keeping import first_rows, is_private, size_in_memory, still

FRAME = pd.DataFrame({"a": np.arange(4.0), "b": ["x", "y", None, "z"], "c": pd.Categorical(["u", "v", "u", "v"])})


def _overwrite_frame(frame: pd.DataFrame) -> None:
    frame.iloc[0, 0] = -1.0
    frame.loc[1, "b"] = "changed"
    frame["more"] = 1


def _overwrite_series(series: pd.Series[Any]) -> None:
    series.iloc[0] = -1.0


def _overwrite_array(array: Any) -> None:
    array[0] = -1.0


def _overwrite_masked(array: Any) -> None:
    array[0] = np.ma.masked


def _overwrite_sparse(matrix: Any) -> None:
    matrix.data[:] = 7.0


@pytest.mark.parametrize(
    ("table", "overwrite"),
    [
        (FRAME.copy(), _overwrite_frame),
        (pd.Series([1.0, 2.0], name="s"), _overwrite_series),
        (np.arange(6.0), _overwrite_array),
        (np.asfortranarray(np.arange(6.0).reshape(2, 3)), _overwrite_array),
        (np.arange(12.0).reshape(3, 4)[:, ::2], _overwrite_array),
        (np.ma.masked_array([1.0, 2.0], [False, True]), _overwrite_masked),
        (sp.csr_array(np.eye(3)), _overwrite_sparse),
        (sp.coo_matrix(np.eye(3)), _overwrite_sparse),
    ],
)
def test_copy_stays_as_it_is_when_the_table_is_overwritten(table: Any, overwrite: Callable[[Any], None]) -> None:
    before = fingerprint(table)

    copy = still(table)
    overwrite(table)

    assert fingerprint(table) != before
    assert fingerprint(copy) == before
    assert type(copy) is type(table)


@given(hnp.arrays(st.sampled_from(["f8", "i4", "?", "U3", "M8[s]"]), hnp.array_shapes(max_dims=3), fill=st.nothing()))
def test_copy_of_an_array_has_its_content_and_order(array: Any) -> None:
    for one in (array, array.T, np.asfortranarray(array)):
        copy: Any = still(one)

        assert fingerprint(copy) == fingerprint(one)
        assert not np.shares_memory(copy, one)
        assert (copy.flags.c_contiguous, copy.flags.f_contiguous) == (one.flags.c_contiguous, one.flags.f_contiguous)


def test_tables_that_never_change_are_not_copied() -> None:
    table = pa.table({"a": [1, 2]})

    assert still(table) is table
    assert not is_private(still(table))
    assert is_private(still(np.arange(3)))
    assert not is_private(still(np.array([[1], "x"], dtype=object)))


@pytest.mark.parametrize(
    ("table", "size"),
    [
        (np.zeros((100, 5)), 4000),
        (pd.DataFrame(np.zeros((100, 5))), 4000),
        (pd.Series(np.zeros(100)), 800),
        (pa.table({"a": np.zeros(100)}), 800),
        (pl.DataFrame({"a": np.zeros(100)}), 800),
        (sp.csr_array(np.ones((10, 10))), 1200),
    ],
)
def test_size_is_that_of_the_memory(table: Any, size: int) -> None:
    assert size <= size_in_memory(table) <= size * 1.2 + 200


def test_size_of_objects_is_reckoned_from_some_of_them() -> None:
    words = ["word" * 10 for _ in range(10_000)]
    exact = 10_000 * sys.getsizeof(words[0])

    assert 0.9 < size_in_memory(np.array(words, dtype=object)) / exact < 1.2
    assert 0.9 < size_in_memory(pd.DataFrame({"w": pd.Series(words, dtype=object)})) / exact < 1.2


@pytest.mark.parametrize(
    "table", [FRAME, FRAME["a"], np.arange(12).reshape(4, 3), sp.coo_array(np.eye(4)), pa.table({"a": range(4)}),
              pl.DataFrame({"a": range(4)})]
)  # fmt: skip
def test_first_rows_are_a_small_table_of_the_same_kind(table: Any) -> None:
    rows: Any = first_rows(table, 2)

    assert rows.shape[0] == 2
    assert first_rows([1, 2, 3], 2) is None


@pytest.mark.parametrize(
    "path",
    [
        "/home/ana/.env", "/home/ana/.env.local", "/p/prod.env", "/home/ana/.ssh/config", "/home/ana/.ssh/id_ed25519",
        "/p/server.pem", "/p/key.p12", "/home/ana/.netrc", "/p/kaggle.json", "/home/ana/.kaggle/kaggle.json",
        "/p/credentials.json", "/p/credentials.csv", "/p/google-credentials.json", "/p/client_secret_123.json",
        "/p/my-service-account.json", "/home/ana/.aws/config", "/p/secrets.toml", "/p/.streamlit/secrets.toml",
        "/p/db_password.txt", "/p/token.json", "/p/token.pickle", "/home/ana/.pgpass", "/etc/shadow", "/proc/cpuinfo",
        "/home/ana/.pypirc", "/home/ana/.config/gcloud/application_default_credentials.json", "/p/api_key.txt",
    ],
)  # fmt: skip
def test_file_is_known_as_one_of_credentials(path: str) -> None:
    assert is_credential_file(path)


@pytest.mark.parametrize(
    "path",
    [
        "/p/data.csv", "/p/keyboard.csv", "/p/leaked-passwords.csv", "/p/tokens.csv", "/p/tokenizer.json",
        "/p/environment.yml", "/p/keys_and_values.parquet", "/p/train.json", "/p/secretary.csv", "/p/monkey.npy",
        "/p/secrets_of_wine.csv", "/home/ana/env/data.csv", "/p/token_counts.txt", "/p/credential_events.parquet",
    ],
)  # fmt: skip
def test_data_with_a_name_that_sounds_like_credentials_is_data(path: str) -> None:
    assert not is_credential_file(path)


def test_private_keys_and_settings_with_secrets_are_seen_in_the_content() -> None:
    key = b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"

    assert has_credentials("/p/anything.csv", key)
    assert has_credentials("/p/config.yaml", b"database:\n  password: hunter2-Zx81qwe\n")
    assert not has_credentials("/p/config.yaml", b"depth: 3\nrate: 0.1\n")
    assert not has_credentials("/p/data.csv", b"user,password\nana,12345\n")
