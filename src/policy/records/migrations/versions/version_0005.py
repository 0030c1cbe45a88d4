"""Notices that wait to be sent, and up to where they were made; both without guards, for their rows change and go."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    number = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "notices",
        Column("webhook", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("number", number, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("request", "event", "body", "made", "due")),
        Column("tries", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("lease", "state", "said")),
    )
    op.create_index("notices_by_state", "notices", ["state", "due"])
    op.create_index("notices_by_request", "notices", ["webhook", "request"])
    op.create_table(
        "notice_marks",
        Column("webhook", Text, primary_key=True),
        Column("seq", number, nullable=False),
        Column("seen", Text, nullable=False),
    )
