"""Training that a person's own loop does step by step: which loops only repeat it, and what takes part in it.

``for epoch in range(5)`` repeats the training of one model; ``for rate in (0.1, 0.01)`` around it makes a model each
turn. They are told apart by where the trained object comes from: a loop that it is made in goes over models.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType, FunctionType

from trackbook.capture.literals import Missing, literal_value, target_names
from trackbook.capture.ownership import is_persons
from trackbook.capture.trace import Flowing, Level, Place, Trace

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_PROGRESS = frozenset({"tqdm", "trange", "track", "progress_bar", "prange", "tnrange", "notebook_tqdm"})
_MOST_HELD = 1000  # items of a container that are looked at for the object


@dataclass(slots=True)
class StepByStep:
    """What is known of a training from its first step.

    `inputs` is what flowed into it, `made_at` the statements that its objects were bound or changed at. `loops` are
    those that repeat it, `rebound` the names that they bind (counters, sums), `turns` how often they go round, by name
    (``epochs``), where that is written there. `names` are the notebook's for its objects; `read` is what its code reads
    and didn't make itself: name, value and expression.
    """

    inputs: Flowing
    made_at: list[Place]
    loops: list[Place]
    rebound: frozenset[str]
    turns: dict[str, int]
    names: frozenset[str]
    read: list[tuple[str, object, ast.expr]]


@dataclass(slots=True)
class _View:
    """A level of the trace with its values, and the names that the trained objects have there."""

    level: Level
    values: Mapping[str, object]
    names: frozenset[str]


def step_by_step(
    trace: Trace, frame: FrameType | None, variables: Mapping[str, object], objects: Collection[object]
) -> StepByStep:
    """Return what takes part in a training that is at its first step.

    Parameters
    ----------
    trace, frame
        Where the step is made.
    variables
        The notebook's namespace.
    objects
        What is trained: a model and its optimizer, a booster.
    """
    views = _views(trace, frame, variables, objects)
    loops = list(_own_loops(views))
    inputs = trace.flowing(_parts(views, loops))
    for name in {name for level, header in loops for name in _targets(level, header)}:
        inputs.loop_values.pop(name, None)
        inputs.inner_loop_values.pop(name, None)
    made_at = [
        (view.level.activation, node.index)
        for view in views
        for node in view.level.site.scope.flow.nodes
        if node.binds & view.names
    ]
    within = [
        (level, node)
        for level, header in loops
        for node in level.site.scope.flow.nodes
        if _is_under(level, node.index, header)
    ]
    made_at += [(level.activation, node.index) for level, node in within if level.is_cell]
    turns: dict[str, int] = {}
    for level, header in reversed(loops):
        _add_turns(turns, level.site.scope.flow.nodes[header].statement)
    return StepByStep(
        inputs,
        made_at,
        [(level.activation, header) for level, header in loops],
        frozenset().union(*(node.binds for _, node in within)),
        turns,
        frozenset().union(*(view.names for view in views if view.level.is_cell)),
        list(_read(views, loops)),
    )


def is_one_training(one: Trace, other: Trace) -> bool:
    """Return whether two steps are made in turn by the same loop, as those of a generator and its critic are."""
    for outer, inner in zip(reversed(one.levels), reversed(other.levels), strict=False):
        if outer.activation != inner.activation:
            return False
        if outer.site.node != inner.site.node:
            first, second = list(_around(outer)), list(_around(inner))
            if not first and not second:
                return outer is one.levels[0] and inner is other.levels[0]
            return first[:1] == second[:1] or bool(set(first[:1]) & set(second) or set(second[:1]) & set(first))
    return True


def values_at(
    trace: Trace, frame: FrameType | None, variables: Mapping[str, object]
) -> Iterator[tuple[Level, Mapping[str, object]]]:
    """Yield the levels of a trace, innermost first, each with the values of its names."""
    levels = iter(trace.levels)
    level = next(levels, None)
    while level is not None:
        if level.is_cell:
            yield level, variables
            return
        while frame is not None and id(frame) != level.activation[0]:
            frame = frame.f_back
        if frame is None:  # it was begun elsewhere: only the cell's names are still at hand
            yield from ((each, variables) for each in (level, *levels) if each.is_cell)
            return
        yield level, frame.f_locals
        frame, level = frame.f_back, next(levels, None)


def _views(
    trace: Trace, frame: FrameType | None, variables: Mapping[str, object], objects: Collection[object]
) -> list[_View]:
    wanted = set(map(id, objects))
    return [
        _View(level, values, frozenset(name for name, value in list(values.items()) if _has(value, wanted)))
        for level, values in values_at(trace, frame, variables)
    ]


def _has(value: object, wanted: set[int]) -> bool:
    """Return whether a value is one of the objects, or holds one."""
    if id(value) in wanted:
        return True
    held = value if type(value) is dict else getattr(type(value), "__dict__", {}) and _attributes(value)
    return 0 < len(held) <= _MOST_HELD and not wanted.isdisjoint(map(id, list(held.values())))


def _attributes(value: object) -> Mapping[str, object]:
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def _own_loops(views: list[_View]) -> Iterator[tuple[Level, int]]:
    """Yield the loops that repeat the training, innermost first: out to where its object is made."""
    for view in views:
        flow = view.level.site.scope.flow
        makers = [node.index for node in flow.nodes if node.binds & view.names]
        for header in _around(view.level):
            if not any(_is_under(view.level, maker, header) for maker in makers):
                yield view.level, header
        if makers:
            return


def _around(level: Level) -> Iterator[int]:
    nodes = level.site.scope.flow.nodes
    index = nodes[level.site.node].control
    while index is not None:
        if isinstance(nodes[index].statement, _LOOPS):
            yield index
        index = nodes[index].control


def _is_under(level: Level, index: int, header: int) -> bool:
    nodes = level.site.scope.flow.nodes
    above: int | None = index
    while above is not None and above != header:
        above = nodes[above].control
    return above is not None


def _parts(views: list[_View], loops: list[tuple[Level, int]]) -> list[ast.expr] | None:
    """Return the names that the training reads where its step is: in its loop there, else in the whole function."""
    if not views:
        return None
    level = views[0].level
    here = [header for other, header in loops if other is level]
    nodes = level.site.scope.flow.nodes
    function = level.site.scope.function
    whole: ast.AST = nodes[here[-1]].statement if here else function or nodes[level.site.node].statement
    names = {node.id: node for node in ast.walk(whole) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    own = [node for node in (level.site.call,) if node is not None]
    return [*own, *names.values()]


def _read(views: list[_View], loops: list[tuple[Level, int]]) -> Iterator[tuple[str, object, ast.expr]]:
    """Yield name, value and expression of what a training reads that its loops don't make, the innermost first."""
    notebook = views[-1].values if views and views[-1].level.is_cell else {}
    for view in views:
        here = [header for level, header in loops if level is view.level]
        if not here and view is not views[0]:
            continue
        nodes, function = view.level.site.scope.flow.nodes, view.level.site.scope.function
        own = (
            view.values if here or not loops else {}
        )  # a function called in the loop gets its turn's part by parameter
        within = {name for node in nodes if here and _is_under(view.level, node.index, here[-1]) for name in node.binds}
        whole: ast.AST = nodes[here[-1]].statement if here else function or nodes[view.level.site.node].statement
        for name, node in _names_read(whole).items():
            value = own.get(name, notebook.get(name) if name not in view.values else None)
            if name not in within and value is not None:
                yield name, value, node
                yield from _read_by(value)


