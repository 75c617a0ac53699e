"""Which folder a notebook worked in: its relative paths begin there. Of old sessions what was read mostly tells it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from trackbook.records import Session

if TYPE_CHECKING:
    from trackbook.tracking.slice import SlicedRun


def working_folder(sliced: SlicedRun, session: Session | None, location: str) -> Path:
    """Return the folder that a slice's cells worked in.

    It is the one that the session began in. Where that is not on record it is the one from which the paths in the code
    lead to the files that were read; else the notebook's own, else the store's, else the present one.
    """
    if session is not None and session.folder is not None:
        return Path(session.folder)
    found = Counter(_folders(sliced))
    notebook = Path(session.notebook).parent if session is not None and session.notebook else None
    if found:
        best = max(found.values())
        leading = [folder for folder, count in found.items() if count == best]
        return notebook if notebook in leading else leading[0]
    if notebook is not None:
        return notebook
    store = Path(location)
    return store.parent if store.is_absolute() else Path.cwd()


def paths_in(sliced: SlicedRun) -> set[str]:
    """Return the texts in the code of a slice that may be paths."""
    nodes = (node for kept in sliced.kept for part in kept.piece.nodes for node in ast.walk(part))
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 1000
    }


def _folders(sliced: SlicedRun) -> Iterator[Path]:
    """Yield, for each relative path in the code that a file read ends with, the folder that is left of the file's."""
    texts = [PurePath(text) for text in paths_in(sliced) if "\n" not in text and "\0" not in text]
    relative = [text for text in texts if text.parts and not text.is_absolute() and ".." not in text.parts]
    for file in sliced.files:
        whole = Path(file.path)
        for text in relative if whole.is_absolute() else ():
            if len(text.parts) < len(whole.parts) and whole.parts[-len(text.parts) :] == text.parts:
                yield Path(*whole.parts[: -len(text.parts)])
