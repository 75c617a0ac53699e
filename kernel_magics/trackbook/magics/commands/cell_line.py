"""A line in a cell's output that says how far something is, until what came out takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trackbook.magics.commands.base import show_in_cell

if TYPE_CHECKING:
    from trackbook.display.shown import Shown


class CellLine:
    """Shown when there is first something to say."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._last = ""

    def say(self, text: str) -> None:
        """Show a text in the place of the last one."""
        if text != self._last:
            self._last = text
            self._put({"text/plain": text})

    def give_way(self, shown: Shown) -> None:
        """Show something where the line stands."""
        if self._handle is None:
            show_in_cell(shown)
        else:
            self._put({"text/plain": shown.text, "text/html": shown.html})

    def _put(self, content: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(content, raw=True)
