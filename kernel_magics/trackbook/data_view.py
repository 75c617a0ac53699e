"""Datasets as Python objects: ``trackbook.publish``, ``load``, ``datasets``, and what is asked of a version."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeAlias

from trackbook.display import format as fmt
from trackbook.display.data import show_dataset
from trackbook.display.data_payload import shown_payload, table_diff_payload
from trackbook.display.shown import Look, Shown
from trackbook.display.table_diff import show_table_diff
from trackbook.errors import InvalidValueError
from trackbook.frames import datasets_frame
from trackbook.project import Project, current_project
from trackbook.records import MODEL, DatasetVersion, JsonValue, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.records.table_diff import TableDiff
from trackbook.run_view import RunView
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import KeptTable, check_name, kept_version, label_of
from trackbook.tracking.datasets import (
    diff_tables,
    is_published_model,
    list_datasets,
    made_by,
    no_table,
    publish_table,
    read_table,
    runs_using,
)
from trackbook.tracking.finding_datasets import find_table, find_version, version_before
from trackbook.tracking.making import maker_here, note_read
from trackbook.tracking.newer_data import watch_newer
from trackbook.tracking.pinned_datasets import pinned
from trackbook.tracking.published_models import is_model, load_published, publish_model
from trackbook.tracking.table_files import write_table
from trackbook.tracking.table_profiles import profile_of

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "slice | range | tuple[int, int] | None"


class DatasetView:
    """One version of a dataset: what `trackbook.publish` returns. In a notebook it shows itself with its profile."""

    def __init__(self, project: Project, version: DatasetVersion) -> None:
        self._project = project
        self.record = version

    @property
    def name(self) -> str:
        """The dataset."""
        return self.record.name

    @property
    def version(self) -> int:
        """The number of the version, from 1."""
        return self.record.version

    @property
    def fingerprint(self) -> str | None:
        """The canonical hash of the content, None where it could not be taken."""
        return self.record.fingerprint

    @property
    def snapshot_id(self) -> str:
        """The snapshot that holds the content."""
        return self.record.snapshot_id

    @property
    def made_at(self) -> datetime:
        """When it was published, in UTC."""
        return self.record.made_at

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the content: kind, rows, columns, bytes."""
        return self._project.store.snapshots(ids=[self.snapshot_id])[0]

    @property
    def runs(self) -> tuple[RunView, ...]:
        """The runs that used it, newest first."""
        store = self._project.store
        token = store.change_token()
        return tuple(RunView(self._project, each, token) for each in runs_using(store, self.record))

    def load(
        self,
        *,
        columns: Sequence[Any] | None = None,
        rows: Rows = None,
        as_: str | None = None,
        trust: str | Collection[str] = (),
    ) -> Any:
        """Return the content, as `trackbook.load` does."""
        kept = find_table(self._project.store, self.name, version=self.version)
        part = _Part(columns=columns, rows=rows, as_=as_, trust=trust)
        return _loaded(self._project, kept, part, sys._getframe(1))

    def profile(self) -> TableProfile:
        """Return what the columns look like: worked out once, then kept.

        Raises
        ------
        InvalidValueError
            If it is a model.
        """
        return profile_of(self._project.store, self.snapshot)

    def diff(
        self, other: DatasetReference, *, key: str | Sequence[str] = (), by_position: bool = False
    ) -> TableDiffView:
        """Return what `other` has other than this one; see `trackbook.diff_data`."""
        return diff_data(self, other, key=key, by_position=by_position, project=self._project)

    def export(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the content to a file, by its ending: ``.parquet``, ``.csv``, ``.arrow`` or ``.feather``.

        Raises
        ------
        InvalidValueError
            If the ending is another one, or the file is there and `force` doesn't say to replace it.
        """
        kept = find_table(self._project.store, self.name, version=self.version)
        return write_table(self._project.store, kept, Path(path), is_forced=force)

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook data show --json`` prints it."""
        (dataset,) = list_datasets(self._project.store, [self.name])
        return shown_payload(dataset, self.record, self._columns(), self._users())

    def show(self, look: Look | None = None) -> Shown:
        """Return the version with its profile, to look at."""
        store = self._project.store
        (dataset,) = list_datasets(store, [self.name])
        maker = made_by(store, self.record)
        return show_dataset(dataset, self.record, self._columns(), look, runs=self._users(), made_by=maker)

    def _columns(self) -> TableProfile | None:
        return None if self.snapshot.kind == MODEL else self.profile()

    def _users(self) -> list[RunDetail]:
        return runs_using(self._project.store, self.record, limit=20)

    def __repr__(self) -> str:
        snapshot = self.snapshot
        sizes = [f"{size:,}" for size in (snapshot.rows, snapshot.columns) if size is not None]
        shape = f"{fmt.shape(sizes)} {snapshot.kind}" if sizes else snapshot.kind
        return f"<Dataset {label_of(self.record)} {shape}, {fmt.size(snapshot.stored_bytes)} stored>"

    def _repr_html_(self) -> str:
        return self.show().html

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatasetView) and other.record == self.record

    def __hash__(self) -> int:
        return hash((self.name, self.version))


DatasetReference: TypeAlias = "str | DatasetView"


