"""What datasets and their versions are called: `train`, `train@3`, and how a read of one is put down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trackbook.errors import InvalidValueError
from trackbook.records import DATASET_PATH, DatasetVersion, FileRead
from trackbook.tracking.annotate import check_key

PATH = DATASET_PATH
_LONGEST_NAME = 200
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTable:
    """A table that can be read again: a dataset's version, or, where `version` is None, one that a run used.

    `is_latest`: nobody said which version, so it is the latest.
    """

    name: str
    snapshot_id: str
    version: DatasetVersion | None = None
    is_latest: bool = False

    @property
    def label(self) -> str:
        """What it is called: ``train@3``."""
        return label_of(self.version) if self.version is not None else self.name

    @property
    def read(self) -> FileRead:
        """How a read of it is put down, beside reads of files."""
        path = PATH + self.label
        return FileRead(path=path, digest=self.snapshot_id, object_digest=self.snapshot_id, is_latest=self.is_latest)


def label_of(version: DatasetVersion) -> str:
    """Return what a version is called: ``train@3``."""
    return f"{version.name}@{version.version}"


def check_name(name: object) -> str:
    """Return `name` if a dataset may be called so.

    Raises
    ------
    InvalidValueError
        If it is no text, empty or too long, or holds what means something else on a command line.
    """
    found = check_key(name, "dataset")
    if "@" in found or found.startswith("-") or "\\" in found:
        raise InvalidValueError(
            f"{found!r} can't name a dataset: leave out @ and backslashes, and a dash at the beginning. "
            "A version is written behind the name: train@3."
        )
    if len(found) > _LONGEST_NAME:
        raise InvalidValueError(f"A dataset's name of {len(found)} characters is too long. At most {_LONGEST_NAME}.")
    return found


def split_reference(reference: str) -> tuple[str, int | None]:
    """Return the name and the version that ``train@3`` means; without a version it is the latest, None.

    Raises
    ------
    InvalidValueError
        If what follows the sign is no version.
    """
    name, sign, number = check_key(reference, "dataset").strip().partition("@")
    return check_name(name), version_number(number) if sign else None


def version_number(version: object) -> int | None:
    if version == "latest":
        return None
    text = str(version).strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    if isinstance(version, bool) or not is_number or int(text) < 1:
        shown = version if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
        raise InvalidValueError(f"{shown!r} is no version. Versions count from 1: train@3, or version=3.")
    return int(text)


def kept_version(version: DatasetVersion) -> KeptTable:
    """Return the table of a version."""
    return KeptTable(name=version.name, snapshot_id=version.snapshot_id, version=version)


def labels_of(reads: Iterable[FileRead]) -> list[str]:
    """Return which versions some reads are of (``train@3``); reads of files are none of them."""
    return sorted({read.path.removeprefix(PATH) for read in reads if is_dataset(read)})


def is_dataset(read: FileRead) -> bool:
    """Return whether a dataset was read, and no file."""
    return read.path.startswith(PATH)
