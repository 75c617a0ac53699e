from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pandera.polars as pap
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import pandas as frames
from pandera.config import CONFIG
from trackbook.errors import InvalidValueError
from trackbook.records import Check, DatasetUse
from trackbook.store import Batch, MemoryStore
from trackbook.tracking import checks
from trackbook.tracking.checked_lineage import checks_of
from trackbook.tracking.datasets import Maker, publish_table
from trackbook.tracking.schema_inference import infer_text
from trackbook.tracking.schemas import schema_of

PEOPLE = pd.DataFrame({"age": [20, -1, 300], "name": ["a", "b", "b"], "score": [0.5, np.nan, 1.0]})


class People(pa.DataFrameModel):
    age: int = pa.Field(ge=0, le=120)
    name: str = pa.Field(unique=True)
    score: float

    @pa.dataframe_check
    def are_many(self, frame: pd.DataFrame) -> bool:
        return len(frame) > 10


class Rows(pap.DataFrameModel):
    age: int = pap.Field(ge=0)
    name: str


def run(table, schema=People, **rest):
    store = MemoryStore()
    found = checks.run_check(store, table, schema_of(schema), Maker(), table_name="people", **rest)
    assert store.checks() == [found]
    return found


def told(check: Check):
    return {(rule["column"], rule["rule"]): rule["count"] for rule in checks.broken_rules(check)}


def test_every_broken_rule_is_told_with_its_rows():
    check = run(PEOPLE)

    assert not check.is_passed
    assert told(check) == {
        ("age", "greater_than_or_equal_to(0)"): 1,
        ("age", "less_than_or_equal_to(120)"): 1,
        ("name", "field_uniqueness"): 2,
        ("score", "not_nullable"): 1,
        (None, "are_many"): None,
    }
    assert check.failures == 3  # two rows, one rule of the table
    assert [row["row"] for row in checks.failing_rows(check)] == [1, 2]
    assert checks.failing_rows(check)[1]["failed"] == [
        "age: less_than_or_equal_to(120)",
        "name: field_uniqueness",
    ]


def test_table_that_is_as_the_schema_says_passes():
    table = pd.DataFrame({"age": range(11), "name": map(str, range(11)), "score": 0.5})

    check = run(table)

    assert check.is_passed
    assert (check.failures, check.sample, check.name, check.schema_name) == (0, (), "People", "People")


@pytest.mark.parametrize(
    "index", [["x", "x", "y"], [5, 4, 3], pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)])]
)
def test_failing_rows_are_the_right_ones_whatever_the_index(index):
    table = PEOPLE.set_axis(index, axis=0)

    rows = checks.failing_rows(run(table))

    by_age = {row["values"]["age"]: row["row"] for row in rows}
    assert by_age[-1] == 1
    assert by_age[300] == 2


def test_sample_has_twenty_rows_at_most_and_some_of_each_rule():
    table = pd.DataFrame({"age": [-1] * 500 + [300], "name": map(str, range(501)), "score": 0.5})

    check = run(table)

    rows = checks.failing_rows(check)
    assert len(rows) == checks.MOST_ROWS
    assert 500 in [row["row"] for row in rows]
    assert check.failures == 501


def test_credentials_do_not_reach_the_record():
    class Users(pa.DataFrameModel):
        age: int = pa.Field(ge=0)
        password: str = pa.Field(str_startswith="!")

        @pa.dataframe_check
        def hold(self, frame: pd.DataFrame) -> pd.Series:
            return frame["age"] > 0

    table = pd.DataFrame({"age": [-1], "password": ["hunter2-and-more"]})

    check = run(table, Users)

    assert check.failures == 1
    assert "hunter2" not in repr(check)
    assert checks.failing_rows(check)[0]["values"]["age"] == -1


def test_table_stays_as_it_is():
    before = PEOPLE.copy()
    schema = pa.DataFrameSchema({"age": pa.Column(float)}, coerce=True, strict="filter")

    run(PEOPLE, schema)

    pd.testing.assert_frame_equal(PEOPLE, before)


