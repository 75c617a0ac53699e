"""An export holds what is kept of the runs' data, and names the objects that it consists of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from trackbook.records import DatasetVersion, Run
from trackbook.records.query import Query
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter
from trackbook.store.kept import pieces
from trackbook.tracking.export import Document, plain

from tests.migrations.make_store import NOON, fill


@pytest.fixture
def store() -> MemoryStore:
    """One of everything, and a version that no run knows."""
    store = MemoryStore()
    fill(store)
    other = replace(store.put_table(np.arange(200_000.0)), made_at=NOON)
    version = DatasetVersion(name="others", snapshot_id=other.snapshot_id, made_at=NOON)
    store.write(Batch(snapshots=[other], versions=[version]))
    run = Run(run_id="r3", name="shy-yak", experiment="prices", session_id="s1", started_at=NOON)
    store.write(Batch(runs=[RunChange(run_id="r3", run=run)]))
    return store


def exported(store: MemoryStore, **where: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("\n".join(Document(store, RunFilter(**where)).lines()))
    return document


def test_whole_store_is_exported_with_all_its_data(store: MemoryStore) -> None:
    document = exported(store)

    assert document["snapshots"] == [plain(each) for each in store.snapshots()]
    assert document["dataset_versions"] == [plain(each) for each in store.versions()]
    assert document["checks"] == [plain(each) for each in store.checks()]
    assert document["reproductions"] == [plain(each) for each in store.reproductions()]
    assert len(document["snapshots"]) == len(document["dataset_versions"]) == 2
    assert len(document["checks"]) == len(document["reproductions"]) == 1


def test_objects_of_data_are_named_once(store: MemoryStore) -> None:
    (run,) = [each for each in store.runs(RunFilter()) if each.run.run_id == "r1"]
    wanted = {store.checks()[0].schema_digest, store.reproductions()[0].slice_digest, run.models[0].object_digest}
    wanted |= {file.object_digest for file in run.datasets[0].files} - {None}
    for snapshot in store.snapshots():
        wanted |= {snapshot.snapshot_id, *pieces(store.objects, snapshot)}

    objects = exported(store)["objects"]

    assert wanted <= set(objects)
    assert len(objects) == len(set(objects))


def test_export_of_some_runs_has_their_data_only(store: MemoryStore) -> None:
    of_churn = exported(store, experiment="churn")
    of_prices = exported(store, experiment="prices")
    of_query = exported(store, query=Query())

    assert [version["name"] for version in of_churn["dataset_versions"]] == ["ages"]
    assert len(of_churn["snapshots"]) == len(of_churn["checks"]) == len(of_churn["reproductions"]) == 1
    assert [of_prices[name] for name in ("dataset_versions", "snapshots", "checks", "reproductions")] == [[]] * 4
    assert of_query["dataset_versions"] == of_churn["dataset_versions"]


def test_lost_manifest_leaves_the_rest_of_an_export(store: MemoryStore) -> None:
    lost = store.versions("others")[0].snapshot_id
    del store.objects._contents[lost]

    document = exported(store)

    assert len(document["snapshots"]) == 2
    assert lost in document["objects"]
