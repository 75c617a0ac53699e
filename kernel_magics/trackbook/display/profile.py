"""What the columns of a table look like: one row a column, with its histogram or its most frequent values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trackbook.capture.secrets import redact_value
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Fold, Table, Tone
from trackbook.display.cells import EMPTY, NOTHING
from trackbook.records import JsonValue, Role, RunDetail
from trackbook.records.profile import QUANTILES, ColumnProfile, Histogram, Mark, TableProfile, TopValue
from trackbook.tracking.find import short_id

MOST_COLUMNS = 50
_MOST_OF_RUN = 12  # columns of a table among all that a run shows
_MOST_TOP = 3
_WIDEST = 24
_BARE_INDEX = "index __index_level_"
_NO_TIME = re.compile(r"^(\d{4,}-\d\d-\d\d)(?:[T ]00:00:00(?:\.0+)?)?(?:\+00:00)?$")
_UTC = "+00:00"


def profile_table(profile: TableProfile, *, heading: str = "Columns", more_at: str = "") -> Table:
    """Return a profile as a table; of very many columns the first, and `more_at` says where the others are."""
    has_shares = any(column.missing for column in profile.columns)
    shown = profile.columns[:MOST_COLUMNS]
    rest = len(profile.columns) - len(shown)
    return Table(
        columns=_columns(has_shares=has_shares),
        rows=tuple(_row(column, has_shares=has_shares) for column in shown),
        heading=heading,
        more=f"… {fmt.plural(rest, 'more column')}{': ' if more_at else ''}{more_at}" if rest else "",
    )


def profile_blocks(profiles: Mapping[str, TableProfile], detail: RunDetail) -> list[Block]:
    """Return what the columns of a run's tables look like: of training data at once, of others behind their names."""
    where = f"trackbook.get_run('{short_id(detail.run.run_id)}').profiles()"
    trained = {use.name for use in detail.datasets if use.role in (Role.TRAIN, None)}
    first = {name: each for name, each in profiles.items() if name in trained} or dict(profiles)
    others = {name: each for name, each in profiles.items() if name not in first}
    blocks: list[Block] = [_together(first, _MOST_OF_RUN, where, "Columns")] if first else []
    if others:
        folded = _together(others, MOST_COLUMNS, where)
        blocks.append(Fold(summary=f"Columns of {fmt.one_line(', '.join(others))}", blocks=(folded,), hint=where))
    return blocks


def _together(profiles: Mapping[str, TableProfile], most: int, where: str, heading: str = "") -> Table:
    """Return several profiles as one table, each beneath its name, with so many columns of it at most."""
    named = {name: [each for each in own.columns if not _is_bare_index(each)] for name, own in profiles.items()}
    has_shares = any(column.missing for columns in named.values() for column in columns[:most])
    rows: list[tuple[Cell, ...]] = []
    for name, columns in named.items():
        rest = len(columns) - most
        more = f"and {fmt.plural(rest, 'more column')}" if rest > 0 else ""
        rows.append((Cell(text=fmt.one_line(name), is_strong=True, aside=more),))
        rows += [_row(column, has_shares=has_shares) for column in columns[:most]]
    is_whole = all(len(columns) <= most for columns in named.values())
    more_at = "" if is_whole else f"All columns: {where}"
    return Table(columns=_columns(has_shares=has_shares), rows=tuple(rows), heading=heading, more=more_at)


def _columns(*, has_shares: bool) -> tuple[Column, ...]:
    return (
        Column(title="Column", is_kept=True),
        Column(title="Type"),
        *((Column(title="Missing", is_number=True),) * has_shares),
        Column(title="Distinct", is_number=True, rank=2),
        Column(title="Range", is_kept=True),
        Column(title="Mean", is_number=True, rank=3),
        Column(title="Values", folds=True),
    )


def _row(column: ColumnProfile, *, has_shares: bool) -> tuple[Cell, ...]:
    return (
        Cell(text=_title(column), title=column.name),
        Cell(text=fmt.one_line(column.dtype), tone=Tone.QUIET),
        *((_missing(column),) * has_shares),
        _distinct(column),
        _range(column),
        _mean(column),
        _values(column),
    )


def _title(column: ColumnProfile) -> str:
    return "(index)" if _is_bare_index(column) else fmt.shortened(fmt.one_line(column.name), _WIDEST)


def _is_bare_index(column: ColumnProfile) -> bool:
    """Return whether it is an index without a name."""
    return column.name.startswith(_BARE_INDEX)


