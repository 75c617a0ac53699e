"""Who made what is read: a table of blocks, and any program against what happens when it runs."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackbook.capture.flow import OUTSIDE, Flow, Node
from trackbook.capture.flow_builder import build_flow


@dataclass
class Case:
    """One block of the table: what is read where (line, name) and who made it, exactly or at least."""

    source: str
    changed: frozenset[str] = frozenset()
    reads: dict[tuple[int, str], tuple[set[int], bool]] = field(default_factory=dict)
    ends: dict[str, tuple[set[int], bool]] = field(default_factory=dict)


def read_cases() -> dict[str, Case]:
    cases = {}
    for block in Path(__file__).with_name("flow_blocks.txt").read_text().split("\n## ")[1:]:
        title, _, rest = block.partition("\n")
        source, _, expected = rest.partition("\n==>\n")
        changed = frozenset()
        if source.startswith("changed "):
            names, _, source = source.removeprefix("changed ").partition("\n")
            changed = frozenset(names.split())
        cases[title] = case = Case(source, changed)
        for line in expected.strip().splitlines():
            place, _, makers = line.partition(":")
            where, name = place.split()
            makes = {int(number) for number in makers.replace("+", "").split()}, makers.endswith("+")
            if where == "end":
                case.ends[name] = makes
            else:
                case.reads[int(where), name] = makes
    return cases


CASES = read_cases()


def flow_of(source: str) -> Flow:
    return build_flow(ast.parse(f"async def _():\n{_indented(source)}").body[0].body)  # type: ignore[attr-defined]


def _indented(source: str) -> str:
    return "".join(f" {line}\n" for line in source.splitlines())


def line_of(node: Node) -> int:
    return node.statement.lineno - 1


def makers(flow: Flow, indexes: frozenset[int]) -> set[int]:
    """Return lines, 0 for what was before the block."""
    return {0 if index == OUTSIDE else line_of(flow.nodes[index]) for index in indexes}


@pytest.mark.parametrize("title", CASES)
def test_maker_is_found(title: str) -> None:
    case = CASES[title]

    flow = flow_of(case.source).settled(case.changed)
    nodes = {line_of(node): node for node in flow.nodes}

    for (line, name), (wanted, is_least) in case.reads.items():
        found = makers(flow, nodes[line].reads[name])
        assert wanted <= found if is_least else wanted == found, (line, name, found)
    for name, (wanted, is_least) in case.ends.items():
        found = makers(flow, flow.exits.get(name, frozenset({OUTSIDE})))
        assert wanted <= found if is_least else wanted == found, ("end", name, found)


def test_the_table_is_large() -> None:
    assert len(CASES) >= 60


def test_control_is_the_header_that_a_statement_stands_under() -> None:
    flow = flow_of("if a:\n    for i in r:\n        x = 1\n    y = 2\nz = 3")

    controls = {line_of(node): node.control for node in flow.nodes}
    lines = {line: None if index is None else line_of(flow.nodes[index]) for line, index in controls.items()}

    assert lines == {1: None, 2: 1, 3: 2, 4: 1, 5: None}


def test_upstream_goes_back_to_what_came_from_outside() -> None:
    flow = flow_of("a = p\nb = a + q\nc = r\nd = b")

    nodes, outside = flow.upstream([(3, {"b"})])

    assert {line_of(flow.nodes[index]): names for index, names in nodes.items()} == {1: {"a"}, 2: {"b"}}
    assert outside == {"p", "q"}


def test_upstream_ends_where_it_is_stopped() -> None:
    flow = flow_of("a = p\nb = a\nc = b")

    nodes, outside = flow.upstream([(2, {"b"})], stop={1})

    assert set(nodes) == {1}
    assert outside == set()


def test_upstream_includes_what_decides() -> None:
    flow = flow_of("c = 1\nif c:\n    x = p\ny = x")

    nodes, outside = flow.upstream([(3, {"x"})])

    assert {line_of(flow.nodes[index]) for index in nodes} == {1, 2, 3}
    assert outside == {"p", "x"}


@pytest.mark.parametrize("statement", ["a = 1; b = a; c = b", "if a: b = a; c = b"])
def test_statements_of_one_line_are_told_apart(statement: str) -> None:
    flow = flow_of(f"{statement}\nd = c")

    node = flow.nodes[-1]
    (maker,) = [flow.nodes[index] for index in node.reads["c"] if index != OUTSIDE]

    assert ast.unparse(maker.statement) == "c = b"


def test_many_statements_are_read_in_time_that_grows_with_them() -> None:
    source = "\n".join(f"x{i} = x{i - 1} + x{max(i - 7, 0)}" for i in range(1, 1500))

    flow = flow_of(source)

    assert makers(flow, flow.nodes[-1].reads["x1498"]) == {1498}


# Any program: it is run with values that know who made them, and no true maker may be missing


@dataclass(eq=False)
class Value:
    """A value that knows the line that made it (0: before the program)."""

    line: int

    def __bool__(self) -> bool:
        return True


class RiskError(Exception):
    """What statements of the programs raise."""


class Turns:
    """Runs a program: decides its branches by given bits, and writes down who read what of whom."""

    def __init__(self, source: str, bits: list[bool]) -> None:
        self.bits = list(bits)
        self.read: set[tuple[int, str, int]] = set()
        self.namespace: dict[str, Any] = {name: Value(0) for name in "abcd"}
        tools = {
            "make": self.make,
            "choose": self.choose,
            "turns": self.turns,
            "risk": self.risk,
            "RiskError": RiskError,
        }
        self.namespace |= tools | {"calm": Calm}
        self.before = dict(self.namespace)
        try:
            exec(compile(source, "<program>", "exec"), self.namespace)
            self.is_complete = True
        except (RiskError, NameError):
            self.is_complete = False

    def choose(self) -> bool:
        return self.bits.pop() if self.bits else False

    def turns(self) -> list[int]:
        return list(range(1 + self.choose() if self.choose() else 0))

    def risk(self) -> None:
        if self.choose():
            raise RiskError

    def make(self, **read: Value) -> Value:
        line = self.line()
        for name, value in read.items():
            if isinstance(value, Value) and value.line != line:  # not what the same statement has just made
                self.read.add((line, name, value.line))
        return Value(line)

    @staticmethod
    def line() -> int:
        frame = sys._getframe(2)
        while frame.f_code.co_name != "<module>" and frame.f_back is not None:
            frame = frame.f_back
        return frame.f_lineno

    @property
    def changed(self) -> set[str]:
        return {name for name, value in self.namespace.items() if self.before.get(name) is not value}


class Calm:
    """A context that swallows the risk inside it."""

    def __enter__(self) -> Calm:
        return self

    def __exit__(self, kind: object, *_: object) -> bool:
        return kind is RiskError


NAMES = st.sampled_from("abcd")
Lines = st.SearchStrategy[list[str]]


ASSIGNMENTS = (
    "{t} = {c}",
    "{t}, {u} = {c}, {c}",
    "{t} = {c} if choose() else make({t}={t})",
    "choose() and ({t} := {c})",
    "{t} = (risk(), {c})[1]",
)


@st.composite
def assignments(draw: st.DrawFn) -> list[str]:
    target, reads = draw(NAMES), draw(st.lists(NAMES, max_size=2, unique=True))
    call = f"make({', '.join(f'{name}={name}' for name in reads)})"
    form = draw(st.sampled_from(ASSIGNMENTS))
    return [form.format(t=target, u=draw(NAMES.filter(lambda name: name != target)), c=call)]


def blocks(*, with_jumps: bool, in_loop: bool = False, depth: int = 2) -> Lines:
    simple = [assignments()]
    if with_jumps and in_loop:
        simple.append(st.sampled_from([["if choose(): break"], ["if choose(): continue"]]))
    if depth > 0:
        simple += compounds(
            blocks(with_jumps=with_jumps, in_loop=in_loop, depth=depth - 1),
            blocks(with_jumps=with_jumps, in_loop=True, depth=depth - 1),
        )
    return st.lists(st.one_of(simple), min_size=1, max_size=4).map(
        lambda parts: [line for part in parts for line in part]
    )


def compounds(inner: Lines, looped: Lines) -> list[Lines]:
    passes = ["except RiskError:", "    pass"]
    return [
        st.builds(lambda a: ["if choose():", *inside(a)], inner),
        st.builds(lambda a, b: ["if choose():", *inside(a), "else:", *inside(b)], inner, inner),
        st.builds(lambda a, n: [f"for {n} in [make() for _ in turns()]:", *inside(a)], looped, NAMES),
        st.builds(lambda a, b: ["for _ in turns():", *inside(a), "else:", *inside(b)], looped, inner),
        st.builds(lambda a: ["while choose():", *inside(a)], looped),
        st.builds(lambda a, b: ["try:", *inside(a), "except RiskError:", *inside(b)], inner, inner),
        st.builds(lambda a, b: ["try:", *inside(a), *passes, "finally:", *inside(b)], inner, inner),
        st.builds(lambda a: ["with calm():", *inside(a)], inner),
    ]


def inside(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


@st.composite
def uses_of_functions(draw: st.DrawFn) -> list[str]:
    """Return statements that define, hand on and call what reads names late."""
    read, target, function = draw(NAMES), draw(NAMES), draw(st.sampled_from("fgh"))
    other = draw(st.sampled_from("fgh"))
    inner = f"make({read}={read})"
    forms = (
        [f"def {function}():", f"    return {inner}"],
        [f"def {function}():", f"    global {target}", f"    {target} = {inner}"],
        [f"{function} = lambda: {inner}"],
        ["class K:", "    def __call__(self):", f"        return {inner}", f"{function} = K()"],
        ["def m():", f"    def inner(): return {inner}", "    return inner", f"{function} = m()"],
        [f"{function} = {other}"],
        [f"if choose(): {function} = {other}"],
        [f"{target} = {function}()"],
        [f"{target} = [{function}() for _ in turns()] and make()"],
        [f"{target} = {inner}"],
    )
    return list(draw(st.sampled_from(forms)))


def check(source: str, bits: list[bool]) -> None:
    ran = Turns(source, bits)
    flow = build_flow(ast.parse(source).body).settled(ran.changed)
    for line, name, maker in ran.read:
        there = [node.reads.get(name, frozenset()) for node in flow.nodes if node.statement.lineno == line]
        found = {0 if index == OUTSIDE else flow.nodes[index].statement.lineno for index in frozenset().union(*there)}
        assert maker in found, f"line {line} reads {name} of line {maker}, not of {sorted(found)}\n{source}"
    for name in "abcd" if ran.is_complete else "":
        exits = flow.exits.get(name, frozenset({OUTSIDE}))
        found = {0 if index == OUTSIDE else flow.nodes[index].statement.lineno for index in exits}
        value = ran.namespace.get(name)
        assert not isinstance(value, Value) or value.line in found, f"{name} is of {value.line}, not {found}\n{source}"


BITS = st.lists(st.booleans(), min_size=10, max_size=40)


@settings(max_examples=100, deadline=None)
@given(blocks(with_jumps=False), BITS)
def test_no_maker_is_missed(lines: list[str], bits: list[bool]) -> None:
    check("\n".join(lines), bits)


@settings(max_examples=100, deadline=None)
@given(blocks(with_jumps=True), BITS)
def test_no_maker_is_missed_with_jumps(lines: list[str], bits: list[bool]) -> None:
    check("\n".join(lines), bits)


@settings(max_examples=100, deadline=None)
@given(st.lists(uses_of_functions(), min_size=2, max_size=10), BITS)
def test_no_maker_is_missed_through_functions(parts: list[list[str]], bits: list[bool]) -> None:
    before = ["f = g = h = lambda: make()"]

    check("\n".join([*before, *(line for part in parts for line in part)]), bits)
