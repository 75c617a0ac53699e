"""Change marks: they move when the object changes, stay when it does not, and nothing notices that they were made."""

from __future__ import annotations

import functools
import io
import itertools
import random
import sqlite3
import sys
import threading
import types
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.code import cell_code
from trackbook.capture.marks import change_mark, set_code_lookup
from trackbook.capture.namespace import Namespace
from trackbook.capture.quiet import quiet


class Plain:
    shared: list[int] = []  # noqa: RUF012 (changed on purpose)

    def __init__(self, x: object = 1) -> None:
        self.x = x


class Slotted:
    __slots__ = ("a", "b")


@dataclass
class Trial:
    lr: float = 0.1
    history: list[float] = field(default_factory=list)


class Colour(Enum):
    RED = 1


class MyDict(dict[str, int]): ...


class MyList(list[int]): ...


class MyText(str): ...


class MyOrdered(OrderedDict[str, int]): ...


class MyError(Exception): ...


class MyArray(np.ndarray[Any, Any]): ...


class MyRandom(random.Random): ...


class Cached:
    @functools.cached_property
    def value(self) -> int:
        return 1


Point = namedtuple("Point", "x tags")


def add(a: int, b: int = 2) -> int:
    return a + b


def counter() -> Callable[[], int]:
    n = 0

    def step() -> int:
        nonlocal n
        n += 1
        return n

    return step


def fitted() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])


def frame() -> pd.DataFrame:
    return pd.DataFrame({"i": [1, 2], "f": [0.5, None], "s": ["x", None], "c": pd.Categorical(["u", "v"])})


