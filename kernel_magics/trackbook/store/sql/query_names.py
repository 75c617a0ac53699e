"""The names that runs have, for completing queries and answering mistakes."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, or_, select

from trackbook.records.query import NameKind
from trackbook.store import rules
from trackbook.store.sql import schema
from trackbook.store.sql.core import asking
from trackbook.store.sql.texts import Texts


def names(connection: sqlite3.Connection, texts: Texts, kind: NameKind) -> list[str]:
    """Return the names of a kind that runs have, sorted."""
    question = _QUESTIONS[kind]
    found = {str(name) for (name,) in texts.whole(question.ask(connection), question.texts)}
    return sorted(map(rules.short_class, found) if kind is NameKind.MODEL else found)


def _keys(table: Table, *tests: ColumnElement[bool]) -> Select[Any]:
    """Return the keys that rows of a table have. Each test is what restricts one of the indexes that tell."""
    own = table.c.key_number == schema.keys.c.number
    parts = [exists(select(table.c.key_number).where(own, test)) for test in tests]
    return select(schema.keys.c.key).where(or_(*parts or [exists(select(table.c.key_number).where(own))]))


def _of_sessions(column: ColumnElement[Any]) -> Select[Any]:
    return select(column).join(schema.runs, schema.runs.c.session_id == schema.sessions.c.session_id).distinct()


_number = schema.params.c.number
_notebook = schema.sessions.c.notebook
_QUESTIONS = {
    NameKind.METRICS: asking(_keys(schema.latest_metrics)),
    NameKind.PARAMS: asking(_keys(schema.params, _number.is_not(None), _number.is_(None))),
    NameKind.TAGS: asking(_keys(schema.tags)),
    NameKind.EXPERIMENT: asking(select(schema.runs.c.experiment).distinct()),
    NameKind.MODEL: asking(select(schema.models.c.class_name).distinct()),
    NameKind.DATASET: asking(select(schema.datasets.c.name).distinct()),
    NameKind.NOTEBOOK: asking(_of_sessions(_notebook).where(_notebook.is_not(None))),
    NameKind.USER: asking(_of_sessions(schema.sessions.c.user)),
}