def _read_by(function: object) -> Iterator[tuple[str, object, ast.expr]]:
    """Yield the globals that a function of the person's mentions: what it computes with when the loop calls it."""
    if not isinstance(function, FunctionType) or not is_persons(function.__module__):
        return
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if value is not None:
            yield name, value, ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


def _names_read(code: ast.AST) -> dict[str, ast.expr]:
    return {node.id: node for node in ast.walk(code) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _targets(level: Level, header: int) -> Iterator[str]:
    statement = level.site.scope.flow.nodes[header].statement
    if isinstance(statement, ast.For | ast.AsyncFor):
        yield from target_names(statement.target)


def _add_turns(turns: dict[str, int], loop: ast.stmt) -> None:
    """Add how often a loop goes round, if that is written in it: ``for epoch in range(5)``."""
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
        return
    given = loop.iter
    while isinstance(given, ast.Call) and given.args and _called(given) in _PROGRESS - {"trange", "tnrange"}:
        given = given.args[0]
    if not isinstance(given, ast.Call) or _called(given) not in ("range", "trange", "tnrange"):
        return
    bounds = [literal_value(argument) for argument in given.args]
    if any(isinstance(bound, Missing) or type(bound) is not int for bound in bounds) or not bounds:
        return
    name = loop.target.id.strip("_").lower()
    key = "epochs" if name.startswith("ep") or name == "e" else "steps" if "step" in name else "iterations"
    turns.setdefault(key, len(range(*bounds)))  # type: ignore[arg-type]  # they are integers, as was just found


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
