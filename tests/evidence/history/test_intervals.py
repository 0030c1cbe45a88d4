from __future__ import annotations

from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.history.intervals import AHEAD, EARLIEST, FEWEST, SESSION, measure, merge_sessions, write_day

NOW = 1_795_000_000
HOUR, DAY = 3600, 24 * 3600
START = 1_767_225_600

PLAUSIBLE = st.integers(EARLIEST, NOW)
ANY_TIME = st.one_of(PLAUSIBLE, st.none(), st.integers(-(2**70), 2**70))


def count_days(*days: float) -> float | None:
    found = measure((START + round(day * DAY) for day in days), NOW).milliseconds
    return None if found is None else found / DAY / 1000


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((0, 7, 14, 21), 7),
        ((21, 0, 14, 7), 7),
        ((0, 1, 31), 16),
        ((0, 30.001, 59.999, 89.999), 30),
        ((0, 1.01, 2.02), 1),
        ((0, 10, 20, 200), 10),
        # Cleaned up for two days, then changed every month.
        ((0, 0.1, 0.2, 0.3, 1, 1.1, 1.2, 31, 61, 91), 30),
        # What changes every hour changes more than once a day.
        ([hour / 24 for hour in range(200)], 0.5),
        ([minute / 1440 for minute in range(0, 3000, 7)], 0.5),
        # A nightly job is never quite on time.
        ((0, 1.01, 1.99, 3.02, 4), 1),
        ((), None),
        ((5,), None),
        ((5, 12), None),
        ((5, 5, 5, 5.2), None),
    ],
)
def test_the_typical_time_between_changes(days, expected):
    assert count_days(*days) == expected


@pytest.mark.parametrize("wrong", [0, -1, 1, None, -(2**63), 2**63, 2**70, 315_532_800, NOW + 2 * AHEAD, EARLIEST - 1])
def test_a_time_that_cannot_be_right_is_left_out(wrong):
    days = [START, START + 7 * DAY, START + 14 * DAY]
    found = measure([*days, wrong], NOW)
    assert found == measure(days, NOW)._replace(undated=1)
    assert found.milliseconds == 7 * DAY * 1000
    assert measure([wrong, wrong, wrong], NOW) == (None, 0, 0, 0, 3)


def test_a_clock_that_is_a_little_ahead_is_believed():
    assert measure([NOW - DAY, NOW, NOW + AHEAD], NOW).changes == 3


@given(st.lists(ANY_TIME, max_size=30), st.randoms())
def test_the_order_of_commits_is_of_no_matter(times, random):
    found = measure(times, NOW)
    random.shuffle(times)
    assert measure(times, NOW) == found


@given(st.lists(ANY_TIME, max_size=30))
def test_an_interval_is_one_that_there_can_be(times):
    found = measure(times, NOW)
    assert (found.milliseconds is None) == (found.changes < FEWEST)
    assert found.changes + found.undated <= len(times)
    if found.milliseconds is not None:
        assert SESSION * 1000 <= found.milliseconds <= (found.last - found.first) * 1000
        assert found.first in times
        assert found.last in times
        write_day(found.last)


@given(st.lists(PLAUSIBLE, min_size=FEWEST, max_size=30))
def test_it_is_the_median_of_the_gaps(times):
    changes = merge_sessions(sorted(times))
    found = measure(times, NOW)
    assert (found.milliseconds is not None) == (len(changes) >= FEWEST)
    if found.milliseconds is not None:
        exact = median(later - earlier for earlier, later in pairwise(changes))
        unit = DAY if exact >= 2 * DAY else HOUR
        assert found.milliseconds % (unit * 1000) == 0
        assert abs(found.milliseconds / 1000 - exact) <= unit / 2 + 1


@given(st.lists(PLAUSIBLE, min_size=1, max_size=30))
def test_a_session_holds_what_is_near_its_beginning(times):
    ordered = sorted(times)
    begun = merge_sessions(ordered)
    assert begun[0] == ordered[0]
    assert all(later - earlier >= SESSION for earlier, later in pairwise(begun))
    assert all(any(0 <= time - start < SESSION for start in begun) for time in ordered)


@given(st.lists(PLAUSIBLE, max_size=20), st.integers(1, 5))
def test_the_same_commit_counts_once(times, often):
    assert measure(times * often, NOW) == measure(times, NOW)


def test_days_are_those_of_utc():
    assert (write_day(START), write_day(START - 1)) == ("2026-01-01", "2025-12-31")
