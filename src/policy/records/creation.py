"""How a ledger comes to be: its tables by the migrations, and the row that says which ledger it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from policy.records.entry import LEDGER_FORMAT
from policy.records.faults import LedgerError, named_faults
from policy.records.layout import write_insert
from policy.records.schema_version import check_newer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from policy.records.database import Database


def make_tables(database: Database, driver: Any, name: str, created: str, after: Sequence[str] = ()) -> None:
    """Bring the tables up to date in one transaction, and name the ledger; then the statements `after`."""
    need_extra()
    from sqlalchemy import select

    from policy.records import schema

    engine = make_engine(database, lambda: driver)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE" if database.dialect == "sqlite" else "BEGIN")
        migrate(connection, database.address.shown)
        session = database.wrap(driver)
        if connection.execute(select(schema.ledger.c.id)).first() is None:
            row = (os.urandom(16).hex(), name, LEDGER_FORMAT, created)
            session.write([(write_insert("ledger"), [row])], commit=False)
        for statement in after:
            connection.exec_driver_sql(statement)


def upgrade_tables(database: Database) -> None:
    """Bring the tables of a ledger that is there up to date, all or nothing."""
    engine = make_engine(database, lambda: database.open_session().driver)
    with named_faults(database.address.shown), engine.begin() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE" if database.dialect == "sqlite" else "BEGIN")
        migrate(connection, database.address.shown)


def migrate(connection: Connection, shown: str) -> None:
    """Run the migrations that the database has not seen. Raises LedgerError, also where it has seen others."""
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", os.path.join(os.path.dirname(__file__), "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        check_newer(MigrationContext.configure(connection).get_current_revision() or "", shown)
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError("schema", f"the tables of the ledger cannot be brought up to date: {error}") from None


def make_engine(database: Database, connect: Any) -> Engine:
    """An SQLAlchemy engine over connections of ours; nothing but `BEGIN` begins a transaction on them."""
    need_extra()
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    name = "sqlite" if database.dialect == "sqlite" else "postgresql+psycopg"
    return create_engine(f"{name}://", creator=connect, poolclass=NullPool)


def need_extra() -> None:
    """Raises LedgerError where what makes and queries a ledger is not installed."""
    try:
        import alembic  # noqa: F401 - whether it is there
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        raise LedgerError("extra", f"what a ledger needs is not installed: there is no {error.name}") from None
