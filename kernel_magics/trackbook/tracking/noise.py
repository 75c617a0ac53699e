"""Puts aside what differs between two runs of the same code and says nothing: addresses, timings, moments, paths.

A length of time is noise only where its line says that something was timed, and a moment only if it lies within the
execution that showed it: a table with dates or delays in it is data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trackbook.capture.terminal_text import without_escapes
from trackbook.records import Execution

_NUMBER = r"\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?"
_UNIT = r"(?:ns|µs|μs|us|ms|s|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|milliseconds?|microseconds?|nanoseconds?)"
_EACH = r"(?:/(?:step|it|epoch|batch|sample|iter|loop))?(?![\w/])"
_DURATION = (
    rf"\d+d\s?\d+h(?:\s?\d+m)?|\d+h\s?\d+m(?:in)?(?:\s?{_NUMBER}s)?|\d+m(?:in)?\s?{_NUMBER}s"
    rf"|{_NUMBER}\s?{_UNIT}{_EACH}|\d+:\d\d(?::\d\d)?(?:\.\d+)?"
)
_TIMED = re.compile(
    r"\b(?:times?|timed|timing|took|elapsed|duration|runtime|per\s+loop|eta|finished|done|completed|wall|cpu|latency)\b"
    r"|<rate>|/(?:step|it|epoch|batch|sample|iter)\b|\bin\s+\d",
    re.IGNORECASE,
)
_ITEMS = r"(?:batches|rows|examples|samples|items|tokens|iterations)"
_DURATIONS = re.compile(_DURATION, re.IGNORECASE)
_NAMED_SECONDS = re.compile(
    rf"(\b(?:(?:elapsed|wall|run|running|fit|fitting|train|training|execution|computation|total|inference)[ _-]?time"
    rf"|elapsed|duration|runtime|took|seconds|secs)\b[^\w\n]{{0,4}}\s*)({_NUMBER})\b",
    re.IGNORECASE,
)
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", re.IGNORECASE)
_RATE = re.compile(rf"(?:{_NUMBER}|\?)\s?(?:[kMG]?(?:it|B)|{_ITEMS})/s\b|(?:{_NUMBER}|\?)\s?s/(?:it|batch)\b")
_RULES = (  # what a line must hold for the pattern to be worth a look
    ("0x", re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0x…"),
    ("object at ", re.compile(r"(?<=\bobject at )[0-9a-f]{8,16}\b"), "…"),
    ("/", re.compile(r"(?:/private)?(?:/tmp|/var/folders|/var/tmp)/[^\s:'\"<>)\]]*"), "/tmp/…"),
    ("\\temp\\", re.compile(r"[A-Za-z]:\\[^\s:'\"<>]*\\Temp\\[^\s:'\"<>]*", re.IGNORECASE), "/tmp/…"),
    ("<ipython-input", re.compile(r"<(ipython-input)-[\w-]+>"), r"<\1>"),
    ("cell in", re.compile(r"\bCell In\s*\[\d+\]"), "Cell In[…]"),
    ("p", re.compile(r"\b(pid|process)([ =:#]{1,2})\d+\b", re.IGNORECASE), r"\1\2…"),
    ("thread", re.compile(r"\b(thread)([ =:#]{1,2})\d+\b", re.IGNORECASE), r"\1\2…"),
    ("-", _UUID, "<uuid>"),
    ("/", _RATE, "<rate>"),
    ("[", re.compile(r"\[[=>.\s]{5,}\]"), "[<bar>]"),
    ("", re.compile(r"[█▉▊▋▌▍▎▏━╸╺─#]{3,}[ .╸╺━]*(?=[|\s\]])"), "<bar>"),
    (" each", re.compile(r"[\d,.]+ loops? each"), "<loops> each"),
)
_MOMENT = re.compile(
    r"\b(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:\s?(?:Z|[+-]\d\d:?\d\d))?)?(?![\d-])"
)
_CLOCK = re.compile(r"(?<![\d:.])(?<!\d\d-\d\d[T ])([0-2]\d):([0-5]\d):([0-5]\d)(?:[.,]\d+)?(?![\d:])")
_EPOCH = re.compile(r"(?<![\d.])1[5-9]\d{8}(?:\.\d+)?(?![\d.])")
_ZONES = timedelta(hours=14, minutes=1)  # no clock on earth is further from UTC
_QUARTER = 15 * 60
_SLACK = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when an execution ran."""

    start: datetime
    end: datetime


def span_of(execution: Execution) -> Span:
    """Return when an execution ran, with a little slack."""
    end = execution.started_at + timedelta(seconds=execution.seconds or 0.0)
    return Span(execution.started_at - _SLACK, end + _SLACK)


def without_noise(text: str, span: Span | None = None) -> str:
    """Return a text with a mark in place of each thing that says nothing, colours taken off.

    Parameters
    ----------
    span
        When what showed the text ran; without it moments stay.
    """
    return "\n".join(_clean(line, span) for line in without_escapes(text).split("\n"))


def _clean(line: str, span: Span | None) -> str:
    lowered = line.lower()
    for needle, pattern, mark in _RULES:
        if needle in lowered:
            line = pattern.sub(mark, line)
    return _without_durations(line if span is None else _without_moments(line, span))


def _without_durations(line: str) -> str:
    if _TIMED.search(line) is None:
        return line
    return _NAMED_SECONDS.sub(r"\1<time>", _DURATIONS.sub("<time>", line))


def _without_moments(text: str, span: Span) -> str:
    if "-" in text or "/" in text:
        text = _MOMENT.sub(lambda found: "<now>" if _is_now(found, span) else found[0], text)
    if ":" in text:
        text = _CLOCK.sub(lambda found: "<now>" if _is_clock(found, span) else found[0], text)
    return _EPOCH.sub(lambda found: "<now>" if _is_epoch(float(found[0]), span) else found[0], text)


def _is_now(found: re.Match[str], span: Span) -> bool:
    """Return whether a moment lies in the span on any clock on earth; a date alone, whether it is that day's."""
    parts = [int(part) for part in found.groups() if part is not None]
    try:
        moment = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and what follows
    except ValueError:
        return False
    if len(parts) == 3:
        return span.start - timedelta(days=1) <= moment + timedelta(hours=12) <= span.end + timedelta(days=1)
    slack = timedelta(seconds=0 if len(parts) > 5 else 60)
    return _is_within(moment, span, slack)


def _is_within(moment: datetime, span: Span, slack: timedelta = timedelta(0)) -> bool:
    """Return whether a moment of an unknown time zone lies in a span."""
    if not span.start - _ZONES <= moment <= span.end + _ZONES:
        return False
    length = (span.end - span.start + slack).total_seconds()
    return (moment - span.start + slack).total_seconds() % _QUARTER <= length


def _is_clock(found: re.Match[str], span: Span) -> bool:
    hour, minute, second = (int(part) for part in found.groups())
    if hour > 23:
        return False
    day = span.start.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return _is_within(day, span)


def _is_epoch(seconds: float, span: Span) -> bool:
    return span.start.timestamp() <= seconds <= span.end.timestamp()
