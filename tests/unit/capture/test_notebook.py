from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from trackbook.capture.notebook import Notebook, cell_tags, find_notebook

KERNEL = ["/env/lib/python3.11/site-packages/ipykernel_launcher.py", "-f", "/run/kernel-1234-abcd.json"]


@pytest.mark.parametrize(
    ("variables", "environ", "argv", "path", "frontend"),
    [
        ({}, {"JPY_SESSION_NAME": "/home/me/a.ipynb"}, KERNEL, "/home/me/a.ipynb", "jupyter"),
        ({}, {"JPY_SESSION_NAME": "sub/a.ipynb"}, KERNEL, "{cwd}/sub/a.ipynb", "jupyter"),
        ({"__session__": "/home/me/a.ipynb"}, {}, KERNEL, "/home/me/a.ipynb", "jupyter"),
        ({}, {"JPY_SESSION_NAME": "Console 1"}, KERNEL, None, "jupyter"),
        ({}, {"JPY_SESSION_NAME": "8b2f0e1c-console"}, KERNEL, None, "jupyter"),
        ({"__vsc_ipynb_file__": "/home/me/a.ipynb"}, {}, KERNEL, "/home/me/a.ipynb", "vscode"),
        (
            {"PAPERMILL_INPUT_PATH": "in.ipynb", "PAPERMILL_OUTPUT_PATH": "out.ipynb"},
            {},
            KERNEL,
            "{cwd}/in.ipynb",
            "papermill",
        ),
        ({}, {"PAPERMILL_OUTPUT_PATH": "/o/out.ipynb"}, KERNEL, "/o/out.ipynb", "papermill"),
        (
            {"PAPERMILL_INPUT_PATH": "s3://b/in.ipynb", "PAPERMILL_OUTPUT_PATH": "/o.ipynb"},
            {},
            KERNEL,
            "/o.ipynb",
            "papermill",
        ),
        ({}, {"TRACKBOOK_NOTEBOOK": "/n.ipynb", "JPY_SESSION_NAME": "/a.ipynb"}, KERNEL, "/n.ipynb", "jupyter"),
        ({}, {"TRACKBOOK_NOTEBOOK": "n.ipynb"}, KERNEL, "{cwd}/n.ipynb", "kernel"),
        ({}, {}, KERNEL, None, "kernel"),
        ({}, {}, ["train.py", "--lr", "0.1"], "{cwd}/train.py", "script"),
        ({}, {}, ["/env/bin/ipython"], None, "ipython"),
        ({}, {}, [""], None, "ipython"),
        ({}, {}, [], None, "ipython"),
        ({"__vsc_ipynb_file__": 3, "PAPERMILL_INPUT_PATH": None}, {"TRACKBOOK_NOTEBOOK": " "}, [], None, "ipython"),
    ],
)
def test_notebook_is_found_where_each_frontend_tells_it(
    variables: Mapping[str, object],
    environ: Mapping[str, str],
    argv: list[str],
    path: str | None,
    frontend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()

    found = find_notebook(variables, environ, argv)

    expected = None if path is None else Path(path.format(cwd=tmp_path))
    assert found == Notebook(
        path=expected, frontend=frontend, kernel_id="1234-abcd" if argv is KERNEL else None, folder=Path.cwd()
    )


def write(path: Path, content: object, mtime: int = 1) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    os.utime(path, (mtime, mtime))
    return path


def cell(cell_id: str, *tags: Any) -> dict[str, Any]:
    return {"id": cell_id, "cell_type": "code", "source": "", "metadata": {"tags": list(tags)}}


def test_tags_of_a_cell_are_read_from_the_notebook(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", {"cells": [cell("one", "parameters", "x"), cell("two")]})

    assert cell_tags(path, "one") == ("parameters", "x")
    assert cell_tags(path, "two") == ()
    assert cell_tags(path, "three") == ()


def test_tags_are_read_again_after_the_notebook_was_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", {"cells": [cell("one", "x")]})
    assert cell_tags(path, "one") == ("x",)

    write(path, {"cells": [cell("one", "y")]}, mtime=2)

    assert cell_tags(path, "one") == ("y",)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{not json",
        "[]",
        "null",
        {"cells": 3},
        {"cells": [3, {"id": ["x"]}, {}]},
        {"cells": [{"id": "one", "metadata": {"tags": "x"}}]},
        {"cells": [{"id": "one", "metadata": None}]},
        {"cells": [cell("one", 3, None)]},
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
    ids=repr,
)
def test_broken_notebook_has_no_tags(content: object, tmp_path: Path) -> None:
    assert cell_tags(write(tmp_path / "a.ipynb", content), "one") == ()


def test_missing_notebook_has_no_tags(tmp_path: Path) -> None:
    assert cell_tags(tmp_path / "none.ipynb", "one") == ()
    assert cell_tags(tmp_path, "one") == ()
    assert cell_tags(Path("a\0b"), "one") == ()
