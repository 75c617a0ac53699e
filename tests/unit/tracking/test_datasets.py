from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.fingerprint import fingerprint
from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError
from trackbook.records import DatasetUse
from trackbook.store import Batch, RunChange, open_store
from trackbook.tracking.dataset_names import KeptTable, check_name, kept_version, split_reference
from trackbook.tracking.datasets import (
    Maker,
    diff_tables,
    keep_table,
    list_datasets,
    load_table,
    publish_table,
    runs_using,
)
from trackbook.tracking.finding_datasets import find_table, version_before
from trackbook.tracking.pinned_datasets import PINNED, copy_datasets, pinned
from trackbook.tracking.table_files import write_table
from trackbook.tracking.table_profiles import profile_of

PEOPLE = pd.DataFrame({"id": [1, 2, 3], "age": [20.0, 30.0, np.nan], "city": ["Rome", "Oslo", None]})
OLDER = PEOPLE.assign(age=[21.0, 31.0, 40.0])


@pytest.fixture
def store(notebook, tmp_path):
    found = open_store(tmp_path / "store")
    found.write(Batch(sessions=notebook.store.sessions()))
    yield found
    found.close()


def publish(store, table, name="people", **maker):
    return publish_table(store, table, name, Maker(**maker))


def load(store, *args, **which):
    return load_table(store, find_table(store, *args, **which))


def add_run(store, make_run, number, **parts):
    detail = make_run(number, **parts)
    change = RunChange(run_id=detail.run.run_id, run=detail.run, datasets=detail.datasets)
    store.write(Batch(runs=[change]))
    return detail


def test_each_content_gets_the_next_number_and_the_same_content_again_none(store):
    versions = [publish(store, table).version for table in (PEOPLE, PEOPLE.copy(), OLDER, PEOPLE)]

    assert versions == [1, 1, 2, 3]


def test_what_the_fingerprint_leaves_out_is_another_version(store):
    marked = PEOPLE.copy()
    marked.attrs["source"] = "survey"

    first, second = publish(store, PEOPLE), publish(store, marked)

    assert first.fingerprint == second.fingerprint
    assert second.version == 2
    assert load(store, "people").attrs == {"source": "survey"}
    assert load(store, "people@1").attrs == {}


def test_same_content_again_costs_no_object(store):
    publish(store, PEOPLE)
    before = store.usage().snapshot_bytes

    publish(store, PEOPLE.copy(), "others")

    assert store.usage().snapshot_bytes == before


@pytest.mark.parametrize(
    "table",
    [
        PEOPLE,
        PEOPLE["city"],
        np.arange(6.0).reshape(2, 3),
        scipy.sparse.csr_array(np.eye(3)),
        pa.table({"a": [1, None]}),
        pl.DataFrame({"a": [1, None]}),
    ],
    ids=["frame", "series", "array", "sparse", "arrow", "polars"],
)
def test_every_kind_of_table_comes_back_as_its_own_kind(store, table):
    publish(store, table)

    found = load(store, "people")

    assert type(found) is type(table)
    assert fingerprint(found) == fingerprint(table)


def test_version_is_found_by_number_in_the_name_or_beside_it_and_by_fingerprint(store):
    first, second = publish(store, PEOPLE), publish(store, OLDER)

    assert find_table(store, "people").version == second
    assert find_table(store, "people@1").version == first
    assert find_table(store, "people", version=1).version == first
    assert find_table(store, "people", version="latest").version == second
    assert find_table(store, "people", fingerprint=first.fingerprint[:6]).version == first
    assert find_table(store, None, fingerprint=f"xx3:{first.fingerprint}").version == first


def test_run_gives_the_version_that_it_published(store, make_run):
    run = add_run(store, make_run, 1, name="calm-otter")
    mine = publish(store, PEOPLE, run_id=run.run.run_id)
    publish(store, OLDER)

    assert find_table(store, "people", run="calm-otter").version == mine


