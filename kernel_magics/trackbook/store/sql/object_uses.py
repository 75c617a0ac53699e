"""What an object is to who looks at runs: a file that one kept, a module of one, or what a cell showed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy import BindParameter, bindparam, func, or_, select

from trackbook.store.contract import ObjectUse
from trackbook.store.rules import MODULE_TYPE, uses_in
from trackbook.store.sql import rows, schema
from trackbook.store.sql.core import asking
from trackbook.store.sql.texts import MARK, Texts

_digest: BindParameter[str] = bindparam("digest")
_artifacts, _modules, _outputs = schema.artifacts.c, schema.modules.c, schema.executions.c.outputs
_OF_ARTIFACTS = asking(select(_artifacts.name, _artifacts.media_type).where(_artifacts.digest == _digest))
_OF_MODULES = asking(select(_modules.path).where(_modules.digest == _digest))
_OF_CELLS = asking(
    select(_outputs).where(or_(func.instr(_outputs, _digest) > 0, func.substr(_outputs, 1, len(MARK)) == MARK))
)


def object_uses(connection: sqlite3.Connection, texts: Texts, digest: str) -> list[ObjectUse]:
    """Return the different uses of an object."""
    return list(dict.fromkeys(_uses(connection, texts, digest)))


def _uses(connection: sqlite3.Connection, texts: Texts, digest: str) -> Iterator[ObjectUse]:
    asked = {"digest": digest}
    for name, media_type in texts.whole(_OF_ARTIFACTS.ask(connection, asked), _OF_ARTIFACTS.texts):
        yield ObjectUse(media_type=media_type, name=name)
    for (path,) in texts.whole(_OF_MODULES.ask(connection, asked), _OF_MODULES.texts):
        yield ObjectUse(media_type=MODULE_TYPE, name=path)
    for (text,) in texts.whole(_OF_CELLS.ask(connection, asked), _OF_CELLS.texts):
        yield from uses_in(rows.outputs_of(text), digest)
