"""A snapshot: one immutable content of a table, kept; and the numbered versions of a dataset, each of which is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FILE = "file"
"""The kind, and restore key, of a snapshot of a file: its id and its fingerprint are the SHA-256 of the bytes, which
are one object."""
MODEL = "model"
"""The kind, and restore key, of a snapshot of a fitted model: its id is the SHA-256 of a file of skops, which is one
object, and its fingerprint a hash of what the model holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A table whose content is kept, or a file (`FILE`), or a model that was published (`MODEL`).

    `snapshot_id` is the digest of its manifest, so that the same content kept twice is one snapshot. `fingerprint` is
    the canonical hash of the content, None where it could not be taken; `restore_key` tells apart what has one
    fingerprint and yet is not the same object (its index, attributes, memory order ...). `rows` and `columns` count.
    `stored_bytes` is what its pieces take together, `new_bytes` what was not there before it came. `profile_digest`
    names the object with its profile, once somebody has asked for that.
    """

    snapshot_id: str
    kind: str
    made_at: datetime
    fingerprint: str | None = None
    restore_key: str = ""
    rows: int | None = None
    columns: int | None = None
    stored_bytes: int = 0
    new_bytes: int = 0
    profile_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """A snapshot under the name of a dataset.

    `version` counts from 1 for each name; 0 where the store has not given the number yet. `session_id`, `run_id` and
    `execution_id` say who published it, where that is known.
    """

    name: str
    snapshot_id: str
    made_at: datetime
    version: int = 0
    fingerprint: str | None = None
    session_id: str | None = None
    run_id: str | None = None
    execution_id: str | None = None
