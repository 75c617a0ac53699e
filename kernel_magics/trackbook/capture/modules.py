"""The project's own modules: what notebooks import from files beside them, with the source that was executed.

A module's source is taken when Python executes it, on each import and reload, for the file may be edited afterwards.
One that was imported before anybody watched has its file's content from when it is first asked for.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType

from trackbook import clock
from trackbook.capture.module_parts import module_named
from trackbook.capture.secrets import redact
from trackbook.capture.sources import Library

_MARKS_OF_A_PROJECT = (".trackbook", ".git", "pyproject.toml", "setup.py", "setup.cfg")
_NOT_OWN = frozenset({".venv", "venv", "env", "node_modules", "site-packages", "dist-packages", ".tox", ".nox"})
_SCRIPT = re.compile(
    r"""^\s*%run\s+(?:-[a-zA-Z]\S*\s+)*(?P<run>"[^"]+"|'[^']+'|\S+)|"""
    r"""\bexec\(\s*(?:compile\(\s*)?open\(\s*(?P<exec>"[^"]+\.py"|'[^']+\.py')""",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d]\w*")
_LARGEST = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModule:
    """A module of the project's own: its dotted name, its file as seen from the project's root, and its source.

    Credentials are taken out of the source. `file` is where it was read, `stamp` that file's time and size then, and
    `since` the moment, by the monotonic clock.
    """

    name: str
    path: str
    content: bytes
    imports: frozenset[str]
    package: str
    file: str
    stamp: tuple[int, int]
    since: float


class OwnModules:
    """The project's own modules that were executed in this process.

    Parameters
    ----------
    notebook
        The notebook's file or the script that runs, if it is known and not installed: its project is the nearest folder
        upwards that looks like one, else its own. Without one it is the working folder's.
    """

    def __init__(self, notebook: Path | None) -> None:
        self._library = Library()
        is_known = notebook is not None and not self._library.has(str(notebook))
        self.root = project_root(notebook.parent if notebook is not None and is_known else Path.cwd())
        self._path_before = frozenset(map(_real, sys.path))
        self._executed: dict[str, list[OwnModule]] = {}
        self._scripts: dict[str, list[OwnModule]] = {}
        self._own: dict[str, bool] = {}

    def executing(self, module: ModuleType) -> None:
        """Take the source of a module that is about to be executed."""
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and self._is_own(file):
            kept = self._read(module.__name__, file, str(getattr(module, "__package__", None) or ""))
            if kept is not None:
                _add(self._executed.setdefault(kept.name, []), kept)

    def executing_scripts(self, source: str) -> None:
        """Take the scripts that a cell is about to run, by ``%run`` or ``exec(open(...).read())``."""
        for path in _scripts_in(source):
            if self._is_own(path):
                kept = self._read(Path(path).stem, path, "")
                if kept is not None:
                    _add(self._scripts.setdefault(path, []), kept)

    def used(self, source: str, values: Iterable[object], at: float | None = None) -> list[OwnModule]:
        """Return the modules that a statement imports or runs, or that values are of, and what these import themselves.

        Parameters
        ----------
        source
            The statement; if it does not parse, it is looked into for scripts and lines that import.
        at
            When it ran, by the monotonic clock; None for now. Modules are as they were then.
        """
        names = imported_names(source).union(name for value in values for name in _module_names_of(value))
        found: dict[str, OwnModule] = {}
        for script in self.scripts(source, at):
            found[script.name] = script
            names |= script.imports
        pending = sorted(names)
        for name in pending:  # it grows
            module = self.module(name, at) if name not in found else None
            if module is not None:
                found[name] = module
                pending += sorted(module.imports.union(_parents(name)) - found.keys())
        return [found[name] for name in sorted(found)]

    def scripts(self, source: str, at: float | None = None) -> list[OwnModule]:
        """Return the scripts that some code ran, as they were at a time."""
        return [_state_at(self._scripts[path], at) for path in _scripts_in(source) if path in self._scripts]

    def module(self, name: str, at: float | None = None) -> OwnModule | None:
        """Return a module of the project's own as it was at a time, None if it is none or was never executed."""
        module = sys.modules.get(name)
        if name not in self._executed and isinstance(module, ModuleType) and name != "__main__":
            self.executing(module)
        states = self._executed.get(name) if module is not None else None
        return _state_at(states, at) if states else None

    def on_disk(self, module: OwnModule) -> OwnModule | None:
        """Return a module as its file has it now, None if that is gone."""
        return module if _stamp(module.file) == module.stamp else self._read(module.name, module.file, module.package)

    @property
    def is_calm(self) -> bool:
        """Whether every module and script is what it was when it was executed first, in memory and on disk."""
        known = [*self._executed.values(), *self._scripts.values()]
        return all(len(states) == 1 and _stamp(states[0].file) == states[0].stamp for states in known)

    def _is_own(self, file: str) -> bool:
        known = self._own.get(file)
        if known is None:
            known = self._own[file] = not self._library.has(file) and self._is_of_the_project(Path(_real(file)))
        return known

    def _is_of_the_project(self, file: Path) -> bool:
        added = [Path(path) for path in map(_real, sys.path) if path not in self._path_before]
        for folder in (self.root, *added):
            if file.is_relative_to(folder):
                inside = file.relative_to(folder).parts[:-1]
                places = [folder.joinpath(*inside[: i + 1]) for i in range(len(inside))]
                return _NOT_OWN.isdisjoint(inside) and not any((each / "pyvenv.cfg").exists() for each in places)
        return False

    def _read(self, name: str, file: str, package: str) -> OwnModule | None:
        try:
            stamp = _stamp(file)
            if stamp[1] > _LARGEST or not file.endswith((".py", ".ipy", ".pyw")):
                return None
            text = Path(file).read_bytes().decode("utf-8", "surrogateescape")
        except OSError:  # gone since
            return None
        return OwnModule(
            name=name,
            path=Path(os.path.relpath(_real(file), self.root)).as_posix(),
            content=redact(text).encode("utf-8", "surrogateescape"),
            imports=imported_names(text, package),
            package=package,
            file=file,
            stamp=stamp,
            since=clock.monotonic(),
        )


