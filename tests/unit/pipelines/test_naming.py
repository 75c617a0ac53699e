"""Lines to type name the pipeline that they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.gates.subject import find_subject
from trackbook.pipelines.graph.file import pipeline_of_notebooks, read_pipeline
from trackbook.pipelines.graph.naming import command_on, command_on_tagged
from trackbook.pipelines.graph.planning import Planner
from trackbook.pipelines.running.resuming import resumption
from trackbook.records import RunStatus
from trackbook.store.memory import MemoryStore

from .planned import write_notebook


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with two notebooks and files that make pipelines of them."""
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "a.ipynb", "# params\nC = 1", "import trackbook", "trackbook.publish(1, 'raw')")
    write_notebook(tmp_path / "my work" / "b.ipynb", "x = 1")
    for name in ("pipeline.yaml", "own.yaml"):
        (tmp_path / name).write_text("steps:\n- {notebook: a.ipynb, foreach: {C: [1]}}\n", encoding="utf-8")
    (tmp_path / "my work" / "pipeline.yaml").write_text("steps: [{notebook: b.ipynb}]", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("pipeline.yaml", "trackbook pipeline run"),
        ("own.yaml", "trackbook pipeline run own.yaml"),
        ("my work", "trackbook pipeline run 'my work/pipeline.yaml'"),
    ],
)
def test_file_is_named_where_it_is_not_the_one_that_is_meant_anyway(folder: Path, file: str, line: str) -> None:
    assert command_on(read_pipeline(folder / file), "run") == line


def test_file_elsewhere_is_named_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_pipeline(Path("pipeline.yaml"))
    monkeypatch.chdir(folder / "my work")

    assert command_on(found, "plan") == f"trackbook pipeline plan {folder / 'pipeline.yaml'}"


def test_notebooks_are_named_where_there_is_no_file(folder: Path) -> None:
    found = pipeline_of_notebooks([Path("a.ipynb"), Path("my work/b.ipynb")])

    assert command_on(found, "run", "--step", "b") == "trackbook pipeline run a.ipynb 'my work/b.ipynb' --step b"
    assert command_on_tagged({"pipeline.file": str(folder)}, "resume").endswith("resume, with its notebooks")


def test_what_was_not_run_is_answered_with_the_line_that_runs_it(folder: Path) -> None:
    found, store = read_pipeline(folder / "own.yaml"), MemoryStore()

    with pytest.raises(NotFoundError, match=r"Run it: trackbook pipeline run own\.yaml\.$"):
        resumption(store, found)
    with pytest.raises(InvalidValueError, match=r"Run it: trackbook pipeline run own\.yaml --step 'a\[C=1\]'\.$"):
        Planner(found, store).mark("a")


def test_gate_says_which_file_to_resume(folder: Path, notebook: Any, make_run: Any) -> None:
    tags = {"pipeline": "own", "pipeline.file": str(folder / "own.yaml")}
    notebook.add(make_run(1, tags=tags, run={"status": RunStatus.FAILED}))

    with pytest.raises(NotFoundError, match=r"finish it: trackbook pipeline resume own\.yaml\.$"):
        find_subject(notebook.store, "own")
