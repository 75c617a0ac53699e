"""Every error that Trackbook raises on purpose, each also a builtin so that callers need not know us.

::

    TrackbookError
    ├── InvalidValueError     (ValueError)    a value, name or option that can't be used
    │   └── QueryError                        a query that can't be read
    ├── NotFoundError         (LookupError)   no such run, execution, object or store
    ├── AmbiguousError        (LookupError)   a prefix or a name that several things share
    ├── ImmutableError        (ValueError)    an attempt to change what is on the record
    ├── CheckFailedError      (ValueError)    a table that is not as its schema says, where that is to stop
    ├── NoRunError            (RuntimeError)  a log call that needs a run when there is none
    └── StoreError            (OSError)       the store can't be opened, read or written
        ├── StoreReplacedError                it was deleted or replaced while it was in use
        └── NewerSchemaError                  it was written by a newer Trackbook
"""

from __future__ import annotations


class TrackbookError(Exception):
    """Root of the tree. The message says what, which, and how to go on."""

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook instead of a traceback (IPython's protocol)."""
        return [f"{type(self).__name__}: {self}"]


class InvalidValueError(TrackbookError, ValueError):
    """A value, a name or an option that can't be used."""


class QueryError(InvalidValueError):
    """A query that can't be read. The message shows the place beneath a sentence.

    Attributes
    ----------
    sentence
        What is wrong and how to go on, without the picture.
    position
        How many characters of the query stand before the mistake.
    """

    def __init__(self, sentence: str, picture: str = "", position: int = 0) -> None:
        super().__init__(f"{sentence}\n{picture}" if picture else sentence)
        self.sentence = sentence
        self.position = position


class NotFoundError(TrackbookError, LookupError):
    """There is no such run, execution, object or store."""


class AmbiguousError(TrackbookError, LookupError):
    """A prefix or a name that several things share."""


class ImmutableError(TrackbookError, ValueError):
    """What is on the record does not change."""


class CheckFailedError(TrackbookError, ValueError):
    """A table is not as its schema says, and that is to stop what goes on."""


class NoRunError(TrackbookError, RuntimeError):
    """A log call that needs a run when there is none."""


class StoreError(TrackbookError, OSError):
    """The store can't be opened, read or written."""


class StoreReplacedError(StoreError):
    """The store was deleted or replaced while it was in use: what it held is gone."""


class NewerSchemaError(StoreError):
    """The store was written by a newer Trackbook."""
