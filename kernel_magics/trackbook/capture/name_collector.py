"""Walks the syntax of one scope and collects the names in it, by Python's own rules of scoping."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from trackbook.capture.magics_source import HARMLESS, LOCAL, OPAQUE
from trackbook.capture.syntax import Function, header_of, parameters_of, query_names, root_names

_OPAQUE_WITHOUT_ARGUMENTS = frozenset({"locals", "vars"})
_LEAF_FIELDS = frozenset({"ctx", "op", "ops", "id", "attr", "arg", "name", "kind", "type_comment", "module", "level"})
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class NameCollector(ast.NodeVisitor):
    """Collects the names of one scope; an inner scope gets a collector of its own, merged without its locals.

    `is_deep`: function bodies are entered; `is_argument`: what is visited stands in the arguments of a call. It goes
    over every cell that runs, so it finds its way by tables where `ast.NodeVisitor` builds and looks up names.
    """

    __slots__ = (
        "binds", "calls", "declared", "is_argument", "is_deep", "is_function", "is_opaque", "reads", "touches",
    )  # fmt: skip

    def __init__(self, *, is_deep: bool = False, is_argument: bool = False, is_function: bool = False) -> None:
        self.is_deep = is_deep
        self.is_argument = is_argument
        self.is_function = is_function
        self.reads: set[str] = set()
        self.binds: set[str] = set()
        self.touches: set[str] = set()
        self.calls: set[str] = set()
        self.declared: set[str] = set()  # by `global`
        self.is_opaque = False

    def visit(self, node: ast.AST) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            self.generic_visit(node)
        else:
            handler(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        for name in _INNER_FIELDS[type(node)]:
            child = getattr(node, name, None)
            if type(child) is list:
                for item in child:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(child, ast.AST):
                self.visit(child)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Nothing: it has no names."""

    def names_of_header(self, node: ast.AST) -> None:
        """Bind and touch what a compound statement does by itself, beside the expressions in its header."""
        match node:
            case ast.For() | ast.AsyncFor():
                self.touches |= root_names(node.iter)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.binds.add(node.name)
                self._decorated(node)
            case ast.Try() | ast.TryStar():
                self.binds |= {handler.name for handler in node.handlers if handler.name}

    # names and targets

    def visit_Name(self, node: ast.Name) -> None:
        if type(node.ctx) is not ast.Load:
            self.binds.add(node.id)
            return
        self.reads.add(node.id)
        if self.is_argument:
            self.touches.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._target(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Constant) and node.slice.value == "__main__":
            self.is_opaque = True  # sys.modules["__main__"]
        self._target(node)

    def _target(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.touches |= root_names(node.value)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.visit(node.left)
        self.visit(node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.reads.add(node.target.id)
            self.touches.add(node.target.id)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.generic_visit(node)
            return
        if not isinstance(node.target, ast.Name):
            self.visit(node.target)
        self.visit(node.annotation)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if type(target) is ast.Tuple or type(target) is ast.List:
                self.touches |= root_names(node.value)  # unpacking moves an iterator on
            self.visit(target)
        self.visit(node.value)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared.update(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.binds.add(alias.asname or alias.name.partition(".")[0])
            self.is_opaque |= alias.name == "__main__"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.is_opaque = True
            else:
                self.binds.add(alias.asname or alias.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.binds.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self._captured(node, node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self._captured(node, node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._captured(node, node.rest)

    def _captured(self, node: ast.pattern, name: str | None) -> None:
        if name:
            self.binds.add(name)
        self.generic_visit(node)

    # what moves on or changes an object without naming it as a target

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.touches |= root_names(node.iter)
        self.generic_visit(node)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_withitem(self, node: ast.withitem) -> None:
        self.touches |= root_names(node.context_expr)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Load):
            self.touches |= root_names(node.value)
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await | ast.YieldFrom) -> None:
        self.touches |= root_names(node.value)
        self.generic_visit(node)

    visit_YieldFrom = visit_Await  # noqa: N815

    def visit_Compare(self, node: ast.Compare) -> None:
        for operator, operand in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                self.touches |= root_names(operand)
        self.generic_visit(node)

    # calls

    def visit_Call(self, node: ast.Call) -> None:
        roots = root_names(node.func)
        self.calls |= roots
        if isinstance(node.func, ast.Name):
            self._builtin(node.func.id, node)
        else:
            self.touches |= roots
            self.reads |= query_names(node)
        self.visit(node.func)
        self._arguments([*node.args, *node.keywords], is_argument=roots != {HARMLESS} and roots != {OPAQUE})

    def _builtin(self, name: str, node: ast.Call) -> None:
        if name in _OPAQUE_WITHOUT_ARGUMENTS and not (node.args or node.keywords or self.is_function):
            self.is_opaque = True

    def _arguments(self, nodes: Sequence[ast.AST], *, is_argument: bool) -> None:
        before = self.is_argument
        self.is_argument = is_argument or before
        for node in nodes:
            self.visit(node)
        self.is_argument = before

    # scopes

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        inner = self._inner(is_function=True)
        inner.visit(node.body)
        self._merge(inner, parameters_of(node.args) | inner.binds)

    def _comprehension(self, node: _Comprehension) -> None:
        inner = self._inner()
        local: set[str] = set()
        for n, generator in enumerate(node.generators):
            target = self._inner()
            target.visit(generator.target)
            local |= target.binds
            outer = self if n == 0 else inner  # the first is evaluated outside
            outer.touches |= root_names(generator.iter)
            outer.visit(generator.iter)
            inner._visit_all([generator.target, *generator.ifs])
        inner.binds -= local
        inner._visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._merge(inner, local)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_FunctionDef(self, node: Function) -> None:
        if node.name != LOCAL:
            self.binds.add(node.name)
        self._decorated(node)
        self._visit_all(header_of(node))
        if self.is_deep or node.name == LOCAL:
            self._function_body(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def _function_body(self, node: Function) -> None:
        inner = self._inner(is_function=True)
        inner._visit_all(node.body)
        local = (parameters_of(node.args) | inner.binds) - inner.declared
        self._merge(inner, local)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.binds.add(node.name)
        self._decorated(node)
        self._visit_all(header_of(node))
        local: set[str] = set()
        for statement in node.body:
            inner = self._inner()
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                inner._decorated(statement)
                inner._visit_all(header_of(statement))
                inner.binds.add(statement.name)
                if self.is_deep:
                    self._function_body(statement)  # a method does not see the names of its class
            else:
                inner.visit(statement)
            self._merge(inner, local, is_class=True)
            local |= inner.binds - inner.declared

    def _decorated(self, node: Function | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            roots = root_names(decorator)
            self.calls |= roots
            self.touches |= roots

    def _defaults(self, arguments: ast.arguments) -> None:
        self._visit_all([*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)])

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _inner(self, *, is_function: bool | None = None) -> NameCollector:
        is_function = self.is_function if is_function is None else is_function
        return NameCollector(is_deep=self.is_deep, is_argument=self.is_argument, is_function=is_function)

    def _merge(self, inner: NameCollector, local: set[str], *, is_class: bool = False) -> None:
        self.reads |= inner.reads - local
        self.touches |= inner.touches - local
        self.calls |= inner.calls - local
        self.is_opaque |= inner.is_opaque
        self.binds |= inner.binds & inner.declared if is_class else inner.binds - local


_HANDLERS: dict[type[ast.AST], Callable[[NameCollector, Any], None]] = {
    getattr(ast, name.removeprefix("visit_")): handler
    for name, handler in vars(NameCollector).items()
    if name.startswith("visit_")
}


_INNER_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {  # those that may hold other nodes
    kind: tuple(name for name in kind._fields if name not in _LEAF_FIELDS)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