def test_run_gives_the_version_that_it_used_by_content_or_by_name(store, make_run):
    first, second = publish(store, PEOPLE), publish(store, OLDER)
    used = DatasetUse(name="df", kind="pandas.DataFrame", fingerprint=first.fingerprint)
    loaded = DatasetUse(name="X", kind="pandas.DataFrame", files=(kept_version(second).read,), fingerprint="another")
    add_run(store, make_run, 1, name="calm-otter", datasets=[used])
    add_run(store, make_run, 2, name="shy-yak", datasets=[loaded])

    assert find_table(store, "people", run="calm-otter").version == first
    assert find_table(store, "people", run="shy-yak").version == second
    assert [each.runs for each in list_datasets(store)] == [2]
    assert [each.run.name for each in runs_using(store, second)] == ["shy-yak"]


def test_run_gives_a_table_that_it_called_so_though_nobody_published_it(store, make_run):
    snapshot = keep_table(store, PEOPLE, "kept")
    store.write(Batch(snapshots=[snapshot]))
    use = DatasetUse(name="X_train", kind="pandas.DataFrame", snapshot_id=snapshot.snapshot_id)
    lost = DatasetUse(name="X_test", kind="pandas.DataFrame", fingerprint="abcd")
    add_run(store, make_run, 1, name="calm-otter", datasets=[use, lost])

    pd.testing.assert_frame_equal(load(store, "X_train", run="calm-otter"), PEOPLE)
    with pytest.raises(NotFoundError, match="Only the fingerprint of 'X_test' was kept"):
        load(store, "X_test", run="calm-otter")
    with pytest.raises(NotFoundError, match="Its tables: X_train, X_test"):
        load(store, "y", run="calm-otter")


def test_part_of_a_version_is_read_by_columns_rows_and_form(store):
    publish(store, PEOPLE)
    kept = find_table(store, "people")

    part = load_table(store, kept, columns=["age"], rows=(0, 2))
    arrow = load_table(store, kept, rows=range(1, 3), as_="arrow")

    assert part["age"].tolist() == [20.0, 30.0]
    assert list(part.columns) == ["age"]
    assert arrow.num_rows == 2


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        ({"name": "poeple"}, "No dataset 'poeple'. Did you mean 'people'"),
        ({"name": "people@7"}, "no version 7. Its versions: 1"),
        ({"name": "people", "version": 0}, "Versions count from 1"),
        ({"name": "people", "version": True}, "True is no version"),
        ({"name": "people@x"}, "'x' is no version"),
        ({"name": "people", "version": "9" * 5000}, "9…' is no version"),
        ({"name": "people@1", "version": 1}, "names a version itself"),
        ({"name": "people", "version": 1, "run": "r"}, "Give one of version, run and fingerprint"),
        ({"name": "people", "fingerprint": "ab"}, "too short"),
        ({"name": "people", "fingerprint": "ffffffff"}, "No version of dataset 'people' has the fingerprint"),
        ({"name": None}, "Which dataset"),
        ({"name": 3}, "name is text, not int"),
    ],
)
def test_what_can_not_be_found_is_said_in_a_sentence(store, ask, sentence):
    publish(store, PEOPLE)

    with pytest.raises((NotFoundError, InvalidValueError), match=sentence):
        find_table(store, ask.pop("name"), **ask)


def test_empty_store_says_how_to_publish(store):
    with pytest.raises(NotFoundError, match=r"Publish one: trackbook.publish\(table, 'people'\)"):
        find_table(store, "people")


def test_fingerprint_of_several_contents_is_ambiguous(store):
    first = publish(store, PEOPLE)
    snapshot = store.snapshots(ids=[first.snapshot_id])[0]
    store.write(Batch(versions=[replace(first, name="a", version=0, fingerprint="abcd1")], snapshots=[snapshot]))
    store.write(Batch(versions=[replace(first, name="b", version=0, fingerprint="abcd2")]))

    with pytest.raises(AmbiguousError, match="Give more of it"):
        find_table(store, None, fingerprint="abcd")


@pytest.mark.parametrize("name", ["", " x", "a@b", "-x", "a\\b", "a\nb", "x" * 201, 3, None])
def test_what_can_not_name_a_dataset_is_refused(store, name):
    with pytest.raises(InvalidValueError):
        publish(store, PEOPLE, name)

    assert store.versions() == []


@given(st.text(max_size=30))
def test_any_name_that_is_taken_is_found_again(name):
    try:
        check_name(name)
    except InvalidValueError:
        return

    assert split_reference(name) == (name, None)
    assert split_reference(f"{name}@12") == (name, 12)


