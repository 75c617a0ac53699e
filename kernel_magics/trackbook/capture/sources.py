"""From a running frame to the expression in the person's code that it is at."""

from __future__ import annotations

import ast
import linecache
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType

from trackbook.capture.code import Code, cell_code
from trackbook.capture.flow import Flow, Position
from trackbook.capture.flow_builder import ReachedFrom, build_flow, cell_flow
from trackbook.capture.literals import code_text

_EMPTY = Code(ast.Module(body=[], type_ignores=[]), "")
COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(slots=True, eq=False)
class Scope:
    """A block of code with names of its own: a cell, a script, or a function in one."""

    flow: Flow
    function: _Function | None

    @property
    def parameters(self) -> frozenset[str]:
        """The names of a function's parameters."""
        if self.function is None:
            return frozenset()
        arguments = self.function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
        return frozenset(argument.arg for argument in [*named, *stars])


@dataclass(eq=False)
class Site:
    """Where a frame is: its scope, the statement there (an index of the scope's flow) and the call that it is in."""

    scope: Scope
    node: int
    call: ast.expr | None
    comprehensions: tuple[_Comprehension, ...] = ()
    """Comprehensions around the call, innermost first: their variables are not the scope's."""

    @cached_property
    def call_text(self) -> str:
        """The code of the call in one spelling; empty where there is none."""
        return code_text(self.call) if self.call is not None else ""


class Library:
    """Tells the person's own files from installed ones."""

    def __init__(self) -> None:
        paths = sysconfig.get_paths()
        installed = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
        installed.add(str(Path(__file__).resolve().parents[1]))
        self._prefixes = tuple(sorted(prefix.rstrip("/\\") + ("/" if "/" in prefix else "\\") for prefix in installed))
        self._known: dict[str, bool] = {}

    def has(self, filename: str) -> bool:
        """Return whether a code's file is installed (or has no file), not the person's."""
        known = self._known.get(filename)
        if known is None:
            known = filename.startswith(("<", *self._prefixes)) or "site-packages" in filename
            self._known[filename] = known
        return known


