"""Which modules a notebook imports: what its parent can import for it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

_MAGIC = re.compile(r"^\s*(?:[%!?].*|.*\?{1,2}\s*$|[\w, ]+=\s*[%!].*)$")
_TRACKS = re.compile(r"^\s*%%?track\b", re.MULTILINE)
_TRACK = "trackbook.magics.track"  # what the magic loads when it is first used
_MOVES_PATH = re.compile(r"sys\.path(?!\.append\b)|\baddsitedir\b|\bPYTHONPATH\b|\bfrom\s+sys\s+import\b.*\bpath\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the kernel of a notebook has to be: which one the notebook names, and what its statements import."""

    kernel: str | None = None
    names: tuple[str, ...] = ()


def needs_of(notebook: Path, folder: Path) -> Needs:
    """Return what a notebook needs that runs in a folder.

    The modules are those that its statements import whenever their cells run, by their full names. What is imported
    from a module may be one itself and is among them: ``scipy`` and ``scipy.stats``. Somebody's own modules are left
    out (``from .part import x``, files of that name in the folder or beside the notebook). So are all of a notebook
    that puts folders in front of where modules are looked for, since none can be told then. One that can't be read
    needs nothing.
    """
    try:
        state = notebook.stat()
    except OSError:
        return Needs()
    read = _read(notebook, state.st_mtime_ns, state.st_size)
    own = [name for name in read.names if any(_is_beside(name, each) for each in {folder, notebook.parent})]
    return replace(read, names=tuple(name for name in read.names if name not in own))


@lru_cache(maxsize=64)
def _read(notebook: Path, _changed: int, _size: int) -> Needs:
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        sources = [_text(cell) for cell in content["cells"] if cell.get("cell_type") == "code"]
        kernel = (content.get("metadata", {}).get("kernelspec") or {}).get("name")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Needs()
    found = dict.fromkeys(name for source in sources for name in _imports(source))
    if any(_TRACKS.search(source) for source in sources):
        found[_TRACK] = None
    is_known = not any(_MOVES_PATH.search(source) for source in sources)
    return Needs(kernel=kernel, names=tuple(found) if is_known else ())


def _text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _imports(source: str) -> Iterator[str]:
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture", "%%track")):
        return
    for tree in _trees(source):
        for node in _always_run(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")


def _trees(source: str) -> Iterator[ast.AST]:
    """Read a cell without its magics; of one that can't be read, each line by itself."""
    lines = ["" if _MAGIC.match(line) else line for line in source.splitlines()]
    try:
        yield ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        for line in lines:
            if line.startswith(("import ", "from ")):
                try:
                    yield ast.parse(line)
                except (SyntaxError, ValueError):
                    continue


def _always_run(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the cell does: no bodies of functions, no branches, nothing that is tried."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif isinstance(child, ast.With):
            yield from _always_run(child)


def _is_beside(name: str, folder: Path) -> bool:
    top = name.partition(".")[0]
    return any((folder / each).exists() for each in (top, f"{top}.py")) or any(folder.glob(f"{top}.*.so"))
