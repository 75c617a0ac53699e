from __future__ import annotations

import json
import math
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from trackbook.display.log import show_sources
from trackbook.display.payload import comparison_payload, dumps, execution_payload, run_payload
from trackbook.display.rows import csv_text
from trackbook.records import Column, DatasetUse, Environment, Execution, FileRead, Model, Resources, Role
from trackbook.tracking.compare import compare
from trackbook.tracking.environment import EnvironmentDifference, Weight

RUN_KEYS = """
    run_id name experiment session_id status verdict verdict_reason started_at finished_at parent_id params metrics tags
    datasets models modules executions environment differences unseeded reproductions checks
"""
EXECUTION_KEYS = """
    execution_id session_id cell_id index source started_at seconds outcome reads writes hidden run_ids outputs
    resources
"""


def loads(value):
    def refuse(name):
        raise AssertionError(f"{name} is no strict JSON")

    return json.loads(dumps(value), parse_constant=refuse)


def test_run_has_exactly_its_keys_and_values(make_run):
    data = DatasetUse(
        name="X",
        kind="DataFrame",
        role=Role.TRAIN,
        rows=3,
        shape=(3, 2),
        columns=(Column(name="a", dtype="int64"),),
        fingerprint="f",
        files=(FileRead(path="a.csv", size=10, digest="d"),),
    )
    model = Model(model_id="m", name="clf", class_name="sklearn.svm._classes.SVC", features=("a",))
    environment = Environment(environment_id="e", python="3.11", implementation="CPython", platform="L", machine="m")
    detail = make_run(
        1, params={"C": 0.1}, metrics={"accuracy": 1}, datasets=(data,), models=(model,), execution_ids=("x1", "x2")
    )

    payload = loads(run_payload(detail, environment=environment))

    assert list(payload) == RUN_KEYS.split()
    assert payload["status"] == "FINISHED"
    assert payload["metrics"] == {"accuracy": 1}
    assert payload["models"][0]["class"] == "sklearn.svm._classes.SVC"
    assert payload["datasets"][0] == {
        "name": "X",
        "kind": "DataFrame",
        "role": "train",
        "rows": 3,
        "shape": [3, 2],
        "columns": [{"name": "a", "dtype": "int64"}],
        "fingerprint": "f",
        "snapshot_id": None,
        "files": [{"path": "a.csv", "size": 10, "digest": "d"}],
    }
    assert payload["executions"] == ["x1", "x2"]
    assert payload["environment"]["python"] == "3.11"
    assert datetime.fromisoformat(payload["started_at"]) == detail.run.started_at


def test_run_without_an_environment_has_null(make_run):
    assert loads(run_payload(make_run(1)))["environment"] is None


def test_run_tells_what_of_its_environment_is_another_one_here(make_run):
    differing = [EnvironmentDifference(name="numpy", then="1.26.4", here=None, weight=Weight.USED)]

    payload = loads(run_payload(make_run(1), differing=differing))

    assert payload["differences"] == [{"name": "numpy", "then": "1.26.4", "here": None, "weight": "used"}]


def test_execution_has_exactly_its_keys(make_run):
    started = make_run(1).run.started_at
    used = Resources(cpu_seconds=0.5, peak_memory_bytes=150_000_000)
    execution = Execution(
        execution_id="e", session_id="s", index=1, source="\ud800", started_at=started, resources=used
    )

    payload = loads(execution_payload(execution))

    assert list(payload) == EXECUTION_KEYS.split()
    assert payload["outcome"] == "running"
    assert payload["source"] == "\ud800"
    assert (payload["resources"]["cpu_seconds"], payload["resources"]["peak_memory_bytes"]) == (0.5, 150_000_000)


def test_log_of_whole_cells_tells_what_each_used(make_run):
    execution = Execution(
        execution_id="e",
        session_id="s",
        index=1,
        source="a = 1",
        started_at=make_run(1).run.started_at,
        resources=Resources(cpu_seconds=0.5, peak_memory_bytes=150_000_000),
    )

    assert "CPU 0.5 s, memory 150 MB" in str(show_sources([execution]))


def test_special_numbers_are_strings_and_big_ones_whole(make_run):
    metrics = {"n": math.nan, "i": math.inf, "m": -math.inf, "big": 10**30}

    payload = loads(run_payload(make_run(1, metrics=metrics, params={"deep": [{"n": math.nan}]})))

    assert payload["metrics"] == {"n": "NaN", "i": "Infinity", "m": "-Infinity", "big": 10**30}
    assert payload["params"] == {"deep": [{"n": "NaN"}]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_params_make_a_strict_document(params):
    from trackbook.display.payload import strict

    assert loads(params) == strict(params)


def test_comparison_tells_null_from_absent(make_run):
    compared = compare([make_run(1, params={"C": None}), make_run(2, metrics={"a": math.inf})], {})

    rows = {row["key"]: row for row in loads(comparison_payload(compared, compared.rows))["rows"]}

    assert (rows["C"]["values"], rows["C"]["present"]) == ([None, None], [True, False])
    assert rows["a"]["values"] == [None, "Infinity"]


def test_csv_keeps_special_and_big_numbers_and_quotes(make_run):
    detail = make_run(
        1,
        name='say "hi", now',
        metrics={"n": math.nan, "i": -math.inf, "big": 10**30},
        params={"flag": True, "list": [1, "a"], "none": None},
    )

    head, row = csv_text([detail]).splitlines()

    assert '"say ""hi"", now"' in row
    assert row.endswith(',true,"[1,""a""]",,1000000000000000000000000000000,-Infinity,NaN')
    assert head.split(",")[-6:] == [
        "params.flag", "params.list", "params.none", "metrics.big", "metrics.i", "metrics.n",
    ]  # fmt: skip
