"""Which modules a parent may import for a notebook."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from trackbook.pipelines.executors.forking.imports import needs_of


def names(folder: Path, *cells: str) -> list[str]:
    """Return the names of a notebook with these cells that modules in the libraries' folder may have."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "analysis.ipynb")
    return [*needs_of(folder / "analysis.ipynb", folder).names]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pandas as pd", ["pandas"]),
        ("import os, json", ["os", "json"]),
        ("import matplotlib.pyplot as plt", ["matplotlib.pyplot"]),
        ("from scipy import stats", ["scipy", "scipy.stats"]),
        ("from sklearn.linear_model import *", ["sklearn.linear_model"]),
        ("%matplotlib inline\nimport numpy as np", ["numpy"]),
        ("!pip install x\nimport numpy", ["numpy"]),
        ("files = !ls\nimport numpy", ["numpy"]),
        ("import numpy\nnumpy.array?", ["numpy"]),
        ("%%time\nimport numpy", ["numpy"]),
        ("with warnings.catch_warnings():\n    import numpy", ["numpy"]),
        ("import numpy\nthis is no Python", ["numpy"]),
        ("sys.path.append('..')\nimport numpy", ["numpy"]),
        ("import numpy\n%track metric accuracy 0.9", ["numpy", "trackbook.magics.track"]),
        ("%%track\nimport numpy", ["numpy", "trackbook.magics.track"]),
    ],
)
def test_imports_that_a_cell_always_runs_are_found(source: str, expected: list[str], tmp_path: Path) -> None:
    assert names(tmp_path, source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import cupy as np\nexcept ImportError:\n    pass",
        "if False:\n    import torch",
        "def load():\n    import torch",
        "from . import parts",
        "from .parts import x",
        "text = 'import torch'",
        "# import torch",
        "%%bash\nimport torch",
        "%%writefile train.py\nimport torch",
    ],
)
def test_imports_that_may_not_run_are_not_found(source: str, tmp_path: Path) -> None:
    assert names(tmp_path, source) == []


@pytest.mark.parametrize("change", ["sys.path.insert(0, '../src')", "sys.path[:0] = ['x']", "from sys import path"])
def test_nothing_is_told_of_a_notebook_that_moves_where_modules_are_looked_for(change: str, tmp_path: Path) -> None:
    assert names(tmp_path, "import sys", change, "import numpy") == []


def test_modules_beside_the_notebook_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "features.py").touch()
    (tmp_path / "model").mkdir()

    assert names(tmp_path, "import features, model.parts, numpy") == ["numpy"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": [{}]}', '{"cells": 1}'])
def test_file_that_is_no_notebook_imports_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text(content)

    assert needs_of(tmp_path / "broken.ipynb", tmp_path).names == ()
    assert needs_of(tmp_path / "missing.ipynb", tmp_path).names == ()


def test_modules_in_the_folder_that_the_notebook_runs_in_are_left_out_too(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "numpy.py").touch()
    names(tmp_path, "import numpy")

    assert needs_of(tmp_path / "analysis.ipynb", tmp_path / "run").names == ()
    assert needs_of(tmp_path / "analysis.ipynb", tmp_path).names == ("numpy",)
