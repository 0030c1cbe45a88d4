"""What entries say is stored by their number, no longer among the objects; owners who are named may vote.

And runs that wait are found by an index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, text

from policy.records.guards import write_guards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

revision = "0006"
down_revision = "0005"

CHANGED = ("entries", "objects", "erasures", "request_votes")
MOVE = (
    "INSERT INTO payloads (seq, body) SELECT e.seq, o.body FROM entries e JOIN objects o ON o.digest = e.payload",
    # An object of that kind was put there with the entry; one that is an input, too, is of another.
    "DELETE FROM objects WHERE (digest, kind) IN (SELECT payload, type FROM entries)",
)
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = to_regclass(%s)",
}


def upgrade() -> None:
    """Move them, while nothing guards the tables, and set the guards as they are now."""
    seq = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "payloads",
        Column("seq", seq, primary_key=True, autoincrement=False),
        Column("body", LargeBinary),
    )
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = ""
    if connection.dialect.name != "sqlite":
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    guards = write_guards(connection.dialect.name, (*CHANGED, "payloads"), schema)
    for statement in (*drop_guards(connection), *MOVE, *guards):
        connection.exec_driver_sql(statement)
    held = text("state = 'held'")
    op.create_index("runs_held", "runs", ["server", "experiment", "manifest"], sqlite_where=held, postgresql_where=held)


def drop_guards(connection: Connection) -> Iterator[str]:
    """The statements that take the guards away from the tables that change."""
    dialect = connection.dialect.name
    for table in CHANGED:
        for (name,) in op.get_bind().exec_driver_sql(TRIGGERS[dialect], (table,)).all():
            yield f"DROP TRIGGER {name}" if dialect == "sqlite" else f"DROP FUNCTION {name}() CASCADE"