def test_check_is_made_though_pandera_is_switched_off(monkeypatch):
    monkeypatch.setattr(CONFIG, "validation_enabled", False)

    assert not run(PEOPLE).is_passed


def test_polars_tables_are_checked_by_schemas_for_them():
    check = run(pl.DataFrame({"age": [1, -1, None], "name": ["a", None, "c"]}), Rows)

    assert told(check) == {
        ("age", "not_nullable"): 1,
        ("age", "greater_than_or_equal_to(0)"): 1,
        ("name", "not_nullable"): 1,
    }
    assert [row["row"] for row in checks.failing_rows(check)] == [1, 2]


def test_series_is_checked_by_a_schema_for_one():
    check = run(pd.Series([1, -1], name="v"), pa.SeriesSchema(int, pa.Check.ge(0), name="v"))

    assert told(check) == {("v", "greater_than_or_equal_to(0)"): 1}
    assert checks.failing_rows(check)[0]["values"] == {"v": -1}


@pytest.mark.parametrize(
    ("table", "schema", "sentence"),
    [
        (PEOPLE, Rows, "is for tables of polars, and this is one of pandas"),
        (pl.DataFrame({"age": [1]}), People, r"Give table.to_pandas\(\)"),
        (np.zeros(3), People, r"Give pd.DataFrame\(table\)"),
        (pl.LazyFrame({"age": [1]}), Rows, "Collect it first"),
        ([1, 2], People, "A list is no table"),
    ],
)
def test_schema_for_other_tables_is_refused(table, schema, sentence):
    with pytest.raises(InvalidValueError, match=sentence):
        run(table, schema)


@pytest.mark.parametrize(
    "given", [3, None, int, pd.DataFrame, pa.Column(int), "", "no schema", "nowhere.mod:X", "x.py"]
)
def test_what_is_no_schema_is_refused(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidValueError):
        schema_of(given)


def test_text_of_an_inferred_schema_says_that_it_goes_to_a_file():
    with pytest.raises(InvalidValueError, match=r"infer_schema\(table, 'schema.py'\) writes one"):
        schema_of(infer_text(pd.DataFrame({"age": [1, 2]}), "people"))


FILE = """
from __future__ import annotations
import pandera.pandas as pa
from limits import OLDEST

class People(pa.DataFrameModel):
    age: int = pa.Field(ge=0, le=OLDEST)

other = pa.DataFrameSchema({"age": pa.Column(int)})
"""


@pytest.fixture
def schema_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "limits.py").write_text("OLDEST = 120\n")
    (tmp_path / "schema.py").write_text(FILE)
    yield tmp_path / "schema.py"
    for name in [name for name in sys.modules if name.startswith("trackbook_schema_") or name == "limits"]:
        del sys.modules[name]


def test_schema_is_read_from_a_file_with_its_neighbours(schema_file):
    path_before = list(sys.path)

    schema = schema_of("schema.py:People")

    assert (schema.name, schema.text) == ("People", FILE)
    assert not run(PEOPLE, "schema.py:People").is_passed
    assert run(PEOPLE, f"{schema_file}:other").is_passed
    assert sys.path == path_before


def test_schema_file_that_changed_is_read_again(schema_file):
    assert not run(PEOPLE, "schema.py:People").is_passed

    schema_file.write_text(FILE.replace("ge=0, le=OLDEST", "ge=-5"))

    assert run(PEOPLE, "schema.py:People").is_passed


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("schema.py", "holds several schemas: People, other"),
        ("schema.py:Poeple", "Did you mean 'People'"),
        ("scheme.py:People", "No such file"),
        ("limits.py", "holds no schema of pandera"),
        ("broken.py:X", "SyntaxError"),
        ("bad.yaml", "can't be read"),
        ("none.yaml", "No such file"),
    ],
)
def test_what_is_wrong_with_a_schema_file_is_said(schema_file, reference, sentence):
    (schema_file.parent / "broken.py").write_text("def")
    (schema_file.parent / "bad.yaml").write_text("a: [")

    with pytest.raises(InvalidValueError, match=sentence):
        schema_of(reference)


