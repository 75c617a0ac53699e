"""Raw SQLite: what the same rows cost at least."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection set as a store's is: write-ahead log, synchronous=NORMAL, transactions by hand."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    return database


class LastCell:
    """Commits the row that a store holds for its last cell, over and over, in a database with the same table."""

    def __init__(self, store: Path, copy: Path) -> None:
        with sqlite3.connect(store) as source:
            made = source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'executions' AND sql IS NOT NULL")
            schema = [sql for (sql,) in made]
            found = source.execute("SELECT * FROM executions ORDER BY started_at DESC LIMIT 1")
            self._columns = [column[0] for column in found.description]
            self._row = list(found.fetchone())
        source.close()
        self._database = connect(copy)
        for sql in schema:
            self._database.execute(sql)
        self._insert = f"INSERT INTO executions VALUES ({', '.join('?' * len(self._columns))})"
        self._number = 0

    def commit(self) -> None:
        """Commit the row once more."""
        self._number += 1
        row = list(self._row)
        row[self._columns.index("execution_id")] = f"{self._number:022d}"
        row[self._columns.index("nth")] = self._number
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(self._insert, row)
        self._database.execute("COMMIT")
