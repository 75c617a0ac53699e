"""What a query asks for, once it is read: conditions on runs, an order, a number. `str` writes it down again.

A comparison with what a run doesn't have is false, whatever the operator; NOT turns round whatever it stands before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from trackbook.records.values import JsonValue, encode

_PLAIN_KEY = re.compile(r"[\w./@:+%-]*[\w/@:+%-]")  # what a key may be without quotes; a dot at its end waits for more


class Scope(StrEnum):
    """Where a field is looked up: among a run's metrics, params or tags, or in the run itself."""

    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"
    RUN = "run"


class NameKind(StrEnum):
    """What a store can list the names of, so that queries can be completed and mistakes answered."""

    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"
    EXPERIMENT = "experiment"
    MODEL = "model"
    DATASET = "dataset"
    NOTEBOOK = "notebook"
    USER = "user"


class Operator(StrEnum):
    """How a field is compared. LIKE knows ``%`` and ``_``; ILIKE and CONTAINS put upper and lower case aside."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    LIKE = "like"
    NOT_LIKE = "not like"
    ILIKE = "ilike"
    NOT_ILIKE = "not ilike"
    CONTAINS = "~"
    LACKS = "!~"


OPPOSITES = {
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_LIKE: Operator.LIKE,
    Operator.NOT_ILIKE: Operator.ILIKE,
    Operator.LACKS: Operator.CONTAINS,
}
ORDERING = frozenset({Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST})

Operand: TypeAlias = "JsonValue | datetime | tuple[JsonValue, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What a run is asked about. Within `Scope.RUN` the key is one of `tracking.query_names.RUN_FIELDS`.

    `keys` are those to look under, in this order, where the key is short for several (``accuracy`` for
    ``test.accuracy``); a run's first one counts. Empty: the key itself.
    """

    scope: Scope
    key: str
    keys: tuple[str, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """The keys to look under."""
        return self.keys or (self.key,)

    def __str__(self) -> str:
        return self.key if self.scope is Scope.RUN else f"{self.scope}.{_key_text(self.key)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A field held against a value; against several (a tuple) where the operator is IN or NOT_IN."""

    field: Field
    operator: Operator
    value: Operand

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {_value_text(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """The run has the field, with whatever value."""

    field: Field

    def __str__(self) -> str:
        return f"has {self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IsNull:
    """The run lacks the field, or has nothing in it: a param that is None."""

    field: Field

    def __str__(self) -> str:
        return f"{self.field} is null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The condition does not hold."""

    condition: Condition

    def __str__(self) -> str:
        if isinstance(self.condition, IsNull):
            return f"{self.condition.field} is not null"
        return f"not {_part_text(self.condition)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every one of the conditions holds."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_part_text, self.conditions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(_part_text, self.conditions))


Condition: TypeAlias = Comparison | Has | IsNull | Not | All | Some


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerm:
    """A field to put runs in order by. Runs without it, and NaN, come last in both directions."""

    field: Field
    is_descending: bool = False

    def __str__(self) -> str:
        return f"{self.field} desc" if self.is_descending else str(self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which runs (None: all), in which order (empty: the newest first; they decide ties too), and at most how many."""

    where: Condition | None = None
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None

    def __str__(self) -> str:
        parts = [str(self.where)] if self.where else []
        parts += [f"order by {', '.join(map(str, self.order))}"] if self.order else []
        parts += [f"limit {self.limit}"] if self.limit is not None else []
        return " ".join(parts)


def fields_of(query: Query) -> list[Field]:
    """Return the fields that a query asks for, in its conditions and its order, each once."""
    found = [*_fields_in(query.where), *(term.field for term in query.order)]
    return list(dict.fromkeys(found))


def _fields_in(condition: Condition | None) -> list[Field]:
    match condition:
        case All() | Some():
            return [field for each in condition.conditions for field in _fields_in(each)]
        case Not():
            return _fields_in(condition.condition)
        case Comparison() | Has() | IsNull():
            return [condition.field]
        case None:
            return []


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return the one condition that holds when all of them do, without needless nesting."""
    flat = tuple(part for each in conditions for part in (each.conditions if isinstance(each, All) else (each,)))
    return flat[0] if len(flat) == 1 else All(conditions=flat)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the one condition that holds when any of them does, without needless nesting."""
    flat = tuple(part for each in conditions for part in (each.conditions if isinstance(each, Some) else (each,)))
    return flat[0] if len(flat) == 1 else Some(conditions=flat)


def quoted(text: str, quote: str = '"') -> str:
    """Return a text in quotes, with those that it contains doubled."""
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"


def _part_text(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, All | Some) else str(condition)


def _key_text(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else quoted(key, "`")


def _value_text(value: Operand) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_value_text, value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_value_text, value))}]"
    if isinstance(value, datetime):
        return quoted(value.isoformat())
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # nan, inf, -inf
    return encode(value)
