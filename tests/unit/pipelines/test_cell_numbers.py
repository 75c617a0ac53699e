"""Cells have the numbers that people give them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from papermill.parameterize import parameterize_notebook
from trackbook.pipelines.steps.numbering import numbers_of


def notebook_of(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook of cells: ``md`` is text, before a ``|`` stand tags."""
    notebook = nbformat.v4.new_notebook()
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.update(kernelspec=kernel, papermill={})
    for each in cells:
        tags, _, source = each.rpartition("|")
        make = nbformat.v4.new_markdown_cell if source == "md" else nbformat.v4.new_code_cell
        notebook.cells.append(make(source, metadata={"tags": tags.split()}))
    return notebook


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["md", "parameters|C = 1", "fit()"], [(1, "C = 1"), (2, "fit()")]),
        (["fit()"], [(1, "fit()")]),
        (["md", " ", "a()", "skip-me|b()", "md", "c()"], [(1, "a()"), (2, "c()")]),
        (["injected-parameters|C = 1", "fit()"], [(1, "C = 2"), (2, "fit()")]),
    ],
    ids=["after its params", "at the top", "only those that run", "executed before"],
)
def test_cells_are_numbered_as_in_the_notebook_that_was_given(
    cells: list[str], expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    given = tmp_path / "in.ipynb"
    nbformat.write(notebook_of(*cells), given)
    executed = parameterize_notebook(notebook_of(*cells), {"C": 2})

    numbers = numbers_of(executed.cells, str(given), "skip-me")

    named = [(number, executed.cells[place].source.splitlines()[-1]) for place, number in numbers.items()]
    assert named == expected


@pytest.mark.parametrize("given", [None, "nowhere.ipynb"])
def test_cell_that_papermill_put_in_has_no_number_where_the_given_notebook_is_not_known(given: str | None) -> None:
    cells = notebook_of("C = 1", "injected-parameters|C = 2", "fit()").cells

    assert numbers_of(cells, given) == {0: 1, 2: 2}