def _add(states: list[OwnModule], module: OwnModule) -> None:
    """Note that a module is executed: one that was before is what it was then, unless its source is another one."""
    if not states or states[-1].content != module.content:
        states.append(module)


def _state_at(states: Sequence[OwnModule], at: float | None) -> OwnModule:
    """Return what a module was at a time; before anybody knew of it, what it was first."""
    earlier = [module for module in states if at is None or module.since <= at]
    return earlier[-1] if earlier else states[0]


def _stamp(file: str) -> tuple[int, int]:
    """Return a file's time and size; of one that is gone, some that no file has."""
    try:
        state = os.stat(file)
    except OSError:
        return (-1, -1)
    return (state.st_mtime_ns, state.st_size)


def project_root(start: Path) -> Path:
    """Return the project that a folder is in: the nearest one upwards that looks like one, but no home; else itself."""
    here = Path(_real(start))
    home = Path(_real(os.path.expanduser("~")))
    for folder in (here, *here.parents):
        if folder == home or folder in home.parents or folder == Path(folder.anchor):
            break
        if any((folder / name).exists() for name in _MARKS_OF_A_PROJECT):
            return folder
    return here


@lru_cache(maxsize=1024)
def imported_names(source: str, package: str = "") -> frozenset[str]:
    """Return the modules that code may import, in functions too: ``a`` and ``a.b`` for ``from a import b``."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset(_names_by_line(source))
    return frozenset(name for node in ast.walk(tree) for name in _imported(node, package))


@lru_cache(maxsize=1024)
def mentioned_names(source: str) -> frozenset[str]:
    """Return the names that code mentions; of a header alone, or with magics, every word of it."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset(_WORD.findall(source))
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            base = module_named(module, level, package)
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in names)


def _names_by_line(source: str) -> Iterator[str]:
    """Yield the imports of code with magics in it, line by line."""
    for line in source.splitlines():
        if line.lstrip().startswith(("import ", "from ")):
            try:
                tree = ast.parse(line.strip())
            except SyntaxError:
                continue
            for node in ast.walk(tree):
                yield from _imported(node, "")


def _module_names_of(value: object) -> Iterator[str]:
    kind = type(value)
    if isinstance(value, ModuleType):
        yield str(value.__name__)
    elif kind is FunctionType or kind is type:
        yield str(value.__module__)
    else:
        yield str(kind.__module__)


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _scripts_in(source: str) -> Iterator[str]:
    for found in _SCRIPT.finditer(source) if "run" in source or "exec" in source else ():
        path = (found["run"] or found["exec"]).strip("\"'")
        yield os.path.abspath(path if path.endswith((".py", ".ipy")) else f"{path}.py")


def _real(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(path)
