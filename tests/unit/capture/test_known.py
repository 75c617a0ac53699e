"""Facts are found again by the object, a view of it or an equal copy, and keep no object alive."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.known import Known, content_digest


def test_object_is_found_by_itself() -> None:
    known: Known[str] = Known()
    one, other = np.arange(3), np.arange(3)

    known.put(one, "fact")

    assert known.get(one) == "fact"
    assert known.get(other) is None


def test_newest_fact_wins() -> None:
    known: Known[str] = Known()
    value = np.arange(3)

    known.put(value, "old")
    known.put(value, "new")

    assert known.get(value) == "new"


@pytest.mark.parametrize(
    "view", [lambda a: a[1:], lambda a: a[:, 0], lambda a: a.T, lambda a: a.reshape(-1), lambda a: a[1:][:1][0]]
)
def test_view_is_found_by_the_memory_it_looks_into(view: Any) -> None:
    known: Known[str] = Known()
    value = np.arange(6.0).reshape(3, 2).copy()

    known.put(value, "fact", by_owner=True)

    assert known.get(view(value)) == "fact"


def test_owner_of_a_view_that_was_put_is_known() -> None:
    known: Known[str] = Known()
    owner = np.arange(6.0)
    view = owner[1:4]

    known.put(view, "fact", by_owner=True)

    assert known.get(owner) == "fact"
    assert known.get(owner[2:]) == "fact"


def test_copy_is_not_the_object() -> None:
    known: Known[str] = Known()
    value = np.arange(6.0)

    known.put(value, "fact", by_owner=True)

    assert known.get(value.copy()) is None
    assert known.get(value + 0) is None


@pytest.mark.parametrize(
    "equal",
    [
        lambda a: a.copy(),
        lambda a: a.tolist(),
        lambda a: tuple(a.tolist()),
        pd.Series,
        lambda a: pd.Series(a, index=list("abcd"), name="p"),
        lambda a: a.astype("int64"),
        lambda a: a.astype("int8"),
        lambda a: a[::-1][::-1],
        lambda a: np.asfortranarray(a),
    ],
)
def test_equal_values_are_found_whatever_holds_them(equal: Any) -> None:
    known: Known[str] = Known()
    value = np.array([1.0, 0.0, 1.0, 1.0])

    known.put(value, "fact", by_content=True)

    assert known.equal_to(equal(value)) == ["fact"]


@pytest.mark.parametrize(
    "other", [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.1], [], 1, "1011", None, {1: 2}]
)
def test_other_values_are_not_found(other: object) -> None:
    known: Known[str] = Known()

    known.put(np.array([1.0, 0.0, 1.0, 1.0]), "fact", by_content=True)

    assert known.equal_to(other) == []


def test_text_is_content_too() -> None:
    known: Known[str] = Known()

    known.put(np.array(["a", "b"]), "fact", by_content=True)

    assert known.equal_to(["a", "b"]) == ["fact"]
    assert known.equal_to(np.array(["a", "b"], dtype=object)) == ["fact"]
    assert known.equal_to(["ab", ""]) == []
    assert known.equal_to(pd.Series(["a", "b"])) == ["fact"]


ODD = {
    "ragged": [1, [2, 3]],
    "none": [1, None],
    "mixed": [1, "a"],
    "huge": [10**400],
    "object": [1, object()],
    "nested": [[1], [2, 3]],
    "nan": [float("nan")],
    "complex": np.array([1 + 2j]),
    "dates": np.array(["2020"], "M8[Y]"),
    "nullable": pd.Series([1, None], dtype="Int64"),
    "categories": pd.Series(pd.Categorical(["a", "b"])),
    "lists in a Series": pd.Series([[1], [2, 3]]),
    "scalar": np.array(1.0),
    "empty": np.array([]),
    "flat": np.zeros((2, 0)),
    "masked": np.ma.masked_array([1, 2], [True, False]),
    "records": np.zeros(2, dtype=[("a", int)]),
    "frame": pd.DataFrame({"a": [1]}),
    "not a time": pd.NaT,
    "text": "text",
    "bytes": b"bytes",
    "range": range(3),
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_no_value_is_a_fault(value: object) -> None:
    known: Known[str] = Known()

    known.put(value, "fact", by_owner=True, by_content=True)

    assert known.get(value) in ("fact", None)
    assert known.equal_to(value) in ([], ["fact"])


def test_digest_of_a_person_is_not_asked_for() -> None:
    class Hostile:
        def __array__(self, *_: object) -> object:
            raise AssertionError("the person's code ran")

        def __len__(self) -> int:
            raise AssertionError("the person's code ran")

    assert content_digest(Hostile()) is None


def test_nothing_is_kept_alive() -> None:
    known: Known[str] = Known()
    values = [np.arange(4.0), pd.Series([1.0, 2.0]), pd.DataFrame({"a": [1]})]
    views = [values[0][1:]]  # type: ignore[index]  # an array
    watched = [weakref.ref(value) for value in values]
    for value in (*values, *views):
        known.put(value, "fact", by_owner=True, by_content=True)

    del values, views, value
    gc.collect()

    assert [found() for found in watched] == [None, None, None]
    assert known.alive() == []
    assert known._by_id == {}


def test_a_view_alone_stays_known_when_its_owner_has_no_name() -> None:
    known: Known[str] = Known()
    view = np.arange(6.0)[1:4]

    known.put(view, "fact", by_owner=True)
    gc.collect()

    assert known.get(view) == "fact"
    assert known.get(view[1:]) == "fact"


def test_another_object_at_the_same_place_has_no_fact() -> None:
    known: Known[int] = Known()

    class Thing:
        pass

    reused = 0
    for number in range(500):
        thing = Thing()
        reused += known._by_id.get(id(thing)) is not None
        assert known.get(thing) is None
        known.put(thing, number)
        assert known.get(thing) == number
        del thing

    assert reused == 0
    assert known._by_id == {}


def test_object_that_outlives_a_cycle_is_forgotten_at_once() -> None:
    known: Known[str] = Known()

    class Node:
        def __init__(self) -> None:
            self.me = self

    known.put(Node(), "fact")
    gc.collect()

    assert known.alive() == []


def test_what_can_not_be_referred_to_weakly_is_found_by_content() -> None:
    known: Known[str] = Known()
    value = [1, 2, 3]

    known.put(value, "fact", by_content=True)

    assert known.get(value) is None
    assert known.equal_to([1, 2, 3]) == ["fact"]


def test_alive_are_the_objects_with_their_facts() -> None:
    known: Known[str] = Known()
    one, two = np.arange(2), np.arange(3)

    known.put(one, "one")
    known.put(two, "two")

    assert sorted(fact for _, fact in known.alive()) == ["one", "two"]
    assert any(value is one for value, _ in known.alive())


def test_equal_contents_do_not_pile_up() -> None:
    known: Known[str] = Known()

    for _ in range(3000):
        known.put(np.array([1.0, 2.0]), "the same fact", by_content=True)

    assert sum(map(len, known._by_content.values())) < 100


def test_contents_are_bounded_and_the_newest_stay() -> None:
    known: Known[int] = Known()

    for number in range(6000):
        known.put(np.array([float(number)]), number, by_content=True)

    assert len(known._by_content) <= 4096
    assert known.equal_to([5999.0]) == [5999]
    assert known.equal_to([0.0]) == []


def test_content_that_is_put_again_is_not_the_oldest() -> None:
    known: Known[str] = Known()
    known.put([1.5], "often", by_content=True)

    for number in range(6000):
        known.put([float(number)], "once", by_content=True)
        if number % 100 == 0:
            known.put([1.5], "often", by_content=True)

    assert "often" in known.equal_to([1.5])


@given(st.lists(st.integers(-(2**31), 2**31) | st.floats(width=32, allow_nan=False), min_size=1))
def test_list_and_array_have_one_digest(values: list[float]) -> None:
    assert (
        content_digest(values) == content_digest(np.array(values, dtype="float64")) == content_digest(pd.Series(values))
    )


@given(st.lists(st.booleans() | st.integers(0, 3), min_size=1), st.lists(st.integers(0, 3), min_size=1))
def test_digests_are_equal_only_for_equal_values(one: list[int], other: list[int]) -> None:
    assert (content_digest(one) == content_digest(other)) == (one == other)


def test_numpy_is_not_imported_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy")

    assert content_digest([1, 2]) is None
    assert "numpy" not in sys.modules
