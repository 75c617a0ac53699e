"""Queries as people write them, and what is said to what can't be read."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError, QueryError
from trackbook.records.query import (
    All,
    Comparison,
    Field,
    Has,
    IsNull,
    NameKind,
    Not,
    Operator,
    OrderTerm,
    Query,
    Scope,
    Some,
)
from trackbook.tracking.query import MOST_CONDITIONS, MOST_VALUES, parse
from trackbook.tracking.query_words import MOST_CHARACTERS

NOW = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)  # a Thursday
DAY = timedelta(days=1)
STORE = {
    NameKind.METRICS: ["test.accuracy", "train.accuracy", "train.mae", "a.rmse", "b.rmse", "val/loss"],
    NameKind.PARAMS: ["C", "clf__alpha", "max_depth", "solver", "my key"],
    NameKind.TAGS: ["best", "stage"],
    NameKind.EXPERIMENT: ["churn"],
}


def names(kind):
    return STORE.get(kind, [])


def read(text):
    return parse(text, now=NOW)


def field(text):
    scope, _, key = text.partition(".")
    return Field(scope=Scope(scope), key=key) if key else Field(scope=Scope.RUN, key=scope)


def compare(text, operator, value):
    return Comparison(field=field(text), operator=Operator(operator), value=value)


def mistake(text, names=names):
    with pytest.raises(QueryError) as caught:
        parse(text, names, now=NOW)
    return caught.value


def during(start, length=DAY):
    """The conditions that `started_at` lies in a stretch of time."""
    begins = compare("started_at", ">=", start)
    return All(conditions=(begins, compare("started_at", "<", start + length)))


# What queries mean


def test_query_of_the_design_is_read_whole():
    text = (
        'metrics.accuracy > 0.9 and params.C = 0.1 and model = "RandomForestClassifier" '
        "order by metrics.accuracy desc limit 20"
    )

    assert read(text) == Query(
        where=All(
            conditions=(
                compare("metrics.accuracy", ">", 0.9),
                compare("params.C", "=", 0.1),
                compare("model", "=", "RandomForestClassifier"),
            )
        ),
        order=(OrderTerm(field=field("metrics.accuracy"), is_descending=True),),
        limit=20,
    )


def test_not_binds_before_and_and_and_before_or():
    a, b, c = (Has(field=field(f"tags.{name}")) for name in "abc")

    assert read("not tags.a and tags.b or tags.c").where == Some(conditions=(All(conditions=(Not(condition=a), b)), c))
    assert read("tags.a and (tags.b or tags.c)").where == All(conditions=(a, Some(conditions=(b, c))))
    assert read("not (tags.a or tags.b)").where == Not(condition=Some(conditions=(a, b)))


def test_keywords_and_names_of_fields_are_read_in_any_case():
    assert read("Status = finished AND NOT Metrics.C > 1 ORDER BY Seconds DESC LIMIT 3") == read(
        "status = FINISHED and not metrics.C > 1 order by seconds desc limit 3"
    )


@pytest.mark.parametrize(
    "text", ["", "  \n ", "limit 3", "order by started_at", "limit 3 order by name, metrics.a asc"]
)
def test_query_without_conditions_asks_for_all_runs(text):
    assert read(text).where is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.1", 0.1),
        ("1e-3", 0.001),
        ("-0.5", -0.5),
        ("+.5", 0.5),
        ("1_000", 1000),
        ("1", 1),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("None", None),
        ("lbfgs", "lbfgs"),
        ("'0.1'", "0.1"),
        ('"say ""hi"""', 'say "hi"'),
        ("'it''s'", "it's"),
        ("[64, 'a', [true]]", [64, "a", [True]]),
        ("(64, 32,)", [64, 32]),
        ("[]", []),
    ],
)
def test_params_are_compared_with_values_of_their_own_type(written, value):
    found = read(f"params.x = {written}").where

    assert found == compare("params.x", "=", value)
    assert type(found.value) is type(value)


