"""What flowed into a call: followed from the call outwards through the functions that were running, to the cell.

The call stack says exactly which call of which function led here, so a value that came in by a parameter is followed to
the argument that the caller wrote, and a constant inside a function counts as much as one in a cell.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType

from trackbook.capture.begun import Begun
from trackbook.capture.flow import Flow
from trackbook.capture.literals import Missing, is_literal_iterable, literal_value, root_of, target_names
from trackbook.capture.sources import COMPREHENSIONS, Library, Site, Sources
from trackbook.capture.symbols import accesses
from trackbook.errors import InvalidValueError
from trackbook.records import Inside, JsonValue, json_value

Activation = tuple[int, int]  # a frame and its code: one life of one function
_NOTHING = object()
Place = tuple[Activation, int]  # a statement of it
CELL: Activation = (0, 0)  # IPython runs each statement of a cell in a frame of its own; the cell is one all the same


@dataclass(slots=True, eq=False)
class Level:
    """One of the person's frames that led to a call."""

    activation: Activation
    site: Site
    is_cell: bool
    values: Mapping[str, object]
    function: str
    free: frozenset[str]
    """Names that its code takes from the functions that it is defined in."""
    kept: frozenset[str]
    """Names of its own that functions defined in it take."""


@dataclass(slots=True)
class Flowing:
    """What flowed into (a part of) a call.

    `literals` are constants found inside functions; `names` are the notebook's names that flowed in, as statement
    `node` of the cell read them; `places` are the statements that took part.
    """

    literals: dict[str, JsonValue] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    node: int | None = None
    outside: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    loop_values: dict[str, JsonValue] = field(default_factory=dict)
    """The values at that time of the cell's names that loops over literals bind."""
    inner_loop_values: dict[str, JsonValue] = field(default_factory=dict)
    """Those of functions and comprehensions."""
    call_text: str = ""
    inside: tuple[Inside, ...] = ()
    """The functions between the cell and the call, outermost first."""

    def add_literals(self, constants: Mapping[str, JsonValue], function: str) -> None:
        """Note constants of a function; one whose name another function has too gets the function's before it."""
        for name, value in constants.items():
            key = name if self.literals.get(name, value) == value else f"{function}.{name}"
            self.literals[key] = value


