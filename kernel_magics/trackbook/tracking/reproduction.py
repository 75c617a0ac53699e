"""Compares a run with what its slice made in a fresh kernel; `tracking.judging` says what that means."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from trackbook.errors import NotFoundError
from trackbook.records import (
    ComparedKind,
    Comparison,
    DatasetUse,
    FileRead,
    JsonValue,
    MetricPoint,
    Model,
    OriginKind,
    RunDetail,
    Source,
    decode,
    encode,
)
from trackbook.store.contract import Store
from trackbook.tracking.close_tables import tables_are_close
from trackbook.tracking.correspondence import Correspondence
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.slice import SlicedRun

_LEARNED = ("importances", "coefficients")
_PREDICTED = "predict"
What: TypeAlias = tuple[ComparedKind, str]
"""Names something that is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """A file that a statement read, as the run read it and as the slice did; digests are None where unknown."""

    source: Source
    path: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a fresh run made, beside the original.

    `made` holds all that was made, by kind and key: of a metric every point. `places` gives the statement that made it.
    `files` are those whose content was another one. `arrays` are hashes of what kept models hold, by their names.
    `unmade` are tables of the run that the slice does not make, for nothing that is measured needs them.
    """

    comparisons: tuple[Comparison, ...]
    made: Mapping[What, JsonValue] = field(default_factory=dict)
    places: Mapping[What, Source] = field(default_factory=dict)
    files: tuple[FilePair, ...] = ()
    arrays: Mapping[str, str] = field(default_factory=dict)
    unmade: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether all is equal to the last bit."""
        return bool(self.comparisons) and all(each.is_exact for each in self.comparisons)

    @property
    def is_same(self) -> bool:
        """Whether all is equal, as far as the tolerance goes."""
        return bool(self.comparisons) and all(each.is_same for each in self.comparisons)


