"""What differs between two snapshots of tables."""

from __future__ import annotations

from dataclasses import dataclass

from trackbook.records.dataset import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell that changed: its row before and after, counted from 0, and its values as text, None for missing."""

    row_before: int
    row_after: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """How one column that both snapshots have changed.

    Attributes
    ----------
    name, dtype_before, dtype_after
        The column. Its values are compared across dtypes: 1 equals 1.0.
    changed
        In how many rows that both snapshots have its value differs.
    mean_before, mean_after
        Of those values, where they are numbers.
    missing_before, missing_after
        How many of those values are missing.
    new_categories, gone_categories
        Of a categorical, as text.
    examples
        The first few.
    """

    name: str
    dtype_before: str
    dtype_after: str
    changed: int = 0
    mean_before: float | None = None
    mean_after: float | None = None
    missing_before: int = 0
    missing_after: int = 0
    new_categories: tuple[str, ...] = ()
    gone_categories: tuple[str, ...] = ()
    examples: tuple[CellChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What differs between two snapshots.

    Attributes
    ----------
    before, after
        Their ids.
    by
        What says which row is which: ``content``, ``position``, or the names of the key's columns.
    rows_before, rows_after, rows_added, rows_removed, rows_changed
        Counts. A changed row is one that both have, with another value in some column that both have.
    added, removed
        Where: ranges of rows (first, last + 1) of the snapshot that has them, the first of them.
    columns_added, columns_removed
        Columns that only one of them has.
    columns
        The columns that both have, those that changed only.
    is_order_changed
        Whether the columns that both have stand in another order.
    """

    before: str
    after: str
    by: str
    rows_before: int
    rows_after: int
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    added: tuple[tuple[int, int], ...] = ()
    removed: tuple[tuple[int, int], ...] = ()
    columns_added: tuple[Column, ...] = ()
    columns_removed: tuple[Column, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    is_order_changed: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        counts = self.rows_added + self.rows_removed + self.rows_changed
        return not (counts or self.columns_added or self.columns_removed or self.columns or self.is_order_changed)
