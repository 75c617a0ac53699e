"""Notebooks as steps: how many a minute, what tracking adds to one, and what a pipeline with nothing to do costs."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from peer import Peer, absent
from timing import Bench, Figure, by_turns, seconds
from trackbook.pipelines.executors.local import LocalExecutor
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.plan import Action
from trackbook.pipelines.graph.planning import Planner
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepStatus
from trackbook.project import open_project

TURNS = 5  # each takes a third of a minute
SHARE, LEAST = 0.1, 0.2  # what tracking may add to an execution: a share of it, or seconds if that is more
FEWER = 10  # as many times fewer steps, to see how the time for one grows
CPU_LIMIT = 1.0
TRIVIAL = ("x = 1", "y = x + 41", "print(y)")
HEAVY = ("x = 1", "import pandas, sklearn", "print(x)")


def figures(bench: Bench) -> list[Figure]:
    """Return the figures of notebooks that run, and of those that need not run."""
    return [
        *_many_notebooks(bench),
        _tracked(bench),
        _nothing_to_do(bench),
        *_planned(bench),
    ]


def _many_notebooks(bench: Bench) -> Iterator[Figure]:
    """Measure notebooks one after another and side by side, with and without something heavy to import."""
    count = bench.sizes.notebooks
    trivial = _notebook(bench.folder / "trivial.ipynb", TRIVIAL)
    heavy = _notebook(bench.folder / "heavy.ipynb", HEAVY)
    batches = (bench.folder / f"batch{number}" for number in itertools.count())
    measured = (
        _Measured(what="trivial notebooks", notebook=trivial, do="in_turn", peer="one after another", goal=1 / 8),
        _Measured(what="trivial notebooks", notebook=trivial, do="side_by_side", peer="in two processes", goal=1 / 5),
        _Measured(
            what="notebooks that import pandas and sklearn",
            notebook=heavy,
            do="side_by_side",
            peer="in two processes",
            goal=1 / 8,
        ),
    )
    if "papermill" not in bench.peers:
        once = {path: _executed(path, next(batches), count) for path in (trivial, heavy)}
        for each in measured:
            yield absent(bench, "papermill", each.name(count), each.peer_name, each.goal, [once[each.notebook]])
        return
    with Peer(bench, "papermill", "papermill_notebooks") as papermill:
        for each in measured:
            ours, peer = by_turns(
                TURNS,
                lambda path=each.notebook: _executed(path, next(batches), count),
                lambda each=each: float(papermill.ask(do=each.do, path=str(each.notebook), count=4)),
            )
            yield Figure(name=each.name(count), peer_name=each.peer_name, goal=each.goal, ours=ours, peer=peer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What is executed, and how the peer does it."""

    what: str
    notebook: Path
    do: str
    peer: str
    goal: float

    def name(self, count: int) -> str:
        return f"each of {count} {self.what}"

    @property
    def peer_name(self) -> str:
        return f"papermill, {self.peer}"


def _executed(notebook: Path, folder: Path, count: int) -> float:
    """Return the seconds that each of some notebooks takes; as with the peer, who executes them has begun before."""
    executor = LocalExecutor()

    def execute(numbers: range) -> None:
        jobs = [_job(notebook, folder, number) for number in numbers]
        results = [each.result() for each in [executor.submit(job, _quiet) for job in jobs]]
        failed = [each.message for each in results if each.status is not StepStatus.FINISHED]
        assert not failed, failed[0]

    execute(range(-executor.slots, 0))
    taken = seconds(lambda: execute(range(count)))
    executor.close()
    return taken / count


def _job(notebook: Path, folder: Path, number: int) -> StepJob:
    return StepJob(
        name=f"step {number}",
        notebook=notebook,
        output=folder / f"{number}.ipynb",
        params={"x": number},
        folder=notebook.parent,
        store=str(folder.parent / "executed"),
    )


def _quiet(event: StepEvent) -> None:
    """Take an event that nobody asks for."""


