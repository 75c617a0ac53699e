"""What waits for the store: in memory for a moment, in a private file while the store is away.

Where no such file can be written either, it waits in memory up to a limit; the oldest beyond that is dropped, counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from trackbook.errors import StoreError
from trackbook.store.contract import Batch, Store
from trackbook.store.parcels import Parcel
from trackbook.store.pending import Pending

_MOST_BYTES = 2**28
_BATCH_BYTES = 2000  # of a batch, about, beside what is counted
_POINT_BYTES = 200


class Waiting:
    """Parcels in the order in which they are to be written. Any thread may add; the others' calls are one at a time.

    Parameters
    ----------
    pending
        Returns the file for what waits long; None if there can be none.
    most_bytes
        How much may wait in memory where there is no such file.
    """

    def __init__(self, pending: Callable[[], Pending | None], most_bytes: int = _MOST_BYTES) -> None:
        self._parcels: deque[Parcel] = deque()
        self._pending = pending
        self._most_bytes = most_bytes
        self.file: Pending | None = None
        """Where parcels of this session are put aside, None as long as none are."""
        self.dropped = 0
        """How many were too much for the memory."""

    def __len__(self) -> int:
        return len(self._parcels)

    def add(self, *parcels: Parcel) -> None:
        """Put parcels behind the others."""
        self._parcels.extend(parcels)

    @property
    def first(self) -> Parcel | None:
        """The parcel in memory that is next, None if there is none."""
        return self._parcels[0] if self._parcels else None

    def forget_first(self) -> None:
        """Take that one away: it is written, or refused."""
        self._parcels.popleft()

    def put_aside(self, greeting: Batch) -> None:
        """Move what is in memory into the file, with what the store must know before; make room where that fails."""
        count = len(self._parcels)
        file = self.file or self._pending()
        if file is None:
            self._make_room()
        elif count:
            parcels = [self._parcels[place] for place in range(count)]  # others may add meanwhile
            try:
                file.add(parcels if self.file else [greeting, *parcels])
            except StoreError:
                self._make_room()
            else:
                self.file = file
                for _ in parcels:
                    self._parcels.popleft()

    def take_in(self, store: Store) -> list[Exception]:
        """Write what was put aside and return why the store refused some of it."""
        refusals = self.file.deliver(store) if self.file is not None else []
        self.file = None
        return refusals

    def _make_room(self) -> None:
        sizes = deque(_size(self._parcels[place]) for place in range(len(self._parcels)))
        total = sum(sizes)
        while total > self._most_bytes:
            total -= sizes.popleft()
            self._parcels.popleft()
            self.dropped += 1


def _size(parcel: Parcel) -> int:
    """Return about how many bytes a parcel takes."""
    if isinstance(parcel, bytes):
        return len(parcel)
    texts = [execution.source for execution in parcel.executions]
    for execution in parcel.executions:
        texts += [part.text for output in execution.outputs for part in output.parts if part.text is not None]
    points = sum(len(change.metrics) for change in parcel.runs)
    return _BATCH_BYTES + sum(map(len, texts)) + _POINT_BYTES * points
