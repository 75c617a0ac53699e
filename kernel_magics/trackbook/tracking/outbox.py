"""What is to be written, in order: it waits while the store is away, and is delivered as soon as that is back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.errors import NotFoundError, StoreError, StoreReplacedError
from trackbook.store.contract import Batch, Store
from trackbook.store.handing import hand_over
from trackbook.store.objects import digest_of
from trackbook.store.parcels import Parcel
from trackbook.store.pending import Pending
from trackbook.store.sql.gate import without_interrupts
from trackbook.tracking.waiting import Waiting

_PATIENCE = 9  # a try that failed after a second is repeated nine seconds later: a tenth of the time at most is waiting
_QUICK_SECONDS = 0.5  # a try that fails faster is made again with the next write
_BUSY_SECONDS = 1.0  # how long to wait for another thread that tries a store that was away


class Outbox:
    """The queue between a session and its store. Any thread may add to it; one at a time delivers.

    What the store refuses for its content is dropped, for it would be refused for ever; everything else waits. Of a
    batch that a person asked for, a refusal drops the whole; of what was observed, no more than what is refused. In a
    forked child it takes nothing: the child is not the session.

    Parameters
    ----------
    open_store
        Opens the store; called when something is first delivered, and again as long as it raises.
    greeting
        What the store must know before anything else; written at opening and after each outage.
    as_sent
        Gives a batch as this store can take it; asked when the store is open.
    guard, warn
        Take our own faults, and one sentence at the beginning of each outage.
    pending
        Returns the file for what waits while the store is away; None: it waits in memory.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        greeting: Callable[[], Batch],
        as_sent: Callable[[Batch], Batch],
        guard: Guard,
        warn: Callable[[str], None],
        pending: Callable[[], Pending | None] = lambda: None,
    ) -> None:
        self._open_store = open_store
        self._greeting = greeting
        self._as_sent = as_sent
        self._guard = guard
        self._warn = warn
        self._pid = os.getpid()
        self._waiting = Waiting(pending)
        self._has_told_of_drops = False
        self._has_lost_records = False
        self._delivering = threading.RLock()
        self._is_busy = False
        self._opened: Store | None = None
        self._try_again_at = 0.0
        self.is_failing = False
        """Whether the last thing could not be written."""

    @property
    def is_here(self) -> bool:
        """Whether this is the process that it was made in."""
        return os.getpid() == self._pid

    @property
    def location(self) -> str | None:
        """Where the store is, None as long as it is not open."""
        return self._opened.location if self._opened is not None else None

    @property
    def identity(self) -> object | None:
        """What tells the open store from one that is made in its place; None where there is none. Never waits."""
        return self._opened.identity() if self._opened is not None else None

    @property
    def store(self) -> Store:
        """The store; waits until it is open.

        Raises
        ------
        StoreError
            If it can't be opened.
        """
        with self._delivering:
            return self._open()

    def add(self, *parcels: Parcel) -> None:
        """Queue batches and objects; an object goes before the batch that names it."""
        if self.is_here:
            self._waiting.add(*parcels)

    def add_object(self, content: bytes) -> str:
        """Queue bytes and return their digest."""
        self.add(bytes(content))
        return digest_of(content)

    def deliver(self, mine: Batch | None = None, *, is_last: bool = False) -> bool:
        """Write what waits and return whether nothing does any more.

        Parameters
        ----------
        mine
            What the caller has added: if the store refuses that, the refusal is raised.
        is_last
            Try also if the store was away a moment ago.
        """
        if not self.is_here:
            return False
        is_urgent = is_last or not self.is_failing
        if not self._delivering.acquire(timeout=-1 if is_urgent else _BUSY_SECONDS):
            return False  # that one delivers all there is, if it can
        try:
            if self._is_busy:  # a signal's handler logs in the middle of this, in this thread
                return False
            self._is_busy = True
            try:
                is_time = is_urgent or clock.monotonic() >= self._try_again_at
                return self._deliver(mine) if is_time else self._put_aside()
            finally:
                self._is_busy = False
        finally:
            self._delivering.release()

    def close(self) -> str:
        """Deliver what waits, let go of the store, and return what to say of things that could not be written."""
        if not self.is_here:
            return ""
        self.deliver(is_last=True)
        with self._delivering:
            if self._opened is not None:
                self._opened.close()
        return self._left_over()

    def _left_over(self) -> str:
        lost, file = len(self._waiting) + self._waiting.dropped, self._waiting.file
        told = []
        if file is not None:
            told.append(f"What is missing in it waits in {file.path} and is written when the store is next opened.")
        if lost:
            told.append(f"{lost} thing{'s are' if lost > 1 else ' is'} lost.")
        return " ".join(["Trackbook's store could not be written to the end.", *told]) if told else ""

    def _deliver(self, mine: Batch | None) -> bool:
        began = clock.monotonic()
        try:
            store = self._open()
            if self.is_failing:
                store.write(self._greeting())  # the store may have come back empty
                self._report(self._waiting.take_in(store))
            while (parcel := self._waiting.first) is not None:
                self._send(store, parcel, mine)
        except OSError as error:  # StoreError is one
            self._note_outage(error, clock.monotonic() - began)
            return False
        self.is_failing = False
        return True

    def _send(self, store: Store, parcel: Parcel, mine: Batch | None) -> None:
        refusals: list[Exception] = []
        try:
            with without_interrupts():  # Ctrl-C between writing and forgetting would write it twice
                refusals = self._write(store, parcel)
                self._waiting.forget_first()
        except OSError:
            raise
        except Exception as error:
            self._waiting.forget_first()
            if parcel is mine:
                raise
            self._report([error])
        if refusals:
            if parcel is mine:
                raise refusals[0]
            self._report(refusals)

    def _write(self, store: Store, parcel: Parcel) -> list[Exception]:
        if isinstance(parcel, bytes):
            store.put_object(parcel)
        elif parcel.executions:
            return hand_over(store, self._as_sent(parcel))
        else:
            store.write(self._as_sent(parcel))
        return []

    def _report(self, refusals: list[Exception]) -> None:
        for error in refusals:
            if self._has_lost_records and isinstance(error, NotFoundError):
                continue  # it was to be added to what is gone, and that has been told
            with self._guard:
                raise error

    def _open(self) -> Store:
        if self._opened is None:
            store = self._opened_anew()
            try:
                store.write(self._greeting())
            except BaseException:
                store.close()
                raise
            self._opened = store
        return self._opened

    def _opened_anew(self) -> Store:
        try:
            return self._open_store()
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(f"The store can't be opened: {error}.") from error

    def _note_outage(self, error: OSError, seconds: float) -> None:
        self._try_again_at = clock.monotonic() + (_PATIENCE * seconds if seconds > _QUICK_SECONDS else 0.0)
        self._put_aside()
        self._has_lost_records |= isinstance(error, StoreReplacedError)
        if not self.is_failing:
            self.is_failing = True
            self._warn(f"Trackbook can't write its store: {error} What runs is kept until it can be written.")

    def _put_aside(self) -> bool:
        """Make sure of what waits, and say once if that was too much for the memory. Nothing is delivered by it."""
        self._waiting.put_aside(self._greeting())
        if self._waiting.dropped and not self._has_told_of_drops:
            self._has_told_of_drops = True
            self._warn("Trackbook's store is still away and the memory for what waits is full: the oldest is dropped.")
        return False
