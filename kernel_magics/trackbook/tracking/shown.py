"""What cells showed, as people ask for it: their texts, and their figures by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from trackbook.errors import NotFoundError
from trackbook.records import Execution, Output, OutputKind, OutputPart

PLAIN = "text/plain"
_HTML = "text/html"
_ENDINGS = {  # of figures, the one that most programs can show first
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/vnd.plotly.v1+json": "plotly.json",
}
_VEGA = ("application/vnd.vega.", "application/vnd.vegalite.")

Read: TypeAlias = Callable[[str], bytes]
"""Gives the bytes of an object, by its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that a cell showed. `name` is its file's: ``cell-3-figure-1.png``; 3 is the cell's prompt number."""

    name: str
    part: OutputPart
    execution: Execution


def figures_of(executions: Iterable[Execution]) -> Iterator[Figure]:
    """Return the figures of executions in their order, each in the one form that most programs can show."""
    taken: dict[str, int] = {}
    for execution in executions:
        number = 0
        for output in execution.outputs:
            part = figure_part(output)
            if part is not None:
                number += 1
                stem = f"cell-{execution.count or execution.index}-figure-{number}"
                taken[stem] = again = taken.get(stem, 0) + 1
                unique = stem if again == 1 else f"{stem}-{again}"  # another session's cell has the same number
                yield Figure(name=f"{unique}.{_ending(part)}", part=part, execution=execution)


def figure_part(output: Output) -> OutputPart | None:
    """Return the form of an output that is a figure, None if it is none."""
    found = {part.media_type: part for part in output.parts if _ending(part)}
    order = [*_ENDINGS, *found]
    return min(found.values(), key=lambda part: (part.digest is None, order.index(part.media_type)), default=None)


def _ending(part: OutputPart) -> str:
    if part.media_type.startswith(_VEGA):
        return "vega.json"
    return _ENDINGS.get(part.media_type, "")


def text_part(output: Output) -> OutputPart | None:
    """Return the form of an output that is plain text, else any other text; None if it has none."""
    parts = sorted(output.parts, key=lambda part: (part.media_type != PLAIN, part.media_type != _HTML))
    return next((part for part in parts if part.media_type.startswith("text/")), None)


def is_text(output: Output) -> bool:
    """Return whether an output is text alone, or a table."""
    return output.kind is OutputKind.STREAM or figure_part(output) is None


def content_of(part: OutputPart, read: Read) -> bytes | None:
    """Return the bytes of an output, None where nothing is kept of it or its object is gone."""
    if part.text is not None:
        return part.text.encode("utf-8", "backslashreplace")
    if part.digest is None:
        return None
    try:
        return read(part.digest)
    except NotFoundError:
        return None


def text_of(part: OutputPart, read: Read) -> str | None:
    """Return the text of an output, None where nothing is kept of it or its object is gone."""
    if part.text is not None:
        return part.text
    content = content_of(part, read)
    return None if content is None else content.decode("utf-8", "replace")
