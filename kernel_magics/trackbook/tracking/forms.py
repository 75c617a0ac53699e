"""Two forms of the same output side by side: texts, tables of HTML, JSON of figures, images."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from html.parser import HTMLParser

from trackbook.tracking.numbers import Tolerance

_ROWS = frozenset({"tr", "p", "div", "li", "br", "h1", "h2", "h3", "h4", "pre", "caption", "table", "dt", "dd"})
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style", "head"})
_IDS = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{5,}(?:-[0-9a-f]{4,})*(?![0-9A-Za-z])|(?<=[\"'_-])p?\d{4,}(?=[\"'])")
_SVG_NOISE = re.compile(
    r"<dc:date>.*?</dc:date>|<metadata>.*?</metadata>|(?<=[\"#(])[mp][0-9a-f]{10}(?=[\")])", re.DOTALL
)


class _Visible(HTMLParser):
    """The text of a page, one line a row of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = [[""]]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _ROWS:
            self.rows.append([""])
        elif tag in _CELLS:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _ROWS:
            self.rows.append([""])

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.rows[-1][-1] += data


def html_lines(html: str) -> list[str]:
    """Return what a page says, one line a row of its tables, the cells between bars."""
    page = _Visible()
    page.feed(html)
    page.close()
    rows = ([" ".join(cell.split()) for cell in row] for row in page.rows)
    return [line for row in rows if (line := _row(row))]


def _row(cells: list[str]) -> str:
    lead, *rest = cells
    return " | ".join([lead, *rest] if lead else rest).rstrip() if any(cells) else ""


def is_table(html: str) -> bool:
    """Return whether a page is a table as pandas draws it."""
    return 'class="dataframe"' in html or ("<table" in html and "estimator" not in html and "sk-" not in html)


def draws(html: str) -> bool:
    """Return whether a page is a chart that a script draws: what it says is in its code, not in its text."""
    return "<script" in html and not html_lines(html)


def without_ids(code: str) -> str:
    """Return the code of a chart without the ids that are others each time."""
    return _IDS.sub("", code)


def plain_svg(svg: str) -> str:
    """Return an SVG without what is another one at each drawing: its date, and the ids of its marks."""
    return _SVG_NOISE.sub("", svg)


def are_alike(one: str, other: str, tolerance: Tolerance) -> bool:
    """Return whether two texts of JSON hold the same values, numbers within a tolerance."""
    try:
        return _alike(json.loads(one), json.loads(other), tolerance)
    except (ValueError, RecursionError):
        return one == other


def _alike(one: object, other: object, tolerance: Tolerance) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key], tolerance) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and _all_alike(zip(one, other, strict=True), tolerance)
    if _is_number(one) and _is_number(other):
        return tolerance.is_close(float(one), float(other))  # type: ignore[arg-type]  # both are numbers
    return type(one) is type(other) and one == other


def _all_alike(pairs: Iterable[tuple[object, object]], tolerance: Tolerance) -> bool:
    return all(_alike(first, second, tolerance) for first, second in pairs)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
