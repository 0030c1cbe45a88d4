from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from policy.records.ledger import create_ledger, open_ledger
from policy.records.notices import sending
from policy.records.notices.rows import STATES
from policy.records.requests.clock import read_time, write_time
from tests.records.notices.made import CLOCK, HOOK, begin, list_notices, list_states, make, take
from tests.records.requests.asked import DAY, HOUR, NOW, SINGLE, STAKE, ask_one, say

SECOND = timedelta(seconds=1)


def at(delay):
    return write_time(NOW + delay)


@pytest.fixture
def one(ledger):
    """A notice that a request was opened."""
    begin(ledger)
    ask_one(ledger)
    make(ledger)
    (notice,) = list_notices(ledger)
    return notice


def test_who_claims_has_it_alone_until_the_lease_ends(ledger, one):
    claimed = take(ledger)
    assert (claimed.id, claimed.tries, claimed.body) == (one.id, 1, "opened it is")
    assert sending.claim(ledger, HOOK, CLOCK) is None
    assert sending.claim(ledger, HOOK, at(sending.LEASE - SECOND)) is None
    again = take(ledger, at(sending.LEASE))
    assert (again.id, again.tries) == (one.id, 2)


def test_nothing_is_claimed_for_another_webhook(ledger, one):
    assert sending.claim(ledger, "another", CLOCK) is None
    assert list_notices(ledger) == [one]


@pytest.mark.usefixtures("one")
def test_what_is_delivered_is_not_sent_again(ledger):
    claimed = take(ledger)
    assert sending.note_delivered(ledger, claimed, "answered 204")
    assert sending.claim(ledger, HOOK, at(DAY)) is None
    (found,) = list_notices(ledger)
    assert (found.state, found.said, found.lease) == ("delivered", "answered 204", "")


@pytest.mark.usefixtures("one")
def test_who_was_too_slow_changes_nothing_any_more(ledger):
    slow = take(ledger)
    quick = take(ledger, at(sending.LEASE))
    assert sending.note_failed(ledger, slow, "broke off", at(sending.LEASE), 0) == "waiting"
    assert not sending.note_delivered(ledger, slow, "late")
    assert list_notices(ledger) == [quick]
    assert sending.note_delivered(ledger, quick, "answered 200")
    assert not sending.drop(ledger, quick, "no")
    assert list_states(ledger) == [("opened", "delivered")]


@pytest.mark.usefixtures("one")
def test_what_failed_is_due_again_after_a_pause_that_doubles(ledger):
    clock, pauses = NOW, []
    for _ in range(12):
        claimed = take(ledger, write_time(clock))
        assert sending.note_failed(ledger, claimed, "answered 500", write_time(clock), 1.0) == "waiting"
        assert sending.claim(ledger, HOOK, write_time(clock)) is None
        (found,) = list_notices(ledger)
        due = read_time(found.due)
        pauses.append((due - clock).total_seconds())
        clock = due
    assert pauses[:4] == [10, 20, 40, 80]
    assert pauses[9:] == [3600, 3600, 3600]


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 20), (0.5, 30), (1.0, 40)])
def test_half_of_a_pause_is_chance(jitter, seconds):
    assert sending.find_pause(3, jitter).total_seconds() == seconds


def test_any_number_of_tries_has_a_pause():
    assert sending.find_pause(10**6, 1.0) == sending.LONGEST_PAUSE


@pytest.mark.usefixtures("one")
def test_after_a_day_of_tries_it_is_given_up_and_not_before_one_more_at_the_end(ledger):
    late = at(DAY - SECOND)
    claimed = take(ledger, late)
    assert sending.note_failed(ledger, claimed, "answered 500", late, 1.0) == "waiting"
    assert list_notices(ledger)[0].due == at(DAY)
    claimed = take(ledger, at(DAY))
    assert sending.note_failed(ledger, claimed, "answered 502", at(DAY), 1.0) == "given-up"
    assert sending.claim(ledger, HOOK, at(2 * DAY)) is None
    assert sending.tally(ledger) == (0, "", 1, "answered 502")


