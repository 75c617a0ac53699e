"""What the store of a worker begins with: the versions of datasets that a step may load, and the run above its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate

from trackbook.pipelines.executors.cluster.earlier import earlier_run, reads_of
from trackbook.pipelines.graph.notebook_file import read_notebook
from trackbook.pipelines.graph.reading import read_uses
from trackbook.pipelines.steps.job import StepJob
from trackbook.records import DATASET_PATH, DatasetVersion, RunDetail
from trackbook.store.contract import Batch, RunChange, RunFilter, Store

_MOST_PUBLISHED_BYTES = 64 * 2**20  # of a dataset that a step only publishes: known there, it is not published again
_MOST_UNTOLD_BYTES = 2**30


def seed_of(job: StepJob, store: Store) -> Batch:
    """Return the records that a step may need.

    Of a dataset that the code loads the latest version, or all where it says which; of one that it only publishes the
    latest if that is small, to be compared with. Where it can't be told what the code loads, the latest of each.
    """
    versions = list(_versions(job, store))
    snapshots = store.snapshots(ids=[each.snapshot_id for each in versions])
    above = [replace(detail.run, parent_id=None) for detail in _run_above(job, store)]
    return Batch(
        sessions=store.sessions(ids=[run.session_id for run in above]),
        runs=[RunChange(run_id=run.run_id, run=run) for run in above],
        snapshots=[replace(each, profile_digest=None) for each in snapshots],
        versions=[replace(each, run_id=None) for each in versions],
    )


def _versions(job: StepJob, store: Store) -> Iterator[DatasetVersion]:
    known = store.versions()
    latest = {version.name: version for version in known}
    uses = read_uses(read_notebook(job.notebook), job.params, job.notebook.parent)
    wanted = {*uses.loads, *_loaded_before(job, store)}
    wanted |= set(_small([latest[name] for name in uses.publishes if name in latest], store, _MOST_PUBLISHED_BYTES))
    if any(not sentence.startswith("publish") for sentence in uses.untold):
        wanted |= set(_small(latest.values(), store, _MOST_UNTOLD_BYTES))
    for version in known:
        if version.name in uses.pinned or (version.name in wanted and version == latest[version.name]):
            yield version


def _loaded_before(job: StepJob, store: Store) -> Iterator[str]:
    """Yield the names of the datasets that an earlier run of the step loaded."""
    detail = earlier_run(job, store)
    for read in reads_of(store, detail) if detail is not None else ():
        if read.path.startswith(DATASET_PATH):
            yield read.path.removeprefix(DATASET_PATH).rpartition("@")[0]


def _small(versions: Iterable[DatasetVersion], store: Store, most: int) -> list[str]:
    """Return the names of versions, from the smallest on, that together take no more than so many bytes."""
    by_snapshot = {version.snapshot_id: version.name for version in versions}
    found = sorted(store.snapshots(ids=[*by_snapshot]), key=lambda snapshot: snapshot.stored_bytes)
    sums = accumulate(snapshot.stored_bytes for snapshot in found)
    return [by_snapshot[each.snapshot_id] for each, size in zip(found, sums, strict=True) if size <= most]


def _run_above(job: StepJob, store: Store) -> list[RunDetail]:
    return store.runs(RunFilter(ids=(job.parent_run_id,))) if job.parent_run_id is not None else []
