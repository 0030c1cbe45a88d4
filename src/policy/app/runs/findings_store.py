"""What a comparison has seen and found, in a database of its own that is on no disk longer than it is open.

A server may have millions of runs, and memory stays as it is.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from policy.app.runs.comparing import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE seen (run TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE aliases (model TEXT, version TEXT, alias TEXT, PRIMARY KEY (model, version, alias)) WITHOUT ROWID;
CREATE TABLE findings (kind TEXT, about TEXT, text TEXT);
CREATE INDEX found ON findings (kind, about);
"""


class FindingsStore:
    """Runs that MLflow has, aliases of bound models, and findings."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    def mark(self, run: str) -> bool:
        """Note that MLflow has a run; whether that is new."""
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (run,)).rowcount > 0

    def has(self, run: str) -> bool:
        """Whether MLflow has a run."""
        return self._database.execute("SELECT 1 FROM seen WHERE run = ?", (run,)).fetchone() is not None

    def add_alias(self, model: str, alias: str, version: str) -> None:
        """Note an alias of a version."""
        self._database.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?, ?)", (model, version, alias))

    def list_aliases(self, model: str, version: str) -> list[str]:
        """The aliases of a version."""
        query = "SELECT alias FROM aliases WHERE model = ? AND version = ? ORDER BY alias"
        return [alias for (alias,) in self._database.execute(query, (model, version))]

    def add(self, finding: Finding) -> None:
        """Note what was found."""
        # As JSON, in which there is no text that a database cannot hold.
        row = (finding.kind, json.dumps(finding.run or finding.model), json.dumps(finding))
        self._database.execute("INSERT INTO findings VALUES (?, ?, ?)", row)

    def drop(self, kind: str, run: str) -> None:
        """Take back what was found of a run."""
        self._database.execute("DELETE FROM findings WHERE kind = ? AND about = ?", (kind, json.dumps(run)))

    def count(self) -> dict[str, int]:
        """How many findings there are of each kind."""
        return dict(self._database.execute("SELECT kind, count(*) FROM findings GROUP BY kind ORDER BY kind"))

    def iterate(self, kind: str) -> Iterator[Finding]:
        """Findings of a kind, in the order in which they were made."""
        for (text,) in self._database.execute("SELECT text FROM findings WHERE kind = ? ORDER BY rowid", (kind,)):
            yield Finding(*json.loads(text))


@contextmanager
def open_store() -> Iterator[FindingsStore]:
    """An empty one, which goes when it is closed."""
    # Without a name it is a temporary file that SQLite deletes, written only where it outgrows the cache.
    database = sqlite3.connect("", isolation_level=None)
    try:
        yield FindingsStore(database)
    finally:
        database.close()
