"""Keeps the tables, files and models that flow into runs, as they were when they did.

A cell waits only for a copy of what the next one might change; all else is done by one thread in the background. What
it can't keep, or may not within the limits, is said with the run.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from trackbook import clock
from trackbook.capture.credential_files import has_credentials, is_credential_file
from trackbook.capture.fingerprint import fingerprint as fingerprint_of
from trackbook.capture.guard import Guard
from trackbook.capture.keeping import first_rows, is_private, size_in_memory, still
from trackbook.capture.model_files import UnfitModelError, copied, model_file, predictions, size_of_model
from trackbook.capture.tables import is_table
from trackbook.config import Settings
from trackbook.errors import InvalidValueError, StoreError, TrackbookError
from trackbook.records import FileRead, Model, Snapshot
from trackbook.store.contract import Batch, Store
from trackbook.store.kept import file_snapshot
from trackbook.store.packing import is_at_hand
from trackbook.tracking.background import Background
from trackbook.tracking.idle_import import IdleImport
from trackbook.tracking.promises import Promise, Promises, Wanted
from trackbook.tracking.session import SessionKeeper

_MOST_WAITING = 1 << 30  # bytes of tables and models that wait
_AT_ONCE = 256 << 10  # bytes of a file that is kept before the reading cell goes on
_MOST_OPEN = 64  # files that are held open, so that nobody's replacing them matters
_EXAMPLE_ROWS = 5
_TABLES = "trackbook.store.tables"
_TOO_MUCH = "too much else was waiting to be kept"
_MOST_AT_EXIT = 64 << 20  # bytes that are surely written in the seconds that a kernel has to end
_LONGEST_WAIT = 600.0
_LEAST_AT_EXIT = 1.0  # seconds, whatever was to be imported before


class NotKeptError(Exception):
    """A content is not kept; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is kept. Sizes are in bytes: of one table or file, of one model, of all snapshots of the store."""

    table_bytes: int = 512_000_000
    model_bytes: int = 100_000_000
    budget_bytes: int = 20_000_000_000
    exit_seconds: float = 4.0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits that settings say."""
        return cls(
            table_bytes=settings.snapshot_bytes,
            model_bytes=settings.model_bytes,
            budget_bytes=settings.budget_bytes,
            exit_seconds=settings.exit_seconds,
        )


