"""The pair of calls around a cell: reads, failures, state, costs, what is kept, and programs checked by an oracle."""

from __future__ import annotations

import contextlib
import gc
import random
import textwrap
import time
import warnings
import weakref
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trackbook.capture import recall
from trackbook.capture.code import cell_code
from trackbook.capture.namespace import Change, Namespace
from trackbook.capture.sharing import reach
from trackbook.capture.symbols import mentions, parse_cell


class Notebook:
    """A namespace whose cells run by `exec`, each between `before` and `after`."""

    def __init__(self, *cells: str) -> None:
        self.variables: dict[str, Any] = {"__name__": "__main__"}
        self.namespace = Namespace(self.variables)
        for cell in cells:
            self.run(cell)

    def run(self, source: str) -> Change:
        source = textwrap.dedent(source)
        self.namespace.before(cell_code(source))
        failed_line: int | None = None
        is_complete = False
        try:
            exec(compile(source, "<cell>", "exec"), self.variables)
            is_complete = True
        except Exception as error:  # noqa: BLE001 (any cell may raise anything)
            traceback = error.__traceback__
            assert traceback is not None
            assert traceback.tb_next is not None
            failed_line = traceback.tb_next.tb_lineno
        return self.namespace.after(is_complete=is_complete, failed_line=failed_line)


@pytest.mark.parametrize(
    ("cells", "cell", "reads"),
    [
        (["x = 1"], "y = x", "x"),
        (["x = 1"], "x = 2\ny = x", ""),
        (["x = 1"], "y = x\nx = 2", "x"),
        (["x = 1"], "x += 1", "x"),
        (["x = 1"], "if x: z = 1\nelse: z = 2\nw = z", "x"),
        (["z = 1", "c = True"], "if c: z = 2\nw = z", "c z"),
        (["z = 1", "c = True"], "if c: z = 2\nelse: raise ValueError\nw = z", "c"),
        (["x = 1", "i = 5"], "for i in range(3): x = i\nprint(i, x)", ""),
        (["x = 1"], "while False: x = 2\nprint(x)", "x"),
        (["x = 1"], "try: x = 2\nexcept ValueError: x = 3\nprint(x)", ""),
        (["x = 1"], "try: x = 2\nexcept ValueError: pass\nprint(x)", "x"),
        (["x = 1"], "with open('/dev/null') as f: x = 2\nprint(x)", ""),
        (["k = 3", "def f(): return k"], "y = f()", "f k"),
        (["k = 3", "def f(): return k"], "k = 4\ny = f()", "f"),
        (["k = 3", "def f(): return k"], "g = f", "f"),
        (["k = 3", "def f(): return k", "def g(): return f()"], "y = g()", "f g k"),
        (["k = 3", "def f(x): return x * k"], "y = list(map(f, [1]))", "f k"),
        (["k = 3"], "def f(): return k", ""),
        (["k = 3"], "def f(): return k\ny = f()", "k"),
        (["k = 3"], "def f(): return g()\ndef g(): return k\ny = f()", "k"),
        (["k = 3"], "y = (lambda: k)()", "k"),
        (["k = 3"], "class A:\n    v = k", "k"),
        (["k = 3", "class A:\n    def m(self): return k"], "a = A()", "A k"),
        (["k = 3", "class A:\n    def __add__(self, o): return k", "a = A()"], "y = a + 1", "a k"),
        (["k = 3", "def deco(f): return f"], "@deco\ndef g(): return k", "deco"),
        (["lim = 1", "df = None"], "df and df.query('a > @lim')", "df lim"),
        (["x = 1"], "print(missing) if False else x", "x"),
        (["a = 1", "b = 2"], "a, b = b, a", "a b"),
        (["x = [1]"], "x[0] = 2", "x"),
        (["x = 1"], "del x", ""),
        (["x = 1"], "y = [x for x in range(3)]", ""),
    ],
)
def test_reads_are_the_values_from_before_the_cell(cells: list[str], cell: str, reads: str) -> None:
    notebook = Notebook(*cells)

    change = notebook.run(cell)

    names = set(reads.split())
    names |= {"A"} & notebook.variables.keys() & set(change.reads)  # methods may mention their class
    assert set(change.reads) == names


def test_reached_from_follows_functions_through_containers_and_closures() -> None:
    notebook = Notebook(
        "k = 1; other = 2",
        "def scale(x): return x * k",
        "def make():\n    def inner(): return scale(other)\n    return inner",
        "steps = {'a': [make()]}",
    )

    reached = notebook.namespace.reached_from("steps")

    assert reached == {"scale", "other", "k"}
    assert notebook.namespace.reached_from("k") == frozenset()
    assert notebook.namespace.reached_from("missing") == frozenset()


