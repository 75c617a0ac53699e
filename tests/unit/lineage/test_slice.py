"""Which parts of a session make a run, over parts written as short lines."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.lineage.slice import Needed, Part, hidden_key, needed_parts
from trackbook.lineage.slicing_effects import PLOTS, effects_of, file_effects
from trackbook.lineage.slicing_scope import Scope, may_be_iterator
from trackbook.lineage.slicing_touches import touches_of
from trackbook.records import Source


def parts(*lines: str) -> list[Part]:
    """Return parts from lines such as ``x = y z`` (bind), ``x += y`` (change), ``x ? y`` (may bind)."""
    found = []
    for number, line in enumerate(lines):
        target, operator, reads = line.partition(" ")[0], line.split()[1] if " " in line else "", line.split()[2:]
        names = frozenset([] if target == "-" else [target])
        found.append(
            Part(
                number=number,
                execution_id=f"e{number}",
                sources=frozenset([at(number)]),
                reads=frozenset(reads),
                binds=names if operator in ("=", "?") else frozenset(),
                kills=names if operator == "=" else frozenset(),
                changes=names if operator == "+=" else frozenset(),
            )
        )
    return found


def at(number: int) -> Source:
    """Return the only statement of a part."""
    return Source(execution_id=f"e{number}", statement=0)


def needed(lines: list[Part], *roots: int) -> tuple[int, ...]:
    """Return what some parts need."""
    return needed_parts(lines, [at(each) for each in roots]).numbers


def test_a_value_needs_its_maker_and_what_that_read() -> None:
    session = parts("a = ", "b = a", "c = ", "d = b")

    assert needed(session, 3) == (0, 1, 3)


def test_a_value_needs_all_that_changed_it_since_it_was_made() -> None:
    session = parts("a = ", "a += ", "a = ", "a += ", "b += ", "- : a")

    assert needed(session, 5) == (2, 3, 5)


def test_a_value_that_was_made_only_perhaps_needs_the_one_before_as_well() -> None:
    session = parts("a = ", "a ? ", "- : a")

    assert needed(session, 2) == (0, 1, 2)


def test_what_comes_after_is_not_needed() -> None:
    session = parts("a = ", "- : a", "a += ")

    assert needed(session, 1) == (0, 1)


def test_code_that_nobody_sees_needs_all_before_it() -> None:
    session = parts("a = ", "b = ", "- : ", "c = ")
    session[2] = Part(number=2, execution_id="e2", sources=frozenset([at(2)]), reads_all=True)

    assert needed(session, 2) == (0, 1, 2)


def test_a_maker_on_record_counts_though_its_code_does_not_name_the_value() -> None:
    session = parts("a = ", "b = ", "- : a")
    reader = session[2]
    session[2] = Part(
        number=2, execution_id="e2", sources=reader.sources, reads=reader.reads, makers={"a": (at(0), at(1))}
    )

    assert needed(session, 2) == (0, 1, 2)


def test_a_maker_on_record_that_only_looked_at_the_value_is_left_out() -> None:
    session = parts("a = ", "- : a", "- : a")
    session[1] = Part(number=1, execution_id="e1", sources=frozenset([at(1)]), looks=frozenset("a"))
    session[2] = Part(
        number=2, execution_id="e2", sources=frozenset([at(2)]), reads=frozenset("a"), makers={"a": (at(0), at(1))}
    )

    assert needed(session, 2) == (0, 2)


def test_a_name_that_nobody_made_is_told_with_its_first_reader() -> None:
    session = parts("a = lost", "- : a print lost")

    found = needed_parts(session, [at(1)], known={"print"})

    assert found == Needed(numbers=(0, 1), unknown={"lost": 0})


def test_draws_of_a_seeded_generator_belong_together() -> None:
    key = hidden_key("generator numpy.random")
    seed = Part(number=0, execution_id="e0", sources=frozenset([at(0)]), kills=frozenset([key]))
    draw = Part(
        number=1, execution_id="e1", sources=frozenset([at(1)]), reads=frozenset([key]), changes=frozenset([key])
    )
    last = Part(number=2, execution_id="e2", sources=frozenset([at(2)]), reads=frozenset([key]))

    assert needed([seed, draw, last], 2) == (0, 1, 2)


names = st.sampled_from("abcd")
operators = st.sampled_from(["=", "+=", "?"])


@given(st.lists(st.tuples(names, operators, st.lists(names, max_size=2)), min_size=1, max_size=12))
def test_what_is_left_out_changes_no_value_that_is_kept(lines: list[tuple[str, str, list[str]]]) -> None:
    """Run both the whole and the slice: every value is the history of what made it."""
    session = parts(*(f"{name} {operator} {' '.join(reads)}" for name, operator, reads in lines))
    last = len(lines) - 1

    kept = needed(session, last)

    assert run(lines, range(len(lines)))[last] == run(lines, kept)[last]


def run(lines: list[tuple[str, str, list[str]]], kept: Iterable[int]) -> dict[int, object]:
    """Return what each part that is kept sees; ``?`` binds only in odd places."""
    values: dict[str, object] = {}
    seen: dict[int, object] = {}
    for number in kept:
        name, operator, reads = lines[number]
        seen[number] = (number, *(values.get(each) for each in reads))
        if operator == "=" or (operator == "?" and number % 2):
            values[name] = seen[number]
        elif operator == "+=":
            values[name] = (values.get(name), seen[number])
    return seen


# What code does


def test_names_of_a_star_import_are_those_of_its_module() -> None:
    known = scope()
    for text in ("from mine import *", "from numpy import *"):
        known.learn_star(ast.parse(text).body[0], ["note"])  # type: ignore[arg-type]  # it is an import

    assert effects_of(ast.parse("note(4)").body, known).is_lasting


def test_generator_moves_on_with_whoever_is_handed_it() -> None:
    known = scope()
    known.learn(ast.parse("rng = np.random.default_rng(0)").body[0])

    assert "rng" in touches_of(ast.parse("cross_val_score(model, df, cv=rng)").body, known).perhaps
    assert "rng" in touches_of(ast.parse("np.mean(rng)").body, known).changes
    assert touches_of(ast.parse("x = rng.normal(size=3)").body, known).links == []
    known.learn(ast.parse("x = rng.normal(size=3)").body[0])
    assert "x" not in touches_of(ast.parse("np.mean(x)").body, known).changes


SETUP = """
import os, sys, random, warnings, csv
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import torch
from numpy.random import seed as plant
from sklearn.linear_model import Ridge
import mylib
OUT = "out/model.bin"
def set_all(n):
    random.seed(n)
    np.random.seed(n)
