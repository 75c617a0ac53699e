"""What a cell showed: its streams and displays, part by part, kept by content."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OutputKind(StrEnum):
    """Where an output came from, in the notebook format's words."""

    STREAM = "stream"
    DISPLAY = "display_data"
    RESULT = "execute_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPart:
    """One form of an output.

    `digest` is the SHA-256 of what is kept, `size` the bytes that there were. A short text stands in `text`; anything
    else is the object that `digest` names. `is_cut`: less is kept than there was; of an image or a figure then nothing,
    and `digest` is None.
    """

    media_type: str
    size: int
    digest: str | None = None
    text: str | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a cell. `name` is the stream's (``stdout``, ``stderr``), None for displays and results."""

    kind: OutputKind
    parts: tuple[OutputPart, ...]
    name: str | None = None