def _missing(column: ColumnProfile) -> Cell:
    if not column.missing:
        return NOTHING
    title = f"{column.missing:,} of {column.rows:,}"
    return Cell(text=share(column.missing, column.rows), title=title, tone=Tone.BUSY)


def _distinct(column: ColumnProfile) -> Cell:
    if column.distinct is None:
        return NOTHING
    is_unique = column.distinct == column.rows > 1
    return Cell(text=f"{column.distinct:,}", aside="all" if is_unique else "")


def _range(column: ColumnProfile) -> Cell:
    if column.minimum is None or column.maximum is None:
        return _lengths(column)
    ends = [_mark(column, each) for each in (column.minimum, column.maximum)]
    quantiles = ", ".join(
        f"{at:.0%}: {_mark(column, each)}" for at, each in zip(QUANTILES, column.quantiles, strict=False)
    )
    text = ends[0] if ends[0] == ends[1] else " … ".join(ends)
    aside = f"{column.infinite:,} infinite" if column.infinite else ""
    return Cell(text=text, title=quantiles or None, aside=aside)


def _lengths(column: ColumnProfile) -> Cell:
    if column.shortest is None or column.longest is None:
        return EMPTY
    sizes = str(column.shortest) if column.shortest == column.longest else f"{column.shortest} … {column.longest}"
    return Cell(text=f"{sizes} characters", tone=Tone.QUIET)


def _mean(column: ColumnProfile) -> Cell:
    if column.mean is None:
        return EMPTY
    spread = f"± {fmt.number(float(f'{column.deviation:.3g}'))}" if column.deviation is not None else ""
    return Cell(text=fmt.number(column.mean), aside=spread)


def _values(column: ColumnProfile) -> Cell:
    histogram = column.histogram
    if histogram is not None and max(histogram.counts, default=0):
        return Cell(bars=heights(histogram.counts), title=_told(column, histogram))
    top = [_top(column, each) for each in column.top[:_MOST_TOP]]
    return Cell(text=", ".join(top), title=", ".join(_top(column, each) for each in column.top) or None)


def _top(column: ColumnProfile, each: TopValue) -> str:
    value = fmt.shortened(fmt.one_line(_redacted(column, each.value)) or "''", _WIDEST)
    return f"{value} {share(each.count, column.rows)}"


def heights(counts: Sequence[int]) -> tuple[float, ...]:
    """Return the heights of a histogram's bars, the highest 1."""
    highest = max(counts)
    return tuple(count / highest for count in counts)


def _told(column: ColumnProfile, histogram: Histogram) -> str:
    edges = [_mark(column, edge) for edge in histogram.edges]
    pairs = zip(edges, edges[1:], histogram.counts, strict=False)
    return ", ".join(f"{low} to {high}: {count:,}" for low, high, count in pairs)


def share(count: int, total: int) -> str:
    """Return a part of a whole in percent; never 0 for what is something, nor 100 for what isn't all."""
    if not total or not count:
        return "0%"
    percent = 100 * count / total
    if count < total and percent > 99.9:
        return ">99.9%"
    return "<0.1%" if percent < 0.1 else f"{percent:.1f}%".replace(".0%", "%")


def _mark(column: ColumnProfile, value: Mark) -> str:
    if isinstance(value, str):
        value = _NO_TIME.sub(r"\1", value).removesuffix(_UTC)
        return fmt.shortened(fmt.one_line(_redacted(column, value)), _WIDEST)
    return fmt.number(value)


def _redacted(column: ColumnProfile, value: str) -> str:
    return str(redact_value(column.name, value))


def profile_payload(profile: TableProfile) -> dict[str, JsonValue]:
    """Return a profile as JSON values."""
    return {"kind": profile.kind, "rows": profile.rows, "columns": [_column_payload(each) for each in profile.columns]}


def _column_payload(column: ColumnProfile) -> JsonValue:
    histogram = column.histogram
    bins: JsonValue = None
    if histogram is not None:
        bins = {"edges": list(histogram.edges), "counts": list(histogram.counts)}
    return {
        "name": column.name,
        "dtype": column.dtype,
        "rows": column.rows,
        "missing": column.missing,
        "infinite": column.infinite,
        "distinct": column.distinct,
        "minimum": redact_value(column.name, column.minimum),
        "maximum": redact_value(column.name, column.maximum),
        "mean": column.mean,
        "deviation": column.deviation,
        "quantiles": dict(zip(map(str, QUANTILES), column.quantiles, strict=False)),
        "histogram": bins,
        "shortest": column.shortest,
        "longest": column.longest,
        "top": [{"value": _redacted(column, each.value), "count": each.count} for each in column.top],
    }
