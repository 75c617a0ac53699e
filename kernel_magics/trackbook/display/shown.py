"""Something to look at, in a notebook or in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from trackbook.clock import now
from trackbook.display.blocks import Block
from trackbook.display.html import render_html
from trackbook.display.text import render_text


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

    @property
    def is_cell(self) -> bool:
        """Whether it is drawn in a notebook's cell, where Python is at hand."""
        return self.command.startswith("%")

    def whole(self, run: str, part: str) -> str:
        """Return what to type to see a part of a run (an attribute of `trackbook.get_run`'s) with nothing left out."""
        return f"trackbook.get_run('{run}').{part}" if self.is_cell else f"{self.command} show {run} --json"


class Shown:
    """The same thing as plain text and as HTML, each drawn when it is asked for; a notebook shows the richer one."""

    def __init__(self, blocks: Iterable[Block], look: Look) -> None:
        self._blocks = tuple(blocks)
        self._look = look

    @cached_property
    def text(self) -> str:
        """The whole as plain text, as wide as its look says."""
        return render_text(self._blocks, width=self._look.width, is_coloured=self._look.is_coloured)

    @cached_property
    def html(self) -> str:
        """The whole as HTML."""
        return render_html(self._blocks)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def shown(blocks: Iterable[Block], look: Look) -> Shown:
    """Return blocks as something to look at."""
    return Shown(blocks, look)