def _tracked(bench: Bench) -> Figure:
    """Measure one execution by our engine beside papermill's own, both with a fresh kernel."""
    import papermill

    logging.disable(logging.WARNING)
    notebook = _notebook(bench.folder / "tracked.ipynb", TRIVIAL)

    def executed(engine: str | None) -> float:
        output = str(bench.folder / "executed.ipynb")
        return seconds(
            lambda: papermill.execute_notebook(
                str(notebook), output, parameters={"x": 2}, engine_name=engine, progress_bar=False
            )
        )

    ours, bare = by_turns(bench.sizes.turns, lambda: executed("trackbook"), lambda: executed(None))
    return Figure(
        name="tracking one execution by papermill: added",
        peer_name=f"{SHARE:.0%} of it, or {LEAST * 1e3:.0f} ms",
        goal=1,
        ours=[tracked - plain for tracked, plain in zip(ours, bare, strict=True)],
        peer=[max(SHARE * plain, LEAST) for plain in bare],
    )


def _nothing_to_do(bench: Bench) -> Figure:
    """Measure both commands where everything is up to date."""
    stages = bench.sizes.stages
    name, peer_name = f"a pipeline of {stages} steps with nothing to do", "`dvc repro` with nothing to do"
    folder = _chain(bench.folder / "chain", stages)
    command = [sys.executable, "-m", "trackbook", "pipeline", "run"]
    environment = {**os.environ, "TRACKBOOK_STORE": str(folder / "store")}

    def run() -> str:
        done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    run()
    assert "nothing to do" in run()
    if "dvc" not in bench.peers:
        return absent(bench, "dvc", name, peer_name, 1 / 3, by_turns(bench.sizes.turns, lambda: seconds(run))[0])
    with Peer(bench, "dvc", "dvc_repro") as dvc:
        dvc.ask(do="make", stages=stages)
        ours, peer = by_turns(bench.sizes.turns, lambda: seconds(run), lambda: float(dvc.ask(do="nothing")))
    return Figure(name=name, peer_name=peer_name, goal=1 / 3, ours=ours, peer=peer)


def _planned(bench: Bench) -> list[Figure]:
    """Measure the CPU of planning many steps that have all run, and whether one costs more among many."""
    count = bench.sizes.steps
    few = max(2, count // FEWER)
    many_steps, few_steps = _planner_of(bench.folder / "many", count), _planner_of(bench.folder / "few", few)
    many, small = by_turns(bench.sizes.turns, lambda: _cpu(many_steps), lambda: _cpu(few_steps))
    return [
        Figure(
            name=f"planning {count:,} steps, each",
            peer_name=f"planning {few:,}, each",
            goal=1.2,
            ours=[each / count for each in many],
            peer=[each / few for each in small],
        ),
        Figure(
            name=f"planning {count:,} steps: CPU",
            peer_name=f"the limit of {CPU_LIMIT:g} s",
            goal=1,
            ours=many,
            peer=[CPU_LIMIT] * len(many),
        ),
    ]


def _planner_of(folder: Path, count: int) -> Callable[[], object]:
    """Make a pipeline whose steps are all up to date, and return what plans it anew, as another process would."""
    folder.mkdir()
    lines = ["steps:"]
    for number in range(count):
        _notebook(folder / f"s{number}.ipynb", ("x = 1", f"y = x + {number}", "print(y)"))
        lines += [f"  s{number}:", f"    notebook: s{number}.ipynb", f"    params: {{x: {number}}}"]
        lines += [f"    needs: [s{number - 1}]"] if number % 10 else []
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    store = open_project(folder / "store").store
    planner = Planner(read_pipeline(folder), store)
    for step in planner.pipeline.steps:
        planner.mark(step.name)

    def plan() -> None:
        steps = Planner(read_pipeline(folder), store).plan().steps
        assert all(each.action is Action.SKIP for each in steps)

    return plan


def _cpu(action: Callable[[], object]) -> float:
    began = process_time()
    action()
    return process_time() - began


def _chain(folder: Path, count: int) -> Path:
    """Make a pipeline whose steps each read the file that the one before has written."""
    folder.mkdir()
    (folder / "f0.txt").write_text("0", encoding="utf-8")
    lines = ["steps:"]
    for number in range(count):
        copy = f"Path('f{number + 1}.txt').write_text(Path('f{number}.txt').read_text())"
        _notebook(folder / f"s{number}.ipynb", ("x = 1", "from pathlib import Path", copy))
        lines += [f"  s{number}:", f"    notebook: s{number}.ipynb"]
        lines += [f"    needs: [s{number - 1}]"] if number else []
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _notebook(path: Path, cells: Sequence[str]) -> Path:
    """Write a notebook whose first cell has its params."""
    made = [
        {
            "id": f"c{number}",
            "cell_type": "code",
            "source": source,
            "metadata": {} if number else {"tags": ["parameters"]},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
