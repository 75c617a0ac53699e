"""Two texts line by line: what went, what came, and in lines that were changed which words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

_WORDS = re.compile(r"\w+(?:\.\d+)?|\s+|[^\w\s]")
_MOST_LINES = 4_000  # beyond it the middle is compared line by line: aligning costs their product
_MANY_LINES = 500  # beyond it lines that stand everywhere are no anchors
_LONGEST_LINE = 2_000
_MOST_COMPARED = 400
_SIMILAR = 0.35  # less alike, two lines are one that went and one that came

Mark: TypeAlias = tuple[int, int]
"""Where in a line a changed word begins and ends."""


class Sign(StrEnum):
    """What became of a line."""

    SAME = " "
    GONE = "-"
    NEW = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a difference. `before` and `after` are its numbers in the two texts, from 1, None where it isn't."""

    sign: Sign
    text: str
    before: int | None = None
    after: int | None = None
    marks: tuple[Mark, ...] = ()


def diff_lines(
    before: Sequence[str],
    after: Sequence[str],
    key: Callable[[str], str] | None = None,
    other_key: Callable[[str], str] | None = None,
    is_same: Callable[[str, str], bool] | None = None,
) -> tuple[Line, ...]:
    """Return two texts as one sequence of lines.

    Parameters
    ----------
    key, other_key
        Give what a line of the one and of the other text is compared by; itself if None.
    is_same
        Tells of two keys that differ whether they count as the same all the same.
    """
    keys = [[each(line) if each else line for line in lines] for lines, each in ((before, key), (after, other_key))]
    made: list[Line] = []
    for tag, i1, i2, j1, j2 in _opcodes(keys[0], keys[1]):
        if tag == "equal":
            made += _same(after, range(i1, i2), range(j1, j2))
        elif is_same is not None and i2 - i1 == j2 - j1 > 0:
            made += _paired(before, after, keys, range(i1, i2), range(j1, j2), is_same)
        else:
            made += _replaced(before, after, range(i1, i2), range(j1, j2))
    return tuple(made)


def _opcodes(before: list[str], after: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Return difflib's opcodes; what both begin and end with is no work for it."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    one, other = before[head : len(before) - tail], after[head : len(after) - tail]
    if head:
        yield "equal", 0, head, 0, head
    if max(len(one), len(other)) > _MOST_LINES:
        yield "replace", head, head + len(one), head, head + len(other)
    elif one or other:
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(
            None, one, other, autojunk=len(one) > _MANY_LINES
        ).get_opcodes():
            yield tag, head + i1, head + i2, head + j1, head + j2
    if tail:
        yield "equal", len(before) - tail, len(before), len(after) - tail, len(after)


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _same(after: Sequence[str], old: range, new: range) -> Iterator[Line]:
    for i, j in zip(old, new, strict=True):
        yield Line(sign=Sign.SAME, text=after[j], before=i + 1, after=j + 1)


def _paired(
    before: Sequence[str],
    after: Sequence[str],
    keys: Sequence[Sequence[str]],
    old: range,
    new: range,
    is_same: Callable[[str, str], bool],
) -> Iterator[Line]:
    """Return as many lines in place of as many: those that count as the same are no difference."""
    held: list[tuple[int, int]] = []
    for i, j in zip(old, new, strict=True):
        if is_same(keys[0][i], keys[1][j]):
            yield from _flushed(before, after, held)
            yield Line(sign=Sign.SAME, text=after[j], before=i + 1, after=j + 1)
        else:
            held.append((i, j))
    yield from _flushed(before, after, held)


def _flushed(before: Sequence[str], after: Sequence[str], held: list[tuple[int, int]]) -> Iterator[Line]:
    if held:
        old, new = range(held[0][0], held[-1][0] + 1), range(held[0][1], held[-1][1] + 1)
        held.clear()
        yield from _replaced(before, after, old, new)


def _replaced(before: Sequence[str], after: Sequence[str], old: range, new: range) -> Iterator[Line]:
    marks: dict[tuple[Sign, int], tuple[Mark, ...]] = {}
    for i, j in _partners(before, after, old, new):
        marks[Sign.GONE, i], marks[Sign.NEW, j] = _word_marks(before[i], after[j])
    for i in old:
        yield Line(sign=Sign.GONE, text=before[i], before=i + 1, marks=marks.get((Sign.GONE, i), ()))
    for j in new:
        yield Line(sign=Sign.NEW, text=after[j], after=j + 1, marks=marks.get((Sign.NEW, j), ()))


def _partners(before: Sequence[str], after: Sequence[str], old: range, new: range) -> Iterator[tuple[int, int]]:
    """Return which line came for which: of as many each in its turn, else the one most like it that is left."""
    if len(old) == len(new) or len(old) * len(new) > _MOST_COMPARED:
        yield from zip(old, new, strict=False)
        return
    first = new.start
    for i in old:
        likeness = {j: ratio(before[i], after[j]) for j in range(first, new.stop)}
        best = max(likeness, key=likeness.__getitem__, default=None)
        if best is not None and likeness[best] >= _SIMILAR:
            yield i, best
            first = best + 1


def _word_marks(before: str, after: str) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """Return where the words are that make two lines differ; nowhere, if they have little in common."""
    if max(len(before), len(after)) > _LONGEST_LINE:
        return (), ()
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < _SIMILAR:
        return (), ()
    changed = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    return (
        _marks(one, ((i1, i2) for _, i1, i2, _, _ in changed)),
        _marks(other, ((j1, j2) for _, _, _, j1, j2 in changed)),
    )


def _marks(words: Sequence[str], spans: Iterator[tuple[int, int]]) -> tuple[Mark, ...]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple((starts[begin], starts[end]) for begin, end in spans if end > begin)


def ratio(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1, by their words."""
    first, second = _WORDS.findall(one), _WORDS.findall(other)
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > _SIMILAR and matcher.quick_ratio() > _SIMILAR else 0.0
