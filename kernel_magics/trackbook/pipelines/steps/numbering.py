"""The numbers of a notebook's cells as people count them: of those that run, in the notebook that they have."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

_INJECTED = "injected-parameters"


def numbers_of(cells: Sequence[Mapping[str, Any]], given: str | None, skipped: str = "") -> dict[int, int]:
    """Return the numbers of the cells that are executed, from 1, by their places among all cells, from 0.

    The cell with params that papermill puts in has none, unless it stands for one that was there.

    Parameters
    ----------
    cells
        What is executed.
    given
        The file that papermill was given; None if there is none here.
    skipped
        The tag of cells that are left out.
    """
    places = [place for place, cell in enumerate(cells) if _is_executed(cell, skipped)]
    if given is None or not _has_injected(given):
        injected = {place for place, cell in enumerate(cells) if _INJECTED in _tags(cell)}
        places = [place for place in places if place not in injected]
    return {place: number for number, place in enumerate(places, start=1)}


def _is_executed(cell: Mapping[str, Any], skipped: str) -> bool:
    is_code = cell.get("cell_type") == "code" and bool("".join(cell.get("source", "")).strip())
    return is_code and skipped not in _tags(cell)


def _has_injected(notebook: str) -> bool:
    """Return whether a notebook is one that papermill has executed before with params."""
    try:
        return any(_INJECTED in _tags(cell) for cell in json.loads(Path(notebook).read_bytes())["cells"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _tags(cell: Mapping[str, Any]) -> Collection[str]:
    found: Collection[str] = cell.get("metadata", {}).get("tags") or ()
    return found
