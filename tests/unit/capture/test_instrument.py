"""A watched function is the function that it was, to everything that can be asked of it."""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import linecache
import pickle
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.instrument import Instruments


@dataclass
class Told:
    """A watch that writes down what it is told."""

    begun: list[str] = field(default_factory=list)
    ended: list[tuple[object, object]] = field(default_factory=list)

    def called(self, frame: FrameType) -> object:
        self.begun.append(frame.f_code.co_name)
        return len(self.begun)

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        self.ended.append((token, result))


@pytest.fixture
def instruments() -> Iterator[Instruments]:
    watched = Instruments()
    yield watched
    watched.remove_all()


def defined(source: str, name: str = "<watched>") -> dict[str, Any]:
    """Return the namespace of a source, with lines that tracebacks and `inspect` can read."""
    text = textwrap.dedent(source)
    filename = f"/nowhere/{abs(hash((text, name)))}.py"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": "watched"}
    exec(compile(text, filename, "exec"), namespace)
    return namespace


def functions_of(namespace: dict[str, Any]) -> list[FunctionType]:
    found = [value for value in namespace.values() if isinstance(value, FunctionType)]
    for value in list(namespace.values()):
        if isinstance(value, type):
            members = [getattr(member, "__func__", member) for member in vars(value).values()]
            found += [member for member in members if isinstance(member, FunctionType)]
    return found


def outcome(namespace: dict[str, Any], call: str) -> object:
    """Return what a call gives: the type and text of its result, or the whole text of its traceback."""
    filename = f"/nowhere/call-{abs(hash(call))}.py"
    linecache.cache[filename] = (len(call), None, [call], filename)
    try:
        return repr(eval(compile(call, filename, "eval"), namespace))
    except BaseException as error:  # noqa: BLE001  any error that the code of a case raises is compared
        return "".join(traceback.format_exception(error)).split("\n", 3)[3]


def read_cases() -> dict[str, tuple[str, str, int]]:
    cases = {}
    for block in Path(__file__).with_name("watched_functions.txt").read_text().split("\n## ")[1:]:
        title, _, rest = block.partition("\n")
        source, _, rest = rest.partition("\n-->\n")
        call, _, ends = rest.partition("\n==> ")
        cases[title] = (source, call, int(ends))
    return cases


CASES = read_cases()


@pytest.mark.parametrize("title", CASES)
def test_watched_function_does_what_it_did(title: str, instruments: Instruments) -> None:
    source, call, ends = CASES[title]
    expected = outcome(defined(source), call)
    namespace = defined(source)
    told = Told()

    is_watched = instruments.watch(namespace["f"], told)
    result = outcome(namespace, call)

    assert is_watched
    assert result == expected
    assert len(told.ended) == ends


@pytest.mark.parametrize("title", [title for title, (_, _, ends) in CASES.items() if ends == 0])
def test_traceback_is_the_same_when_everything_is_watched(title: str, instruments: Instruments) -> None:
    source, call, _ = CASES[title]
    expected = outcome(defined(source), call)
    namespace = defined(source)

    for function in functions_of(namespace):
        instruments.watch(function, Told())

    assert outcome(namespace, call) == expected


def test_result_and_token_are_handed_to_the_watch(instruments: Instruments) -> None:
    told = Told()
    namespace = defined("def f(a): return [a]")
    instruments.watch(namespace["f"], told)

    results = [namespace["f"](1), namespace["f"](2)]

    assert told.ended == [(1, [1]), (2, [2])]
    assert all(kept is given for (_, kept), given in zip(told.ended, results, strict=True))


def test_what_can_be_asked_of_a_function_stays(instruments: Instruments) -> None:
    namespace = defined(
        "def make(k):\n"
        "    def f(a: int, b=2, /, *c, d: 'str' = 'x', **e) -> float:\n"
        "        '''What it does.'''\n"
        "        return a + k\n"
        "    f.own = 1\n"
        "    return f\n"
        "f = make(1)\n"
    )
    function = namespace["f"]
    kept = ("__name__", "__qualname__", "__doc__", "__module__", "__defaults__", "__kwdefaults__", "__closure__",
            "__annotations__", "__dict__", "__globals__", "__hash__")  # fmt: skip

    def facts() -> list[object]:
        return [
            *(getattr(function, name) for name in kept),
            str(inspect.signature(function)),
            inspect.getsource(function),
            inspect.getsourcelines(function),
            repr(function),
            inspect.getfullargspec(function),
            function.__code__.co_varnames[: function.__code__.co_argcount + 1],
            function.__code__.co_flags,
        ]

    before = facts()
    instruments.watch(function, Told())

    assert [str(fact) for fact in facts()] == [str(fact) for fact in before]
    assert namespace["f"] is function


def test_variables_of_the_code_are_those_that_were_written(instruments: Instruments) -> None:
    function = defined("def f(a):\n    b = a\n    return b")["f"]

    instruments.watch(function, Told())

    assert function.__code__.co_varnames == ("a", "b")