def test_reached_from_sees_the_original_code_of_an_instrumented_function() -> None:
    from trackbook.capture.marks import set_code_lookup

    notebook = Notebook("k = 1", "def f(): return k")
    function: FunctionType = notebook.variables["f"]
    original = function.__code__
    function.__code__ = (lambda: None).__code__
    set_code_lookup({function: original}.get)
    try:
        notebook.namespace.forget()
        reached = notebook.namespace.reached_from("f")
    finally:
        set_code_lookup(None)

    assert reached == {"k"}


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("import random\nrandom.random()", ("random",)),
        ("import numpy as np\nnp.random.seed(3)", ("numpy.random",)),
        ("import numpy as np\nnp.random.randn()", ("numpy.random",)),
        ("import numpy as np\nnp.random.default_rng(1).random()", ()),
        ("import os\nos.environ['TRACKBOOK_TEST'] = 'a'", ("os.environ",)),
        ("import warnings\nwarnings.simplefilter('ignore')", ("warnings.filters",)),
        ("import pandas as pd\npd.set_option('display.max_rows', 7)", ("pandas.options",)),
        ("import matplotlib\nmatplotlib.rcParams['font.size'] = 7", ("matplotlib.rcParams",)),
        ("x = 1", ()),
        ("print('a')", ()),
    ],
)
def test_changed_state_of_modules_is_named(cell: str, state: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    monkeypatch.setenv("TRACKBOOK_TEST", "before")
    with warnings.catch_warnings(), pd.option_context("display.max_rows", 60), mpl.rc_context():
        change = Notebook().run(cell)

    assert change.state == state


def test_a_normal_drawn_from_the_spare_one_is_seen() -> None:
    notebook = Notebook("import numpy as np\nnp.random.seed(0)\nnp.random.randn()")

    change = notebook.run("np.random.randn()")

    assert change.state == ("numpy.random",)


def test_statements_below_the_failed_line_did_not_run() -> None:
    notebook = Notebook("a = 1; c = 3; xs = []")

    change = notebook.run("a = 1\nxs.append(1)\nraise ValueError\nc = 3")

    assert change.writes == ("a", "xs")


def test_a_cell_that_failed_at_an_unknown_line_is_compared() -> None:
    notebook = Notebook("a = 1; b = 2")
    notebook.namespace.before(cell_code("a = 5\nb = 2"))
    notebook.variables["a"] = 5

    change = notebook.namespace.after(is_complete=False)

    assert change.writes == ("a",)


def test_a_source_that_does_not_parse_and_does_not_run_changes_nothing() -> None:
    notebook = Notebook("a = [1]")
    notebook.namespace.before(None)

    change = notebook.namespace.after(is_complete=False)

    assert change == Change()


def test_a_source_that_only_ipython_understands_may_have_changed_anything() -> None:
    notebook = Notebook("a = [1]; n = 2", "a.append(2)")
    notebook.namespace.before(None)
    notebook.variables["a"].append(3)
    notebook.variables["new"] = 1

    change = notebook.namespace.after()

    assert change.writes == ("a", "new")


def test_hidden_names_are_never_reported() -> None:
    variables: dict[str, Any] = {"_": [1], "x": 1}
    namespace = Namespace(variables, hidden=lambda: {"_", "_i"})
    namespace.before(cell_code("_.append(x)\n_i = 3"))
    exec("_.append(x)\n_i = 3", variables)

    change = namespace.after()

    assert change == Change(reads=("x",))


def test_a_hidden_name_is_an_alias_all_the_same() -> None:
    shared = [1]
    variables: dict[str, Any] = {"_": shared, "xs": shared}
    namespace = Namespace(variables, hidden=lambda: {"_"})
    namespace.before(cell_code("_.append(2)"))
    shared.append(2)

    change = namespace.after()

    assert change.writes == ("xs",)


def test_a_change_between_cells_counts_as_the_next_cells() -> None:
    notebook = Notebook("xs = []", "xs.append(1)")
    notebook.variables["xs"].append("from a widget")

    change = notebook.run("len(xs)")

    assert change.writes == ("xs",)


def test_names_bound_by_others_than_cells_are_found_when_reached() -> None:
    notebook = Notebook("xs = []")
    notebook.variables["late"] = notebook.variables["xs"]

    change = notebook.run("late.append(1)")

    assert change.writes == ("late", "xs")


def test_the_namespace_stays_a_plain_dict_with_the_same_things_in_it() -> None:
    notebook = Notebook("xs = [1]; d = {'a': xs}", "xs.append(2)", "exec('y = 1')")

    assert type(notebook.variables) is dict
    assert set(notebook.variables) == {"__name__", "__builtins__", "xs", "d", "y"}


def test_objects_are_not_kept_alive() -> None:
    notebook = Notebook(
        "class Big: pass", "big = Big(); big.self = [big]; alias = big", "big.x = 1", "def f(): return big", "f()"
    )
    alive = weakref.ref(notebook.variables["big"])

    notebook.run("del big, alias")
    gc.collect()

    assert alive() is None


def test_an_old_object_is_freed_while_the_cell_runs() -> None:
    notebook = Notebook("import weakref\nclass Big: pass\nbig = Big()\nref = weakref.ref(big)")

    notebook.run("big = Big()\nfreed = ref() is None")

    assert notebook.variables["freed"]


def test_forget_drops_all_and_goes_on() -> None:
    notebook = Notebook("a = [1]; b = a")
    notebook.namespace.forget()
    for name in ("a", "b"):
        notebook.namespace.reached_from(name)

    change = notebook.run("a.append(2)")

    assert change.writes == ("a", "b")


def counted_marks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The values that get marked from now on, told by their length."""
    marked: list[object] = []
    original = recall.change_mark

    def change_mark(value: Any) -> bytes | None:
        marked.append(value)
        return original(value)

    monkeypatch.setattr(recall, "change_mark", change_mark)
    return marked


def test_only_what_the_cell_reaches_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(*(f"v{n} = [{n}]" for n in range(50)))
    marked = counted_marks(monkeypatch)

    notebook.run("v7.append(1)")

    assert len(marked) == 2  # before and after
    assert all(value is notebook.variables["v7"] for value in marked)


def test_a_mark_is_made_once_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook("xs = []", "xs.append(1)")
    marked = counted_marks(monkeypatch)

    notebook.run("xs.append(2)")

    assert len(marked) == 1


@pytest.mark.parametrize("cell", ["y = df['a'] * 2 + df['b']", "df", "n = 5", "df.shape", "def f(): return df.copy()"])
def test_a_cell_that_can_change_nothing_marks_nothing(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook("import pandas as pd", "df = pd.DataFrame({'a': [1], 'b': [2], 's': ['x']})")
    marked = counted_marks(monkeypatch)

    notebook.run(cell)

    assert marked == []


def test_independent_things_share_nothing() -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = np.arange(20.0).reshape(10, 2)
    target = np.arange(10) % 2
    makers = [
        lambda: pd.DataFrame({"a": [1.5], "s": ["x"], "t": pd.to_datetime(["2020-01-01"]), "c": pd.Categorical(["u"])}),
        lambda: pd.Series(["x"], index=["k"]),
        lambda: np.zeros(3),
        lambda: make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=2)).fit(features, target),
        lambda: np.random.default_rng(1),
        lambda: random.Random(1),
    ]

    for make in makers:
        one, other = make(), make()
        assert not reach(one, {}).held & reach(other, {}).held, one


def test_a_huge_container_still_knows_an_element_that_has_a_name() -> None:
    notebook = Notebook("rows = [{'i': [i]} for i in range(150_000)]", "row = rows[140_000]")
    assert reach(notebook.variables["rows"], {}).is_partial

    change = notebook.run("row['x'] = 1")

    assert change.writes == ("row", "rows")


def test_the_cost_does_not_grow_with_the_names() -> None:
    def seconds(count: int) -> float:
        notebook = Notebook("\n".join(f"v{n} = [{n}]" for n in range(count)))
        code = cell_code("v1.append(1)")
        best = float("inf")
        for _ in range(30):
            start = time.process_time()
            notebook.namespace.before(code)
            notebook.namespace.after()
            best = min(best, time.process_time() - start)
        return best

    assert seconds(3000) < 5 * seconds(10)


# Programs made at random, with an oracle that keeps and compares everything.

PRELUDE = """
import numpy as np
class Box:
    made = []
    def __init__(self, x=None): self.x = x
    def put(self, v): self.x = v
def poke(o): o.append(0) if isinstance(o, list) else o.update(k=0)
def make(o):
    n = 0
    def step():
        nonlocal n
        n += 1
        o.append(n)
    return step
def set_global():
    global a
    a = [7]
def poke_global(): b.append(1)
def keep(v, seen=[]): seen.append(v)
a = [1]; b = [2]; c = {"k": [3]}; d = Box([4]); e = np.arange(4); f = (a, b)
"""
NAMES = "abcdef"
TEMPLATES = [
    "{n} = [1, 2]",
    "{n} = {{'k': {m}}}",
    "{n} = {m}",
    "{n} = [{m}, {o}]",
    "{n} = ({m}, {o})",
    "{n} = Box({m})",
    "{n} = np.arange(4)",
    "{n} = {m}[1:]",
    "{n} = list({m})",
    "{n} = {m}[0]",
    "{n} = {m}['k']",
    "{n} = {m}.x",
    "{n} = {m}.append",
    "{n} = make({m})",
    "{n} = iter({m})",
    "{n} = (v for v in {m})",
    "{n}.append({m})",
    "{n}.append(5)",
    "{n}['k'] = {m}",
    "{n}['k'].append(3)",
    "{n}[0] = 9",
    "{n}[0].append(3)",
    "{n} += [8]",
    "{n} *= 2",
    "{n}.x = {m}",
    "{n}.x.append(1)",
    "{n}.put({m})",
    "{n}()",
    "next({n})",
    "poke({n})",
    "set_global()",
    "poke_global()",
    "keep({n})",
    "Box.made.append(1)",
    "len({n})",
    "{n}",
    "del {n}[0]",
    "del {n}",
    "for {n} in {m}: pass",
    "if len({n}) > 1: {m} = 3",
    "try:\n    {n}.append(1); {m} = 0\nexcept Exception: pass",
    "[v.append(1) for v in {n} if isinstance(v, list)]",
    "(lambda: {n}.append(2))()",
    "def g(): {n}.append(3)",
    "g()",
    "exec('{n}.append(4)')",
    "globals()['{n}'] = {m}",
]
statements = st.builds(
    lambda template, n, m, o: template.format(n=n, m=m, o=o),
    st.sampled_from(TEMPLATES),
    *(st.sampled_from(NAMES) for _ in range(3)),
)
cells = st.lists(st.lists(statements, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=5)


def content(value: Any, seen: dict[int, tuple[int, object]]) -> object:
    """All that a value holds, as plain text and tuples; written apart from what it checks."""
    if isinstance(value, int | str | bool | type(None)):
        return type(value).__name__, value
    if id(value) in seen:
        return "again", seen[id(value)][0]
    seen[id(value)] = len(seen), value  # kept, so that no other object gets its id
    if isinstance(value, list | tuple):
        return type(value).__name__, [content(item, seen) for item in value]
    if isinstance(value, dict):
        return "dict", [(content(k, seen), content(v, seen)) for k, v in value.items()]
    if isinstance(value, np.ndarray | np.generic):
        return "array", value.dtype.str, value.tobytes()
    if isinstance(value, FunctionType):
        closure = [content(cell.cell_contents, seen) for cell in value.__closure__ or ()]
        return "function", value.__code__.co_code, closure, content([value.__defaults__, value.__dict__], seen)
    if isinstance(value, type):
        return value.__name__, content(getattr(value, "made", None), seen)
    if type(value).__name__ == "Box":
        return "Box", content(value.x, seen)
    if hasattr(value, "__reduce__") and type(value).__name__.endswith("iterator"):
        try:
            return "iterator", [content(part, seen) for part in value.__reduce__()[1:]]
        except RuntimeError:  # of a dict that has grown
            return "broken iterator"
    if type(value).__name__ == "builtin_function_or_method":
        return value.__name__, content(getattr(value, "__self__", None), seen)
    return ("generator", value.gi_frame and value.gi_frame.f_lasti) if hasattr(value, "gi_frame") else str(type(value))


class Oracle(Notebook):
    """Runs the same cells without a tracker, and tells which names hold another content or another object."""

    def changed_by(self, source: str) -> tuple[set[str], set[str]]:
        before = {name: (value, content(value, {})) for name, value in self.variables.items()}
        with contextlib.suppress(Exception):  # the programs are random; most raise
            exec(compile(source, "<cell>", "exec"), self.variables)
        both = before.keys() & self.variables.keys()
        changed = before.keys() ^ self.variables.keys()
        changed |= {name for name in both if content(self.variables[name], {}) != before[name][1]}
        rebound = {name for name in both if self.variables[name] is not before[name][0]}
        return changed - {"__builtins__"}, rebound


@pytest.mark.parametrize("holder", ["{'k': e}", "(e, 1)", "({'k': (e,)}, 2)"])
def test_an_array_is_shared_by_containers_that_hold_nothing_else(holder: str) -> None:
    notebook = Notebook("import gc\nimport numpy as np\ne = np.arange(4)", f"a = {holder}", "_ = gc.collect()")

    change = notebook.run("e[0] = 9")

    assert change.writes == ("a", "e")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells)
def test_no_write_of_a_random_program_is_missed(program: list[str]) -> None:
    notebook, oracle = Notebook(PRELUDE), Oracle(PRELUDE)

    for cell in program:
        found = notebook.run(cell)
        changed, rebound = oracle.changed_by(cell)

        assert changed <= {*found.writes, *found.maybe}, program
        bound = mentions(parse_cell(cell)).binds
        assert set(found.writes) <= changed | rebound | bound, program
