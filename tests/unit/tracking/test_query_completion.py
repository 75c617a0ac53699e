"""What a query can go on with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.records.query import NameKind
from trackbook.tracking.query_completion import complete, complete_words

STORE = {
    NameKind.METRICS: ["test.accuracy", "loss"],
    NameKind.PARAMS: ["C", "my key"],
    NameKind.TAGS: ["best"],
    NameKind.MODEL: ["Ridge", "Random Forest"],
}


def names(kind):
    return STORE.get(kind, [])


def words(text):
    return list(complete(text, len(text), names).words)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("acc", ["metrics.accuracy", "metrics.test.accuracy"]),
        ("tags.best and metrics.l", ["metrics.loss"]),
        ("params.", ["params.C", "params.`my key`"]),
        ("status = ", ["RUNNING", "FINISHED", "FAILED", "KILLED"]),
        ("status in (finished, f", ["FINISHED", "FAILED"]),
        ("model = R", ["Ridge", '"Random Forest"']),
        ("model = 'Ra", ["'Random Forest'"]),
        ("started_at > y", ["yesterday"]),
        ("metrics.loss < 1 o", ["or", "order by"]),
        ("metrics.loss < 1 order ", ["by"]),
        ("order by metrics.lo", ["metrics.loss"]),
        ("order by metrics.loss d", ["desc"]),
        ("metrics.loss i", ["in", "is null", "is not null"]),
        ("name is n", ["null", "not null"]),
        ("nonsense = 1 and me", []),
        ("limit ", []),
    ],
)
def test_what_can_stand_there_is_offered(text, offered):
    assert words(text) == offered


def test_field_is_followed_by_operators_that_fit_it():
    assert {"=", ">", "between"} <= set(words("metrics.loss "))
    assert "like" not in words("metrics.loss ")
    assert "like" in words("name ")
    assert ">" not in words("name ")


def test_beginning_offers_every_field_and_clause():
    assert {"metrics.accuracy", "params.C", "tags.best", "name", "not", "order by", "limit"} <= set(words(""))


def test_word_under_the_cursor_is_replaced_whole():
    found = complete("metrics.lo < 1", 8, names)

    assert (found.start, found.end) == (0, 10)
    assert "metrics.loss" in found.words


def test_last_word_of_a_line_is_completed():
    assert complete_words(["status", "=", "FIN"], names) == ["FINISHED"]
    assert complete_words(["metrics.loss<1", "and", "(params.C"], names) == ["(params.C"]
    assert complete_words([], names)


@given(st.text(), st.integers(0, 20))
def test_any_text_can_be_completed_anywhere(text, position):
    found = complete(text, min(position, len(text)), names)

    assert 0 <= found.start <= found.end <= len(text)
