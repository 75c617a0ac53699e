"""Which datasets a notebook publishes and loads, read off its code cells without running them.

``trackbook.publish(table, "train")`` and ``trackbook.load("train")`` are found however Trackbook was imported, in
functions that the notebook calls, loops and comprehensions, and in modules beside it. A name may be put together of
params and constants. What can't be told is said as such.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from trackbook.capture.quiet import quiet
from trackbook.capture.symbols import parse_cell
from trackbook.pipelines.graph.evaluating import Values, arms, bound, possible, turns
from trackbook.pipelines.graph.module_folders import module_folders
from trackbook.pipelines.graph.notebook_file import PARAMETERS, NotebookFile
from trackbook.pipelines.graph.scope import Scope, arguments, joined, unknown_arguments
from trackbook.pipelines.graph.uses import Uses
from trackbook.records import JsonValue

_DEEPEST = 8  # calls of the notebook's own functions in one another
_MOST_VISITS = 20_000  # statements that are looked at, those in functions at each call
_MENTIONS = ("publish", "load", "dataset", "%track")
_VERBS = {"publish": 1, "load": 0, "dataset": 0}  # which positional argument is the name
_PINS = frozenset({"version", "run", "fingerprint"})
_MAGIC = re.compile(r"^\s*%track\s+data\b[^\n]*?--name[= ]\s*['\"]?(?P<name>[^\s'\"]+)", re.MULTILINE)
_CHANGING = frozenset(
    ("append", "extend", "insert", "pop", "remove", "clear", "update", "add", "setdefault", "reverse", "sort")
)


def read_uses(notebook: NotebookFile, params: Mapping[str, JsonValue], folder: Path) -> Uses:
    """Return what a notebook publishes and loads when it runs with some params in a folder."""
    if not notebook.is_python:
        return Uses(untold=(f"publishing and loading in {notebook.language} can't be told",))
    sources = [cell.source for cell in notebook.cells]
    folders = module_folders(sources, folder) if any("import" in source for source in sources) else [folder]
    if not any(word in source for source in sources for word in _MENTIONS) and not _imports_own(sources, folders):
        return Uses()
    reader = _Reader(folders)
    injected = [place for place, cell in enumerate(notebook.cells) if PARAMETERS in cell.tags][:1]
    if not injected:
        reader.top.names.update({name: [value] for name, value in params.items()})
    for place, source in enumerate(sources):
        reader.cell(source, place + 1)
        if place in injected:
            reader.top.names.update({name: [value] for name, value in params.items()})
    reader.mentioned_functions()
    return reader.uses()


def _imports_own(sources: Iterable[str], folders: Iterable[Path]) -> bool:
    """Return whether a module may be imported that is a file here: it may publish and load as well."""
    words = {word for source in sources if "import" in source for word in re.findall(r"[^\W\d]\w*", source)}
    return any(_module_file(folder, word) is not None for folder in folders for word in words)


def _module_file(folder: Path, name: str) -> Path | None:
    place = folder.joinpath(*name.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in files if path.is_file()), None)


class _Reader:
    """Goes through the statements in their order and remembers what names may hold."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.top = Scope()
        self._folders = folders
        self._place = ""
        self._is_sure = True
        self._depth = 0
        self._visits = 0
        self._called: set[str] = set()
        self._modules: dict[Path, Scope] = {}
        self._found: dict[str, dict[str, bool]] = {"load": {}, "publish": {}, "pin": {}}
        self._untold: dict[str, None] = {}

    def uses(self) -> Uses:
        """Return what was found."""
        loads, publishes = self._found["load"], self._found["publish"]
        maybe = {name for found in (loads, publishes) for name, is_sure in found.items() if not is_sure}
        return Uses(
            loads=tuple(loads),
            publishes=tuple(publishes),
            maybe=frozenset(maybe),
            pinned=tuple(self._found["pin"]),
            untold=tuple(self._untold),
        )

    def cell(self, source: str, number: int) -> None:
        """Read one cell."""
        self._place = f"cell {number}"
        try:
            self._body(parse_cell(source).body, self.top)
        except (SyntaxError, ValueError, RecursionError):
            if "publish" in source:
                self._untold[f"publishing in {self._place} can't be told: the cell can't be parsed"] = None
        for found in _MAGIC.finditer(source):
            self._note("publish", [found["name"]])

    def mentioned_functions(self) -> None:
        """Read the functions that are handed to somebody else, who may call them."""
        for name, (function, scope) in list(self.top.functions.items()):
            if name not in self._called:
                self._maybe(function.body, Scope(outer=scope, names=unknown_arguments(function)))

    # Statements

    def _body(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._visits += 1
            if self._visits > _MOST_VISITS:
                self._untold["publishing can't be told: the notebook does too much"] = None
                return
            self._statement(statement, scope)

    def _maybe(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        was, self._is_sure = self._is_sure, False
        self._body(body, scope)
        self._is_sure = was

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.functions[node.name] = (node, scope)
            case ast.ClassDef():
                self._other(node, inner := Scope(outer=scope))
                scope.functions.update(inner.functions)
                scope.names.update({f"{node.name}.{name}": values for name, values in inner.names.items()})
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.If():
                self._if(node, scope)
            case ast.For() | ast.AsyncFor():
                self._expression(node.iter, scope)
                scope.names.update(bound(node.target, turns(node.iter, scope.visible())))
                self._body([*node.body, *node.orelse], scope)
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value, scope)
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                self._expression(value, scope)
                whole = ast.BinOp(left=ast.Name(id=name, ctx=ast.Load()), op=operator, right=value)
                scope.names[name] = possible(whole, scope.visible())
            case ast.Try() | ast.TryStar():
                self._body(node.body, scope)
                for handler in node.handlers:
                    self._maybe(handler.body, scope)
                self._body([*node.orelse, *node.finalbody], scope)
            case ast.Match():
                self._expression(node.subject, scope)
                for case in node.cases:
                    self._maybe(case.body, scope)
            case _:
                self._other(node, scope)

    def _other(self, node: ast.stmt, scope: Scope) -> None:
        """A statement of no interest in itself: its expressions and what stands beneath it."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child, scope)
            elif isinstance(child, ast.withitem):
                self._expression(child.context_expr, scope)
                if child.optional_vars is not None:
                    scope.names.update(bound(child.optional_vars, None))
        body = getattr(node, "body", None)
        if isinstance(body, list):
            self._body(body, scope)

    def _if(self, node: ast.If, scope: Scope) -> None:
        self._expression(node.test, scope)
        taken = arms(node.test, scope.visible())
        if len(taken) == 1:
            self._body(node.body if taken[0] else node.orelse, scope)
            return
        before = dict(scope.names)
        self._maybe(node.body, scope)
        one, scope.names = scope.names, before
        self._maybe(node.orelse, scope)
        scope.names = {
            name: joined(one.get(name), scope.names.get(name), name in one, name in scope.names)
            for name in {**one, **scope.names}
        }

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr, scope: Scope) -> None:
        self._expression(value, scope)
        alias = self._verb(value, scope)
        values = possible(value, scope.visible())
        for target in targets:
            for name, each in bound(target, values):
                scope.names[name] = each
                if alias is not None:
                    scope.aliases[name] = alias
                else:
                    scope.aliases.pop(name, None)
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                scope.names[target.value.id] = None

    # Imports

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "trackbook":
                    scope.aliases[alias.asname or "trackbook"] = ""
                elif (found := self._module(alias.name)) is not None:
                    scope.add_module(alias.asname or alias.name, found)
            return
        if node.module == "trackbook" and not node.level:
            every = any(alias.name == "*" for alias in node.names)
            scope.aliases.update({verb: verb for verb in _VERBS if every})
            scope.aliases.update(
                {alias.asname or alias.name: alias.name for alias in node.names if alias.name in _VERBS}
            )
        else:
            self._import_own(node, scope)

    def _import_own(self, node: ast.ImportFrom, scope: Scope) -> None:
        base = node.module or ""
        module = self._module(base) if base else None
        for alias in node.names:
            name = alias.asname or alias.name
            if (inner := self._module(f"{base}.{alias.name}".lstrip("."))) is not None:
                scope.add_module(name, inner)
            elif module is not None and alias.name == "*":
                scope.functions.update(module.functions)
                scope.names.update(module.names)
            elif module is not None and alias.name in module.functions:
                scope.functions[name] = module.functions[alias.name]
            elif module is not None:
                scope.names.update(module.named(alias.name, name))

    def _module(self, name: str) -> Scope | None:
        """Return the scope of a module that is a file here, read once."""
        path = next((path for each in self._folders if (path := _module_file(each, name)) is not None), None)
        if path is None or path in self._modules:
            return self._modules[path] if path is not None else None
        scope = self._modules[path] = Scope()
        try:
            with quiet():
                tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        except (OSError, SyntaxError, ValueError, RecursionError):
            return scope
        where, self._place = self._place, path.name
        self._body(tree.body, scope)
        self._place = where
        return scope

    # Expressions

    def _expression(self, node: ast.expr, scope: Scope) -> None:
        match node:
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                inner = Scope(outer=scope)
                for each in node.generators:
                    self._expression(each.iter, inner)
                    inner.names.update(bound(each.target, turns(each.iter, inner.visible())))
                self._children(node, inner)
            case ast.Lambda():
                names: dict[str, Values] = {each.arg: None for each in [*node.args.args, *node.args.kwonlyargs]}
                was, self._is_sure = self._is_sure, False
                self._expression(node.body, Scope(outer=scope, names=names))
                self._is_sure = was
            case ast.Call():
                self._children(node, scope)
                self._call(node, scope)
            case _:
                self._children(node, scope)

    def _children(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child, scope)
            elif isinstance(child, ast.keyword | ast.comprehension):
                self._children(child, scope)

    def _verb(self, node: ast.expr, scope: Scope) -> str | None:
        """Return which verb of Trackbook an expression is: empty for Trackbook itself, None if it is none."""
        if isinstance(node, ast.Name):
            return scope.alias(node.id)
        if isinstance(node, ast.Attribute) and node.attr in _VERBS and self._verb(node.value, scope) == "":
            return node.attr
        return None

    def _call(self, node: ast.Call, scope: Scope) -> None:
        verb = self._verb(node.func, scope)
        if verb:
            self._use(verb, node, scope)
            return
        for each in node.args:
            if handed := self._verb(each, scope):
                self._tell(handed, f"{ast.unparse(each)} is handed to {ast.unparse(node.func)}")
        function = None
        match node.func:
            case ast.Name(id=name):
                function = scope.function(name)
                self._called.add(name)
            case ast.Attribute(value=owner, attr=method):
                module = scope.module(ast.unparse(owner)) if isinstance(owner, ast.Name | ast.Attribute) else None
                function = module.functions.get(method) if module is not None else None
                if method in _CHANGING and isinstance(owner, ast.Name):
                    scope.names[owner.id] = None
        if function is not None and self._depth < _DEEPEST:
            self._depth += 1
            definition, home = function
            self._body(definition.body, Scope(outer=home, names=arguments(definition, node, scope)))
            self._depth -= 1

    def _use(self, verb: str, node: ast.Call, scope: Scope) -> None:
        place = _VERBS[verb]
        words = {each.arg: each.value for each in node.keywords if each.arg is not None}
        given = words.get("name") or (node.args[place] if len(node.args) > place else None)
        pins = [words[each] for each in _PINS & words.keys()]
        is_pinned = any(possible(each, scope.visible()) != [None] for each in pins)
        if given is None or isinstance(given, ast.Starred):
            names: Values = [] if verb != "publish" and is_pinned else None
        else:
            names = possible(given, scope.visible())
        if names is None or not all(isinstance(name, str) for name in names):
            told = ast.unparse(given) if given is not None else "its arguments"
            self._tell(verb, f"{told} is known only when it runs")
            return
        self._note("publish" if verb == "publish" else "pin" if is_pinned else "load", names)

    def _tell(self, verb: str, why: str) -> None:
        doing = "publishing" if verb == "publish" else "loading"
        self._untold[f"{doing} in {self._place} can't be told: {why}"] = None

    def _note(self, kind: str, names: Sequence[str]) -> None:
        for each in names:
            name, sign, version = each.strip().partition("@")
            found = self._found["pin" if kind == "load" and sign and version != "latest" else kind]
            found[name] = found.get(name, False) or self._is_sure
