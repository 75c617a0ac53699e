"""A store as one JSON document, for other programs and other years: everything that is kept of the runs asked for.

Sections are written as they are read, a page of runs or one session at a time, so that memory doesn't grow with the
store. One record stands on one line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum

from trackbook._version import __version__
from trackbook.clock import now
from trackbook.errors import NotFoundError
from trackbook.records import Environment, Execution, JsonValue, MetricPoint, RunDetail, Session
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.export_data import ExportedData

FORMAT = "trackbook-export"
VERSION = 1
_PAGE = 200
_SPECIAL = ("NaN", "Infinity", "-Infinity")


def runs_of(store: Store, where: RunFilter) -> Iterator[RunDetail]:
    """Return the runs of a filter page by page. One that starts meanwhile may be among them; none comes twice."""
    seen: set[str] = set()
    offset = 0
    while page := store.runs(replace(where, limit=_PAGE, offset=offset)):
        offset += len(page)
        yield from (detail for detail in page if detail.run.run_id not in seen)
        seen.update(detail.run.run_id for detail in page)


def histories(store: Store, detail: RunDetail) -> dict[str, list[MetricPoint]]:
    """Return every point of every metric of a run."""
    return {key: store.metric_history(detail.run.run_id, key) for key in detail.metrics}


def plain(value: object) -> JsonValue:
    """Return a record, or what one is made of, as strict JSON from which the same record can be made again.

    A record is an object of its fields. A moment is ISO 8601, a tuple a list. NaN and the infinities are the texts
    ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``; a real text that reads so, with however many single quotes around it,
    has one more pair of them.
    """
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return f"'{value}'" if value.strip("'") in _SPECIAL else value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    assert is_dataclass(value)
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)}


def plain_run(store: Store, detail: RunDetail) -> dict[str, JsonValue]:
    """Return a run with all that hangs on it, its metrics with all their points, its origins."""
    rest = {each.name: plain(getattr(detail, each.name)) for each in fields(detail) if each.name != "run"}
    points: dict[str, JsonValue] = {
        key: [{"value": plain(point.value), "step": point.step, "time": plain(point.time)} for point in history]
        for key, history in histories(store, detail).items()
    }
    own = plain(detail.run)
    assert isinstance(own, dict)
    return own | rest | {"metrics": points, "origins": plain(store.origins(detail.run.run_id))}


@dataclass(slots=True)
class Document:
    """The document of some runs: the runs, the sessions that they were made in with every cell that ran there, the
    environments, and what is kept of their data.

    Parameters
    ----------
    where
        Which runs.
    query
        How a person asked for them.

    Attributes
    ----------
    digests
        The objects that what was written so far names, in the order in which they were met.
    runs
        How many runs were written so far.
    """

    store: Store
    where: RunFilter
    query: str = ""
    runs: int = 0
    digests: dict[str, None] = field(default_factory=dict)
    _sessions: dict[str, None] = field(default_factory=dict)
    _environments: dict[str, None] = field(default_factory=dict)
    _data: ExportedData = field(init=False)

    def __post_init__(self) -> None:
        self._data = ExportedData(self.store, self._is_everything, self.digests)

    @property
    def _is_everything(self) -> bool:
        return self.where.query is None and self.where.experiment is None

    def lines(self) -> Iterator[str]:
        """Return the document line by line, without line ends."""
        yield "{"
        for key, value in self._head().items():
            yield f'"{key}": {_dumped(value)},'
        yield from _section("runs", self._runs())
        yield from _section("sessions", map(plain, self._found_sessions()))
        yield from _section("executions", map(plain, self._executions()))
        yield from _section("environments", map(plain, self._found_environments()))
        yield from _section("dataset_versions", map(plain, self._data.versions()))
        yield from _section("checks", map(plain, self._data.checks()))
        yield from _section("reproductions", map(plain, self._data.reproductions()))
        yield from _section("snapshots", map(plain, self._data.snapshots()))
        yield from _section("objects", self.digests, is_last=True)
        yield "}"

    def _head(self) -> dict[str, JsonValue]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "trackbook": __version__,
            "exported_at": plain(now()),
            "location": self.store.location,
            "query": self.query or None,
            "experiment": self.where.experiment,
        }

    def _runs(self) -> Iterator[JsonValue]:
        for detail in runs_of(self.store, replace(self.where, oldest_first=True)):
            self.runs += 1
            self._sessions.setdefault(detail.run.session_id)
            self._note_environment(detail.run.environment_id)
            self.digests |= dict.fromkeys(artifact.digest for artifact in detail.artifacts)
            self.digests |= dict.fromkeys(module.digest for module in detail.modules)
            self._data.note_run(detail)
            yield plain_run(self.store, detail)

    def _found_sessions(self) -> Iterator[Session]:
        for session in self.store.sessions(ids=None if self._is_everything else list(self._sessions)):
            self._sessions.setdefault(session.session_id)
            self._note_environment(session.environment_id)
            yield session

    def _executions(self) -> Iterator[Execution]:
        for session_id in self._sessions:
            for execution in self.store.executions(session_id=session_id):
                parts = (part for output in execution.outputs for part in output.parts)
                self.digests |= dict.fromkeys(part.digest for part in parts if part.digest and part.text is None)
                self._data.note_files(file for statement in execution.statements for file in statement.files)
                yield execution

    def _found_environments(self) -> Iterator[Environment]:
        for environment_id in self._environments:
            environment = self.store.environment(environment_id)
            if environment is not None:
                if environment.git is not None and environment.git.patch is not None:
                    self.digests.setdefault(environment.git.patch)
                yield environment

    def _note_environment(self, environment_id: str | None) -> None:
        if environment_id is not None:
            self._environments.setdefault(environment_id)


def object_or_none(store: Store, digest: str) -> bytes | None:
    """Return the bytes of an object; None if it is lost."""
    try:
        return store.get_object(digest)
    except NotFoundError:
        return None


def _section(name: str, values: Iterable[JsonValue], *, is_last: bool = False) -> Iterator[str]:
    """Return an array with one element a line; the comma stands before an element: nobody knows which is the last."""
    yield f'"{name}": ['
    comma = ""
    for value in values:
        yield comma + _dumped(value)
        comma = ","
    yield "]" if is_last else "],"


def _dumped(value: JsonValue) -> str:
    return json.dumps(value, allow_nan=False)
