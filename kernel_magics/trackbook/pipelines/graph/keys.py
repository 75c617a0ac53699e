"""The keys that a step in a pipeline's file may have: what each must hold, and how that is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trackbook.records import JsonValue

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|sec|m|min|h|d)", re.IGNORECASE)
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?i?b?)", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


class BadValueError(ValueError):
    """A value that its key can't have. The message says what the key takes."""


def nearest(word: str, known: Mapping[str, object] | list[str]) -> str:
    """Return a question that names the known word nearest to one, behind a space; empty if none is near."""
    by_case = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_case, n=1)
    return f" Did you mean '{by_case[close[0]]}'?" if close else ""


def text(value: JsonValue) -> str:
    """Return a text that has something in it."""
    if not isinstance(value, str) or not value.strip():
        raise BadValueError("takes a text")
    return value.strip()


def _whole(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValueError("takes a whole number, 0 or more")
    return value


def _number(value: JsonValue, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise BadValueError(f"takes {what}")
    return float(value)


def _seconds(value: JsonValue) -> float:
    what = "seconds, or a text like 90s, 15m or 2h, more than 0"
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if found is None:
            raise BadValueError(f"takes {what}")
        return _number(float(found["number"]) * _SECONDS[found["unit"].lower()], what)
    return _number(value, what)


def _bytes(value: JsonValue) -> int:
    what = "a number of bytes, or a text like 500MB or 2GiB, more than 0"
    if isinstance(value, str):
        found = _SIZE.fullmatch(value.strip())
        if found is None:
            raise BadValueError(f"takes {what}")
        unit = found["unit"].lower()
        base = 1024 if "i" in unit else 1000
        return int(_number(float(found["number"]) * base ** _POWERS.get(unit[:1], 0), what))
    return int(_number(value, what))


def _switch(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise BadValueError("takes true or false")
    return value


def _needs(value: JsonValue) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        raise BadValueError("takes the name of a step, or a list of names")
    return tuple(dict.fromkeys(text(name) for name in names))


def _params(value: JsonValue) -> Mapping[str, JsonValue]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadValueError("takes names with their values, such as C: 0.1")
    bad = next((name for name in value if not name.isidentifier()), None)
    if bad is not None:
        raise BadValueError(f"has a param '{bad}', and a param must be a name as in Python")
    return value


OPTIONS: Mapping[str, tuple[str, Callable[[JsonValue], Any]]] = {
    "params": ("params", _params),
    "needs": ("needs", _needs),
    "retries": ("retries", _whole),
    "retry_seconds": ("retry_seconds", _seconds),
    "timeout": ("timeout", _seconds),
    "kernel": ("kernel", text),
    "cpus": ("cpus", lambda value: _number(value, "a number of cores, more than 0")),
    "memory": ("memory", _bytes),
    "environment": ("environment", lambda value: Path(text(value))),
    "cache": ("is_cached", _switch),
}
"""By key: the field of `Step` that it fills, and how its value is read (`BadValueError` if it can't be)."""

STEP_KEYS = ("name", "notebook", "foreach", *OPTIONS)
PIPELINE_KEYS = ("name", "params", "steps")


def shared_params(value: JsonValue) -> Mapping[str, JsonValue]:
    """Return the params at the top of a file."""
    return _params(value)
