"""Widgets where ipywidgets or plotly are not installed, and what is imported where they are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from IPython.utils.capture import capture_output
from trackbook.errors import InvalidValueError
from trackbook.widgets import DataProfile, Params
from trackbook.widgets.page import CHARTS_MISSING, MISSING


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without ipywidgets and plotly."""
    for name in ("ipywidgets", "plotly"):
        monkeypatch.setitem(sys.modules, name, None)  # which is how Python says that there is none


def test_importing_the_widgets_loads_nothing_heavy() -> None:
    code = (
        "import sys, trackbook.widgets; from trackbook.widgets import Params; Params(a=1).a;"
        "print([each for each in ('ipywidgets', 'plotly', 'pandas', 'IPython', 'sqlalchemy') if each in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("bare")
def test_without_ipywidgets_the_copy_is_shown_and_what_to_install() -> None:
    with capture_output() as shown:
        Params(rate=(0.0, 1.0))._ipython_display_()

    assert "rate" in shown.stdout + str([each.data for each in shown.outputs])
    assert "pip install 'trackbook[widgets]'" in shown.stdout + str([each.data for each in shown.outputs])


@pytest.mark.usefixtures("bare")
def test_without_ipywidgets_the_live_part_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidValueError, match="pip install") as refused:
        DataProfile(np.ones((2, 2))).widget()

    assert str(refused.value) == MISSING


@pytest.mark.usefixtures("bare")
def test_without_ipywidgets_there_is_text_and_html() -> None:
    data = DataProfile(pd.DataFrame({"a": [1, 2, 3]}))._repr_mimebundle_()

    assert "a" in data["text/plain"]
    assert data["text/html"].startswith("<div")


def test_without_plotly_a_chart_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0]})

    output = DataProfile(table).widget().children[-1]

    assert output.outputs[0]["data"] == {"text/plain": CHARTS_MISSING}


def test_bundle_has_a_live_part_text_and_html() -> None:
    bundle = Params(rate=(0.0, 1.0))._repr_mimebundle_()

    assert bundle.keys() == {"application/vnd.jupyter.widget-view+json", "text/plain", "text/html"}
