"""Changes through another name: what one name's value holds, a statement may change by a second one.

``t = Trainer(cfg)``, then ``cfg.rate = 0.1``: what reads ``t`` from there on is made by that statement too. No code
tells which names share objects; the namespace does when the cell has ended, and also which values truly changed.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from trackbook.capture.flow import OUTSIDE, OUTSIDE_ONLY, Flow, Node, is_change

_Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Names whose values changed in a cell, each with others by which a statement may have done that.

    `shared` are names whose values have objects in common with it, `held` those whose own value it holds.
    """

    shared: Mapping[str, Collection[str]]
    held: Mapping[str, Collection[str]]


def with_aliases(flow: Flow, sharing: Sharing) -> Flow:
    """Return a settled flow in which those made a value, too, that may have changed it through another name.

    Of a value that the cell itself made there is no before to compare with: then only a statement counts that surely
    changes what it holds.
    """
    through = {name: found for name in sharing.shared if (found := _changers(flow, name, sharing))}
    if not through:
        return flow
    nodes = [_with_changers(node, flow, through) for node in flow.nodes]
    exits = dict(flow.exits)
    for name, changers in through.items():
        sources = exits.get(name, OUTSIDE_ONLY)
        exits[name] = sources.union(node.index for node in changers if node.index > min(sources, default=OUTSIDE))
    return Flow(nodes, exits)


def _changers(flow: Flow, name: str, sharing: Sharing) -> list[Node]:
    """Return the statements that may have changed a value, but not by its own name."""
    others = [node for node in flow.nodes if name not in node.binds and name not in node.touches]
    if any(name in node.binds for node in flow.nodes):
        return [node for node in others if any(is_change(node, each) for each in sharing.held.get(name, ()))]
    return [node for node in others if not node.touches.isdisjoint(sharing.shared[name])]


def _with_changers(reader: Node, flow: Flow, through: Mapping[str, list[Node]]) -> Node:
    reads = dict(reader.reads)
    for name in reads.keys() & through.keys():
        sources = reads[name]
        reads[name] = sources.union(
            node.index
            for node in through[name]
            if node.index > min(sources, default=OUTSIDE) and _is_reached(reader, node, flow.nodes)
        )
    return reader if reads == reader.reads else reader.reading(reads)


def _is_reached(reader: Node, changer: Node, nodes: list[Node]) -> bool:
    """Return whether a statement may run after another one: it stands below it, or they go round in one loop."""
    if reader.index == changer.index:
        return False
    return changer.index < reader.index or not set(_loops(reader, nodes)).isdisjoint(_loops(changer, nodes))


def _loops(node: Node, nodes: list[Node]) -> Iterator[int]:
    """Yield the loops that a statement stands in."""
    above = node.control
    while above is not None:
        if isinstance(nodes[above].statement, _Loop):
            yield above
        above = nodes[above].control
