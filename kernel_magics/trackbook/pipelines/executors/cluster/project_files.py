"""Which files of a project a step is known to need: the modules that it imports, and what its code names or has read.

A text in the code is a file if there is one of that name, alone or beneath a folder that another text names, as in
``DATA / "in.csv"``. What an earlier run of the step has read is known as well.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trackbook.capture.modules import project_root
from trackbook.capture.symbols import parse_cell
from trackbook.pipelines.executors.cluster.away import MOST_FILE_BYTES
from trackbook.pipelines.executors.cluster.earlier import earlier_run, reads_of
from trackbook.pipelines.graph.code import own_modules
from trackbook.pipelines.graph.notebook_file import NotebookFile, read_notebook
from trackbook.pipelines.steps.job import StepJob
from trackbook.records import JsonValue
from trackbook.store.contract import RunFilter, Store

_LONGEST_NAME = 400
_MOST_IN_A_FOLDER = 1000
_MOST_FOLDER_BYTES = MOST_FILE_BYTES // 4  # of all folders: nothing says that their files are needed
_PARTS = 3  # texts that a path may be put together of
_MOST_BASES = 50
_MOST_LOOKED_AT = 20_000
_LEFT_OUT = ("__pycache__", "node_modules", "site-packages")


def known_files(job: StepJob, store: Store) -> list[Path]:
    """Return the files beneath the step's project that it is known to need; none that are hidden, or in no project."""
    notebook = read_notebook(job.notebook)
    folder = Path(os.path.realpath(job.folder))
    area = _area(folder)
    modules = [each for place in dict.fromkeys((folder, job.notebook.parent)) for each in own_modules(notebook, place)]
    texts = [*_texts(notebook, modules), *_params(job.params)]
    found = [*modules, *_named(texts, folder, area), *_recorded(job, store, area)]
    real = dict.fromkeys(Path(os.path.realpath(path)) for path in found)
    return [path for path in real if path.is_relative_to(area) and not _is_left_out(path.relative_to(area))]


def _area(folder: Path) -> Path:
    """Return the folder that files may lie in to travel: the project, or what it lies in where it is this folder."""
    root = project_root(folder)
    home = Path(os.path.realpath(os.path.expanduser("~")))
    is_shared = root.parent == home or root.parent in home.parents or root.parent == Path(root.anchor)
    return root.parent if root == folder and not is_shared else root


def _is_left_out(path: Path) -> bool:
    return any(part.startswith(".") or part in _LEFT_OUT for part in path.parts)


def _texts(notebook: NotebookFile, modules: Iterable[Path]) -> Iterator[str]:
    """Yield the texts that code holds."""
    for cell in notebook.cells if notebook.is_python else ():
        yield from _in_code(cell.source)
    for path in modules:
        if path.suffix == ".py":
            yield from _in_code(path.read_text(encoding="utf-8", errors="replace"))


def _in_code(source: str) -> Iterator[str]:
    try:
        tree = parse_cell(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _params(params: Mapping[str, JsonValue]) -> Iterator[str]:
    for value in params.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def _named(texts: Iterable[str], folder: Path, area: Path) -> Iterator[Path]:
    """Yield the files that texts name, and those in the folders that they name.

    Paths may begin in the folder, in the one above, which code reaches by ``Path.cwd().parent``, or in the project's.
    """
    names = [text for text in dict.fromkeys(texts) if 0 < len(text) <= _LONGEST_NAME and text.isprintable()]
    bases = dict.fromkeys((folder, folder.parent, area))
    for _ in range(_PARTS):
        below = [_joined(base, name) for base in bases for name in names]
        folders = [path for path in below[:_MOST_LOOKED_AT] if os.path.isdir(path)]
        bases = dict.fromkeys([*bases, *folders][:_MOST_BASES])
    for base in bases:
        yield from (path for name in names if os.path.isfile(path := _joined(base, name)))
    left = _MOST_FOLDER_BYTES
    for base in bases:
        if base.is_relative_to(area) and not folder.is_relative_to(base):
            found = _small_folder(base, left)
            left -= sum(path.stat().st_size for path in found)
            yield from found


def _joined(base: Path, name: str) -> Path:
    """Return a path beneath a folder; one that begins with a slash is the end of a text like ``f"{DATA}/in.csv"``."""
    path = base / name
    return Path(os.path.normpath(path if os.path.exists(path) else base / name.lstrip("/")))


def _small_folder(place: Path, most: int) -> list[Path]:
    """Return the files of a folder, which its code may list; none of one that takes more than so many bytes."""
    found: list[Path] = []
    size = 0
    for path in place.rglob("*"):
        if path.is_file() and not _is_left_out(path.relative_to(place)):
            found.append(path)
            size += path.stat().st_size
        if len(found) > _MOST_IN_A_FOLDER or size > most:
            return []
    return found


def _recorded(job: StepJob, store: Store, area: Path) -> Iterator[Path]:
    """Yield the files that an earlier run of the step has read, and the modules that flowed into its runs."""
    detail = earlier_run(job, store)
    if detail is None:
        return
    for run in store.runs(RunFilter(session_id=detail.run.session_id)):
        yield from (area / module.path for module in run.modules if os.path.isfile(area / module.path))
    for read in reads_of(store, detail):
        if read.digest is not None and os.path.isfile(area / read.path):
            yield area / read.path
