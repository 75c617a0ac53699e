"""A folder with notebooks and a pipeline, and steps that pretend to have run: their records, without a kernel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd
from trackbook import clock
from trackbook.pipelines.graph.facts import begun_tags
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.planning import Planner
from trackbook.records import Execution, FileRead, Outcome, Process, Run, RunStatus, Session, Statement
from trackbook.store import Batch, RunChange, Store
from trackbook.tracking.dataset_names import KeptTable
from trackbook.tracking.datasets import Maker, publish_table


def write_notebook(path: Path, *cells: str, kernel: str = "python3", language: str = "python") -> None:
    """Write a notebook; a cell that begins with ``# params`` is tagged as its parameters, one with ``#md`` is text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "cells": [_cell(number, source) for number, source in enumerate(cells)],
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def _cell(number: int, source: str) -> dict[str, object]:
    if source.startswith("#md"):
        return {"id": f"c{number}", "cell_type": "markdown", "source": source, "metadata": {}}
    tags = ["parameters"] if source.startswith("# params") else []
    about = {"id": f"c{number}", "cell_type": "code", "source": source.splitlines(keepends=True)}
    return {**about, "metadata": {"tags": tags}, "outputs": [], "execution_count": None}


@dataclass
class Planned:
    """A pipeline in a folder, and its store."""

    folder: Path
    store: Store
    planner: Planner = field(init=False)

    def write(self, text: str, **notebooks: Sequence[str]) -> Planned:
        """Write the pipeline's file and its notebooks, by name, and plan anew."""
        (self.folder / "pipeline.yaml").write_text(text, encoding="utf-8")
        for name, cells in notebooks.items():
            write_notebook(self.folder / f"{name}.ipynb", *cells)
        return self.again()

    def again(self) -> Planned:
        """Plan anew, as another process would."""
        self.planner = Planner(read_pipeline(self.folder), self.store)
        return self

    def reasons(self, **asked: object) -> dict[str, str]:
        """Return the reason of each step."""
        return {each.step.name: each.reason for each in self.planner.plan(**asked).steps}  # type: ignore[arg-type]

    def actions(self, **asked: object) -> dict[str, str]:
        """Return what is done with each step."""
        return {each.step.name: each.action.value for each in self.planner.plan(**asked).steps}  # type: ignore[arg-type]

    def succeed(
        self,
        name: str,
        *,
        loads: Sequence[str] = (),
        files: Sequence[str] = (),
        publishes: Mapping[str, int] | None = None,
        writes: Mapping[str, str] | None = None,
    ) -> str:
        """Pretend that a step ran: what it loaded, read, published and wrote; return what was decided before."""
        (step,) = self.planner.named(name)
        decided = self.planner.decide(step)
        run_id = self.record(name, loads=loads, files=files, publishes=publishes, writes=writes)
        self.planner.note_success(step, run_id)
        return decided.reason

    def record(
        self,
        name: str,
        *,
        loads: Sequence[str] = (),
        files: Sequence[str] = (),
        publishes: Mapping[str, int] | None = None,
        writes: Mapping[str, str] | None = None,
        status: RunStatus = RunStatus.FINISHED,
        started: datetime | None = None,
    ) -> str:
        """Write the records of a run of a step, and return its id."""
        session = self._session()
        reads = [*map(self._loaded, loads), *map(self._read, files)]
        started = started or clock.now()
        for path, content in (writes or {}).items():
            (self.folder / path).write_text(content, encoding="utf-8")
        run = Run(
            run_id=clock.new_id(),
            name=name,
            experiment=name,
            session_id=session.session_id,
            started_at=started,
            finished_at=clock.now(),
            status=status,
        )
        execution = Execution(
            execution_id=clock.new_id(),
            session_id=session.session_id,
            index=1,
            source="...",
            started_at=clock.now(),
            seconds=0.1,
            outcome=Outcome.OK,
            statements=(Statement(line=1, end_line=1, files=tuple(reads)),),
        )
        (step,) = self.planner.named(name)
        tags = begun_tags(self.planner.pipeline, step)
        change = RunChange(run_id=run.run_id, run=run, tags=tags)
        self.store.write(Batch(sessions=(session,), runs=(change,), executions=(execution,)))
        maker = Maker(session_id=session.session_id, run_id=run.run_id)
        for dataset, value in (publishes or {}).items():
            self.publish(dataset, value, maker)
        return run.run_id

    def publish(self, name: str, value: int, maker: Maker | None = None) -> None:
        """Publish a table that holds a value."""
        publish_table(self.store, pd.DataFrame({"a": [value]}), name, maker or Maker())

    def _session(self) -> Session:
        return Session(
            session_id=clock.new_id(),
            experiment="steps",
            started_at=clock.now(),
            lease_expires_at=clock.now(),
            process=Process(host="elsewhere", boot="another", pid=1, started=0.0),
            user="ana",
            ended_at=clock.now(),
        )

    def _loaded(self, name: str) -> FileRead:
        version = self.store.versions(name)[-1]
        return KeptTable(name=name, snapshot_id=version.snapshot_id, version=version, is_latest=True).read

    def _read(self, name: str) -> FileRead:
        content = (self.folder / name).read_bytes()
        return FileRead(path=str(self.folder / name), size=len(content), digest=sha256(content).hexdigest())
