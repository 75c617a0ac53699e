"""What the objects of a SQL store are: those of models, of outputs, of code."""

from __future__ import annotations

import sqlite3

from trackbook.store import rules
from trackbook.store.sql import rows
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.texts import Texts

_MODELS = Question("SELECT DISTINCT object_digest FROM models WHERE object_digest IS NOT NULL", "object_digest")
_OUTPUTS = Question("SELECT outputs FROM executions WHERE outputs != '[]'", "outputs", (0,))
_CODE = Question(
    "SELECT digest FROM modules UNION SELECT git_patch FROM environments WHERE git_patch IS NOT NULL", "digest"
)


def models(connection: sqlite3.Connection) -> list[str]:
    """Return the objects of all models."""
    return [digest for (digest,) in _MODELS.ask(connection)]


def by_kind(connection: sqlite3.Connection, texts: Texts) -> dict[str, list[str]]:
    """Return the objects of models, outputs and code."""
    outputs = texts.whole(_OUTPUTS.ask(connection), _OUTPUTS.texts)
    return {
        "models": models(connection),
        "outputs": [digest for (text,) in outputs for digest in rules.object_digests(rows.outputs_of(text))],
        "code": [digest for (digest,) in _CODE.ask(connection)],
    }
