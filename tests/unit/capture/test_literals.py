"""What a person wrote into the code counts as chosen; what is computed, or about to be filled, does not."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.literals import (
    MISSING,
    Missing,
    assigned_literals,
    code_text,
    is_literal_iterable,
    literal_value,
    target_names,
)
from trackbook.records import decode, encode


def read_cases() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("literals.txt").read_text().splitlines()
    return [(code, wanted) for code, _, wanted in (line.rpartition(" => ") for line in lines)]


CASES = read_cases()


def expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def statement(code: str) -> ast.stmt:
    return ast.parse(code).body[0]


@pytest.mark.parametrize(("code", "wanted"), CASES)
def test_value_of_an_expression(code: str, wanted: str) -> None:
    value = literal_value(expression(code))

    if wanted == "-":
        assert value is MISSING
    else:
        assert value == json.loads(wanted)
        assert type(value) is type(json.loads(wanted))


def test_the_table_is_large() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("a = 1", {"a": 1}),
        ("a = b = 2", {"a": 2, "b": 2}),
        ("a, b = 1, 2", {"a": 1, "b": 2}),
        ("[a, b] = 1, x", {"a": 1}),
        ("a, (b, c) = 1, (2, 3)", {"a": 1, "b": 2, "c": 3}),
        ("a, b = 1, 2, 3", {}),
        ("a, *b = 1, 2", {"a": 1}),
        ("a: int = 1", {"a": 1}),
        ("a: int", {}),
        ("a = x", {}),
        ("a.b = 1", {"a.b": 1}),
        ("self.b = 1", {}),
        ("a['b'] = 1", {}),
        ("a += 1", {}),
        ("a = []", {}),
        ("if (n := 3) > x: pass", {"n": 3}),
        ("y = f(n := 4)", {"n": 4}),
        ("while (n := 5):\n    m = 6", {"n": 5}),
        ("for a in (1, 2): b = 3", {}),
        ("with f(n := 7) as h: pass", {"n": 7}),
        ("def f(a=1): b = 2", {}),
        ("class A:\n    b = 2", {"A.b": 2}),
        ("class A(B):\n    b = 2", {}),
        ("lambda: (n := 3)", {}),
    ],
)
def test_literals_that_a_statement_assigns(code: str, wanted: dict[str, object]) -> None:
    assert assigned_literals(statement(code)) == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("[1, 2]", True),
        ("(1, 2)", True),
        ("{1, 2}", True),
        ("{'a': 1}", True),
        ("{'a': 1}.items()", True),
        ("range(3)", True),
        ("range(1, 10, 2)", True),
        ("range(n)", False),
        ("enumerate([1, 2])", True),
        ("zip([1], (2,))", True),
        ("zip([1], xs)", False),
        ("reversed(range(3))", True),
        ("sorted({3, 1})", True),
        ("xs", False),
        ("[x]", False),
        ("[]", False),
        ("f([1])", False),
        ("d.items()", False),
        ("range()", False),
    ],
)
def test_loops_over_literals(code: str, wanted: bool) -> None:
    assert is_literal_iterable(expression(code)) is wanted


def test_names_of_targets() -> None:
    target = statement("a, (b, *c), d.e, f[g] = x").targets[0]  # type: ignore[attr-defined]  # an assignment

    assert sorted(target_names(target)) == ["a", "b", "c"]


def test_data_in_the_source_is_no_choice() -> None:
    assert literal_value(expression(f"[{', '.join(map(str, range(60_000)))}]")) is MISSING
    assert literal_value(expression("[\n" + "1,\n" * 2000 + "]")) is MISSING


def test_deep_nesting_is_no_literal_and_no_fault() -> None:
    nested: ast.expr = ast.Constant(1)
    for _ in range(5000):
        nested = ast.List([nested], ast.Load())
    for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
        setattr(nested, name, 1)

    assert literal_value(nested) is MISSING


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1),
    max_leaves=20,
)


@given(VALUES)
def test_what_a_person_can_write_is_read_and_kept(value: object) -> None:
    found = literal_value(expression(repr(value)))

    assert not isinstance(found, Missing)
    assert found == value
    assert decode(encode(found)) == value


OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "<<")
NUMBERS = st.sampled_from(["0", "1", "7", "1000000", "1e6", "0.5", "9", "1e308"])


@given(st.recursive(NUMBERS, lambda inner: st.tuples(inner, st.sampled_from(OPERATORS), inner).map(
    lambda parts: f"({' '.join(parts)})"), max_leaves=6))  # fmt: skip
def test_arithmetic_is_quick_and_can_be_kept(code: str) -> None:
    found = literal_value(expression(code))

    if not isinstance(found, Missing):
        assert decode(encode(found)) == found or found != found


def test_code_text_copies_nothing_that_others_hang_on_shared_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Heavy:
        def __deepcopy__(self, memo: object) -> object:
            raise AssertionError("copied what is not ours")

    statement = ast.parse("total = names[0] + len(names)").body[0]
    monkeypatch.setattr(statement.value.left.value.ctx, "parent", Heavy(), raising=False)  # type: ignore[attr-defined]

    assert code_text(statement) == "total = names[0] + len(names)"
