"""The folder that a reproduction works in: it shows what the notebook saw, and keeps what is written to itself.

Beneath it ``world`` mirrors the file system: the working folder stands there at its whole path, so that relative paths
lead to what they led to, upwards too. ``store`` is a store of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum, auto
from pathlib import Path

from trackbook import process
from trackbook.capture.modules import project_root
from trackbook.capture.secrets import redact
from trackbook.errors import NotFoundError
from trackbook.pipelines.reproducing.confinement import Plan
from trackbook.records import FileRead, ModuleUse

PREFIX = "trackbook-reproduction-"
_MOST_FOLDERS = 500
_DEEPEST = 4
_NOT_MIRRORED = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env"})
_LARGEST_NAMED = 500_000_000
ReadObject = Callable[[str], bytes]


class Prefer(Enum):
    """Which content a file gets that a run read.

    SAME: the file's own where it is still the same, else what is kept. KEPT: what is kept, and nothing else. PRESENT:
    the file's own, whatever it is now.
    """

    SAME = auto()
    KEPT = auto()
    PRESENT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that is not what the run read, and whose content then is not kept. `is_gone`: there is none any more."""

    path: str
    is_gone: bool


class Scratch:
    """A new folder; a context manager that removes it in the end.

    Parameters
    ----------
    folder
        The working folder of the notebook.
    """

    def __init__(self, folder: Path) -> None:
        self.original = folder
        self.replaced: list[str] = []
        """Files and modules that are not what the run read any more: what was kept stands in their place."""
        owner = f"{os.getpid()}-{process.started(os.getpid()) or 0:.0f}-"
        self.path = Path(os.path.realpath(tempfile.mkdtemp(prefix=f"{PREFIX}{owner}")))
        self.world = self.path / "world"
        self.folder = self.place(folder)
        self.folder.mkdir(parents=True)
        for name in ("store", "tmp", "runtime"):
            (self.path / name).mkdir()
        self._mirror_folders()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def place(self, path: str | Path) -> Path:
        """Return where a path of the file system stands in the mirror."""
        absolute = Path(os.path.abspath(path))
        return self.world.joinpath(*absolute.parts[1:])

    def add_files(self, files: Iterable[FileRead], read: ReadObject, prefer: Prefer = Prefer.SAME) -> list[ChangedFile]:
        """Put the files that the run read where it read them; return those that can't be had.

        One whose content was not known is taken as it is.

        Parameters
        ----------
        read
            Gives the content of a kept object.
        """
        lost = []
        for file in files:
            if "://" in file.path:
                continue
            source = Path(file.path)
            is_same = source.is_file() and (file.digest is None or digest_of(source) == file.digest)
            if (is_same and prefer is not Prefer.KEPT) or (prefer is Prefer.PRESENT and source.is_file()):
                self._copy(source)
            elif prefer is not Prefer.PRESENT and self._restore(file, read):
                self.replaced += [] if is_same else [file.path]
            else:
                lost.append(ChangedFile(path=file.path, is_gone=not source.exists()))
        return lost

    def add_named(self, texts: Iterable[str], absent: Container[str]) -> None:
        """Put the files that code names by a relative path, where they are there and not on record.

        Libraries in C open files that nobody sees them open. `absent` are files that must not come from outside.
        """
        for text in texts:
            source = Path(os.path.normpath(self.original / text)) if _may_be_relative(text) else None
            if source is None or str(source) in absent or self.place(source).exists():
                continue
            if source.is_file() and source.stat().st_size <= _LARGEST_NAMED:
                self._copy(source)

    def add_modules(self, modules: Iterable[ModuleUse], read: ReadObject) -> dict[str, str]:
        """Put the project's own modules where they were, with the source that they had; return their files by name."""
        root = project_root(self.original)
        found = {}
        for module in modules:
            if not module.name.replace(".", "").isidentifier():
                continue  # what a module was before it was loaded again
            target = self.place(root / module.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            source = _source_of(module, root / module.path, read)
            target.write_bytes(source)
            found[module.name] = str(target)
            if not _holds(root / module.path, source):
                self.replaced.append(str(root / module.path))
        return found

    def plan(self, *, modules: dict[str, str], absent: Sequence[str], allowed: Sequence[str]) -> Path:
        """Write what the kernel is confined to, and return the file."""
        plan = Plan(
            root=str(self.world),
            folder=str(self.folder),
            notes=str(self.path / "notes.jsonl"),
            allowed=(str(self.path), *allowed),
            modules=modules,
            absent=tuple(absent),
            search=(str(self.original),),
        )
        target = self.path / "plan.json"
        target.write_text(json.dumps(asdict(plan)), encoding="utf-8")
        return target

    def notes(self) -> dict[str, list[str]]:
        """Return what the kernel noted: files ``read`` that are not on record, writes ``refused``, ``program``s ..."""
        found: dict[str, list[str]] = {}
        path = self.path / "notes.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            kind, text = json.loads(line)
            found.setdefault(kind, []).append(text)
        return found

    def _copy(self, source: Path) -> None:
        target = self.place(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)

    def _restore(self, file: FileRead, read: ReadObject) -> bool:
        for digest in dict.fromkeys(each for each in (file.object_digest, file.digest) if each):
            try:
                content = read(digest)
            except NotFoundError:
                continue
            if hashlib.sha256(content).hexdigest() == file.digest:
                target = self.place(file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                return True
        return False

    def _mirror_folders(self) -> None:
        """Make the empty folders that the notebook saw, for what it writes into them."""
        for number, folder in enumerate(_folders(self.original, _DEEPEST)):
            if number >= _MOST_FOLDERS:
                break
            self.place(folder).mkdir(parents=True, exist_ok=True)


def _may_be_relative(text: str) -> bool:
    return 0 < len(text) < 300 and not any(each in text for each in "\n\0") and not os.path.isabs(text)


def _folders(start: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(start), key=lambda each: each.name)
    except OSError:
        return
    for entry in entries if depth else ():
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in _NOT_MIRRORED:
            yield Path(entry.path)
            yield from _folders(Path(entry.path), depth - 1)


def _source_of(module: ModuleUse, file: Path, read: ReadObject) -> bytes:
    """Return the source that a module had; the file itself where only credentials are missing from what is kept."""
    kept = read(module.digest)
    try:
        present = file.read_bytes()
    except OSError:
        return kept
    text = present.decode("utf-8", "surrogateescape")
    return present if redact(text).encode("utf-8", "surrogateescape") == kept else kept


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file's content, None if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def sweep(folder: Path | None = None) -> list[Path]:
    """Remove the scratch folders of processes that died, and return them."""
    removed = []
    for path in sorted((folder or Path(tempfile.gettempdir())).glob(f"{PREFIX}*")):
        if path.is_dir() and not path.is_symlink() and _is_orphan(path.name.removeprefix(PREFIX)):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _is_orphan(name: str) -> bool:
    pid, _, rest = name.partition("-")
    started = rest.partition("-")[0]
    if not pid.isdigit() or not started.isdigit():
        return False
    alive = process.started(int(pid))
    return alive is None or (alive == alive and abs(alive - float(started)) > 2)


def caches() -> list[str]:
    """Return the folders of this user's that programs keep caches in, which a reproduction may write to as well."""
    home = Path.home() if os.environ.get("HOME") else Path(tempfile.gettempdir())
    named = (os.environ.get("XDG_CACHE_HOME"), os.environ.get("MPLCONFIGDIR"), os.environ.get("NUMBA_CACHE_DIR"))
    usual = (home / ".cache", home / ".config" / "matplotlib", Path("/dev"))
    return [*(each for each in named if each), *(str(each) for each in usual if each.is_dir())]
