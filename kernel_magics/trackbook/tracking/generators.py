"""The global random generators as values: each draw reads what earlier cells left of one, and leaves it further on.

Only what was seeded is followed: where nobody has seeded, no run of the notebook gives the same numbers anyway.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from trackbook.records import Source, Statement

NAMES: Mapping[str, str] = {"numpy.random": "numpy.random", "random": "the random module"}
"""What the generators are called where they stand beside variables: ``random`` may be one of these as well."""
_SEEDING = re.compile(r"\w*seed\w*\s*\(", re.IGNORECASE)
_RANDOM = re.compile(r"\brandom\b")
_NO_DRAW = re.compile(r"\s*(?:import|from|def|async\s+def|class|@|%)")


class Generators:
    """Where the global generators of a session were seeded and drawn from since."""

    def __init__(self) -> None:
        self._sources: dict[str, tuple[Source, ...]] = {}

    def follow(
        self, execution_id: str, source: str, statements: Sequence[Statement], state: Collection[str]
    ) -> tuple[Sequence[Statement], frozenset[str]]:
        """Return the statements of a cell with what they read and left of the generators, and the names of these.

        Parameters
        ----------
        state
            The names of the global state that the cell changed.
        """
        followed = frozenset[str]()
        for module, name in NAMES.items():
            if module in state:
                changed = self._follow(name, execution_id, source, statements)
                followed |= {name} if changed is not statements else frozenset()
                statements = changed
        return statements, followed

    def _follow(
        self, name: str, execution_id: str, source: str, statements: Sequence[Statement]
    ) -> Sequence[Statement]:
        lines = source.split("\n")
        texts = ["\n".join(lines[each.line - 1 : each.end_line]) for each in statements]
        seeding = {number for number, text in enumerate(texts) if _calls(text) and _SEEDING.search(text)}
        if not seeding and name not in self._sources:
            return statements
        changed = list(statements)
        for number in sorted(seeding | _drawing(texts, is_numpy=name == NAMES["numpy.random"])):
            own = Source(execution_id=execution_id, statement=number)
            before = () if number in seeding else self._sources.get(name, ())
            if before or number in seeding:
                changed[number] = _with(changed[number], name, before)
                self._sources[name] = (*before, own)
        return changed if changed != list(statements) else statements


def _drawing(texts: Sequence[str], *, is_numpy: bool) -> set[int]:
    """Return the statements that may draw: those that say so, else all that call something.

    Estimators draw from numpy's generator without a word of it; from Python's own, libraries draw names and such.
    """
    calls = {number for number, text in enumerate(texts) if _calls(text)}
    told = {number for number in calls if _RANDOM.search(texts[number])}
    return told or (calls if is_numpy else set())


def _calls(text: str) -> bool:
    return "(" in text and not _NO_DRAW.match(text)


def _with(statement: Statement, name: str, before: tuple[Source, ...]) -> Statement:
    reads = {**statement.reads, name: before} if before else statement.reads
    return replace(statement, reads=reads, writes=(*statement.writes, name))
