"""Numbers and JSON as columns: what databases would change is kept beside them as exact text.

SQLite turns NaN into NULL and -0.0 into 0.0, and no database has integers of any size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring as quoted

from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue, decode, encode, json_value

__all__ = [
    "exact",
    "json_dict",
    "json_list",
    "json_mapping",
    "json_names",
    "json_text",
    "names_of",
    "number_of",
    "quoted",
    "real",
    "real_of_json",
]
_BETWEEN = '","'


def real(value: float) -> float | None:
    """Return the double nearest to a number, for sorting and filtering; None for NaN."""
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


def exact(value: float) -> str | None:
    """Return the text that `number_of` needs besides `real` to give back the same value and type, or None."""
    if isinstance(value, int):
        return _digits(int(value))
    number = float(value)
    if math.isnan(number):
        return "nan"
    return "-0.0" if number == 0 and math.copysign(1, number) < 0 else None


def number_of(number: float | None, text: str | None) -> float | int:
    """Return the number that `real` and `exact` were given."""
    if text is not None:
        return float(text) if text in ("nan", "-0.0") else _integer(text)
    if number is None:
        raise InvalidValueError("A metric's row holds neither a number nor a text. See trackbook verify.")
    return number


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # beyond sys.get_int_max_str_digits(), which is not ours to move
        from decimal import Decimal

        return str(Decimal(value))


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        from decimal import Decimal

        return int(Decimal(text))


def json_text(value: JsonValue) -> str:
    """Return a value as the store's JSON text.

    Raises
    ------
    InvalidValueError
        If something in it has no JSON form.
    """
    try:
        return encode(value)
    except TypeError:  # no JSON value after all: a numpy number, a set
        return encode(json_value(value))
    except ValueError as error:
        raise InvalidValueError(f"A value can't be kept as JSON: {error}. Log it as text instead.") from None


def real_of_json(value: JsonValue) -> float | None:
    """Return the double of a param that is a number, else None; True and False are none."""
    return real(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def json_list(text: str) -> list[JsonValue]:
    """Return the list that a column holds as JSON."""
    value = decode(text)
    assert isinstance(value, list)
    return value


def json_dict(text: str) -> dict[str, JsonValue]:
    """Return the dict that a column holds as JSON."""
    value = decode(text)
    assert isinstance(value, dict)
    return value


def json_names(names: Iterable[str]) -> str:
    """Return names as JSON; most executions have none in most columns, and nothing to escape in the others."""
    listed = list(names)
    if not listed:
        return "[]"
    return f'["{_BETWEEN.join(listed)}"]' if "".join(listed).isidentifier() else encode(list[JsonValue](listed))


def names_of(text: str) -> tuple[str, ...]:
    """Return the names that a column holds."""
    return () if text == "[]" else tuple(str(name) for name in json_list(text))


def json_mapping(values: Mapping[str, JsonValue]) -> str:
    """Return a mapping as JSON."""
    if not values:
        return "{}"
    if len(values) == 1:  # as of most statements that assign a constant
        ((key, value),) = values.items()
        return f"{{{quoted(key)}:{json_text(value)}}}" if type(key) is str else json_text({key: value})
    return json_text(dict(values))