@pytest.mark.usefixtures("one")
def test_what_nobody_could_try_for_days_is_tried_once_at_least(ledger):
    claimed = take(ledger, at(3 * DAY))
    assert sending.note_delivered(ledger, claimed, "answered 200")


def test_notices_of_a_request_are_told_in_order_and_others_do_not_wait_for_them(ledger):
    begin(ledger)
    first, second = ask_one(ledger), ask_one(ledger, stake=STAKE.replace("1", "3"))
    say(ledger, first.id, "alice", settings=SINGLE)
    make(ledger)
    opened = take(ledger)
    assert (opened.request, opened.event) == (first.id, "opened")
    other = take(ledger)
    assert (other.request, other.event) == (second.id, "opened")
    sending.note_delivered(ledger, other, "answered 200")
    # The decision waits for what was before it, also while that fails.
    assert sending.claim(ledger, HOOK, CLOCK) is None
    sending.note_failed(ledger, opened, "answered 500", CLOCK, 1.0)
    assert sending.claim(ledger, HOOK, CLOCK) is None
    sending.give_up(ledger, take(ledger, at(HOUR)), "answered 410")
    decided = take(ledger, at(HOUR))
    assert (decided.request, decided.event) == (first.id, "decided")


def test_several_senders_at_once_claim_each_notice_once(url):
    with open_ledger(url, create=False) as ledger:
        begin(ledger)
        for number in range(8):
            ask_one(ledger, stake=STAKE[:-2] + f"{number:02}")
        make(ledger)

    def race(_):
        with open_ledger(url, create=False) as own:
            claimed = [sending.claim(own, HOOK, CLOCK) for _ in range(12)]
            return [one.id for one in claimed if one is not None]

    with ThreadPoolExecutor(6) as pool:
        taken = [name for names in pool.map(race, range(6)) for name in names]
    assert len(taken) == len(set(taken)) == 8


def test_whether_a_request_still_waits(ledger):
    row = ask_one(ledger, lasts=3_600_000)
    assert sending.is_pending(ledger, row.id, CLOCK)
    assert not sending.is_pending(ledger, row.id, at(HOUR))
    assert not sending.is_pending(ledger, "r-nothing", CLOCK)
    say(ledger, row.id, "alice", settings=SINGLE)
    assert not sending.is_pending(ledger, row.id, CLOCK)


def test_what_is_settled_goes_after_a_month_and_what_nobody_sends_is_given_up_after_a_week(ledger):
    begin(ledger)
    begin(ledger, "gone")
    ask_one(ledger)
    make(ledger)
    make(ledger, "gone")
    sending.note_delivered(ledger, take(ledger), "answered 200")
    assert sending.clear_away(ledger, at(7 * DAY - HOUR)) == 0
    assert sending.tally(ledger).waiting == 1
    assert sending.clear_away(ledger, at(7 * DAY)) == 1
    assert list_states(ledger) == [("opened", "delivered"), ("opened", "given-up")]
    assert sending.clear_away(ledger, at(29 * DAY)) == 0
    assert len(list_notices(ledger)) == 2
    sending.clear_away(ledger, at(30 * DAY))
    assert list_notices(ledger) == []


def test_the_role_that_appends_may_make_send_and_clear_away(server):
    owner = server.make_database()
    database = owner.partition("@/")[2].partition("?")[0]
    role = f"notes_{database}"
    server.run_sql(f"CREATE ROLE {role} LOGIN")
    create_ledger(owner, role=role).close()
    with open_ledger(server.address(database, role), create=False) as ledger:
        begin(ledger)
        ask_one(ledger)
        assert make(ledger)
        assert sending.note_delivered(ledger, take(ledger), "answered 200")
        assert sending.clear_away(ledger, at(31 * DAY)) == 0
        assert list_notices(ledger) == []


def test_how_they_stand(ledger, one):
    assert sending.tally(ledger) == (1, one.made, 0, "")
    sending.give_up(ledger, take(ledger), "x" * 1000)
    assert sending.tally(ledger) == (0, "", 1, "x" * sending.LONGEST_SAID)
    assert {notice.state for notice in list_notices(ledger)} <= set(STATES)
