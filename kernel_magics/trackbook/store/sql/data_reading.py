"""Rows of snapshots, versions, checks and reproductions to records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from trackbook.records import Snapshot
from trackbook.store.sql import rows, statements
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.parameters import ids
from trackbook.store.sql.texts import Texts, stored

R = TypeVar("R")
Asked = Mapping[str, Iterable[str] | None]
"""The values that a field may have, by the field's name; None: any."""


def _read(
    questions: Mapping[str, Question],
    record_of: Callable[[Any], R],
    connection: sqlite3.Connection,
    texts: Texts,
    asked: Asked,
) -> list[R]:
    """Return the records whose fields have one of the values that are asked for: the database looks at one field."""
    wanted = {name: set(values) for name, values in asked.items() if values is not None}
    first = next(iter(wanted), "")
    question = questions[first]
    found = question.ask(connection, {"ids": ids(wanted[first])} if first else None)
    records = [record_of(row) for row in question.named(texts.whole(found, question.texts))]
    return [each for each in records if all(getattr(each, name) in values for name, values in wanted.items())]


snapshots = partial(_read, statements.SNAPSHOTS, rows.snapshot_of)
versions = partial(_read, statements.VERSIONS, rows.version_of)
checks = partial(_read, statements.CHECKS, rows.check_of)
reproductions = partial(_read, statements.REPRODUCTIONS, rows.reproduction_of)


def snapshot_of_content(
    connection: sqlite3.Connection, texts: Texts, fingerprint: str, restore_key: str
) -> Snapshot | None:
    """Return the newest snapshot of a content."""
    question = statements.SNAPSHOT_OF_CONTENT
    asked = {"fingerprint": stored(fingerprint), "restore_key": stored(restore_key)}
    found = question.named(texts.whole(question.ask(connection, asked), question.texts))
    return rows.snapshot_of(found[0]) if found else None
