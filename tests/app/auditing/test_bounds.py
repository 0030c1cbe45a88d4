"""What happens in the second in which one period ends and the next begins is in one of them, and in one only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import bound_period, read_period
from policy.app.ledgers.locating import Place
from policy.model.audit import Period, Scope
from policy.records.ledger import create_ledger
from policy.records.requests.overriding import break_glass
from tests.records.conftest import server  # noqa: F401 - the fixture
from tests.records.requests.asked import SETTINGS, SINGLE, ask_one, say

TURN = datetime(2026, 10, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
QUARTERS = (("2026-07-01", "2026-09-30"), ("2026-10-01", "2026-12-31"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return str(request.getfixturevalue("server").make_database())


def gather(url, since, until):
    now = datetime(2027, 1, 1, tzinfo=UTC)
    scope = Scope(read_period(since, until, now), "2027-01-01")
    return gather_report(AuditRequest(scope, now, Place(url))).report


def list_asked(url):
    """How many milliseconds after the turn each request was asked for, with how it stands, in each quarter."""
    return [
        [
            ((datetime.fromisoformat(one.asked) - TURN) // MILLISECOND, one.state)
            for one in gather(url, *quarter).requests
        ]
        for quarter in QUARTERS
    ]


def test_what_is_decided_at_the_turn_is_in_one_report(url):
    with create_ledger(url) as ledger:
        for after in (-1, 0, 1, 500, 999, 1000):
            now = TURN + after * MILLISECOND
            row = ask_one(ledger, now=now, stake=str(after))
            if after % 2:
                break_glass(ledger, row.id, "olga", "why", SETTINGS, now=now)
            else:
                say(ledger, row.id, "alice", settings=SINGLE, now=now)
    later = [(0, "approved"), (1, "override"), (500, "approved"), (999, "override"), (1000, "approved")]
    assert list_asked(url) == [[(-1, "override")], later]


def test_what_nobody_decides_is_over_in_the_period_in_which_it_ends(url):
    lasts = 86_400_000
    with create_ledger(url) as ledger:
        for after in (-1, 0, 500):
            ask_one(ledger, now=TURN + (after - lasts) * MILLISECOND, stake=str(after), lasts=lasts)
    first, second = list_asked(url)
    assert first == [(-1 - lasts, "expired"), (-lasts, "pending"), (500 - lasts, "pending")]
    assert second == [(-lasts, "expired"), (500 - lasts, "expired")]


@pytest.mark.parametrize("turn", ["2026-10-01T00:00:00Z", "2026-10-01"])
def test_times_of_any_precision_are_before_the_turn_or_after_it(turn):
    before, after = bound_period(Period("", turn)), bound_period(Period(turn, "2027-01-01T00:00:00Z"))
    for time, is_later in (
        ("2026-09-30T23:59:59Z", False),
        ("2026-09-30T23:59:59.999Z", False),
        ("2026-09-30T23:59:59.999999Z", False),
        ("2026-10-01T00:00:00Z", True),
        ("2026-10-01T00:00:00.000Z", True),
        ("2026-10-01T00:00:00.5Z", True),
        ("2026-10-01T00:00:00.999Z", True),
        ("2026-10-01T00:00:01Z", True),
    ):
        assert (before.first <= time < before.last, after.first <= time < after.last) == (not is_later, is_later)
