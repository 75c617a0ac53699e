"""Where an export goes: a file or a folder that appears whole or not at all, and never over what somebody else made."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from trackbook.errors import InvalidValueError, StoreError
from trackbook.records import JsonValue

MARKER = "trackbook-export.json"
"""The file that a folder of ours is known by; it says what was exported and what could not be told exactly."""


@contextmanager
def new_file(path: Path, *, is_forced: bool) -> Iterator[Path]:
    """Give a path to write to, which becomes `path` at the end; nothing stays if writing fails.

    Raises
    ------
    InvalidValueError
        If `path` is there already and isn't to be replaced.
    StoreError
        If it can't be written.
    """
    if path.is_dir() or (path.exists() and not is_forced):
        raise InvalidValueError(f"{path} is there already. Name another file, or replace it with --force.")
    with _translated(path):
        temporary = _beside(path)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, *, is_forced: bool) -> Iterator[Path]:
    """Give a folder to fill, which becomes `path` at the end; an empty one there, or with force an export, goes.

    Raises
    ------
    InvalidValueError
        If something is there that isn't to be replaced.
    StoreError
        If it can't be written.
    """
    _check_folder(path, is_forced=is_forced)
    with _translated(path):
        temporary = _beside(path)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            _put_in_place(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def mark(folder: Path, about: Mapping[str, JsonValue]) -> None:
    """Put the file into a folder that it is known by."""
    (folder / MARKER).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _check_folder(path: Path, *, is_forced: bool) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise InvalidValueError(f"{path} is a file. Name a folder that is empty or not there yet.")
    if not any(path.iterdir()):
        return
    if not is_forced:
        raise InvalidValueError(f"{path} is not empty. Name another folder, or replace an earlier export with --force.")
    if not (path / MARKER).is_file():
        raise InvalidValueError(f"{path} holds no export of Trackbook's, so it is not replaced. Name another folder.")


def _beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")


def _put_in_place(temporary: Path, path: Path) -> None:
    aside = _beside(path)
    if path.exists():
        path.rename(aside)
    try:
        temporary.rename(path)
    except OSError:
        if aside.exists():
            aside.rename(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (StoreError, InvalidValueError, BrokenPipeError):
        raise
    except OSError as error:
        raise StoreError(f"The export can't be written to {path}: {error.strerror or error}.") from error
