"""Columns of two snapshots side by side: which are the same bytes, and in which rows the others differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trackbook.store.tables.alignment import Numbers, Stretch, distinct
from trackbook.store.tables.arrow import arrow_of
from trackbook.store.tables.indexes import index_of
from trackbook.store.tables.kinds import kind_of
from trackbook.store.tables.manifest import Manifest, Meta, references
from trackbook.store.tables.pandas_tables import index_columns
from trackbook.store.tables.parquet import footer_of, is_flat
from trackbook.store.tables.reading import Stored, arrow_columns, rows_of

_NEAR = 4096  # rows between two ranges that are read together


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of a column that are one piece: equal names and lengths mean equal values."""

    name: tuple[str, ...]
    start: int
    stop: int

    def moved(self, shift: int) -> Run:
        """Return the same piece further down."""
        return Run(self.name, self.start + shift, self.stop + shift)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column of a table is: its number, or None for a level of the index."""

    name: str
    number: int | None
    level: int = 0


class Side:
    """One of two snapshots that are compared."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.rows = stored.manifest.rows
        self._parts: dict[tuple[int, int], Stored] = {}
        self._names: dict[int, str] = {}

    @cached_property
    def places(self) -> dict[str, Place]:
        """The columns by name; a second one of a name has its count behind it. The index is a column among them."""
        restore = self.stored.restore
        names = kind_of(restore).names(restore, self.stored)
        places = [Place(name, number) for number, name in enumerate(names)]
        if "index" in restore:
            titles = [name for name, _ in index_columns(restore, self._part(0, 0))]
            places += [Place(f"index {title}", None, level) for level, title in enumerate(titles)]
        found: dict[str, Place] = {}
        for place in places:
            count = 1
            name = place.name
            while name in found:
                count += 1
                name = f"{place.name} ({count})"
            found[name] = place
        return found

    def dtype(self, place: Place) -> str:
        """Return a column's dtype as text."""
        dtypes = self.stored.restore.get("dtypes")
        if dtypes is not None and place.number is not None:
            return str(dtypes[place.number])
        return str(self.values(place, 0, 0).type)

    def values(self, place: Place, start: int, stop: int) -> Any:
        """Return some rows of a column as Arrow shows them."""
        part = self._part(start, stop)
        if place.number is None:
            return index_columns(part.restore, part)[place.level][1]
        return arrow_columns(part, [place.number])[0]

    def taken(self, place: Place, rows: Numbers) -> Any:
        """Return single rows of a column, in their order; only what lies near them is read."""
        if not len(rows):
            return self.values(place, 0, 0)
        ordered = distinct(rows)
        parts, starts, at = [], [], 0
        for start, stop in near(ordered):
            parts.append(self.values(place, start, stop))
            starts.append((start, stop, at))
            at += stop - start
        table = joined(parts)
        firsts = np.array([start for start, _, _ in starts])
        which = np.searchsorted(firsts, rows, side="right") - 1
        return table.take(pa.array(rows - firsts[which] + np.array([each for _, _, each in starts])[which]))

    def categories(self, place: Place) -> tuple[str, ...]:
        """Return the categories of a categorical column as text; none for any other."""
        meta = self._meta(place)
        if place.number is None or "columns" not in self.stored.restore:
            return ()
        if "levels" in meta:
            return tuple(str(each) for each in index_of(meta["levels"], self.stored))
        if "dictionary" in meta:
            return tuple(str(each) for each in arrow_of(meta["dictionary"], self.stored).to_pylist())
        return ()

    def meaning(self, place: Place) -> Any:
        """Return what a column's bytes mean: where two columns have the same, equal pieces are equal values."""
        return _meaning(self._meta(place), self.stored.manifest)

    def runs(self, place: Place) -> list[Run]:
        """Return the pieces of a column, where it is one array that is cut at whole rows.

        A column of a file that it shares with others is one piece: the whole of that file.
        """
        found = self._stored_part(place)
        if found is None:
            return []
        number, column, each = found
        file = self.stored.manifest.files[number]
        if file.inline is not None or file.columns > 1:
            return [Run((self._name_of(number), str(column)), 0, self.rows)] if self.rows else []
        runs = []
        dictionary = ""
        for digest, start, stop in rows_of(file):
            if start == stop:
                dictionary = digest
            elif stop // each > -(-start // each):
                runs.append(Run((digest, dictionary, str(start % each)), -(-start // each), stop // each))
        return runs

    def _name_of(self, number: int) -> str:
        """Return what tells the bytes of a file from those of any other."""
        if number not in self._names:
            file = self.stored.manifest.files[number]
            parts = [file.inline or b"", file.tail, *(piece.digest.encode() for piece in file.pieces)]
            self._names[number] = sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
        return self._names[number]

    def _meta(self, place: Place) -> Meta:
        restore = self.stored.restore
        if place.number is None:
            index: Meta = restore["index"]
            return index
        if "columns" in restore:
            column: Meta = restore["columns"][place.number]
            return column
        return {key: each for key, each in restore.items() if key != "shape"} | {"number": place.number}

    def _stored_part(self, place: Place) -> tuple[int, int, int] | None:
        """Return the file of a column that is one array, its number there, and how many values of it a row has."""
        meta = self._meta(place)
        manifest = self.stored.manifest
        parts = [number for number in references(meta) if not _is_whole(meta, number)]
        if len(parts) != 1:
            return None
        number, column = manifest.arrays[parts[0]]
        file = manifest.files[number]
        is_shared = file.inline is not None or file.columns > 1
        if not is_shared and not is_flat(footer_of(file.tail)):
            return None
        shape = self.stored.restore.get("shape")
        each = math.prod(shape[1:]) if shape else 1
        return (number, column, each) if each and file.rows == each * manifest.rows else None

    def _part(self, start: int, stop: int) -> Stored:
        if "columns" in self.stored.restore:
            return self.stored.part(start, stop)
        key = (start, stop)  # the columns of an array are one piece of memory
        if key not in self._parts:
            self._parts = {key: self.stored.part(start, stop)}
        return self._parts[key]


def votes(one: Side, other: Side, shared: Sequence[tuple[Place, Place]]) -> list[list[Stretch]]:
    """Return, for each column, which rows its pieces put side by side: those that stand once on either side."""
    found = []
    for place, counterpart in shared:
        if one.meaning(place) == other.meaning(counterpart):
            before, after = _once(one.runs(place)), _once(other.runs(counterpart))
            found.append(
                [
                    Stretch(run.start, after[key].start, run.stop - run.start)
                    for key, run in before.items()
                    if key in after and after[key].stop - after[key].start == run.stop - run.start
                ]
            )
    return found


def unequal(
    one: Side, other: Side, place: Place, counterpart: Place, stretches: Sequence[Stretch]
) -> list[tuple[int, int, int]]:
    """Return the parts of stretches in which a column's bytes differ: (first row, first row after, length)."""
    if one.meaning(place) != other.meaning(counterpart):
        return [(each.before, each.after, each.length) for each in stretches]
    before = one.runs(place)
    after = {run.start: run for run in other.runs(counterpart)}
    return [part for each in stretches for part in _unequal_parts(each, before, after)]


def differing(one: Any, other: Any) -> Numbers:
    """Return in which rows two Arrow columns of one length differ; missing equals missing, and NaN equals NaN."""
    one, other = _comparable(_plain(one), _plain(other))
    try:
        unequal = pc.not_equal(one, other)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        listed = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return np.flatnonzero([repr(a) != repr(b) for a, b in listed]).astype(np.int64)
    gaps = pc.xor(one.is_null(), other.is_null())
    unequal = pc.or_(pc.fill_null(unequal, False), gaps)
    if pa.types.is_floating(one.type):
        both = pc.and_(pc.fill_null(pc.is_nan(one), False), pc.fill_null(pc.is_nan(other), False))
        unequal = pc.and_not(unequal, both)
    return np.flatnonzero(unequal.to_numpy()).astype(np.int64)


def codes(one: Any, other: Any) -> tuple[Numbers, Numbers]:
    """Return numbers that are equal where values of two columns are."""
    one, other = _comparable(_plain(one), _plain(other))
    try:
        encoded = pa.chunked_array([*one.chunks, *other.chunks], one.type).combine_chunks().dictionary_encode("encode")
        numbers = encoded.indices.to_numpy(zero_copy_only=False)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        seen: dict[str, int] = {}
        listed = [*one.to_pylist(), *other.to_pylist()]
        numbers = np.array([seen.setdefault(repr(each), len(seen)) for each in listed])
    numbers = numbers.astype(np.int64)
    return numbers[: len(one)], numbers[len(one) :]


def joined(parts: Sequence[Any]) -> Any:
    """Return parts of a column as one."""
    plain = [_plain(part) for part in parts]
    return pa.chunked_array([chunk for part in plain for chunk in part.chunks], plain[0].type)


def near(rows: Numbers) -> list[tuple[int, int]]:
    """Return ranges that hold rows (in order, each once), with what lies between near ones."""
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) > _NEAR)
    firsts = rows[np.concatenate([[0], breaks + 1])]
    lasts = rows[np.concatenate([breaks, [len(rows) - 1]])]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def _once(runs: Sequence[Run]) -> dict[tuple[str, ...], Run]:
    found: dict[tuple[str, ...], Run] = {}
    twice = set()
    for run in runs:
        if run.name in found:
            twice.add(run.name)
        found[run.name] = run
    return {name: run for name, run in found.items() if name not in twice}


def _unequal_parts(each: Stretch, before: Sequence[Run], after: dict[int, Run]) -> list[tuple[int, int, int]]:
    at, end = each.before, each.before + each.length
    parts = []
    for run in before:
        start, stop = max(run.start, at), min(run.stop, end)
        counterpart = after.get(run.start + each.shift)
        if start < stop and counterpart is not None and counterpart == run.moved(each.shift):
            if at < start:
                parts.append((at, at + each.shift, start - at))
            at = stop
    if at < end:
        parts.append((at, at + each.shift, end - at))
    return parts


def _meaning(meta: Any, manifest: Manifest) -> Any:
    """Return metadata with the bytes of what is never read in part in place of its number."""
    if isinstance(meta, dict):
        if "whole" in meta:
            file, column = manifest.arrays[meta["whole"]]
            stored = manifest.files[file]
            return (tuple(piece.digest for piece in stored.pieces), stored.inline, stored.tail, column)
        return {key: None if key == "part" else _meaning(each, manifest) for key, each in meta.items()}
    return [_meaning(each, manifest) for each in meta] if isinstance(meta, list) else meta


def _is_whole(meta: Any, number: int) -> bool:
    if isinstance(meta, dict):
        return meta.get("whole") == number or any(_is_whole(each, number) for each in meta.values())
    return isinstance(meta, list) and any(_is_whole(each, number) for each in meta)


def _plain(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _comparable(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two columns as one type: numbers as the wider of them, anything else as text."""
    if one.type == other.type:
        return one, other
    for cast in (pa.int64(), pa.float64()):
        if all(pa.types.is_integer(each.type) or pa.types.is_floating(each.type) for each in (one, other)):
            try:
                return one.cast(cast), other.cast(cast)
            except pa.ArrowInvalid:
                continue
    if all(pa.types.is_timestamp(each.type) for each in (one, other)):
        try:
            return one.cast(pa.timestamp("ns")), other.cast(pa.timestamp("ns"))
        except pa.ArrowInvalid:
            pass
    return _texts(one), _texts(other)


def _texts(column: Any) -> Any:
    listed = [None if value is None else str(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(listed, pa.large_string())])
