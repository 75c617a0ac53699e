"""Datasets: the list of names, and one with its versions, its runs and what its columns look like."""

from __future__ import annotations

from collections.abc import Sequence

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone, facts
from trackbook.display.profile import profile_table
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import DatasetVersion, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.tracking.dataset_names import label_of
from trackbook.tracking.datasets import Dataset

MOST_ROWS = 50
_MOST_VERSIONS = 10
_MOST_RUNS = 5


def show_datasets(
    datasets: Sequence[Dataset], look: Look | None = None, location: str = "", *, holdings: str = ""
) -> Shown:
    """Show datasets by name, and beneath them what the store holds (see `holdings_text`)."""
    look = look or Look()
    if not datasets:
        where = f" in {location}" if location else ""
        nothing = f"No dataset is published{where} yet. Publish a table: trackbook.publish(table, 'train')"
        return shown([Sentence(text=nothing, tone=Tone.QUIET), *_quietly(holdings)], look)
    columns = (
        Column(title="Dataset", is_kept=True),
        Column(title="Version", is_number=True, is_kept=True),
        Column(title="Shape", is_number=True),
        Column(title="Kind", rank=3),
        Column(title="Stored", is_number=True),
        Column(title="Runs", is_number=True),
        Column(title="Published", rank=2),
    )
    rest = len(datasets) - MOST_ROWS
    table = Table(
        columns=columns,
        rows=tuple(_dataset_row(each, look) for each in datasets[:MOST_ROWS]),
        more=f"… {rest} more: {look.command} data ls --json" if rest > 0 and not look.is_cell else "",
    )
    return shown([table, *_quietly(holdings)], look)


def _quietly(text: str) -> list[Block]:
    return [Sentence(text=text, tone=Tone.QUIET)] if text else []


def _dataset_row(dataset: Dataset, look: Look) -> tuple[Cell, ...]:
    latest = dataset.latest
    snapshot = dataset.snapshot(latest)
    return (
        Cell(text=fmt.one_line(dataset.name)),
        Cell(text=str(latest.version)),
        _shape(snapshot),
        Cell(text=snapshot.kind, tone=Tone.QUIET),
        Cell(text=fmt.size(dataset.stored_bytes), title="all versions together"),
        Cell(text=str(dataset.runs)),
        cells.when(latest.made_at, look.now),
    )


def _shape(snapshot: Snapshot) -> Cell:
    size = _size(snapshot)
    return Cell(text=size) if size else cells.NOTHING


def _size(snapshot: Snapshot) -> str:
    return fmt.shape(f"{each:,}" for each in (snapshot.rows, snapshot.columns) if each is not None)


def show_dataset(
    dataset: Dataset,
    version: DatasetVersion,
    profile: TableProfile | None,
    look: Look | None = None,
    *,
    runs: Sequence[RunDetail] = (),
    made_by: str = "",
) -> Shown:
    """Show one version of a dataset, the versions beside it, and the runs that used it.

    `made_by` says which run or notebook published it.
    """
    look = look or Look()
    snapshot = dataset.snapshot(version)
    about = facts(
        [
            ("Content", Cell(text=" ".join(filter(None, [_size(snapshot), snapshot.kind])))),
            ("Stored", Cell(text=f"{fmt.size(snapshot.stored_bytes)}, of which {fmt.size(snapshot.new_bytes)} new")),
            ("Published", Cell(text=f"{fmt.ago(version.made_at, look.now)}  ({fmt.moment(version.made_at)})")),
            ("By", Cell(text=fmt.one_line(made_by))),
            ("Used by", _runs(runs)),
            ("Fingerprint", cells.identifier(version.fingerprint) if version.fingerprint else cells.EMPTY),
            ("Load it", Cell(text=_code(dataset, version), is_code=True)),
        ]
    )
    blocks: list[Block] = [Title(cells=(Cell(text=fmt.one_line(label_of(version))),)), about]
    if profile is not None:
        more_at = f"{look.command} data show {label_of(version)} --json" if not look.is_cell else ""
        blocks.append(profile_table(profile, more_at=more_at))
    if len(dataset.versions) > 1:
        blocks.append(_versions(dataset, version, look))
    return shown(blocks, look)


def _code(dataset: Dataset, version: DatasetVersion) -> str:
    is_latest = version.version == dataset.latest.version
    return f"trackbook.load({dataset.name!r}{'' if is_latest else f', version={version.version}'})"


def _runs(runs: Sequence[RunDetail]) -> Cell:
    names = [fmt.one_line(detail.run.name) for detail in runs[:_MOST_RUNS]]
    return Cell(text=", ".join(names) + (", …" if len(runs) > _MOST_RUNS else ""))


def _versions(dataset: Dataset, current: DatasetVersion, look: Look) -> Table:
    columns = (
        Column(title="Version", is_number=True, is_kept=True),
        Column(title="Shape", is_number=True),
        Column(title="New", is_number=True),
        Column(title="Published"),
        Column(title="Fingerprint"),
    )
    newest = dataset.versions[: -_MOST_VERSIONS - 1 : -1]
    rest = len(dataset.versions) - len(newest)
    return Table(
        columns=columns,
        rows=tuple(_version_row(dataset, each, current, look) for each in newest),
        heading="Versions",
        more=f"… {fmt.plural(rest, 'earlier version')}" if rest else "",
    )


def _version_row(dataset: Dataset, version: DatasetVersion, current: DatasetVersion, look: Look) -> tuple[Cell, ...]:
    snapshot = dataset.snapshot(version)
    return (
        Cell(text=str(version.version), is_strong=version.version == current.version),
        _shape(snapshot),
        Cell(text=fmt.size(snapshot.new_bytes)),
        cells.when(version.made_at, look.now),
        cells.identifier(version.fingerprint) if version.fingerprint else cells.NOTHING,
    )
