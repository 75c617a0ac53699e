"""Objects: bytes that are addressed by their content, in a folder, in memory, or wherever fsspec reaches.

An object's name is the SHA-256 of its bytes, so that the same bytes are kept once and a name never lies for long: what
is read is checked. It appears under its name whole or not at all. What is worth it is kept compressed (`packing`).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from trackbook.errors import InvalidValueError, NotFoundError, StoreError
from trackbook.store.folders import FILE_MODE, make_private_folder
from trackbook.store.packing import HEAD_SIZE, is_at_hand, is_whole, packed, unpacked

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FRESH_SECONDS = 1800.0  # half the least time for which what was put again is safe at a remote place
REMOTE_GRACE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file at a place for objects. `digest` is None where it is no object but what a writer left behind."""

    name: str
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How many bytes a file has, and when it was written or an object put again, in seconds since 1970."""

    size: int
    put_at: float


class Added(NamedTuple):
    """An object that was put: whether its bytes were not there before, and how many bytes it takes there."""

    digest: str
    is_new: bool
    size: int


class Objects(Protocol):
    """A place for objects."""

    @property
    def location(self) -> str:
        """Where it is, as a person would say it."""

    def put(self, content: bytes) -> str:
        """Keep bytes, compressed where that is quickly done and worth it, and return their digest."""

    def add(self, content: bytes, *, packs: bool = False) -> Added:
        """Keep bytes and return what became of them; `packs`: compressed, where that makes them a tenth smaller."""

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; `NotFoundError` if they are missing or spoilt."""

    def size(self, digest: str) -> int:
        """Return how many bytes an object takes; 0 where there is none."""

    def entries(self) -> Iterator[Entry]:
        """Return every file of the place, in no order; others may come and go meanwhile."""

    def age(self, entry: Entry) -> Age | None:
        """Return a file's size and age; None if it is gone, or the place can't tell."""

    def free(self, entry: Entry, before: float) -> bool:
        """Delete a file unless it was put again since `before` (seconds since 1970); return whether it was deleted.

        Whoever puts an object while it is being deleted finds it there afterwards.
        """


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
        """Keep bytes and return their digest. A file that ends too early under that name is a torn one and replaced."""
        return self.add(content, packs=is_at_hand()).digest

    def add(self, content: bytes, *, packs: bool = False) -> Added:
        """Keep bytes and return what became of them."""
        digest = digest_of(content)
        path = self._folder / _relative(digest)
        try:
            size = _touched(path, len(content))
            if size is not None:
                return Added(digest, False, size)
            stored = _stored(content, packs=packs)
            _write_whole(path, stored)
        except OSError as error:
            raise StoreError(_unwritable(self._folder, error)) from error
        return Added(digest, True, len(stored))

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

    def size(self, digest: str) -> int:
        """Return how many bytes the file of an object has."""
        try:
            return (self._folder / _relative(digest)).stat().st_size
        except FileNotFoundError:
            return 0

    def entries(self) -> Iterator[Entry]:
        """Return every file of the folder that is named as objects and what becomes one are."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for name in os.listdir(folder):
                relative = f"{folder.name}/{name}"
                if (digest := _digest_in(relative)) or name.startswith("."):
                    yield Entry(name=relative, digest=digest)

    def age(self, entry: Entry) -> Age | None:
        """Return a file's size and age."""
        try:
            status = (self._folder / entry.name).stat()
        except FileNotFoundError:
            return None
        return Age(size=status.st_size, put_at=status.st_mtime)

    def free(self, entry: Entry, before: float) -> bool:
        """Delete a file unless it was put again.

        It is first moved aside, and looked at there. Whoever puts the same bytes has then either touched the file
        before it was moved, which shows, or does not find it and writes another.
        """
        path = self._folder / entry.name
        aside = path.with_name(f".{secrets.token_hex(8)}")
        try:
            path.rename(aside)
            if aside.stat().st_mtime < before:
                aside.unlink()
                return True
            aside.replace(path)
        except FileNotFoundError:
            pass  # another collector was quicker
        except OSError as error:
            raise StoreError(_unwritable(self._folder, error)) from error
        return False


