"""Which files a step has written: those of the project whose state changed while it ran.

No write is watched. The time of a file's last change of any kind tells, whatever wrote it; of two steps that run side
by side, both may get a file of one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

_MOST_ENTRIES = 50_000
_SLACK_SECONDS = 0.01  # what a file system's clock may be behind
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages"})
_NOT_WRITTEN = (".ipynb", ".py", ".pyc", "~")  # a person's, edited while steps run


def files_written(root: Path, began: float, ended: float, without: Collection[Path] = ()) -> list[Path] | None:
    """Return the files beneath a folder that were written in a time; None if there are too many to look at each.

    Parameters
    ----------
    root
        Hidden folders and files in it are left out, notebooks and modules too.
    began, ended
        Seconds since 1970.
    without
        Folders to leave out.
    """
    skipped = frozenset(map(os.fspath, without))
    found = []
    for number, entry in enumerate(_entries(os.fspath(root), skipped)):
        if number >= _MOST_ENTRIES:
            return None
        if not entry.name.endswith(_NOT_WRITTEN) and _is_within(entry, began, ended):
            found.append(Path(entry.path))
    return sorted(found)


def _entries(folder: str, skipped: Collection[str]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            here = [entry for entry in entries if not entry.name.startswith((".", "#"))]
    except OSError:  # gone meanwhile, or nobody may look into it
        return
    for entry in here:
        if not entry.is_dir(follow_symlinks=False):
            yield entry
        elif entry.name not in _LEFT_OUT and entry.path not in skipped and not _is_environment(entry.path):
            yield from _entries(entry.path, skipped)


def _is_environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _is_within(entry: os.DirEntry[str], began: float, ended: float) -> bool:
    try:
        changed = entry.stat().st_ctime
    except OSError:
        return False
    return began - _SLACK_SECONDS <= changed <= ended + _SLACK_SECONDS and entry.is_file()
