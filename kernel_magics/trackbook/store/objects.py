"""Objects: bytes that are addressed by their content, in a folder, in memory, or wherever fsspec reaches.

An object's name is the SHA-256 of its bytes, so that the same bytes are kept once and a name never lies for long: what
is read is checked. It appears under its name whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Any, Protocol

from trackbook.errors import InvalidValueError, NotFoundError, StoreError
from trackbook.store.folders import FILE_MODE, make_private_folder

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Objects(Protocol):
    """A place for objects."""

    @property
    def location(self) -> str:
        """Where it is, as a person would say it."""

    def put(self, content: bytes) -> str:
        """Keep bytes and return their digest."""

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; `NotFoundError` if they are missing or spoilt."""


def digest_of(content: bytes) -> str:
    """Return the name of some bytes: their SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def open_objects(where: str) -> Objects:
    """Return the objects of a folder, or of an fsspec URL such as ``s3://bucket/team``."""
    if "://" not in where:
        return FolderObjects(Path(where).expanduser().absolute())
    if where.startswith("file://"):
        return FolderObjects(Path(where.removeprefix("file://")))
    return RemoteObjects(where)


class FolderObjects:
    """Objects in a folder of this machine, for its owner's eyes only (files 0600, folders 0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def put(self, content: bytes) -> str:
        """Keep bytes and return their digest. A file of another length under that name is a torn one and replaced."""
        digest = digest_of(content)
        path = self._folder / _relative(digest)
        try:
            if not (path.exists() and path.stat().st_size == len(content)):
                _write_whole(path, content)
        except OSError as error:
            raise StoreError(_unwritable(self._folder, error)) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest."""
        path = self._folder / _relative(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise NotFoundError(_missing(digest, self.location)) from None
        except OSError as error:
            raise StoreError(f"Object {digest[:12]} can't be read: {error}. Check the rights of {path}.") from error
        return _checked(digest, content, self.location)


class MemoryObjects:
    """Objects that live as long as this process."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    @property
    def location(self) -> str:
        """Memory."""
        return "memory"

    def put(self, content: bytes) -> str:
        """Keep bytes and return their digest."""
        digest = digest_of(content)
        self._contents[digest] = bytes(content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest."""
        try:
            return self._contents[_valid(digest)]
        except KeyError:
            raise NotFoundError(_missing(digest, self.location)) from None


class RemoteObjects:
    """Objects behind an fsspec URL. The file system is connected at first use and again in a forked child."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._connected: tuple[int, Any, str] | None = None

    @property
    def location(self) -> str:
        """The URL."""
        return self._url

    def put(self, content: bytes) -> str:
        """Keep bytes and return their digest."""
        digest = digest_of(content)
        system, root = self._system()
        path = f"{root}/{_relative(digest)}"
        try:
            if not (system.exists(path) and system.size(path) == len(content)):
                self._write_whole(system, path, content)
        except OSError as error:
            raise StoreError(_unwritable(self._url, error)) from error
        return digest

    @staticmethod
    def _write_whole(system: Any, path: str, content: bytes) -> None:
        parent = path.rpartition("/")[0]
        temporary = f"{parent}/.{secrets.token_hex(8)}"
        system.makedirs(parent, exist_ok=True)
        system.pipe_file(temporary, content)
        system.mv(temporary, path)

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest."""
        relative = _relative(digest)
        system, root = self._system()
        try:
            content: bytes = system.cat_file(f"{root}/{relative}")
        except FileNotFoundError:
            raise NotFoundError(_missing(digest, self.location)) from None
        except OSError as error:
            raise StoreError(f"Object {digest[:12]} can't be read from {self._url}: {error}.") from error
        return _checked(digest, content, self.location)

    def _system(self) -> tuple[Any, str]:
        if self._connected is None or self._connected[0] != os.getpid():
            self._connected = (os.getpid(), *_connect(self._url))
        return self._connected[1], self._connected[2]


def _connect(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise StoreError(f"The objects at {url} can't be reached: {error}.") from error
    return system, str(root).rstrip("/")


def _write_whole(path: Path, content: bytes) -> None:
    make_private_folder(path.parent)
    temporary = path.parent / f".{secrets.token_hex(8)}"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _relative(digest: str) -> str:
    return f"{_valid(digest)[:2]}/{digest[2:]}"


def _valid(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise InvalidValueError(f"{digest[:80]!r} is no digest. A digest has 64 characters, 0-9 and a-f.")
    return digest


def _checked(digest: str, content: bytes, place: str) -> bytes:
    if digest_of(content) != digest:
        raise NotFoundError(
            f"Object {digest[:12]} in {place} is spoilt: its content is not what its name says. "
            "Restore it from a backup."
        )
    return content


def _missing(digest: str, place: str) -> str:
    return f"There is no object {digest[:12]} in {place}. See what else is missing with trackbook verify."


def _unwritable(place: object, error: OSError) -> str:
    return f"Nothing can be written to {place}: {error.strerror or error}. Check its rights and the space left."
