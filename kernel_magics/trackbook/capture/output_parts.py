"""Makes records of what a cell showed: which of its forms are kept, what is redacted, and where it is cut."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from trackbook.capture.outputs import Collector, Limits, Showing, ShownText, byte_length
from trackbook.capture.secrets import redact_shown, redact_value
from trackbook.capture.terminal_text import settled
from trackbook.records import Output, OutputKind, OutputPart

PLAIN = "text/plain"
_HTML = "text/html"
_LIBRARY = "application/vnd.bokehjs_load.v0+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_DRAWN = ("application/vnd.plotly.v1+json", "application/vnd.vega", "application/geo+json")  # their HTML is the same
_LIBRARY_BYTES = 200_000  # a script as long as this is a library, or the data of a figure
_SCRIPT_BEGIN = re.compile(r"<(script|style)\b[^>]*>", re.IGNORECASE)
_SCRIPT_END = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
}
_FIGURE_CALLS = ("Plotly.newPlot(", "Plotly.react(", "embed_document", "vegaEmbed(")
_PACKED = frozenset({"bdata"})  # numbers as base64, which look as random as a password
_SHORT_TEXT_BYTES = 2_000
_SHORTEST_SECRET = 6
_REPLACE = "backslashreplace"

Put: TypeAlias = Callable[[bytes], str]


def kept_outputs(shown: Collector, put: Put) -> tuple[Output, ...]:
    """Return the record of what a cell showed, within its limits.

    Parameters
    ----------
    shown
        What it showed.
    put
        Keeps bytes and returns their digest.
    """
    return _Keeper(shown.limits, put).keep(shown) if shown.limits.cell and not shown.is_empty else ()


class _Keeper:
    """Keeps the outputs of one cell."""

    def __init__(self, limits: Limits, put: Put) -> None:
        self._limits = limits
        self._put = put
        self._left = limits.cell

    def keep(self, shown: Collector) -> tuple[Output, ...]:
        made = (self._output(each) for each in shown.shown)
        outputs = tuple(output for output in made if output is not None)
        if shown.left_out:
            text = f"… and {shown.left_out} more outputs, which are not kept"
            part = OutputPart(media_type=PLAIN, size=0, digest=_digest(text.encode()), text=text, is_cut=True)
            outputs = (*outputs, Output(kind=OutputKind.DISPLAY, parts=(part,)))
        return outputs

    def _output(self, shown: Showing) -> Output | None:
        if isinstance(shown, ShownText):
            return Output(kind=OutputKind.STREAM, name=shown.name, parts=(self._stream(shown),))
        parts = tuple(self._part(media_type, value) for media_type, value in _kept_forms(shown.data))
        return Output(kind=shown.kind, parts=parts) if parts else None

    def _stream(self, shown: ShownText) -> OutputPart:
        head, tail = settled(shown.head), settled(shown.tail)
        if not tail:
            return self._text(PLAIN, head)
        size = byte_length(head) + shown.dropped + byte_length(tail)
        if not shown.dropped:
            return self._text(PLAIN, head + tail)
        return self._kept_text(PLAIN, _joined(head, shown.dropped, tail), size, is_cut=True)

    def _part(self, media_type: str, value: Any) -> OutputPart:
        if media_type.startswith(("image/", "application/pdf")) and not media_type.endswith("xml"):
            content = _decoded(value)
            if content is not None:
                return self._content(media_type, content)
        if media_type.endswith("json"):
            return self._json(media_type, value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return self._text(media_type, text) if media_type == PLAIN else self._page(media_type, text)

    def _text(self, media_type: str, text: str) -> OutputPart:
        """Keep a text, of a long one the beginning and the end."""
        size = byte_length(text)
        room = min(self._limits.text, self._left)
        if size <= room:
            return self._kept_text(media_type, text, size)
        head, tail = text[: room * 3 // 4], text[len(text) - room // 4 :]
        dropped = size - byte_length(head) - byte_length(tail)
        return self._kept_text(media_type, _joined(head, dropped, tail), size, is_cut=True)

    def _kept_text(self, media_type: str, text: str, size: int, *, is_cut: bool = False) -> OutputPart:
        content = redact_shown(text).encode("utf-8", _REPLACE)
        self._left -= len(content)
        if len(content) > _SHORT_TEXT_BYTES:
            return OutputPart(media_type=media_type, size=size, digest=self._put(content), is_cut=is_cut)
        digest = _digest(content)
        return OutputPart(media_type=media_type, size=size, digest=digest, text=content.decode(), is_cut=is_cut)

    def _page(self, media_type: str, text: str) -> OutputPart:
        """Keep what is of no use in part: HTML, SVG, the JSON of a figure."""
        size = byte_length(text)
        is_cut = False
        if media_type == _HTML:
            text = _without_libraries(text)
            is_cut = byte_length(text) < size
        if byte_length(text) > min(self._limits.figure, self._left):
            return OutputPart(media_type=media_type, size=size, is_cut=True)
        return self._kept_text(media_type, text, size, is_cut=is_cut)

    def _json(self, media_type: str, value: Any) -> OutputPart:
        """Keep the JSON of a figure or of a value, whole or not at all."""
        if isinstance(value, str):  # some libraries give the text of their JSON
            return self._page(media_type, value)
        listed = dict.fromkeys(_texts_of(value))
        if listed and redact_shown(text := "\n".join(listed)) != text:
            value = _redacted(value)
        return self._content(media_type, json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", _REPLACE))

    def _content(self, media_type: str, content: bytes) -> OutputPart:
        size = len(content)
        if size > min(self._limits.figure, self._left):
            return OutputPart(media_type=media_type, size=size, is_cut=True)
        self._left -= size
        return OutputPart(media_type=media_type, size=size, digest=self._put(content))


def _kept_forms(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the forms of a display that say something that no other one says."""
    if _WIDGET in data:
        data = {PLAIN: data[PLAIN]} if PLAIN in data else {}
    if _LIBRARY in data:
        return
    is_drawn = any(media_type.startswith(_DRAWN) for media_type in data)
    for media_type, value in data.items():
        if media_type == _HTML and (is_drawn or _is_invisible(value) or _is_estimator(value)):
            continue
        if value != "":
            yield media_type, value


