"""What cells show is kept with them: in a shell, and in a kernel with all the ways that outputs take there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import trackbook
from trackbook.records import Execution, Output
from trackbook.store import Store
from trackbook.store.location import open_store

from .kernel import Kernel
from .session import DATA, Notebook

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FIT = "model = LogisticRegression(C=0.5).fit(X_train, y_train)\naccuracy_score(y_test, model.predict(X_test))"
PNG = b"\x89PNG\r\n\x1a\n"


def texts(execution: Execution) -> list[tuple[str, str | None]]:
    """Return the stream's name, or the kind, and the plain text of each output."""
    return [(output.name or output.kind.value, output.parts[0].text) for output in execution.outputs]


def forms(output: Output) -> list[str]:
    """Return the media types of an output."""
    return [part.media_type for part in output.parts]


# In a shell


def test_shell_keeps_streams_displays_and_result_in_their_order(nb: Notebook) -> None:
    nb.run("import sys\nprint('a'); print('b', file=sys.stderr); display({'x': 1}); print('c')\n5")

    assert texts(nb.last_execution()) == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
        ("display_data", "{'x': 1}"),
        ("stdout", "c\n"),
        ("execute_result", "5"),
    ]


def test_shell_keeps_what_a_command_and_an_async_cell_print(nb: Notebook) -> None:
    nb.run("import asyncio\nawait asyncio.sleep(0)\nprint('later')\n!echo hello")

    assert texts(nb.last_execution()) == [("stdout", "later\nhello\n")]


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1",
        "%%capture\nprint('caught')",
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('caught')",
        "5;",
    ],
)
def test_what_is_not_shown_is_not_kept(nb: Notebook, cell: str) -> None:
    nb.run("print('before')")

    nb.run(cell)

    assert nb.last_execution().outputs == ()


def test_second_session_of_a_process_keeps_only_its_own(open_notebook: Callable[..., Notebook]) -> None:
    first = open_notebook(name="first")
    first.run("print('one')\n1")
    first.close()

    second = open_notebook(name="second")
    second.run("print('two')")

    assert texts(second.last_execution()) == [("stdout", "two\n")]


def test_failed_cell_keeps_what_it_printed_before(nb: Notebook) -> None:
    nb.fails("print('so far')\n1 / 0")

    assert texts(nb.last_execution()) == [("stdout", "so far\n")]


def test_table_keeps_its_text_and_its_html(nb: Notebook) -> None:
    nb.run("import pandas as pd\npd.DataFrame({'a': [1, 2]})")

    (output,) = nb.last_execution().outputs
    assert forms(output) == ["text/plain", "text/html"]
    assert "<table" in (output.parts[1].text or "")


def test_secrets_are_redacted_in_texts_and_json(nb: Notebook) -> None:
    nb.run("print('password = \"hunter2secret\"')")
    nb.run("display({'application/json': {'password': 'hunter2secret', 'n': 5}}, raw=True)")

    printed, shown = (execution.outputs[0].parts[0].text for execution in nb.executions()[-2:])
    digest = nb.last_execution().outputs[0].parts[0].digest
    assert printed == 'password = "[secret]"\n'
    assert shown is None
    assert digest is not None
    assert json.loads(nb.store.get_object(digest)) == {"password": "[secret]", "n": 5}


def test_long_text_is_cut_where_one_sees_it(nb: Notebook) -> None:
    nb.run("for i in range(100_000): print('line', i)")

    (output,) = nb.last_execution().outputs
    (part,) = output.parts
    kept = nb.store.get_object(part.digest or "").decode()
    assert part.is_cut
    assert part.size == sum(len(f"line {i}\n") for i in range(100_000))
    assert len(kept) < 700_000
    assert kept.startswith("line 0\nline 1\n")
    assert kept.endswith("line 99998\nline 99999\n")
    assert "cut here" in kept


def test_figure_beyond_the_limit_is_named_but_not_kept(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_FIGURE_BYTES", "1000")
    notebook = open_notebook()

    notebook.run("display({'image/png': b'p' * 999}, raw=True)\ndisplay({'image/png': b'p' * 1001}, raw=True)")

    small, large = (output.parts[0] for output in notebook.last_execution().outputs)
    assert notebook.store.get_object(small.digest or "") == b"p" * 999
    assert (large.digest, large.size, large.is_cut) == (None, 1001, True)


def test_settings_can_turn_outputs_off(monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]) -> None:
    monkeypatch.setenv("TRACKBOOK_CELL_OUTPUT_BYTES", "0")
    notebook = open_notebook()

    notebook.run("print('hello')\n5")

    assert notebook.last_execution().outputs == ()


