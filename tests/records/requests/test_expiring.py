"""What nobody decided in time is on record once, whoever looks, and can be asked again."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Thread

import pytest

from policy.records.ledger import open_ledger
from policy.records.requests.clock import write_time
from policy.records.requests.expiring import MOST, RECENT, expire_due
from policy.records.requests.queries import find_row
from policy.records.requests.refusals import RefusedError
from policy.records.snapshot import open_snapshot
from tests.records.requests.asked import DAY, NOW, ask_one, say

END = NOW + 14 * DAY
SOON = timedelta(milliseconds=1)


def expire(ledger, now):
    return expire_due(ledger, write_time(now), now)


def get_states(ledger):
    return [row[0] for row in ledger.read("SELECT state FROM requests ORDER BY seq")]


def list_expiries(ledger):
    return [
        json.loads(row[0])
        for row in ledger.read(
            "SELECT p.body FROM entries e JOIN payloads p ON p.seq = e.seq WHERE e.type = 'expiry' ORDER BY e.seq"
        )
    ]


def test_it_is_noted_once_and_verified(ledger, url):
    row = ask_one(ledger)
    assert expire(ledger, END - SOON) == ()
    assert expire(ledger, END) == (row.id,)
    assert expire(ledger, END + DAY) == ()
    found = find_row(ledger, row.id)
    assert found is not None
    (said,) = list_expiries(ledger)
    assert (found.state, found.decided) == ("expired", ledger.head()[0])
    assert (said["request"], said["kind"], said["expires"]) == (row.id, "approval", row.expires)
    with open_snapshot(url) as snapshot:
        assert list(snapshot.check_requests()) == []


def test_what_was_decided_stays_so(ledger):
    row = ask_one(ledger)
    say(ledger, row.id, "alice")
    say(ledger, row.id, "bob")
    other = ask_one(ledger, stake=f"sha256:{'3' * 64}")
    say(ledger, other.id, "bob", "reject")
    assert expire(ledger, END + DAY) == ()
    assert get_states(ledger) == ["approved", "rejected"]


def test_nobody_decides_afterwards_and_it_can_be_asked_again(ledger):
    row = ask_one(ledger)
    expire(ledger, END)
    with pytest.raises(RefusedError, match="expired"):
        say(ledger, row.id, "alice", now=END)
    again = ask_one(ledger, now=END)
    assert again.id != row.id
    assert get_states(ledger) == ["expired", "pending"]
    assert len(list_expiries(ledger)) == 1


@pytest.mark.parametrize(("late", "noted"), [(RECENT - SOON, True), (RECENT, False)])
def test_what_ended_long_ago_is_let_be(ledger, late, noted):
    ask_one(ledger)
    assert bool(expire(ledger, END + late)) is noted


def test_many_at_once(ledger):
    for number in range(MOST + 1):
        ask_one(ledger, stake=f"sha256:{number:064}")
    assert (len(expire(ledger, END)), len(expire(ledger, END)), expire(ledger, END)) == (MOST, 1, ())


def test_workers_that_look_at_the_same_time_note_it_once(ledger, url):
    rows = {ask_one(ledger, stake=f"sha256:{number:064}").id for number in range(5)}
    noted = []

    def work():
        with open_ledger(url) as own:
            noted.extend(expire(own, END))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(noted) == sorted(rows)
    assert len(list_expiries(ledger)) == 5
