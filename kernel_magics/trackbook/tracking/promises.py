"""Contents on their way into the store: what runs say of them before, while and after they are kept.

When a cell ends, its runs are written at once, and name what is kept by then. What comes later is filled in by the one
who keeps it; what can't be kept is said in a tag of the run.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TypeAlias

from trackbook.records import DatasetUse, Execution, FileRead, JsonValue, Model, Snapshot, Statement
from trackbook.store.contract import Batch, RunChange

NOT_KEPT = "not_kept"
"""The tag that says what of a run's data and models is not kept, and why."""
EXAMPLE_PREDICTIONS = "example_predictions"
"""What a model said of its example, among `Model.details`: by method, ``predict`` and ``predict_proba``."""
_LOST = "it was kept in a store that was deleted since"
_TOKEN = "promised "  # no digest begins like that


@dataclass(slots=True, eq=False)
class Promise:
    """A content that is being kept (then it is not done yet), is kept, or can't be (then there is a reason)."""

    token: str
    is_done: bool = False
    snapshot: Snapshot | None = None
    digest: str | None = None
    predictions: Mapping[str, JsonValue] = field(default_factory=dict)
    reason: str | None = None
    wanted: list[Wanted] = field(default_factory=list)
    is_named: bool = False
    """Whether its snapshot was given to be written with what names it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """A dataset or model of a run whose content is to be filled in."""

    run_id: str
    record: DatasetUse | Model
    promises: tuple[Promise, ...]


Reasons: TypeAlias = dict[str, str]


class Promises:
    """The promises of a session. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tables: dict[str, Promise] = {}
        self._files: dict[str, Promise] = {}
        self._models: dict[str, Promise] = {}
        self._reasons: dict[str, Reasons] = {}
        self._lost: set[str] = set()
        self._behind: dict[str, tuple[FileRead, ...]] = {}

    def of_table(self) -> Promise:
        """Return a new promise; its token stands in `DatasetUse.snapshot_id` until the batch is written."""
        with self._lock:
            promise = Promise(f"{_TOKEN}{len(self._tables)}")
            self._tables[promise.token] = promise
            return promise

    def of_file(self, digest: str) -> tuple[Promise, bool]:
        """Return the promise of a file's content, and whether it is a new one."""
        return self._of(self._files, digest)

    def note_behind(self, run_id: str, files: Iterable[FileRead]) -> None:
        """Note which files that a run's code read can't be kept."""
        with self._lock:
            refused = {digest for digest, promise in self._files.items() if promise.reason is not None}
            if refused:
                known = self._behind.get(run_id, ())
                found = dict.fromkeys([*known, *(file for file in files if file.digest in refused)])
                self._behind[run_id] = tuple(found)

    def of_model(self, model_id: str) -> Promise:
        """Return the promise of a model."""
        return self._of(self._models, model_id)[0]

    def _of(self, known: dict[str, Promise], key: str) -> tuple[Promise, bool]:
        with self._lock:
            is_new = key not in known
            return known.setdefault(key, Promise(key)), is_new

    def prepared(self, batch: Batch) -> tuple[Batch, list[Wanted]]:
        """Return a batch with what is kept by now, and what is to be filled in once the batch is written."""
        if not batch.runs and not self._files:
            return batch, []
        with self._lock:
            wanted = [each for change in batch.runs for each in self._wanted(change)]
            own = [self._files.get(file.digest or "") for file in _files_of(batch)]
            runs = tuple(self._filled_change(change) for change in batch.runs)
            made = replace(
                batch,
                runs=runs,
                executions=tuple(map(self._filled_execution, batch.executions)),
                snapshots=(*batch.snapshots, *self._snapshots([*own, *(p for each in wanted for p in each.promises)])),
            )
            return made, [each for each in wanted if not all(promise.is_done for promise in each.promises)]

    def follow(self, wanted: Iterable[Wanted]) -> Batch:
        """Fill these in when they are kept; return what has been kept since they were prepared."""
        with self._lock:
            late = []
            for each in wanted:
                for promise in each.promises:
                    if promise.is_done:
                        late.append(each)
                    else:
                        promise.wanted.append(each)
            return self._filling(late)

    def fulfil(self, promise: Promise) -> Batch:
        """Note that a promise is kept, or can't be; return what is to be written of it."""
        with self._lock:
            promise.is_done = True
            wanted, promise.wanted = promise.wanted, []
            return self._filling(wanted)

    def _filling(self, wanted: Sequence[Wanted]) -> Batch:
        changes = []
        for each in wanted:
            is_model = isinstance(each.record, Model)
            given = {"models" if is_model else "datasets": (each.record,)}
            changes.append(self._filled_change(RunChange(run_id=each.run_id, **given)))  # type: ignore[arg-type]  # by kind
        return Batch(snapshots=self._snapshots(promise for each in wanted for promise in each.promises), runs=changes)

    def _snapshots(self, promises: Iterable[Promise | None]) -> tuple[Snapshot, ...]:
        found: dict[str, Snapshot] = {}
        for promise in promises:
            if promise is not None and promise.snapshot is not None:
                promise.is_named = True
                found[promise.snapshot.snapshot_id] = promise.snapshot
        return tuple(found.values())

    @property
    def are_any(self) -> bool:
        """Whether anything was promised."""
        return bool(self._tables or self._files or self._models)

    def lose(self) -> None:
        """What is kept by now is gone with the store that it was kept in: a file is kept anew when it is asked for."""
        with self._lock:
            for promise in (*self._tables.values(), *self._models.values(), *self._files.values()):
                if promise.snapshot is not None or promise.digest is not None:
                    promise.snapshot = promise.digest = None
                    promise.reason = _LOST
            lost = [digest for digest, promise in self._files.items() if promise.is_done]
            self._lost.update(lost)
            for digest in lost:
                del self._files[digest]

    def lost_files(self, batch: Batch) -> list[FileRead]:
        """Return the files behind a batch's datasets that were kept in a store that is gone."""
        if not self._lost:
            return []
        with self._lock:
            named = (file for change in batch.runs for use in change.datasets for file in use.files)
            return [file for file in (*named, *_files_of(batch)) if file.digest in self._lost - self._files.keys()]

    @property
    def unnamed_bytes(self) -> int:
        """What those contents take that are kept already, but of which no record tells yet."""
        with self._lock:
            kept = {
                promise.snapshot.snapshot_id: promise.snapshot.new_bytes
                for promise in (*self._tables.values(), *self._files.values())
                if promise.snapshot is not None and not promise.is_named
            }
            return sum(kept.values())

    # Records

    def _wanted(self, change: RunChange) -> list[Wanted]:
        """Return the datasets and models of a change that hang on promises."""
        held = [(use, self._of_use(use)) for use in change.datasets]
        models = [(model, self._models.get(model.model_id)) for model in change.models]
        of_models = [(model, (promise,)) for model, promise in models if promise is not None]
        both: list[tuple[DatasetUse | Model, tuple[Promise, ...]]] = [*held, *of_models]
        return [Wanted(run_id=change.run_id, record=record, promises=own) for record, own in both if own]

    def _of_use(self, use: DatasetUse) -> tuple[Promise, ...]:
        own = [self._tables.get(use.snapshot_id or "")]
        own += [self._files.get(file.digest or "") for file in use.files]
        return tuple(dict.fromkeys(promise for promise in own if promise is not None))

    def _filled_change(self, change: RunChange) -> RunChange:
        if not (change.datasets or change.models):
            return change
        tags = {**change.tags, **self._not_kept(change)}
        return replace(
            change,
            datasets=tuple(map(self._filled_use, change.datasets)),
            models=tuple(map(self._filled_model, change.models)),
            tags=tags,
        )

    def _not_kept(self, change: RunChange) -> dict[str, str | None]:
        """Return the tag that says what is not kept, if there is anything to say; what is kept by hand is kept."""
        before = self._reasons.get(change.run_id, {})
        by_hand = {use.name for use in change.datasets if use.snapshot_id and use.snapshot_id not in self._tables}
        told = {name: reason for name, reason in before.items() if name not in by_hand} | self._reasons_of(change)
        if not told and not before:
            return {}
        self._reasons[change.run_id] = told
        return {NOT_KEPT: "; ".join(f"{name}: {reason}" for name, reason in told.items()) or None}

    def _filled_use(self, use: DatasetUse) -> DatasetUse:
        promise = self._tables.get(use.snapshot_id or "")
        snapshot_id = use.snapshot_id
        if promise is not None:
            snapshot_id = promise.snapshot.snapshot_id if promise.snapshot is not None else None
        return replace(use, snapshot_id=snapshot_id, files=tuple(map(self._filled_file, use.files)))

    def _filled_file(self, file: FileRead) -> FileRead:
        promise = self._files.get(file.digest or "")
        return file if promise is None or promise.snapshot is None else replace(file, object_digest=file.digest)

    def _filled_model(self, model: Model) -> Model:
        promise = self._models.get(model.model_id)
        if promise is None or promise.digest is None:
            return model
        has_example = promise.snapshot is not None and promise.predictions
        details = {**model.details, EXAMPLE_PREDICTIONS: dict(promise.predictions)} if has_example else None
        return replace(
            model,
            object_digest=promise.digest,
            example_snapshot=promise.snapshot.snapshot_id if promise.snapshot is not None else None,
            details=details or model.details,
        )

    def _filled_execution(self, execution: Execution) -> Execution:
        if not any(statement.files for statement in execution.statements):
            return execution
        return replace(execution, statements=tuple(map(self._filled_statement, execution.statements)))

    def _filled_statement(self, statement: Statement) -> Statement:
        if not statement.files:
            return statement
        return replace(statement, files=tuple(map(self._filled_file, statement.files)))

    def _reasons_of(self, change: RunChange) -> Reasons:
        found: Reasons = {}
        files = [file for use in change.datasets for file in use.files]
        for file in (*files, *self._behind.get(change.run_id, ())):
            of_file = self._files.get(file.digest or "")
            if of_file is not None and of_file.reason is not None:
                found[PurePath(file.path).name] = of_file.reason
        for use in change.datasets:
            promise = self._tables.get(use.snapshot_id or "")
            if promise is not None and promise.reason is not None:
                found[use.name] = promise.reason
        for model in change.models:
            of_model = self._models.get(model.model_id)
            if of_model is None:
                found[model.name] = f"skops can't hold its class, {model.class_name}"
            elif of_model.reason is not None:
                found[model.name] = of_model.reason
        return found


def _files_of(batch: Batch) -> Iterator[FileRead]:
    for execution in batch.executions:
        for statement in execution.statements:
            yield from statement.files
