"""What names mean at a place in a notebook's code, as far as that can be told without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trackbook.pipelines.graph.evaluating import Values, possible


@dataclass(slots=True, eq=False)
class Scope:
    """What names mean in a notebook, a module, or one call of a function; looked up outwards."""

    outer: Scope | None = None
    names: dict[str, Values] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Names of Trackbook (empty) and of its verbs."""
    functions: dict[str, tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope]] = field(default_factory=dict)
    modules: dict[str, Scope] = field(default_factory=dict)

    def add_module(self, name: str, module: Scope) -> None:
        """Take in a module of the project under a name, and what its own names hold behind a dot."""
        self.modules[name] = module
        self.names.update({f"{name}.{own}": values for own, values in module.names.items()})

    def named(self, name: str, to: str) -> dict[str, Values]:
        """Return what a name and its attributes hold, under another name."""
        inside = {own: values for own, values in self.names.items() if own == name or own.startswith(f"{name}.")}
        return {f"{to}{own.removeprefix(name)}": values for own, values in inside.items()}

    def visible(self) -> dict[str, Values]:
        """Return the values of all names that can be seen from here."""
        return {**(self.outer.visible() if self.outer is not None else {}), **self.names}

    def alias(self, name: str) -> str | None:
        """Return which verb of Trackbook a name is, empty for Trackbook itself."""
        if name in self.aliases:
            return self.aliases[name]
        return self.outer.alias(name) if self.outer is not None and name not in self.names else None

    def function(self, name: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope] | None:
        """Return the function that a name is, with the scope that it was defined in."""
        if name in self.functions:
            return self.functions[name]
        return self.outer.function(name) if self.outer is not None else None

    def module(self, name: str) -> Scope | None:
        """Return the module of the project that a name is."""
        if name in self.modules:
            return self.modules[name]
        return self.outer.module(name) if self.outer is not None else None


def joined(one: Values, other: Values, in_one: bool, in_other: bool) -> Values:
    """Return what a name may hold after an ``if`` whose arms leave it with these."""
    if (in_one and one is None) or (in_other and other is None):
        return None
    found = list(one or [])
    return found + [value for value in other or [] if value not in found]


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args]


def unknown_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Values]:
    """Return the parameters of a function of which nobody knows what they hold."""
    return {each.arg: None for each in [*_parameters(function), *function.args.kwonlyargs]}


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call, scope: Scope) -> dict[str, Values]:
    """Return what the parameters of a function hold in a call."""
    names = scope.visible()
    found = unknown_arguments(function)
    found.update(_defaults(function, names))
    if not any(isinstance(each, ast.Starred) for each in call.args):
        found.update(
            {to.arg: possible(value, names) for to, value in zip(_parameters(function), call.args, strict=False)}
        )
    found.update({each.arg: possible(each.value, names) for each in call.keywords if each.arg is not None})
    return found


def _defaults(
    function: ast.FunctionDef | ast.AsyncFunctionDef, names: Mapping[str, Values]
) -> Iterator[tuple[str, Values]]:
    of_place = _parameters(function)[::-1]
    for each, value in zip(of_place, function.args.defaults[::-1], strict=False):
        yield each.arg, possible(value, names)
    for each, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if default is not None:
            yield each.arg, possible(default, names)
