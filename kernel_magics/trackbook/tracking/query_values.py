"""The values of a query: what a word or a quoted text means beside the field that it is compared with."""

from __future__ import annotations

import math
import re
from datetime import datetime

from trackbook.records import JsonValue
from trackbook.records.query import Comparison, Condition, Field, Has, Not, Operand, Operator, all_of, any_of
from trackbook.tracking.query_names import CHOICES
from trackbook.tracking.query_times import EXAMPLES, Period, period_of
from trackbook.tracking.query_words import Kind, Token

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SPECIAL = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
_SIGNS = re.compile(r"[+-]?")
_EXACT_DIGITS = 18  # of an integer; beyond 64 bits it is compared as the nearest float anyway
_CONSTANTS: dict[str, JsonValue] = {"true": True, "false": False, "null": None, "none": None}
NULLS = frozenset({"null", "none"})
TIME_EXAMPLES = EXAMPLES


def number_of(text: str) -> int | float | None:
    """Return the number that a text is, None where it is none. NaN is always the one `math.nan`."""
    sign = _SIGNS.match(text)
    bare = text[sign.end() :].lower() if sign else ""
    if bare in _SPECIAL:
        special = _SPECIAL[bare]
        return special if bare == "nan" or text[0] != "-" else -special
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return int(text) if len(bare) <= _EXACT_DIGITS and bare.replace("_", "").isdigit() else float(text)
    except ValueError:  # underscores where Python has none
        return None


def param_value(token: Token) -> JsonValue:
    """Return what a word is as a param: a number, a boolean, None, or a text; in quotes always a text."""
    if token.kind is Kind.QUOTED:
        return token.text
    number = number_of(token.text)
    return number if number is not None else _CONSTANTS.get(token.text.lower(), token.text)


def choice_of(field: Field, text: str) -> str | None:
    """Return which of a field's few words a text is, however it is written."""
    return next((each for each in CHOICES[field.key] if each.lower() == text.lower()), None)


def period_condition(field: Field, operator: Operator, periods: list[Period]) -> Condition:
    """Return how a time is compared: `=` and IN with the whole period, everything else with its first moment."""
    if operator in (Operator.EQUAL, Operator.IN):
        return any_of(_within(field, each) for each in periods)
    if operator in (Operator.UNEQUAL, Operator.NOT_IN):
        return all_of([Has(field=field), *(Not(condition=_within(field, each)) for each in periods)])
    return Comparison(field=field, operator=operator, value=periods[0].start)


def _within(field: Field, period: Period) -> Condition:
    return all_of(
        [
            Comparison(field=field, operator=Operator.AT_LEAST, value=period.start),
            Comparison(field=field, operator=Operator.LESS, value=period.end),
        ]
    )


def period(token: Token, now: datetime) -> Period | None:
    """Return the stretch of time that a token means."""
    return period_of(token.text, now)


def is_null_word(token: Token) -> bool:
    """Return whether a token is ``null`` or ``none``, unquoted."""
    return token.lower in NULLS


def operand(operator: Operator, values: list[JsonValue]) -> Operand:
    """Return values as a comparison holds them: several only where its operator takes several."""
    return tuple(values) if operator in (Operator.IN, Operator.NOT_IN) else values[0]
