"""What came into a session's statements from files and the project's own modules, and whether it is still the same."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType, ModuleType

from trackbook.capture.module_parts import Names, part_of
from trackbook.capture.modules import OwnModule, OwnModules
from trackbook.lineage.stale_facts import Surroundings
from trackbook.records import FileRead, HiddenReason, Source, Statement, dataset_key, file_key
from trackbook.tracking.dataset_names import PATH, is_dataset
from trackbook.tracking.files import has_changed, shown_path, written_files

_MOST_FILES = 300
"""Of a session that reads more files than these no one is looked at again: images, say."""
_MAGIC = re.compile(r"^\s*%+(?:time|timeit|capture|prun)\b[^\n]*?(?=[A-Za-z_(\n])", re.MULTILINE)
Newer = Callable[[str], bool]
"""Whether somebody else published a newer version of a dataset than one (``train@3``)."""
IsOwn = Callable[[Source, str], bool]
"""Whether a cell that does not stand above a statement wrote the file that the statement had read."""


class FileStates(Surroundings):
    """The files that statements read, and that no cell before them had written.

    Datasets of which the code left open which version are among them: `has_newer` tells what has become of these.
    """

    def __init__(self, is_own: IsOwn, has_newer: Newer | None = None) -> None:
        self._is_own = is_own
        self.has_newer = has_newer
        self._uses: dict[Source, list[FileRead]] = {}
        self._read_at: dict[FileRead, float] = {}
        self._changed: frozenset[FileRead] = frozenset()

    def add(self, execution_id: str, statements: Sequence[Statement], read_at: float) -> None:
        """Take the statements of a cell that ended at a time in seconds since 1970."""
        for number, statement in enumerate(statements):
            written = written_files(statement).values() if statement.files else ()
            files = [file for file in statement.files if file not in written]
            if files:
                self._uses[Source(execution_id=execution_id, statement=number)] = files
                self._read_at.update((file, read_at) for file in files)

    def look(self) -> None:
        """Look at the files as they are now."""
        known = self._read_at if len(self._read_at) <= _MOST_FILES else {}
        self._changed = frozenset(file for file, read_at in known.items() if self._has_changed(file, read_at))

    def _has_changed(self, file: FileRead, read_at: float) -> bool:
        if is_dataset(file):
            return file.is_latest and self.has_newer is not None and self.has_newer(file.path.removeprefix(PATH))
        return has_changed(file, read_at)

    @property
    def is_calm(self) -> bool:
        """Whether no file changed, when that was looked at last."""
        return not self._changed

    def changed(self, source: Source) -> Sequence[tuple[str, HiddenReason]]:
        """Return the files that a statement read and that hold something else since."""
        files = [file for file in self._uses.get(source, ()) if file in self._changed] if self._changed else []
        keys = [_key(file) for file in files]
        return [(key, HiddenReason.CHANGED) for key in keys if not self._is_own(source, key)]


class ModuleStates(Surroundings):
    """The modules of the project's own that statements used.

    Parameters
    ----------
    own
        The modules.
    variables
        The namespace.
    code_of
        Gives the code of a statement and when it had run, by the monotonic clock.
    """

    def __init__(
        self, own: OwnModules, variables: Mapping[str, object], code_of: Callable[[Source], tuple[str, float]]
    ) -> None:
        self._own = own
        self._variables = variables
        self._code_of = code_of
        self._is_calm = True

    def look(self) -> None:
        """Look at the modules' files as they are now."""
        self._is_calm = self._own.is_calm

    @property
    def is_calm(self) -> bool:
        """Whether no module changed, on disk or by being loaded again, when that was looked at last."""
        return self._is_calm

    def changed(self, source: Source) -> Sequence[tuple[str, HiddenReason]]:
        """Return the modules and scripts that a statement used and of which it would now use another state."""
        if self._is_calm:
            return ()
        text, at = self._code_of(source)
        found = [(f"script {each.path}", self._became(each, None, at)) for each in self._own.scripts(text, at)]
        for name, names in uses_of(text, self._variables).items():
            module = self._own.module(name, at)
            if module is not None:
                found.append((f"module {name}", self._became(module, names, at)))
        return [(label, reason) for label, reason in found if reason is not None]

    def _became(self, module: OwnModule, names: Names, at: float) -> HiddenReason | None:
        """Return how the part of a module that some names need has become another one since a time, if it has."""
        then, disk = self._part(module, names, at, set()), self._part(module, names, None, set())
        if then is None or disk is None or then == disk:
            return None
        latest = self._own.module(module.name)
        now = part_of(_text(latest), names, latest.package) if latest is not None else None
        used = part_of(_text(module), names, module.package)
        return HiddenReason.CHANGED if now is None or used is None or now == used else HiddenReason.RELOADED

    def _part(self, module: OwnModule, names: Names, at: float | None, seen: set[str]) -> str | None:
        """Return the code that some names of a module need, in the project's other modules too; None where unknown.

        As it was at a time, or on disk now.
        """
        state = module if at is not None else self._own.on_disk(module)
        part = part_of(_text(state), names, state.package) if state is not None else None
        if part is None:
            return None
        codes = [part.code]
        for name, inner in sorted(part.imports.items()) if names is not None else ():
            other = self._own.module(name, at) if name not in seen else None
            if other is not None:
                code = self._part(other, inner, at, seen | {module.name, name})
                if code is None:
                    return None
                codes.append(code)
        return "\n".join(codes)


