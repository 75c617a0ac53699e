"""Which notebook was meant by a path at which there is none: a letter, a case, the ending or the folder is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path

_ENDING = ".ipynb"
_PATTERNS = (f"*{_ENDING}", f"*/*{_ENDING}")
_NEAR = 0.7  # of difflib's ratio, without endings: each shares that one, and so is a little like each other


def no_notebook(path: Path, folder: Path | None = None) -> str:
    """Return the sentence that there is no notebook at a path, with the one that may be meant.

    Parameters
    ----------
    path
        As it was written, relative to `folder`.
    folder
        The working folder if None.
    """
    return f"There is no notebook '{path}'.{meant(path, folder) or ' Give the path of one.'}"


def meant(path: Path, folder: Path | None = None) -> str:
    """Return a question that names the notebook most like a path, behind a space; empty if none is like it."""
    written = Path(os.fspath(path).replace("\\", "/"))  # as on Windows
    start = folder or Path.cwd()
    likeness = {each: _likeness(written, each) for each in _around(start, start / written.parent)}
    near = {each: found for each, found in likeness.items() if found >= _NEAR}
    if not near:
        return ""
    best = min(near, key=lambda each: (-near[each], each.parent != start / written.parent, len(each.parts), each.name))
    shown = best if path.is_absolute() else Path(os.path.relpath(best, start))
    return f" Did you mean '{shown.as_posix()}'?"


def _likeness(written: Path, there: Path) -> float:
    """Return how alike two notebooks' names are, from 0 to 1, whatever their case and folders."""
    name = written.name.lower()
    names = {name.removesuffix(_ENDING), written.stem.lower()}
    return max(SequenceMatcher(None, each, there.stem.lower()).ratio() for each in names)


def _around(*folders: Path) -> Iterator[Path]:
    """Yield the notebooks in some folders and those right beneath; what is hidden are copies that editors keep."""
    for folder, pattern in product(dict.fromkeys(folders), _PATTERNS):
        with suppress(OSError):  # what can't be looked into has nothing to offer
            yield from (each for each in folder.glob(pattern) if each.parent == folder or each.parent.name[0] != ".")
