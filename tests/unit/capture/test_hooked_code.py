from __future__ import annotations

import argparse
import ast
import difflib
import dis
import fractions
import inspect
import json.decoder
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType

import pytest
from trackbook.capture.hooked_code import with_hooks

GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
MODULES = (argparse, ast, dis, difflib, fractions, inspect, json.decoder, textwrap, traceback)


class Told:
    """Hooks that take note."""

    def __init__(self) -> None:
        self.open = 0
        self.results: list[object] = []

    def begin(self) -> str:
        self.open += 1
        return "token"

    def end(self, token: object, result: object) -> None:
        assert token == "token"
        self.results.append(result)

    def hooked(self, function: Callable[..., object]) -> FunctionType:
        assert isinstance(function, FunctionType)
        code = with_hooks(function.__code__, self.begin, self.end)
        return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    for found in list(vars(module).values()):
        for each in vars(found).values() if isinstance(found, type) else (found,):
            if isinstance(each, FunctionType) and not each.__code__.co_flags & GENERATORS:
                yield each


def steps(code: CodeType, hooks: tuple[int, ...] = ()) -> list[tuple[object, ...]]:
    """What the instructions of a function do and where they stand, without the calls of the hooks."""
    listed = [each for each in dis.get_instructions(code) if each.opname not in ("EXTENDED_ARG", "CACHE")]
    found: list[tuple[object, ...]] = []
    index = 0
    while index < len(listed):
        here = listed[index]
        first = next((each for each in listed[index : index + 2] if each.opname != "PUSH_NULL"), here)
        if hooks and here.opname in ("PUSH_NULL", "LOAD_CONST") and first.opname == "LOAD_CONST" and first.arg in hooks:
            index = next(n for n in range(index, len(listed)) if listed[n].opname == "CALL") + 1
            index += 3 if first.arg == hooks[1] else 0  # the token is dropped
            continue
        argument = None if here.opcode in dis.hasjrel else here.arg
        name = here.opname
        if name == "RETURN_CONST":
            found.append(("LOAD_CONST", argument, here.positions))
            name, argument = "RETURN_VALUE", 0
        found.append((name, argument or 0, here.positions))
        index += 1
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_all_but_the_hooks_stays_and_keeps_its_place_in_the_source(module: ModuleType) -> None:
    for function in functions_of(module):
        code = function.__code__

        hooked = with_hooks(code, None, None)

        assert steps(hooked, (len(code.co_consts), len(code.co_consts) + 1)) == steps(code), function


def test_hooked_libraries_do_what_they_did(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> list[str]:
        tree = ast.parse(inspect.getsource(textwrap) + inspect.getsource(fractions))
        parser = argparse.ArgumentParser()
        parser.add_argument("--x", type=int)
        return [
            ast.unparse(tree),
            textwrap.fill("the quick brown fox " * 20, 40),
            "\n".join(difflib.unified_diff(list("abcdef"), list("axcdfg"))),
            str(fractions.Fraction("3/7") ** 5),
            str(parser.parse_args(["--x", "3"])),
            str(json.decoder.JSONDecoder().decode('{"a": [1, 2.5, null], "b": "c"}')),
        ]

    expected, told = work(), Told()
    for module in (argparse, ast, difflib, fractions, inspect, json.decoder, textwrap):
        for function in functions_of(module):
            if function.__module__ == module.__name__:
                monkeypatch.setattr(function, "__code__", with_hooks(function.__code__, told.begin, told.end))

    assert work() == expected
    assert len(told.results) > 1000


def test_jumps_that_grow_over_a_byte_still_land() -> None:
    lines = ["def far(n):", "    total = 0", "    for i in range(n):"]
    for number in range(120):
        lines += [f"        if i == {number}:", f"            total += {number}", "            continue"]
        lines += [f"        if n < -{number}:", f"            return {number}.5"]
    namespace: dict[str, Callable[[int], object]] = {}
    exec("\n".join([*lines, "    return total"]), namespace)
    told = Told()

    far = told.hooked(namespace["far"])

    assert [far(n) for n in (0, 5, 121, 300)] == [namespace["far"](n) for n in (0, 5, 121, 300)]
    assert len(told.results) == 4


def test_errors_are_caught_where_they_were_and_the_stack_is_right_after() -> None:
    def caught(n: int) -> object:
        with_list = []
        try:
            for i in range(3):
                try:
                    if i == n:
                        raise ValueError(i)
                    with_list.append([j + 1 for j in range(i)])
                finally:
                    with_list.append(i)
            return with_list
        except ValueError as error:
            return ("caught", error.args, with_list)
        finally:
            with_list.append("done")

    told = Told()
    hooked = told.hooked(caught)

    assert [hooked(n) for n in range(5)] == [caught(n) for n in range(5)]
    assert (told.open, len(told.results)) == (5, 5)


def test_a_traceback_names_the_lines_and_columns_that_it_named() -> None:
    def fails(values: list[int]) -> int:
        first = values[0]
        return first + values[5]

    def lines(function: Callable[[list[int]], int]) -> list[object]:
        try:
            function([1])
        except IndexError as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            return [frame.lineno, frame.end_lineno, frame.colno, frame.end_colno, frame.line]
        return []

    assert lines(Told().hooked(fails)) == lines(fails) != []


def test_lines_are_traced_as_they_were() -> None:
    def loops(n: int) -> int:
        total = 0
        while n:
            n -= 1
            if n % 2:
                continue
            total += n
        return total

    def traced(function: Callable[[int], object]) -> list[int]:
        seen: list[int] = []

        def look(frame: object, event: str, argument: object) -> object:
            if event == "line" and getattr(frame, "f_code", None) is function.__code__:
                seen.append(frame.f_lineno)  # type: ignore[attr-defined]  # it is a frame
            return look

        before = sys.gettrace()
        sys.settrace(look)  # type: ignore[arg-type]  # its own type is recursive
        try:
            function(5)
        finally:
            sys.settrace(before)
        return seen

    def begin() -> None:
        return None

    def end(token: object, result: object) -> None:
        return None

    hooked = FunctionType(with_hooks(loops.__code__, begin, end), globals())

    assert traced(hooked) == traced(loops) != []
