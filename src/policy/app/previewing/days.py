"""A day that notes for which other days everything that was asked of it has the same answer.

What is judged on such a day need not be judged again on the days that answer alike: prices are stale after 90 days, a
date lies ahead until it comes, a policy is in force from a day on.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

# Whatever else is asked of a day holds for that day alone.
_OTHERS: Final = (
    *("__reduce__", "__str__", "__format__", "__repr__", "ctime", "isocalendar", "isoformat"),
    *("isoweekday", "replace", "strftime", "timetuple", "toordinal", "weekday"),
)


class Span:
    """The days, as ordinals, from the first to the last that answer alike."""

    def __init__(self) -> None:
        self.first = date.min.toordinal()
        self.last = date.max.toordinal()

    def pin(self, day: int) -> None:
        """Only this day."""
        self.first = self.last = day

    def cut(self, day: int, pivot: int) -> bool:
        """Whether a day lies before a pivot, and from now on only days on its side of it."""
        if day < pivot:
            self.last = min(self.last, pivot - 1)
        else:
            self.first = max(self.first, pivot)
        return day < pivot


class WatchedDay(date):
    """A day, or the one so many days after the day that is watched; as any date to whoever looks."""

    span: Span
    shift: int

    @classmethod
    def watch(cls, day: int, span: Span, shift: int = 0) -> Self:
        """The day of this ordinal, `shift` days after the one that the span is about."""
        made = cls.fromordinal(day)
        made.span, made.shift = span, shift
        return made

    @property
    def ordinal(self) -> int:
        """Its number."""
        return date.toordinal(self)

    def _is_before(self, other: date, more: int = 0) -> bool:
        return self.span.cut(self.ordinal - self.shift, _number(other) + more - self.shift)

    def __lt__(self, other: date) -> bool:
        return self._is_before(other)

    def __le__(self, other: date) -> bool:
        return self._is_before(other, 1)

    def __gt__(self, other: date) -> bool:
        return not self._is_before(other, 1)

    def __ge__(self, other: date) -> bool:
        return not self._is_before(other)

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if not isinstance(other, date):
            return NotImplemented
        return not self._is_before(other) and self._is_before(other, 1)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._pinned())

    def __add__(self, other: timedelta) -> Self:
        days = other.days
        try:
            return self.watch(self.ordinal + days, self.span, self.shift + days)
        except ValueError:
            # Beyond the calendar, where no other day leads as far.
            self._pinned()
            raise OverflowError("date value out of range") from None

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, timedelta):
            return self + -other
        return Gap(self, _number(other), 1)

    def __rsub__(self, other: date) -> Gap:  # type: ignore[misc] # asked before the other date is
        return Gap(self, _number(other), -1)

    @property
    def year(self) -> int:
        return self._pinned().year

    @property
    def month(self) -> int:
        return self._pinned().month

    @property
    def day(self) -> int:
        return self._pinned().day

    def _pinned(self) -> date:
        self.span.pin(self.ordinal - self.shift)
        return date.fromordinal(self.ordinal)


def _number(day: date) -> int:
    return date.toordinal(day)


def _pin_before(name: str) -> Callable[..., Any]:
    def ask(self: WatchedDay, *given: Any) -> Any:
        return getattr(self._pinned(), name)(*given)

    return ask


for _name in _OTHERS:
    setattr(WatchedDay, _name, _pin_before(_name))


class Gap:
    """So many days between a watched one and another; `sign` is -1 where the watched one is taken away."""

    def __init__(self, watched: WatchedDay, other: int, sign: int) -> None:
        self._watched = watched
        self._other = other
        self._sign = sign

    @property
    def days(self) -> DayCount:
        """How many."""
        return DayCount(self._watched, self._other, self._sign)


class DayCount:
    """A number of days that can be compared with another number."""

    def __init__(self, watched: WatchedDay, other: int, sign: int) -> None:
        self._watched = watched
        self._other = other
        self._sign = sign

    def __gt__(self, count: int) -> bool:
        span, ordinal, shift = self._watched.span, self._watched.ordinal, self._watched.shift
        if self._sign > 0:
            return not span.cut(ordinal - shift, self._other + count + 1 - shift)
        return span.cut(ordinal - shift, self._other - count - shift)
