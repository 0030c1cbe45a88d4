from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from policy.records.ledger import open_ledger
from policy.records.notices import making
from policy.records.notices.rows import Happening
from policy.records.requests.closing import comment, withdraw
from policy.records.requests.overriding import break_glass
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.notices.made import CLOCK, HOOK, begin, list_new, list_notices, list_states, make, write
from tests.records.requests.asked import DAY, HOUR, NOW, SETTINGS, SINGLE, ask_one, say
from tests.records.requests.asked import STAKE as ONE

TWO = ONE.replace("1", "3")


def at(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_nothing_that_happened_before_is_told(ledger):
    ask_one(ledger)
    mark = begin(ledger)
    assert mark.seq == making.find_last(ledger)
    assert list_new(ledger, mark) == []


def test_what_begins_a_request_and_what_ends_it_is_told_and_nothing_between(ledger):
    mark = begin(ledger)
    row = ask_one(ledger)
    ask_one(ledger, requester="another")
    say(ledger, row.id, "alice")
    comment(ledger, row.id, "carol", "well", now=NOW)
    assert list_new(ledger, mark) == [("opened", row.id)]
    say(ledger, row.id, "bob")
    comment(ledger, row.id, "carol", "at last", now=NOW)
    assert list_new(ledger, mark) == [("opened", row.id), ("decided", row.id)]


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "approved", "expired"])
def test_each_end_is_told_once(ledger, end):
    mark = begin(ledger)
    row = ask_one(ledger)
    if end == "rejected":
        say(ledger, row.id, "alice", "reject")
    elif end == "withdrawn":
        withdraw(ledger, row.id, "os:dave@laptop", "no more", SETTINGS, now=NOW)
    elif end == "approved":
        break_glass(ledger, row.id, "olga", "it burns", SETTINGS, now=NOW)
    else:
        # That nobody decided is on record when somebody asks again.
        again = ask_one(ledger, now=NOW + 30 * DAY)
        assert list_new(ledger, mark) == [("opened", row.id), ("decided", row.id), ("opened", again.id)]
        return
    assert list_new(ledger, mark) == [("opened", row.id), ("decided", row.id)]
    found, _ = making.list_happenings(ledger.read, mark, making.find_last(ledger))
    assert found[-1].row.state == end


def test_notices_and_mark_are_kept_together_or_not_at_all(ledger, monkeypatch):
    mark = begin(ledger)
    ask_one(ledger)
    with monkeypatch.context() as patched:
        patched.setattr(making, "_KEEP", "INSERT INTO nowhere VALUES (?)")
        with pytest.raises(Exception):  # noqa: B017, PT011 - each database has its own
            make(ledger)
    assert making.list_marks(ledger)[HOOK] == mark
    assert list_notices(ledger) == []
    assert make(ledger)
    assert list_states(ledger) == [("opened", "waiting")]
    assert not list_new(ledger, making.list_marks(ledger)[HOOK])


def test_who_is_late_makes_nothing_twice(ledger):
    mark = begin(ledger)
    row = ask_one(ledger)
    last = making.find_last(ledger)
    found, seq = making.list_happenings(ledger.read, mark, last)
    made = [write(ledger, one) for one in found]
    assert making.move_mark(ledger, mark, seq, made, CLOCK)
    assert not making.move_mark(ledger, mark, seq, made, CLOCK)
    # And if somebody had taken the mark back, the same notices would have the same ids.
    making.keep_notices(ledger, HOOK, made, CLOCK)
    assert [(one.request, one.number) for one in list_notices(ledger)] == [(row.id, 1)]


def test_several_who_make_them_at_once_make_each_once(url):
    with open_ledger(url, create=False) as ledger:
        begin(ledger)
        rows = [ask_one(ledger, stake=ONE[:-2] + f"{number:02}") for number in range(12)]

    def race(_):
        with open_ledger(url, create=False) as own:
            return sum(make(own) for _ in range(3))

    with ThreadPoolExecutor(6) as pool:
        moved = sum(pool.map(race, range(6)))
    with open_ledger(url, create=False) as ledger:
        assert [one.request for one in list_notices(ledger)] == [row.id for row in rows]
        assert moved >= 1