def test_plotly_figure_keeps_its_json_and_no_library(nb: Notebook) -> None:
    nb.run(
        "library = '<script>' + 'x' * 300_000 + '</script>'\n"
        "display({'application/vnd.plotly.v1+json': {'data': [{'y': [1, 2]}]}, 'text/html': library}, raw=True)\n"
        "display({'text/html': library}, raw=True)\n"
        "display({'text/html': '<div>chart</div>' + library + '<script>Plotly.newPlot(1)</script>'}, raw=True)"
    )

    figure, page = nb.last_execution().outputs
    assert forms(figure) == ["application/vnd.plotly.v1+json"]
    assert json.loads(nb.store.get_object(figure.parts[0].digest or "")) == {"data": [{"y": [1, 2]}]}
    assert "Plotly.newPlot(1)" in (page.parts[0].text or "")
    assert "characters of a library were left out" in (page.parts[0].text or "")


def test_estimator_keeps_its_text_and_not_its_drawing(nb: Notebook) -> None:
    nb.run("from sklearn.linear_model import LogisticRegression\nLogisticRegression(C=0.5)")

    (output,) = nb.last_execution().outputs
    assert [(part.media_type, part.text) for part in output.parts] == [("text/plain", "LogisticRegression(C=0.5)")]


def test_widget_keeps_only_its_text(nb: Notebook) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    nb.run(f"display({{'text/plain': 'IntSlider(value=3)', '{view}': {{'model_id': 'abc'}}}}, raw=True)")

    (output,) = nb.last_execution().outputs
    assert forms(output) == ["text/plain"]


