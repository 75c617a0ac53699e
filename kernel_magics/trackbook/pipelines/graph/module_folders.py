"""Where the modules of a project are looked for that a notebook imports, before anything has run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from trackbook.capture.modules import project_root

_ADDING = re.compile(r"^.*\bsys\.path\b(?:\.(?:append|insert|extend)\(|\s*\+=|\[.*=).*$", re.MULTILINE)
_TEXT = re.compile(r"""["']([^"'\n]+)["']""")


def module_folders(sources: Sequence[str], folder: Path) -> list[Path]:
    """Return the folders in which a notebook's own modules may be, in their order.

    They are the notebook's folder, those that it adds to ``sys.path`` by their names or as a parent of its own, and
    last, for projects that are installed as they are, the project's folder and ``src`` in it.
    """
    added = [place for source in sources if "sys.path" in source for place in _added(source, folder)]
    root = project_root(folder)
    found = dict.fromkeys([folder, *added, root, root / "src"])
    return [place for place in found if place.is_dir()]


def _added(source: str, folder: Path) -> Iterator[Path]:
    for line in _ADDING.findall(source):
        texts = _TEXT.findall(line)
        base = folder.joinpath(*[".."] * line.count(".parent"))
        yield plain(base.joinpath(*texts))
        yield from (plain(folder / text) for text in texts)


def plain(path: Path) -> Path:
    """Return a path without ``..`` in it, unless a link on its way makes that another place."""
    found = Path(os.path.normpath(path))
    return found if os.path.realpath(found) == os.path.realpath(path) else path
