"""Cells that await: what tasks and threads read and fit is the cell's, at the statement that began them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trackbook
from trackbook.records import Execution, RunDetail

from .session import Notebook, values

ROWS = {name: "x,y\n" + "\n".join(f"{i},{i * k % 7 + i}" for i in range(30)) for k, name in enumerate("ab", 2)}
SETUP = """
import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
import aiofiles
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

async def fetch(path):
    await asyncio.sleep(0)
    return pd.read_csv(path)
"""
FIT = "model = Ridge(alpha=0.5).fit(a[['x']], a.y)\nr2 = r2_score(a.y, model.predict(a[['x']]))"
EXPERIMENT = """
async def experiment(table, C, holdout=0.3):
    await asyncio.sleep(0)
    past, future = train_test_split(table, test_size=holdout, random_state=1)
    model = Ridge(alpha=C).fit(past[["x"]], past.y)
    return r2_score(future.y, model.predict(future[["x"]]))
"""


@pytest.fixture
def nb(nb: Notebook, folder: Path) -> Notebook:
    """A notebook beside two files, with imports and a coroutine that reads one."""
    for name, text in ROWS.items():
        (folder / f"{name}.csv").write_text(text)
        os.utime(folder / f"{name}.csv", (0, 0))  # it lay there long before
    nb.run(SETUP)
    return nb


def read_at(execution: Execution) -> dict[int, list[str]]:
    """Return the names of the files that a cell has read, by the lines of its statements."""
    found = {each.line: [Path(file.path).name for file in each.files] for each in execution.statements}
    return {line: sorted(names) for line, names in found.items() if names}


def files_of(run: RunDetail) -> set[str]:
    return {Path(file.path).name for use in run.datasets for file in use.files}


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('a = await fetch("a.csv")', {1: ["a.csv"]}),
        ('a, b = await asyncio.gather(fetch("a.csv"), fetch("b.csv"))', {1: ["a.csv", "b.csv"]}),
        ('a = await asyncio.wait_for(fetch("a.csv"), timeout=60)', {1: ["a.csv"]}),
        (
            'one = asyncio.create_task(fetch("a.csv"))\nother = asyncio.create_task(fetch("b.csv"))\n'
            "b = await other\na = await one",
            {1: ["a.csv"], 2: ["b.csv"]},
        ),
        (
            'paths = ["a.csv", "b.csv"]\ntasks = [asyncio.create_task(fetch(path)) for path in paths]\n'
            "a, b = await asyncio.gather(*tasks)",
            {2: ["a.csv", "b.csv"]},
        ),
        (
            'async with asyncio.TaskGroup() as group:\n    one = group.create_task(fetch("a.csv"))\na = one.result()',
            {2: ["a.csv"]},
        ),
        (
            "async def chunks(*paths):\n    for path in paths:\n        yield await fetch(path)\n"
            'parts = []\nasync for part in chunks("a.csv", "b.csv"):\n    parts.append(part)\na = pd.concat(parts)',
            {5: ["a.csv", "b.csv"]},
        ),
        ('a = pd.concat([await fetch(path) for path in ("a.csv", "b.csv")])', {1: ["a.csv", "b.csv"]}),
        (
            "async def main():\n    return await asyncio.gather(fetch('a.csv'), fetch('b.csv'))\n"
            "print('before')\na, b = await main()",
            {4: ["a.csv", "b.csv"]},
        ),
        ('print("before")\na = await asyncio.to_thread(pd.read_csv, "a.csv")', {2: ["a.csv"]}),
        (
            "loop = asyncio.get_running_loop()\n"
            'a, b = await asyncio.gather(*[loop.run_in_executor(None, pd.read_csv, p) for p in ("a.csv", "b.csv")])',
            {2: ["a.csv", "b.csv"]},
        ),
        (
            "async def text_of(path):\n    async with aiofiles.open(path) as file:\n        return await file.read()\n"
            'text, _ = await asyncio.gather(text_of("a.csv"), text_of("b.csv"))\na = pd.read_csv(io.StringIO(text))',
            {4: ["a.csv", "b.csv"]},
        ),
        (
            'with ThreadPoolExecutor() as pool:\n    reading = [pool.submit(pd.read_csv, "a.csv")]\n'
            "    a = reading[0].result()",
            {2: ["a.csv"]},
        ),
        (
            'with ThreadPoolExecutor() as pool:\n    a = pool.submit(asyncio.run, fetch("a.csv")).result()',
            {2: ["a.csv"]},
        ),
    ],
)  # fmt: skip
def test_read_is_of_the_statement_that_began_it(nb: Notebook, cell: str, read: dict[int, list[str]]) -> None:
    nb.run(cell)
    nb.run(FIT)

    run = nb.only_run()
    names = {name for listed in read.values() for name in listed}
    own = names if "one = asyncio" not in cell else {"a.csv"}  # the other task's result goes elsewhere
    assert read_at(nb.executions()[-2]) == read
    assert files_of(run) == own
    assert {Path(file.path).name for file in trackbook.slice(run.run.run_id).files} == own
    assert all(name in trackbook.why(None, run.run.run_id).show().text for name in own)
    assert nb.faults == []


def test_coroutines_of_one_gather_are_runs_with_their_own_params(nb: Notebook) -> None:
    nb.run('table = await fetch("a.csv")')
    nb.run(EXPERIMENT)

    nb.run("one, other = await asyncio.gather(experiment(table, 0.1), experiment(table, 9.0, holdout=0.4))")

    first, second = (run for run in nb.runs() if run.models)
    assert (first.params["C"], first.params["holdout"]) == (0.1, 0.3)
    assert (second.params["C"], second.params["holdout"]) == (9.0, 0.4)
    assert (list(values(first).values()), list(values(second).values())) == (
        [nb.variables["one"]],
        [nb.variables["other"]],
    )
    assert files_of(first) == files_of(second) == {"a.csv"}


@pytest.mark.parametrize(
    "cell",
    [
        "found = await asyncio.gather(*[experiment(table, C) for C in (0.1, 9.0)])",
        "found = []\nfor C in (0.1, 9.0):\n    found.append(await asyncio.create_task(experiment(table, C)))",
        "tasks = [asyncio.create_task(experiment(table, C=C)) for C in (0.1, 9.0)]\nfound = [await t for t in tasks]",
        "def whole(C):\n    return asyncio.run(experiment(table, C))\n"
        "found = await asyncio.gather(*(asyncio.to_thread(whole, C) for C in (0.1, 9.0)))",
    ],
)
def test_coroutines_of_a_loop_are_runs_with_their_own_params(nb: Notebook, cell: str) -> None:
    nb.run('table = await fetch("a.csv")')
    nb.run(EXPERIMENT)

    nb.run(cell)

    made = {run.params["C"]: list(values(run).values()) for run in nb.runs() if run.models}
    first, second = nb.variables["found"]
    assert made == {0.1: [first], 9.0: [second]}
    assert all(run.params["holdout"] == 0.3 for run in nb.runs() if run.models)


def test_params_and_data_flow_into_an_awaited_call(nb: Notebook) -> None:
    nb.run('table = await fetch("a.csv")')
    nb.run(EXPERIMENT)
    nb.run("strength = 0.7\nfew = 0.2")

    nb.run("score = await experiment(table, strength, holdout=few)")

    run = nb.only_run()
    assert (run.params["strength"], run.params["few"]) == (0.7, 0.2)
    assert "holdout" not in run.params
    assert files_of(run) == {"a.csv"}


def test_task_of_an_earlier_cell_is_of_the_statement_that_awaits_it(nb: Notebook) -> None:
    nb.run("async def late(path):\n    await go.wait()\n    return await fetch(path)\ngo = asyncio.Event()")
    nb.run('one = asyncio.create_task(late("a.csv"))\nawait asyncio.sleep(0)')

    nb.run("go.set()\nprint('now')\na = await one")
    nb.run(FIT)

    assert [read_at(each) for each in nb.executions()[-3:]] == [{}, {3: ["a.csv"]}, {}]
    assert files_of(nb.only_run()) == {"a.csv"}


def test_task_of_an_earlier_cell_is_not_of_a_cell_that_awaits_something_else(nb: Notebook) -> None:
    nb.run("async def late(path):\n    await go.wait()\n    return await fetch(path)\ngo = asyncio.Event()")
    nb.run('one = asyncio.create_task(late("b.csv"))\nawait asyncio.sleep(0)')

    nb.run('go.set()\nfor _ in range(9):\n    a = await fetch("a.csv")\nassert one.done()')
    nb.run(FIT)

    assert read_at(nb.executions()[-2]) == {3: ["a.csv"]}
    assert files_of(nb.only_run()) == {"a.csv"}


def test_what_no_code_of_the_persons_hands_to_a_pool_is_not_followed(nb: Notebook) -> None:
    nb.run(
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "pool, go = ThreadPoolExecutor(1), threading.Event()"
    )
    nb.run(
        "thread = threading.Thread(target=pool.submit, args=(go.wait, 30))\nthread.start()\nthread.join()\n"
        "begun = dict(get_ipython()._trackbook.recorder.capture.observer.begun._known)\ngo.set()"
    )

    assert nb.variables["begun"] == {}