class AllStates(Surroundings):
    """Files and modules together."""

    def __init__(self, files: FileStates) -> None:
        self.files = files
        self.modules: ModuleStates | None = None

    def look(self) -> None:
        """Look at what they are now."""
        self.files.look()
        if self.modules is not None:
            self.modules.look()

    @property
    def is_calm(self) -> bool:
        """Whether nothing changed, when that was looked at last."""
        return self.files.is_calm and (self.modules is None or self.modules.is_calm)

    def changed(self, source: Source) -> Sequence[tuple[str, HiddenReason]]:
        """Return what changed of a statement's files and modules."""
        modules = self.modules.changed(source) if self.modules is not None else ()
        return [*self.files.changed(source), *modules]


def _key(file: FileRead) -> str:
    return dataset_key(file.path.removeprefix(PATH)) if is_dataset(file) else file_key(shown_path(file.path))


def uses_of(text: str, variables: Mapping[str, object]) -> Mapping[str, Names]:
    """Return the modules whose functions, classes and constants some code uses, with the names that it uses.

    What it only imports does not count, for it does nothing yet; but a constant that it takes from a module does. A
    module that is handed to something as a whole is not known to be used.
    """
    try:
        tree = ast.parse(textwrap.dedent(_MAGIC.sub("", text)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, set[str]] = {}
    for module, name in _uses(tree, variables):
        found.setdefault(module, set()).add(name)
    return {module: frozenset(names) for module, names in found.items()}


def _uses(tree: ast.AST, variables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                value = variables.get(alias.asname or alias.name)
                if value is not None and not isinstance(value, ModuleType | FunctionType | type):
                    yield node.module, alias.name
        elif isinstance(node, ast.Attribute):
            owner = _module_at(node.value, variables)
            if owner is not None and not isinstance(getattr(owner, node.attr, None), ModuleType):
                yield owner.__name__, node.attr
        elif isinstance(node, ast.Name):
            yield from _home_of(variables.get(node.id))


def _module_at(node: ast.expr, variables: Mapping[str, object]) -> ModuleType | None:
    """Return the module that a name, or a module's attribute, stands for."""
    if isinstance(node, ast.Name):
        value = variables.get(node.id)
        return value if isinstance(value, ModuleType) else None
    owner = _module_at(node.value, variables) if isinstance(node, ast.Attribute) else None
    inner = getattr(owner, node.attr, None) if isinstance(node, ast.Attribute) and owner is not None else None
    return inner if isinstance(inner, ModuleType) else None


def _home_of(value: object) -> Iterator[tuple[str, str]]:
    """Yield the module that a function, a class or an object of a class comes from, with the name it has there."""
    kind = value if isinstance(value, FunctionType | type) else type(value)
    module = getattr(kind, "__module__", None)
    if isinstance(module, str) and not isinstance(value, ModuleType):
        yield module, kind.__qualname__.partition(".")[0]


def _text(module: OwnModule) -> str:
    return module.content.decode("utf-8", "surrogateescape")
