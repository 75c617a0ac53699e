"""What a terminal would have left on its screen of a text that goes back over itself: progress bars, mostly."""

from __future__ import annotations

import re

_BACK = re.compile(r"[\r\b]|\x1b\[[0-2]?K")
_STEPS = re.compile(r"\r|\x08|\x1b\[[0-2]?K|[^\r\x08\x1b]+|\x1b")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def settled(text: str) -> str:
    """Return a text with carriage returns, backspaces and erased lines carried out; colours stay as they are."""
    if _BACK.search(text) is None:
        return text
    return "\n".join(_settled_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def without_escapes(text: str) -> str:
    """Return a text without what colours it or moves a cursor."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def _settled_line(line: str) -> str:
    if _BACK.search(line) is None:
        return line
    if "\x1b" in line.rpartition("\r")[2]:  # colours have no width: only what was written last can be told
        return _last_written(line)
    written: list[str] = []
    at = 0
    for step in _STEPS.findall(line):
        if step == "\r":
            at = 0
        elif step == "\b":
            at = max(0, at - 1)
        elif step[0] != "\x1b":
            written[at : at + len(step)] = step
            at += len(step)
        elif step.endswith("K"):
            del written[0 if step == "\x1b[2K" else at :]
    return "".join(written)


def _last_written(line: str) -> str:
    pieces = [piece for piece in line.split("\r") if without_escapes(piece)]
    return re.sub(r"\x1b\[[0-2]?K", "", pieces[-1]) if pieces else ""


def settled_so_far(text: str) -> str:
    """Return a text that goes on with what is carried out already of it, so that the rest can still be appended."""
    before, newline, line = text.rpartition("\n")
    start = line.rfind("\r", 0, max(0, len(line) - 1))
    return settled(before) + newline + line[max(0, start) :]
