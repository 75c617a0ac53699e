"""Training that a person's own loop does step by step: which loops only repeat it, and what takes part in it.

``for epoch in range(5)`` repeats the training of one model; ``for rate in (0.1, 0.01)`` around it makes a model each
turn. They are told apart by where the trained object comes from: a loop that it is made in goes over models.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType

from trackbook.capture.literals import Missing, literal_value, target_names
from trackbook.capture.trace import Flowing, Level, Place, Trace

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_PROGRESS = frozenset({"tqdm", "trange", "track", "progress_bar", "prange", "tnrange", "notebook_tqdm"})
_MOST_HELD = 1000  # items of a container that are looked at for the object


@dataclass(slots=True)
class StepByStep:
    """What is known of a training from its first step.

    `inputs` is what flowed into it, `made_at` the statements that its objects were bound at, `turns` how often its
    loops go round, by name (``epochs``), where that is written there.
    """

    inputs: Flowing
    made_at: list[Place]
    turns: dict[str, int]


@dataclass(slots=True)
class _View:
    """A level of the trace with the names that the trained objects have there."""

    level: Level
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
    turns: dict[str, int] = {}
    for level, header in reversed(loops):
        _add_turns(turns, level.site.scope.flow.nodes[header].statement)
    return StepByStep(inputs, made_at, turns)


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
        if frame is None:
            return
        yield level, frame.f_locals
        frame, level = frame.f_back, next(levels, None)


def _views(
    trace: Trace, frame: FrameType | None, variables: Mapping[str, object], objects: Collection[object]
) -> list[_View]:
    wanted = set(map(id, objects))
    return [
        _View(level, frozenset(name for name, value in list(values.items()) if _has(value, wanted)))
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
