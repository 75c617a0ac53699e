"""Odd values through every door: they come back as they were."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import trackbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.forks import forks

from .session import Notebook, values

NUMBERS = {
    "2**63": 2**63,
    "-(2**63)": -(2**63),
    "10**30": 10**30,
    "float('nan')": math.nan,
    "float('inf')": math.inf,
    "-float('inf')": -math.inf,
    "-0.0": -0.0,
    "1e308": 1e308,
    "5e-324": 5e-324,
    "0": 0,
    "1.0": 1.0,
}


def same(one: object, other: object) -> bool:
    """Tell whether two numbers are the same, their type and sign of zero included."""
    return type(one) is type(other) and repr(one) == repr(other)


def test_numbers_logged_by_magic_come_back(nb: Notebook) -> None:
    nb.run("\n".join(f"%track metric m{place}={code}" for place, code in enumerate(NUMBERS)))

    found = values(nb.only_run())
    for place, value in enumerate(NUMBERS.values()):
        assert same(found[f"m{place}"], value), (found[f"m{place}"], value)


def test_numbers_logged_by_python_come_back(nb: Notebook) -> None:
    pairs = ", ".join(f"'m{place}': {code}" for place, code in enumerate(NUMBERS))
    nb.run(f"import trackbook\ntrackbook.log_metrics({{{pairs}}})")

    found = trackbook.get_run("latest").metrics
    for place, value in enumerate(NUMBERS.values()):
        assert same(found[f"m{place}"], value)


@pytest.mark.parametrize(
    "code",
    [
        *NUMBERS,
        "'x' * 200_000",
        "'größe 漢字 😀 \\u202e \\x00 \\ud800'",
        "''",
        "[]",
        "{}",
        "[[], {}, [None, True, 1.5, {'a': [2**64]}]]",
        "{'nested': {'deep': [1, [2, [3]]]}}",
        "None",
        "False",
        "'NaN'",
        "' spaces '",
        "'<script>alert(1)</script>'",
    ],
    ids=lambda code: code[:30],
)
def test_param_comes_back(nb: Notebook, code: str) -> None:
    nb.run(f"import trackbook\nvalue = {code}\nwith trackbook.start_run():\n    trackbook.log_param('p', value)")

    found = nb.only_run().params["p"]
    assert repr(found) == repr(nb.variables["value"])


def test_numpy_scalars_are_numbers(nb: Notebook) -> None:
    nb.run("import numpy as np, trackbook")
    nb.run(
        "trackbook.log_metrics({'f4': np.float32(0.5), 'f8': np.float64(0.1), 'i8': np.int64(3),"
        " 'u8': np.uint64(2**64-1), 'array': np.array([2.5]), 'zero': np.array(1.5)})"
    )

    found = values(nb.only_run())
    assert found == {"f4": 0.5, "f8": 0.1, "i8": 3, "u8": 2**64 - 1, "array": 2.5, "zero": 1.5}
    assert type(found["i8"]) is int


@pytest.mark.parametrize("value", ["'0.5'", "None", "[1, 2]", "True", "object()", "1j"])
def test_metric_that_is_no_number_is_refused(nb: Notebook, value: str) -> None:
    nb.run("import trackbook")

    error = nb.fails(f"trackbook.log_metric('m', {value})")

    assert "The metric 'm' needs a number" in str(error)
    assert nb.runs() == []


@pytest.mark.parametrize("key", ["''", "'   '", "3", "None", "'a\\nb'"])
def test_key_that_is_none_is_refused(nb: Notebook, key: str) -> None:
    nb.run("import trackbook")

    error = nb.fails(f"with trackbook.start_run():\n    trackbook.log_metric({key}, 1)")

    assert isinstance(error, ValueError | TypeError)
    assert "metric" in str(error)


def test_keys_of_any_alphabet_are_kept(nb: Notebook) -> None:
    nb.run("import trackbook\ntrackbook.log_metrics({'größe/漢字 😀': 1, 'a.b.c': 2, \"it's\": 3, '%': 4})")

    assert values(nb.only_run()) == {"größe/漢字 😀": 1, "a.b.c": 2, "it's": 3, "%": 4}


def test_odd_values_in_frame_and_json(nb: Notebook, folder: Path) -> None:
    nb.run("import trackbook")
    nb.run(
        "with trackbook.start_run('odd'):\n"
        "    trackbook.log_metrics({'nan': float('nan'), 'inf': float('-inf'), 'big': 2**63})\n"
        "    trackbook.log_params({'big': 2**63, 'text': 'ü' * 9, 'inf': float('inf')})"
    )

    frame = trackbook.runs()
    printed = forks.run("-m", "trackbook", "show", "odd", "--json")

    shown = json.loads(printed.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert shown["metrics"] == {"nan": "NaN", "inf": "-Infinity", "big": 2**63}
    assert shown["params"] == {"big": 2**63, "text": "ü" * 9, "inf": "Infinity"}
    assert frame["params.big"].tolist() == [2**63]
    assert frame["metrics.big"].tolist() == [2**63]
    assert frame["metrics.inf"].tolist() == [-math.inf]


def test_steps_in_any_order_give_the_greatest_as_latest(nb: Notebook) -> None:
    nb.run("import trackbook")
    nb.run(
        "with trackbook.start_run():\n"
        "    for step in (5, 1, 9, 3, -2):\n        trackbook.log_metric('m', step, step=step)"
    )

    run = nb.only_run()
    assert values(run) == {"m": 9}
    assert [point.step for point in nb.history(run, "m")] == [-2, 1, 3, 5, 9]


def test_nan_is_the_same_number_when_it_comes_again(nb: Notebook) -> None:
    nb.run("import warnings, numpy as np\nfrom sklearn.metrics import r2_score")
    cell = "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    r2_score([1.0], [2.0])"
    nb.run(cell, "nan")

    nb.rerun("nan")

    run = nb.only_run()
    assert run.tags["repeated"] == "1"
    assert [math.isnan(value) for value in values(run).values()] == [True]


def test_long_source_and_output_are_kept_whole(nb: Notebook) -> None:
    source = "text = '" + "ü" * 150_000 + "'"

    nb.run(source)

    assert nb.last_execution().source == source


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_json_value_comes_back(nb: Notebook, value: object) -> None:
    nb.variables["value"] = value
    nb.run("import trackbook\nwith trackbook.start_run() as run:\n    trackbook.log_param('p', value)")

    found = trackbook.get_run(nb.variables["run"].run_id).params["p"]

    assert repr(found) == repr(value)
