from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from nbformat import v4
from trackbook.errors import NotFoundError
from trackbook.pipelines.sweeps.literals import with_params

INTERNALS = {f"svc__internal_{number}": None for number in range(30)}


def sliced(source: str, params: dict[str, object]) -> Any:
    run = SimpleNamespace(run=SimpleNamespace(name="calm-owl"), params=params, models=())
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source)])
    return SimpleNamespace(notebook=notebook, params={}, sliced=SimpleNamespace(run=run))


def refused(source: str, params: dict[str, object]) -> str:
    with pytest.raises(NotFoundError) as caught:
        with_params(sliced(source, params), ["zzz"])
    return str(caught.value)


def test_an_unknown_name_is_answered_with_the_names_in_the_code_and_the_others_counted():
    told = refused("C = 0.1\nmodel = fit(kern='rbf', test_size=0.3)", {**INTERNALS, "kern": "rbf"})

    assert told.endswith("There are: C, kern, test_size, and 30 more params of the run.")


def test_where_the_code_names_nothing_params_of_the_run_are_named():
    told = refused("model = fit(data)", INTERNALS)

    assert "There are: svc__internal_0, " in told
    assert told.endswith("svc__internal_19, and 10 more params of the run.")