def renamed_columns(df: pd.DataFrame) -> None:
    df.columns = ["i", "f", "s", "d"]


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "list": (lambda: [1, [2]], lambda v: v[1].append(3)),
    "long list": (lambda: list(range(100_000)), lambda v: v.__setitem__(99_999, 0)),
    "long list of texts": (lambda: [str(n) for n in range(100_000)], lambda v: v.__setitem__(70_000, "")),
    "dict": (lambda: {"a": 1}, lambda v: v.update(a=True)),
    "order of a dict": (lambda: {"a": 1, "b": 2}, lambda v: v.update(a=v.pop("a"))),
    "set": (lambda: {1}, lambda v: v.add(2)),
    "deque": (lambda: deque([1, 2]), lambda v: v.rotate(1)),
    "defaultdict": (lambda: defaultdict(list), lambda v: v["k"]),
    "ordered dict": (lambda: OrderedDict(a=1, b=2), lambda v: v.move_to_end("a")),
    "bytearray": (lambda: bytearray(b"ab"), lambda v: v.append(0)),
    "instance": (Plain, lambda v: setattr(v, "x", 2)),
    "instance in an instance": (lambda: Plain(Plain([])), lambda v: v.x.x.append(1)),
    "new attribute": (Plain, lambda v: setattr(v, "y", None)),
    "slots": (Slotted, lambda v: setattr(v, "b", 2)),
    "dataclass": (Trial, lambda v: v.history.append(0.5)),
    "class attribute": (lambda: types.new_class("A", (Plain,)), lambda v: setattr(v, "lr", 2)),
    "method": (lambda: types.new_class("A", (Plain,)), lambda v: setattr(v, "run", lambda self: 3)),
    "class of an instance": (Plain, lambda v: setattr(v, "__class__", Trial)),
    "dict subclass": (lambda: MyDict(a=1), lambda v: v.update(a=2)),
    "list subclass": (lambda: MyList([1]), lambda v: v.append(2)),
    "ordered dict subclass": (lambda: MyOrdered(a=1, b=2), lambda v: v.move_to_end("a")),
    "text subclass": (lambda: MyText("a"), lambda v: setattr(v, "note", 1)),
    "error": (lambda: MyError("a"), lambda v: setattr(v, "args", ("b",))),
    "namedtuple": (lambda: Point(1, []), lambda v: v.tags.append(1)),
    "array": (lambda: np.zeros(3), lambda v: v.__setitem__(0, 1)),
    "non-contiguous array": (lambda: np.zeros((4, 4))[::2, ::2], lambda v: v.__setitem__((0, 0), 1)),
    "array's shape": (lambda: np.zeros(4), lambda v: setattr(v, "shape", (2, 2))),
    "array subclass": (lambda: np.zeros(3).view(MyArray), lambda v: v.__setitem__(0, 1)),
    "object array": (lambda: np.array(["a", 1, None], dtype=object), lambda v: v.__setitem__(1, 1.0)),
    "object array of lists": (lambda: np.array([[1], [2, 3]], dtype=object), lambda v: v[0].append(1)),
    "structured array": (lambda: np.zeros(2, dtype=[("a", "i4"), ("b", "O")]), lambda v: v["b"].__setitem__(0, 1)),
    "masked array": (lambda: np.ma.array([1, 2], mask=[0, 1]), lambda v: v.__setitem__(0, np.ma.masked)),
    "dates": (lambda: np.array(["2020-01-01"], dtype="M8[D]"), lambda v: v.__setitem__(0, "2021-01-01")),
    "frame's value": (frame, lambda v: v.__setitem__("f", [0.5, 0.6])),
    "frame's text": (frame, lambda v: v.loc.__setitem__((0, "s"), "y")),
    "frame's column": (frame, lambda v: v.insert(0, "n", 1)),
    "frame's column names": (frame, renamed_columns),
    "frame's dtype": (frame, lambda v: v.__setitem__("i", v["i"].astype("int32"))),
    "frame's index": (frame, lambda v: setattr(v, "index", [1, 2])),
    "frame's attrs": (frame, lambda v: v.attrs.update(a=1)),
    "wide array's frame": (lambda: pd.DataFrame(np.zeros((3, 2))), lambda v: v.iloc.__setitem__((2, 1), 1.0)),
    "frame of dates": (
        lambda: pd.DataFrame({"a": pd.date_range("2020", periods=2), "b": pd.date_range("2020", periods=2)}),
        lambda v: v.loc.__setitem__((0, "b"), pd.Timestamp("2021")),
    ),
    "series": (lambda: pd.Series([1, 2]), lambda v: v.__setitem__(0, 9)),
    "series' name": (lambda: pd.Series([1, 2]), lambda v: setattr(v, "name", "n")),
    "categorical": (lambda: pd.Categorical(["a", "b"]), lambda v: v.__setitem__(0, "b")),
    "model": (fitted, lambda v: v.coef_.__setitem__(0, 9.0)),
    "list iterator": (lambda: iter([1, 2]), next),
    "dict iterator": (lambda: iter({"a": 1}), next),
    "zip": (lambda: zip([1, 2], [3, 4], strict=True), next),
    "generator of numbers": (lambda: np.random.default_rng(1), lambda v: v.random()),
    "old generator of numbers": (lambda: np.random.RandomState(1), lambda v: v.rand()),
    "random": (lambda: random.Random(1), lambda v: v.random()),
    "random subclass": (lambda: MyRandom(1), lambda v: v.random()),
    "closure": (counter, lambda v: v()),
    "default": (lambda: types.FunctionType(add.__code__, {}, argdefs=([],)), lambda v: v.__defaults__[0].append(1)),
    "function's attribute": (counter, lambda v: setattr(v, "tag", 1)),
    "partial": (lambda: functools.partial(add, []), lambda v: v.args[0].append(1)),
    "bound method": (lambda: Plain([]).x.append, lambda v: v(1)),
    "string file": (io.StringIO, lambda v: v.write("a")),
    "mapping proxy": (lambda: types.MappingProxyType({"a": []}), lambda v: v["a"].append(1)),
}


@pytest.mark.parametrize("title", CHANGES)
def test_the_mark_moves_with_the_object_and_only_then(title: str) -> None:
    make, change = CHANGES[title]
    value = make()
    before = change_mark(value)

    assert before is not None
    assert change_mark(value) == before

    change(value)

    assert change_mark(value) not in (before, None)