class Trace:
    """The person's frames that led to a call, innermost first."""

    def __init__(self, levels: list[Level]) -> None:
        self.levels = levels

    @classmethod
    def of(
        cls,
        frame: FrameType | None,
        sources: Sources,
        library: Library,
        variables: Mapping[str, object],
        called: str = "",
        begun: Begun | None = None,
    ) -> Trace:
        """Walk outwards from `frame` (the caller of what was called) to the cell.

        Parameters
        ----------
        begun
            Tells where tasks and the calls of a pool's threads were begun: there it goes on.
        called
            The name of the function that `frame` called, for code that a magic runs and that has no lines of its own.
        """
        levels: list[Level] = []
        beyond: tuple[Level, ...] = ()
        is_in_magic = False
        while frame is not None:
            is_notebook = frame.f_globals is variables
            if is_notebook or not library.has(frame.f_code.co_filename):
                site = sources.site(frame)
                is_cell = is_notebook and sources.is_cell(frame.f_code)
                if site is None or (is_in_magic and is_cell):
                    is_in_magic = is_in_magic or (is_notebook and frame.f_code.co_filename.startswith("<"))
                    site = sources.magic_site(frame, called) if is_in_magic and is_cell else None
                if site is not None:
                    levels.append(_level(frame, site, is_cell))
                    called = frame.f_code.co_name
                    if is_cell:
                        break
            if begun is not None and begun.is_outermost(frame):
                beyond, frame = begun.beyond(frame)
            else:
                frame = frame.f_back
        _tell_lives_apart(levels, beyond)
        return cls([*levels, *beyond])

    @property
    def here(self) -> list[Place]:
        """The statements that were running, innermost first."""
        return [(level.activation, level.site.node) for level in self.levels]

    @property
    def call(self) -> ast.expr | None:
        """The expression of the call itself."""
        return self.levels[0].site.call if self.levels else None

    @property
    def call_site(self) -> tuple[object, ...]:
        """What tells this place in the code, and the way that led to it, from others."""
        return tuple((level.activation[1], id(level.site)) for level in self.levels)

    def statement(self) -> ast.stmt | None:
        """Return the statement of the call."""
        if not self.levels:
            return None
        site = self.levels[0].site
        return site.scope.flow.nodes[site.node].statement

    def assigned_name(self) -> str | None:
        """Return the name that the statement of the call assigns to, if it is one name and the call is its value."""
        if not self.levels:
            return None
        level = self.levels[0]
        statement = level.site.scope.flow.nodes[level.site.node].statement
        value = getattr(statement, "value", None)
        call = level.site.call
        if value is None or call is None or not any(node is call for node in ast.walk(value)):
            return None
        return _target_for(statement, call)

    def flowing(self, parts: Iterable[ast.expr] | None = None, stop: Collection[Place] = ()) -> Flowing:
        """Return what flowed into the call.

        Parameters
        ----------
        parts
            Expressions inside the call to follow (an argument, say); the whole call by default.
        stop
            Statements beyond which nothing is followed.
        """
        found = Flowing()
        wanted = list(parts) if parts is not None else [call for call in (self.call,) if call is not None]
        found.inside = self._inside()
        found.call_text = " < ".join(text for level in self.levels if (text := level.site.call_text))
        outer: set[str] = set()
        free: set[str] = set()
        carried: set[str] = set()
        for level, caller in zip(self.levels, [*self.levels[1:], None], strict=True):
            if any(isinstance(node, ast.Call) for expression in wanted for node in ast.walk(expression)):
                found.places.add((level.activation, level.site.node))
            names = (
                self._names(level, wanted, found) | carried | (outer if level.is_cell else set()) | (free & level.kept)
            )
            free -= level.kept
            carried = set()
            if caller is not None and level.function in COMPREHENSIONS and caller.site.scope is level.site.scope:
                carried, wanted = names, []
                found.places.add((caller.activation, caller.site.node))
                continue
            flow = level.site.scope.flow
            ends = {index for activation, index in stop if activation == level.activation}
            nodes, outside = flow.upstream([(level.site.node, names)], ends)
            found.places.update((level.activation, index) for index in nodes)
            if level.is_cell:
                found.node, found.names, found.outside = level.site.node, names, outside
                found.loop_values.update(_plain(level.values, list(level.values)))
                break
            found.add_literals(
                self._own_literals(level, flow, nodes),
                level.function,
            )
            for index in sorted(nodes):
                node, wanted_here = flow.nodes[index], nodes[index]
                found.inner_loop_values.update(_plain(level.values, node.loop_targets & wanted_here))
            parameters = outside & level.site.scope.parameters
            free |= (outside - parameters) & level.free
            outer |= outside - parameters - level.free
            wanted = self._arguments(level, caller, parameters, found)
        return found

    @staticmethod
    def _own_literals(level: Level, flow: Flow, nodes: Mapping[int, Collection[str]]) -> dict[str, JsonValue]:
        """Return the constants that a function assigns, but for those that it changes before they flow on."""
        present = dict(_plain(level.values, flow.unsure_literals))
        chosen = chosen_literals(flow, nodes, present)
        return {
            name: present.get(name, value)
            for name, value in chosen.items()
            if name in present or not flow.is_rewritten(name, nodes)
        }

    def _inside(self) -> tuple[Inside, ...]:
        found = []
        for level in reversed(self.levels):
            function, node = level.site.scope.function, level.site.scope.flow.nodes[level.site.node]
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and level.function == function.name:
                found.append(Inside(function=function.name, line=node.statement.lineno - function.lineno))
        return tuple(found)

    def _names(self, level: Level, wanted: Iterable[ast.expr], found: Flowing) -> set[str]:
        """Return the scope's names in some expressions; variables of comprehensions are followed to their source."""
        names: set[str] = set()
        for expression in wanted:
            names |= _reads(expression)
        for comprehension in level.site.comprehensions:
            for generator in comprehension.generators:
                targets = set(target_names(generator.target))
                if not targets & names:
                    continue
                names -= targets
                if is_literal_iterable(generator.iter):
                    found.inner_loop_values.update(_plain(level.values, targets))
                else:
                    names |= _reads(generator.iter)
        return names

    def _arguments(
        self, level: Level, caller: Level | None, parameters: Collection[str], found: Flowing
    ) -> list[ast.expr]:
        """Return the expressions that the caller wrote for some parameters; literal ones are noted as constants."""
        if caller is None or caller.site.call is None:
            return []
        bound = _bind(level, caller.site.call)
        if bound is None:
            return [caller.site.call]
        wanted: list[ast.expr] = []
        for name in sorted(parameters):
            expression = bound.get(name)
            if expression is None:
                wanted += _surplus(level, caller.site.call, bound)  # of ``*args`` or ``**kwargs``
                continue
            value = literal_value(expression)
            if isinstance(value, Missing):
                wanted.append(expression)
            else:
                found.add_literals({name: value}, level.function)
        return wanted