def test_numbers_are_texts_where_the_field_is_a_text():
    assert read("tags.fold = 3 and name in (1e3, x)").where == All(
        conditions=(compare("tags.fold", "=", "3"), compare("name", "in", ("1e3", "x")))
    )


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("params.C == 1", "params.C = 1"),
        ("params.C <> 1", "params.C != 1"),
        ("metric.a > 1", "metrics.a > 1"),
        ("parameters.a > 1", "params.a > 1"),
        ("attributes.status = 'FINISHED'", "status = FINISHED"),
        ("attributes.run_name LIKE 'a%'", "name like 'a%'"),
        ("attributes.start_time > 1772712000000", "started_at > '2026-03-05T12:00:00Z'"),
        ('metrics."val loss" < 1', "metrics.`val loss` < 1"),
        ("metrics.val/loss < 1", "metrics.'val/loss' < 1"),
        ("metrics.a between 1 and 2", "metrics.a >= 1 and metrics.a <= 2"),
        ("metrics.a not between 1 and 2", "metrics.a < 1 or metrics.a > 2"),
        ("tags.best", "has tags.best"),
        ("note = null", "note is null"),
        ("note != none", "note is not null"),
        ("name contains x", "name ~ x"),
        ("not name in (a)", "not (name in ('a'))"),
        ("(((tags.a)))", "tags.a"),
        ("(tags.a and tags.b) and tags.c", "tags.a and tags.b and tags.c"),
    ],
)
def test_other_ways_to_write_the_same(written, same):
    assert read(written) == read(same)


def test_null_of_a_param_is_a_value_and_is_null_also_its_absence():
    assert read("params.max_depth = None").where == compare("params.max_depth", "=", None)
    assert read("params.max_depth is null").where == IsNull(field=field("params.max_depth"))
    assert read("params.max_depth is not null").where == Not(condition=IsNull(field=field("params.max_depth")))


# Times


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("'2026-03-01 10:20'", datetime(2026, 3, 1, 10, 20, tzinfo=UTC)),
        ("2026-03-01T10:20:30.5+02:00", datetime(2026, 3, 1, 8, 20, 30, 500_000, tzinfo=UTC)),
        ("'2026-03-01 10:20:30 UTC'", datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)),
        ("2026-02", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2025", datetime(2025, 1, 1, tzinfo=UTC)),
        ("now", NOW),
        ("today", datetime(2026, 3, 5, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 3, 4, tzinfo=UTC)),
        ("'2 days ago'", NOW - 2 * DAY),
        ("'an hour ago'", NOW - timedelta(hours=1)),
        ("'1.5 hours ago'", NOW - timedelta(minutes=90)),
        ("7d", NOW - 7 * DAY),
        ("-7d", NOW - 7 * DAY),
        ("'last 2 weeks'", NOW - 14 * DAY),
        ("'this week'", datetime(2026, 3, 2, tzinfo=UTC)),
        ("'last week'", datetime(2026, 2, 23, tzinfo=UTC)),
        ("'last month'", datetime(2026, 2, 1, tzinfo=UTC)),
        ("'last year'", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_utc_and_stand_for_their_first_moment(written, moment):
    assert read(f"started_at > {written}").where == compare("started_at", ">", moment)


@pytest.mark.parametrize(
    ("written", "start", "length"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), DAY),
        ("yesterday", datetime(2026, 3, 4, tzinfo=UTC), DAY),
        ("'last week'", datetime(2026, 2, 23, tzinfo=UTC), 7 * DAY),
        ("'last month'", datetime(2026, 2, 1, tzinfo=UTC), 28 * DAY),
        ("'2026-03-01 10:20'", datetime(2026, 3, 1, 10, 20, tzinfo=UTC), timedelta(minutes=1)),
        ("'2026-03-01 10:20:30'", datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC), timedelta(seconds=1)),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), 366 * DAY),
    ],
)
def test_equal_to_a_day_means_at_any_time_of_it(written, start, length):
    assert read(f"started_at = {written}").where == during(start, length)
    assert read(f"started_at != {written}").where == All(
        conditions=(Has(field=field("started_at")), Not(condition=during(start, length)))
    )


@pytest.mark.parametrize(
    "text", ["soon", "2026-02-30", "'999999999999 days ago'", "'2 fortnights ago'", "99999-01-01", "''", "0.5"]
)
def test_what_is_no_time_is_refused_with_examples(text):
    assert "2 days ago" in mistake(f"started_at > {text}").sentence


# Names


def test_short_name_of_a_metric_is_looked_up_on_test_then_validation_data():
    def keys(*known):
        found = parse("metrics.accuracy > 0.9", lambda kind: list(known), now=NOW).where
        return found.field.candidates

    assert keys("train.accuracy", "test.accuracy") == ("test.accuracy",)
    assert keys("test.accuracy", "accuracy", "validation.accuracy") == (
        "accuracy",
        "test.accuracy",
        "validation.accuracy",
    )
    assert keys("train.accuracy", "other") == ("train.accuracy",)
    assert keys() == ("accuracy",)


