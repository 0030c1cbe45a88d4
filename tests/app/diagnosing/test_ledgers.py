from __future__ import annotations

import pytest

from policy.app.diagnosing.findings import OK, WARNING
from policy.app.diagnosing.ledgers import find_clock, find_keys, find_notices
from policy.records.ledger import open_ledger
from policy.records.notices import sending
from tests.records.notices.made import CLOCK, begin, make, take
from tests.records.requests.asked import ask_one


def test_a_clock_that_is_behind_the_ledger_is_told():
    assert find_clock("").level == OK
    assert find_clock("2020-01-01T00:00:00.000Z").level == OK
    assert find_clock("2999-01-01T00:00:00.000Z").level == WARNING


@pytest.mark.parametrize(("rows", "levels"), [([(None,)], [WARNING]), ([(3,)], [OK])])
def test_what_no_checkpoint_covers_is_told(rows, levels):
    assert [finding.level for finding in find_keys(rows, 5)] == levels
    assert list(find_keys(rows, 0)) == []


def test_notices_that_wait_and_that_were_given_up_are_told(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        assert list(find_notices(ledger)) == []
        begin(ledger)
        ask_one(ledger)
        ask_one(ledger, stake=f"sha256:{'3' * 64}")
        make(ledger)
        sending.give_up(ledger, take(ledger), "answered 410")
        given_up, waiting = find_notices(ledger)
    assert (given_up.level, given_up.what) == (WARNING, "webhooks")
    assert given_up.message == "1 notice of requests given up within a month; the last: answered 410"
    assert (waiting.level, waiting.message) == (OK, f"1 notice to send, the oldest since {CLOCK}")