@pytest.mark.parametrize(
    "make",
    [
        lambda: (n for n in range(3)),
        lambda: itertools.count(),
        lambda: itertools.cycle([1]),
        lambda: map(str, (n for n in range(3))),
        lambda: threading.Lock(),
        lambda: [threading.Lock()],
        lambda: sqlite3.connect(":memory:"),
        lambda: open(sys.executable, "rb"),  # noqa: SIM115 (closed below)
        lambda: sys._getframe(),
        lambda: memoryview(bytearray(3)),
        lambda: Plain(n for n in range(3)),
    ],
)
def test_what_can_not_be_read_has_no_mark(make: Callable[[], Any]) -> None:
    value = make()

    mark = change_mark(value)

    if hasattr(value, "close"):
        value.close()
    assert mark is None


KINDS = [
    *(sys, np, pd.DataFrame, pd.NA, pd.Timestamp("2020"), np.float64(1), np.add, None, 1j, ..., NotImplemented),
    *(print, len, str.upper, add, functools.lru_cache(add), property(add), Plain().__init__, TypeError),
    *(Plain, Colour, Colour.RED, Trial, Cached, Cached(), Point, types.SimpleNamespace(a=1)),
]


@pytest.mark.parametrize("value", KINDS, ids=lambda value: type(value).__name__)
def test_things_of_every_kind_have_a_mark(value: object) -> None:
    assert change_mark(value) is not None
    assert change_mark(value) == change_mark(value)


def test_circles_end() -> None:
    circle: list[Any] = []
    plain = Plain(circle)
    circle += [plain, circle, Plain]

    assert change_mark(circle) == change_mark(circle) is not None


def test_a_class_whose_methods_mention_it_has_a_mark() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("class A:\n    def __init__(self): super().__init__()\n    def same(self): return __class__", names)

    assert change_mark(names["A"]) is not None


def test_depth_beyond_the_recursion_limit_has_no_mark() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert change_mark(deep) is None


def test_a_function_is_its_code_and_not_the_globals_that_it_mentions() -> None:
    names: dict[str, Any] = {"__name__": "__main__", "k": 1}
    exec("def f(): return k", names)
    before = change_mark(names["f"])
    names["k"] = 2
    with_other_global = change_mark(names["f"])
    exec("def f(): return k + 0", names)

    assert with_other_global == before
    assert change_mark(names["f"]) != before


def test_a_function_moved_to_another_line_has_the_same_mark() -> None:
    marks = set()
    for source in ("def f(a): return a + 1", "\n\ndef f(a): return a + 1"):
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(source, names)
        marks.add(change_mark(names["f"]))

    assert len(marks) == 1


def test_an_instrumented_function_is_marked_by_its_original_code() -> None:
    step = counter()
    assert isinstance(step, types.FunctionType)
    before, original = change_mark(step), step.__code__
    set_code_lookup({step: original}.get)
    try:
        step.__code__ = original.replace(co_name="replaced", co_consts=(*original.co_consts, "replaced"))
        during = change_mark(step)
    finally:
        set_code_lookup(None)

    assert during == before
    assert change_mark(step) != before


def test_reading_a_frame_that_makes_pandas_rearrange_it_keeps_the_mark() -> None:
    df = pd.DataFrame({"a": [1.5, 2.5]})
    for n in range(5):
        df[f"b{n}"] = [n + 0.5, 2.5]
    wide = pd.DataFrame(np.arange(6.0).reshape(3, 2))
    wide["c"] = 1.5
    before = [change_mark(table) for table in (df, wide)]

    for table in (df, wide):
        table._consolidate_inplace()
        assert len(table._mgr.blocks) == 1

    assert [change_mark(table) for table in (df, wide)] == before


def fitted_neighbours() -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1).fit([[1.0], [2.0]], [0, 1])


def fitted_on_the_global_generator() -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=2).fit([[1.0], [2.0], [3.0]], [0, 1, 1])


