"""Which policy set is in use where, from which entry on; and its guards."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text

from policy.records.guards import write_guards

revision = "0004"
down_revision = "0003"

PLACE = ("name", "config", "origin", "gate")


def upgrade() -> None:
    """Make the table, then what keeps it from being changed."""
    seq = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "policy_sets",
        Column("seq", seq, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in (*PLACE, "policy_set", "sources", "mode")),
    )
    op.create_index("policy_sets_by_place", "policy_sets", [*PLACE, "seq"])
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = ""
    if connection.dialect.name != "sqlite":
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    for statement in write_guards(connection.dialect.name, ("policy_sets",), schema):
        connection.exec_driver_sql(statement)