def test_two_files_with_the_same_text_keep_their_names(tmp_path: Path, instruments: Instruments) -> None:
    text = "def f(a):\n    return a / 0\n"
    watched = []
    for name in ("one.py", "two.py"):
        namespace: dict[str, Any] = {}
        (tmp_path / name).write_text(text)
        exec(compile(text, str(tmp_path / name), "exec"), namespace)
        instruments.watch(namespace["f"], Told())
        watched.append(namespace["f"])

    with pytest.raises(ZeroDivisionError) as caught:
        watched[1](1)

    assert Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename).name == "two.py"


def test_endless_recursion_ends_as_it_did(instruments: Instruments) -> None:
    class Careful(Told):
        """Uses some frames of its own, as real watches do."""

        def called(self, frame: FrameType) -> object:
            return max(1, int("2"))

    def ending(namespace: dict[str, Any]) -> tuple[str, list[str], str]:
        try:
            namespace["f"](0)
        except RecursionError as error:
            frames = traceback.extract_tb(error.__traceback__)
            return frames[-1].filename, [frame.name for frame in frames[-3:]], type(error).__name__
        return ("", [], "")

    source = "def f(n):\n    return f(n + 1)"
    expected = ending(defined(source))
    namespace = defined(source)
    instruments.watch(namespace["f"], Careful())

    assert ending(namespace) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    yield 1",
        "async def f(): return 1",
        "async def f():\n    yield 1",
        "import types\n@types.coroutine\ndef f():\n    yield",
        "f = (lambda: (yield))",
    ],
)
def test_generators_and_coroutines_are_left_alone(source: str, instruments: Instruments) -> None:
    function = defined(source)["f"]
    code = function.__code__

    is_watched = instruments.watch(function, Told())

    assert not is_watched
    assert function.__code__ is code


@pytest.mark.parametrize("thing", [len, [].append, dict, "text", None, 3, types.SimpleNamespace(), Told().called])
def test_what_is_no_plain_function_is_left_alone(thing: object, instruments: Instruments) -> None:
    assert not instruments.watch(thing, Told())


def test_a_second_watch_of_a_function_is_refused(instruments: Instruments) -> None:
    function = defined("def f(): return 1")["f"]
    first, second = Told(), Told()

    answers = [instruments.watch(function, first), instruments.watch(function, second)]
    function()

    assert answers == [True, False]
    assert (len(first.ended), len(second.ended)) == (1, 0)


def test_remove_all_restores_the_very_code() -> None:
    instruments = Instruments()
    functions = [defined(source)["f"] for source, _, _ in CASES.values()]
    codes = [function.__code__ for function in functions]

    for function in functions:
        instruments.watch(function, Told())
    instruments.remove_all()

    assert all(function.__code__ is code for function, code in zip(functions, codes, strict=True))


def test_a_call_that_runs_while_the_code_is_restored_ends_well() -> None:
    instruments, told = Instruments(), Told()
    namespace = defined("def f(stop):\n    stop()\n    return 7")
    instruments.watch(namespace["f"], told)

    result = namespace["f"](instruments.remove_all)

    assert result == 7
    assert told.ended == [(1, 7)]


def test_a_class_that_is_deleted_is_collected(instruments: Instruments) -> None:
    namespace = defined("class A:\n    def fit(self):\n        super().__init__()")
    kind = namespace.pop("A")
    instruments.watch(kind.fit, Told())
    kind().fit()
    watched = weakref.ref(kind)

    del kind
    gc.collect()

    assert watched() is None


def test_redefining_a_class_again_and_again_keeps_nothing(instruments: Instruments) -> None:
    def sizes() -> int:
        gc.collect()
        return sum(isinstance(item, types.CodeType | FunctionType) for item in gc.get_objects()) + sum(
            len(value) for value in vars(instruments).values()
        )

    def define() -> None:
        kind = defined("class A:\n    def fit(self):\n        super().__init__()\n        return self")["A"]
        instruments.watch(kind.fit, Told())

    for _ in range(3):
        define()
    before = sizes()

    for _ in range(50):
        define()

    assert sizes() - before < 10


def test_arguments_and_result_live_no_longer_than_the_call(instruments: Instruments) -> None:
    class Thing:
        pass

    class Keeping(Told):
        def called(self, frame: FrameType) -> object:
            return dict(frame.f_locals)

        def returned(self, token: object, result: object, frame: FrameType) -> None:
            pass

    namespace = defined("def f(a, fails):\n    if fails:\n        raise ValueError\n    return a")
    instruments.watch(namespace["f"], Keeping())
    alive = []
    for fails in (False, True):
        thing = Thing()
        alive.append(weakref.ref(thing))
        with contextlib.suppress(ValueError):
            namespace["f"](thing, fails)
        del thing

    assert [found() for found in alive] == [None, None]


