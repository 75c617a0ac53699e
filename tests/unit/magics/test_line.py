"""Lines are read as people type them: words, quotes, brackets and pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError
from trackbook.magics.line import pairs_of, split_words, unquoted


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  runs   --limit 3 ", ["runs", "--limit", "3"]),
        ("note it's the best", ["note", "it's", "the", "best"]),
        ("note 'two words' more", ["note", "'two words'", "more"]),
        ("note :( says {x", ["note", ":(", "says", "{x"]),
        ("tag owner='ana b' stage=x", ["tag", "owner='ana b'", "stage=x"]),
        (r"artifact C:\plots\roc.png", ["artifact", r"C:\plots\roc.png"]),
        ("start 'it''s'", ["start", "'it''s'"]),
    ],
)
def test_words_are_apart_at_spaces_but_not_within_quotes(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a=f(1, 2) b=3", ["a=f(1, 2)", "b=3"]),
        ("a=d['x  y'][ 0 ]", ["a=d['x  y'][ 0 ]"]),
        ("a={'k': [1, (2)]} b", ["a={'k': [1, (2)]}", "b"]),
        ("a=len(')  (')", ["a=len(')  (')"]),
        (r"a='it\'s here'", [r"a='it\'s here'"]),
        ('a=f"{x} y"', ['a=f"{x} y"']),
    ],
)
def test_brackets_keep_words_together_where_python_is_written(line: str, words: list[str]) -> None:
    assert split_words(line, is_python=True) == words


@pytest.mark.parametrize(("line", "what"), [("start 'open", "Close the quotes"), ('tag a="b c', "Close the quotes")])
def test_open_quote_is_refused(line: str, what: str) -> None:
    with pytest.raises(InvalidValueError, match=what):
        split_words(line)


@pytest.mark.parametrize("line", ["metric a=f(1", "metric a=[1, 2", "metric a=f(]"])
def test_open_bracket_is_refused_where_python_is_written(line: str) -> None:
    with pytest.raises(InvalidValueError, match="Close the brackets"):
        split_words(line, is_python=True)


@given(st.text(), st.booleans())
def test_no_line_loses_anything_but_spaces(line: str, is_python: bool) -> None:
    try:
        words = split_words(line, is_python=is_python)
    except InvalidValueError:
        return

    assert "".join("".join(words).split()) == "".join(line.split())


@pytest.mark.parametrize(
    ("text", "plain"),
    [("'a b'", "a b"), ('"a"', "a"), ("''", ""), ("'", "'"), ("a'b'", "a'b'"), ("'a' + 'b'", "'a' + 'b'"), ("", "")],
)
def test_only_quotes_around_the_whole_are_taken_away(text: str, plain: str) -> None:
    assert unquoted(text) == plain


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("rmse=0.25", {"rmse": "0.25"}),
        ("rmse = x", {"rmse": "x"}),
        ("rmse= x", {"rmse": "x"}),
        ("rmse =x", {"rmse": "x"}),
        ("a=1 b = 2 c=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=x + y b=2", {"a": "x + y", "b": "2"}),
        ("loss 0.25", {"loss": "0.25"}),
        ("loss max(1, 2)", {"loss": "max(1, 2)"}),
        ("loss f(k=1)", {"loss": "f(k=1)"}),
        ("loss d['k=1']", {"loss": "d['k=1']"}),
        ("same=a == b", {"same": "a == b"}),
        ("same = a==b", {"same": "a==b"}),
        ("less=a <= b", {"less": "a <= b"}),
        ("less=a<=b", {"less": "a<=b"}),
        ("other=x if y != 2 else z", {"other": "x if y != 2 else z"}),
        ("url=http://x?a=b", {"url": "http://x?a=b"}),
        ("test.f1(macro)=0.5", {"test.f1(macro)": "0.5"}),
        ("a=1 a=2", {"a": "2"}),
    ],
)
def test_pairs_are_found(line: str, pairs: dict[str, str]) -> None:
    assert pairs_of(split_words(line, is_python=True)) == pairs


def test_words_without_a_sign_belong_to_the_value_before() -> None:
    assert pairs_of(["owner=ana", "b", "stage", "=", "final"]) == {"owner": "ana b", "stage": "final"}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["accuracy"], "'accuracy' is no pair"),
        (["=1"], "'=1' is no pair"),
        (["draft", "a=1"], "'draft' is no pair"),
        (["a="], "'a=' has no value"),
        (["a=1", "b="], "'b=' has no value"),
    ],
)
def test_key_without_value_is_refused(words: list[str], what: str) -> None:
    with pytest.raises(InvalidValueError, match=what):
        pairs_of(words)


_KEYS = st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True)
_VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"])), max_size=3),
    st.dictionaries(st.text("ab=' \"(", max_size=5), st.integers(), max_size=3),
)


@given(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4), st.sampled_from(["=", " = ", "= ", " ="]))
def test_values_come_back_as_they_were_written(values: dict[str, object], sign: str) -> None:
    line = " ".join(f"{key}{sign}{value!r}" for key, value in values.items())

    assert pairs_of(split_words(line, is_python=True)) == {key: repr(value) for key, value in values.items()}