def test_nothing_a_person_can_see_is_replaced(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(load=False)
    look = "import sys\n(id(sys.stdout), id(sys.displayhook), type(get_ipython().display_pub), id(print))"
    before = notebook.run(look)
    notebook.run("%load_ext trackbook")

    assert notebook.run(look) == before


# What a run has of it


def test_run_gives_outputs_figures_and_their_bytes(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT + "\nprint('fitted')\ndisplay({'image/png': b'picture', 'text/plain': '<Figure>'}, raw=True)")

    run = trackbook.get_run("latest")

    printed, picture = run.outputs
    assert run.figures() == {"cell-3-figure-1.png": b"picture"}
    assert run.read_output(printed.parts[0]) == b"fitted\n"
    assert [run.read_output(part) for part in picture.parts] == [b"picture", b"<Figure>"]


def test_plot_of_a_run_in_a_later_cell_is_the_runs(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.run("display({'image/png': bytes(int(c * 0) for c in model.coef_[0])}, raw=True)")
    first = nb.last_run()
    nb.run(FIT.replace("0.5", "5.0"))
    nb.run("display({'image/png': bytes(1 + int(c * 0) for c in model.coef_[0])}, raw=True)")
    nb.run("display({'image/png': b'of the data' + str(len(X)).encode()}, raw=True)")

    assert list(trackbook.get_run(first.run.run_id).figures().values()) == [bytes(4)]
    assert list(trackbook.get_run("latest").figures().values()) == [b"\1" * 4]


def test_pages_and_log_show_outputs_in_short(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT + "\nprint('\\x1b[31mred\\x1b[0m line')\nfor i in range(50): print('more', i)\n"
           "display({'image/png': b'picture'}, raw=True)")  # fmt: skip

    page = trackbook.get_run("latest").show().text
    nb.run("%track log --run latest --source")
    log = nb.last_execution().outputs[0].parts[0]
    logged = log.text or nb.store.get_object(log.digest or "").decode()

    assert "red line" in page
    assert "51 lines" in page
    assert "cell-3-figure-1.png" in page
    assert "more 3" in logged
    assert "39 more lines" in logged
    assert "\x1b" not in page + logged


# In a kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with Trackbook, for all of these tests."""
    folder = tmp_path_factory.mktemp("outputs")
    environ = {"TRACKBOOK_STORE": str(folder / "store"), "IPYTHONDIR": str(folder / "ipython")}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST")  # with it ipykernel leaves the output of child processes alone
        started = Kernel(folder, environ)
    with started:
        assert started.run("%load_ext trackbook")["status"] == "ok"
        yield started


@pytest.fixture
def store(kernel: Kernel) -> Iterator[Store]:
    """The kernel's store."""
    opened = open_store(kernel.folder / "store")
    yield opened
    opened.close()


IN_KERNEL = {
    "streams and result": (
        "import sys\nprint('e', file=sys.stderr); print('o')\n'r'",
        [("stdout", "o\n"), ("stderr", "e\n"), ("execute_result", "'r'")],
    ),
    "shell command": ("!echo from shell", [("stdout", "from shell\n")]),
    "child process": (
        "import subprocess\nsubprocess.run(['echo', 'from child']);",
        [("stdout", "from child\n")],
    ),
    "thread": (
        "import threading\ndef say(): print('t'); display(1)\n"
        "thread = threading.Thread(target=say); thread.start(); thread.join()",
        [("stdout", "t\n"), ("display_data", "1")],
    ),
    "forked worker": (
        "import multiprocessing, warnings; warnings.simplefilter('ignore')\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool: pool.map(print, ['w'])",
        [("stdout", "w\n")],
    ),
    "async": ("import asyncio\nawait asyncio.sleep(0.01)\nprint('late')", [("stdout", "late\n")]),
    "cleared": (
        "from IPython.display import clear_output\nfor i in range(4): clear_output(wait=True); print(i)",
        [("stdout", "3\n")],
    ),
    "updated": ("handle = display('x', display_id=True)\nhandle.update('y')", [("display_data", "'y'")]),
    "progress": ("for i in range(101): print(f'\\r{i}%', end='')\nprint()", [("stdout", "100%\n")]),
    "captured": ("%%capture\nprint('no')\n5", []),
    "silent": ("x = 5", []),
    "failing": ("print('so far')\n1 / 0", [("stdout", "so far\n")]),
}


@pytest.mark.parametrize("case", IN_KERNEL)
def test_kernel_keeps_what_the_front_end_shows(kernel: Kernel, store: Store, case: str) -> None:
    source, expected = IN_KERNEL[case]

    kernel.run(source)

    assert texts(store.executions()[-1]) == expected


def test_kernel_keeps_matplotlib_figures_as_images(kernel: Kernel, store: Store) -> None:
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")

    (output,) = store.executions()[-1].outputs
    parts = {part.media_type: part for part in output.parts}
    assert store.get_object(parts["image/png"].digest or "").startswith(PNG)


def messages(kernel: Kernel, source: str) -> list[tuple[str, object, object]]:
    """Run a cell and return what the front end got to show, in its order."""
    kernel.printed.clear()
    kernel.run(source)
    kinds = ("stream", "display_data", "execute_result", "update_display_data", "clear_output", "error")
    return [
        (each["msg_type"], each["content"].get("text"), each["content"].get("data"))
        for each in kernel.printed
        if each["msg_type"] in kinds
    ]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel without Trackbook."""
    folder = tmp_path_factory.mktemp("bare")
    environ = {"TRACKBOOK_STORE": str(folder / "store"), "IPYTHONDIR": str(folder / "ipython")}
    with Kernel(folder, environ) as started:
        yield started


def test_front_end_gets_the_same_messages_with_and_without(kernel: Kernel, bare: Kernel) -> None:
    cells = [
        "import sys\nprint('a'); display(1); print('b', file=sys.stderr); sys.stdout.write('c\\n')\n7",
        "from IPython.display import clear_output\nprint(1); clear_output(); print(2, flush=True); print(3)",
        "handle = display('x', display_id='same')\nhandle.update('y')\n1 / 0",
    ]

    without = [messages(bare, source) for source in cells]

    assert [messages(kernel, source) for source in cells] == without


def test_unloading_leaves_the_kernel_as_it_was(bare: Kernel) -> None:
    look = "print(vars(get_ipython().kernel.iopub_socket.io_thread).get('send_multipart') is None)"

    bare.printed.clear()
    for source in ("%load_ext trackbook", look, "%unload_ext trackbook", look):
        bare.run(source)

    assert bare.text() == "False\nTrue\n"