DATED = pd.DataFrame({"a": [1, 2, 3]}, index=pd.date_range("2020-01-01", periods=3))
READS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "neighbours": (fitted_neighbours, lambda v: v.predict([[1.5]])),
    "global generator": (fitted_on_the_global_generator, lambda v: np.random.rand()),
    "masked array": (lambda: np.ma.array([1.5, 2.0], mask=[0, 1]), repr),
    "frame of dates": (DATED.copy, lambda v: (v.loc["2020-01-02"], v.resample("D").sum())),
    "rolling": (lambda: DATED.rolling(2), lambda v: v.mean()),
    "categorical": (lambda: pd.Series(["a"], dtype="category"), lambda v: (v.value_counts(), repr(v))),
    "frame": (frame, lambda v: (v.describe(include="all"), v.to_html(), v.index.is_unique, v.columns.get_loc("s"))),
    "model": (fitted, lambda v: (v.predict([[1.0]]), repr(v), v._repr_html_(), v.get_params())),
    "dict": (lambda: {"a": [1]}, lambda v: (v["a"], v.get("b"), sorted(v), repr(v))),
}


@pytest.mark.parametrize("title", READS)
def test_what_is_only_read_keeps_its_mark(title: str) -> None:
    make, read = READS[title]
    value = make()
    before = change_mark(value)

    read(value)

    assert change_mark(value) == before is not None


def test_a_groupby_object_that_is_only_read_keeps_its_mark() -> None:
    groups = pd.DataFrame({"a": [1, 1], "b": [1, 2]}).groupby("a")
    before = change_mark(groups)

    groups["b"].sum()
    groups.size()

    assert change_mark(groups) == before is not None


# Nothing notices.

HOSTILE = """
class Meta(type):
    def __getattribute__(cls, name): calls.append(("Meta", name)); return super().__getattribute__(name)
    def __eq__(cls, other): calls.append("Meta.__eq__"); return True
    def __hash__(cls): calls.append("Meta.__hash__"); return 1
    def __instancecheck__(cls, obj): calls.append("Meta.__instancecheck__"); return True

class Hostile(metaclass=Meta):
    def __init__(self): object.__setattr__(self, "x", [1])
    def __eq__(self, other): calls.append("eq"); raise RuntimeError
    def __hash__(self): calls.append("hash"); return 1
    def __bool__(self): calls.append("bool"); raise RuntimeError
    def __len__(self): calls.append("len"); raise RuntimeError
    def __iter__(self): calls.append("iter"); raise RuntimeError
    def __repr__(self): calls.append("repr"); raise RuntimeError
    def __getattr__(self, name): calls.append(("getattr", name)); raise RuntimeError
    def __getattribute__(self, name): calls.append(("getattribute", name)); raise RuntimeError
    def __reduce__(self): calls.append("reduce"); raise RuntimeError
    def __reduce_ex__(self, protocol): calls.append("reduce_ex"); raise RuntimeError
    def __getstate__(self): calls.append("getstate"); raise RuntimeError
    def __getnewargs__(self): calls.append("getnewargs"); raise RuntimeError
    def __sizeof__(self): calls.append("sizeof"); raise RuntimeError
    def __array__(self): calls.append("array"); raise RuntimeError
    def __buffer__(self, flags): calls.append("buffer"); raise RuntimeError
    @property
    def __class__(self): calls.append("class"); raise RuntimeError
    @property
    def __dict__(self): calls.append("dict"); raise RuntimeError
    @property
    def lazy(self): calls.append("lazy"); raise RuntimeError

class HostileList(list):
    def __iter__(self): calls.append("iter"); raise RuntimeError
    def __len__(self): calls.append("len"); raise RuntimeError
    def __getitem__(self, n): calls.append("getitem"); raise RuntimeError
    def __reduce_ex__(self, protocol): calls.append("reduce_ex"); raise RuntimeError

class HostileDict(dict):
    def items(self): calls.append("items"); raise RuntimeError
    def __iter__(self): calls.append("iter"); raise RuntimeError
    def __reduce_ex__(self, protocol): calls.append("reduce_ex"); raise RuntimeError

class HostileRandom(__import__("random").Random):
    def __reduce__(self): calls.append("reduce"); raise RuntimeError
    def getstate(self): calls.append("getstate"); raise RuntimeError
"""


