"""Datasets: their versions, what the columns of one look like, what sets two apart; and tables that runs used."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, Literal

from msgspec import Struct
from trackbook.display.data_payload import dataset_payload, shown_payload, table_diff_payload
from trackbook.display.profile import profile_payload
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import MODEL, DatasetVersion, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import check_name, kept_version
from trackbook.tracking.datasets import diff_tables, list_datasets, made_by, runs_using
from trackbook.tracking.finding_datasets import find_version, version_before
from trackbook.tracking.table_profiles import profile_of

from trackbook_server.route import Asked, At, Operation, Route

_MOST_RUNS = 50
_MOST_PROFILES = 64


class DatasetsList(Struct, kw_only=True):
    """The datasets by name, each as ``trackbook data ls --json`` has it."""

    datasets: list[dict[str, Any]]


class DiffQuery(At, kw_only=True):
    """Which versions, by their numbers: without `after` the latest, without `before` the one before that.

    `key` are the columns that tell rows apart, separated by commas; without them `by` says how: by what is in the rows,
    or by their number.
    """

    before: str = ""
    after: str = ""
    key: str = ""
    by: Literal["content", "position"] = "content"


class UsingRun(Struct, kw_only=True):
    """A run that used a version."""

    run_id: str
    name: str
    experiment: str
    status: str
    started_at: str


def list_all(asked: Asked) -> DatasetsList:
    """Return the datasets."""
    return DatasetsList(datasets=[dataset_payload(each) for each in list_datasets(asked.project.store)])


def show_dataset(asked: Asked) -> dict[str, Any]:
    """Return a dataset with its versions, oldest first."""
    (dataset,) = list_datasets(asked.project.store, [_name(asked)])
    return dataset_payload(dataset)


def show_version(asked: Asked) -> dict[str, Any]:
    """Return a version as ``trackbook data show --json`` has it, with who made it and the newest runs that used it."""
    store = asked.project.store
    version = _version(store, _name(asked), asked.path["version"])
    (dataset,) = list_datasets(store, [version.name])
    snapshot = dataset.snapshot(version)
    profile = None if snapshot.kind == MODEL else _profiles.of(store, snapshot)
    runs = runs_using(store, version, limit=_MOST_RUNS)
    return {
        **shown_payload(dataset, version, profile, runs),
        "made_by": made_by(store, version),
        "runs": [_using(each) for each in runs],
    }


def diff_versions(asked: Asked) -> dict[str, Any]:
    """Return what sets two versions apart, as ``trackbook data diff --json`` has it, and their numbers."""
    store, query = asked.project.store, asked.query
    keys = [key for key in query.key.split(",") if key]
    if keys and query.by == "position":
        raise InvalidValueError("Rows are told by a key or by position. Give one of them.")
    after = _version(store, _name(asked), query.after or "latest")
    before = _version(store, after.name, query.before) if query.before else version_before(store, after)
    found = diff_tables(store, kept_version(before), kept_version(after), key=keys, by_position=query.by == "position")
    return {**table_diff_payload(found), "before_version": before.version, "after_version": after.version}


def show_profile(asked: Asked) -> dict[str, Any]:
    """Return what the columns of a table look like that a run used, published or not."""
    store, wanted = asked.project.store, asked.path["snapshot"]
    snapshot = next(iter(store.snapshots(ids=[wanted])), None)
    if snapshot is None:
        raise NotFoundError(f"No table '{wanted}' is kept in {store.location}. Only its fingerprint may be on record.")
    return {"snapshot_id": snapshot.snapshot_id, **profile_payload(_profiles.of(store, snapshot))}


def _name(asked: Asked) -> str:
    """Return the name that a path asks about; what can't be a name is none that is there."""
    try:
        return check_name(asked.path["name"])
    except InvalidValueError as error:
        raise NotFoundError(str(error)) from None


def _version(store: Store, name: str, version: str) -> DatasetVersion:
    return find_version(store, f"{name}@{version}")


def _using(detail: RunDetail) -> UsingRun:
    run = detail.run
    return UsingRun(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        status=run.status.value,
        started_at=run.started_at.isoformat(),
    )


class _Profiles:
    """The last profiles that were asked for: to read one may take seconds, and a reading keeps nothing in the store."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], TableProfile] = OrderedDict()

    def of(self, store: Store, snapshot: Snapshot) -> TableProfile:
        key = (store.location, snapshot.snapshot_id)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        profile = profile_of(store, snapshot, is_kept=False)
        with self._lock:
            self._known[key] = profile
            while len(self._known) > _MOST_PROFILES:
                self._known.popitem(last=False)
        return profile


_profiles = _Profiles()

_Found = dict[str, Any]

ROUTES = (
    Route(
        path="/datasets",
        operations={"GET": Operation(act=list_all, summary="List datasets", answer=DatasetsList)},
    ),
    Route(
        path="/datasets/{name}",
        operations={"GET": Operation(act=show_dataset, summary="Show a dataset", answer=_Found)},
    ),
    Route(
        path="/datasets/{name}/versions/{version}",
        operations={"GET": Operation(act=show_version, summary="Show a version of a dataset", answer=_Found)},
    ),
    Route(
        path="/datasets/{name}/diff",
        operations={
            "GET": Operation(
                act=diff_versions, summary="Tell two versions of a dataset apart", query=DiffQuery, answer=_Found
            )
        },
    ),
    Route(
        path="/snapshots/{snapshot}/profile",
        operations={
            "GET": Operation(act=show_profile, summary="Profile a table that is kept", answer=_Found, is_lasting=True)
        },
    ),
)
