"""What is recorded of every cell: source, order, outcome, what it read and wrote."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .session import Notebook


def test_cells_are_recorded_as_typed_and_in_order(nb: Notebook) -> None:
    sources = ["x = 1  # one", "%time y = x + 1", "!true", "def f(a):\n    return a + x", "f(y)"]
    for source in sources:
        nb.run(source)

    found = nb.executions()
    assert [execution.source for execution in found] == ["%load_ext trackbook", *sources]
    assert [execution.index for execution in found] == [1, 2, 3, 4, 5, 6]
    assert [execution.count for execution in found] == [1, 2, 3, 4, 5, 6]


def test_execution_has_time_and_duration(nb: Notebook) -> None:
    before = datetime.now(UTC)

    nb.run("import time; time.sleep(0.02)")

    execution = nb.last_execution()
    assert before <= execution.started_at <= datetime.now(UTC)
    assert execution.seconds is not None
    assert 0.02 <= execution.seconds < 60


def test_cell_has_the_same_id_each_time_it_runs(nb: Notebook) -> None:
    nb.run("x = 1", "params")
    nb.edit("params", "x = 2")

    first, second = nb.executions()[1:]
    assert first.cell_id == second.cell_id
    assert first.execution_id != second.execution_id


def test_loading_cell_with_other_code_is_recorded_whole(open_notebook: object) -> None:
    nb = open_notebook(load=False)  # type: ignore[operator]  # the fixture's function

    nb.run("before = 1\n%load_ext trackbook\nafter = before + 1")

    (execution,) = nb.executions()
    assert execution.source == "before = 1\n%load_ext trackbook\nafter = before + 1"
    assert "after" in execution.writes
    assert execution.outcome == "ok"


def test_fit_in_the_loading_cell_is_a_run(open_notebook: object) -> None:
    nb = open_notebook(load=False)  # type: ignore[operator]  # the fixture's function

    nb.run(
        "from sklearn.linear_model import LogisticRegression\n%load_ext trackbook\n"
        "C = 0.5\nmodel = LogisticRegression(C=C).fit([[0.0], [1.0]], [0, 1])"
    )

    assert nb.only_run().params["C"] == 0.5
    assert not nb.faults


def test_cells_before_loading_are_not_recorded_but_their_values_are_usable(open_notebook: object) -> None:
    nb = open_notebook(load=False)  # type: ignore[operator]  # the fixture's function
    nb.run("from sklearn.linear_model import LogisticRegression\nC = 0.5")
    nb.run("%load_ext trackbook")

    nb.run("model = LogisticRegression(C=C).fit([[0.0], [1.0]], [0, 1])")

    assert len(nb.executions()) == 2
    assert "C" in nb.last_execution().reads
    assert nb.only_run().params["C"] == 0.5  # the hyper-parameter's own value


# Reads and writes


@pytest.mark.parametrize(
    ("before", "source", "reads", "writes"),
    [
        ("a = [1]", "b = a[0]", {"a"}, {"b"}),
        ("a = [1]", "a.append(2)", {"a"}, {"a"}),
        ("a = [1]", "len(a)", {"a"}, set()),
        ("a = [1]; b = a", "b.append(2)", {"b"}, {"a", "b"}),
        ("a = 1", "del a", set(), {"a"}),
        ("a = [1]\ndef f():\n    a.append(2)", "f()", {"a", "f"}, {"a"}),
        ("a = 1", "a += 1", {"a"}, {"a"}),
        ("a = 1", "[a for a in range(3)]", set(), set()),
        ("a = 1", "import os.path as p", set(), {"p"}),
        ("a = 1", "globals()['a'] = 2", None, {"a"}),
        ("a = 1", "exec('a = 2')", None, {"a"}),
        ("import numpy as np\na = np.zeros(4)\nv = a[1:]", "v[0] = 9", {"v"}, {"a", "v"}),
        ("import pandas as pd\na = pd.DataFrame({'x': [1, 2]})", "a['y'] = a['x'] * 2", {"a"}, {"a"}),
        ("import pandas as pd\na = pd.DataFrame({'x': [2, 1]})", "b = a.sort_values('x')", {"a"}, {"b"}),
        ("a = {'k': 1}", "for key, value in a.items():\n    pass", {"a"}, {"key", "value"}),
        ("a = iter([1, 2])", "next(a)", {"a"}, {"a"}),
        ("import numpy as np\na = np.random.default_rng(0)", "b = a.normal()", {"a"}, {"a", "b"}),
        ("class A:\n    n = 1\na = A()", "a.n = 2", {"a"}, {"a"}),
        ("a = 1", "%time b = a", {"a"}, {"b"}),
        ("a = 1", "%%time\nb = a", {"a"}, {"b"}),
        ("a = 1", "%%capture out\nb = a", {"a"}, {"b", "out"}),
        ("a = 1", "text = !echo $a", {"a"}, {"text"}),
        ("import random\na = 1", "b = random.random()", {"random"}, {"b"}),
    ],
)
def test_reads_and_writes_of_a_cell(
    nb: Notebook, before: str, source: str, reads: set[str] | None, writes: set[str]
) -> None:
    nb.run(before)

    nb.run(source)

    execution = nb.last_execution()
    assert set(execution.writes) == writes
    if reads is not None:
        assert set(execution.reads) == reads


def test_global_random_state_is_noted_as_state(nb: Notebook) -> None:
    nb.run("import numpy as np, random\nimport numpy.random")

    nb.run("np.random.rand()\nrandom.random()")

    assert set(nb.last_execution().state) == {"numpy.random", "random"}


def test_first_use_of_numpys_generator_is_noted(nb: Notebook, folder: Path) -> None:
    program = (
        "from IPython.core.history import HistoryManager; HistoryManager.enabled = False\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for cell in ('%load_ext trackbook', 'import numpy as np', 'x = np.random.rand()'):\n"
        "    shell.run_cell(cell, store_history=True).raise_error()\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, cwd=folder)

    assert nb.last_execution().source == "x = np.random.rand()"
    assert nb.last_execution().state == ("numpy.random",)


def test_names_of_ipython_are_no_writes(nb: Notebook) -> None:
    nb.run("x = 1\nx")
    nb.run("y = _ + In.__len__()")

    assert nb.last_execution().writes == ("y",)


# Outcomes


def test_failing_cell_has_its_error(nb: Notebook) -> None:
    nb.fails("x = 1\nraise ValueError('too small')\ny = 2")

    execution = nb.last_execution()
    assert execution.outcome == "error"
    assert execution.failure is not None
    assert (execution.failure.type, execution.failure.message) == ("ValueError", "too small")
    assert "x" in execution.writes
    assert "y" not in execution.writes


def test_cell_that_is_no_python_is_recorded(nb: Notebook) -> None:
    nb.fails("x = = 1")

    execution = nb.last_execution()
    assert (execution.outcome, execution.writes) == ("error", ())
    assert execution.failure is not None
    assert execution.failure.type == "SyntaxError"


def test_interrupted_cell_is_interrupted(nb: Notebook) -> None:
    nb.fails("x = 1\nraise KeyboardInterrupt")

    assert nb.last_execution().outcome == "interrupted"
    assert "x" in nb.last_execution().writes


def test_error_without_a_text_of_its_own_is_recorded(nb: Notebook) -> None:
    nb.run("class Odd(Exception):\n    def __str__(self): raise RuntimeError('no text')")

    nb.fails("x = 1\nraise Odd()")

    assert nb.last_execution().outcome == "error"
    assert nb.last_execution().writes == ("x",)


def test_error_of_a_library_keeps_its_traceback(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run("from sklearn.linear_model import LogisticRegression")

    nb.fails("LogisticRegression(C=-1).fit([[0.0], [1.0]], [0, 1])")

    shown = capsys.readouterr().out
    assert "InvalidParameterError" in shown
    assert "kernel_magics" not in shown


def test_cells_that_are_not_typed_are_not_recorded(nb: Notebook) -> None:
    nb.shell.run_cell("silent = 1", silent=True)
    nb.shell.run_cell("unhistoric = 1", store_history=False)
    nb.run("   \n")

    assert len(nb.executions()) == 1


def test_cell_run_inside_a_cell_is_one_execution(nb: Notebook) -> None:
    nb.run("get_ipython().run_cell('inner = 1')\nouter = 2")

    assert {"inner", "outer"} <= set(nb.last_execution().writes)
    assert len(nb.executions()) == 2


def test_failing_cell_inside_a_cell_does_not_end_it(nb: Notebook) -> None:
    nb.run("get_ipython().run_cell('1 / 0')\nouter = 2")

    assert nb.last_execution().outcome == "ok"
    assert len(nb.executions()) == 2


def test_execution_names_the_runs_that_it_made(nb: Notebook) -> None:
    nb.run("from sklearn.linear_model import LogisticRegression")
    nb.run("model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])")
    nb.run("model.score([[0.0], [1.0]], [0, 1])")

    run = nb.only_run()
    assert [execution.run_ids for execution in nb.executions()[1:]] == [(), (run.run.run_id,), (run.run.run_id,)]
    assert len(run.execution_ids) == 2