def maybe(n):
    if n:
        np.random.seed(n)
def clean(frame, other=None):
    frame["x"] = 1
    return other
def look(frame):
    print(frame.head())
class Runner:
    def go(self):
        os.chdir("x")
runner = Runner()
df = pd.read_csv("in.csv")
gen = (each for each in df)
model = Ridge()
items = []
"""


def scope() -> Scope:
    """Return the meaning of names after some imports and definitions."""
    found = Scope()
    for statement in ast.parse(SETUP).body:
        found.learn(statement)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "warnings.filterwarnings('ignore')", "pd.set_option('a', 1)", "pd.options.mode.x = True", "os.chdir('a')",
        "os.environ['A'] = '1'", "os.environ.setdefault('A', '1')", "sys.path.insert(0, 'a')", "np.mean = len",
        "mylib.anything(df)", "runner.go()", "Runner()", "np.seterr(all='ignore')", "from a import *",
        "torch.backends.cudnn.deterministic = True", "setattr(np, 'x', 1)", "threading.Thread(target=f).start()",
        "from sklearn.experimental import enable_halving_search_cv", "list(map(mylib.f, df))",
    ],
)  # fmt: skip
def test_what_may_change_the_world_lasts(code: str) -> None:
    assert effects_of(ast.parse(code).body, scope()).is_lasting


@pytest.mark.parametrize(
    "code",
    [
        "df.head()", "plt.plot(df)", "print(np.mean(df))", "model.fit(df, df)", "x = pd.concat([df])",
        "items.append(1)", "os.path.join('a', 'b')", "sys.version", "look(df)", "ax.set_title('a')", "os.getenv('A')",
    ],
)  # fmt: skip
def test_what_only_computes_or_shows_does_not_last(code: str) -> None:
    assert not effects_of(ast.parse(code).body, scope()).is_lasting


@pytest.mark.parametrize(
    ("code", "surely", "perhaps"),
    [
        ("np.random.seed(1)", {"numpy.random"}, set()),
        ("random.seed(1)", {"random"}, set()),
        ("plant(1)", {"numpy.random"}, set()),
        ("set_all(1)", {"numpy.random", "random"}, set()),
        ("maybe(1)", set(), {"numpy.random"}),
        ("if a: np.random.seed(1)", set(), {"numpy.random"}),
        ("torch.manual_seed(1)", {"torch"}, set()),
        ("np.random.rand(3)", set(), set()),
    ],
)
def test_seeding_is_seen_where_it_happens(code: str, surely: set[str], perhaps: set[str]) -> None:
    found = effects_of(ast.parse(code).body, scope())

    assert (found.seeds, found.may_seed) == (surely, perhaps)


def test_plots_read_the_settings_of_plots_and_nothing_else_does() -> None:
    setting = effects_of(ast.parse("plt.rcParams['a'] = 1").body, scope())
    plot = effects_of(ast.parse("plt.plot(df)").body, scope())
    fit = effects_of(ast.parse("model.fit(df, df)").body, scope())

    assert PLOTS in setting.changes
    assert PLOTS in plot.reads
    assert PLOTS not in fit.reads
    assert not setting.is_lasting


@pytest.mark.parametrize(
    ("code", "reads", "writes"),
    [
        ("df.to_csv('a/b.csv')", set(), {hidden_key("file b.csv")}),
        ("pd.read_csv('a/b.csv')", {hidden_key("file b.csv")}, set()),
        ("joblib.dump(model, OUT)", set(), {hidden_key("path OUT")}),
        ("joblib.load(OUT)", {hidden_key("path OUT")}, set()),
        ("df.rename(columns={'a.b': 'c'})", set(), set()),
    ],
)
def test_files_are_known_by_what_stands_in_the_code(code: str, reads: set[str], writes: set[str]) -> None:
    found = file_effects(effects_of(ast.parse(code).body, scope()))

    assert [{key for key in keys if not key.startswith(hidden_key("folder"))} for keys in found] == [reads, writes]


def test_who_uses_a_file_needs_the_folders_that_were_made_for_it() -> None:
    _, made = file_effects(effects_of(ast.parse("os.makedirs('lib/inner')").body, scope()))
    used, _ = file_effects(effects_of(ast.parse("open('lib/inner/a.txt', 'w')").body, scope()))

    assert hidden_key("folder lib/inner") in made & used


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("df['a'] = 1", {"df"}), ("df.loc[1, 'a'] = 2", {"df"}), ("del df['a']", {"df"}), ("items += [1]", {"items"}),
        ("items.append(df)", {"items"}), ("df.drop('a', inplace=True)", {"df"}), ("df.drop('a', inplace=flag)", {"df"}),
        ("model.fit(df, df)", {"model"}), ("next(gen)", {"gen"}), ("first = list(gen)", {"gen"}),
        ("for each in gen: break", {"gen"}), ("clean(df)", {"df"}), ("clean(items, other=df)", {"items"}),
        ("unknown(df)", {"unknown", "df"}), ("model.to_csv(items)", {"items"}), ("pickle.dump(df, items)", {"items"}),
        ("with redirect_stdout(items): print(1)", {"items"}),
        ("np.random.shuffle(items)", {"items"}), ("np.add(a, b, out=df)", {"df"}),
        ("torch.nn.init.zeros_(model.weight)", {"model"}), ("mylib.f(df)", {"df"}),
        ("setattr(model, 'a', 1)", {"model"}),
    ],
)  # fmt: skip
def test_what_may_change_a_value_in_place_is_seen(code: str, changed: set[str]) -> None:
    found = touches_of(ast.parse(code).body, scope())

    assert changed <= found.changes | found.perhaps


@pytest.mark.parametrize(
    "code",
    ["print(df)", "len(df)", "df.head()", "np.mean(df)", "look(df)", "df.drop('a')", "model.predict(df)",
     "plt.plot(df)", "x = df.groupby('a').mean()", "pd.concat([df, df])"],
)  # fmt: skip
def test_what_is_known_to_leave_a_value_alone_changes_nothing(code: str) -> None:
    found = touches_of(ast.parse(code).body, scope())

    assert "df" not in found.changes | found.perhaps


@pytest.mark.parametrize(
    ("code", "expected"),
    [("(a for a in b)", True), ("iter(x)", True), ("pd.read_csv('a', chunksize=3)", True), ("csv.reader(x)", True),
     ("[1, 2]", False), ("pd.read_csv('a')", False), ("np.arange(3)", False)],
)  # fmt: skip
def test_what_can_be_gone_through_once_is_told_from_what_can_be_again(code: str, expected: bool) -> None:
    assert may_be_iterator(ast.parse(code, mode="eval").body, scope()) is expected