def compare(original: Store, found: Store, sliced: SlicedRun, tolerance: Tolerance) -> Compared:
    """Compare a run, and those beneath it, with what its slice made.

    Parameters
    ----------
    found
        The store that the slice's kernel recorded into, and nobody else.
    """
    pairs = Correspondence.of(original, found, sliced)
    comparisons: list[Comparison] = []
    made: dict[What, JsonValue] = {}
    places: dict[What, Source] = {}
    arrays: dict[str, str] = {}
    unmade: list[str] = []
    for number, run in enumerate((sliced.run, *sliced.children)):
        prefix = f"{run.run.name}: " if number else ""
        one = _Pair(pairs, run, pairs.run_for(run), tolerance)
        for each, content in (*one.metrics(), *one.models(), *one.tables()):
            comparisons.append(replace(each, key=prefix + each.key))
            made[each.kind, prefix + each.key] = content
        arrays |= {prefix + name: digest for name, digest in one.arrays()}
        unmade += [prefix + name for name in one.unmade()]
        places |= {(kind, prefix + key): source for (kind, key), source in one.places().items()}
    return Compared(
        comparisons=tuple(comparisons),
        made=made,
        places=places,
        files=tuple(_files(pairs, sliced)),
        arrays=arrays,
        unmade=tuple(dict.fromkeys(unmade)),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A run and what stands for it, if anything does."""

    pairs: Correspondence
    run: RunDetail
    other: RunDetail | None
    tolerance: Tolerance

    def metrics(self) -> Iterator[tuple[Comparison, JsonValue]]:
        for key in self.run.metrics:
            place = self.pairs.metric_for(self.run, self.other, key)
            expected = self.pairs.original.metric_history(self.run.run.run_id, key)
            found = self.pairs.found.metric_history(place[0].run.run_id, place[1]) if place is not None else []
            yield _series(key, expected, found, self.tolerance), [[each.step, each.value] for each in found]

    def tables(self) -> Iterator[tuple[Comparison, JsonValue]]:
        for use in self.run.datasets:
            found = self._table(use)
            if found is not None:
                is_exact = found.fingerprint == use.fingerprint
                comparison = Comparison(
                    kind=ComparedKind.SNAPSHOT,
                    key=table_key(use),
                    expected=use.fingerprint,
                    found=found.fingerprint,
                    is_same=is_exact or self._is_close(use, found),
                    is_exact=is_exact,
                )
                yield comparison, found.fingerprint

    def _is_close(self, use: DatasetUse, found: DatasetUse) -> bool:
        """Return whether two tables differ in the last digits alone, as far as both are kept."""
        if use.snapshot_id is None or found.snapshot_id is None or not self.tolerance.relative:
            return False
        try:
            one = self.pairs.original.get_table(use.snapshot_id)
            other = self.pairs.found.get_table(found.snapshot_id)
        except NotFoundError:
            return False
        return tables_are_close(one, other, self.tolerance)

    def unmade(self) -> list[str]:
        return [table_key(use) for use in self.run.datasets if self._table(use) is None]

    def _table(self, use: DatasetUse) -> DatasetUse | None:
        """Return the table of the same name, of the same role if there is one, or any that is equal."""
        made = [each for each in (self.other.datasets if self.other is not None else ()) if each.fingerprint]
        if use.fingerprint is None:
            return None
        named = sorted((each for each in made if each.name == use.name), key=lambda each: each.role != use.role)
        same = (each for each in (*named, *made) if each.fingerprint == use.fingerprint)
        return next(same, named[0] if named else None)

    def models(self) -> Iterator[tuple[Comparison, JsonValue]]:
        """Yield what models learned, and what they predict for the kept example of their input."""
        made = self.other.models if self.other is not None else ()
        for model in self.run.models:
            twin = next((each for each in made if (each.name, each.class_name) == (model.name, model.class_name)), None)
            learned = facts_of(twin) if twin is not None else {}
            for key, expected in facts_of(model).items():
                if twin is not None and key not in learned and key in model.details:
                    continue  # there was no time to try it
                found = learned.get(key)
                is_exact = key in learned and encode(found) == encode(expected)
                comparison = Comparison(
                    kind=ComparedKind.PREDICTION,
                    key=f"{model.name}.{key}",
                    expected=expected,
                    found=found,
                    is_same=is_exact or (key in learned and _are_close(expected, found, self.tolerance)),
                    is_exact=is_exact,
                )
                yield comparison, found

    def arrays(self) -> Iterator[tuple[str, str]]:
        for model in self.other.models if self.other is not None else ():
            if model.object_digest is not None:
                yield model.name, _arrays_in(self.pairs.found.get_object(model.object_digest))

    def places(self) -> dict[What, Source]:
        found: dict[What, Source] = {}
        for kind, key, source in self.pairs.made_originally(self.run):
            if kind is OriginKind.METRIC:
                found[ComparedKind.METRIC, key] = source
            for model in self.run.models if kind is OriginKind.FIT else ():
                if model.name == key:
                    facts = facts_of(model)
                    found.update(((ComparedKind.PREDICTION, f"{key}.{fact}"), source) for fact in facts)
        return found


def table_key(use: DatasetUse) -> str:
    """Return what a table of a run is called in a comparison: its name, and what it was used for."""
    return f"{use.name} ({use.role.value})" if use.role is not None else use.name


# Metrics


def _series(
    key: str, expected: Sequence[MetricPoint], found: Sequence[MetricPoint], tolerance: Tolerance
) -> Comparison:
    """Compare all points of a metric; shown are the latest of both, or the first two that are not the same."""
    expected, found = _distinct(expected), _distinct(found)
    shown = (expected[-1], found[-1] if found else None)
    is_exact = is_same = len(expected) == len(found)
    for one, other in zip(expected, found, strict=False):
        exact = one.step == other.step and same_number(one.value, other.value)
        same = one.step == other.step and (exact or tolerance.is_close(one.value, other.value))
        if is_same and not same:
            shown = (one, other)
        is_exact, is_same = is_exact and exact, is_same and same
    return Comparison(
        kind=ComparedKind.METRIC,
        key=key,
        expected=shown[0].value,
        found=shown[1].value if shown[1] is not None else None,
        is_same=is_same,
        is_exact=is_exact,
    )


def _distinct(points: Sequence[MetricPoint]) -> list[MetricPoint]:
    """Return points without those that a cell that ran again only repeated."""
    found: list[MetricPoint] = []
    for point in points:
        if not found or (found[-1].step, repr(found[-1].value)) != (point.step, repr(point.value)):
            found.append(point)
    return found


def same_number(one: float | int, other: float | int) -> bool:
    """Return whether two numbers are the same to the last bit; 1 and 1.0 are, and every NaN is NaN."""
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return one == other and (one != 0 or math.copysign(1, one) == math.copysign(1, other))


# Models


def facts_of(model: Model) -> dict[str, JsonValue]:
    """Return what is compared of a model: what it learned, as far as it is on record, and what it predicted."""
    found: dict[str, JsonValue] = {}
    for name in _LEARNED:
        value = getattr(model, name)
        if value:
            found[name] = decode(encode(dict(value)))
    found.update((key, value) for key, value in model.details.items() if _PREDICTED in key and value is not None)
    return found


def _are_close(one: JsonValue, other: JsonValue, tolerance: Tolerance) -> bool:
    match one, other:
        case bool(), _:
            return one is other
        case (int() | float(), int() | float()):
            return tolerance.is_close(one, other)
        case (list(), list()):
            return len(one) == len(other) and all(
                _are_close(mine, yours, tolerance) for mine, yours in zip(one, other, strict=True)
            )
        case (dict(), dict()):
            return one.keys() == other.keys() and all(_are_close(one[key], other[key], tolerance) for key in one)
    return one == other


def _arrays_in(file: bytes) -> str:
    """Return a hash of the arrays in a model's file (a zip archive), in whatever order they stand there."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        sums = sorted((each.CRC, each.file_size) for each in archive.infolist() if each.filename.endswith(".npy"))
    return hashlib.sha256(repr(sums).encode()).hexdigest()


# Files


def _files(pairs: Correspondence, sliced: SlicedRun) -> Iterator[FilePair]:
    """Yield the files that a statement read with another content than originally."""
    originals = {each.execution_id: each for each in sliced.executions}
    for execution in pairs.executions:
        for number, statement in enumerate(execution.statements):
            source = pairs.sources.get(Source(execution_id=execution.execution_id, statement=number))
            if source is None or not statement.files:
                continue
            then = originals[source.execution_id].statements[source.statement].files
            yield from _file_pairs(source, then, statement.files)


def _file_pairs(source: Source, then: Sequence[FileRead], now: Sequence[FileRead]) -> Iterator[FilePair]:
    """Pair files in their order: their paths are others in the scratch folder."""
    for expected, found in zip(then, now, strict=False):
        if None not in (expected.digest, found.digest) and expected.digest != found.digest:
            yield FilePair(source=source, path=expected.path, expected=expected.digest, found=found.digest)