class TableDiffView:
    """What sets two tables apart: a page to look at in a notebook, text elsewhere."""

    def __init__(self, difference: TableDiff, before: str, after: str) -> None:
        self.difference = difference
        self._names = before, after

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.difference.is_empty

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook data diff --json`` prints it."""
        return table_diff_payload(self.difference)

    def show(self, look: Look | None = None) -> Shown:
        """Return it, to look at."""
        return show_table_diff(self.difference, *self._names, look)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """How much of a content is wanted, in which form, and what of a model is trusted."""

    columns: Sequence[Any] | None
    rows: Rows
    as_: str | None
    trust: str | Collection[str]

    @property
    def is_all(self) -> bool:
        return self.columns is None and self.rows is None and self.as_ is None


def publish(table: Any, name: str) -> DatasetView:
    """Make a table, or a fitted model, the next version of a dataset, and return that version.

    It is kept by content: what it shares with earlier versions costs nothing again, and the content of the latest
    version again is that version. Works in notebooks, in scripts and under papermill.

    Parameters
    ----------
    table
        A DataFrame or Series of pandas or polars, an array, a sparse matrix, an Arrow table, or a fitted model that
        skops can hold.
    name
        The dataset; `load` finds it by that from any notebook of the project.

    Raises
    ------
    InvalidValueError
        If nothing may be called so, it is neither, or it holds what would not come back equal.

    Examples
    --------
    >>> import trackbook  # doctest: +SKIP
    >>> trackbook.publish(customers, "customers")  # doctest: +SKIP
    """
    check_name(name)
    store, maker = maker_here()
    add = publish_model if is_model(table) else publish_table
    return DatasetView(Project(store), add(store, table, name, maker))


def load(
    name: str | None = None,
    *,
    version: int | str | None = None,
    run: str | RunView | None = None,
    fingerprint: str | None = None,
    columns: Sequence[Any] | None = None,
    rows: Rows = None,
    as_: str | None = None,
    trust: str | Collection[str] = (),
    project: Project | None = None,
) -> Any:
    """Return the content of a dataset, equal to what was published; the latest version, if nothing says which.

    Parameters
    ----------
    name
        The dataset, or with its version: ``"customers@3"``.
    version, run, fingerprint
        Which version: its number; the one that a run published or used, or the table that the run called `name`; the
        one with this content.
    columns
        Only these.
    rows
        Only those at these positions: ``slice(0, 100)`` or ``(0, 100)``.
    as_
        ``"pandas"``, ``"arrow"`` or ``"polars"`` instead of what was published.
    trust
        Of a model: types, by full name, that it may hold beside those that skops trusts by itself.

    Raises
    ------
    NotFoundError
        If there is no such dataset, version or column.
    InvalidValueError
        If it is a model of which only a part is asked for, or that holds what nobody trusts.
    """
    reference = run.run_id if isinstance(run, RunView) else run
    label = pinned(name) if project is None and version is None and fingerprint is None else None
    project = project or current_project()
    if label is not None:
        kept = find_table(project.store, label)
    else:
        kept = find_table(project.store, name, version=version, run=reference, fingerprint=fingerprint)
    part = _Part(columns=columns, rows=rows, as_=as_, trust=trust)
    return _loaded(project, kept, part, sys._getframe(1))


def _loaded(project: Project, kept: KeptTable, part: _Part, frame: FrameType) -> Any:
    value = _content(project.store, kept, part)
    note_read(kept.read, value, frame)
    if kept.is_latest:
        watch_newer()
    return value


def _content(store: Store, kept: KeptTable, part: _Part) -> Any:
    if not is_published_model(store, kept):
        return read_table(store, kept, columns=part.columns, rows=part.rows, as_=part.as_)
    if not part.is_all:
        raise no_table(kept)
    loaded = load_published(store, kept, [part.trust] if isinstance(part.trust, str) else part.trust)
    for remark in loaded.remarks:
        warnings.warn(remark, stacklevel=4)
    return loaded.value


def datasets(name: str | None = None, *, project: Project | None = None) -> pd.DataFrame:
    """Return the datasets as a data frame, one row a dataset (its latest version), or one row a version of `name`.

    Columns: ``name version rows columns kind stored_bytes runs made_at fingerprint snapshot_id run_id``. `runs` counts
    those that used the dataset.

    Raises
    ------
    NotFoundError
        If there is no dataset of that name.
    """
    store = (project or current_project()).store
    return datasets_frame(list_datasets(store, None if name is None else [name]), every=name is not None)


def dataset(name: str, *, project: Project | None = None) -> DatasetView:
    """Return a version of a dataset: the latest, or the one of ``"customers@3"``.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    project = project or current_project()
    return DatasetView(project, find_version(project.store, name))


def diff_data(
    before: DatasetReference,
    after: DatasetReference | None = None,
    *,
    key: str | Sequence[str] = (),
    by_position: bool = False,
    project: Project | None = None,
) -> TableDiffView:
    """Return what sets two versions apart: columns, rows added, removed and changed, and how each column changed.

    Parameters
    ----------
    before, after
        ``"customers@2"``, ``"customers"`` (the latest), or what `publish` returned. Without `after`, the version before
        it is compared with the one given.
    key
        The columns that say which row is which. Without, rows are told by their content.
    by_position
        Take rows of one number for one row.

    Raises
    ------
    NotFoundError
        If there is no such version, or none before it.
    InvalidValueError
        If the key tells no rows apart.
    """
    project = project or current_project()
    one = _version(project, before)
    if after is None:
        one, other = version_before(project.store, one), one
    else:
        other = _version(project, after)
    columns = [key] if isinstance(key, str) else list(key)
    if columns and by_position:
        raise InvalidValueError("Rows are told by a key or by position. Give one of them.")
    found = diff_tables(project.store, kept_version(one), kept_version(other), key=columns, by_position=by_position)
    return TableDiffView(found, label_of(one), label_of(other))


def _version(project: Project, reference: DatasetReference) -> DatasetVersion:
    return reference.record if isinstance(reference, DatasetView) else find_version(project.store, reference)
