"""Tables that say something else than the entries are found, whatever was changed."""

from __future__ import annotations

import pytest

from policy.records.requests.checking import check_requests
from policy.records.requests.closing import comment, withdraw
from policy.records.requests.delegating import delegate, revoke
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass, review
from policy.records.requests.using import use
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.requests.asked import DAY, NOW, SETTINGS, ask_one, say


@pytest.fixture
def busy(ledger):
    """A ledger in which everything happened once."""
    approved = ask_one(ledger, runs=5)
    say(ledger, approved.id, "alice")
    comment(ledger, approved.id, "zoe", "hm", now=NOW)
    say(ledger, approved.id, "bob")
    use(ledger, approved.id, "run-1", now=NOW)
    say(ledger, ask_one(ledger, stake="b").id, "alice", "reject")
    withdraw(ledger, ask_one(ledger, stake="c").id, "os:dave@laptop", "", SETTINGS, now=NOW)
    broken = ask_one(ledger, stake="d")
    break_glass(ledger, broken.id, "olga", "why", SETTINGS, now=NOW)
    review(ledger, broken.id, "alice", "fine", SETTINGS, now=NOW)
    made = delegate(ledger, "alice", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    revoke(ledger, made, "alice", SETTINGS, now=NOW)
    delegate(ledger, "bob", "zoe", NOW, NOW + DAY, SETTINGS, now=NOW)
    delegated = ask_one(ledger, stake="f")
    say(ledger, delegated.id, "os:zoe@desk")
    ask_one(ledger, stake="e")
    ask_one(ledger, stake="e", now=NOW + 20 * DAY)
    ask_one(ledger, stake="e", now=NOW + 21 * DAY, requester="os:zed@desk", contributors=("zoe",))
    return ledger


def check(ledger):
    with open_session(ledger) as session:
        return list(check_requests(session))


def test_what_commands_did_is_what_the_entries_say(busy, url):
    assert check(busy) == []
    with open_snapshot(url) as snapshot:
        assert verify_ledger(snapshot).total == 0


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE requests SET state = 'approved' WHERE stake = 'b'", "state"),
        ("UPDATE requests SET state = 'pending' WHERE stake = 'c'", "state"),
        ("UPDATE requests SET ends = '2099-01-01T00:00:00.000Z' WHERE stake = 'd'", "ends"),
        ("UPDATE requests SET overridden = 0 WHERE stake = 'd'", "overridden"),
        ("UPDATE requests SET reviewed = NULL WHERE stake = 'd'", "reviewed"),
        ("UPDATE requests SET uses = 0", "uses"),
        ("UPDATE requests SET runs = 500 WHERE runs = 5", "runs"),
        ("UPDATE requests SET project = 'other' WHERE stake = 'b'", "project"),
        ("UPDATE requests SET stake = 'f' WHERE stake = 'b'", "stake"),
        ("UPDATE requests SET expires = '2099-01-01T00:00:00.000Z' WHERE stake = 'b'", "expires"),
        ("UPDATE requests SET document = staked WHERE stake = 'b'", "document"),
        ("UPDATE requests SET votes = 9 WHERE stake = 'b'", "votes"),
        ("UPDATE requests SET decided = 1 WHERE stake = 'b'", "decided"),
        ("DELETE FROM request_votes WHERE answer = 'reject'", "vote"),
        ("UPDATE request_votes SET answer = 'approve' WHERE answer = 'reject'", "vote"),
        ("UPDATE request_votes SET behalf = person WHERE answer = 'reject'", "vote"),
        ("DELETE FROM request_events WHERE event = 'reject'", "state"),
        ("DELETE FROM request_events WHERE event = 'asked'", "opening"),
        ("DELETE FROM request_events WHERE event = 'comment'", "events"),
        ("DELETE FROM request_people WHERE part = 'contributor'", "people"),
        ("UPDATE request_people SET part = 'contributor' WHERE part = 'withdrawn'", "people"),
        ("UPDATE delegations SET taker = giver", "taker"),
        ("DELETE FROM delegations", "delegation"),
        ("UPDATE people SET name = NULL, folded = NULL WHERE name = 'zoe'", "name"),
        ("UPDATE people SET name = 'alice' WHERE name = 'zoe'", "name"),
        ("UPDATE delegations SET ends = '2099-01-01T00:00:00.000Z'", "ends"),
    ],
)
def test_a_change_past_the_entries_is_found(busy, url, statement, what):
    table = statement.split()[1 if statement.startswith("UPDATE") else 2]
    with busy.transaction() as transaction:
        run = transaction.connection.exec_driver_sql
        if busy.database.dialect == "postgresql":
            run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            for (name,) in transaction.session.read("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                if name.startswith(f"policy_{table}_"):
                    run(f"DROP TRIGGER {name}")
        run(statement)
    found = check(busy)
    assert what in {mismatch.what for mismatch in found}
    with open_snapshot(url) as snapshot:
        verified = verify_ledger(snapshot)
    assert verified.total
    assert {finding.kind for finding in verified.findings} <= {"request", "guard"}
    assert "request" in {finding.kind for finding in verified.findings}
    assert all(mismatch.stored != mismatch.recorded for mismatch in found)
