"""Collects what a cell shows, as the notebook's page gets it: streams, displays, results; cleared and updated ones too.

Nothing is put in place of ``sys.stdout``, the display publisher or the display hook; see `output_sources` for where
the outputs are seen.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from trackbook.capture.terminal_text import settled_so_far
from trackbook.records import OutputKind

_MOST_OUTPUTS = 1000
_TAIL_SHARE = 4  # a fourth of what is kept of a long text is its end
_LEAST_TAIL = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept, in bytes: of one text, of one figure (or page of HTML), of a cell in all."""

    text: int = 500_000
    figure: int = 5_000_000
    cell: int = 20_000_000


@dataclass(slots=True)
class ShownText:
    """What a stream printed in one go: of a long text the beginning and the end.

    `dropped` counts the bytes that are in neither.
    """

    name: str
    room: int
    dropped: int = 0
    _head: list[str] = field(default_factory=list)
    _tail: str = ""
    _length: int = 0

    @property
    def head(self) -> str:
        """The beginning, or all of it."""
        return "".join(self._head)

    @property
    def tail(self) -> str:
        """The end, of a text that is longer than its room."""
        return self._tail

    @property
    def length(self) -> int:
        """How many characters are held."""
        return self._length + len(self._tail)

    def add(self, text: str) -> None:
        """Append text, which takes no more room than there is."""
        if not self._tail:
            text = self._add_to_head(text)
        if text:
            room = max(self.room // _TAIL_SHARE, _LEAST_TAIL)
            whole = self._tail + text
            self.dropped += byte_length(whole[:-room])
            self._tail = whole[-room:]

    def _add_to_head(self, text: str) -> str:
        """Append what there is room for and return the rest."""
        if self._length + len(text) > self.room:
            self._head = [settled_so_far(self.head)]  # the rewrites of a progress bar take no room for long
            self._length = len(self._head[0])
        fitting = text[: max(0, self.room - self._length)]
        self._head.append(fitting)
        self._length += len(fitting)
        return text[len(fitting) :]


@dataclass(frozen=True, slots=True)
class ShownData:
    """One display or result: its forms by media type, as the front end got them."""

    kind: OutputKind
    data: Mapping[str, Any]
    display_id: str | None = None


Showing: TypeAlias = ShownText | ShownData


class Collector:
    """What one cell has shown so far; any thread may add to it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.RLock()
        self._is_to_clear = False
        self._shown: list[Showing] = []
        self._held = 0
        self.left_out = 0
        """How many outputs there were beyond those that are held."""

    @property
    def shown(self) -> Sequence[Showing]:
        """What the cell shows now, in the order in which it came."""
        with self._lock:
            return tuple(self._shown)

    @property
    def is_empty(self) -> bool:
        """Whether the cell shows nothing now."""
        return not (self._shown or self.left_out)

    def add_text(self, name: str, text: str) -> None:
        """Something was printed."""
        with self._lock:
            self._clear_if_asked()
            stream = self._stream(name)
            if stream is None:
                self.left_out += 1
                return
            before = stream.length
            stream.add(text)
            self._held += stream.length - before

    def add_data(self, kind: OutputKind, data: Mapping[str, Any], display_id: str | None) -> None:
        """Something was displayed."""
        with self._lock:
            self._clear_if_asked()
            if self._is_full:
                self.left_out += 1
            else:
                self._shown.append(ShownData(kind, data, display_id))
                self._held += _weight(data)

    def update(self, data: Mapping[str, Any], display_id: str | None) -> None:
        """A display shows something else now; what another cell displays is not this one's."""
        with self._lock:
            for at, each in enumerate(self._shown):
                if isinstance(each, ShownData) and display_id is not None and each.display_id == display_id:
                    self._held += _weight(data) - _weight(each.data)
                    self._shown[at] = replace(each, data=data)

    def clear(self, *, wait: bool) -> None:
        """What was shown is taken away: now, or (`wait`) when the next thing comes."""
        with self._lock:
            self._is_to_clear = True
            if not wait:
                self._clear_if_asked()

    @property
    def _is_full(self) -> bool:
        return len(self._shown) >= _MOST_OUTPUTS or self._held >= self.limits.cell

    def _clear_if_asked(self) -> None:
        if self._is_to_clear:
            self._is_to_clear = False
            self._shown.clear()
            self._held = self.left_out = 0

    def _stream(self, name: str) -> ShownText | None:
        """Return where a stream's text goes: to its last piece if that is the last output or no other has room."""
        last = self._shown[-1] if self._shown else None
        if isinstance(last, ShownText) and last.name == name:
            return last
        if not self._is_full:
            self._shown.append(ShownText(name, self.limits.text))
            return self._shown[-1]  # type: ignore[return-value]  # what was appended
        return next((each for each in reversed(self._shown) if isinstance(each, ShownText) and each.name == name), None)


def byte_length(text: str) -> int:
    """Return how many bytes a text takes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _weight(data: Mapping[str, Any]) -> int:
    return sum(len(value) for value in data.values() if isinstance(value, str | bytes))