def hostile() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__", "calls": []}
    exec(HOSTILE, names)
    return names


@pytest.mark.parametrize(
    "expression",
    [
        *("Hostile()", "[Hostile()]", "{'a': Hostile()}", "{Hostile(): 1}", "Hostile", "Hostile.lazy"),
        *("HostileList([1])", "HostileDict(a=1)"),
    ],
)
def test_marking_runs_none_of_the_persons_code(expression: str) -> None:
    names = hostile()
    value = eval(expression, names)
    names["calls"].clear()

    mark = change_mark(value)

    assert names["calls"] == []
    assert mark is not None


def test_arrays_of_hostile_objects_are_marked_from_outside() -> None:
    names = hostile()
    array = np.empty(2, dtype=object)
    array[0] = names["Hostile"]()
    names["calls"].clear()

    mark = change_mark(array)

    assert names["calls"] == []
    assert mark is not None


def test_state_that_only_the_persons_code_could_give_is_not_marked() -> None:
    names = hostile()
    value = names["HostileRandom"](1)
    names["calls"].clear()

    assert change_mark(value) is None
    assert names["calls"] == []


def test_watching_a_cell_runs_none_of_the_persons_code() -> None:
    names = hostile()
    names.update(h=names["Hostile"](), many=names["HostileList"]([1]), k=names["HostileDict"](a=1))
    names["both"] = [names["h"], names["k"]]
    names["calls"].clear()
    namespace = Namespace(names)

    for source in ("print(h, many, k)", "x = h", "exec('h')"):
        namespace.before(cell_code(source))
        namespace.after()

    assert names["calls"] == []


def test_a_hostile_object_that_changes_has_another_mark() -> None:
    names = hostile()
    value = names["Hostile"]()
    before = change_mark(value)

    object.__setattr__(value, "y", 2)

    has_moved = change_mark(value) != before  # pytest would show the object
    assert has_moved


def test_marking_moves_no_random_state_and_no_iterator() -> None:
    rng, old, numbers = np.random.default_rng(1), np.random.RandomState(1), iter([1, 2])
    twin = np.random.default_rng(1)
    states = random.getstate(), old.get_state()[1].tolist()

    for value in (rng, old, numbers, random, np.random):
        change_mark(value)

    assert (random.getstate(), old.get_state()[1].tolist()) == states
    assert rng.random() == twin.random()
    assert next(numbers) == 1


class Warns:
    """Stands for an object of a library whose pickling warns."""

    def __reduce__(self) -> tuple[Any, ...]:
        warnings.warn("pickling this is deprecated", DeprecationWarning, stacklevel=1)
        return (int, ())


Warns.__module__ = "json"  # so that it passes for a library's


@pytest.fixture
def shown_warnings() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        yield shown


def test_what_warns_has_no_mark_and_the_warning_is_kept_for_the_person(shown_warnings: list[Any]) -> None:
    value = Warns()
    filters = list(warnings.filters)

    mark = change_mark(value)

    assert mark is None
    assert shown_warnings == []
    assert warnings.filters == filters
    value.__reduce__()
    assert [str(warning.message) for warning in shown_warnings] == ["pickling this is deprecated"]


def test_warnings_of_other_threads_pass_while_it_is_quiet(shown_warnings: list[Any]) -> None:
    with quiet() as kept:
        thread = threading.Thread(target=warnings.warn, args=("from a thread",))
        thread.start()
        thread.join()
        warnings.warn("from here", stacklevel=1)

    assert [str(warning.message) for warning in shown_warnings] == ["from a thread"]
    assert [str(message) for message in kept] == ["from here"]


def test_a_lazy_property_is_not_filled() -> None:
    value = Cached()

    change_mark(value)

    assert value.__dict__ == {}


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(_values, _values)
def test_equal_marks_mean_equal_values(one: Any, other: Any) -> None:
    assert change_mark(one) is not None
    if change_mark(one) == change_mark(other):
        assert repr(one) == repr(other)
