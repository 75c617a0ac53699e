"""Something to look at, in a notebook or in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from trackbook.clock import now
from trackbook.display.blocks import Block
from trackbook.display.html import render_html
from trackbook.display.text import render_text


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """The same thing as plain text and as HTML; a notebook shows the richer one that it can."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """For whom something is drawn.

    `command` is what a person types before a subcommand there (``%track`` in a notebook). `width` and `is_coloured` are
    the terminal's, for the text; without a width it is as wide as it needs.
    """

    command: str = "trackbook"
    now: datetime = field(default_factory=now)
    width: int | None = None
    is_coloured: bool = False

    def whole(self, run: str, part: str) -> str:
        """Return what to type to see a part of a run (an attribute of `trackbook.get_run`'s) with nothing left out."""
        return (
            f"trackbook.get_run('{run}').{part}"
            if self.command.startswith("%")
            else f"{self.command} show {run} --json"
        )


def shown(blocks: Iterable[Block], look: Look) -> Shown:
    """Draw blocks both ways."""
    listed = tuple(blocks)
    return Shown(render_text(listed, width=look.width, is_coloured=look.is_coloured), render_html(listed))
