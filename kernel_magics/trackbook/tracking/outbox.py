"""What is to be written, in order: kept in memory while the store is away, and delivered as soon as it is back."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.errors import StoreError
from trackbook.store.contract import Batch, Store
from trackbook.store.objects import digest_of
from trackbook.store.sql.gate import without_interrupts

Parcel: TypeAlias = Batch | bytes
_PATIENCE = 9  # a try that failed after a second is repeated nine seconds later: a tenth of the time at most is waiting
_QUICK_SECONDS = 0.5  # a try that fails faster is made again with the next write
_BUSY_SECONDS = 1.0  # how long to wait for another thread that tries a store that was away


class Outbox:
    """The queue between a session and its store. Any thread may add to it; one at a time delivers.

    What the store refuses for its content is dropped, for it would be refused for ever; everything else waits. In a
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
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        greeting: Callable[[], Batch],
        as_sent: Callable[[Batch], Batch],
        guard: Guard,
        warn: Callable[[str], None],
    ) -> None:
        self._open_store = open_store
        self._greeting = greeting
        self._as_sent = as_sent
        self._guard = guard
        self._warn = warn
        self._pid = os.getpid()
        self._parcels: deque[Parcel] = deque()
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
            self._parcels.extend(parcels)

    def add_object(self, content: bytes) -> str:
        """Queue bytes and return their digest."""
        self.add(bytes(content))
        return digest_of(content)

    def deliver(self, mine: Parcel | None = None, *, is_last: bool = False) -> bool:
        """Write what waits and return whether nothing does any more.

        Parameters
        ----------
        mine
            What the caller has added: if the store refuses that, the refusal is raised.
        is_last
            Try also if the store was away a moment ago.
        """
        if not self.is_here or (self.is_failing and not is_last and clock.monotonic() < self._try_again_at):
            return False
        if not self._delivering.acquire(timeout=_BUSY_SECONDS if self.is_failing and not is_last else -1):
            return False  # that one delivers all there is, if it can
        try:
            return not self._is_busy and self._deliver(mine)
        finally:
            self._delivering.release()

    def close(self) -> int:
        """Deliver what waits, let go of the store, and return how many things could not be written."""
        if not self.is_here:
            return 0
        self.deliver(is_last=True)
        with self._delivering:
            if self._opened is not None:
                self._opened.close()
        return len(self._parcels)

    def _deliver(self, mine: Parcel | None) -> bool:
        began = clock.monotonic()
        self._is_busy = True  # a signal's handler may log in the middle of this, in this thread
        try:
            store = self._open()
            if self.is_failing:
                store.write(self._greeting())  # the store may have come back empty
            while self._parcels:
                self._send(store, mine)
        except OSError as error:  # StoreError is one
            self._note_outage(error, clock.monotonic() - began)
            return False
        finally:
            self._is_busy = False
        self.is_failing = False
        return True

    def _send(self, store: Store, mine: Parcel | None) -> None:
        parcel = self._parcels[0]
        try:
            with without_interrupts():  # Ctrl-C between writing and forgetting would write it twice
                self._write(store, parcel)
                self._parcels.popleft()
        except OSError:
            raise
        except Exception:
            self._parcels.popleft()
            if parcel is mine:
                raise
            with self._guard:
                raise

    def _write(self, store: Store, parcel: Parcel) -> None:
        if isinstance(parcel, bytes):
            store.put_object(parcel)
        else:
            store.write(self._as_sent(parcel))

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
        if not self.is_failing:
            self.is_failing = True
            self._warn(f"Trackbook can't write its store: {error} What ran is kept in memory until it can.")
