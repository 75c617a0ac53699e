"""Every error that Trackbook raises on purpose, each also a builtin so that callers need not know us.

::

    TrackbookError
    ├── InvalidValueError     (ValueError)    a value, name or option that can't be used
    ├── NotFoundError         (LookupError)   no such run, execution, object or store
    ├── AmbiguousError        (LookupError)   a prefix or a name that several things share
    ├── ImmutableError        (ValueError)    an attempt to change what is on the record
    ├── NoRunError            (RuntimeError)  a log call that needs a run when there is none
    └── StoreError            (OSError)       the store can't be opened, read or written
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


class NotFoundError(TrackbookError, LookupError):
    """There is no such run, execution, object or store."""


class AmbiguousError(TrackbookError, LookupError):
    """A prefix or a name that several things share."""


class ImmutableError(TrackbookError, ValueError):
    """What is on the record does not change."""


class NoRunError(TrackbookError, RuntimeError):
    """A log call that needs a run when there is none."""


class StoreError(TrackbookError, OSError):
    """The store can't be opened, read or written."""


class NewerSchemaError(StoreError):
    """The store was written by a newer Trackbook."""
