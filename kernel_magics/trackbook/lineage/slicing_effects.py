"""What a statement does beside names: it draws random numbers, writes files, sets options, runs code nobody knows.

Each is a thing under a hidden key (see `slice`), so that who depends on it needs who changed it. A statement of which
that can't be told is lasting: it is kept wherever something after it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from trackbook.lineage.slice import hidden_key
from trackbook.lineage.slicing_scope import OWN_TOOL, Definition, Scope, is_library, looks_like_path, running
from trackbook.lineage.slicing_touches import PURE_BUILTINS, roots_of

WORLD = hidden_key("world")
PLOTS = hidden_key("plots")
GENERATORS = ("numpy.random", "random", "torch", "tensorflow")
"""The global random generators that are followed, by their modules."""
_SETTING = re.compile(
    r"^_?(?:set|use|seed|enable|disable|register|simplefilter|filterwarnings|resetwarnings|showwarning|formatwarning"
    r"|chdir|putenv|unsetenv|umask|basicConfig|reset|switch_backend|install|uninstall|patch|config|configure|init"
    r"|extend_path|reload|rc|rcdefaults|rc_file|rc_context|load_dotenv|seterr|seterrcall|manual_seed|pandas|despine"
    r"|download|login|clear_session|setlocale|setrecursionlimit|init_notebook_mode|captureWarnings"
    r"|seed_all|set_\w+|reset_\w+|enable_\w+|disable_\w+|register_\w+|init_\w+|seed_\w+|use_\w+|add_\w*path\w*)$"
)
_PLOTTING = ("matplotlib", "seaborn", "plotly", "pylab", "bokeh", "altair", "mpl_toolkits", "holoviews", "squarify")
_PLOT_SETTING = re.compile(r"^(?:set|set_(?!index|params)\w+|use|reset\w*|rc\w*|switch_backend|init_notebook_mode)$")
_STARTING_TEXT = """
start submit apply_async map_async run_in_executor create_task ensure_future run_forever run_coroutine_threadsafe
call_later call_soon spawn add_done_callback observe on_click setLevel addHandler addFilter
"""
_STARTING = frozenset(_STARTING_TEXT.split())
_STARTING_CLASSES = frozenset({"Thread", "Timer", "Process", "ThreadPoolExecutor", "ProcessPoolExecutor"})
_WORLD_CALLS = re.compile(
    r"^(?:sys\.(?!getsizeof|exc_info)|os\.environ\.(?!get|copy|keys|items)|gc\.|locale\.|site\.|faulthandler\.|atexit\.|signal\.)"
)
_HARMLESS_SYS = re.compile(r"^sys\.(?:version|platform|executable|getsizeof|stdout|stderr|maxsize|argv)")
_WRITING = re.compile(
    r"^(?:to_(?:csv|parquet|excel|json|feather|pickle|hdf|stata|sql|html|orc|xml|file|netcdf|zarr)|save|savez?\w*|dump"
    r"|write\w*|makedirs|mkdir|rmtree|unlink|rmdir|touch|symlink\w*|urlretrieve|extract\w*|unpack_archive|export\w*"
    r"|imwrite|imsave|open)$"
)
_MOVING = re.compile(r"^(?:copy\w*|move|rename|replace|remove)$")
_READING = re.compile(
    r"^(?:read\w*|load\w*|open|genfromtxt|fromfile|imread|glob|rglob|listdir|scandir|iterdir|walk|exists|isfile|isdir"
    r"|connect|import_module|from_pretrained|getsize|stat|memmap|copy\w*|move|unpack_archive|ZipFile|File)$"
)
_SEEDS = {
    "numpy.random.seed": "numpy.random",
    "numpy.random.set_state": "numpy.random",
    "numpy.random.mtrand.seed": "numpy.random",
    "random.seed": "random",
    "random.setstate": "random",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "torch.set_rng_state": "torch",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.set_random_seed": "tensorflow",
}
_ANY_SEEDING = re.compile(r"seed|set_state|setstate|set_rng_state", re.IGNORECASE)
_FRAMEWORKS = {"torch": "torch", "torchvision": "torch", "tensorflow": "tensorflow", "keras": "tensorflow"}
_FILLING = frozenset({"append", "insert", "update", "extend", "setdefault", "pop", "remove", "clear", "add"})
_DEEPEST = 6
_LONGEST_PATH = 300


@dataclass(slots=True)
class Effects:
    """What statements do beside names.

    `seeds` are the generators that they surely seed, `may_seed` those that they may; `calls` says that they call
    something that could draw, `frameworks` are the generators of the frameworks that they name. `reads` and `changes`
    are hidden keys; `files` and `folders` those of what is named, for whoever reads or writes.
    """

    is_lasting: bool = False
    calls: bool = False
    seeds: set[str] = field(default_factory=set)
    may_seed: set[str] = field(default_factory=set)
    frameworks: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


def effects_of(statements: Iterable[ast.AST], scope: Scope) -> Effects:
    """Return what statements do beside names, with the functions and classes of the notebook that they call."""
    finder = _Finder(scope)
    for statement in statements:
        finder.visit(statement, is_sure=True)
    return finder.found


class _Finder:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.found = Effects()
        self._seen: set[int] = set()
        self._depth = 0

    def visit(self, statement: ast.AST, *, is_sure: bool) -> None:
        """Add a statement; `is_sure`: it runs whenever what is looked at runs."""
        is_sure = is_sure and not isinstance(
            statement, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.Match
        )
        for node in running(statement):
            match node:
                case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                    self._set(node)
                case ast.Name(id=name, ctx=ast.Load()):
                    self._used(name)
                case ast.Attribute(ctx=ast.Load()):
                    path = self._scope.path_of(node)
                    if path is not None:
                        self.found.reads.add(hidden_key(f"module {path}"))
                case ast.Call():
                    self._called(node, is_sure=is_sure)
                case ast.Constant(value=str() as text) if 0 < len(text) < _LONGEST_PATH:
                    self._named_file(text)
                case ast.Import() | ast.ImportFrom():
                    self._imported(node)
        for node in running(statement):
            if isinstance(node, ast.Name):
                self.found.folders.add(hidden_key(f"folder in {node.id}"))
                if node.id in self._scope.paths:
                    self.found.files.add(hidden_key(f"path {node.id}"))

    def _named_file(self, text: str) -> None:
        path = PurePath(text)
        self.found.folders.update(hidden_key(f"folder {each}") for each in (path, *path.parents))
        if looks_like_path(text):
            self.found.files.add(hidden_key(f"file {path.name}"))

    def _set(self, node: ast.Attribute | ast.Subscript) -> None:
        root: ast.AST = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        path = self._scope.modules.get(root.id) if isinstance(root, ast.Name) else None
        if path is not None:
            self._lasts(path)

    def _lasts(self, path: str) -> None:
        if path.partition(".")[0] in _PLOTTING:
            self.found.changes.add(PLOTS)
        else:
            self.found.is_lasting = True

    def _used(self, name: str) -> None:
        path = self._scope.modules.get(name) or self._scope.origins.get(name)
        package = (path or "").partition(".")[0]
        if package in _PLOTTING:
            self.found.reads.add(PLOTS)
        if package in _FRAMEWORKS:
            self.found.frameworks.add(_FRAMEWORKS[package])

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            module = alias.name if isinstance(node, ast.Import) else f"{node.module or ''}.{alias.name}"
            if alias.name == "*" or module.startswith(("__future__", "sklearn.experimental")):
                self.found.is_lasting = True
            self.found.files.add(hidden_key(f"file {module.partition('.')[0]}.py"))
            if not is_library(module):
                self.found.reads.add(_READS)  # a module that a cell has written
            names = module.split(".")
            self.found.changes |= {hidden_key(f"module {'.'.join(names[:end])}") for end in range(2, len(names) + 1)}

    # Calls

    def _called(self, call: ast.Call, *, is_sure: bool) -> None:
        path = self._scope.path_of(call.func)
        if path is not None:
            self._library(path, is_sure=is_sure)
            self._files(path.rpartition(".")[2], is_moving=path.startswith(("os.", "shutil.", "pathlib.")))
        elif isinstance(call.func, ast.Name):
            self._named(call.func.id, call, is_sure=is_sure)
            self._files(call.func.id)
        elif isinstance(call.func, ast.Attribute):
            self._method(call.func, is_sure=is_sure)
            self._files(call.func.attr, is_moving=not self._scope.paths.isdisjoint(roots_of(call.func.value)))
        else:
            self.found.calls = True

    def _library(self, path: str, *, is_sure: bool) -> None:
        leaf, package = path.rpartition(".")[2], path.partition(".")[0]
        self.found.calls = True
        if package == OWN_TOOL:
            return
        self._seeding(path, is_sure=is_sure)
        if package in _PLOTTING:
            if _PLOT_SETTING.match(leaf) or ".style." in path or ".rcParams" in path:
                self.found.changes.add(PLOTS)
        elif not is_library(path):
            self.found.is_lasting = True  # a package of one's own: nobody can see what it does
        elif _WORLD_CALLS.match(path):
            self.found.is_lasting |= _HARMLESS_SYS.match(path) is None
        elif _is_setting(path):
            self.found.is_lasting = True

    def _seeding(self, path: str, *, is_sure: bool) -> None:
        if path in _SEEDS:
            (self.found.seeds if is_sure else self.found.may_seed).add(_SEEDS[path])
        elif _ANY_SEEDING.search(path.rpartition(".")[2]):
            self.found.may_seed |= set(GENERATORS)

    def _named(self, name: str, call: ast.Call, *, is_sure: bool) -> None:
        code = self._scope.code.get(name)
        if code is not None:
            self._own_code(code, is_sure=is_sure)
        elif name in ("setattr", "delattr") and call.args:
            path = self._scope.path_of(call.args[0])
            if path is not None:
                self._lasts(path)
        elif name not in PURE_BUILTINS or name in ("map", "filter", "sorted", "max", "min"):
            self.found.calls = True
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            given = self._scope.code.get(getattr(argument, "id", ""))  # a function that is handed over is called there
            path = self._scope.path_of(argument)
            self.found.is_lasting |= path is not None and not is_library(path)
            if given is not None or isinstance(argument, ast.Lambda):
                self._own_code(given or argument, is_sure=False)  # type: ignore[arg-type]  # a lambda, as was asked

    def _method(self, function: ast.Attribute, *, is_sure: bool) -> None:
        self.found.calls = True
        if function.attr in _STARTING:
            self.found.is_lasting = True
        for root in roots_of(function.value):
            kind = self._scope.classes.get(root) or self._scope.code.get(root)
            if kind is not None:
                self._own_code(kind, is_sure=False)

    def _own_code(self, code: Definition, *, is_sure: bool) -> None:
        if id(code) in self._seen or self._depth >= _DEEPEST:
            return
        self._seen.add(id(code))
        self._depth += 1
        body: list[ast.AST] = [code.body] if isinstance(code, ast.Lambda) else [*code.body]
        self.found.calls = True
        for statement in body:
            if isinstance(code, ast.ClassDef) and isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in statement.body:
                    self.visit(inner, is_sure=False)
            else:
                self.visit(statement, is_sure=is_sure)
        if isinstance(code, ast.ClassDef):
            for base in code.bases:
                if isinstance(base, ast.Name) and base.id in self._scope.code:
                    self._own_code(self._scope.code[base.id], is_sure=False)
        self._depth -= 1

    def _files(self, leaf: str, *, is_moving: bool = False) -> None:
        if _WRITING.match(leaf) or (is_moving and _MOVING.match(leaf)):
            self.found.changes.add(_WRITES)
        if _READING.match(leaf):
            self.found.reads.add(_READS)
        if leaf in ("makedirs", "mkdir"):
            self.found.changes.add(_MAKES_FOLDERS)
        elif leaf == "chdir":
            self.found.reads.add(_ENTERS)


def _is_setting(path: str) -> bool:
    """Return whether a function of a library is named for what it sets, starts or registers."""
    leaf = path.rpartition(".")[2]
    is_registry = leaf in _FILLING and path.count(".") > 1 and not path.startswith("numpy.")
    is_setter = _SETTING.match(leaf) is not None and path not in _SEEDS
    return is_registry or is_setter or ".options." in path or leaf in _STARTING_CLASSES


_WRITES = hidden_key("writes files")
_READS = hidden_key("reads files")
_MAKES_FOLDERS = hidden_key("makes folders")
_ENTERS = hidden_key("enters folders")
_MARKS = frozenset({_WRITES, _READS, _MAKES_FOLDERS, _ENTERS})


def file_effects(found: Effects) -> tuple[set[str], set[str]]:
    """Return the hidden keys of the files that statements may read, and those of files that they may write.

    A file is known by the name that stands in the code, or by the variable that holds it. Who uses a file needs the
    folders that were made for it.
    """
    is_reading, is_writing = _READS in found.reads, _WRITES in found.changes
    is_using = is_reading or is_writing or _ENTERS in found.reads
    reads = (found.files if is_reading else set()) | (found.folders if is_using else set())
    changes = (found.files if is_writing else set()) | (found.folders if _MAKES_FOLDERS in found.changes else set())
    return reads, changes


def plain_keys(keys: Iterable[str]) -> Iterator[str]:
    """Yield the hidden keys that stand for something by themselves."""
    yield from (key for key in keys if key not in _MARKS)
