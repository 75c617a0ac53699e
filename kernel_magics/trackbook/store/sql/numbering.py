"""The numbers that stand for runs and keys inside a write transaction, and the places of what hangs on runs.

The transaction holds the write lock, so the last number that it sees is the last one until it ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from trackbook.records import Run
from trackbook.store.sql import parameters, rows, statements
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.connections import Connection
from trackbook.store.sql.drafts import Values
from trackbook.store.sql.parameters import ids, numbers
from trackbook.store.sql.texts import Texts

_MOST_KEYS = 10_000  # whose numbers a connection remembers


class Places:
    """The next free place in each run."""

    def __init__(self, taken: Iterable[tuple[int, int]]) -> None:
        self._next: dict[int, int] = defaultdict(int)
        for number, place in taken:
            self._next[number] = max(self._next[number], place + 1)

    def take(self, number: int) -> int:
        """Return a run's next place, which is taken then."""
        place = self._next[number]
        self._next[number] = place + 1
        return place


class Numbers:
    """The runs that a batch touches: what is on the record of them, and the numbers of all.

    Attributes
    ----------
    known
        The runs on the record, by id.
    """

    def __init__(self, connection: Connection, texts: Texts, run_ids: Iterable[str]) -> None:
        self.connection = connection
        self._texts = texts
        question = statements.RUNS_BY_ID
        found = question.ask(connection, {"ids": ids(run_ids)})
        listed = question.named(texts.whole(found, question.texts))
        self.known: dict[str, Run] = {row.run_id: rows.run_of(row) for row in listed}
        self._numbers: dict[str, int] = {row.run_id: row.number for row in listed}

    def __getitem__(self, run_id: str) -> int:
        return self._numbers[run_id]

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._numbers

    def add(self, run_ids: Iterable[str]) -> None:
        """Give new runs their numbers."""
        ((first,),) = statements.NEXT_RUN.ask(self.connection)
        self._numbers |= {run_id: number for number, run_id in enumerate(run_ids, first)}

    def ask(self, question: Question, run_ids: Iterable[str], **values: Any) -> list[Values]:
        """Return what hangs on those of some runs that are on the record."""
        wanted = {self[run_id] for run_id in run_ids if run_id in self.known}
        if not wanted:
            return []
        found = question.ask(self.connection, {"ids": numbers(wanted), **values})
        return self._texts.whole(found, question.texts)

    def places(self, table: str, run_ids: Iterable[str]) -> Places:
        """Return the free places of a table."""
        return Places((number, place) for number, place in self.ask(statements.LAST_PLACES[table], run_ids))


def key_numbers(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Return the numbers of keys, as they are stored; a new key is written with the next one.

    A transaction asks once.
    """
    wanted = dict.fromkeys(keys)
    known = connection.key_numbers
    found = {key: known[key] for key in wanted if key in known}
    others = [key for key in wanted if key not in found]
    if others:
        found |= _asked(connection, others)
        new = [key for key in others if key not in found]
        if new:
            ((first,),) = statements.NEXT_KEY.ask(connection)
            made = list(enumerate(new, first))
            statements.ADD_KEY.run(connection, made)
            found |= {key: number for number, key in made}
    return found


def _asked(connection: Connection, keys: list[str]) -> dict[str, int]:
    """Return the numbers of the keys on the record, and remember them: what is read here is committed already."""
    found: dict[str, int] = dict(statements.KEYS.ask(connection, {"ids": parameters.texts(keys)}))
    if len(connection.key_numbers) + len(found) > _MOST_KEYS:
        connection.key_numbers.clear()
    connection.key_numbers.update(found)
    return found