def chosen_literals(
    flow: Flow, nodes: Mapping[int, Collection[str]], present: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the constants that some statements assign to names that flow on.

    Of several for one name, it is the one that the name held then (`present`); where none is, nobody knows, and the
    name is left out.
    """
    candidates: dict[str, list[JsonValue]] = {}
    conditional: set[str] = set()
    for index in sorted(nodes):
        for name, value in flow.nodes[index].literals.items():
            if root_of(name) in nodes[index]:
                candidates.setdefault(name, []).append(value)
                if flow.nodes[index].control is not None:
                    conditional.add(name)
    chosen = {}
    for name, values in candidates.items():
        is_sure = all(value == values[0] for value in values) and (name not in conditional or name not in present)
        if is_sure or present.get(name, _NOTHING) in values:
            chosen[name] = values[0] if is_sure else present[name]
    return chosen


def _level(frame: FrameType, site: Site, is_cell: bool) -> Level:
    wanted = {name for node in site.scope.flow.nodes for name in node.loop_targets}
    wanted |= site.scope.flow.unsure_literals
    for comprehension in site.comprehensions:
        wanted.update(name for generator in comprehension.generators for name in target_names(generator.target))
    # f_locals of a function makes a dict that outlives the look: only for frames where a name is wanted
    values = {name: frame.f_locals[name] for name in wanted if name in frame.f_locals} if wanted else {}
    code = frame.f_code
    free, kept = frozenset(code.co_freevars), frozenset(code.co_cellvars)
    return Level(CELL if is_cell else (id(frame), id(code)), site, is_cell, values, code.co_name, free, kept)


def _tell_lives_apart(levels: list[Level], beyond: tuple[Level, ...]) -> None:
    """Make a function's life another one when it was called from elsewhere: Python uses frames again."""
    outer: Place = (beyond[0].activation, beyond[0].site.node) if beyond else (CELL, -1)
    for level in reversed(levels):
        if not level.is_cell:
            level.activation = (level.activation[0], hash((level.activation[1], outer)))
        outer = (level.activation, level.site.node)


def _plain(values: Mapping[str, object], names: Collection[str]) -> Iterator[tuple[str, JsonValue]]:
    for name in names:
        if name in values:
            try:
                yield name, json_value(values[name])
            except InvalidValueError:
                continue


def _reads(expression: ast.expr) -> frozenset[str]:
    return accesses(ast.copy_location(ast.Expr(expression), expression)).reads


def _bind(level: Level, call: ast.expr) -> dict[str, ast.expr] | None:
    """Return parameter -> expression for a call of a function in the person's code; None where that can't be told."""
    function = level.site.scope.function
    if function is None or isinstance(function, ast.Lambda) or not isinstance(call, ast.Call):
        return None
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    arguments = function.args
    names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    defaults = dict(zip(names[::-1], arguments.defaults[::-1], strict=False))
    defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None}
    bound: dict[str, ast.expr] = dict(defaults)
    if names[:1] in (["self"], ["cls"]) and isinstance(call.func, ast.Attribute) and called == function.name:
        bound[names.pop(0)] = call.func.value
    elif function.name == "__init__" and names:
        names.pop(0)
    elif called != function.name:
        return None
    if any(isinstance(argument, ast.Starred) for argument in call.args) or any(k.arg is None for k in call.keywords):
        return None
    if len(call.args) > len(names) and arguments.vararg is None:
        return None
    bound.update(zip(names, call.args, strict=False))
    known = {*names, *(argument.arg for argument in arguments.kwonlyargs)}
    bound.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in known})
    return bound


def _surplus(level: Level, call: ast.expr, bound: Mapping[str, ast.expr]) -> list[ast.expr]:
    """Return the arguments of a call that no named parameter takes."""
    if not isinstance(call, ast.Call):
        return []
    taken = {id(expression) for expression in bound.values()}
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [expression for expression in given if id(expression) not in taken]


def _target_for(statement: ast.stmt, call: ast.expr) -> str | None:
    """Return the name in an assignment's targets that stands for a call in its value."""
    value: ast.expr | None = getattr(statement, "value", None)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if isinstance(target, ast.Name):
            return target.id
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for one, item in zip(target.elts, value.elts, strict=False):
                if isinstance(one, ast.Name) and any(node is call for node in ast.walk(item)):
                    return one.id
    return None
