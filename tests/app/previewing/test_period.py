"""From when to when, in the words of whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.app.previewing.period import read_period
from policy.errors import PolicyError

NOW = datetime(2026, 11, 20, 12, 30, 15, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "period"),
    [
        ("90d", None, ("2026-08-22T12:30:15Z", "2026-11-20T12:30:16Z")),
        ("1h", "30min", ("2026-11-20T11:30:15Z", "2026-11-20T12:00:15Z")),
        ("2026-01-01", "2026-02-01", ("2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z")),
        ("2026-02-01", "2026-02-01", ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")),
        ("2026-01-01", "2026-02-01T00:00:00Z", ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")),
        ("2026-01-01T00:00:00+02:00", "2026-02-01", ("2025-12-31T22:00:00Z", "2026-02-02T00:00:00Z")),
        ("9000year", None, ("0001-01-01T00:00:00Z", "2026-11-20T12:30:16Z")),
    ],
)
def test_times_are_as_decisions_have_them(since, until, period):
    assert read_period(since, until, NOW) == period


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("90", None, "`--since`: `90` is neither a duration nor a time"),
        ("-1d", None, "`--since`: `-1d` is neither a duration nor a time"),
        ("1d", "", "`--until`: `` is neither a duration nor a time"),
        ("2026-02-30", None, "`--since`: `2026-02-30` is neither a duration nor a time"),
        ("1d", "1d", "`--since 1d` is not before `--until 1d`"),
        ("2026-12-01", None, "`--since 2026-12-01` is not before now"),
        ("1d", "9999-12-31", "`--until`: `9999-12-31` is the last day of the calendar"),
        ("9" * 5000 + "d", None, "is neither a duration nor a time"),
    ],
)
def test_anything_else_is_refused(since, until, said):
    with pytest.raises(PolicyError) as refused:
        read_period(since, until, NOW)
    assert said in refused.value.problems[0].message
