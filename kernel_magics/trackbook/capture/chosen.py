"""Values that a person chooses with controls instead of writing them down: constant while a cell runs.

A control may be moved at any time, from any thread. What was chosen waits until the next cell begins; who records the
session takes it in then, as if a cell had assigned it. So a cell sees one value from its begin to its end, and it is
known which.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import TypeGuard
from weakref import WeakSet

from trackbook.capture.flow import Flow
from trackbook.capture.ownership import class_mro
from trackbook.records import JsonValue

_lock = threading.RLock()
_all: WeakSet[Chosen] = WeakSet()
_is_in_cell = False


class Chosen:
    """Values by name, read and assigned by the functions of this module: the attributes belong to the person.

    What it holds for itself has names that begin with an underscore; only the values themselves are its state.
    """

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        place = self.__dict__  # a subclass may have its own way to set attributes
        place.update(_first=dict(values), _values=dict(values), _waiting={}, _asked={}, _asked_in={}, _is_new=True)
        with _lock:
            _all.add(self)

    def __getstate__(self) -> dict[str, JsonValue]:
        return settled_values(self)

    def __setstate__(self, state: Mapping[str, JsonValue]) -> None:
        Chosen.__init__(self, state)


def is_chosen(value: object) -> TypeGuard[Chosen]:
    """Return whether something holds chosen values; none of its code runs."""
    return Chosen in class_mro(type(value))


def is_anything_chosen() -> bool:
    """Return whether there is any such object: most sessions have none, and their cells wait for none."""
    return len(_all) > 0


def set_in_cell(is_in_cell: bool) -> None:
    """Say whether a recorded cell runs: it reads what was chosen before it began."""
    global _is_in_cell
    _is_in_cell = is_in_cell


def values_of(chosen: Chosen) -> dict[str, JsonValue]:
    """Return the values as code reads them now."""
    place = chosen.__dict__
    with _lock:
        return {**place["_values"], **({} if _is_in_cell else place["_waiting"])}


def settled_values(chosen: Chosen) -> dict[str, JsonValue]:
    """Return the values without those that wait: what it is until the next cell begins."""
    with _lock:
        return dict(chosen.__dict__["_values"])


def value_of(chosen: Chosen, name: str) -> JsonValue:
    """Return a value as code reads it now, and remember that it was read.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    value = values_of(chosen)[name]
    asked = chosen.__dict__["_asked"].setdefault(name, [])
    if value not in asked:
        asked.append(value)
    return value


def choose(chosen: Chosen, name: str, value: JsonValue) -> None:
    """A person has moved a control: its value waits for the next cell."""
    with _lock:
        chosen.__dict__["_waiting"][name] = value


def assign(chosen: Chosen, name: str, value: JsonValue) -> None:
    """Code has assigned a value, which holds at once."""
    with _lock:
        chosen.__dict__["_waiting"].pop(name, None)
        chosen.__dict__["_values"][name] = value


def take_in(chosen: Chosen) -> None:
    """Let what waits be the values."""
    with _lock:
        place = chosen.__dict__
        place["_values"].update(place["_waiting"])
        place["_waiting"].clear()


def waiting_in(variables: Mapping[str, object]) -> Iterator[tuple[Chosen, str]]:
    """Yield what has values that wait, with the code that would assign them, empty if the notebook has no name for it.

    What was moved and moved back is taken in here, and not yielded.
    """
    for chosen in list(_all):
        with _lock:
            place = chosen.__dict__
            changed = {name: value for name, value in place["_waiting"].items() if value != place["_values"][name]}
            if not changed:
                place["_waiting"].clear()
        if changed:
            name = next((name for name, value in variables.items() if value is chosen and name[0] != "_"), None)
            yield chosen, "\n".join(f"{name}.{key} = {value!r}" for key, value in changed.items()) if name else ""


def with_first_values(flow: Flow, variables: Mapping[str, object]) -> Flow:
    """Return the flow of a cell that has ended, with the first values of what was made in it as its constants."""
    made = [each for each in list(_all) if each.__dict__["_is_new"]]
    if not made:
        return flow
    new = {name: each for name, each in list(variables.items()) if any(each is other for other in made)}
    nodes = list(flow.nodes)
    for at, node in enumerate(nodes):
        literals = {
            f"{name}.{key}": value
            for name in node.binds & new.keys()
            for key, value in new[name].__dict__["_first"].items()
        }
        if literals:
            nodes[at] = copy(node)
            nodes[at].literals = {**literals, **node.literals}
    for each in made:
        each.__dict__["_is_new"] = False
    return Flow(nodes, flow.exits)


def note_asked(execution_id: str) -> None:
    """A cell has ended, and has this id: what was read in it is known from here on."""
    for chosen in list(_all):
        asked = chosen.__dict__["_asked"]
        if asked:
            chosen.__dict__["_asked_in"][execution_id] = dict(asked)
            asked.clear()


def as_read(
    params: dict[str, JsonValue], variables: Mapping[str, object], executions: Iterable[str] = ()
) -> dict[str, JsonValue]:
    """Return constants with chosen values as code read them, by their own names: ``C`` for ``p.C``.

    Of values that no code read none is left, nor of one that was another each time that the cell read it. Where another
    constant has the name and another value, it stays ``p.C``.

    Parameters
    ----------
    executions
        The executions that flowed in before the cell that runs, in their order.
    """
    roots = {key.partition(".")[0] for key in params if "." in key}
    flowing = {root: chosen for root in roots if is_chosen(chosen := variables.get(root))}
    if not flowing:
        return params
    found = {key: value for key, value in params.items() if key.partition(".")[0] not in flowing}
    for root, chosen in sorted(flowing.items()):
        place = chosen.__dict__
        asked: dict[str, list[JsonValue]] = {}
        for each in (*(place["_asked_in"].get(execution, {}) for execution in executions), place["_asked"]):
            asked.update(each)
        for name, values in asked.items():
            if len(values) == 1:
                found[name if found.get(name, values[0]) == values[0] else f"{root}.{name}"] = values[0]
    return found