def test_no_more_than_so_many_are_made_at_once(ledger, monkeypatch):
    monkeypatch.setattr(making, "MOST", 2)
    monkeypatch.setattr(making, "_EVENTS", making._EVENTS.replace("LIMIT 100", "LIMIT 2"))
    mark = begin(ledger)
    rows = [ask_one(ledger, stake=ONE[:-2] + f"{number:02}") for number in range(3)]
    last = making.find_last(ledger)
    found, seq = making.list_happenings(ledger.read, mark, last)
    assert ([one.row.id for one in found], seq) == ([row.id for row in rows[:2]], rows[1].seq)
    rest, seq = making.list_happenings(ledger.read, mark._replace(seq=seq), last)
    assert ([one.row.id for one in rest], seq) == ([rows[2].id], last)


def list_ending(ledger, time, hours=4):
    mark = making.list_marks(ledger)[HOOK]
    found = making.list_ending(ledger.read, mark, at(time), hours * 3_600_000)
    return [(one.event, one.row.id) for one in found], [write(ledger, one) for one in found]


def test_a_request_is_expiring_some_hours_before_its_end_and_once(ledger):
    row = ask_one(ledger, lasts=86_400_000)
    begin(ledger)
    ends = NOW + DAY
    assert list_ending(ledger, ends - 5 * HOUR)[0] == []
    assert list_ending(ledger, ends)[0] == []
    found, made = list_ending(ledger, ends - 3 * HOUR)
    assert found == [("expiring", row.id)]
    making.keep_notices(ledger, HOOK, made, CLOCK)
    making.keep_notices(ledger, HOOK, made, CLOCK)
    assert list_states(ledger) == [("expiring", "waiting")]
    assert list_ending(ledger, ends - 2 * HOUR)[0] == []


def test_what_is_decided_is_not_expiring(ledger):
    begin(ledger)
    row = ask_one(ledger, lasts=3_600_000)
    assert make(ledger)
    assert list_ending(ledger, NOW)[0] == [("expiring", row.id)]
    say(ledger, row.id, "alice", settings=SINGLE)
    assert list_ending(ledger, NOW)[0] == []


def test_that_it_is_expiring_is_not_told_before_that_it_was_opened(ledger):
    begin(ledger)
    row = ask_one(ledger, lasts=3_600_000)
    assert list_ending(ledger, NOW)[0] == []
    make(ledger)
    assert list_ending(ledger, NOW)[0] == [("expiring", row.id)]


def test_each_webhook_has_a_mark_of_its_own(ledger):
    begin(ledger)
    first = ask_one(ledger)
    begin(ledger, "another")
    second = ask_one(ledger, stake=TWO)
    assert make(ledger)
    assert make(ledger, "another")
    told = [(one.webhook, one.request) for one in list_notices(ledger)]
    assert told == [(HOOK, first.id), (HOOK, second.id), ("another", second.id)]
    ids: dict[str, set[str]] = {one.request: set() for one in list_notices(ledger)}
    for one in list_notices(ledger):
        ids[one.request].add(one.id)
    assert all(len(found) == 1 for found in ids.values())


def test_a_webhook_that_nobody_looked_after_for_a_month_begins_anew(ledger):
    mark = begin(ledger)
    ask_one(ledger)
    begin(ledger, now=NOW + 29 * DAY)
    assert making.list_marks(ledger)[HOOK] == mark
    assert not making.is_forgotten(mark, at(NOW + 29 * DAY))
    assert making.is_old(mark, at(NOW + DAY))
    assert not making.is_old(mark, at(NOW + DAY - HOUR))
    assert making.is_forgotten(mark, at(NOW + 30 * DAY))
    assert making.is_forgotten(None, CLOCK)
    begin(ledger, now=NOW + 30 * DAY)
    later = making.list_marks(ledger)[HOOK]
    assert (later.seq, later.seen) == (making.find_last(ledger), at(NOW + 30 * DAY))


def test_an_id_says_which_notice_it_is(ledger):
    begin(ledger)
    row = ask_one(ledger)
    opened = Happening("opened", row.seq, CLOCK, row)
    others = (
        opened._replace(event="expiring"),
        opened._replace(seq=row.seq + 1),
        opened._replace(row=row._replace(id="r-other")),
    )
    names = {one.name_notice(ledger.id) for one in (opened, *others)} | {opened.name_notice("f" * 32)}
    assert len(names) == 5
    assert opened.name_notice(ledger.id) == opened._replace(time="later").name_notice(ledger.id)
    assert all(len(name) == 34 and "." not in name for name in names)


def test_the_ledger_verifies_with_notices_in_it(ledger, url):
    begin(ledger)
    ask_one(ledger)
    make(ledger)
    with open_snapshot(url) as snapshot:
        assert verify_ledger(snapshot).findings == ()
