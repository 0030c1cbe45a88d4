"""How far apart changes typically are, from the times of the commits that made them."""

from __future__ import annotations

from itertools import pairwise
from time import gmtime, strftime
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# What is committed within half a day of work is one change; data that changes daily still changes daily.
HOUR, DAY = 60 * 60, 24 * 60 * 60
SESSION = 12 * HOUR
# One gap is a single sample, which is no evidence of anything typical.
FEWEST = 3
# Before git there were no commits, and the clock of whoever checks may be a day behind: all else is a wrong clock.
EARLIEST, AHEAD = 1_112_832_000, DAY


class Interval(NamedTuple):
    """The typical time between changes in milliseconds, None where too few are known, and what it rests on.

    `changes` is the number of changes that are known with their time, the first and last of them at `first` and
    `last` (seconds since 1970); `undated` the number of commits without a time that can be right.
    """

    milliseconds: int | None
    changes: int
    first: int = 0
    last: int = 0
    undated: int = 0


def measure(times: Iterable[int | None], now: float) -> Interval:
    """The median of the gaps between changes; times come in any order, None or nonsense among them."""
    given = list(times)
    known = sorted(time for time in given if time is not None and EARLIEST <= time <= now + AHEAD)
    changes = merge_sessions(known)
    undated = len(given) - len(known)
    if not changes:
        return Interval(None, 0, undated=undated)
    gaps = sorted(later - earlier for earlier, later in pairwise(changes))
    middle = len(gaps) // 2
    typical = round_time((gaps[middle] + gaps[-middle - 1]) // 2) * 1000 if len(changes) >= FEWEST else None
    return Interval(typical, len(changes), changes[0], changes[-1], undated)


def merge_sessions(times: Iterable[int]) -> list[int]:
    """The times, which ascend, that are not within a session that one of the others began."""
    begun: list[int] = []
    for time in times:
        # From its beginning, not from the last commit: what changes every hour would never change.
        if not begun or time - begun[-1] >= SESSION:
            begun.append(time)
    return begun


def round_time(seconds: int) -> int:
    """A time in whole days, or below two days in whole hours: an estimate is no more exact, nor is any clock."""
    unit = DAY if seconds >= 2 * DAY else HOUR
    return (seconds + unit // 2) // unit * unit


def write_day(time: int) -> str:
    """The day of a time, in UTC, as 2026-11-20."""
    return strftime("%Y-%m-%d", gmtime(time))
