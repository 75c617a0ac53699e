"""The order of a set of texts is named where it gets into data, and nowhere else."""

from __future__ import annotations

import ast

import pandas as pd
import pytest
from trackbook.capture.hash_order import hash_ordered, may_follow_hashes

VARIABLES = {
    "words": {"a", "b", "c"},
    "numbers": {1, 2, 3},
    "one": {"a"},
    "names": ["x", "y"],
    "df": pd.DataFrame({"p": [1], "q": [2]}),
    "column": pd.Series(["u", "v"]),
}


@pytest.fixture(autouse=True)
def random_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)


def found(code: str) -> list[tuple[int, str]]:
    tree = ast.parse(code)
    told = list(hash_ordered(tree.body, VARIABLES))
    assert may_follow_hashes(code, tree) or not told
    return told


@pytest.mark.parametrize(
    "code",
    [
        "cols = list({'a', 'b'})",
        "index = {w: i for i, w in enumerate(words)}",
        "text = ' '.join(words)",
        "cols = list(set(df.columns) - {'p'})",
        "cols = list(set(names))",
        "cats = list(set(column))",
        "vocabulary = list(set('the quick brown fox'.split()))",
        "rows = [f(w) for w in words]",
        "cols = tuple(words | {'d'})",
        "cols = list(words.union(other))",
        "ids = dict.fromkeys(words)",
        "for i, w in enumerate(words):\n    pass",
        "X = df[list(words)].fillna(0)",
    ],
)
def test_order_of_a_set_of_texts_that_gets_into_data_is_named(code: str) -> None:
    assert len(found(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "cols = sorted({'a', 'b'})",
        "cols = sorted(list(words))",
        "n = len(list(words))",
        "total = sum([f(w) for w in words])",
        "keep = [c for c in df.columns if c in words]",
        "ids = list(numbers)",
        "only = list(one)",
        "ids = list({1, 2, 3})",
        "ids = list(set(unknown))",
        "again = {w.lower() for w in words}",
        "for w in words:\n    print(w)",
        "def f():\n    return list({'a', 'b'})",
        "if x:\n    cols = list(words)",  # the statement in it stands for itself
        "words = [1]\nlist(words)",
    ],
)
def test_what_loses_the_order_or_is_not_known_is_not_named(code: str) -> None:
    assert found(code) == []


def test_set_is_followed_through_the_statements_of_a_cell() -> None:
    told = found("parts = 'a b'.split()\nunique = set(parts)\norder = list(unique)")

    assert told == [(2, "the hash order of list(unique)")]


def test_nothing_is_named_where_hashes_are_the_same_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")

    assert found("cols = list({'a', 'b'})") == []