def _is_estimator(value: Any) -> bool:
    """Return whether HTML is scikit-learn's drawing of an estimator: 45 kB, with no word more than the text."""
    return isinstance(value, str) and "sk-container-id" in value


def _is_invisible(value: Any) -> bool:
    """Return whether HTML only loads a library, as plotly does once in a notebook."""
    if not isinstance(value, str) or not _SCRIPT_BEGIN.search(value):
        return False
    return not "".join(text for text, opening in _html_pieces(value) if not opening).strip()


def _without_libraries(html: str) -> str:
    """Return HTML without the code of libraries in it; what draws the figure stays."""
    if len(html) < _LIBRARY_BYTES:
        return html
    return "".join(
        f"{opening}/* {len(text)} characters of a library were left out */</script>"
        if opening and len(text) > _LIBRARY_BYTES and not _draws(opening, text)
        else opening + text
        for text, opening in _html_pieces(html)
    )


def _draws(opening: str, script: str) -> bool:
    return "json" in opening or any(call in script for call in _FIGURE_CALLS)


def _html_pieces(html: str) -> Iterator[tuple[str, str]]:
    """Return HTML cut before and after its scripts and styles: a text, and the tag that opens it where it is one."""
    at = 0
    while (begin := _SCRIPT_BEGIN.search(html, at)) is not None:
        yield html[at : begin.start()], ""
        end = _SCRIPT_END[begin[1].lower()].search(html, begin.end())
        at = end.end() if end is not None else len(html)
        yield html[begin.end() : at], begin[0]
    yield html[at:], ""


def _texts_of(value: Any, name: str = "") -> Iterator[str]:
    """Return the texts in a JSON value, each with the name that it stands under."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST_SECRET and name not in _PACKED:
            yield f'{name}: "{value}"' if name else value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts_of(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts_of(item)


def _redacted(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in _PACKED else redact_value(name, value)
    if isinstance(value, dict):
        return {key: _redacted(item, str(key)) for key, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list | tuple) else value


def _decoded(value: Any) -> bytes | None:
    """Return the bytes of an image: base64 in a message, bytes in a shell's memory."""
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError, TypeError):
        return None


def _joined(head: str, dropped: int, tail: str) -> str:
    return f"{head}\n[… {_megabytes(dropped)} cut here …]\n{tail}"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
