"""What depends on what: as the file says, and as the data says; and an order in which the steps can run."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.keys import nearest
from trackbook.pipelines.graph.spec import Step
from trackbook.pipelines.graph.uses import Uses

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The steps in an order in which they can run, and what each needs.

    Attributes
    ----------
    order
        Names; of two that could be either way round, the one that the file has first comes first.
    needs
        By step: the steps that come before it.
    data
        By step and then by one of its needs: the datasets that pass between the two.
    inputs
        By step: the datasets from outside the pipeline that it loads.
    """

    order: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]
    data: Mapping[str, Mapping[str, tuple[str, ...]]]
    inputs: Mapping[str, tuple[str, ...]]

    def after(self, names: Collection[str]) -> set[str]:
        """Return some steps and all that need them, directly or not."""
        found = set(names)
        for name in self.order:
            if not found.isdisjoint(self.needs[name]):
                found.add(name)
        return found


def graph_of(steps: Sequence[Step], uses: Mapping[str, Uses], known: Collection[str]) -> Graph:
    """Return what depends on what.

    Parameters
    ----------
    steps
        In the order of the file.
    uses
        What each publishes and loads.
    known
        The datasets that the store has: they may come from outside.

    Raises
    ------
    InvalidValueError
        If two steps publish one dataset, one is loaded that nobody publishes, or steps need one another in a circle;
        all of it is said.
    """
    publishers = _publishers(steps, uses)
    problems = [*_twice(publishers, uses), *_missing(steps, uses, publishers, known)]
    if problems:
        raise InvalidValueError("\n".join(problems))
    data = {step.name: _data(step, uses[step.name], publishers) for step in steps}
    members = _members(steps)
    needs = {step.name: _needs(step, data[step.name], members) for step in steps}
    inputs = {
        step.name: tuple(name for name in uses[step.name].loads if name not in publishers and name in known)
        for step in steps
    }
    return Graph(order=_order(needs), needs=needs, data=data, inputs=inputs)


def _publishers(steps: Sequence[Step], uses: Mapping[str, Uses]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in steps:
        for name in uses[step.name].publishes:
            found.setdefault(name, []).append(step.name)
    return found


def _twice(publishers: Mapping[str, Sequence[str]], uses: Mapping[str, Uses]) -> Iterator[str]:
    for name, steps in publishers.items():
        sure = [step for step in steps if name not in uses[step].maybe]
        if len(sure) < 2:
            continue
        shown = _listed(sure)
        if len({base_of(step) for step in sure}) == 1:
            yield (
                f"{shown} all publish '{name}', and only one can. Put what tells them apart into the name: "
                f'trackbook.publish(table, f"{name}_{{param}}").'
            )
        else:
            path = f"{sure[0]} -> {name} <- {sure[1]}"
            yield f"{shown} publish '{name}', and only one step can: {path}. Give one of them another name."


def _listed(names: Sequence[str]) -> str:
    shown = [f"'{name}'" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        return f"{', '.join(shown)} and {len(names) - _MOST_NAMED} more steps"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _missing(
    steps: Sequence[Step], uses: Mapping[str, Uses], publishers: Mapping[str, Sequence[str]], known: Collection[str]
) -> Iterator[str]:
    vague = [step.name for step in steps if uses[step.name].may_publish_more]
    wanted: dict[str, list[str]] = {}
    for step in steps:
        found = uses[step.name]
        for name in found.loads:
            is_there = name in publishers or name in known or name in found.maybe
            if not is_there and not _may_come_from(step, vague):
                wanted.setdefault(name, []).append(step.name)
    for name, loaders in wanted.items():
        hint = nearest(name, [*publishers, *known])
        if vague:
            hint += f" '{vague[0]}' publishes what can't be told from its code: if that is it, say needs: {vague[0]}."
        path = f"? -> {name} -> {loaders[0]}"
        yield (
            f"'{loaders[0]}' loads the dataset '{name}', which no step publishes and the store does not have: {path}."
            + (hint or f" Publish it in a step: trackbook.publish(table, '{name}').")
        )


def _may_come_from(step: Step, vague: Sequence[str]) -> bool:
    """Return whether a step says that it needs one whose publications can't be told."""
    return any(need in (each, base_of(each)) for need in step.needs or () for each in vague)


def _data(step: Step, uses: Uses, publishers: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return which datasets a step gets from which other step."""
    found: dict[str, tuple[str, ...]] = {}
    for name in uses.loads:
        for publisher in publishers.get(name, ()):
            if publisher != step.name and step.name not in publishers[name]:
                found[publisher] = (*found.get(publisher, ()), name)
    return found


def _members(steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """Return the steps that a name in ``needs`` means: itself, or all that its ``foreach`` has made."""
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        base = base_of(step.name)
        found[step.name] = (step.name,)
        if base != step.name:
            found[base] = (*found.get(base, ()), step.name)
    return found


def _needs(step: Step, data: Mapping[str, Sequence[str]], members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    said = [each for name in step.needs or () for each in members.get(name, ())]
    return tuple(dict.fromkeys([*said, *data]))


def _order(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    place = {name: number for number, name in enumerate(needs)}
    names = list(needs)
    waiting = {name: len(found) for name, found in needs.items()}
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, found in needs.items():
        for each in found:
            followers[each].append(name)
    ready = [place[name] for name, count in waiting.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for follower in followers[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, place[follower])
    if len(order) < len(needs):
        circle = _circle({name: needs[name] for name, count in waiting.items() if count})
        raise InvalidValueError(
            f"Steps need one another in a circle: {' -> '.join(circle)} (each runs before the next). "
            "Take one of these needs out, or publish under another name."
        )
    return tuple(order)


def _circle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names along a circle, the first again at the end; each of the steps given needs another of them."""
    name = next(iter(needs))
    path: list[str] = []
    while name not in path:
        path.append(name)
        name = next(each for each in needs[name] if each in needs)
    return [name, *reversed(path[path.index(name) :])]