class Snapshots:
    """What a session keeps.

    Parameters
    ----------
    keeper
        The session's hold on the store.
    limits
        What is kept.
    guard, warn
        Take our own faults, and one sentence if the session ends before everything is kept.
    """

    def __init__(self, keeper: SessionKeeper, limits: Limits, guard: Guard, warn: Callable[[str], None]) -> None:
        self._keeper = keeper
        self.limits = limits
        self._guard = guard
        self._warn = warn
        self._promises = Promises()
        self._background = Background(guard, _MOST_WAITING)
        self._known: dict[tuple[str, str | None], Promise] = {}
        self._place: object | None = None  # which store it was when it was last looked for
        self._open_files = 0
        self._skops = IdleImport(guard)
        self._deferring = threading.Lock()
        self._deferred: list[tuple[Promise, int, Callable[[], None]]] = []

    # What capture asks

    def keep_table(self, value: object, fingerprint: str | None) -> str | None:
        """Take a table as it is now and return what stands for its snapshot until that is there."""
        with self._guard:
            if self._keeper.is_here:
                return self._promise_of_table(value, fingerprint).token
        return None

    def keep_file(self, file: FileRead) -> None:
        """Take a file that has just been read, if that is what it says."""
        with self._guard:
            if file.digest is not None and self._keeper.is_here:
                promise, is_new = self._promises.of_file(file.digest)
                if is_new:
                    self._begin_file(promise, file, file.digest)

    def keep_model(self, model: Model, estimator: object, inputs: object) -> None:
        """Take a fitted model as it is now, with some of the rows that it was trained on."""
        with self._guard:
            if not self._keeper.is_here:
                return
            promise = self._promises.of_model(model.model_id)
            try:
                size = size_of_model(estimator)
                self._check_size(size, self.limits.model_bytes)
                copy, rows = copied(estimator), first_rows(inputs, _EXAMPLE_ROWS)
            except (UnfitModelError, NotKeptError) as error:
                self._refuse(promise, str(error))
                return
            if rows is not None:  # now, for libraries predict with warnings caught, which is for one thread alone
                promise.predictions = predictions(copy, rows)
            self._queue_model(promise, size, partial(self._write_model, promise, copy, rows))

    # What the recorder asks

    def cell_begins(self) -> None:
        """Leave off what must not happen while the person's code runs."""
        self._look_after_store()
        self._skops.cell_begins()
        self._background.cell_begins()

    def cell_has_ended(self, *, is_attended: bool = True) -> None:
        """Go on with what must not happen while the person's code runs.

        Where nobody waits for the prompt, a kernel may be shut down soon.
        """
        self._skops.cell_has_ended()
        self._background.cell_has_ended()
        if self._deferred:
            self._skops.begin(self._queue_deferred)
        if not is_attended:
            self._skops.finish()
            if self._background.bytes > _MOST_AT_EXIT:
                self._background.wait(_LONGEST_WAIT)

    def look_behind(self, run_id: str, files: Iterable[FileRead]) -> None:
        """Let a run say which of the files are not kept that its code read, however far before."""
        with self._guard:
            self._promises.note_behind(run_id, files)

    def prepared(self, batch: Batch) -> tuple[Batch, list[Wanted]]:
        """Return a batch as it can be written now, and what is to be filled in later: give that to `follow`."""
        if batch.runs or self._place is None:
            self._look_after_store()
        for file in self._promises.lost_files(batch):
            self.keep_file(file)
        return self._promises.prepared(batch)

    def follow(self, wanted: list[Wanted]) -> None:
        """Fill in what is kept later, now that the batch is written."""
        if wanted:
            self._write(self._promises.follow(wanted))

    def wait(self, seconds: float) -> bool:
        """Wait until everything is kept, or so long; return whether it is."""
        until = clock.monotonic() + seconds
        self._finish_import(seconds)
        return self._background.wait(max(0.0, until - clock.monotonic())) and not self._deferred

    def close(self) -> None:
        """Finish what is being kept, in the time that the settings give; say so if that is not enough."""
        left = self._close_within(self.limits.exit_seconds) if self._keeper.is_here else 0
        if left:
            what = "1 table, file or model" if left == 1 else f"{left} tables, files or models"
            self._warn(
                f"Trackbook had no time to keep {what} of the last cells: of these there is only the fingerprint. "
                "A larger exit_seconds gives it more."
            )

    def _close_within(self, seconds: float) -> int:
        """Return how many things were not kept in so many seconds."""
        until = clock.monotonic() + seconds
        self._finish_import(seconds)
        left = self._background.close(max(min(seconds, _LEAST_AT_EXIT), until - clock.monotonic()))
        return left + len(self._deferred)

    # Tables

    def _promise_of_table(self, value: object, fingerprint: str | None) -> Promise:
        key = _restore_key(value) if _TABLES in sys.modules and is_table(value) else None
        known = self._known.get((fingerprint or "", key))
        if known is not None and (key is not None or known.reason is not None):
            return known
        promise = self._promises.of_table()
        self._known[fingerprint or "", key] = promise
        try:
            self._begin_table(promise, value, fingerprint, key)
        except NotKeptError as error:
            self._refuse(promise, str(error))
        return promise

    def _begin_table(self, promise: Promise, value: object, fingerprint: str | None, key: str | None) -> None:
        if not is_table(value):
            raise NotKeptError(f"a {type(value).__name__} is no table")
        if fingerprint is None:
            raise NotKeptError("it holds objects that can't be told apart by their content")
        size = size_in_memory(value)
        self._check_size(size, self.limits.table_bytes)
        self._queue(promise, size, partial(self._write_table, promise, still(value), fingerprint, key, size))

    def _write_table(self, promise: Promise, table: object, fingerprint: str, key: str | None, size: int) -> None:
        try:
            promise.snapshot = self._kept(table, fingerprint, key, size)
            self._known[fingerprint, promise.snapshot.restore_key] = promise
        except InvalidValueError as error:
            promise.reason = str(error)
        except (NotKeptError, StoreError) as error:
            promise.reason = _told(error)
            self._known.pop((fingerprint, key), None)  # next time it may be otherwise
        finally:
            self._write(self._promises.fulfil(promise))

    def _kept(self, table: object, fingerprint: str, key: str | None, size: int) -> Snapshot:
        """Return the snapshot of a table, found or made."""
        store = self._keeper.store
        key = key or _restore_key(table)
        found = store.find_snapshot(fingerprint, key) if key is not None else None
        if found is not None:
            return found
        self._check_room(store, size)
        made = store.put_table(table, fingerprint=fingerprint, restore_key=key or "")
        if not is_private(table) and fingerprint_of(table) != fingerprint:
            raise NotKeptError("it was changed while it was being kept")
        return made if key is not None else replace(made, restore_key=made.snapshot_id)

    # Files

    def _begin_file(self, promise: Promise, file: FileRead, digest: str) -> None:
        size = file.size or 0
        try:
            if is_credential_file(file.path):
                raise NotKeptError("a file of credentials, or of the machine's own, is never kept")
            self._check_size(size, self.limits.table_bytes)
            if size <= _AT_ONCE:
                content = _read(Path(file.path), file.path, digest)
                promise.snapshot = file_snapshot(self._keeper.put_object(content), size, is_new=True)
                promise.is_done = True
                return
            opened = open(file.path, "rb") if self._open_files < _MOST_OPEN else None  # noqa: SIM115  read later
        except (NotKeptError, OSError) as error:
            self._refuse(promise, _told(error))
            return
        self._open_files += opened is not None
        if not self._queue(promise, 0, partial(self._write_file, promise, file.path, opened, digest, size)) and opened:
            opened.close()

    def _write_file(self, promise: Promise, path: str, opened: BinaryIO | None, digest: str, size: int) -> None:
        try:
            store = self._keeper.store
            self._check_room(store, size)
            with opened or open(path, "rb") as file:
                content = _read(file, path, digest)
            put = store.objects.add(content, packs=is_at_hand())
            promise.snapshot = file_snapshot(digest, put.size, is_new=put.is_new)
        except (NotKeptError, OSError) as error:
            promise.reason = _told(error)
        finally:
            self._open_files -= opened is not None
            self._write(self._promises.fulfil(promise))

    # Models

    def _write_model(self, promise: Promise, model: object, rows: object) -> None:
        try:
            content = model_file(model)
            self._check_size(len(content), self.limits.model_bytes)  # of a booster nobody knows it before
            store = self._keeper.store
            self._check_room(store, len(content))
            promise.digest = store.put_object(content)
            if rows is not None:
                promise.snapshot = self._example(rows)
        except (UnfitModelError, NotKeptError, StoreError) as error:
            promise.reason = _told(error)
        finally:
            self._write(self._promises.fulfil(promise))

    def _queue_model(self, promise: Promise, size: int, work: Callable[[], None]) -> None:
        """Have a model written, once skops is there."""
        with self._deferring:
            is_here = self._skops.is_done
            has_room = sum(waiting for _, waiting, _ in self._deferred) + size <= _MOST_WAITING
            if not is_here and has_room:
                self._deferred.append((promise, size, work))
        if is_here:
            self._queue(promise, size, work, has_time=True)
        elif not has_room:
            self._refuse(promise, _TOO_MUCH)

    def _queue_deferred(self) -> None:
        with self._deferring:
            deferred, self._deferred = self._deferred, []
        for promise, size, work in deferred:
            if not self._queue(promise, size, work, has_time=True):
                self._write(self._promises.fulfil(promise))

    def _finish_import(self, seconds: float) -> None:
        if self._deferred:
            self._skops.begin(self._queue_deferred)
        self._skops.finish(seconds)

    def _example(self, rows: object) -> Snapshot | None:
        fingerprint = fingerprint_of(rows)
        try:
            return self._kept(rows, fingerprint, None, 0) if fingerprint is not None else None
        except (InvalidValueError, NotKeptError):
            return None  # the model itself is kept all the same

    # Parts

    def _look_after_store(self) -> None:
        """If the store was deleted since the last look, what it kept is to be kept anew."""
        if not self._promises.are_any:
            return
        with self._guard:
            place = self._keeper.identity
            if self._place is not None and place != self._place:
                self._promises.lose()
                self._known.clear()
            self._place = place

    def _queue(self, promise: Promise, size: int, work: Callable[[], None], *, has_time: bool = False) -> bool:
        is_taken = self._background.add(work, size, has_time=has_time)
        if not is_taken:
            self._refuse(promise, _TOO_MUCH)
        return is_taken

    def _refuse(self, promise: Promise, reason: str) -> None:
        promise.reason, promise.is_done = reason, True

    def _check_size(self, size: int, limit: int) -> None:
        if size > limit:
            raise NotKeptError(f"{_bytes(size)} is over {_bytes(limit)}")

    def _check_room(self, store: Store, size: int) -> None:
        """Refuse what would go over the budget, or take more than a tenth of what the disk has left."""
        used = store.usage().kept_bytes + self._promises.unnamed_bytes
        if used + size > self.limits.budget_bytes:
            raise NotKeptError(
                f"{_bytes(size)} would go over the budget of {_bytes(self.limits.budget_bytes)} "
                f"({_bytes(used)} used); trackbook gc frees what nothing needs"
            )
        place = Path(store.objects.location)
        free = shutil.disk_usage(place).free if place.is_dir() else None
        if free is not None and size > free // 10:
            raise NotKeptError(f"{_bytes(size)} is more than a tenth of the {_bytes(free)} that the disk has left")

    def _write(self, batch: Batch) -> None:
        """Write what is to be filled in; where some of it is refused, the rest."""
        if not batch.runs:
            return
        try:
            self._keeper.write(batch)
        except TrackbookError:
            for change in batch.runs:
                with self._guard:
                    self._keeper.write(replace(batch, runs=(change,)))


def _restore_key(table: object) -> str | None:
    from trackbook.store.tables import restore_key

    return restore_key(table)


def _read(file: BinaryIO | Path, path: str, digest: str) -> bytes:
    """Return the content of a file if it is still what it was."""
    content = file.read_bytes() if isinstance(file, Path) else file.read()
    if hashlib.sha256(content).hexdigest() != digest:
        raise NotKeptError("it was changed while it was being kept")
    if has_credentials(path, content):
        raise NotKeptError("it holds credentials")
    return content


def _told(error: Exception) -> str:
    if isinstance(error, StoreError):
        return "the store could not be written"
    return f"it can't be read ({error.strerror})" if isinstance(error, OSError) else str(error)


def _bytes(count: int) -> str:
    power = min(3, (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.3g} {('bytes', 'kB', 'MB', 'GB')[power]}"
