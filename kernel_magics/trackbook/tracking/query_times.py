"""Moments as people say them. Without a zone they are UTC, as everything that Trackbook shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECONDS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
    "month": 30 * 86_400,
    "y": 365 * 86_400,
    "year": 365 * 86_400,
}
_AGO = re.compile(r"(?:-|last |past )?(?:(\d+(?:\.\d+)?) ?|an? )([a-z]+)(?: ago)?", re.ASCII)
_YEAR = re.compile(r"(?:19|20|21)\d\d", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_EPOCH_MILLISECONDS = re.compile(r"\d{12,14}", re.ASCII)
_CLOCK = re.compile(r"[\sT](\d\d(?::\d\d){0,2})(?:\.\d+)?(?:\s*(?:Z|[+-]\d\d(?::?\d\d)?))?$", re.ASCII | re.I)
_INSTANT = timedelta(microseconds=1)
_LENGTHS = {2: timedelta(hours=1), 5: timedelta(minutes=1), 8: timedelta(seconds=1)}  # by the characters of a clock
EXAMPLES = "2026-03-01, 2026-03-01T12:30, today, yesterday, last week, '2 days ago' or 7d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time: a day for ``2026-03-01``, a microsecond for ``2 days ago``. `end` is no part of it."""

    start: datetime
    end: datetime


def period_of(text: str, now: datetime) -> Period | None:
    """Return the period that a text means, None where it means none.

    A month that is counted back has 30 days, a year 365; a week begins on Monday.

    >>> from datetime import datetime, UTC
    >>> period_of("yesterday", datetime(2026, 3, 2, 15, tzinfo=UTC)).start.isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    words = " ".join(text.lower().split())
    try:
        return _named(words, now) or _ago(words, now) or _date(words) or _moment(" ".join(text.split()))
    except (ValueError, OverflowError):  # the 30th of February, a million years ago
        return None


def _named(words: str, now: datetime) -> Period | None:
    now = now.astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if words == "now":
        return _lasting(now, _INSTANT)
    days = {"today": 0, "yesterday": 1}
    if words in days:
        return _lasting(midnight - timedelta(days=days[words]), timedelta(days=1))
    which, _, unit = words.partition(" ")
    if which not in ("this", "last") or unit not in _BEGINNINGS:
        return None
    begin = _BEGINNINGS[unit]
    start = begin(midnight)
    if which == "last":
        return Period(start=begin(start - timedelta(days=1)), end=start)
    return Period(start=start, end=begin(start + _LONGEST[unit]))


_BEGINNINGS: dict[str, Callable[[datetime], datetime]] = {
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
_LONGEST = {"week": timedelta(days=7), "month": timedelta(days=31), "year": timedelta(days=366)}


def _ago(words: str, now: datetime) -> Period | None:
    found = _AGO.fullmatch(words)
    if found is None:
        return None
    unit = found[2] if found[2] in _SECONDS else found[2].removesuffix("s")
    if unit not in _SECONDS:
        return None
    count = float(found[1] or 1)
    return _lasting(now.astimezone(UTC) - timedelta(seconds=count * _SECONDS[unit]), _INSTANT)


def _date(words: str) -> Period | None:
    if _YEAR.fullmatch(words):
        year = int(words)
        return Period(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC))
    found = _MONTH.fullmatch(words)
    if found is None:
        return None
    start = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
    return Period(start=start, end=_BEGINNINGS["month"](start + _LONGEST["month"]))


def _moment(text: str) -> Period | None:
    """Return the period of an ISO date or time, as long as its last part."""
    if _EPOCH_MILLISECONDS.fullmatch(text):  # what MLflow's queries hold
        return _lasting(datetime.fromtimestamp(int(text) / 1000, UTC), timedelta(milliseconds=1))
    plain = re.sub(r"\s*(utc|gmt)$", "Z", text, flags=re.IGNORECASE)  # as times are shown
    at = datetime.fromisoformat(plain)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    clock = _CLOCK.search(plain)
    if clock is None:
        return _lasting(at, timedelta(days=1))
    return _lasting(at, _INSTANT if "." in clock[0] else _LENGTHS[len(clock[1])])


def _lasting(start: datetime, length: timedelta) -> Period:
    return Period(start=start, end=start + length)