def test_schema_in_yaml_checks_too(tmp_path):
    path = tmp_path / "people.yaml"
    path.write_text(pa.DataFrameSchema({"age": pa.Column(int, pa.Check.ge(0))}).to_yaml())

    check = run(PEOPLE, path)

    assert told(check) == {("age", "greater_than_or_equal_to(0)"): 1}
    assert check.schema_name == "people"


def test_check_of_a_run_is_made_in_it_in_its_cells_or_of_its_tables(notebook, make_run):
    store, good = notebook.store, schema_of(pa.DataFrameSchema({}))
    version = publish_table(store, PEOPLE, "people", Maker())
    use = DatasetUse(name="X", kind="pandas.DataFrame", snapshot_id=version.snapshot_id)
    detail = notebook.add(make_run(1, datasets=[use]))
    makers = {"in it": Maker(run_id=detail.run.run_id), "elsewhere": Maker()}
    for name, maker in makers.items():
        checks.run_check(store, PEOPLE.iloc[:1], good, maker, table_name="t", name=name)
    checks.run_check(store, PEOPLE, good, Maker(), table_name="t", name="of its table")
    in_cell = Check(
        check_id="c", name="in its cell", table="t", at=datetime(2026, 1, 1, tzinfo=UTC), is_passed=True,
        execution_id="cell-1",
    )  # fmt: skip
    store.write(Batch(checks=[in_cell]))
    found = checks_of(store, replace(detail, execution_ids=("cell-1",)))

    assert [check.name for check in found] == ["in its cell", "in it", "of its table"]


# Inference


@settings(max_examples=40, deadline=None)
@given(
    frames.data_frames(
        [
            frames.column("i", dtype="int64"),
            frames.column("f", dtype="float64"),
            frames.column("b", dtype=bool),
            frames.column("t", dtype="datetime64[ns]"),
            frames.column("s", elements=st.text(max_size=5), dtype="object"),
        ]
    )
)
def test_inferred_schema_is_python_that_its_table_meets(table):
    text = infer_text(table, "this table")

    names: dict[str, object] = {}
    exec(compile(text, "<schema>", "exec"), names)
    found = checks.examine(table, schema_of(names["schema"]))

    assert found.broken == ()


def test_inferred_schema_holds_bounds_to_the_last_digit_and_missing_values():
    table = pd.DataFrame({"big": [2**53 + 1, 2**62], "gap": [1.5, math.nan], "kind": pd.Categorical(["a", None])})

    text = infer_text(table, "big@1")

    assert "pa.Check.ge(9007199254740993)" in text
    assert text.count("nullable=True") == 2
    assert "What big@1 is like" in text
    assert checks.examine(table.assign(big=[1, 2]), schema_of(_schema(text))).broken != ()


def _schema(text):
    names: dict[str, object] = {}
    exec(compile(text, "<schema>", "exec"), names)
    return names["schema"]


@pytest.mark.parametrize("table", [np.zeros(2), [1], pd.Series([1]), pd.DataFrame([[1, 2]], columns=["a", "a"])])
def test_schema_is_inferred_from_frames_with_names_only(table):
    with pytest.raises(InvalidValueError, match="inferred"):
        infer_text(table, "x")


def test_missing_pandera_is_said_with_the_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandera", None)

    with pytest.raises(InvalidValueError, match=r"pip install 'trackbook\[checks\]'"):
        schema_of(People)


def test_importing_trackbook_loads_no_pandera(tmp_path):
    code = "import sys, trackbook, trackbook.tracking.checks; print('pandera' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}, cwd=tmp_path
    )

    assert result.stdout.strip() == "False"
