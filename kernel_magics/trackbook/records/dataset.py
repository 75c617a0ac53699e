"""A dataset as a run used it: a named table in one immutable state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a run used a table for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name as text and its dtype."""

    name: str
    dtype: str


DATASET_PATH = "dataset://"
"""What the path of a read begins with where a version of a dataset was read, and no file: its label follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """A file that a value was read from.

    `digest` is the SHA-256 of its content at that time, None where unknown; `object_digest` names the object, or the
    snapshot, in which that content is kept. `is_latest`: it was a dataset, and its latest version because the code left
    open which.
    """

    path: str
    size: int | None = None
    digest: str | None = None
    object_digest: str | None = None
    is_latest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetUse:
    """A table that flowed into a run.

    `name` is the name it had in the notebook, `rows` its length, `shape` its full shape, `fingerprint` the canonical
    hash of its content (None where it could not be taken), `files` the files that it came from, `snapshot_id` the
    snapshot that keeps its content.
    """

    name: str
    kind: str
    role: Role | None = None
    rows: int | None = None
    shape: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    fingerprint: str | None = None
    files: tuple[FileRead, ...] = ()
    snapshot_id: str | None = None