class Sources:
    """The parsed code of cells and files, and the place of any frame in it.

    Parameters
    ----------
    reached_from
        For a name of the notebook, the globals that its value's code may read (see `capture.flow`).
    """

    def __init__(self, reached_from: ReachedFrom = lambda name: ()) -> None:
        self._reached_from = reached_from
        self.turn = 0
        """Counts the cells: what one has begun is not taken for another's."""
        self.begin_cell("", "", None)

    def begin_cell(self, source: str, transformed: str, code: Code | None) -> Flow:
        """Take a cell that is about to run; return its flow (an empty one if it could not be parsed).

        Parameters
        ----------
        source, transformed
            The cell as typed, and as IPython rewrote it, line by line (which is what tracebacks know).
        code
            Its code, with the lines of `source`.
        """
        self._cell = code or _EMPTY
        self.turn += 1
        self._source = source
        self._transformed = transformed
        self._is_compared = False
        self._trees: dict[str, tuple[Code | None, int]] = {}
        self._scopes: dict[int, Scope] = {}
        self._sites: dict[tuple[int, int], tuple[CodeType, Site | None]] = {}
        self._magic_sites: dict[tuple[int, str], Site | None] = {}
        self._narrowed: dict[tuple[int, int], tuple[Site, Site]] = {}
        return cell_flow(self._cell, self._reached_from)

    @property
    def cut_lines(self) -> int:
        """How many empty lines IPython cut off at the beginning: its line numbers are less by that."""
        self._look_at_lines()
        return self._cut_lines

    def _look_at_lines(self) -> None:
        """Compare the cell with what IPython made of it, when that is first needed: for most cells it never is."""
        if self._is_compared:
            return
        self._is_compared, source = True, self._source
        self._magic_lines = _lines_of_cell_magic(source)
        self._cut_lines = _empty_lines(source) - _empty_lines(self._transformed)
        self._magic_body = "\n".join(source.split("\n")[self._magic_lines :]).strip() if self._magic_lines else None

    def site(self, frame: FrameType) -> Site | None:
        """Return where a frame of the person's code is; None if its source is not at hand."""
        key = (id(frame.f_code), frame.f_lasti)
        if key not in self._sites:  # the code is kept beside the site, so that its id stays its own
            self._sites[key] = (frame.f_code, self._find_site(frame.f_code, frame.f_lasti))
        return self._sites[key][1]

    def magic_site(self, frame: FrameType, called: str) -> Site | None:
        """Return where the cell is, for a frame of it that runs a line magic: the call that the magic made for it.

        Parameters
        ----------
        frame
            The cell's own frame, at the line of the magic (or at the whole body, for a cell magic).
        called
            The name of the function that was called from the magic's code.
        """
        key = (frame.f_lineno, called)
        if key not in self._magic_sites:
            self._magic_sites[key] = self._find_magic_site(frame.f_lineno, called)
        return self._magic_sites[key]

    def narrowed(self, site: Site, call: ast.expr) -> Site:
        """Return a site at a call inside of its own: the same one each time."""
        key = (id(site), id(call))
        if key not in self._narrowed:
            around = comprehensions_around(site.call, call) if site.call is not None else ()
            narrow = Site(site.scope, site.node, call, (*around, *site.comprehensions))
            self._narrowed[key] = (site, narrow)
        return self._narrowed[key][1]

    def _find_magic_site(self, line: int, called: str) -> Site | None:
        scope = self._scope(self._cell, None)
        line += self.cut_lines  # which looks at the cell's magic, too
        first, last = (1, 10**9) if self._magic_lines else (line, line)
        nodes = [node for node in scope.flow.nodes if first <= node.statement.lineno <= last]
        calls = [(node, call) for node in nodes for call in _own_calls(node.statement)]
        named = [(node, call) for node, call in calls if called_name(call) == called]
        for node, call in [*named[:1], *calls[:1]]:
            return Site(scope, node.index, call)
        return Site(scope, nodes[0].index, None) if nodes else None

    def is_cell(self, code: CodeType) -> bool:
        """Return whether code is the cell's own, at its top level."""
        return is_module_code(code) and self._tree(code.co_filename)[0] is self._cell

    def _find_site(self, code: CodeType, instruction: int) -> Site | None:
        position = next(islice(code.co_positions(), instruction // 2, None), None)
        found, offset = self._tree(code.co_filename)
        if found is None or position is None:
            return None
        tree = found.tree
        line, end_line, column, end_column = position
        if line is None:
            return None
        start, end = (line + offset, column or 0), ((end_line or line) + offset, end_column or 0)
        path = _path_to(tree, start, end)
        functions = [node for node in path if isinstance(node, _Function)]
        function = None
        if functions and not is_module_code(code):
            named = (node for node in reversed(functions) if _is_function(node, code))
            function = functions[-1] if code.co_name in COMPREHENSIONS else next(named, functions[-1])
        scope = self._scope(found, function)
        node = scope.flow.node_at(start, end) or scope.flow.node_at((start[0], 10**6), (start[0], 0))
        if node is None:
            return None
        call = _awaited(path) or next((item for item in reversed(path) if isinstance(item, ast.Call)), None)
        inner = path[path.index(function) + 1 :] if function in path else path
        comprehensions = tuple(item for item in reversed(inner) if isinstance(item, _Comprehension))
        return Site(scope, node.index, call, comprehensions)

    def _scope(self, code: Code, function: _Function | None) -> Scope:
        key = id(function or code)
        if key not in self._scopes:
            self._scopes[key] = Scope(self._flow(code, function), function)
        return self._scopes[key]

    def _flow(self, code: Code, function: _Function | None) -> Flow:
        if function is None:
            return cell_flow(code, self._reached_from)
        if isinstance(function, ast.Lambda):  # a statement of its own making is not to be remembered with the code
            body: list[ast.stmt] = [ast.copy_location(ast.Expr(function.body), function.body)]
            return build_flow(body, self._reached_from, Code(ast.Module(body=body, type_ignores=[]), code.source))
        return build_flow(function.body, self._reached_from, code)

    def _tree(self, filename: str) -> tuple[Code | None, int]:
        """Return the code of a file and what to add to its lines to get the tree's."""
        if filename not in self._trees:
            self._trees[filename] = self._parse(filename)
        return self._trees[filename]

    def _parse(self, filename: str) -> tuple[Code | None, int]:
        self._look_at_lines()
        source = "".join(linecache.getlines(filename))
        if not source and filename.startswith("<"):  # compiled by a magic: only a cell magic's body has lines
            return (self._cell, self._magic_lines) if self._magic_lines and filename == "<timed exec>" else (None, 0)
        if source.rstrip("\n") == self._transformed.rstrip("\n"):
            return self._cell, self.cut_lines
        if self._magic_body is not None and source.strip() == self._magic_body:
            return self._cell, self._magic_lines - _empty_lines(source)  # the body of a cell magic, run by itself
        try:
            return cell_code(source), 0
        except SyntaxError:
            return None, 0


def is_module_code(code: CodeType) -> bool:
    """Return whether code is that of a cell or file, not of a function (IPython names a cell's ``<cell line: 1>``)."""
    return code.co_name == "<module>" or code.co_name.startswith("<cell line")


def _lines_of_cell_magic(source: str) -> int:
    """Return how many lines of a cell are before the body of its cell magic, empty ones included; 0 if it has none."""
    lines = source.split("\n")
    written = [number for number, line in enumerate(lines) if line.strip()]
    if not written or not lines[written[0]].lstrip().startswith("%%"):
        return 0
    return written[1] if len(written) > 1 else len(lines)


def _empty_lines(source: str) -> int:
    """Return how many empty lines a source begins with."""
    lines = source.split("\n")
    return next((number for number, line in enumerate(lines) if line.strip()), 0)


def _is_function(node: _Function, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>"
    return node.name == code.co_name


def _path_to(tree: ast.Module, start: Position, end: Position) -> list[ast.AST]:
    """Return the nodes around a piece of code, outermost first."""
    path: list[ast.AST] = []
    nodes: list[ast.AST] = list(tree.body)
    while nodes:
        inside = next((node for node in nodes if _holds(node, start, end)), None)
        if inside is None:
            break
        path.append(inside)
        nodes = _placed_children(inside)
    return path


def _awaited(path: list[ast.AST]) -> ast.expr | None:
    """Return what code waits for that is at an ``await``, ``async for`` or ``async with``; None if it isn't at one."""
    match path[-1] if path else None:
        case ast.Await(value=ast.expr() as value):
            return value
        case ast.AsyncFor(iter=ast.expr() as iterated):
            return iterated
    return None


def comprehensions_around(whole: ast.expr, part: ast.expr) -> tuple[_Comprehension, ...]:
    """Return the comprehensions in an expression that a part of it is in, innermost first."""
    inside = [node for node in ast.walk(whole) if isinstance(node, _Comprehension)]
    return tuple(node for node in reversed(inside) if any(each is part for each in ast.walk(node)))


def _own_calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls in a statement's own expressions, outermost first."""
    is_whole = isinstance(statement, ast.FunctionDef)  # the body of %%timeit
    pending: list[ast.AST] = [c for c in ast.iter_child_nodes(statement) if is_whole or isinstance(c, ast.expr)]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Call):
            yield node
        pending += ast.iter_child_nodes(node)


def called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _placed_children(node: ast.AST) -> list[ast.AST]:
    """Return a node's children that have places; those of children that have none (arguments, cases) in their stead."""
    placed: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        placed += [child] if hasattr(child, "lineno") else _placed_children(child)
    return placed


def _holds(node: ast.AST, start: Position, end: Position) -> bool:
    first = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    decorators = getattr(node, "decorator_list", [])
    first = min([first, *((decorator.lineno, 0) for decorator in decorators)])
    return first <= start and end <= (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
