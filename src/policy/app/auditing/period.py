"""Which time an audit report is about: given as dates, times or a length, never read from a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from policy.app.ends import parse_end
from policy.engine.recording import write_time
from policy.errors import PolicyError, Problem
from policy.language.cases import parse_time
from policy.model.audit import Period
from policy.model.kinds import DURATION, KindError
from policy.structs import NamedTuple

REMEDY: Final = "write a date, 2026-12-31, a time with its zone, 2026-12-31T12:00:00Z"
# As many steps as a page has room for beside each other.
STEPS: Final = (("day", 31), ("week", 31 * 7))


class Bounds(NamedTuple):
    """The ends of a period as what times of any precision are compared with: it begins at `first`, ends before `last`.

    Entries have milliseconds, decisions and periods whole seconds, and of `…00.5Z` and `…00Z` the former comes first.
    """

    first: str
    last: str


def bound_period(period: Period) -> Bounds:
    """The only ends that a time of a ledger is compared with."""
    return Bounds(period.since.removesuffix("Z"), period.until.removesuffix("Z"))


def read_period(since: str | None, until: str | None, now: datetime) -> Period:
    """The period of `--since` and `--until`; a day that it ends with is part of it. Raises PolicyError.

    Without an end it is over with `now`.
    """
    end = _read_end(until) if until is not None else now + timedelta(seconds=1)
    start = _read_start(since, end) if since is not None else None
    if start is not None and start >= end:
        message = f"the period from {write_time(start)} up to {write_time(end)} is empty"
        raise PolicyError(Problem(message, "let `--since` be before `--until`"))
    return Period(write_time(start) if start is not None else "", write_time(end))


def _read_end(text: str) -> datetime:
    time = parse_end(text, "--until")
    if time is None:
        raise PolicyError(Problem(f"`--until`: `{text}` is not a time", REMEDY))
    return time


def _read_start(text: str, end: datetime) -> datetime:
    time = parse_time(text)
    if time is not None:
        return time
    try:
        return end - timedelta(milliseconds=int(DURATION.read(text, plain=True)))
    except (KindError, OverflowError):
        problem = Problem(f"`--since`: `{text}` is neither a time nor a length", f"{REMEDY}, or a length, 90d")
        raise PolicyError(problem) from None


def choose_step(days: list[str]) -> str:
    """What the days of decisions are counted in: a day, a week or a month."""
    if not days:
        return "day"
    length = (read_day(days[-1]) - read_day(days[0])).days + 1
    return next((step for step, longest in STEPS if length <= longest), "month")


def read_day(text: str) -> datetime:
    """The start of a day that is written `2026-12-31`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def name_step(day: str, step: str) -> str:
    """What a day belongs to: itself, the Monday that its week begins with, or its month."""
    if step == "month":
        return day[:7]
    if step == "week":
        time = read_day(day)
        return (time - timedelta(days=time.weekday())).date().isoformat() if time.toordinal() > 7 else day
    return day


def list_steps(first: str, last: str, step: str) -> list[str]:
    """All steps between two days, also those in which nothing was decided."""
    steps: list[str] = []
    day, end = read_day(first), read_day(last)
    while day <= end and len(steps) < 1200:
        name = name_step(day.date().isoformat(), step)
        if name not in steps[-1:]:
            steps.append(name)
        day += timedelta(days=1)
    return steps


def count_minutes(start: str, end: str) -> int | None:
    """Whole minutes from one time to a later one; None where it is none."""
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (ValueError, TypeError):
        return None
    return int(seconds // 60) if seconds >= 0 else None
