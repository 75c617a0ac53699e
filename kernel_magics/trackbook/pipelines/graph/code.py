"""What of a notebook's code decides what it does: comments, formatting, markdown and outputs don't, magics do."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from trackbook.capture.magics_source import magic_lines
from trackbook.capture.modules import imported_names
from trackbook.capture.quiet import quiet
from trackbook.capture.symbols import parse_cell
from trackbook.pipelines.graph.module_folders import module_folders, plain
from trackbook.pipelines.graph.notebook_file import NotebookFile

_MOST_MODULES = 500
_SCRIPT = re.compile(r"""^\s*%run\s+(?:-[a-zA-Z]\s+)*["']?([^\s"']+)""", re.MULTILINE)


def text_digest(notebook: NotebookFile) -> str:
    """Return a digest of the text of the code cells: where it is the same, so is everything worked out from them."""
    texts = [notebook.language, *(cell.source for cell in notebook.cells)]
    tags = [sorted(cell.tags) for cell in notebook.cells]
    return _digest(json.dumps([texts, tags]))


def cell_digests(notebook: NotebookFile) -> tuple[str, ...]:
    """Return a digest of each code cell that has code in it."""
    return tuple(filter(None, (_cell_digest(cell.source, notebook.is_python) for cell in notebook.cells)))


def _cell_digest(source: str, is_python: bool) -> str:
    if not is_python:
        return _digest(source.strip()) if source.strip() else ""
    try:
        tree = parse_cell(source)
    except (SyntaxError, ValueError, RecursionError):
        return _digest(source)
    magics = magic_lines(source)
    return _digest(ast.dump(tree) + "\n".join(magics)) if tree.body or magics else ""


def module_code(path: Path, text: str) -> str:
    """Return a digest of a module's code; empty for what can't be parsed, a notebook that another one runs, say."""
    if path.suffix != ".py":
        return ""
    try:
        with quiet():  # of an invalid escape Python tells at the import
            return _digest(ast.dump(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return ""


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def own_modules(notebook: NotebookFile, folder: Path) -> list[Path]:
    """Return the files of the project that a notebook imports or runs (``%run``), and those that these import in turn.

    They are looked for in `module_folders`. What is elsewhere is known only once it was imported: from the records of a
    run.
    """
    if not notebook.is_python:
        return []
    sources = [cell.source for cell in notebook.cells]
    text = "\n".join(sources)
    scripts = [path for name in _SCRIPT.findall(text) for path in _script_files(folder, name)]
    found: dict[Path, None] = dict.fromkeys(scripts)
    pending = sorted(_imports([source for source in sources if "import" in source], scripts))
    folders = module_folders(sources, folder) if pending else []
    seen = set(pending)
    for name in pending:  # it grows
        for path, package in (each for place in folders for each in _files_of(place, name)):
            if path in found or len(found) >= _MOST_MODULES:
                continue
            found[path] = None
            more = imported_names(_text(path), package) - seen
            seen |= more
            pending += sorted(more)
    return list(found)


def _imports(sources: Sequence[str], scripts: Sequence[Path]) -> set[str]:
    texts = [*sources, *(_text(path) for path in scripts if path.suffix == ".py")]
    return {name for text in texts for name in imported_names(text)}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _script_files(folder: Path, name: str) -> list[Path]:
    """Return the file that ``%run`` means; its ending may be left out."""
    candidates = (folder / name, folder / f"{name}.py", folder / f"{name}.ipynb")
    return [plain(path) for path in candidates if path.is_file()][:1]


def _files_of(folder: Path, name: str) -> Sequence[tuple[Path, str]]:
    """Return the files that the import of a module executes, the packages above it first, each with its package."""
    files = []
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        if (place / "__init__.py").is_file():
            files.append((place / "__init__.py", ".".join(parts[:count])))
        elif place.with_suffix(".py").is_file():
            files.append((place.with_suffix(".py"), ".".join(parts[: count - 1])))
    return files