class MemoryObjects:
    """Objects that live as long as this process."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._put_at: dict[str, float] = {}

    @property
    def location(self) -> str:
        """Memory."""
        return "memory"

    def put(self, content: bytes) -> str:
        """Keep bytes and return their digest."""
        return self.add(content, packs=is_at_hand()).digest

    def add(self, content: bytes, *, packs: bool = False) -> Added:
        """Keep bytes and return what became of them; in memory they are never compressed."""
        digest = digest_of(content)
        is_new = digest not in self._contents
        self._put_at[digest] = time.time()
        self._contents[digest] = bytes(content)
        return Added(digest, is_new, len(content))

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest."""
        try:
            return self._contents[_valid(digest)]
        except KeyError:
            raise NotFoundError(_missing(digest, self.location)) from None

    def size(self, digest: str) -> int:
        """Return how many bytes an object has."""
        return len(self._contents.get(digest, b""))

    def entries(self) -> Iterator[Entry]:
        """Return every object."""
        return iter([Entry(name=digest, digest=digest) for digest in list(self._contents)])

    def age(self, entry: Entry) -> Age | None:
        """Return an object's size and age."""
        content = self._contents.get(entry.name)
        return None if content is None else Age(size=len(content), put_at=self._put_at[entry.name])

    def free(self, entry: Entry, before: float) -> bool:
        """Delete an object unless it was put again."""
        if self._put_at.get(entry.name, before) >= before:
            return False
        return self._contents.pop(entry.name, None) is not None


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
        return self.add(content, packs=is_at_hand()).digest

    def add(self, content: bytes, *, packs: bool = False) -> Added:
        """Keep bytes and return what became of them; those that were put long ago count as new."""
        digest = digest_of(content)
        system, root = self._system()
        path = f"{root}/{_relative(digest)}"
        try:
            size = self._fresh_size(system, path, len(content))
            if size is not None:
                return Added(digest, False, size)
            stored = _stored(content, packs=packs)
            self._write_whole(system, path, stored)
        except OSError as error:
            raise StoreError(_unwritable(self._url, error)) from error
        return Added(digest, True, len(stored))

    @staticmethod
    def _fresh_size(system: Any, path: str, size: int) -> int | None:
        """Return what the object takes if it is there and young: it is written again before it is old."""
        if not system.exists(path):
            return None
        stored = int(system.size(path))
        if stored != size and not is_whole(system.cat_file(path, 0, HEAD_SIZE), stored, size):
            return None
        put_at = _modified(system, path)
        return stored if put_at is None or time.time() - put_at < _FRESH_SECONDS else None

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

    def size(self, digest: str) -> int:
        """Return how many bytes the file of an object has."""
        system, root = self._system()
        try:
            return int(system.size(f"{root}/{_relative(digest)}"))
        except FileNotFoundError:
            return 0

    def entries(self) -> Iterator[Entry]:
        """Return every file behind the URL that is named as objects and what becomes one are."""
        system, root = self._system()
        system.invalidate_cache()
        for path in system.find(root):
            name = str(path).removeprefix(root).strip("/")
            if (digest := _digest_in(name)) or name.rpartition("/")[2].startswith("."):
                yield Entry(name=name, digest=digest)

    def age(self, entry: Entry) -> Age | None:
        """Return a file's size and age; None where the place doesn't keep times: nothing is freed there."""
        system, root = self._system()
        try:
            put_at = _modified(system, f"{root}/{entry.name}")
            size = system.size(f"{root}/{entry.name}")
        except FileNotFoundError:
            return None
        return None if put_at is None else Age(size=size, put_at=put_at)

    def free(self, entry: Entry, before: float) -> bool:
        """Delete a file unless it was put again within an hour: nothing can be moved aside in one step here."""
        system, root = self._system()
        age = self.age(entry)
        if age is None or age.put_at >= min(before, time.time() - REMOTE_GRACE_SECONDS):
            return False
        try:
            system.rm_file(f"{root}/{entry.name}")
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(_unwritable(self._url, error)) from error
        return True

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


def _modified(system: Any, path: str) -> float | None:
    """Return when a remote file was written, in seconds since 1970; None where its system doesn't tell."""
    try:
        moment: datetime = system.modified(path)
    except (NotImplementedError, KeyError):
        return None
    return moment.timestamp()


def _stored(content: bytes, *, packs: bool) -> bytes:
    return (packed(content) if packs else None) or content


def _touched(path: Path, size: int) -> int | None:
    """Return what a file takes if it is there whole; from now on it is young, not freed before a row names it."""
    try:
        stored = path.stat().st_size
        if stored != size and not _is_packed(path, stored, size):
            return None
        os.utime(path)
    except FileNotFoundError:
        return None
    return stored


def _is_packed(path: Path, stored: int, size: int) -> bool:
    with open(path, "rb") as file:
        return is_whole(file.read(HEAD_SIZE), stored, size)


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


def _digest_in(relative: str) -> str | None:
    """Return the digest that a file is named by, the inverse of `_relative`."""
    digest = relative.replace("/", "", 1)
    return digest if _DIGEST.fullmatch(digest) and relative[2] == "/" else None


def _valid(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise InvalidValueError(f"{digest[:80]!r} is no digest. A digest has 64 characters, 0-9 and a-f.")
    return digest


def _checked(digest: str, stored: bytes, place: str) -> bytes:
    """Return the content of an object: the stored bytes if they are what its name says, or else what they pack."""
    if digest_of(stored) == digest:
        return stored
    content = unpacked(stored)
    if content is None or digest_of(content) != digest:
        raise NotFoundError(
            f"Object {digest[:12]} in {place} is spoilt: its content is not what its name says. "
            "Restore it from a backup."
        )
    return content


def _missing(digest: str, place: str) -> str:
    return f"There is no object {digest[:12]} in {place}. See what else is missing with trackbook verify."


def _unwritable(place: object, error: OSError) -> str:
    return f"Nothing can be written to {place}: {error.strerror or error}. Check its rights and the space left."