@pytest.mark.parametrize(
    ("text", "sentence", "position"),
    [
        ("metric.acuracy > 1", "No run has a metric 'acuracy'. Did you mean metrics.accuracy?", 0),
        ("tags.best and acuracy > 1", "There is no field 'acuracy'. Did you mean metrics.accuracy?", 14),
        ("C = 1", "There is no field 'C'. Did you mean params.C?", 0),
        ("statsu = x", "There is no field 'statsu'. Did you mean status?", 0),
        ("params.accuracy = 1 ", "No run has a param 'accuracy'. There are params.C, ", 0),
        ("metrics.rmse < 3", "'rmse' could be metrics.a.rmse or metrics.b.rmse. Give the whole key.", 0),
        ("params.alpha = 1", "No run has a param 'alpha'. Did you mean params.clf__alpha?", 0),
        ("params.c = 1", "No run has a param 'c'. Did you mean params.C?", 0),
        ("params.mykey = 1", "Did you mean params.`my key`?", 0),
        ("tags.bset", "No run has a tag 'bset'. Did you mean tags.best?", 0),
        ("order by metrics.loss", "No run has a metric 'loss'. Did you mean metrics.val/loss?", 9),
        ("status = finishd", "There is no status 'finishd'. Did you mean FINISHED?", 9),
        ("status = stopped", "What was stopped is one of the runs with status = killed", 9),
        ("verdict = bad", "There is no verdict 'bad'. It is one of clean, unordered and stale.", 10),
        ("churn", "'churn' is an experiment. Write experiment = churn.", 0),
    ],
)
def test_unknown_name_is_answered_with_the_nearest_and_its_position(text, sentence, position):
    found = mistake(text)

    assert sentence in found.sentence
    assert found.position == position


def test_tag_that_nobody_set_yet_is_no_mistake():
    assert parse("not tags.archived", names, now=NOW).where == Not(condition=Has(field=field("tags.archived")))


def test_every_name_may_exist_in_a_store_without_runs():
    assert parse("metrics.a > 1 and params.b = 2", lambda kind: [], now=NOW) == read("metrics.a > 1 and params.b = 2")


# Mistakes


@pytest.mark.parametrize(
    ("text", "sentence", "position"),
    [
        ("metrics.a >", "A value is missing for metrics.a", 11),
        ("metrics.a > 1 and", "A field is missing", 17),
        ("metrics.a 1", "An operator is missing after metrics.a", 10),
        ("metrics.a > b", "'b' is none", 12),
        ("metrics.a > metrics.b", "not with each other", 12),
        ("metrics.a like 'x'", "searches texts", 10),
        ("name > 3", "is a text", 5),
        ("params.solver > abc", "has an order only as a number", 16),
        ("name = and", "put it in quotes", 7),
        ("(tags.a or tags.b", "for the one at character 1", 17),
        ("tags.a)", "No parenthesis is open", 6),
        ("tags.a tags.b", "An operator is missing", 7),
        ("name = 'x", "is not closed", 7),
        ("name in ()", "A value is missing", 9),
        ("name in x", "Values in parentheses", 8),
        ("tags.a limit -1", "whole number", 13),
        ("limit 2.5", "whole number", 6),
        ("limit 1 limit 2", "once each", 8),
        ("order by model", "may have several", 9),
        ("0.9 < metrics.a", "begins with a field", 0),
        ("metrics. > 1", "A key is missing", 0),
        ("metrics.`` > 1", "A key is missing", 0),
        ("name ! 3", "means nothing here", 5),
        ("name is 3", "null or not null", 8),
        ("params.x = [1, 2", "not closed by ]", 16),
        ("params.x = [and", "not closed", 15),
        ("a ; drop table runs", "no field 'a'", 0),
        ("name = \0", "NUL", 7),
        ("name = \ud800", "half a character", 7),
        ("name like '%%%%%%%%%%%%'", "10 of % and _", 10),
    ],
)
def test_mistake_is_pointed_at(text, sentence, position):
    found = mistake(text, lambda kind: [])

    assert sentence in found.sentence
    assert found.position == position
    assert isinstance(found, InvalidValueError)


def test_message_shows_the_place_beneath_one_sentence():
    assert str(mistake("name  = 'x")) == (
        "The quote ' is not closed. Close it, or double it where it is part of a text.\n  name  = 'x\n          ^"
    )


