"""The lineage of a session: which statement of which execution made each name's present value, and from what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from trackbook.records import Execution, JsonValue, Source, Statement, is_file_key


@dataclass(slots=True)
class _Executed:
    """An execution: its place among the others, its statements, and the code of each or what gives it."""

    place: int
    statements: tuple[Statement, ...]
    code: list[Callable[[], str] | str]

    def text(self, number: int) -> str:
        text = self.code[number]
        if not isinstance(text, str):
            text = self.code[number] = text()
        return text


class Lineage:
    """Statements and their sources, grown by one execution after the other.

    `sources` gives for each name the statements that may have made its present value.
    """

    def __init__(self) -> None:
        self.sources: dict[str, tuple[Source, ...]] = {}
        self._executions: dict[str, _Executed] = {}

    def add(
        self,
        execution: Execution,
        sources: Mapping[str, tuple[Source, ...] | None],
        code: Sequence[Callable[[], str]] = (),
    ) -> None:
        """Take an execution that has ended.

        Parameters
        ----------
        sources
            What made each name that it changed (None: the name is gone).
        code
            For each of its statements, what gives its code when that is asked for.
        """
        before = self._executions.get(execution.execution_id)
        place = len(self._executions) if before is None else before.place
        self._executions[execution.execution_id] = _Executed(place, execution.statements, list(code))
        for name, made_by in sources.items():
            if made_by is None:
                self.sources.pop(name, None)
            else:
                self.sources[name] = made_by

    def forget(self, name: str) -> None:
        """Take the present value of a name for one that nobody saw being made."""
        self.sources.pop(name, None)

    def upstream(self, names: Iterable[str], stop: Collection[Source] = ()) -> dict[Source, set[str]]:
        """Return the statements that flowed into the present values of some names, nearest first.

        Parameters
        ----------
        stop
            Statements beyond which nothing is followed.

        Returns
        -------
        Statement -> the names of it that flow on.
        """
        found: dict[Source, set[str]] = {}
        pending: dict[Source, None] = {}
        for name in sorted(names):
            self._follow(name, self.sources.get(name, ()), found, pending)
        while pending:
            nearer: dict[Source, None] = {}
            for source in sorted(pending, key=self._time, reverse=True):
                statement = self._statement(source) if source not in stop else None
                for name, sources in statement.reads.items() if statement else ():
                    self._follow(name, sources, found, nearer)
            pending = nearer
        return found

    def _follow(
        self, name: str, sources: Iterable[Source], found: dict[Source, set[str]], pending: dict[Source, None]
    ) -> None:
        for source in sources:
            if source not in found:
                found[source] = set()
                pending[source] = None
            found[source].add(name)
            statement = self._statement(source)
            if statement is not None and name not in statement.writes and not is_file_key(name):
                found[source].update(statement.writes)  # it changed the value through other names: these flow on

    def literals(self, sources: Mapping[Source, Collection[str]]) -> dict[str, JsonValue]:
        """Return the constants that statements assign to the names given for each; of two for a name the later one."""
        found: dict[str, JsonValue] = {}
        for source in sorted(sources, key=self._time):
            statement = self._statement(source)
            if statement is not None:
                roots = sources[source]  # ``config`` for the constant ``config.rate``
                found.update((name, value) for name, value in statement.literals.items() if name.split(".")[0] in roots)
        return found

    def changed(self, sources: Mapping[Source, Collection[str]]) -> set[str]:
        """Return the constants of `literals` that a later one of the statements made something else of."""
        known: set[str] = set()
        found: set[str] = set()
        for source in sorted(sources, key=self._time):
            statement = self._statement(source)
            if statement is not None:
                changes_of(known, found, statement.literals, sources[source])
        return found

    def texts(self, sources: Iterable[Source]) -> set[str]:
        """Return the code of some statements."""
        found = set()
        for source in sources:
            executed = self._executions.get(source.execution_id)
            if executed is not None and source.statement < len(executed.code):
                found.add(executed.text(source.statement))
        return found

    def _statement(self, source: Source) -> Statement | None:
        executed = self._executions.get(source.execution_id)
        if executed is None or source.statement >= len(executed.statements):
            return None
        return executed.statements[source.statement]

    def _time(self, source: Source) -> tuple[int, int]:
        executed = self._executions.get(source.execution_id)
        return executed.place if executed is not None else -1, source.statement


def changes_of(known: set[str], changed: set[str], literals: Collection[str], names: Collection[str]) -> None:
    """Go on by one statement: which constants are known, and which of them are something else by now.

    Parameters
    ----------
    literals, names
        What the statement assigns constants to (``a``, ``config.rate``), and the names of it that flow on.
    """
    given = {name for name in literals if name.partition(".")[0] in names}
    settings = {name.partition(".")[0] for name in given if "." in name} - given
    touched = set(names) - settings
    changed.update(name for name in known if name.partition(".")[0] in touched)
    changed.difference_update(given)
    known.update(given)
