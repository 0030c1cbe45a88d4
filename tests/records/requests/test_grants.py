"""What the role that appends may do to requests in PostgreSQL: everything that commands do, and nothing else."""

from __future__ import annotations

from uuid import uuid4

import pytest

from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.requests.delegating import delegate, revoke
from policy.records.requests.overriding import break_glass
from policy.records.requests.using import use
from tests.records.requests.asked import DAY, NOW, SETTINGS, STAKE, ask_one, list_approvals, say


@pytest.fixture
def as_role(server):
    role = f"gate_{uuid4().hex[:8]}"
    server.run_sql(f"CREATE ROLE {role} LOGIN")
    owned = server.make_database()
    create_ledger(owned, role=role).close()
    database = owned.partition("?")[0].rpartition("/")[2]
    with open_ledger(server.address(database, role), create=False) as ledger:
        yield ledger


def test_the_role_asks_votes_uses_and_delegates(as_role):
    row = ask_one(as_role)
    made = delegate(as_role, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    for name in ("zoe", "bob"):
        say(as_role, row.id, name)
    assert list_approvals(as_role, "support-bot", "run", STAKE, NOW)
    use(as_role, row.id, "run-1", now=NOW)
    revoke(as_role, made, "alice", SETTINGS, now=NOW)
    break_glass(as_role, ask_one(as_role, stake="x").id, "olga", "why", SETTINGS, now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM requests",
        "UPDATE requests SET state = 'rejected'",
        "UPDATE requests SET ends = '2099-01-01T00:00:00.000Z'",
        "UPDATE request_votes SET answer = 'approve'",
        "TRUNCATE request_votes",
        "ALTER TABLE requests DISABLE TRIGGER ALL",
        "DROP TABLE requests CASCADE",
    ],
)
def test_the_role_changes_nothing_that_is_decided(as_role, statement):
    row = ask_one(as_role)
    for name in ("alice", "bob"):
        say(as_role, row.id, name)
    with pytest.raises(LedgerError), as_role.transaction() as transaction:
        transaction.connection.exec_driver_sql(statement)
    assert list_approvals(as_role, "support-bot", "run", STAKE, NOW)