def test_place_in_a_long_query_is_shown_without_the_rest():
    text = "name = a or " * 50 + "nmae = b or " + "name = c or " * 50 + "name = d"

    line, pointer = str(mistake(text)).splitlines()[1:]

    assert len(line) < 120
    assert line[pointer.index("^") :].startswith("nmae = b")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "name = a" + ")" * 10_000,
        "not " * 10_000 + "name = a",
        "params.x = " + "[" * 10_000 + "]" * 10_000,
        "name = '" + "x" * 1_000_000 + "'",
        "name = a and " * (MOST_CONDITIONS + 1) + "name = b",
        "name in (" + "x, " * (MOST_VALUES + 1) + "x)",
        "order by " + "name, " * (MOST_CONDITIONS + 1) + "name",
        "'" * 99_999,
        "name = " + "9" * 5_000 + " and seconds > " + "9" * 5_000 + "e999 x",
    ],
    ids=["parentheses", "nots", "list", "megabyte", "conditions", "values", "terms", "quotes", "digits"],
)
def test_monstrous_query_is_answered_and_does_not_crash(text):
    assert mistake(text).sentence


# Any text


SINGLE = """
    ( ) [ ] , = != < > ~ !~ and or not in like is null has between order by limit asc desc
    metrics.a params.b tags.c name status model started_at seconds run_id verdict
    0.5 -1 nan inf 1e400 true none 'x' finished clean 7d today 2026-03-01 ''
"""
WORDS = st.sampled_from([*SINGLE.split(), '"a b"', "params.`x y`", "'2 days ago'"])
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False) | st.just(math.nan)
VALUES = st.recursive(
    NUMBERS | KEYS | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


def run_field(key):
    return st.just(Field(scope=Scope.RUN, key=key))


def keyed(scope):
    return st.builds(Field, scope=st.just(scope), key=KEYS)


def comparisons(fields, operators, operands):
    plain = st.sampled_from([Operator(each) for each in operators.split(",")])
    single = st.builds(Comparison, field=fields, operator=plain, value=operands)
    several = st.lists(operands, min_size=1, max_size=3).map(tuple)
    listed = st.builds(
        Comparison, field=fields, operator=st.sampled_from(["in", "not in"]).map(Operator), value=several
    )
    return single | listed


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))
TEXTS = keyed(Scope.TAGS) | run_field("name") | run_field("model")
SCALARS = NUMBERS | KEYS | st.booleans() | st.none()
LEAVES = (
    comparisons(keyed(Scope.METRICS), "=,!=,<,<=,>,>=", NUMBERS)
    | comparisons(keyed(Scope.PARAMS), "=,!=", SCALARS)
    | st.builds(Comparison, field=keyed(Scope.PARAMS), operator=st.just(Operator.EQUAL), value=VALUES)
    | comparisons(TEXTS, "=,!=,~,!~", KEYS)
    | st.builds(
        Comparison,
        field=run_field("started_at"),
        operator=st.sampled_from([Operator.LESS, Operator.AT_LEAST]),
        value=MOMENTS,
    )
    | st.builds(Has, field=TEXTS)
    | st.builds(IsNull, field=keyed(Scope.PARAMS))
)


def joined(inner):
    pairs = st.lists(inner, min_size=2, max_size=3).map(tuple)
    every = pairs.filter(lambda parts: not any(isinstance(part, All) for part in parts))
    some = pairs.filter(lambda parts: not any(isinstance(part, Some) for part in parts))
    return st.builds(Not, condition=inner) | st.builds(All, conditions=every) | st.builds(Some, conditions=some)


TERMS = st.builds(OrderTerm, field=keyed(Scope.METRICS), is_descending=st.booleans())
QUERIES = st.builds(
    Query,
    where=st.none() | st.recursive(LEAVES, joined, max_leaves=6),
    order=st.lists(TERMS, max_size=2).map(tuple),
    limit=st.none() | st.integers(0, 10**17),
)


def outcome(text):
    try:
        return read(text)
    except QueryError as error:
        return error


@given(st.text() | st.lists(WORDS).map(" ".join))
@example("metrics.")
@example("params.b = '\n'")
def test_any_text_is_read_or_answered_with_a_position(text):
    found = outcome(text)

    if isinstance(found, QueryError):
        assert 0 <= found.position <= len(text)
        assert found.sentence.endswith((".", "?"))
    else:
        assert read(str(found)) == found


@given(QUERIES)
def test_written_query_is_read_back_the_same(query):
    assert read(str(query)) == query


def test_text_as_long_as_allowed_is_read():
    assert read("name = '" + "x" * (MOST_CHARACTERS - 9) + "'").where