INT128 = pl.DataFrame({"a": [2**100]}, schema={"a": pl.Int128})


@pytest.mark.parametrize("table", [[1, 2], {"a": [1]}, "text", 3, None, pd.DataFrame({"a": [object()]}), INT128])
def test_what_is_no_table_or_would_not_come_back_equal_is_refused(store, table):
    with pytest.raises(InvalidValueError, match="can't be published as 'people'"):
        publish(store, table)

    assert store.versions() == []


def test_columns_that_a_dataset_lacks_are_named_with_those_that_it_has(store):
    publish(store, pd.DataFrame({"age": [1], "city": ["Ulm"]}))

    with pytest.raises(NotFoundError, match=r"^The snapshot has no such columns: 'agee'. Its columns: age, city.$"):
        load_table(store, find_table(store, "people"), columns=["city", "agee"])


def test_profile_is_worked_out_once(store):
    version = publish(store, PEOPLE)

    first = profile_of(store, store.snapshots(ids=[version.snapshot_id])[0])
    snapshot = store.snapshots(ids=[version.snapshot_id])[0]

    assert snapshot.profile_digest is not None
    assert profile_of(store, snapshot) == first
    assert [column.missing for column in first.columns] == [0, 1, 1]


def test_versions_are_compared_by_content_position_or_key(store):
    one, other = publish(store, PEOPLE), publish(store, OLDER.iloc[1:])
    kept = kept_version(one), kept_version(other)

    by_key = diff_tables(store, *kept, key=["id"])
    by_position = diff_tables(store, *kept, by_position=True)

    assert (by_key.rows_removed, by_key.rows_changed) == (1, 2)
    assert by_position.rows_changed == 2
    assert version_before(store, other) == one
    with pytest.raises(NotFoundError, match="'people@1' is the first version"):
        version_before(store, one)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".arrow", ".feather"])
def test_export_is_read_by_pandas(store, tmp_path, ending):
    publish(store, PEOPLE)
    path = tmp_path / f"people{ending}"

    write_table(store, find_table(store, "people"), path)

    readers = {".parquet": pd.read_parquet, ".csv": pd.read_csv}
    found = readers.get(ending, pd.read_feather)(path)
    pd.testing.assert_frame_equal(found, PEOPLE)


def test_export_replaces_nothing_unasked_and_knows_its_forms(store, tmp_path):
    publish(store, PEOPLE)
    kept, path = find_table(store, "people"), tmp_path / "people.csv"
    path.write_text("mine")

    with pytest.raises(InvalidValueError, match="is there already"):
        write_table(store, kept, path)
    assert path.read_text() == "mine"
    write_table(store, kept, path, is_forced=True)
    assert path.read_text().startswith("id,age")
    with pytest.raises(InvalidValueError, match=r"End it with one of \.parquet, \.csv"):
        write_table(store, kept, tmp_path / "people.xlsx")


def test_version_is_pinned_for_those_who_leave_it_open(monkeypatch):
    monkeypatch.setenv(PINNED, "people@2,raw/orders@1")

    assert pinned("people") == "people@2"
    assert pinned("raw/orders") == "raw/orders@1"
    assert pinned("people@3") is None
    assert pinned("other") is None
    assert pinned(None) is None


def test_datasets_are_copied_with_their_numbers_and_a_run_s_own_tables_become_some(store, tmp_path):
    publish(store, PEOPLE)
    second = publish(store, OLDER)
    own = KeptTable(name="X_train", snapshot_id=second.snapshot_id)
    target = open_store(tmp_path / "target")

    labels = copy_datasets(store, target, [kept_version(second).read, own.read])

    assert labels == "people@2,X_train@1"
    pd.testing.assert_frame_equal(load(target, "people@2"), OLDER)
    pd.testing.assert_frame_equal(load(target, "X_train"), OLDER)
    assert target.verify() == []
    target.close()


def test_threads_that_publish_at_once_get_numbers_of_their_own(store):
    tables = [PEOPLE.assign(age=float(number)) for number in range(8)]

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(lambda table: publish(store, table).version, tables))

    assert sorted(versions) == list(range(1, 9))
