"""Values as people read them: numbers, durations, moments, one-line texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from trackbook.records import JsonValue, encode

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SAID_AS_WORDS = ("RANSAC", "SARIMA", "SHAP", "SMOTE", "LASSO", "LARS")
_BEGIN_WITH_W_OR_Y = ("One", "Uni", "Use", "Eu")
_DIGITS = 6
_MARKS = {"\n": "⏎", "\t": "⇥", "\r": ""}


def number(value: float | int) -> str:
    """Return a number in six significant digits, integers whole, the special ones by name."""
    if isinstance(value, int):
        return str(value) if value.bit_length() < 10_000 else hex(value)  # Python refuses to write longer ones in tens
    if math.isfinite(value):
        return f"{value:.{_DIGITS}g}"
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def exact(value: float | int) -> str:
    """Return a number with every digit that it has."""
    return repr(value) if isinstance(value, float) and math.isfinite(value) else number(value)


def aligned(values: Sequence[float | int]) -> list[str]:
    """Return numbers with as many decimals each, so that they line up, and enough that different ones look different.

    Where magnitudes are too far apart for that, each is written as `number` does.
    """
    floats = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    sizes = [abs(value) for value in floats if value]
    if not sizes or max(sizes) >= 1e6 or min(sizes) < 1e-4:
        return [number(value) for value in values]
    first = max(0, 3 - math.floor(math.log10(min(sizes))))
    for decimals in range(min(first, _DIGITS), _DIGITS + 1):
        written = {value: f"{value:.{decimals}f}" for value in floats}
        if len(set(written.values())) == len(written):
            break
    return [written.get(value, number(value)) if isinstance(value, float) else number(value) for value in values]


def signed(value: float) -> str:
    """Return a difference with its sign; zero has none."""
    return f"{value:+.3g}" if value else "0"


def value(item: JsonValue) -> str:
    """Return a param as people read it: text bare, numbers as `exact`, the rest as JSON."""
    if isinstance(item, str):
        return one_line(item)
    if isinstance(item, bool) or item is None:
        return str(item)
    if isinstance(item, int | float):
        return exact(item)
    return one_line(encode(item))


def pairs(items: Mapping[str, JsonValue]) -> str:
    """Return names with their values on one line: ``C=0.1, kernel=linear``."""
    return ", ".join(f"{one_line(name)}={value(item)}" for name, item in items.items())


def one_line(text: str) -> str:
    """Return a text on one line, with what a terminal would obey (colours, bells, cursor moves) made visible."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def lines(text: str) -> str:
    """Return a text with its line breaks and tabs kept, and what a terminal would obey made visible."""
    return "\n".join(one_line(line.expandtabs(4)) for line in text.splitlines())


def marked(text: str, marks: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Return a line in parts, each with whether it is within a mark (its begin and end), fit to be shown."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for begin, end in marks:
        parts += [(text[at:begin], False), (text[begin:end], True)]
        at = end
    parts.append((text[at:], False))
    return [(lines(part) or part, is_marked) for part, is_marked in parts if part]


def shortened(text: str, width: int) -> str:
    """Return a text that is at most `width` characters long, its end replaced by ``…`` where it was longer."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def duration(seconds: float | None) -> str:
    """Return a duration in its two largest units, ``—`` where there is none."""
    if seconds is None:
        return "—"
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was; beyond a month its date."""
    seconds = (now - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < _HOUR:
        return f"{max(1, round(seconds / _MINUTE))} min ago"
    if seconds < _DAY:
        return f"{round(seconds / _HOUR)} h ago"
    if seconds < 30 * _DAY:
        return f"{round(seconds / _DAY)} d ago"
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def moment(at: datetime) -> str:
    """Return a moment to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def size(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def shape(sizes: Iterable[object]) -> str:
    """Return the sizes of a table with a multiplication sign between them."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, sizes))


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 run``, ``3 runs``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def with_article(word: str) -> str:
    """Return a word with "a" or "an" before it, as it is said: ``an OLS``, ``a Ridge``, ``an SVC``."""
    spelled = len(word) > 1 and word[:2].isupper() and not word.startswith(_SAID_AS_WORDS)
    is_vowel = word[:1] in "AEFHILMNORSX" if spelled else word[:1].lower() in "aeiou"
    return f"an {word}" if is_vowel and not word.startswith(_BEGIN_WITH_W_OR_Y) else f"a {word}"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character in _MARKS:
        return _MARKS[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
