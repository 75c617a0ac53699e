"""Reading queries, the same in magic, command line, REST and panel.

The grammar, keywords in any case::

    query      = [ condition ] { "order by" term { "," term } | "limit" integer }
    condition  = all { "or" all }
    all        = part { "and" part }
    part       = "not" part | "(" condition ")" | [ "has" ] field | field test
    test       = ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
               | [ "not" ] ( "like" | "ilike" | "contains" ) value | ( "~" | "!~" ) value
               | [ "not" ] "in" "(" value { "," value } ")"
               | [ "not" ] "between" value "and" value
               | "is" [ "not" ] "null"
    term       = field [ "asc" | "desc" ]
    field      = ( "metrics." | "params." | "tags." ) key | [ "attributes." ] name
    key        = word | quoted text
    value      = number | word | quoted text | "[" [ value { "," value } ] "]"

A quoted text stands between ``"``, ``'`` or backticks, which are doubled within it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from trackbook import clock
from trackbook.records.query import (
    OPPOSITES,
    Comparison,
    Condition,
    Field,
    Has,
    IsNull,
    Not,
    Operator,
    OrderTerm,
    Query,
    Scope,
    all_of,
    any_of,
)
from trackbook.store.contract import Store
from trackbook.tracking import query_values as values
from trackbook.tracking.query_names import (
    SEVERAL,
    FieldKind,
    Names,
    kind_of,
    no_names,
)
from trackbook.tracking.query_operands import DEEPEST, PATTERNS, Operands
from trackbook.tracking.query_words import Kind, Token

MOST_CONDITIONS = 200
MOST_VALUES = 1000
_OPERATORS = {
    "=": Operator.EQUAL,
    "==": Operator.EQUAL,
    "!=": Operator.UNEQUAL,
    "<>": Operator.UNEQUAL,
    "<": Operator.LESS,
    "<=": Operator.AT_MOST,
    ">": Operator.GREATER,
    ">=": Operator.AT_LEAST,
    "~": Operator.CONTAINS,
    "!~": Operator.LACKS,
    "like": Operator.LIKE,
    "ilike": Operator.ILIKE,
    "contains": Operator.CONTAINS,
}
_NEGATED = {opposite: operator for operator, opposite in OPPOSITES.items()}
_EQUALITIES = frozenset({Operator.EQUAL, Operator.UNEQUAL})
_DIRECTIONS = {"asc": False, "ascending": False, "desc": True, "descending": True}


def parse(text: str, names: Names = no_names, *, now: datetime | None = None) -> Query:
    """Read a query.

    Parameters
    ----------
    text
        The query; an empty one asks for all runs.
    names
        The names that there are, as `Store.names` gives them: mistakes are answered with the nearest, and
        ``metrics.accuracy`` finds ``test.accuracy``.
    now
        What relative times such as ``2 days ago`` count from.

    Raises
    ------
    QueryError
        If the text is no query; it tells the position.
    """
    return Parser(text, names, now or clock.now()).query()


def query_of(store: Store, text: str) -> Query | None:
    """Read a query with the names that a store knows; None where the text is empty.

    Raises
    ------
    QueryError
        If the text is no query.
    """
    return parse(text, cache(store.names)) if text.strip() else None


class Parser(Operands):
    """One reading of one query, word by word: its clauses and conditions."""

    def __init__(self, text: str, names: Names, now: datetime) -> None:
        super().__init__(text, names, now)
        self._conditions = 0

    # Clauses

    def query(self) -> Query:
        """Read the whole."""
        where = None if self._is_clause() or self.token.kind is Kind.END else self._condition()
        order: list[OrderTerm] = []
        limit: int | None = None
        while self.token.kind is not Kind.END:
            start = self.token
            if not order and self.takes("order", "by"):
                order = self._terms()
            elif limit is None and self.takes("limit"):
                limit = self._limit()
            else:
                self.fail(_unexpected(start), start)
        return Query(where=where, order=tuple(order), limit=limit)

    def _is_clause(self) -> bool:
        return self.stands("order", "by") or self.stands("limit")

    def _terms(self) -> list[OrderTerm]:
        terms = [self._term()]
        while self.takes(","):
            terms.append(self._term())
        if len(terms) > MOST_CONDITIONS:
            self.fail(f"Runs are put in order by {len(terms)} fields, and at most {MOST_CONDITIONS} are read")
        return terms

    def _term(self) -> OrderTerm:
        start = self.token
        field = self.read_field()
        if field.scope is Scope.RUN and field.key in SEVERAL:
            self.fail(f"Runs can't be put in order by {field}: a run may have several", start)
        self.expected = "direction"
        is_descending = _DIRECTIONS.get(self.token.lower)
        self.skip(is_descending is not None)
        return OrderTerm(field=field, is_descending=bool(is_descending))

    def _limit(self) -> int:
        self.expected = ""
        token = self.next()
        number = values.number_of(token.text)
        if not isinstance(number, int) or number < 0:
            self.fail("limit takes a whole number of runs, for instance limit 20", token)
        return number

    # Conditions

    def _condition(self) -> Condition:
        found = [self._all()]
        while self.takes("or"):
            found.append(self._all())
        return any_of(found)

    def _all(self) -> Condition:
        found = [self._part()]
        while self.takes("and"):
            found.append(self._part())
        return all_of(found)

    def _part(self) -> Condition:
        start = self.token
        self.expected = "field"
        if self.takes("not"):
            return Not(condition=self._deeper(start, self._part))
        if not self.takes("("):
            found = self._test()
            self.expected = self.expected if self.expected == "operator" else "connective"
            return found
        found = self._deeper(start, self._condition)
        self.demand(")", f"A closing parenthesis is missing for the one at character {start.start + 1}")
        self.expected = "connective"
        return found

    def _deeper(self, start: Token, read: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"The query is nested more than {DEEPEST} levels deep. Say it with fewer parentheses", start)
        found = read()
        self.depth -= 1
        return found

    def _test(self) -> Condition:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            self.fail(f"The query has more than {MOST_CONDITIONS} conditions. Use in (...), or ask twice")
        if self.takes("has"):
            return Has(field=self.read_field())
        field = self.read_field()
        self.expected = "operator"
        start = self.token
        if self.takes("is"):
            return self._null_test(field)
        is_negated = self.takes("not")
        if self.takes("in"):
            return self._membership(field, is_negated, start)
        if self.takes("between"):
            return self._range(field, is_negated, start)
        operator = _OPERATORS.get(self.token.lower)
        if operator is None or (is_negated and operator not in PATTERNS):
            if is_negated:
                self.fail("After a field, not is followed by in, like, ilike or between")
            return self._alone(field)
        self.next()
        return self._comparison(field, _NEGATED[operator] if is_negated else operator, start)

    def _alone(self, field: Field) -> Condition:
        """A field without a test: the run has it."""
        token = self.token
        is_last = token.kind is Kind.END or token.lower in {"and", "or", ")", "limit"} or self._is_clause()
        if not is_last:
            self.fail(f"An operator is missing after {field}: =, !=, <, >, in, like, ~ or is null")
        return Has(field=field)

    def _null_test(self, field: Field) -> Condition:
        self.expected = "null"
        is_negated = self.takes("not")
        if not values.is_null_word(self.token):
            self.fail(f"is takes null or not null; compare with {field} = VALUE")
        self.next()
        null = IsNull(field=field)
        return Not(condition=null) if is_negated else null

    def _membership(self, field: Field, is_negated: bool, start: Token) -> Condition:
        self.demand("(", f"Values in parentheses are missing after in: {field} in (A, B)")
        tokens = [self.value_token(field)]
        while self.takes(","):
            tokens.append(self.value_token(field))
        if len(tokens) > MOST_VALUES:
            self.fail(f"in has {len(tokens):,} values, and at most {MOST_VALUES:,} are read. Ask more than once", start)
        self.demand(")", "A closing parenthesis is missing after the values of in")
        operator = Operator.NOT_IN if is_negated else Operator.IN
        return self.compared(field, operator, tokens, start)

    def _range(self, field: Field, is_negated: bool, start: Token) -> Condition:
        low = self.value_token(field)
        self.demand("and", f"A second value is missing: {field} between A and B")
        high = self.value_token(field)
        if is_negated:
            return any_of(
                [
                    self.compared(field, Operator.LESS, [low], start),
                    self.compared(field, Operator.GREATER, [high], start),
                ]
            )
        return all_of(
            [
                self.compared(field, Operator.AT_LEAST, [low], start),
                self.compared(field, Operator.AT_MOST, [high], start),
            ]
        )

    def _comparison(self, field: Field, operator: Operator, start: Token) -> Condition:
        if kind_of(field) is FieldKind.PARAM and operator in _EQUALITIES and self.token.lower in ("[", "("):
            return Comparison(field=field, operator=operator, value=self.read_list())
        token = self.value_token(field)
        if kind_of(field) is not FieldKind.PARAM and operator in _EQUALITIES and values.is_null_word(token):
            null = IsNull(field=field)
            return null if operator is Operator.EQUAL else Not(condition=null)
        return self.compared(field, operator, [token], start)


def _unexpected(token: Token) -> str:
    if token.lower in ("order", "limit"):
        return "order by and limit stand once each, and order is followed by by"
    if token.text == ")":
        return "No parenthesis is open here"
    return "and, or, order by or limit is missing here"
