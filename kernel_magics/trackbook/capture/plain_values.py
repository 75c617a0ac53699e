"""Values of Python's own types as JSON: none of the person's code runs to read them."""

from __future__ import annotations

from trackbook.records import JsonValue, encode, json_value

_LONGEST = 10_000  # characters of a value that was computed
_DEEPEST = 20


def plain_value(value: object) -> tuple[JsonValue] | None:
    """Return a value of Python's own types as JSON, None if it is another one or long."""
    if not _is_plain(value, _DEEPEST):
        return None
    found = json_value(value)
    return (found,) if len(encode(found)) <= _LONGEST else None


def _is_plain(value: object, depth: int) -> bool:
    kind = type(value)
    if kind in (bool, int, float, type(None)):
        return True
    if kind not in (str, list, tuple, dict) or len(value) > _LONGEST or depth == 0:  # type: ignore[arg-type]
        return False
    if kind is dict:
        return all(type(key) is str and _is_plain(each, depth - 1) for key, each in value.items())  # type: ignore[attr-defined]
    return kind is str or all(_is_plain(each, depth - 1) for each in value)  # type: ignore[attr-defined]
