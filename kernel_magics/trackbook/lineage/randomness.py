"""Where randomness came in: drawn without a seed, or from a global generator that a statement had seeded."""

from __future__ import annotations

import re
from collections.abc import Iterable

from trackbook.lineage import code
from trackbook.lineage.evidence import Evidence, id_of
from trackbook.lineage.why import Draft, Node, NodeKind
from trackbook.records import Origin, OriginKind, Source, Statement

SEED = "seed"
_GENERATORS = frozenset({"numpy.random", "random"})
_RANDOM = re.compile(r"\brandom\b")
_NUMPY = re.compile(r"\b(?:np|numpy)\s*\.\s*random\b")
_PYTHON = re.compile(r"(?<![\w.])random\s*\.\s*\w")
OWN_GENERATORS = ("default_rng", "RandomState", "SeedSequence", "Random(", "SystemRandom")
_IN_CELL = re.compile(r"^.* without a seed in (?:cell (?P<index>\d+)|this cell)$")


def add_drawn(draft: Draft, evidence: Evidence, source: Source, statement: Statement) -> None:
    """Add what a statement drew: from which seed, or that there was none."""
    for what in statement.unseeded:
        is_call = not what[:1].isupper()  # and no class: of an estimator it is known only that it can draw
        if not _add_seed(draft, evidence, source, what, is_sure=is_call):
            _add_unseeded(draft, id_of(source), what, is_sure=is_call)
    if source not in evidence.seeds and _draws(evidence, source):
        _add_seed(draft, evidence, source, "")


def add_unseeded_of(draft: Draft, evidence: Evidence, origin: Origin) -> None:
    """Add the randomness that flowed into an origin, where no statement upstream stands for it already."""
    own = id_of(origin.source)
    behind = [own, *draft.upstream(own)]
    told = {node_id.rpartition(":")[2] for node_id in behind if node_id.startswith("random:")}
    is_known = origin.kind is OriginKind.METRIC and not {id_of(seed) for seed in evidence.seeds}.isdisjoint(behind)
    for what in origin.unseeded:
        if what in told:
            continue
        is_sure = _IN_CELL.match(what) is not None  # who drew from which generator was looked at when it ran
        if not is_sure and (is_known or _add_seed(draft, evidence, origin.source, what, is_sure=False)):
            continue
        _add_unseeded(draft, _drawing(draft, evidence, what, behind) or own, what, is_sure="seed" in what)


def _draws(evidence: Evidence, source: Source) -> bool:
    """Return whether a statement drew from a global generator, as far as its text and its cell's state tell."""
    state, text = evidence.executions[source.execution_id].state, evidence.text(source)
    return bool(_GENERATORS & set(state)) and not code.is_definition(text) and bool(_RANDOM.search(text))


def _add_seed(draft: Draft, evidence: Evidence, source: Source, what: str, *, is_sure: bool = True) -> bool:
    """Join the statement that last seeded a global generator with one that drew from it, if one did."""
    text = evidence.text(source)
    is_python = _PYTHON.search(text) is not None and _NUMPY.search(text) is None
    others = _NUMPY if is_python else _PYTHON
    seeds = [seed for seed in evidence.seeds if evidence.time(seed) < evidence.time(source)]
    seeds = [seed for seed in seeds if not others.search(evidence.text(seed))] or seeds
    if not seeds or what.startswith(OWN_GENERATORS):
        return False
    draft.join(id_of(max(seeds, key=evidence.time)), id_of(source), SEED, is_sure=is_sure)
    return True


def _add_unseeded(draft: Draft, node_id: str, what: str, *, is_sure: bool) -> None:
    if what.startswith("the hash order of"):
        label = f"{what}, which PYTHONHASHSEED does not fix"
    elif "seed" in what.replace("seed(", ""):
        label = what
    else:
        label = f"{what} {'draws' if is_sure else 'may draw'} without a seed"
    node = Node(node_id=f"random:{node_id}:{what}", kind=NodeKind.RANDOM, label=label)
    draft.join(draft.add(node), node_id)


def _drawing(draft: Draft, evidence: Evidence, what: str, behind: Iterable[str]) -> str | None:
    """Return the statement that drew from a global generator, where only one upstream can have."""
    match = _IN_CELL.match(what)
    if match is None:
        return None
    indexes = {each.execution_id: str(each.index) for each in evidence.executions.values()}
    found = {
        node.node_id
        for node in (draft.nodes[each] for each in behind)
        if node.kind in (NodeKind.STATEMENT, NodeKind.FIT)
        and match["index"] in (None, indexes.get(node.execution_id or ""))
        and _RANDOM.search(node.code or "")
    }
    return found.pop() if len(found) == 1 else None
