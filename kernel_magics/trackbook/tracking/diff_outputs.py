"""What two executions of a cell showed, side by side: noise put aside, numbers compared with a tolerance."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trackbook.records import Execution, Output, OutputPart
from trackbook.tracking.forms import are_alike, draws, html_lines, is_table, plain_svg, without_ids
from trackbook.tracking.lines import Line, Sign, diff_lines
from trackbook.tracking.noise import Span, span_of, without_noise
from trackbook.tracking.numbers import Tolerance, are_close
from trackbook.tracking.shown import PLAIN, Read, content_of, figure_part, text_of, text_part

_HTML = "text/html"
_CODE = (_HTML, "application/javascript")
_ADDRESS_ONLY = re.compile(r"\s*<[^<>\n]* at 0x[0-9a-f]+>\s*")


class Change(StrEnum):
    """What became of an output.

    NOISE: the same but for addresses, timings and the like. CLOSE: the same but for numbers within the tolerance.
    UNKNOWN: of one of the two nothing is kept.
    """

    SAME = "same"
    NOISE = "noise"
    CLOSE = "close"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    UNKNOWN = "unknown"


ASIDE = frozenset({Change.SAME, Change.NOISE, Change.CLOSE})
"""What is no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDiff:
    """An output of a cell in two runs, compared in one of its forms.

    `lines` are there where texts differ; of a figure only whether it is another one.
    """

    change: Change
    before: Output | None
    after: Output | None
    media_type: str
    lines: tuple[Line, ...] = ()

    @property
    def is_figure(self) -> bool:
        """Whether it is a figure rather than text."""
        return not self.media_type.startswith("text/")


def diff_outputs(before: Execution, after: Execution, read: Read, tolerance: Tolerance) -> tuple[OutputDiff, ...]:
    """Return how the outputs of two executions differ, in their order.

    Outputs are paired by their place among those of their kind, not by what they say: an output that changed is a
    changed output, not one that went and another that came.

    Parameters
    ----------
    read
        Gives the objects that long outputs are kept in.
    tolerance
        How far numbers may be apart.
    """
    if before.execution_id == after.execution_id:
        return ()
    compare = _Comparing(read, tolerance, span_of(before), span_of(after))
    return tuple(compare.diff(one, other) for one, other in _paired(before.outputs, after.outputs))


def _paired(before: Sequence[Output], after: Sequence[Output]) -> Iterator[tuple[Output | None, Output | None]]:
    one, other = [_kind(output) for output in before], [_kind(output) for output in after]
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(before[i1:i2], after[j1:j2], strict=True)
        else:
            yield from ((output, None) for output in before[i1:i2])
            yield from ((None, output) for output in after[j1:j2])


def _kind(output: Output) -> tuple[str, str | None, str]:
    figure = figure_part(output)
    return output.kind, output.name, "figure" if figure is not None else "text"


@dataclass(frozen=True, slots=True)
class _Comparing:
    read: Read
    tolerance: Tolerance
    before: Span
    after: Span

    def diff(self, before: Output | None, after: Output | None) -> OutputDiff:
        if before is None or after is None:
            return self._alone(before, after)
        one, other = self._forms(before, after)
        change, lines = self._compare(one, other)
        return OutputDiff(change=change, before=before, after=after, media_type=other.media_type, lines=lines)

    def _alone(self, before: Output | None, after: Output | None) -> OutputDiff:
        output = before or after
        if output is None:
            raise ValueError("one of the two is an output")
        part = figure_part(output) or text_part(output) or output.parts[0]
        lines: tuple[Line, ...] = ()
        if part.media_type.startswith("text/"):
            texts = self._lines(part) or []
            lines = diff_lines(texts, []) if after is None else diff_lines([], texts)
        change = Change.REMOVED if after is None else Change.ADDED
        return OutputDiff(change=change, before=before, after=after, media_type=part.media_type, lines=lines)

    def _forms(self, before: Output, after: Output) -> tuple[OutputPart, OutputPart]:
        """Return the forms to compare: of figures the figure, of tables the table, else the text."""
        figures = figure_part(before), figure_part(after)
        if figures[0] is not None and figures[1] is not None:
            return figures[0], figures[1]
        pages = _form(before, _HTML), _form(after, _HTML)
        if pages[0] is not None and pages[1] is not None and self._tells_more(after, pages[1]):
            return pages[0], pages[1]
        return text_part(before) or before.parts[0], text_part(after) or after.parts[0]

    def _tells_more(self, output: Output, page: OutputPart) -> bool:
        """Return whether a page says more than the plain text beside it."""
        plain = _form(output, PLAIN)
        if plain is None or _ADDRESS_ONLY.fullmatch(plain.text or ""):
            return True
        html = text_of(page, self.read) or ""
        return is_table(html) or draws(html)

    def _compare(self, one: OutputPart, other: OutputPart) -> tuple[Change, tuple[Line, ...]]:
        if one.media_type != other.media_type:
            return Change.CHANGED, ()
        if one.digest is not None and one.digest == other.digest:
            return Change.SAME, ()
        if content_of(one, self.read) is None or content_of(other, self.read) is None:
            return (Change.UNKNOWN if one.size == other.size else Change.CHANGED), ()
        if one.media_type == _HTML and draws(text_of(other, self.read) or ""):
            return self._compare_figures(one, other), ()
        if one.media_type.startswith("text/"):
            return self._compare_texts(self._lines(one) or [], self._lines(other) or [])
        return self._compare_figures(one, other), ()

    def _compare_figures(self, one: OutputPart, other: OutputPart) -> Change:
        texts = text_of(one, self.read) or "", text_of(other, self.read) or ""
        if one.media_type.endswith("json") and are_alike(*texts, self.tolerance):
            return Change.CLOSE
        if one.media_type == "image/svg+xml" and plain_svg(texts[0]) == plain_svg(texts[1]):
            return Change.NOISE
        if one.media_type in _CODE and without_ids(texts[0]) == without_ids(texts[1]):
            return Change.NOISE
        return Change.CHANGED

    def _compare_texts(self, one: Sequence[str], other: Sequence[str]) -> tuple[Change, tuple[Line, ...]]:
        if one == other:
            return Change.SAME, ()
        clean = {**dict(zip(one, self._clean(one, self.before), strict=True))}
        clean_other = {**dict(zip(other, self._clean(other, self.after), strict=True))}
        if list(map(clean.__getitem__, one)) == list(map(clean_other.__getitem__, other)):
            return Change.NOISE, ()
        lines = diff_lines(
            one,
            other,
            clean.__getitem__,
            clean_other.__getitem__,
            lambda first, second: are_close(first, second, self.tolerance),
        )
        return (Change.CLOSE, ()) if all(line.sign is Sign.SAME for line in lines) else (Change.CHANGED, lines)

    @staticmethod
    def _clean(lines: Sequence[str], span: Span) -> list[str]:
        return [line.rstrip() for line in without_noise("\n".join(lines), span).split("\n")]

    def _lines(self, part: OutputPart) -> list[str] | None:
        text = text_of(part, self.read)
        if text is None:
            return None
        if part.media_type == _HTML:
            return html_lines(text)
        return [line.rstrip("\r") for line in text.rstrip("\n").split("\n")]


def _form(output: Output, media_type: str) -> OutputPart | None:
    return next((part for part in output.parts if part.media_type == media_type), None)
