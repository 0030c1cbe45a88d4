"""The time that a report is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.app.auditing.period import choose_step, count_minutes, list_steps, name_step, read_period
from policy.errors import PolicyError

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "first", "end"),
    [
        (None, None, "", "2026-11-20T08:30:01Z"),
        ("2026-07-01", "2026-09-30", "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-07-01", "2026-07-01", "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"),
        ("2026-07-01T02:00:00+02:00", "2026-07-01T12:00:00Z", "2026-07-01T00:00:00Z", "2026-07-01T12:00:00Z"),
        ("90d", "2026-09-30", "2026-07-03T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("12h", "2026-07-01T12:00:00Z", "2026-07-01T00:00:00Z", "2026-07-01T12:00:00Z"),
    ],
)
def test_a_day_that_it_ends_with_is_part_of_it(since, until, first, end):
    assert read_period(since, until, NOW) == (first, end)


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("yesterday", None, "`--since`: `yesterday` is neither a time nor a length"),
        ("9999999999d", None, "`--since`: `9999999999d` is neither a time nor a length"),
        ("90", None, "`--since`: `90` is neither a time nor a length"),
        (None, "soon", "`--until`: `soon` is not a time"),
        (None, "9999-12-31", "`--until`: `9999-12-31` is the last day of the calendar"),
        ("2026-10-02", "2026-09-30", "the period from 2026-10-02T00:00:00Z up to 2026-10-01T00:00:00Z is empty"),
        ("2026-09-30T00:00:00Z", "2026-09-30T00:00:00Z", "is empty"),
    ],
)
def test_what_is_no_period(since, until, message):
    with pytest.raises(PolicyError) as caught:
        read_period(since, until, NOW)
    assert message in caught.value.problems[0].message
    assert caught.value.problems[0].remedy


def test_steps_are_as_many_as_can_be_drawn():
    assert choose_step([]) == "day"
    assert choose_step(["2026-08-01", "2026-08-31"]) == "day"
    assert choose_step(["2026-08-01", "2026-09-01"]) == "week"
    assert choose_step(["2026-01-01", "2026-12-01"]) == "month"


@pytest.mark.parametrize(
    ("day", "step", "name"),
    [
        ("2026-08-05", "day", "2026-08-05"),
        ("2026-08-05", "week", "2026-08-03"),
        ("2026-08-03", "week", "2026-08-03"),
        ("2026-08-05", "month", "2026-08"),
        ("0001-01-01", "week", "0001-01-01"),
    ],
)
def test_a_day_belongs_to_a_step(day, step, name):
    assert name_step(day, step) == name


def test_steps_in_which_nothing_was_decided_are_there():
    assert list_steps("2026-08-30", "2026-09-15", "week") == ["2026-08-24", "2026-08-31", "2026-09-07", "2026-09-14"]
    assert list_steps("2026-11-30", "2027-01-01", "month") == ["2026-11", "2026-12", "2027-01"]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-08-01T00:00:00Z", "2026-08-01T01:30:59Z", 90),
        ("2026-08-01T00:00:00Z", "2026-08-01T00:00:00.5Z", 0),
        ("2026-08-02T00:00:00Z", "2026-08-01T00:00:00Z", None),
        ("2026-08-02T00:00:00", "2026-08-01T00:00:00Z", None),
        ("", "2026-08-01T00:00:00Z", None),
    ],
)
def test_minutes_between_two_times(start, end, minutes):
    assert count_minutes(start, end) == minutes
