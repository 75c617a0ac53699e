"""What in a slice's code may make it come out otherwise each time: no seed, the clock, the order of sets."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from trackbook.lineage.slice import hidden_key
from trackbook.records import Origin
from trackbook.tracking.slicing_parts import GENERATOR_OF_NUMPY
from trackbook.tracking.slicing_source import Kept

_CLOCK = {
    "time": frozenset({"time", "perf_counter", "monotonic", "time_ns", "perf_counter_ns", "process_time", "ctime"}),
    "datetime": frozenset({"now", "today", "utcnow"}),
    "date": frozenset({"today"}),
    "Timestamp": frozenset({"now", "today", "utcnow"}),
}
_ENTROPY = {
    "os": frozenset({"urandom", "getpid"}),
    "uuid": frozenset({"uuid1", "uuid4"}),
    "secrets": frozenset({"token_hex", "token_bytes", "randbelow", "choice"}),
}
_BARE_CLOCK = frozenset({"perf_counter", "monotonic", "process_time", "perf_counter_ns"})
_GENERATOR = hidden_key("generator ")
_OWN_GENERATORS = ("default_rng", "RandomState", "SeedSequence", "Random(", "SystemRandom")
_FROM_NUMPY = "random_state=None) without a seed"
"""What takes its numbers from numpy's global generator; who made it may stand elsewhere than what draws by it."""
_HASHED = frozenset({"hash", "id", "set", "frozenset"})


def chances_of(kept: Iterable[Kept], origins: Iterable[Origin]) -> list[str]:
    """Return what may differ each time, one phrase each; those that are on record stand first.

    What draws from a global generator that was seeded before is not among them.
    """
    parts = list(kept)
    is_seeded = any(GENERATOR_OF_NUMPY in each.part.kills for each in parts)
    recorded = [*_of_origins(parts, origins), *(phrase for each in parts for phrase in _on_record(each))]
    recorded = [phrase for phrase in recorded if not (is_seeded and _FROM_NUMPY in phrase)]
    inside = (phrase for each in parts for phrase in _in_code(each))
    return list(dict.fromkeys([*_known_first(list(dict.fromkeys(recorded))), *inside]))


def _of_origins(parts: Sequence[Kept], origins: Iterable[Origin]) -> Iterator[str]:
    for origin in origins:
        behind = {origin.source, *origin.fits}
        at = [each for each in parts if behind & each.part.sources]
        for what in origin.unseeded:
            if not any(_is_seeded(each, what) for each in at):
                yield _phrase(what)


def _on_record(kept: Kept) -> Iterator[str]:
    for at in kept.piece.statements:
        for what in kept.piece.execution.statements[at].unseeded:
            if not _is_seeded(kept, what):
                yield f"{_phrase(what)} in {_cell(kept)}"


def _is_seeded(kept: Kept, what: str) -> bool:
    """Return whether a part draws from a global generator whose seed is known."""
    return not what.startswith(_OWN_GENERATORS) and any(name.startswith(_GENERATOR) for name in kept.part.reads)


def _phrase(what: str) -> str:
    return what if "without a seed" in what else f"{what} without a seed"


def _known_first(phrases: list[str]) -> Iterator[str]:
    """Yield phrases; one that only says again what a longer one says with its place is left out."""
    for phrase in phrases:
        if not any(other != phrase and other.startswith(f"{phrase} in ") for other in phrases):
            yield phrase


def _in_code(kept: Kept) -> Iterator[str]:
    for node in (each for statement in kept.piece.nodes for each in ast.walk(statement)):
        if not isinstance(node, ast.Call):
            continue
        text = ast.unparse(node.func)
        leaf = text.rpartition(".")[2]
        owner = text.rpartition(".")[0].rpartition(".")[2]
        if leaf in _CLOCK.get(owner, ()) or (not owner and leaf in _BARE_CLOCK):
            yield f"the clock ({text}) in {_cell(kept)}"
        elif leaf in _ENTROPY.get(owner, ()):
            yield f"{text}, which differs in every process, in {_cell(kept)}"
        elif not owner and leaf in _HASHED:
            yield f"{leaf}(), which follows the order of hashes, in {_cell(kept)}"
    if any(isinstance(node, ast.Set | ast.SetComp) for part in kept.piece.nodes for node in ast.walk(part)):
        yield f"a set, whose order follows that of hashes, in {_cell(kept)}"


def _cell(kept: Kept) -> str:
    execution = kept.piece.execution
    return f"cell [{execution.count if execution.count is not None else execution.index}]"
