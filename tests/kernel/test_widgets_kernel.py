"""Widgets in real kernels: the messages of a front end, controls that move while a cell runs, saved notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from .kernel import Kernel, wait_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DATA = """
import trackbook
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from trackbook.widgets import Params
X, y = [[0.0], [1.0], [2.0], [3.0]] * 5, [0, 0, 1, 1] * 5
"""
TRAIN = """
@trackbook.interact(C=(0.01, 10.0, "log"))
def train(C):
    model = LogisticRegression(C=C).fit(X, y)
    return accuracy_score(y, model.predict(X))
"""


class Page:
    """A front end: knows the widgets that a kernel has opened, and sends what a person does with them."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what is known of each widget, by its id, as of the messages so far."""
        found: dict[str, dict[str, Any]] = {}
        for message in self.kernel.printed:
            content = message["content"]
            if message["msg_type"] in ("comm_open", "comm_msg"):
                found.setdefault(content["comm_id"], {}).update(content["data"].get("state", {}))
        return found

    def widget(self, **known: object) -> str:
        """Return the id of the newest widget in such a state."""
        return [key for key, state in self.states().items() if known.items() <= state.items()][-1]

    def send(self, widget: str, data: dict[str, Any]) -> None:
        """Send a message to a widget, and wait until the kernel has taken it."""
        client = self.kernel.client
        sent = client.session.msg("comm_msg", {"comm_id": widget, "data": data})
        client.shell_channel.send(sent)
        self._hear(sent["header"]["msg_id"])

    def set(self, widget: str, **state: object) -> None:
        """Move a control."""
        self.send(widget, {"method": "update", "state": state, "buffer_paths": []})

    def press(self, widget: str) -> None:
        """Press a button."""
        self.send(widget, {"method": "custom", "content": {"event": "click"}})

    def hear(self) -> None:
        """Take the messages that have come meanwhile."""
        self.kernel.run("None")

    def _hear(self, request: str) -> None:
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=60)
            self.kernel.printed.append(message)
            is_answer = message["parent_header"].get("msg_id") == request
            if is_answer and message["content"].get("execution_state") == "idle":
                return


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A front end on a kernel with Trackbook, data and a model."""
    folder = tmp_path_factory.mktemp("page")
    with Kernel(folder, {"TRACKBOOK_STORE": str(folder / "store")}) as started:
        for source in ("%load_ext trackbook", DATA, "C = 0.5\nmodel = LogisticRegression(C=C).fit(X, y)"):
            assert started.run(source)["status"] == "ok", started.text()
        yield Page(started)


@pytest.fixture(scope="module")
def store(page: Page) -> Iterator[Store]:
    opened = open_store(page.kernel.folder / "store")
    yield opened
    opened.close()


def newest(store: Store) -> dict[str, Any]:
    """Return the params of the newest run."""
    return dict(store.runs(RunFilter(limit=1))[0].params)


def shown(page: Page, kind: str) -> list[dict[str, Any]]:
    return [each["content"]["data"] for each in page.kernel.printed if each["msg_type"] == kind]


def test_control_that_a_front_end_moves_is_a_param(page: Page, store: Store) -> None:
    page.kernel.run("p = Params(C=(0.01, 10.0, 'log'))\np")

    page.set(page.widget(description="C", _model_name="FloatLogSliderModel"), value=0.12345678)
    page.kernel.run("model = LogisticRegression(C=p.C).fit(X, y)")

    assert newest(store)["C"] == 0.1235


def test_control_that_moves_while_a_cell_runs_is_for_the_next(page: Page, store: Store) -> None:
    page.kernel.run("import os, time\nq = Params(C=(1, 9))\nq")
    slider = page.widget(description="C", _model_name="IntSliderModel")
    wait = "while not os.path.exists('go'): time.sleep(0.01)"
    request = page.kernel.begin(f"first = q.C\n{wait}\nmodel = LogisticRegression(C=q.C).fit(X, y)")
    message = {"method": "update", "state": {"value": 8}, "buffer_paths": []}
    client = page.kernel.client
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": slider, "data": message}))

    (page.kernel.folder / "go").touch()
    assert page.kernel.reply_to(request)["status"] == "ok"
    during = newest(store)["C"]
    page.kernel.run("model = LogisticRegression(C=q.C).fit(X, y)")

    assert (during, newest(store)["C"]) == (5, 8)


def test_settings_that_come_fast_are_one_run(page: Page, store: Store) -> None:
    assert page.kernel.run(TRAIN)["status"] == "ok"
    slider = page.widget(description="C", _model_name="FloatLogSliderModel")
    before = store.count_runs(RunFilter())
    for value in (0.02, 0.03, 0.04, 0.05):
        page.set(slider, value=value)

    after = wait_for(lambda: store.count_runs(RunFilter()), lambda count: count > before)

    assert (after - before, newest(store)["C"]) == (1, 0.05)
    assert store.executions()[-1].source == "train(C=0.05)"


def test_panel_lists_searches_and_compares(page: Page) -> None:
    page.kernel.run("%track panel")
    query = page.widget(description="Query", _model_name="TextModel")
    ticks = [key for key, state in page.states().items() if str(state.get("tooltip")).startswith("Choose ")]

    page.set(query, value="params.C > ")
    problem = [state["value"] for state in page.states().values() if 'role="alert"' in str(state.get("value"))]
    page.set(query, value="")
    page.set(ticks[0], value=True)
    page.set(ticks[1], value=True)
    page.press(page.widget(description="Compare", _model_name="ButtonModel"))

    assert len(problem) == 1
    assert any("2 runs compared" in str(state.get("value")) for state in page.states().values())


def test_panel_is_drawn_again_after_a_cell(page: Page, store: Store) -> None:
    page.kernel.run("%track panel")
    page.kernel.printed.clear()

    page.kernel.run("C = 0.77\nmodel = LogisticRegression(C=C).fit(X, y)")

    name = store.runs(RunFilter(limit=1))[0].run.name
    assert any(name in str(state.get("value")) for state in page.states().values())
    assert any(name in data["text/plain"] for data in shown(page, "update_display_data"))


def test_markup_in_names_and_values_is_text(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    page.kernel.run(
        f"for name in ('{hostile}', 'second'):\n"
        f"    with trackbook.start_run(name, tags={{'tag': '{hostile}'}}):\n"
        f"        trackbook.log_params({{'evil': '{hostile}' + name}})\n"
        "        for step in range(3): trackbook.log_metric('loss', step)\n"
    )
    page.kernel.printed.clear()

    page.kernel.run("%track panel\n%track compare second latest")
    page.kernel.run("from trackbook.widgets import *\ndisplay(Curves('second'), Models(), Compare('second', 'latest'))")
    page.kernel.run(f"import pandas as pd\nDataProfile(pd.DataFrame({{'{hostile}': ['{hostile}'] * 5}}))")

    markup = [data.get("text/html", "") for data in shown(page, "display_data")]
    markup += [str(state.get("value")) for state in page.states().values() if state.get("_view_name") == "HTMLView"]
    charts = [str(state["outputs"]) for state in page.states().values() if state.get("outputs")]
    assert any("&lt;img" in each for each in markup)
    assert any("&lt;img" in each for each in charts)
    assert not any("<img" in each for each in [*markup, *charts])


def test_compare_is_a_widget_with_a_copy_that_it_hides(page: Page) -> None:
    page.kernel.printed.clear()
    page.kernel.run("%track compare")

    live, copy = shown(page, "display_data")
    hidden = copy["text/html"].partition('class="')[2].partition('"')[0]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert "runs compared" in copy["text/plain"]
    assert any(f".{hidden} {{ display: none; }}" in str(state.get("value")) for state in page.states().values())


def test_saved_notebook_is_readable_without_a_kernel(folder: Path) -> None:
    sources = [
        "%load_ext trackbook",
        DATA,
        TRAIN,
        "p = Params(depth=(1, 5))\np",
        "%track panel",
        "%track compare --all",
    ]
    sources.insert(3, "model = LogisticRegression(C=3.0).fit(X, y)\naccuracy_score(y, model.predict(X))")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in sources])

    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()

    texts = ["".join(str(each.get("data", {}).get("text/plain")) for each in cell.outputs) for cell in notebook.cells]
    assert "LogisticRegression" in texts[2]
    assert "depth" in texts[4]
    assert "2 runs of" in texts[5]
    assert "2 runs compared" in texts[6]
