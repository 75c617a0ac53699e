"""The fields of a query and what they are compared with: which operators and values a field takes."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from trackbook.records import JsonValue
from trackbook.records.query import OPPOSITES, ORDERING, Comparison, Condition, Field, Operand, Operator, Scope
from trackbook.tracking import query_values as values
from trackbook.tracking.query_names import (
    SCOPES,
    FieldKind,
    Names,
    kind_of,
    no_such_choice,
    no_such_field,
    no_such_key,
    resolved,
    run_field,
)
from trackbook.tracking.query_words import Cursor, Kind, Token

DEEPEST = 25
KEYWORDS = frozenset({"and", "or", "not", "in", "like", "ilike", "is", "between", "has", "order", "limit"})
PATTERNS = frozenset({Operator.LIKE, Operator.ILIKE, Operator.CONTAINS})
_MOST_PATTERN_CHARACTERS = 1000
_MOST_WILDCARDS = 10
_TEXT_OPERATORS = "=, !=, in, like, ilike and ~"
_FIELD_HINT = "A condition begins with a field, for instance metrics.accuracy > 0.9"


class Operands(Cursor):
    """Reads both sides of a test: a field, and values of its kind.

    Attributes
    ----------
    expected
        What could have stood where the last word was looked at, for completion: ``field``, ``operator``, ``value``,
        ``connective``, ``direction`` or nothing.
    field
        The field that an expected operator or value belongs to.
    """

    def __init__(self, text: str, names: Names, now: datetime) -> None:
        super().__init__(text)
        self._names = names
        self._now = now
        self.depth = 0
        self.expected = "field"
        self.field: Field | None = None

    def read_field(self) -> Field:
        """Read a field: one that runs have, and the keys that it means."""
        self.expected = "field"
        token = self.next()
        if token.kind not in (Kind.WORD, Kind.PATH) or token.lower in KEYWORDS:
            self.fail(_FIELD_HINT if token.kind is not Kind.END else "A field is missing here", token)
        if values.number_of(token.text) is not None:
            self.fail(_FIELD_HINT, token)
        field = self._scoped(token) if "." in token.text else run_field(token.text)
        if field is None:
            self.fail(no_such_field(token.text + token.key, self._names), token)
        self.field = resolved(field, self._names)
        if self.field is None:
            self.fail(no_such_key(field, self._names), token)
        return self.field

    def _scoped(self, token: Token) -> Field | None:
        word, _, start = token.text.partition(".")
        key = start + token.key
        scope = SCOPES.get(word.lower())
        if scope is None:
            return None
        if not key:
            self.fail(f"A key is missing after {word}., for instance {word}.accuracy", token)
        return run_field(key) if scope is Scope.RUN else Field(scope=scope, key=key)

    def value_token(self, field: Field) -> Token:
        """Read the word of one value."""
        self.expected = "value"
        token = self.next()
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            self.fail(f"A value is missing for {field}", token)
        if token.kind is Kind.WORD and token.lower in KEYWORDS:
            self.fail(f"A value is missing for {field}. If it is the word {token.text}, put it in quotes", token)
        self.expected = ""
        return token

    def read_list(self) -> JsonValue:
        """Read ``[1, 2]``, or ``(1, 2)`` as Python writes a tuple; an item may be such a list."""
        start = self.next()
        closing = {"[": "]", "(": ")"}[start.text]
        items: list[JsonValue] = []
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"The list is nested more than {DEEPEST} levels deep", start)
        while not self.takes(closing):
            items.append(self.read_list() if self.token.lower in ("[", "(") else self._item())
            if not self.takes(",") and self.token.lower != closing:
                self.fail(f"The list that begins at character {start.start + 1} is not closed by {closing}")
        self.depth -= 1
        return items

    def _item(self) -> JsonValue:
        token = self.next()
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            self.fail("A list holds numbers, texts, true, false, null and lists", token)
        return values.param_value(token)

    def compared(self, field: Field, operator: Operator, tokens: list[Token], start: Token) -> Condition:
        """Return a comparison whose values are what such a field holds."""
        kind = kind_of(field)
        self._check_operator(field, kind, operator, start)
        if kind is FieldKind.TIME:
            periods = [values.period(token, self._now) or self._fail_time(field, token) for token in tokens]
            return values.period_condition(field, operator, periods)
        given = [self._value(field, kind, operator, token) for token in tokens]
        value: Operand = values.operand(operator, given)
        return Comparison(field=field, operator=operator, value=value)

    def _check_operator(self, field: Field, kind: FieldKind, operator: Operator, start: Token) -> None:
        is_pattern = OPPOSITES.get(operator, operator) in PATTERNS
        if operator in ORDERING and kind in (FieldKind.TEXT, FieldKind.CHOICE):
            self.fail(f"{field} is a text, which {operator} can't compare. Use {_TEXT_OPERATORS}", start)
        if is_pattern and kind in (FieldKind.NUMBER, FieldKind.TIME, FieldKind.CHOICE):
            self.fail(f"{operator} searches texts, and {field} is none. Use =, !=, <, > or in", start)

    def _value(self, field: Field, kind: FieldKind, operator: Operator, token: Token) -> JsonValue:
        if kind is FieldKind.NUMBER or (kind is FieldKind.PARAM and operator in ORDERING):
            number = values.number_of(token.text)
            return number if number is not None else self._fail_number(field, operator, token)
        if OPPOSITES.get(operator, operator) in PATTERNS:
            return self._pattern(operator, token)
        if kind is FieldKind.CHOICE:
            return values.choice_of(field, token.text) or self._fail_choice(field, token)
        return values.param_value(token) if kind is FieldKind.PARAM else token.text

    def _pattern(self, operator: Operator, token: Token) -> str:
        is_search = operator in (Operator.CONTAINS, Operator.LACKS)
        wildcards = 0 if is_search else sum(map(token.text.count, "%_"))
        if len(token.text) > _MOST_PATTERN_CHARACTERS or wildcards > _MOST_WILDCARDS:
            self.fail(
                f"A pattern has at most {_MOST_PATTERN_CHARACTERS} characters and {_MOST_WILDCARDS} of % and _", token
            )
        return token.text

    def _fail_number(self, field: Field, operator: Operator, token: Token) -> NoReturn:
        if run_field(token.text) or token.text.partition(".")[0].lower() in SCOPES:
            self.fail("Fields are compared with values, not with each other", token)
        what = "is a number" if kind_of(field) is FieldKind.NUMBER else f"has an order only as a number ({operator})"
        self.fail(f"{field} {what}, and '{token.text[:40]}' is none. Write for instance {field} > 0.9", token)

    def _fail_time(self, field: Field, token: Token) -> NoReturn:
        self.fail(f"{field} is a time, and '{token.text[:40]}' is none. Write {values.TIME_EXAMPLES}", token)

    def _fail_choice(self, field: Field, token: Token) -> NoReturn:
        self.fail(no_such_choice(field, token.text[:40]), token)
