"""Inside the kernel of a reproduction: refuses to write outside of the scratch folder, brings in what the notebook saw.

The scratch folder mirrors the file system, so that relative paths lead into it (``../data`` too). What a notebook opens
there, and the record doesn't know of, is copied from where it was at that moment, and noted.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OWN_THREADS = "trackbook"
_IMPORTING = re.compile(r"^<frozen importlib|[/\\](?:importlib[/\\]metadata[/\\]|pkgutil\.py$|pkg_resources[/\\])")
_MOST_BYTES = 2_000_000_000
_MOST_FILES = 20_000
_MOST_NOTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a kernel is confined to, written by the process that starts it.

    `root` is the folder that mirrors the file system, `folder` the working folder in it. Writing is allowed beneath
    `allowed`. `modules` gives the files of the modules that were kept with the run, `absent` the files that the slice
    makes itself, `search` what goes to the end of ``sys.path``. `notes` is the file to write notes to.
    """

    root: str
    folder: str
    notes: str
    allowed: tuple[str, ...] = ()
    modules: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    search: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Return the plan in a file."""
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        listed: dict[str, Any] = {name: tuple(content.pop(name)) for name in ("allowed", "absent", "search")}
        return cls(**listed, **content)


class Confinement:
    """An audit hook (PEP 578) that holds a process to its plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._root = os.path.realpath(plan.root)
        self._allowed = tuple(os.path.realpath(each) for each in plan.allowed)
        self._absent = frozenset(plan.absent)
        self._inside = threading.local()
        self._noted: set[tuple[str, str]] = set()
        self._room = [_MOST_BYTES, _MOST_FILES]
        one, two = self._changes_one, self._changes_two
        self._handlers: dict[str, Callable[..., None]] = {
            "open": self._opens,
            "os.remove": one,
            "os.rmdir": one,
            "os.mkdir": self._makes_folder,
            "os.truncate": lambda path, length: one(path),
            "os.chmod": lambda path, mode, folder: one(path, folder),
            "os.chown": lambda path, user, group, folder: one(path, folder),
            "os.utime": lambda path, times, ns, folder: one(path, folder),
            "os.setxattr": lambda path, *rest: one(path),
            "os.rename": two,
            "os.link": lambda source, target, start, end: one(target, end),
            "os.symlink": lambda source, target, folder: one(target, folder),
            "os.listdir": self._lists,
            "os.scandir": self._lists,
            "glob.glob": lambda pattern, recursive: self._lists(os.path.dirname(str(pattern)) or "."),
            "sqlite3.connect": self._reads,
            "os.system": lambda command: self._note("program", _text(command)),
            "subprocess.Popen": lambda program, words, *rest: self._note("program", _command(program, words)),
            "socket.getaddrinfo": lambda host, *rest: self._note("host", _text(host)),
        }

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        handler = self._handlers.get(event)
        if handler is not None and not getattr(self._inside, "is_busy", False) and not _is_ours():
            with self._busy():
                handler(*arguments)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._inside.is_busy = True
        try:
            yield
        finally:
            self._inside.is_busy = False

    # What changes files

    def _opens(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        is_writing = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(int(flags or 0) & _WRITING_FLAGS)
        if is_writing:
            self._changes_one(path)
        else:
            self._reads(path)

    def _makes_folder(self, path: Any, _: Any, folder: int = -1) -> None:
        place = _absolute(path, folder)
        if place is None or not os.path.isdir(place):  # of one that is there the system says so
            self._changes_one(path, folder)

    def _changes_two(self, source: Any, target: Any, start: int = -1, end: int = -1) -> None:
        self._changes_one(source, start)
        self._changes_one(target, end)

    def _changes_one(self, path: Any, folder: int = -1) -> None:
        """Refuse to change what is not the reproduction's own; bring in what is changed and not replaced."""
        place = _absolute(path, folder)
        if place is None:
            return
        real = _real(place)
        if any(real == each or real.startswith(each + os.sep) for each in self._allowed):
            self._bring(place)
            return
        if "__pycache__" not in real:
            self._note("refused", real)
        raise PermissionError(
            errno.EACCES,
            "This is a reproduction, which never changes files outside of its own folder. Write to a relative path",
            real,
        )

    # What reads files

    def _reads(self, path: Any, *_: Any) -> None:
        place = _absolute(path)
        if place is not None:
            self._bring(place)

    def _lists(self, path: Any = None, *_: Any) -> None:
        place = _absolute(path if path is not None else ".")
        original = self._original(place) if place is not None else None
        if place is None or original is None or not os.path.isdir(original):
            return
        for name in sorted(os.listdir(original)):
            if os.path.isfile(os.path.join(original, name)):
                self._bring(os.path.join(place, name))

    def _bring(self, place: str) -> None:
        """Copy what stands at a place outside into the mirror, unless it is there or the slice makes it."""
        original = self._original(place)
        if original is None or original in self._absent or os.path.lexists(place) or not os.path.isfile(original):
            return
        size = os.path.getsize(original)
        if size > self._room[0] or not self._room[1]:
            self._note("left out", original)
            return
        self._room[0] -= size
        self._room[1] -= 1
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy2(original, place)
        self._note("read", original)

    def _original(self, place: str) -> str | None:
        """Return where a place in the mirror is outside, None if it is in no mirror."""
        for root in (self._plan.root, self._root):
            if place.startswith(root + os.sep):
                return place[len(root) :]
        return None

    def _note(self, kind: str, text: str) -> None:
        if (kind, text) in self._noted or len(self._noted) >= _MOST_NOTES:
            return
        self._noted.add((kind, text))
        with open(self._plan.notes, "a", encoding="utf-8") as file:
            file.write(json.dumps([kind, text]) + "\n")


def _is_ours() -> bool:
    """Return whether Trackbook's own threads do something, or Python looks for a module."""
    if threading.current_thread().name.startswith(_OWN_THREADS):
        return True
    return _IMPORTING.search(sys._getframe(2).f_code.co_filename) is not None


def _absolute(path: Any, folder: int = -1) -> str | None:
    """Return where a path leads, as Python's audit events give them; None if that is no path."""
    if isinstance(path, int) or path is None:
        return None
    try:
        text = os.fsdecode(path)
        if folder is not None and folder >= 0 and not os.path.isabs(text):
            text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
        return os.path.abspath(text)
    except (TypeError, ValueError, OSError):
        return None


def _real(place: str) -> str:
    """Return where a change of a path would be made: links are followed."""
    real = os.path.join(os.path.realpath(os.path.dirname(place)), os.path.basename(place))
    return os.path.realpath(real) if os.path.islink(real) else real


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | str) else str(value)


def _command(program: Any, words: Any) -> str:
    if isinstance(words, list | tuple):
        return " ".join(_text(word) for word in words)
    return _text(words if words is not None else program)
