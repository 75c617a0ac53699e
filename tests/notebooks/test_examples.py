"""The example notebooks, executed as they are: what they record, and that their saved outputs are those of a reader."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
from nbclient import NotebookClient
from trackbook.records import RunDetail, Verdict
from trackbook.store import RunFilter, open_store

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def first(folder: Path) -> tuple[nbformat.NotebookNode, list[RunDetail]]:
    return executed("01_first_run.ipynb", folder / "first")


@pytest.fixture(scope="module")
def second(folder: Path) -> tuple[nbformat.NotebookNode, list[RunDetail]]:
    return executed("02_compare_models.ipynb", folder / "second")


@pytest.fixture(scope="module")
def third(folder: Path) -> tuple[nbformat.NotebookNode, list[RunDetail]]:
    return executed("03_regression_with_pandas.ipynb", folder / "third")


def executed(name: str, folder: Path) -> tuple[nbformat.NotebookNode, list[RunDetail]]:
    """Execute a notebook in a fresh kernel; return it, and the runs that it recorded, oldest first."""
    (folder / "work").mkdir(parents=True)
    shutil.copytree(EXAMPLES / "data", folder / "work" / "data")
    shutil.copy(EXAMPLES / "again.py", folder / "work")
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    with environment(folder, TRACKBOOK_NOTEBOOK=str(EXAMPLES / name), TRACKBOOK_STORE=str(folder / "store")):
        client = NotebookClient(
            notebook,
            timeout=240,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder / "work")}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        client.execute()
    store = open_store(folder / "store")
    try:
        return notebook, list(store.runs(RunFilter(oldest_first=True)))
    finally:
        store.close()


@contextmanager
def environment(folder: Path, **values: str) -> Iterator[None]:
    """Give kernels folders of their own, so that nothing of a home is read or written."""
    folders = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "HOME")
    with patch.dict(os.environ, {**{name: str(folder / name.lower()) for name in folders}, **values}):
        yield


def outputs(notebook: nbformat.NotebookNode, beginning: str) -> list[nbformat.NotebookNode]:
    """Return the outputs of the first cell with a line that begins so."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    cell = next(cell for cell in cells if any(line.startswith(beginning) for line in cell.source.splitlines()))
    return list(cell.outputs)


def kind(detail: RunDetail) -> str:
    """Return the class of a run's model, without its module."""
    return detail.models[0].class_name.rpartition(".")[2] if detail.models else ""


def test_first_example_records_a_run_for_each_value_of_c(first):
    _, runs = first

    assert [detail.params["C"] for detail in runs] == [0.01, 1.0]
    assert {detail.params["test_size"] for detail in runs} == {0.3}
    assert all(set(detail.metrics) == {"test.accuracy", "test.f1"} for detail in runs)
    assert {detail.run.experiment for detail in runs} == {"01_first_run"}


def test_first_example_records_the_numbers_that_it_prints(first):
    notebook, runs = first

    printed = outputs(notebook, "model = LogisticRegression")[0].text

    assert (
        printed == f"accuracy {runs[0].metrics['test.accuracy'].value:.3f}, f1 {runs[0].metrics['test.f1'].value:.3f}\n"
    )


def test_first_example_puts_its_tag_and_note_on_the_second_run(first):
    _, (earlier, later) = first

    assert dict(later.tags) == {"stage": "baseline"}
    assert later.run.note == "Loose enough: the next models have to beat this one"
    assert not earlier.tags
    assert earlier.run.note is None


def test_second_example_records_a_run_for_each_model_of_the_loop_beneath_one_parent(second):
    _, runs = second

    kinds = ("DecisionTreeClassifier", "RandomForestClassifier", "Pipeline")
    looped = [detail for detail in runs if kind(detail) in kinds]

    assert [kind(detail) for detail in looped] == list(kinds)
    assert all(set(detail.metrics) == {"validation.accuracy", "validation.roc_auc"} for detail in looped)
    assert len({detail.run.parent_id for detail in looped} - {None}) == 1


def test_second_example_records_the_candidates_of_its_search_as_children(second):
    _, runs = second

    search = next(detail for detail in runs if kind(detail) == "GridSearchCV")
    children = [detail for detail in runs if detail.run.parent_id == search.run.run_id]

    assert [detail.params["logisticregression__C"] for detail in children] == [0.01, 0.1, 1.0, 10.0]
    assert {"validation.roc_auc", "test.roc_auc"} <= set(search.metrics)
    assert dict(search.tags) == {"stage": "candidate"}


def test_second_example_records_every_fold_of_its_cross_validation(second):
    _, runs = second

    validated = [detail for detail in runs if not detail.models and "validation.score" in detail.metrics]

    assert [detail.metrics["validation.score.fold"].step for detail in validated] == [4]


def test_third_example_explains_the_error_down_to_its_file(third):
    notebook, runs = third

    text = outputs(notebook, "%track why")[0]["data"]["text/plain"]

    assert f"test.mean_absolute_error = {runs[2].metrics['test.mean_absolute_error'].value:.6g}" in text
    assert 'cut = "2012-09-01"' in text
    assert "bike_sharing_hour.csv" in text


def test_third_example_is_stale_after_the_edit_and_clean_after_the_cure(third):
    notebook, runs = third

    cells = {cell.id: cell for cell in notebook.cells}
    stale, cured = (cells[name].outputs[0]["data"]["text/plain"] for name in ("stale", "stale-again"))

    assert "train, test = bikes" in stale
    assert "Nothing to run again" in cured
    verdicts = [detail.run.verdict for detail in runs]
    assert verdicts[:4] == [*[Verdict.CLEAN] * 3, Verdict.STALE]
    assert set(verdicts[4:]) == {Verdict.CLEAN}
    assert "read cut as cell [5] made it" in (runs[3].run.verdict_reason or "")


def test_third_example_keeps_its_figure(third):
    notebook, _ = third

    (figure,) = [
        part
        for output in outputs(notebook, "import matplotlib")
        for part in output.get("data", {})
        if part == "image/png"
    ]

    assert figure


@pytest.mark.parametrize("example", ["first", "second"])
def test_what_track_shows_is_one_output_in_text_and_html(example, request):
    notebook, _ = request.getfixturevalue(example)

    for beginning in ("%track runs", "%track show", "%track compare"):
        shown = [output["data"] for output in outputs(notebook, beginning) if output.output_type == "display_data"]
        assert [sorted(data) for data in shown] == [["text/html", "text/plain"]], beginning
        assert shown[0]["text/plain"].strip()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_saved_with_its_outputs_and_without_errors(name):
    notebook = nbformat.read(EXAMPLES / name, as_version=4)

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = {output.output_type for cell in cells for output in cell.outputs}

    counts = [cell.execution_count for cell in cells]
    assert counts == sorted(set(counts))  # what runs a cell again by itself counts too
    assert "error" not in kinds
    assert "display_data" in kinds


@pytest.mark.parametrize("name", NAMES)
def test_an_example_leaves_out_of_the_check_only_what_shows_ids_times_and_verdicts(name):
    notebook = nbformat.read(EXAMPLES / name, as_version=4)

    ignored = [cell for cell in notebook.cells if "nbval-ignore-output" in cell.metadata.get("tags", ())]

    assert all(re.search(r"%track|trackbook\.|run\.verdict", cell.source) for cell in ignored)