def test_pickle_by_reference_is_the_same(instruments: Instruments) -> None:
    before = pickle.dumps(textwrap.fill)
    code = textwrap.fill.__code__

    instruments.watch(textwrap.fill, Told())
    after = pickle.dumps(textwrap.fill)
    instruments.remove_all()

    assert after == before
    assert pickle.loads(after) is textwrap.fill
    assert textwrap.fill.__code__ is code


def test_copies_of_a_watched_function_are_the_function(instruments: Instruments) -> None:
    function = defined("def f(a): return a")["f"]
    instruments.watch(function, Told())

    assert copy.copy(function) is function
    assert copy.deepcopy({"f": function})["f"] is function


def test_a_class_of_the_notebook_travels_to_a_process_without_trackbook(
    tmp_path: Path, instruments: Instruments
) -> None:
    namespace = defined(
        """
        class Base:
            def __init__(self): self.steps = 1
        class Model(Base):
            def fit(self, xs):
                super().__init__()
                try:
                    for x in xs:
                        if x > 1:
                            return self
                    raise ValueError("none")
                finally:
                    self.steps += 1
        """
    )
    namespace["Model"].__module__ = namespace["Base"].__module__ = "__main__"
    told = Told()
    instruments.watch(namespace["Model"].fit, told)
    content = tmp_path / "model.pkl"
    content.write_bytes(cloudpickle.dumps(namespace["Model"]().fit([2])))

    script = textwrap.dedent(
        """
        import sys, pickle
        class Block:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "trackbook":
                    raise ImportError("blocked: " + name)
        sys.meta_path.insert(0, Block())
        model = pickle.load(open(sys.argv[1], "rb"))
        print(model.fit([0, 5]).steps)
        try:
            model.fit([0])
        except ValueError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(content)], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.stdout.split(), done.stderr) == (["2", "none"], "")


def test_threads_are_each_told_of_their_own_calls(instruments: Instruments) -> None:
    told = Told()
    function = defined("def f(a):\n    b = a\n    return b")["f"]
    instruments.watch(function, told)
    results: list[int] = []

    threads = [
        threading.Thread(target=lambda n=n: results.append(sum(map(function, range(n))))) for n in range(200, 208)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [sum(range(n)) for n in range(200, 208)]
    assert len(told.ended) == sum(range(200, 208))


def test_calls_go_on_while_another_thread_watches_and_restores() -> None:
    function = defined("def f(a):\n    b = a * 2\n    return b")["f"]
    code = function.__code__
    faults: list[object] = []
    is_over = threading.Event()

    def call() -> None:
        try:
            while not is_over.is_set():
                if function(3) != 6:
                    faults.append("wrong")
        except Exception as error:  # noqa: BLE001  whatever goes wrong in the thread is what is asked
            faults.append(error)

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for _ in range(100):
        instruments = Instruments()
        instruments.watch(function, Told())
        instruments.remove_all()
    is_over.set()
    for caller in callers:
        caller.join()

    assert faults == []
    assert function.__code__ is code


def test_is_watched_tells_the_exchanged_code_only(instruments: Instruments) -> None:
    function = defined("def f(): return 1")["f"]
    original = function.__code__

    instruments.watch(function, Told())

    assert instruments.is_watched(function.__code__)
    assert not instruments.is_watched(original)
    assert instruments.original_code(function) is original


STATEMENTS = (
    "if a > {n}: return {n}",
    "a += {n}",
    "for i in range({n}):\n        if i == a: return i",
    "try:\n        a = {n} // (a - {n})\n    except ZeroDivisionError:\n        return 'zero'",
    "with c(): a -= 1",
    "[a for a in range({n})]",
)


@given(st.lists(st.sampled_from(STATEMENTS), max_size=8), st.integers(-3, 12))
def test_any_function_gives_the_same_result(lines: list[str], argument: int) -> None:
    body = "".join(f"    {line.format(n=number)}\n" for number, line in enumerate(lines))
    source = f"from contextlib import nullcontext as c\ndef f(a):\n{body}    return a\n"
    expected = outcome(defined(source), f"f({argument})")
    namespace, instruments, told = defined(source), Instruments(), Told()

    instruments.watch(namespace["f"], told)

    assert outcome(namespace, f"f({argument})") == expected
    assert [repr(result) for _, result in told.ended] == [expected]


def test_a_watched_call_costs_little(instruments: Instruments) -> None:
    class Idle:
        def called(self, frame: FrameType) -> object:
            return None

        def returned(self, token: object, result: object, frame: FrameType) -> None:
            return None

    def best(function: Any) -> float:
        times = []
        for _ in range(5):
            begin = time.process_time()
            for _ in range(2000):
                function(1)
            times.append((time.process_time() - begin) / 2000)
        return min(times)

    function = defined("def f(a): return a")["f"]
    bare = best(function)
    instruments.watch(function, Idle())
    watched = best(function)

    assert watched - bare < 10e-6  # seconds; about 0.5e-6 on a machine at rest
